"""What a recovery keeps of a report and of its steps, what its events say, and whom it tells."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.recovery.close import lift_recovery
from sessions_ui.actions.recovery.open import (
    is_password_known,
    mail_recovery_link,
    open_recovery,
    password_again,
    safe_addresses,
)
from sessions_ui.actions.recovery.steps import choose_password, remove_added
from sessions_ui.audit import events
from sessions_ui.credentials import Credential, CredentialKind
from tests.interleaving import just_before
from tests.models import AccountState, Delivery, Event, Recovery, Session
from tests.sessions_ui.actions.recovery.test_recovery import AFTER, BEFORE, NOW, SINCE, Store, opened, passkey

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TOLD = "told@people.example"


@pytest.fixture(autouse=True)
def store(settings: Any) -> type[Store]:
    Store.kept, Store.used, Store.addresses = [], None, []
    path = "tests.sessions_ui.actions.recovery.test_recovery.Store"
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIALS": path}
    return Store


def values(case: Recovery) -> dict[str, Any]:
    return Recovery.objects.values().get(pk=case.pk)


def events_of(kind: Event.Kind) -> list[Event]:
    return list(Event.objects.filter(kind=kind).order_by("pk"))


def test_a_case_keeps_what_it_was_opened_with(user: Any, agent: Any, browser: Any) -> None:
    browser().force_login(user)
    session = Session.objects.get()
    with time_machine.travel(NOW, tick=False):
        case = open_recovery(
            user=user,
            since=SINCE,
            opened_by=Recovery.OpenedBy.HELP_DESK,
            session=session,
            actor=agent,
            address=TOLD,
            ticket="INC-7",
        )
    kept = values(case)
    assert {name: kept[name] for name in ("user_id", "actor_id", "session_id", "opened_by", "ticket")} == {
        "user_id": user.pk,
        "actor_id": agent.pk,
        "session_id": session.pk,
        "opened_by": "help_desk",
        "ticket": "INC-7",
    }
    assert (kept["opened_at"], kept["since"], kept["address"]) == (NOW, SINCE, TOLD)
    (event,) = events_of(Event.Kind.RECOVERY_OPENED)
    assert event.data == {"recovery": case.public_id, "by": "help_desk", "ticket": "INC-7"}
    assert (event.user_id, event.actor_id) == (user.pk, agent.pk)
    assert (event.session_id, event.device_id) == (session.pk, session.device_id)
    (link,) = events_of(Event.Kind.RECOVERY_LINK)
    assert (link.user_id, link.data) == (user.pk, {"recovery": case.public_id})


def test_another_report_adds_to_the_case(user: Any) -> None:
    """The earlier sign-in counts, what was done is asked for again, and the address stays."""
    case = opened(user, address=TOLD)
    done = {"password_at": AFTER, "credentials_at": AFTER}
    Recovery.objects.filter(pk=case.pk).update(**done)
    opened(user, since=SINCE + HOUR, last=SINCE + HOUR, address="later@people.example")
    kept = values(case)
    assert (kept["since"], kept["address"]) == (SINCE, TOLD)
    assert (kept["password_at"], kept["credentials_at"]) == (AFTER, None)
    opened(user, since=SINCE, last=AFTER)
    assert values(case)["password_at"] is None, "chosen no later than the last sign-in that is reported now"
    opened(user, since=BEFORE)
    assert values(case)["since"] == BEFORE
    assert Recovery.objects.count() == 1


@pytest.mark.parametrize(
    ("at_first", "then", "asked"), [(True, False, True), (False, True, True), (False, False, False)]
)
def test_a_password_is_asked_for_where_one_of_the_reports_is_about_a_known_one(
    at_first: bool, then: bool, asked: bool, user: Any
) -> None:
    for has_one in (at_first, then):
        user.set_password("a horse") if has_one else user.set_unusable_password()
        user.save()
        case = opened(user)
    assert values(case)["needs_password"] is asked


def test_a_case_without_an_address_gets_that_of_the_report(user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.nowhere"}
    case = opened(user)
    assert values(case)["address"] == ""
    opened(user, address=TOLD)
    assert values(case)["address"] == TOLD


def nowhere(user: Any) -> list[tuple[str, None]]:
    return []


@pytest.mark.parametrize(
    ("chosen", "whose", "known"),
    [
        (None, "own", True),
        (SINCE + HOUR, "own", False),
        (SINCE, "own", True),
        (BEFORE, "own", True),
        (SINCE + HOUR, "somebody else's", True),
    ],
)
def test_a_password_is_known_unless_it_was_chosen_in_a_recovery_since(
    chosen: datetime | None, whose: str, known: bool, user: Any, other_user: Any
) -> None:
    case = opened(user if whose == "own" else other_user)
    Recovery.objects.filter(pk=case.pk).update(password_at=chosen)
    assert is_password_known(user, SINCE) is known
    user.set_unusable_password()
    assert not is_password_known(user, SINCE)


def test_where_every_address_is_young_all_of_them_are_safe(user: Any, settings: Any, store: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.two"}
    addresses = ["a@people.example", "b@people.example"]
    store.kept = [Credential(CredentialKind.ADDRESS, one, one.upper(), AFTER) for one in addresses]
    assert safe_addresses(user, SINCE) == addresses
    store.kept.pop()
    assert safe_addresses(user, SINCE) == ["b@people.example"]


def two(user: Any) -> list[tuple[str, None]]:
    return [("a@people.example", None), ("b@people.example", None)]


@pytest.mark.parametrize(
    ("before", "seconds", "mailed"),
    [
        ("nothing", 61, True),
        ("nothing", 59.9, False),
        ("another event", 61, True),
        ("somebody else's link", 61, True),
        ("four within the hour", 61, False),
        ("four of an hour ago", 61, True),
    ],
)
def test_a_link_is_mailed_a_minute_after_the_last_one_of_this_account(
    before: str, seconds: float, mailed: bool, user: Any, other_user: Any
) -> None:
    link = Event.Kind.RECOVERY_LINK
    with time_machine.travel(NOW, tick=False) as clock:
        if before.startswith("four"):
            clock.shift(timedelta(minutes=-61 if before.endswith("ago") else -30))
            for _ in range(4):
                events.append(link, user_id=user.pk)
        clock.move_to(NOW)
        opened(user)
        clock.shift(timedelta(seconds=seconds))
        if before == "another event":
            events.append(Event.Kind.SIGNED_IN, user_id=user.pk)
        if before == "somebody else's link":
            for _ in range(5):
                events.append(link, user_id=other_user.pk)
        count = Event.objects.filter(kind=link, user_id=user.pk).count()
        assert mail_recovery_link(user=user) is True
        assert Event.objects.filter(kind=link, user_id=user.pk).count() == count + mailed


def test_no_link_is_mailed_to_a_case_that_was_closed_a_moment_before(user: Any, agent: Any) -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=2), tick=False):
        opened(user)
    with just_before("SELECT .accounts_user.", lambda: lift_recovery(user=user, actor=agent)):
        assert mail_recovery_link(user=user) is False
    assert len(events_of(Event.Kind.RECOVERY_LINK)) == 1, "that of the beginning"


def test_another_link_goes_where_the_first_one_went(user: Any) -> None:
    for address in (TOLD, ""):
        opened(user, address=address)
        Delivery.objects.all().delete()
        with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
            mail_recovery_link(user=user)
        assert [row.receiver for row in Delivery.objects.all()] == [address or user.email]
        Recovery.objects.all().delete()
        super(type(Event.objects.all()), Event.objects.all()).delete()


def test_a_password_is_asked_for_again_in_an_open_case_only(user: Any, other_user: Any) -> None:
    assert password_again(user=user) is False
    theirs = opened(other_user)
    case = opened(user)
    choose_password(recovery=case, user=user, save=lambda: None)
    Recovery.objects.filter(pk=theirs.pk).update(password_at=AFTER)
    assert password_again(user=user) is True
    assert (values(case)["needs_password"], values(case)["password_at"]) == (True, None)
    assert values(theirs)["password_at"] == AFTER


def test_a_password_is_asked_for_again_where_none_was_asked_for(user: Any) -> None:
    user.set_unusable_password()
    user.save()
    case = opened(user)
    assert values(case)["needs_password"] is False
    assert password_again(user=user) is True
    assert values(case)["needs_password"] is True


def test_each_step_is_an_event_in_the_name_of_whoever_does_it(user: Any, store: Any) -> None:
    store.kept = [passkey(AFTER), Credential(CredentialKind.ADDRESS, "1", "evil@elsewhere.example", AFTER)]
    case = opened(user)
    token = context.begin(
        context.Acting(SimpleNamespace(session_id=None, user_id=user.pk, impersonator_id=None))  # type: ignore[arg-type]
    )
    try:
        choose_password(recovery=case, user=user, save=lambda: None)
        remove_added(recovery=case, user=user, chosen=["passkey:key"])
    finally:
        context.finish(token)
    assert [(event.user_id, event.actor_id, event.data) for event in events_of(Event.Kind.RECOVERY_STEP)] == [
        (user.pk, user.pk, {"recovery": case.public_id, "step": "password"}),
        (
            user.pk,
            user.pk,
            {"recovery": case.public_id, "step": "credentials", "removed": ["passkey"]},
        ),
    ]
    (closed,) = events_of(Event.Kind.RECOVERY_CLOSED)
    assert (closed.user_id, closed.actor_id) == (user.pk, user.pk)
    assert closed.data == {"recovery": case.public_id, "why": "done"}
    assert values(case)["closed_by_id"] == user.pk


@pytest.mark.parametrize("address", [TOLD, ""])
def test_the_owner_is_told_that_it_is_closed(address: str, user: Any, agent: Any) -> None:
    case = opened(user, address=address)
    Recovery.objects.filter(pk=case.pk).update(address=address)
    assert lift_recovery(user=user, actor=agent)
    told = Delivery.objects.filter(event__kind=Event.Kind.RECOVERY_CLOSED)
    assert [(row.receiver, row.user_id) for row in told] == [(address or user.email, user.pk)]
    assert AccountState.objects.get(pk=user.pk).frozen_until is None
