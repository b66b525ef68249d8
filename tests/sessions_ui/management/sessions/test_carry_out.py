"""`manage.py sessions carry-out`."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def test_carry_out_is_the_worker_of_hosts_with_cron_alone(user: Any, browser: Any) -> None:
    browser().force_login(user)
    call_command("sessions", "end", "--user", user.email, "--async", "--yes", stdout=StringIO())
    out = StringIO()
    for _ in range(2):  # the second one finds nothing, and is silent
        call_command("sessions", "carry-out", stdout=out)
    assert out.getvalue() == "Sessions ended: 1\n"
