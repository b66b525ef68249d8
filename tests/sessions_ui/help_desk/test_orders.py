"""Each order alone: which sessions end by it and why, what says who did it, and what it leaves as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.help_desk.carry_out import carry_out, give_back
from sessions_ui.actions.help_desk.order import Order, targets_for, targets_of
from sessions_ui.exceptions import HelpDeskRefused
from sessions_ui.wording.help_desk import line_text
from tests.models import Act, Case, CaseReceipt, Delivery, Device, Event, Recovery, Session
from tests.sessions_ui.web.conftest import signed_in

__all__ = ["signed_in"]
pytestmark = pytest.mark.django_db
NONCE = "n" * 32
NOTE = "A device was lost or stolen"


@pytest.fixture
def devices(user: Any, signed_in: Any, other_user: Any) -> dict[str, Session]:
    """What is signed in, the youngest last. "bare" has no device, "gone" was signed out before."""
    now = timezone.now()
    made = {
        name: signed_in(user, signed_in_at=now - timedelta(hours=hours), last_seen_at=now)
        for name, hours in (("old", 9), ("chosen", 5), ("bare", 4), ("gone", 3), ("young", 1))
    }
    Device.objects.update(confirmed_at=now)
    Session.objects.filter(pk=made["bare"].pk).update(device=None)
    Session.objects.filter(pk=made["gone"].pk).update(ended_at=now, end_reason="signed_out")
    made["theirs"] = signed_in(other_user, signed_in_at=now)
    return made


def id_of(session: Session) -> str:
    fresh = Session.objects.select_related("device").get(pk=session.pk)
    return fresh.device.public_id if fresh.device is not None else fresh.public_id


def reasons(devices: dict[str, Session]) -> dict[str, str]:
    rows = Session.objects.in_bulk([row.pk for row in devices.values()])
    return {name: str(rows[row.pk].end_reason) for name, row in devices.items() if name != "gone"}


AS_IT_WAS = {"old": "", "chosen": "", "bare": "", "young": "", "theirs": ""}
ALL = {**dict.fromkeys(AS_IT_WAS, "help_desk"), "theirs": ""}


@pytest.mark.parametrize(
    ("chosen", "fields", "ended"),
    [
        (["chosen"], {}, {"chosen": "help_desk"}),
        (["chosen"], {"lost": True}, {"chosen": "device_lost"}),
        (["bare"], {}, {"bare": "help_desk"}),
        (["bare"], {"lost": True}, {"bare": "help_desk"}),
        (["chosen", "bare", "gone"], {}, {"chosen": "help_desk", "bare": "help_desk"}),
        (["chosen", "theirs"], {}, {"chosen": "help_desk"}),
        ([], {"everything": True}, ALL),
        ([], {"new_password": True}, ALL),
        ([], {"everything": True, "lost": True}, {**ALL, **dict.fromkeys(("old", "chosen", "young"), "device_lost")}),
        (["chosen"], {"everything": True, "lost": True}, {**ALL, "chosen": "device_lost"}),
        (["chosen"], {"everything": True, "recovery": True}, ALL),
        (["chosen"], {"recovery": True}, {"chosen": "help_desk", "bare": "help_desk", "young": "help_desk"}),
        ([], {"recovery": True}, ALL),
        ([], {"recovery": True, "lost": True}, ALL),
    ],
)  # fmt: skip
def test_what_ends_by_an_order_and_in_whose_name(
    chosen: list[str],
    fields: dict[str, Any],
    ended: dict[str, str],
    proven: Case,
    agent: Any,
    devices: dict[str, Session],
) -> None:
    order = Order(chosen=tuple(id_of(devices[name]) for name in chosen), **fields)
    receipt = carry_out(case=proven, agent=agent, order=order, nonce=NONCE)
    assert reasons(devices) == {**AS_IT_WAS, **ended}
    said = {(act.actor_id, act.ticket, act.note) for act in Act.objects.all()}
    assert said == ({(agent.pk, "INC-7", NOTE)} if ended else set())
    kept = {name: getattr(receipt, name) for name in ("lost", "everything", "new_password", "recovery")}
    assert kept == {"lost": False, "everything": False, "new_password": False, "recovery": False, **fields}
    lost = {row.pk for row in Device.objects.filter(lost_at__isnull=False)}
    assert lost == {devices[name].device_id for name, reason in ended.items() if reason == "device_lost"}
    disowned = Device.objects.filter(not_me_at__isnull=False)
    named = chosen if fields.get("recovery") else []
    assert {row.pk for row in disowned} == {devices[name].device_id for name in named}
    assert not disowned.filter(confirmed_at__isnull=False).exists()


def test_the_recovery_begins_with_the_first_sign_in_of_what_is_not_theirs(
    proven: Case, agent: Any, devices: dict[str, Session], user: Any
) -> None:
    chosen = tuple(id_of(devices[name]) for name in ("young", "chosen"))
    carry_out(case=proven, agent=agent, order=Order(chosen=chosen, recovery=True), nonce=NONCE)
    opened = Recovery.objects.get()
    assert (opened.user_id, opened.actor_id, opened.ticket) == (user.pk, agent.pk, "INC-7")
    assert (opened.session_id, opened.since) == (devices["chosen"].pk, devices["chosen"].signed_in_at)


def test_where_nobody_knows_when_somebody_signed_in_on_a_device_everything_ends(
    proven: Case, agent: Any, devices: dict[str, Session]
) -> None:
    chosen = id_of(devices["gone"])
    Session.objects.filter(pk=devices["gone"].pk)._raw_delete("default")
    order = Order(chosen=(chosen,), recovery=True)
    receipt = carry_out(case=proven, agent=agent, order=order, nonce=NONCE)
    assert reasons({name: row for name, row in devices.items() if name != "gone"}) == ALL
    assert {line["device"] for line in receipt.lines if line["result"] == "already_signed_out"} == {chosen}
    assert Device.objects.get(public_id=chosen).not_me_at is not None
    assert len(receipt.lines) == 5 and Recovery.objects.get().session_id is None


def test_each_line_of_the_receipt_says_what_became_of_it(
    proven: Case, agent: Any, devices: dict[str, Session]
) -> None:
    chosen = {name: id_of(devices[name]) for name in ("bare", "chosen", "gone")}
    receipt = carry_out(case=proven, agent=agent, order=Order(chosen=tuple(chosen.values())), nonce=NONCE)
    assert {line["device"]: line["result"] for line in receipt.lines} == {
        chosen["bare"]: "signed_out",
        chosen["chosen"]: "signed_out",
        chosen["gone"]: "already_signed_out",
    }
    titles = {line["device"]: line["title"] for line in receipt.lines}
    assert titles == {
        chosen["bare"]: "Unknown device",
        chosen["chosen"]: "Firefox on Linux (number 2)",
        chosen["gone"]: "Firefox on Linux (number 3)",  # it was, on the page where it was chosen
    }
    assert CaseReceipt.objects.get().lines == receipt.lines


def test_a_device_that_stays_signed_in_by_an_older_sign_in_is_not_said_to_be_out(
    proven: Case, agent: Any, devices: dict[str, Session], user: Any
) -> None:
    Session.objects.filter(pk=devices["young"].pk).update(device=devices["old"].device)
    order = Order(chosen=(id_of(devices["chosen"]),), recovery=True)
    said = {target.public_id: target.result for target in targets_for(user, order)}
    receipt = carry_out(case=proven, agent=agent, order=order, nonce=NONCE)
    assert reasons(devices) == {**ALL, "old": ""}
    assert said == {line["device"]: line["result"] for line in receipt.lines}
    assert said == {
        id_of(devices["old"]): "in_part",
        id_of(devices["chosen"]): "signed_out",
        id_of(devices["bare"]): "signed_out",
    }
    assert "an older sign-in there stays" in line_text({"title": "Firefox", "result": "in_part"})


def test_everything_is_what_is_signed_in_now(devices: dict[str, Session], user: Any) -> None:
    names = {id_of(row): name for name, row in devices.items()}
    assert {names[target.public_id] for target in targets_of(user, None)} == {
        "old",
        "chosen",
        "bare",
        "young",
    }
    assert targets_of(user, []) == []


def test_what_is_no_row_of_the_page_is_none_that_was_chosen(devices: dict[str, Session], user: Any) -> None:
    """A sign-in on a device is named by the device: an order by the id of the sign-in would end what no agent saw."""
    chosen = devices["chosen"]
    assert chosen.device is not None
    assert [target.public_id for target in targets_of(user, [chosen.device.public_id])] == [id_of(chosen)]
    assert targets_of(user, [chosen.public_id]) == []


@pytest.mark.parametrize(
    ("fields", "needs"),
    [
        ({}, False),
        ({"lost": True}, False),
        ({"everything": True}, True),
        ({"new_password": True}, True),
        ({"recovery": True}, True),
    ],
)
def test_what_cannot_be_undone_takes_a_proof(
    fields: dict[str, bool], needs: bool, verified: Case, agent: Any, devices: dict[str, Session]
) -> None:
    order = Order(chosen=(id_of(devices["chosen"]),), **fields)
    if not needs:
        carry_out(case=verified, agent=agent, order=order, nonce=NONCE)
        return
    with pytest.raises(HelpDeskRefused, match="not_proven"):
        carry_out(case=verified, agent=agent, order=order, nonce=NONCE)
    assert reasons(devices) == AS_IT_WAS and not CaseReceipt.objects.exists()


def test_a_new_password_is_required_of_nobody_who_has_none(proven: Case, agent: Any, user: Any) -> None:
    user.set_unusable_password()
    user.save()
    with pytest.raises(HelpDeskRefused, match="no_password"):
        carry_out(case=proven, agent=agent, order=Order(new_password=True), nonce=NONCE)
    carry_out(case=proven, agent=agent, order=Order(everything=True), nonce=NONCE)


def test_a_found_device_is_an_event_with_its_case(
    verified: Case, agent: Any, devices: dict[str, Session], user: Any
) -> None:
    Device.objects.filter(pk=devices["chosen"].device_id).update(lost_at=timezone.now())
    device = Device.objects.get(pk=devices["chosen"].device_id)
    give_back(case=verified, agent=agent, device=device)
    assert Device.objects.get(pk=device.pk).lost_at is None
    event = Event.objects.get(kind=Event.Kind.HELP_DESK, data__step="device found")
    assert (event.user_id, event.actor_id) == (user.pk, agent.pk)
    assert event.data == {"step": "device found", "case": verified.public_id, "device": device.public_id}
    assert Event.objects.get(kind=Event.Kind.DEVICE_FOUND).actor_id == agent.pk


def test_the_owner_is_told_at_the_addresses_that_have_long_been_theirs(
    proven: Case, agent: Any, devices: dict[str, Session], user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.two"}
    order = Order(chosen=(id_of(devices["chosen"]),))
    carry_out(case=proven, agent=agent, order=order, nonce=NONCE)
    told = Delivery.objects.filter(act=Act.objects.get(), channel="mail")
    assert {(row.receiver, row.user_id) for row in told} == {
        ("a@people.example", user.pk),
        ("b@people.example", user.pk),
        (user.email, user.pk),
    }


def two(user: Any) -> list[tuple[str, None]]:
    return [("a@people.example", None), ("b@people.example", None)]
