"""A lost device: signed out, marked, recognised when it comes back, and trusted in nothing."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui import context, signals
from sessions_ui.actions.devices.lost import mark_found, mark_lost
from sessions_ui.delivery import deliver_due
from sessions_ui.exceptions import NotTheOwner
from tests.models import Act, Device, EndReason, Event, EventDetail, Session

pytestmark = pytest.mark.django_db
PAGE = "/account/devices/"


@pytest.fixture
def phone(user: Any, browser: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


@pytest.fixture
def device(phone: Any) -> Device:
    return Device.objects.get()


def kinds(device: Device) -> list[str]:
    events = Event.objects.filter(device=device).order_by("pk")
    return [kind for kind in events.values_list("kind", flat=True) if kind.startswith("device_")]


@pytest.mark.control("SP 800-63B 4.3")
def test_marking_a_device_lost_ends_what_is_signed_in_there_and_nothing_else(
    device: Device, phone: Any, browser: Any, user: Any
) -> None:
    laptop = browser()
    laptop.sign_in(user)
    receipt = mark_lost(device=device, actor=user, ticket="INC-7", note="left in a taxi")
    assert (receipt.ended, receipt.act.reason, receipt.act.ticket) == (1, EndReason.DEVICE_LOST, "INC-7")
    assert phone.get(PAGE).status_code == 302
    assert laptop.get(PAGE).status_code == 200
    event = Event.objects.get(kind=Event.Kind.DEVICE_LOST)
    assert (event.user_id, event.actor_id, event.act, event.data) == (
        user.pk,
        user.pk,
        receipt.act,
        {"ticket": "INC-7"},
    )
    assert EventDetail.objects.get(event=event).text == "left in a taxi"
    device.refresh_from_db()
    assert device.lost_at == event.at


def test_the_note_and_the_ticket_of_an_agent_are_on_the_act(device: Device, agent: Any) -> None:
    receipt = mark_lost(device=device, actor=agent, ticket="INC-7", note="left in a taxi")
    act = Act.objects.get()
    assert receipt.act == act
    assert (act.actor_id, act.ticket, act.note) == (agent.pk, "INC-7", "left in a taxi")


def test_a_device_without_any_session_is_lost_for_its_owner_all_the_same(
    user: Any, other_user: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """What signed in there was purged. Whatever else goes with a loss goes for the owner of the device: here the
    host hears that a second factor must not be skipped any more."""
    other = Device.objects.create(user=other_user)
    device = Device.objects.create(user=user)
    heard = []

    def listen(sender: Any, user_id: Any, reason: EndReason, **kwargs: Any) -> None:
        heard.append((user_id, reason))

    signals.trust_voided.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            mark_lost(device=device, actor=user)
    finally:
        signals.trust_voided.disconnect(listen)
    assert heard == [(user.pk, "device_lost")]
    other.refresh_from_db()
    assert other.lost_at is None


@pytest.mark.parametrize("act", [mark_lost, mark_found])
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_support_in_the_account_cannot_say_that_it_is_lost_or_found(
    act: Callable[..., Any], is_signed_in: bool, device: Device, phone: Any, user: Any, agent: Any
) -> None:
    if not is_signed_in:
        phone.post("/account/logout/")
    Device.objects.update(lost_at=timezone.now() if act is mark_found else None)
    before = (list(Device.objects.values()), Event.objects.count())
    store = SimpleNamespace(session_id=None, user_id=user.pk, impersonator_id=agent.pk)
    token = context.begin(context.Acting(store))
    try:
        with pytest.raises(NotTheOwner):
            act(device=device, actor=user)
    finally:
        context.finish(token)
    assert (list(Device.objects.values()), Event.objects.count()) == before


def test_twice_marks_it_once_and_ends_what_signed_in_meanwhile(device: Device, phone: Any, user: Any) -> None:
    mark_lost(device=device, actor=user)
    first = device.lost_at
    phone.sign_in(user)
    receipt = mark_lost(device=device, actor=user)
    device.refresh_from_db()
    assert receipt.ended == 1 and not Session.objects.living().exists()
    assert (device.lost_at, kinds(device)) == (first, ["device_lost"])


def test_a_device_that_is_signed_out_already_is_marked_lost_all_the_same(
    device: Device, phone: Any, user: Any
) -> None:
    phone.post("/account/logout/")
    receipt = mark_lost(device=device, actor=user)
    assert (receipt.act, receipt.ended, receipt.already_ended) == (None, 0, 1)
    assert kinds(device) == ["device_lost"]


def test_the_return_of_a_lost_device_is_recognised_and_nothing_vouches_for_it(
    device: Device, phone: Any, user: Any
) -> None:
    Device.objects.update(confirmed_at=timezone.now())
    mark_lost(device=device, actor=user)
    phone.sign_in(user)
    returned = Session.objects.living().select_related("device").get().device
    assert returned == device
    assert returned.lost_at is not None and returned.confirmed_at is None


def test_found_takes_the_mark_away_and_signs_nothing_in(device: Device, phone: Any, user: Any) -> None:
    Device.objects.update(confirmed_at=timezone.now())
    mark_lost(device=device, actor=user)
    assert mark_found(device=device, actor=user)
    assert (device.lost_at, kinds(device)) == (None, ["device_lost", "device_found"])
    assert not mark_found(device=device, actor=user), "there is no mark any more"
    device.refresh_from_db()
    assert (device.lost_at, device.confirmed_at) == (None, None)
    assert kinds(device) == ["device_lost", "device_found"]
    assert phone.get(PAGE).status_code == 302


def test_finding_one_device_finds_no_other_one(
    device: Device, phone: Any, user: Any, other_user: Any, browser: Any
) -> None:
    for person in (other_user, user):
        browser().force_login(person)
    for one in Device.objects.all():
        mark_lost(device=one, actor=one.user)
    others = Device.objects.exclude(pk=device.pk).order_by("pk")
    before = list(others.values())
    assert len(before) == 2
    device.refresh_from_db()
    assert mark_found(device=device, actor=user)
    assert list(others.values()) == before
    assert not Device.objects.exclude(pk=device.pk).filter(lost_at=None).exists()


def test_the_owner_is_told(device: Device, user: Any, agent: Any, mailoutbox: Any) -> None:
    mark_lost(device=device, actor=agent, note="caller was upset")
    deliver_due()
    assert [message.to for message in mailoutbox] == [[user.email]]
    assert "the device was reported lost" in mailoutbox[0].body
    assert "upset" not in mailoutbox[0].body


def test_the_cost_does_not_grow_with_the_number(device: Device, user: Any) -> None:
    counts = []
    for number in (1, 30):
        Session.objects.bulk_create(
            Session(digest=f"{number}-{index}", user=user, device=device, expires_at=timezone.now())
            for index in range(number)
        )
        Device.objects.update(lost_at=None)
        with CaptureQueriesContext(connection) as queries:
            mark_lost(device=device, actor=user)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15
