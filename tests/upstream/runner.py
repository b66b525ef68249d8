"""Writes down which of Django's tests failed, by name: that has to be exactly what differences.py expects."""

from __future__ import annotations

import json
import os
import re
import unittest
from pathlib import Path
from typing import Any

from django.test.runner import DiscoverRunner


class ReportingRunner(DiscoverRunner):
    def suite_result(self, suite: Any, result: Any, **kwargs: Any) -> int:
        report = {
            "ran": result.testsRun,
            "skipped": {test.id(): reason for test, reason in result.skipped},
            # A test may fail more than once (its subtests): one name.
            "failed": {name_of(test): details for test, details in [*result.failures, *result.errors]},
        }
        Path(os.environ["UPSTREAM_REPORT"]).write_text(json.dumps(report))
        return 0  # what a failure means is for whoever reads the report


def name_of(test: unittest.TestCase) -> str:
    """The test's dotted name; its class's where that could not be set up."""
    test = getattr(test, "test_case", test)  # of a subtest
    set_up = re.fullmatch(r"setUpClass \((.+)\)", test.id())
    return set_up[1] if set_up else test.id()
