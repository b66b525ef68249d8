"""django-allauth's OpenID Connect client, in a process of its own: the site's tests run without it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_people_sign_in_and_out_by_way_of_a_provider() -> None:
    command = [sys.executable, "-m", "django", "test", "--settings=tests.openid.settings", "--noinput"]
    run = subprocess.run(
        [*command, "tests.openid.suite"],
        cwd=ROOT,
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
