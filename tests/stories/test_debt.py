"""Persistence debt from one end to the other: a reset has none, a leaver that no signal told of is found."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from sessions_ui import offboard
from sessions_ui.tasks import reconcile
from tests.accounts.test_password import choose, reset_link
from tests.models import EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("it adds up everybody's")]


def session_debt(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("session_debt", "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def test_a_reset_leaves_no_debt(user: Any, browser: Any) -> None:
    for _ in range(3):
        browser().sign_in(user)
    choose(browser(), reset_link(browser, user.email))
    assert Session.objects.filter(end_reason=EndReason.PASSWORD_RESET).count() == 3
    found = session_debt("--max", "0", "--max-living", "0")
    assert found["debt_seconds"] == 0
    assert set(found["living"].values()) == {0}


def test_a_leaver_whom_no_signal_told_of_is_found_and_reconciled(
    user: Any, other_user: Any, browser: Any
) -> None:
    laptop, theirs = browser(), browser()
    laptop.sign_in(user)
    theirs.sign_in(other_user)
    left = timezone.now() - timedelta(days=2)
    Session.objects.filter(user=user).update(signed_in_at=left - timedelta(days=5))
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)  # no signal
    assert session_debt()["living"]["disabled"] == 1
    with pytest.raises(CommandError, match="1 sessions are signed in that should not be"):
        session_debt("--max-living", "0")
    assert reconcile() == 1
    assert Session.objects.get(user=user).end_reason == EndReason.ACCOUNT_DISABLED
    assert session_debt("--max-living", "0")["debt_seconds"] == 0  # nobody has said yet since when
    offboard(user=user, ends_at=left)
    found = session_debt()
    assert found["by_user"].keys() == {str(user.pk)}
    assert found["by_reason"].keys() == {"offboarded"}
    assert found["debt_seconds"] == pytest.approx(2 * 86400, abs=60)
    with pytest.raises(CommandError, match="The debt is 172,8"):
        session_debt("--max", "86400")
    assert theirs.get("/account/devices/").status_code == 200
