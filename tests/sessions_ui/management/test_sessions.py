"""`manage.py sessions …` and `manage.py clearsessions`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import login
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.bulk import carry_out, lay_out
from sessions_ui.actions.sign_in.pending import begin_sign_in
from sessions_ui.database import moments
from sessions_ui.database.servers import Weakness
from sessions_ui.delivery import deliver_all, deliver_due
from sessions_ui.exceptions import SignInRefused
from sessions_ui.management import progress
from sessions_ui.management.commands import sessions
from sessions_ui.store import SessionStore
from sessions_ui.tasks import sweep_endings
from tests.models import Act, Delivery, Ending, EndReason, Heartbeat, Session

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
def test_a_dry_run_ends_nothing(user: Any, browser: Any) -> None:
    browser().sign_in(user)
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


def end(*arguments: str) -> str:
    out = StringIO()
    call_command("sessions", "end", *arguments, stdout=out)
    return out.getvalue()


def test_end_signs_people_out_everywhere(user: Any, other_user: Any, agent: Any, browser: Any) -> None:
    for person in (user, user, other_user, agent):
        browser().force_login(person)
    named = ("--user", user.email.upper(), "--user", other_user.email)
    assert end(*named, "--dry-run") == "Sessions to end: 3\n"
    text = end(*named, "--reason", "incident", "--ticket", "SEC-1", "--note", "key leaked")
    assert text == "Sessions ended: 3\n"
    act = Act.objects.get()
    assert (act.reason, act.ticket, act.note) == (EndReason.INCIDENT, "SEC-1", "key leaked")
    assert Session.objects.living().get().user_id == agent.pk
    assert end(*named) == "Sessions ended: 0\n"


def test_end_says_since_when_it_should_have_been_over(user: Any, browser: Any) -> None:
    browser().force_login(user)
    an_hour_ago = timezone.now() - timedelta(hours=1)
    end("--user", user.email, "--happened-at", moments.aware(an_hour_ago).isoformat())
    assert Act.objects.get().happened_at == an_hour_ago


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        ("2099-01-01T00:00:00+00:00", "still to come"),
        ("2026-11-01", "a date with a time"),
        ("soon", "a date with a time"),
    ],
)
def test_end_asks_for_a_moment_that_is_over(moment: str, why: str, user: Any, browser: Any) -> None:
    browser().force_login(user)
    with pytest.raises(CommandError, match=f"--happened-at: .*{why}"):
        end("--user", user.email, "--happened-at", moment)
    assert Session.objects.living().exists()


def test_end_works_in_batches_where_there_are_many(
    user: Any, other_user: Any, browser: Any, settings: Any, monkeypatch: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "END_AT_ONCE_MAX": 2}
    monkeypatch.setattr(lay_out, "BATCH", 2)
    for person in (user, user, other_user):
        browser().force_login(person)
    assert end("--user", user.email, "--user", other_user.email).endswith("Sessions ended: 3\n")
    assert sorted(Act.objects.values_list("count", flat=True)) == [1, 2]
    assert Ending.objects.get().done_at is not None


def test_end_says_what_it_could_not_do(user: Any, browser: Any, settings: Any, monkeypatch: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "END_AT_ONCE_MAX": 0}
    browser().force_login(user)

    def locked(**kwargs: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(carry_out, "end_sessions", locked)
    with pytest.raises(CommandError, match="1 are left to the worker"):
        end("--user", user.email)


def test_end_can_leave_it_to_a_worker(user: Any, browser: Any) -> None:
    browser().force_login(user)
    assert end("--user", user.email, "--async").startswith("Sessions that a worker will end: 1 ")
    assert Session.objects.living().exists()
    assert sweep_endings() == 1


def test_carry_out_is_the_worker_of_hosts_with_cron_alone(user: Any, browser: Any) -> None:
    browser().force_login(user)
    end("--user", user.email, "--async")
    out = StringIO()
    for _ in range(2):  # the second one finds nothing, and is silent
        call_command("sessions", "carry-out", stdout=out)
    assert out.getvalue() == "Sessions ended: 1\n"


@pytest.mark.parametrize("name", ["ada", "nobody@people.example", ""])
def test_end_guesses_nobody(name: str, user: Any, browser: Any) -> None:
    browser().force_login(user)
    with pytest.raises(CommandError, match="no account matches"):
        end("--user", name)
    assert Session.objects.living().exists()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What an operator types at the question; nothing at all where it is empty, as without a terminal."""
    return lambda text: monkeypatch.setattr("sys.stdin", StringIO(text))


@pytest.mark.control("ASVS 7.4.5")
@pytest.mark.no_bystander("everybody is signed out")
def test_end_signs_everybody_out_once_that_was_typed(
    user: Any, other_user: Any, administrator: Any, browser: Any, typed: Callable[[str], None]
) -> None:
    clients = [browser() for _ in range(3)]
    for client, person in zip(clients, (user, other_user, administrator), strict=True):
        client.force_login(person)
    assert end("--everyone", "--dry-run") == "Sessions to end: 3\n"
    typed("everyone\n")
    text = end("--everyone", "--reason", "incident", "--ticket", "SEC-1")
    assert "3 sessions of 3 people" in text and text.endswith("Sessions ended: 3\n")
    assert [client.get(DEVICES).status_code for client in clients] == [302, 302, 302]
    assert Act.objects.get().reason == EndReason.INCIDENT
    clients[0].sign_in(user)
    assert clients[0].get(DEVICES).status_code == 200


@pytest.mark.parametrize("answer", ["", "yes\n", "Everyone!\n"])
def test_end_signs_nobody_out_where_everybody_was_not_typed(
    answer: str, user: Any, browser: Any, typed: Callable[[str], None]
) -> None:
    browser().force_login(user)
    typed(answer)
    with pytest.raises(CommandError, match="Nothing was done"):
        end("--everyone")
    assert Session.objects.living().exists()


@pytest.mark.no_bystander("everybody is signed out")
def test_end_of_everybody_refuses_a_sign_in_that_waits_for_its_second_factor(user: Any) -> None:
    """Nothing of the account is signed in that could be ended: it is the decision that counts."""
    half = SessionStore()
    begin_sign_in(half, user)
    half.save()
    assert end("--everyone", "--no-input") == "Sessions ended: 0\n"
    request = RequestFactory().get("/")
    request.session = SessionStore(half.session_key)
    with pytest.raises(SignInRefused):
        login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")


@pytest.mark.no_bystander("everybody is signed out")
def test_end_of_everybody_works_in_batches_where_there_are_many(
    user: Any, other_user: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "END_AT_ONCE_MAX": 1}
    for person in (user, other_user):
        browser().force_login(person)
    assert end("--everyone", "--no-input").endswith("Sessions ended: 2\n")
    assert Ending.objects.get().done_at is not None


@pytest.mark.parametrize("arguments", [(), ("--everyone", "--user", "ada@people.example")])
def test_end_is_told_whom_in_one_way(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="--everyone"):
        end(*arguments)


def test_clearsessions_exists_without_djangos_app(user: Any, browser: Any) -> None:
    """It belongs to django.contrib.sessions, which nobody needs any more."""
    browser().sign_in(user)
    anonymous = browser().session
    anonymous["cart"] = 1
    anonymous.save()
    Session.objects.update(expires_at=timezone.now())
    call_command("clearsessions")
    assert Session.objects.get().end_reason == EndReason.IDLE_TIMEOUT


def test_clearsessions_serves_whatever_engine_is_set(settings: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    call_command("clearsessions")


def health(*arguments: str) -> str:
    out = StringIO()
    call_command("sessions", "health", *arguments, stdout=out)
    return out.getvalue()


def test_health_is_bad_where_no_worker_was_ever_seen() -> None:
    with pytest.raises(CommandError, match="No worker was seen at work"):
        health()


def test_health_is_good_while_the_worker_is_at_work() -> None:
    deliver_all()
    assert health() == "The worker is at work, and no message is late.\n"


def test_health_is_bad_when_the_worker_was_last_seen_too_long_ago() -> None:
    deliver_all()
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(seconds=90))
    health()
    with pytest.raises(CommandError, match="No worker"):
        health("--worker-within", "60")


def test_health_is_bad_when_a_message_has_waited_too_long(user: Any, browser: Any) -> None:
    deliver_all()
    browser().sign_in(user)
    browser().sign_in(user)
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=60))
    health()
    with pytest.raises(CommandError, match="A message has been waiting"):
        health("--told-within", "30")


@pytest.fixture
def weaknesses(monkeypatch: pytest.MonkeyPatch) -> list[Weakness]:
    """What is wrong with the database server; that of the tests has what is fast."""
    found: list[Weakness] = []
    monkeypatch.setattr(sessions, "examine", lambda connection: found)
    return found


def test_a_weak_database_server_is_named_and_no_reason_to_restart_the_worker(
    weaknesses: list[Weakness], capsys: pytest.CaptureFixture[str]
) -> None:
    deliver_all()
    weaknesses.append(Weakness.NO_SYNCHRONOUS_STANDBY)
    assert health() == "The worker is at work, and no message is late.\n"
    assert capsys.readouterr().err.startswith("Warning: There is a standby, and endings do not wait for it")


def test_a_monitor_can_ask_for_the_database_servers_alone(weaknesses: list[Weakness]) -> None:
    assert health("--database") == "Nothing is wrong with the database servers.\n"
    weaknesses.extend([Weakness.STALE_READS, Weakness.ONLY_READS])
    with pytest.raises(CommandError, match=r"(?s)wsrep_sync_wait=0.*only reads"):
        health("--database")
