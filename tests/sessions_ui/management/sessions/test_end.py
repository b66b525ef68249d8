"""`manage.py sessions end`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model, login
from django.core import mail
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.bulk import carry_out, lay_out
from sessions_ui.actions.sign_in.pending import begin_sign_in
from sessions_ui.database import moments
from sessions_ui.delivery import deliver_due
from sessions_ui.exceptions import OutcomeUnknown, SignInRefused, TryAgain
from sessions_ui.management.sessions import end as module
from sessions_ui.store import SessionStore
from sessions_ui.tasks import sweep_endings
from tests.models import Act, Ending, EndReason, Event, Session
from tests.operators import Ran, Terminal, sessions

pytestmark = pytest.mark.django_db
DEVICES = "/account/devices/"


def end(*arguments: str) -> Ran:
    return sessions("end", "--yes", *arguments)


def signed_in(browser: Any, *people: Any) -> list[Session]:
    """A session of each, in the order of the people."""
    keys = []
    for person in people:
        client = browser()
        client.force_login(person)
        keys.append(client.session.session_id)
    return [Session.objects.get(pk=key) for key in keys]


# --- People


def test_people_are_signed_out_everywhere(user: Any, other_user: Any, agent: Any, browser: Any) -> None:
    signed_in(browser, user, user, other_user, agent)
    named = ("--user", user.email.upper(), "--user", other_user.email)
    assert end(*named, "--dry-run") == Ran(0, "Sessions to end: 3\n", "")
    ran = end(*named, "--reason", "incident", "--ticket", "SEC-1", "--note", "key leaked")
    assert ran == Ran(0, "Sessions ended: 3\n", "")
    act = Act.objects.get()
    assert (act.reason, act.ticket, act.note, act.actor_id) == (
        EndReason.INCIDENT,
        "SEC-1",
        "key leaked",
        None,
    )
    assert Session.objects.living().get().user_id == agent.pk


def test_what_is_over_already_has_an_exit_code_of_its_own(user: Any, browser: Any) -> None:
    signed_in(browser, user)
    assert end("--user", user.email).code == 0
    assert end("--user", user.email) == Ran(3, "Sessions ended: 0\n", "Nothing that matches is signed in.")
    assert end("--user", user.email, "--dry-run") == Ran(
        3, "Sessions to end: 0\n", "Nothing that matches is signed in."
    )


@pytest.mark.parametrize("name", ["ada", "nobody@people.example", ""])
def test_nobody_is_guessed(name: str, user: Any, browser: Any) -> None:
    signed_in(browser, user)
    ran = end("--user", name)
    assert ran.code == 1 and "no account matches" in ran.err
    assert Session.objects.living().exists()


def test_a_name_of_two_accounts_is_nobodys(user: Any, other_user: Any, browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "USER_LOOKUPS": ["name"]}
    get_user_model().objects.filter(pk__in=[user.pk, other_user.pk]).update(name="Twin")
    signed_in(browser, user, other_user)
    ran = end("--user", "Twin")
    assert ran.code == 1 and "2 accounts match 'Twin'; their primary keys: " in ran.err
    assert Session.objects.living().count() == 2
    assert end("--user-id", str(user.pk)).out == "Sessions ended: 1\n"
    assert Session.objects.living().get().user_id == other_user.pk


@pytest.mark.parametrize("key", ["", "ada", "123456789", "9" * 30, "-1"])
def test_a_key_that_is_no_accounts_is_refused(key: str, user: Any, browser: Any) -> None:
    signed_in(browser, user)
    ran = end(f"--user-id={key}")
    assert ran.code == 1 and ran.err.startswith("--user-id: ")
    assert Session.objects.living().exists()


def test_what_a_deleted_account_has_left_is_ended_by_its_key(user: Any, browser: Any) -> None:
    """Somebody deleted the row with SQL: nothing told the app."""
    [session] = signed_in(browser, user)
    for rows in (user.emailaddress_set.all(), get_user_model()._base_manager.filter(pk=user.pk)):
        rows._raw_delete(rows.db)
    assert end("--user-id", str(user.pk)).out == "Sessions ended: 1\n"
    session.refresh_from_db()
    assert session.end_reason == EndReason.ADMINISTRATOR


# --- Everybody


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What an operator types at the question, at a terminal."""
    return lambda text: monkeypatch.setattr("sys.stdin", Terminal(text))


@pytest.mark.control("ASVS 7.4.5")
@pytest.mark.no_bystander("everybody is signed out")
def test_everybody_is_signed_out_once_that_was_typed(
    user: Any, other_user: Any, administrator: Any, browser: Any, typed: Callable[[str], None]
) -> None:
    clients = [browser() for _ in range(3)]
    for client, person in zip(clients, (user, other_user, administrator), strict=True):
        client.force_login(person)
    assert sessions("end", "--everyone", "--dry-run").out == "Sessions to end: 3\n"
    typed("everyone\n")
    ran = sessions("end", "--everyone", "--reason", "incident", "--ticket", "SEC-1")
    assert "3 sessions of 3 people" in ran.err and ran.out == "Sessions ended: 3\n"
    assert [client.get(DEVICES).status_code for client in clients] == [302, 302, 302]
    assert Act.objects.get().reason == EndReason.INCIDENT
    clients[0].sign_in(user)
    assert clients[0].get(DEVICES).status_code == 200


@pytest.mark.parametrize("answer", ["", "yes\n", "Everyone!\n"])
def test_nobody_is_signed_out_where_everybody_was_not_typed(
    answer: str, user: Any, browser: Any, typed: Callable[[str], None]
) -> None:
    signed_in(browser, user)
    typed(answer)
    ran = sessions("end", "--everyone")
    assert ran.code == 1 and "Nothing was done" in ran.err
    assert Session.objects.living().exists()


@pytest.mark.no_bystander("everybody is signed out")
def test_everybody_includes_a_sign_in_that_waits_for_its_second_factor(user: Any) -> None:
    """Nothing of the account is signed in that could be ended: it is the decision that counts."""
    half = SessionStore()
    begin_sign_in(half, user)
    half.save()
    assert sessions("end", "--everyone", "--no-input").out == "Sessions ended: 0\n"
    request = RequestFactory().get("/")
    request.session = SessionStore(half.session_key)
    with pytest.raises(SignInRefused):
        login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")


@pytest.mark.no_bystander("everybody is signed out")
def test_everybody_is_signed_out_in_batches_where_there_are_many(
    user: Any, other_user: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "END_AT_ONCE_MAX": 1}
    signed_in(browser, user, other_user)
    assert end("--everyone").out.endswith("Sessions ended: 2\n")
    assert Ending.objects.get().done_at is not None


# --- By ids, devices and filters


def test_sessions_are_ended_by_their_ids_and_no_others(user: Any, other_user: Any, browser: Any) -> None:
    first, second, kept = signed_in(browser, user, other_user, user)
    assert end(first.public_id, second.public_id, first.public_id).out == "Sessions ended: 2\n"
    assert Session.objects.living().get().pk == kept.pk
    assert end(first.public_id, kept.public_id, "--json").json["already_ended"] == 1


def test_an_id_that_is_unknown_ends_none_of_them(user: Any, browser: Any) -> None:
    [session] = signed_in(browser, user)
    ran = end(session.public_id, "nosuchid", "")
    assert ran == Ran(1, "", "There is no session with this id: 'nosuchid', ''. Nothing was done.")
    assert Session.objects.living().exists()


def test_what_is_signed_in_on_a_device_is_ended(user: Any, browser: Any) -> None:
    here, _there = signed_in(browser, user, user)
    assert here.device is not None
    assert end("--device", here.device.public_id).out == "Sessions ended: 1\n"
    here.refresh_from_db()
    assert here.ended_at is not None and Session.objects.living().count() == 1


def test_filters_narrow_down_what_of_a_person_ends(user: Any, other_user: Any, browser: Any) -> None:
    swiss, german, others = signed_in(browser, user, user, other_user)
    Session.objects.filter(pk__in=[swiss.pk, others.pk]).update(first_country="CH")
    Session.objects.filter(pk=german.pk).update(first_country="DE")
    assert end("--user", user.email, "--country", "ch").out == "Sessions ended: 1\n"
    assert set(Session.objects.living().values_list("pk", flat=True)) == {german.pk, others.pk}


@pytest.mark.no_bystander("its sessions meet the filter, too")
def test_a_filter_alone_ends_what_it_finds_of_everybody(user: Any, other_user: Any, browser: Any) -> None:
    old, other, new = signed_in(browser, user, other_user, user)
    long_ago = timezone.now() - timedelta(days=90)
    Session.objects.filter(pk__in=[old.pk, other.pk]).update(signed_in_at=long_ago, last_seen_at=long_ago)
    before = moments.aware(timezone.now() - timedelta(days=30)).isoformat()
    assert end("--seen-before", before, "--dry-run", "--json").json == {"to_end": 2, "people": 2}
    assert end("--seen-before", before).out == "Sessions ended: 2\n"
    assert Session.objects.living().get().pk == new.pk


def test_nothing_that_matches_is_not_asked_about_and_ends_nothing(user: Any, browser: Any) -> None:
    signed_in(browser, user)
    ran = sessions("end", "--user", user.email, "--country", "NO")
    assert ran == Ran(3, "Sessions ended: 0\n", "Nothing that matches is signed in.")
    assert not Act.objects.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--everyone", "--user", "{user}"),
        ("--everyone", "--country", "CH"),
        ("{session}", "--everyone"),
        ("{session}", "--user", "{user}"),
    ],
)
def test_it_is_said_in_one_way_which(arguments: tuple[str, ...], user: Any, browser: Any) -> None:
    [session] = signed_in(browser, user)
    named = [each.format(user=user.email, session=session.public_id) for each in arguments]
    ran = end(*named)
    assert ran.code == 1 and "Choose in one way only" in ran.err
    assert Session.objects.living().exists()


@pytest.mark.parametrize("option", ["--country", "--method", "--network", "--kind", "--since", "--device"])
def test_an_empty_value_does_not_mean_everybody(option: str, user: Any, browser: Any) -> None:
    """A script whose variable is not set."""
    signed_in(browser, user)
    assert end(option, "").code != 0
    assert Session.objects.living().exists()


# --- Why, who and since when


def test_who_decided_is_kept_and_in_the_history(user: Any, administrator: Any, browser: Any) -> None:
    [session] = signed_in(browser, user)
    end("--user", user.email, "--actor", administrator.email)
    session.refresh_from_db()
    assert session.ended_by_id == Act.objects.get().actor_id == administrator.pk
    event = Event.objects.get(kind=Event.Kind.ENDED, session=session)
    assert (event.actor_id, event.user_id, event.reason) == (administrator.pk, user.pk, "administrator")


def test_the_person_is_told(user: Any, browser: Any) -> None:
    signed_in(browser, user)
    deliver_due()
    mail.outbox.clear()
    end("--user", user.email)
    deliver_due()
    assert [message.to for message in mail.outbox] == [[user.email]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--actor", "nobody@people.example"), "--actor: no account matches"),
        (("--reason", "because"), "--reason"),
        (("--reason", "signed_out"), "--reason"),
        (("--ticket", "x" * 101), "--ticket: 100 characters"),
    ],
)
def test_what_cannot_be_meant_ends_nothing(
    arguments: tuple[str, ...], said: str, user: Any, browser: Any
) -> None:
    signed_in(browser, user)
    ran = end("--user", user.email, *arguments)
    assert ran.code == 1 and said in ran.err
    assert Session.objects.living().exists()


def test_it_says_since_when_it_should_have_been_over(user: Any, browser: Any) -> None:
    signed_in(browser, user)
    an_hour_ago = timezone.now() - timedelta(hours=1)
    end("--user", user.email, "--happened-at", moments.aware(an_hour_ago).isoformat())
    assert Act.objects.get().happened_at == an_hour_ago


def test_since_when_can_be_said_of_a_session_that_has_ended(user: Any, browser: Any) -> None:
    [session] = signed_in(browser, user)
    Session.objects.filter(pk=session.pk).update(signed_in_at=timezone.now() - timedelta(days=1))
    end(session.public_id)
    an_hour_ago = timezone.now() - timedelta(hours=1)
    ran = end(session.public_id, "--happened-at", moments.aware(an_hour_ago).isoformat())
    assert (ran.code, ran.out) == (3, "Sessions ended: 0\n")
    session.refresh_from_db()
    assert session.untrusted_since == an_hour_ago


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        ("2099-01-01T00:00:00+00:00", "in the future"),
        ("2026-11-01", "a date with a time"),
        ("2026-13-01T00:00:00", "month must be in"),
        ("0001-01-01T00:00:00+14:00", "out of range"),
        ("soon", "a date with a time"),
    ],
)
def test_a_moment_has_to_be_over(moment: str, why: str, user: Any, browser: Any) -> None:
    signed_in(browser, user)
    ran = end("--user", user.email, "--happened-at", moment)
    assert ran.code == 1 and "--happened-at: " in ran.err and why in ran.err
    assert Session.objects.living().exists()


# --- Asking


@pytest.mark.parametrize(("answer", "code"), [("yes\n", 0), ("y\n", 1), ("", 1)])
def test_it_asks_before(
    answer: str, code: int, user: Any, browser: Any, typed: Callable[[str], None]
) -> None:
    signed_in(browser, user)
    typed(answer)
    ran = sessions("end", "--user", user.email)
    assert ran.code == code and "Sessions to end: 1, of 1 people." in ran.err
    assert Session.objects.living().exists() is bool(code)


def test_without_a_terminal_nobody_can_say_yes(user: Any, browser: Any, monkeypatch: Any) -> None:
    signed_in(browser, user)
    monkeypatch.setattr("sys.stdin", StringIO("yes\n"))
    ran = sessions("end", "--user", user.email)
    assert ran.code == 1 and "Use --yes to go on without asking. Nothing was done." in ran.err
    assert Session.objects.living().exists()


def test_the_question_is_no_part_of_the_json(user: Any, browser: Any, typed: Callable[[str], None]) -> None:
    signed_in(browser, user)
    typed("yes\n")
    ran = sessions("end", "--user", user.email, "--json")
    assert ran.json == {
        "act": str(Act.objects.get().pk),
        "ending": None,
        "ended": 1,
        "already_ended": 0,
        "bridged": 0,
        "failed": 0,
        "left": 0,
    }


# --- Many, and what goes wrong


def test_it_works_in_batches_where_there_are_many(
    user: Any, other_user: Any, browser: Any, settings: Any, monkeypatch: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "END_AT_ONCE_MAX": 2}
    monkeypatch.setattr(lay_out, "BATCH", 2)
    signed_in(browser, user, user, other_user)
    ran = end("--user", user.email, "--user", other_user.email, "--json")
    ending = Ending.objects.get()
    assert ran.json == {
        "act": None,
        "ending": ending.pk,
        "ended": 3,
        "already_ended": 0,
        "bridged": 0,
        "failed": 0,
        "left": 0,
    }
    assert sorted(Act.objects.values_list("count", flat=True)) == [1, 2]
    assert ending.done_at is not None


def test_what_is_still_signed_in_has_an_exit_code_of_its_own(
    user: Any, browser: Any, settings: Any, monkeypatch: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "END_AT_ONCE_MAX": 0}
    signed_in(browser, user)

    def locked(**kwargs: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(carry_out, "end_sessions", locked)
    ran = end("--user", user.email, "--json")
    assert ran.code == 4 and ran.err.startswith("1 are left to the worker")
    assert (ran.json["ended"], ran.json["left"]) == (0, 1)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TryAgain(), "The database refused it: the database is busy"),
        (OutcomeUnknown(), "we do not know whether it was done"),
        (OperationalError("server closed the connection"), "The database refused it: server closed"),
    ],
)
def test_what_the_database_refuses_can_be_tried_again(
    error: Exception, said: str, user: Any, browser: Any, monkeypatch: Any
) -> None:
    signed_in(browser, user)

    def refuse(**kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(module, "end_sessions", refuse)
    ran = end("--user", user.email)
    assert ran.code == 4 and said in ran.err


def test_it_can_be_left_to_a_worker(user: Any, browser: Any) -> None:
    signed_in(browser, user)
    ran = end("--user", user.email, "--async")
    assert ran.code == 0 and ran.out.startswith("Sessions that a worker will end: 1 ")
    assert Session.objects.living().exists()
    assert sweep_endings() == 1


def test_the_cost_does_not_grow_with_the_number_of_sessions(user: Any, other_user: Any, browser: Any) -> None:
    counts = []
    for person, number in ((user, 1), (other_user, 12)):
        ids = [session.public_id for session in signed_in(browser, *[person] * number)]
        with CaptureQueriesContext(connection) as queries:
            assert end(*ids).code == 0
        counts.append(len(queries))
    assert counts[0] == counts[1]
