"""Confirming a device: no device vouches for itself (invariant 10)."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.devices.confirm import confirm_device
from sessions_ui.actions.sessions.rules.kinds import RULES
from sessions_ui.actions.step_up.policy import Shown, ends_older
from sessions_ui.exceptions import CannotVouch
from tests.models import Device, Event, Session

pytestmark = pytest.mark.django_db


@pytest.fixture
def act_as() -> Any:
    """`act_as(session)`: the rest of the test is that session's request."""
    tokens = []

    def begin(session: Session) -> None:
        store = SimpleNamespace(session_id=session.pk, user_id=session.user_id, impersonator_id=None)
        tokens.append(context.begin(context.Acting(store)))

    yield begin
    for token in reversed(tokens):
        context.finish(token)


def signed_in(user: Any, browser: Any, *, hours_ago: int = 0, confirmed: bool = False) -> Session:
    browser().force_login(user)
    session = Session.objects.select_related("device").latest("pk")
    session.signed_in_at -= timedelta(hours=hours_ago)
    session.save(update_fields=["signed_in_at"])
    if confirmed:
        session.device.confirmed_at = timezone.now()
        session.device.save(update_fields=["confirmed_at"])
    return session


def test_a_device_is_not_confirmed_where_the_event_cannot_be_written(
    user: Any, browser: Any, act_as: Any, request: pytest.FixtureRequest
) -> None:
    session = signed_in(user, browser)
    act_as(session)
    request.getfixturevalue("failing_events")
    with pytest.raises(DatabaseError):
        confirm_device(device=session.device, actor=user, proof=Shown.MAILED_CODE)
    assert Device.objects.get().confirmed_at is None


@pytest.mark.parametrize("proof", [Shown.FACTOR, Shown.MAILED_CODE])
def test_what_a_thief_does_not_have_confirms_any_device(
    proof: Shown, user: Any, browser: Any, act_as: Any
) -> None:
    session = signed_in(user, browser)
    act_as(session)
    assert confirm_device(device=session.device, actor=user, proof=proof)
    assert Device.objects.get().confirmed_at is not None
    event = Event.objects.get(kind=Event.Kind.DEVICE_CONFIRMED)
    assert (event.user_id, event.actor_id, event.device_id, event.data) == (
        user.pk,
        user.pk,
        session.device_id,
        {"proof": proof},
    )


def test_confirming_twice_is_one_event(user: Any, browser: Any) -> None:
    device = signed_in(user, browser).device
    assert confirm_device(device=device, actor=user, proof="mailed_code")
    first = Device.objects.get().confirmed_at
    assert not confirm_device(device=device, actor=user, proof="mailed_code")
    assert Device.objects.get().confirmed_at == first
    assert Event.objects.filter(kind=Event.Kind.DEVICE_CONFIRMED).count() == 1


def test_what_was_flagged_there_has_been_reviewed(user: Any, browser: Any) -> None:
    session = signed_in(user, browser)
    Session.objects.update(verdict="new", verdict_reasons=["new_device"])
    session.refresh_from_db()
    assert session.needs_a_look
    confirm_device(device=session.device, actor=user, proof="factor")
    session.refresh_from_db()
    assert not session.needs_a_look and session.verdict == "new"


def test_what_was_reviewed_before_keeps_its_time_and_is_no_second_event(user: Any, browser: Any) -> None:
    session = signed_in(user, browser)
    Session.objects.update(verdict="new")
    confirm_device(device=session.device, actor=user, proof="factor")
    before = Session.objects.values().get()
    confirm_device(device=session.device, actor=user, proof="factor")
    assert Session.objects.values().get() == before
    assert Event.objects.filter(kind=Event.Kind.DEVICE_CONFIRMED).count() == 1


def test_what_was_never_flagged_is_not_reviewed(user: Any, browser: Any) -> None:
    session = signed_in(user, browser, confirmed=True)
    assert not confirm_device(device=session.device, actor=user, proof="factor")
    assert Session.objects.get().reviewed_at is None
    assert not Event.objects.filter(kind=Event.Kind.DEVICE_CONFIRMED).exists()


def refused(device: Device, user: Any, proof: Shown) -> None:
    with pytest.raises(CannotVouch):
        confirm_device(device=device, actor=user, proof=proof)
    device.refresh_from_db()
    assert not Event.objects.filter(kind=Event.Kind.DEVICE_CONFIRMED).exists()


def test_the_sign_in_itself_is_no_proof(user: Any, browser: Any, act_as: Any) -> None:
    session = signed_in(user, browser, hours_ago=48)
    act_as(session)
    refused(session.device, user, Shown.SIGN_IN)
    assert session.device.confirmed_at is None


def test_a_device_is_no_other_device(user: Any, browser: Any, act_as: Any) -> None:
    """Not even one that is settled: it may have been taken."""
    session = signed_in(user, browser, hours_ago=48, confirmed=True)
    act_as(session)
    refused(session.device, user, Shown.OTHER_DEVICE)


@pytest.mark.parametrize(("hours", "confirmed"), [(1, True), (48, False)])
def test_a_young_or_unconfirmed_one_vouches_for_no_other(
    hours: int, confirmed: bool, user: Any, browser: Any, act_as: Any
) -> None:
    """Or a thief would sign in twice and confirm one device with the other."""
    other = signed_in(user, browser).device
    act_as(signed_in(user, browser, hours_ago=hours, confirmed=confirmed))
    refused(other, user, Shown.OTHER_DEVICE)
    assert other.confirmed_at is None


def test_a_settled_one_vouches_for_another(user: Any, browser: Any, act_as: Any) -> None:
    other = signed_in(user, browser).device
    act_as(signed_in(user, browser, hours_ago=48, confirmed=True))
    assert confirm_device(device=other, actor=user, proof=Shown.OTHER_DEVICE)


def test_the_sign_in_of_a_settled_one_is_no_proof_for_another_either(
    user: Any, browser: Any, act_as: Any
) -> None:
    other = signed_in(user, browser).device
    act_as(signed_in(user, browser, hours_ago=48, confirmed=True))
    refused(other, user, Shown.SIGN_IN)
    assert other.confirmed_at is None


def test_outside_of_a_request_nobody_is_another_device(user: Any, browser: Any) -> None:
    refused(signed_in(user, browser).device, user, Shown.OTHER_DEVICE)


@pytest.mark.parametrize("kind", [each for each in Session.Kind if not RULES[each].may_vouch])
@pytest.mark.parametrize("proof", [Shown.FACTOR, Shown.MAILED_CODE, Shown.OTHER_DEVICE])
def test_a_program_confirms_nothing_whatever_was_shown(
    kind: Session.Kind, proof: Shown, user: Any, browser: Any, act_as: Any
) -> None:
    """A thief of its token would have had the same; settled or not."""
    device = signed_in(user, browser).device
    program = signed_in(user, browser, hours_ago=48, confirmed=True)
    Session.objects.filter(pk=program.pk).update(kind=kind)
    act_as(program)
    refused(device, user, proof)
    assert device.confirmed_at is None


def test_what_must_be_proven_before_older_ones_end(user: Any, browser: Any) -> None:
    older = signed_in(user, browser, hours_ago=2)
    young = signed_in(user, browser, hours_ago=1)
    settled = signed_in(user, browser, hours_ago=30, confirmed=True)
    newest = signed_in(user, browser)
    everything = Session.objects.of(user)
    assert ends_older(young, everything)
    assert not ends_older(young, everything.filter(pk__in=[young.pk, newest.pk])), "younger ones and itself"
    assert not ends_older(settled, everything)
    assert not ends_older(older, everything.exclude(pk=settled.pk)), "nothing older is left"


def test_what_has_ended_already_needs_no_proof(user: Any, browser: Any) -> None:
    old = signed_in(user, browser, hours_ago=2)
    young = signed_in(user, browser)
    Session.objects.filter(pk=old.pk).update(ended_at=timezone.now())
    assert not ends_older(young, Session.objects.of(user))
