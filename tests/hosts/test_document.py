"""That the list of what differs is what people read. The suites themselves run by `make test-hosts`, and some in CI."""

from __future__ import annotations

import pytest

from tests.hosts.document import DOCUMENT
from tests.hosts.running import locked_version
from tests.hosts.suites import SUITES, Suite

COMPARED = [suite for suite in SUITES if suite.compared]


@pytest.mark.parametrize("suite", COMPARED, ids=[suite.name for suite in COMPARED])
def test_every_suite_and_reason_is_written_down(suite: Suite) -> None:
    version = locked_version(suite.distribution or suite.name)
    rows = [
        line
        for line in DOCUMENT.read_text().splitlines()
        if line.startswith(f"| {suite.name} | {version} | ")
    ]
    assert len(rows) == 1
    assert [difference.why for difference in suite.differences if difference.why not in rows[0]] == []
