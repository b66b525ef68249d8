"""A server builds ua-parser's patterns before its first request; a command that needs no name does not pay for them."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("statement", "built"), [("pass", False), ("sessions_ui.client.warm_up()", True)])
def test_the_patterns_are_built_when_asked_for_and_not_at_import(statement: str, built: bool) -> None:
    script = f"import sessions_ui.client, ua_parser; {statement}; print('parser' in vars(ua_parser))"
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == str(built)
