"""`manage.py sessions after-restore`."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.after_restore import end_restored
from sessions_ui.delivery import deliver_due
from sessions_ui.management import progress
from tests.models import Act, EndReason, Session

pytestmark = pytest.mark.django_db
DEVICES = "/account/devices/"


def after_restore(before: str, *arguments: str) -> str:
    out = StringIO()
    call_command("sessions", "after-restore", "--before", before, *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.control("SOC 2 CC7.5")
@pytest.mark.no_bystander("a restored backup ends everybody")
def test_end_before_ends_what_was_signed_in_before_and_nothing_else(
    user: Any, other_user: Any, browser: Any
) -> None:
    old, anonymous, new = browser(), browser(), browser()
    old.sign_in(user)
    anonymous.get("/account/login/")
    before = timezone.now()
    new.sign_in(other_user)
    assert after_restore(before.isoformat()).endswith(": 1\n")
    assert old.get(DEVICES).status_code == 302
    assert new.get(DEVICES).status_code == 200
    assert after_restore(before.isoformat()).endswith(": 0\n")


@pytest.mark.no_bystander("a restored backup ends everybody")
def test_each_person_is_told_once(user: Any, other_user: Any, browser: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("sessions_ui.actions.endings.after_restore.BATCH", 1)
    for person in (user, other_user):
        for _ in range(3):
            browser().sign_in(person)
    deliver_due()
    mail.outbox.clear()
    monkeypatch.setattr(progress, "EVERY", 0)
    text = after_restore(timezone.now().isoformat())
    assert text.startswith("  3 ended\n  6 ended\nSessions ended, signed in before")
    assert set(Act.objects.filter(count=3).values_list("reason", "note")) == {
        (EndReason.INCIDENT, "Restore of a backup")
    }
    deliver_due()
    assert sorted(message.to[0] for message in mail.outbox) == sorted([user.email, other_user.email])


@pytest.mark.no_bystander("a restored backup ends everybody")
def test_it_comes_to_an_end_though_everybody_signs_in_again_at_once(
    user: Any, other_user: Any, browser: Any, monkeypatch: Any
) -> None:
    """By a moment that is still to come here, the host's clock being slow: nobody is visited twice."""
    monkeypatch.setattr("sessions_ui.actions.endings.after_restore.BATCH", 1)
    people = [user, other_user]
    for person in people:
        browser().force_login(person)
    steps = []

    def sign_in_again(ended: int) -> None:
        steps.append(ended)
        assert len(steps) <= len(people), "somebody is signed out again and again"
        for person in people:
            browser().force_login(person)

    end_restored(before=timezone.now() + timedelta(minutes=5), progress=sign_in_again)
    assert steps == [1, 3], "of the second one what was signed in meanwhile, too"
    assert Session.objects.living().count() == 3


@pytest.mark.no_bystander("a restored backup ends everybody")
def test_a_dry_run_counts_what_it_would_end_and_ends_nothing(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    for one in (gone := browser(), browser()):
        one.get("/account/login/")
    gone.sign_in(user)
    gone.post("/account/logout/")
    text = after_restore(timezone.now().isoformat(), "--dry-run")
    assert text.startswith("Sessions to end") and text.endswith(": 1\n")
    assert Session.objects.living().count() == 1


def test_a_time_without_offset_is_the_sites(user: Any, browser: Any, settings: Any) -> None:
    settings.TIME_ZONE = "Pacific/Kiritimati"  # UTC+14
    browser().sign_in(user)
    assert "+14:00" in after_restore("2020-01-01T00:00:00")
    assert Session.objects.living().count() == 1


@pytest.mark.parametrize("text", ["yesterday", "2026-11-24", "2026-13-01T00:00:00"])
def test_another_time_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="--before"):
        after_restore(text)


def test_end_before_refuses_while_the_old_table_could_bring_sessions_back(settings: Any) -> None:
    until = timezone.now() + timedelta(days=1)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADOPT_FROM": "db", "ADOPT_UNTIL": until}
    with pytest.raises(CommandError, match="ADOPT_FROM"):
        after_restore(timezone.now().isoformat())


@pytest.mark.no_bystander("a restored backup ends everybody")
def test_the_cost_does_not_grow_with_the_number_of_sessions(user: Any, other_user: Any, browser: Any) -> None:
    counts = []
    for person, number in ((user, 1), (other_user, 12)):
        for _ in range(number):
            browser().force_login(person)
        with CaptureQueriesContext(connection) as queries:
            after_restore(timezone.now().isoformat())
        counts.append(len(queries))
    assert counts[0] == counts[1]
