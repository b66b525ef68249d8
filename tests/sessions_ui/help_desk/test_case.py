"""A call from the first page to the receipt."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError
from django.utils import timezone

from sessions_ui.actions.devices.lost import mark_lost
from sessions_ui.actions.help_desk.caller import reveal_network, verify_caller
from sessions_ui.actions.help_desk.carry_out import carry_out, give_back
from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.order import Order
from sessions_ui.actions.help_desk.prove import approve, ask_for_approval, check_code
from sessions_ui.actions.help_desk.send_code import send_code
from sessions_ui.actions.one_time_codes import TRIES
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.database import moments
from sessions_ui.delivery import deliver_due
from sessions_ui.exceptions import HelpDeskRefused
from sessions_ui.help_desk.orders import sign_order
from tests.conftest import PASSWORD, make_person
from tests.interleaving import just_before
from tests.models import Act, Case, CaseReceipt, Delivery, Device, EndReason, Event, Session

pytestmark = pytest.mark.django_db
NONCE = "n" * 32


def order(**fields: Any) -> dict[str, Any]:
    return {"nonce": NONCE, **fields}


def is_in(client: Any) -> bool:
    return client.get("/account/devices/").status_code == 200


def test_before_the_caller_is_verified_nothing_is_shown_or_done(
    desk: Any, case: Case, phone: Any, device_of: Any
) -> None:
    page = desk.get(f"/help-desk/{case.public_id}/").content.decode()
    assert "1 device signed in" in page
    assert "on Android" not in page
    for step in ("review", "carry-out", "network", "code", "approval"):
        response = desk.post(f"/help-desk/{case.public_id}/{step}/", order(device=device_of(phone)))
        assert response.status_code == 422
        assert "Verify the caller first. Nothing was done." in response.content.decode()
    assert is_in(phone)


@pytest.mark.parametrize(
    "missing", [{"ticket": ""}, {"reason": ""}, {"ways": []}, {"reason": "made up"}, {"ways": ["made up"]}]
)
def test_verifying_requires_ticket_reason_and_way(desk: Any, case: Case, missing: dict[str, Any]) -> None:
    complete = {"ticket": "INC-7", "reason": "lost", "ways": ["call_back"]}
    assert desk.post(f"/help-desk/{case.public_id}/verify/", {**complete, **missing}).status_code == 422
    case.refresh_from_db()
    assert not case.is_verified
    assert desk.post(f"/help-desk/{case.public_id}/verify/", complete).status_code == 302
    case.refresh_from_db()
    assert case.is_verified


def test_verifying_one_caller_verifies_no_other(
    case: Case, agent: Any, user: Any, other_user: Any, colleague: Any
) -> None:
    """Of the same agent, of another one, about the same account, about another."""
    open_case(agent=agent, term=user.email)
    open_case(agent=agent, term=other_user.email)
    theirs = open_case(agent=colleague, term=user.email)
    verify_caller(case=theirs, agent=colleague, ticket="INC-1", reason=Case.Reason.LOST, ways=["manager"])
    others = Case.objects.exclude(pk=case.pk).order_by("pk")
    before = list(others.values())
    verify_caller(case=case, agent=agent, ticket="INC-7", reason=Case.Reason.LOST, ways=["call_back"])
    assert case.is_verified and case.ticket == "INC-7"
    assert len(before) == 3 and list(others.values()) == before


def test_how_an_agent_verified_the_caller_is_an_event(desk: Any, case: Case, agent: Any, user: Any) -> None:
    """Invariant 9: what was stated can be held against the recording of the call."""
    stated = {"ticket": "INC-7", "reason": "lost", "ways": ["call_back"]}
    desk.post(f"/help-desk/{case.public_id}/verify/", stated)
    event = Event.objects.get(data__step="verified")
    assert (event.kind, event.user_id, event.actor_id) == ("help_desk", user.pk, agent.pk)
    assert event.data == {"step": "verified", "case": case.public_id, **stated}
    case.refresh_from_db()
    assert (case.ticket, case.reason, case.ways) == ("INC-7", "lost", ["call_back"])


def test_the_table_shows_no_address_until_it_is_asked_for(desk: Any, verified: Case, phone: Any) -> None:
    url = f"/help-desk/{verified.public_id}/"
    page = desk.get(url).content.decode()
    assert "on Android" in page and "London" in page
    assert "81.2.69.142" not in page
    revealed = desk.post(f"{url}network/").content.decode()
    assert "81.2.69.142" in revealed
    assert Event.objects.filter(data__step="network details shown", user=verified.user).count() == 1


def test_no_action_goes_past_an_unverified_caller(
    case: Case, agent: Any, phone: Any, device_of: Any, user: Any
) -> None:
    """Whatever calls it: a page of the host has no form of ours in front."""
    device = Device.objects.get(public_id=device_of(phone))
    mark_lost(device=device, actor=user)
    before = list(Event.objects.order_by("pk").values())
    for act in (
        lambda: send_code(case=case, agent=agent),
        lambda: check_code(case=case, agent=agent, code="123456"),
        lambda: ask_for_approval(case=case, agent=agent),
        lambda: reveal_network(case=case, agent=agent),
        lambda: carry_out(case=case, agent=agent, order=Order(chosen=(device.public_id,)), nonce=NONCE),
        lambda: give_back(case=case, agent=agent, device=device),
    ):
        with pytest.raises(HelpDeskRefused, match="not_verified"):
            act()
    device.refresh_from_db()
    assert device.lost_at is not None
    assert list(Event.objects.order_by("pk").values()) == before


def test_what_belongs_to_somebody_else_is_neither_ended_nor_given_back(
    verified: Case, agent: Any, other_user: Any, browser: Any, device_of: Any
) -> None:
    strangers = browser()
    strangers.force_login(other_user)
    device = Device.objects.get(public_id=device_of(strangers))
    with pytest.raises(HelpDeskRefused, match="nothing_selected"):
        carry_out(case=verified, agent=agent, order=Order(chosen=(device.public_id,)), nonce=NONCE)
    assert not CaseReceipt.objects.exists() and is_in(strangers)
    mark_lost(device=device, actor=other_user)
    with pytest.raises(HelpDeskRefused, match="nobody"):
        give_back(case=verified, agent=agent, device=device)
    device.refresh_from_db()
    assert device.lost_at is not None


def test_a_caller_is_not_half_verified_where_the_event_cannot_be_written(
    case: Case, agent: Any, failing_events: None
) -> None:
    before = Case.objects.values().get()
    with pytest.raises(DatabaseError):
        verify_caller(case=case, agent=agent, ticket="INC-7", reason=Case.Reason.LOST, ways=["call_back"])
    assert Case.objects.values().get() == before


def test_no_code_is_good_that_could_not_be_sent(verified: Case, agent: Any, failing_events: None) -> None:
    before = Case.objects.values().get()
    with pytest.raises(DatabaseError):
        send_code(case=verified, agent=agent)
    assert Case.objects.values().get() == before


def test_nothing_is_proven_where_the_event_cannot_be_written(
    verified: Case, agent: Any, request: pytest.FixtureRequest
) -> None:
    send_code(case=verified, agent=agent)
    request.getfixturevalue("failing_events")
    with pytest.raises(DatabaseError):
        check_code(case=verified, agent=agent, code=verified.code())
    assert not Case.objects.get(pk=verified.pk).is_proven


def test_the_code_is_sent_at_once_and_not_by_the_next_sweep(
    verified: Case, agent: Any, hastened: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    """The caller is on the phone."""
    with django_capture_on_commit_callbacks(execute=True):
        send_code(case=verified, agent=agent)
        assert hastened == []
    assert hastened == ["sessions_ui.tasks.sweep_deliveries"]


def test_every_device_is_listed_for_itself(
    desk: Any, verified: Case, user: Any, browser: Any, phone: Any, settings: Any
) -> None:
    """Also what the owner's page folds into one line, or puts apart because it is not used: an agent ticks one."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "UNUSED_AFTER": timedelta(0)}
    for _call in range(2):
        browser(user_agent="curl/8.5.0").sign_in(user)
    page = desk.get(f"/help-desk/{verified.public_id}/").content.decode()
    for device in Device.objects.filter(user=user):
        assert f'name="device" value="{device.public_id}"' in page


def test_the_selected_device_goes_and_the_other_stays(
    desk: Any, verified: Case, phone: Any, laptop: Any, device_of: Any, agent: Any
) -> None:
    url = f"/help-desk/{verified.public_id}/"
    chosen = {"device": device_of(phone), "lost": "on"}
    review = desk.post(f"{url}review/", chosen).content.decode()
    assert "on Android" in review and "INC-7" in review
    assert is_in(phone)  # nothing happens before it is submitted

    receipt = desk.post(f"{url}carry-out/", order(**chosen), follow=True).content.decode()
    assert "on Android: signed out, marked as lost" in " ".join(receipt.split())
    assert not is_in(phone)
    assert is_in(laptop)
    act = Act.objects.get()
    assert (act.reason, act.ticket, act.actor_id, act.count) == (EndReason.DEVICE_LOST, "INC-7", agent.pk, 1)
    assert Device.objects.get(public_id=chosen["device"]).lost_at is not None


def test_the_caller_may_know_since_when_it_is_lost(
    desk: Any, verified: Case, phone: Any, device_of: Any
) -> None:
    url = f"/help-desk/{verified.public_id}/"
    this_morning = (timezone.now() - timedelta(hours=3)).replace(second=0, microsecond=0)
    Session.objects.update(signed_in_at=this_morning - timedelta(days=1))
    entered = f"{moments.local(this_morning):%Y-%m-%dT%H:%M}"
    chosen = {"device": device_of(phone), "lost": "on", "happened_at": entered}
    review = desk.post(f"{url}review/", chosen).content.decode()
    assert "Since when" in review
    carried = re.search(r'name="happened_at" value="([^"]+)"', review)
    assert carried is not None
    desk.post(f"{url}carry-out/", order(**{**chosen, "happened_at": carried[1]}))
    assert Act.objects.get().happened_at == this_morning
    assert Session.objects.get(end_reason=EndReason.DEVICE_LOST).untrusted_since == this_morning


@pytest.mark.parametrize("entered", ["2099-01-01T00:00", "this morning"])
def test_since_when_is_a_moment_that_is_over(
    entered: str, desk: Any, verified: Case, phone: Any, device_of: Any
) -> None:
    url = f"/help-desk/{verified.public_id}/"
    chosen = {"device": device_of(phone), "lost": "on", "happened_at": entered}
    answer = desk.post(f"{url}review/", chosen)
    assert answer.status_code == 422
    assert "needs a date and time in the past. Nothing was done." in answer.content.decode()
    assert desk.post(f"{url}carry-out/", order(**chosen)).status_code == 422
    assert is_in(phone)


@pytest.mark.parametrize(
    ("wanted", "everything", "new_password"),
    [({"everything": "on"}, True, False), ({"new_password": "on"}, False, True)],
)
def test_the_receipt_keeps_that_everything_went_or_a_password_is_required(
    desk: Any, verified: Case, phone: Any, wanted: dict[str, str], everything: bool, new_password: bool
) -> None:
    prove(verified)
    page = desk.post(f"/help-desk/{verified.public_id}/carry-out/", order(**wanted), follow=True)
    receipt = CaseReceipt.objects.get()
    assert (receipt.everything, receipt.new_password, receipt.lost) == (everything, new_password, False)
    assert ("Nobody can sign in until it is reset." in page.content.decode()) is new_password


def test_the_receipt_names_each_device_and_what_became_of_it(
    desk: Any, verified: Case, phone: Any, device_of: Any
) -> None:
    public_id = device_of(phone)
    desk.post(f"/help-desk/{verified.public_id}/carry-out/", order(device=public_id))
    title = Device.objects.get(public_id=public_id).title
    assert CaseReceipt.objects.get().lines == [{"device": public_id, "title": title, "result": "signed_out"}]


def test_submitting_twice_does_it_once(desk: Any, verified: Case, phone: Any, device_of: Any) -> None:
    url = f"/help-desk/{verified.public_id}/carry-out/"
    device = device_of(phone)
    first = desk.post(url, order(device=device))
    second = desk.post(url, order(device=device))
    assert first.url == second.url
    assert CaseReceipt.objects.count() == Act.objects.count() == 1


def test_what_was_done_before_may_be_submitted_again_when_no_act_is_left(
    verified: Case, phone: Any, device_of: Any, agent: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "HELP_DESK_ACTS_PER_HOUR": 1}
    chosen = Order(chosen=(device_of(phone),))
    first = carry_out(case=verified, agent=agent, order=chosen, nonce=NONCE)
    assert carry_out(case=verified, agent=agent, order=chosen, nonce=NONCE) == first


def test_whoever_comes_back_to_what_was_done_gets_its_receipt(
    desk: Any, verified: Case, phone: Any, laptop: Any, device_of: Any, user: Any
) -> None:
    """The page said that a device would be signed out, which has signed in again since; its button did nothing."""
    url, device = f"/help-desk/{verified.public_id}/", device_of(phone)
    review = f"{url}review/?{urlencode({'order': sign_order(Order(chosen=(device,)), NONCE, verified)})}"
    assert NONCE in desk.get(review).content.decode()
    receipt = desk.post(f"{url}carry-out/", order(device=device)).url
    phone.sign_in(user)
    assert desk.get(review).url == receipt
    assert is_in(phone)


def test_what_was_done_is_not_said_to_be_undone_once_the_case_is_closed(
    desk: Any, verified: Case, phone: Any, laptop: Any, device_of: Any
) -> None:
    """The page said to whoever sent the form again that nothing was done."""
    url, device = f"/help-desk/{verified.public_id}/", device_of(phone)
    review = f"{url}review/?{urlencode({'order': sign_order(Order(chosen=(device,)), NONCE, verified)})}"
    receipt = desk.post(f"{url}carry-out/", order(device=device)).url
    Case.objects.filter(pk=verified.pk).update(expires_at=timezone.now())
    assert desk.post(f"{url}carry-out/", order(device=device)).url == receipt
    assert desk.get(review).url == receipt
    other = desk.post(f"{url}carry-out/", {"nonce": "m" * 32, "device": device})
    assert other.status_code == 409 and "nothing was done" in other.content.decode()
    look = desk.get(url)
    assert look.status_code == 409 and "This case is closed. Open a new case." in look.content.decode()
    assert "nothing was done" not in look.content.decode()
    assert CaseReceipt.objects.count() == 1


def test_a_receipt_keeps_the_ticket_under_which_it_was_done(
    desk: Any, proven: Case, agent: Any, colleague: Any, phone: Any
) -> None:
    Case.objects.filter(pk=proven.pk).update(proof=Case.Proof.SECOND_AGENT, approver=colleague)
    url = f"/help-desk/{proven.public_id}/"
    receipt = desk.post(f"{url}carry-out/", order(everything="on")).url
    verify_caller(case=proven, agent=agent, ticket="INC-99", reason=Case.Reason.OTHER, ways=["call_back"])
    html = desk.get(receipt).content.decode()
    assert "INC-7" in html and "INC-99" not in html
    # Of the other ticket nobody has agreed to anything: what was done is the same.
    assert desk.post(f"{url}carry-out/", order(everything="on")).url == receipt


def another_case(agent: Any, user: Any) -> Case:
    case = open_case(agent=agent, term=user.email)
    verify_caller(case=case, agent=agent, ticket="INC-8", reason=Case.Reason.LOST, ways=["call_back"])
    return case


def test_a_page_of_another_case_is_another_one_whatever_its_nonce(
    verified: Case, phone: Any, laptop: Any, device_of: Any, agent: Any, user: Any, browser: Any
) -> None:
    browser(user_agent="curl/8.5.0").sign_in(user)  # one stays: the last one takes a proof
    first = carry_out(case=verified, agent=agent, order=Order(chosen=(device_of(phone),)), nonce=NONCE)
    other = another_case(agent, user)
    second = carry_out(case=other, agent=agent, order=Order(chosen=(device_of(laptop),)), nonce=NONCE)
    assert (first.case, second.case) == (verified, other)
    assert not is_in(laptop)


def test_submitting_twice_at_the_same_moment_does_it_once(
    verified: Case, phone: Any, device_of: Any, agent: Any, user: Any
) -> None:
    """The other request comes between looking for its receipt and writing it. An earlier page of the same case was
    carried out before, and one of another case that has the same nonce."""
    chosen = Order(chosen=(device_of(phone),))
    carry_out(case=another_case(agent, user), agent=agent, order=chosen, nonce=NONCE)
    earlier = carry_out(case=verified, agent=agent, order=chosen, nonce="earlier")
    other: list[CaseReceipt] = []

    def submit() -> None:
        other.append(carry_out(case=verified, agent=agent, order=chosen, nonce=NONCE))

    with just_before("SAVEPOINT ", submit):
        receipt = carry_out(case=verified, agent=agent, order=chosen, nonce=NONCE)
    assert [receipt] == other and receipt != earlier
    assert CaseReceipt.objects.count() == 3


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("at_once", [True, False])
def test_every_device_takes_the_proof_that_sign_out_all_takes(
    at_once: bool, lost: bool, verified: Case, phone: Any, laptop: Any, device_of: Any, agent: Any
) -> None:
    """Chosen together, or one after another."""
    first, last = device_of(phone), device_of(laptop)
    if not at_once:
        carry_out(case=verified, agent=agent, order=Order(chosen=(first,), lost=lost), nonce="1")
    order = Order(chosen=(first, last) if at_once else (last,), lost=lost)
    with pytest.raises(HelpDeskRefused) as refused:
        carry_out(case=verified, agent=agent, order=order, nonce="2")
    assert refused.value.reason == "not_proven"
    assert laptop.get("/account/devices/").status_code == 200
    verified.proven_at = timezone.now()
    carry_out(case=verified, agent=agent, order=order, nonce="3")
    assert laptop.get("/account/devices/").status_code == 302


def test_what_the_help_desk_has_ended_days_ago_does_not_count_with_the_last_device(
    verified: Case, phone: Any, laptop: Any, device_of: Any, agent: Any
) -> None:
    first, last = device_of(phone), device_of(laptop)
    carry_out(case=verified, agent=agent, order=Order(chosen=(first,)), nonce="1")
    ended = Session.objects.filter(device__public_id=first)
    assert ended.update(ended_at=timezone.now() - timedelta(days=2)) == 1
    carry_out(case=verified, agent=agent, order=Order(chosen=(last,)), nonce="2")
    assert not is_in(laptop)


def test_the_only_device_takes_no_proof(
    verified: Case, phone: Any, device_of: Any, agent: Any, other_user: Any, browser: Any
) -> None:
    neighbour = browser()
    neighbour.sign_in(other_user)
    carry_out(case=verified, agent=agent, order=Order(chosen=(device_of(phone),), lost=True), nonce="1")
    assert phone.get("/account/devices/").status_code == 302
    assert neighbour.get("/account/devices/").status_code == 200


def test_a_device_that_went_by_itself_is_said_to_be_out_already(
    desk: Any, verified: Case, phone: Any, device_of: Any
) -> None:
    device = device_of(phone)
    phone.post("/account/logout/")
    receipt = desk.post(f"/help-desk/{verified.public_id}/carry-out/", order(device=device), follow=True)
    assert "on Android: already signed out" in " ".join(receipt.content.decode().split())


def pages_of(desk: Any, case: Case, **fields: Any) -> tuple[str, str]:
    """What the agent reads on the review, and on the receipt."""
    url = f"/help-desk/{case.public_id}/"
    answers = [
        desk.post(f"{url}{step}/", {"nonce": NONCE, **fields}, follow=True)
        for step in ("review", "carry-out")
    ]
    review, receipt = (" ".join(unescape(answer.content.decode()).split()) for answer in answers)
    return review, receipt


@pytest.mark.parametrize("everything", [True, False])
def test_no_mail_is_promised_where_nothing_was_left_to_end(
    desk: Any, verified: Case, phone: Any, device_of: Any, everything: bool
) -> None:
    prove(verified)
    device = device_of(phone)
    phone.post("/account/logout/")
    fields = {"everything": "on", "typed": "ada@people.example"} if everything else {"device": device}
    review, receipt = pages_of(desk, verified, **fields)
    assert not Delivery.objects.filter(act__isnull=False, channel="mail", act__reason="help_desk").exists()
    assert "No email about a sign-out." in review and "An email: “" not in review
    assert "Nothing was signed out just now, so there is no email about a sign-out." in receipt
    assert "We tell the person by email." not in receipt


def test_the_mail_that_was_sent_is_the_one_that_was_promised(
    desk: Any, verified: Case, phone: Any, device_of: Any
) -> None:
    review, receipt = pages_of(desk, verified, device=device_of(phone))
    assert "An email: “A device was signed out of your account. Why: signed out by the help desk.”" in review
    assert "No email about a sign-out." not in review
    assert "We tell the person by email." in receipt and "no email about a sign-out" not in receipt


def test_devices_of_one_name_are_called_as_on_the_page_where_they_were_chosen(
    desk: Any, verified: Case, phone: Any, user: Any, browser: Any, device_of: Any, time_machine: Any
) -> None:
    prove(verified)
    time_machine.move_to(timezone.now(), tick=False)
    twins = [browser(), browser()]
    for twin in twins:
        twin.sign_in(user)
    run_out = browser()
    run_out.sign_in(user)
    Session.objects.filter(device__public_id=device_of(run_out)).update(expires_at=timezone.now())
    Device.objects.filter(user=user).update(first_seen_at=timezone.now())
    page = " ".join(desk.get(f"/help-desk/{verified.public_id}/").content.decode().split())
    names = ["Firefox on Linux (number 1)", "Firefox on Linux (number 2)"]
    for name, twin in zip(names, twins, strict=True):
        row = f'value="{device_of(twin)}" ><span class="sui-hidden">{name}</span>'
        assert row in page
    review, receipt = pages_of(desk, verified, device=device_of(twins[1]))
    for text in (review, receipt):
        assert f"{names[1]}: signed out" in text and names[0] not in text
    # The other one has no namesake left.
    assert (
        "<li>Firefox on Linux: signed out</li>"
        in pages_of(desk, verified, device=device_of(twins[0]), nonce="m" * 32)[1]
    )


def test_two_devices_that_are_lost_together_are_one_mail_as_was_promised(
    desk: Any, verified: Case, phone: Any, laptop: Any, device_of: Any
) -> None:
    prove(verified)
    review, _receipt = pages_of(desk, verified, device=[device_of(phone), device_of(laptop)], lost="on")
    quoted = "An email: “Devices were signed out of your account. Why: the device was reported lost.”"
    assert review.count("An email: “") == review.count(quoted) == 1
    act = Act.objects.get()
    assert (act.reason, act.count) == (EndReason.DEVICE_LOST, 2)
    assert Delivery.objects.filter(act=act, channel="mail").count() == 1
    assert Device.objects.filter(lost_at__isnull=False).count() == 2
    assert Event.objects.filter(kind=Event.Kind.DEVICE_LOST, act=act).count() == 2


def test_what_is_lost_and_what_ends_beside_it_are_a_mail_each(
    desk: Any, verified: Case, phone: Any, laptop: Any, device_of: Any
) -> None:
    prove(verified)
    fields = {"everything": "on", "typed": "ada@people.example", "lost": "on"}
    review, receipt = pages_of(desk, verified, device=device_of(phone), **fields)
    why = "A device was signed out of your account. Why:"
    assert f"An email: “{why} the device was reported lost.”" in review
    assert f"An email: “{why} signed out by the help desk.”" in review
    assert review.count("marked as lost") == receipt.count("marked as lost") == 1
    assert Act.objects.count() == 2


def test_an_account_without_an_address_is_promised_no_mail(
    desk: Any, verified: Case, phone: Any, user: Any, device_of: Any, settings: Any
) -> None:
    prove(verified)
    type(user).objects.filter(pk=user.pk).update(email="")
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.nowhere"}
    review, receipt = pages_of(desk, verified, device=device_of(phone), recovery="on")
    assert "There is no address to which a link to the next steps could be sent." in review
    assert "An email: “" not in review and "An email has a link" not in review
    assert "The old password can no longer" not in review, (
        "it goes on signing in: nobody could get to another"
    )
    assert "We tell the person by email." not in receipt and "link in the email" not in receipt


def test_foreign_devices_match_nothing(
    desk: Any, verified: Case, other_user: Any, browser: Any, device_of: Any
) -> None:
    strangers = browser()
    strangers.force_login(other_user)
    for step in ("review", "carry-out"):
        url = f"/help-desk/{verified.public_id}/{step}/"
        assert desk.post(url, order(device=device_of(strangers))).status_code == 422
    assert is_in(strangers)
    assert not CaseReceipt.objects.exists()


def test_what_is_no_id_at_all_is_no_error(desk: Any, verified: Case, phone: Any) -> None:
    response = desk.post(f"/help-desk/{verified.public_id}/carry-out/", order(device="\0" * 16))
    assert "Select at least one device" in response.content.decode()
    assert is_in(phone)


@pytest.mark.control("ASVS 7.5.3")
@pytest.mark.parametrize(
    "what", [{"everything": "on", "typed": "ada@people.example"}, {"new_password": "on"}]
)
def test_everything_and_a_new_password_require_a_proof(
    desk: Any, verified: Case, phone: Any, what: dict[str, str]
) -> None:
    for step in ("review", "carry-out"):
        response = desk.post(f"/help-desk/{verified.public_id}/{step}/", order(**what))
        assert response.status_code == 422
        assert "Nothing was done." in response.content.decode()
    assert is_in(phone)


def prove(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(proof=Case.Proof.CODE, proven_at=timezone.now())


def test_sign_out_all_requires_the_name_typed(desk: Any, verified: Case, phone: Any) -> None:
    prove(verified)
    url = f"/help-desk/{verified.public_id}/"
    assert desk.post(f"{url}review/", {"everything": "on", "typed": "ada"}).status_code == 422
    typed = {"everything": "on", "typed": "ada@people.example"}
    assert "on Android" in desk.post(f"{url}review/", typed).content.decode()
    desk.post(f"{url}carry-out/", order(everything="on"))
    assert not is_in(phone)


def test_a_required_password_shuts_out_until_it_was_reset(
    desk: Any, verified: Case, phone: Any, browser: Any, user: Any, mailoutbox: Any
) -> None:
    prove(verified)
    desk.post(f"/help-desk/{verified.public_id}/carry-out/", order(new_password="on"))
    assert not is_in(phone)
    at_home = browser()
    response = at_home.post("/account/login/", {"login": user.email, "password": PASSWORD}, follow=True)
    assert "You need a new password before you can sign in." in response.content.decode()
    assert not is_in(at_home)

    # Django's own reset form, which skips accounts without a usable password, still finds this one.
    from django.contrib.auth.forms import PasswordResetForm

    assert list(PasswordResetForm().get_users(user.email)) == [user]
    deliver_due()
    assert "Choose a new password" in [mail.subject for mail in mailoutbox]
    user.refresh_from_db()
    user.set_password("a new and better secret")
    user.save()
    at_home.sign_in(user, "a new and better secret")
    assert is_in(at_home)


def test_a_required_password_is_in_the_history_of_its_account_with_the_ticket(
    desk: Any, verified: Case, phone: Any, user: Any, agent: Any
) -> None:
    prove(verified)
    desk.post(f"/help-desk/{verified.public_id}/carry-out/", order(new_password="on"))
    event = Event.objects.get(kind=Event.Kind.PASSWORD_REQUIRED)
    assert (event.user_id, event.actor_id) == (user.pk, agent.pk)
    assert (event.reason, event.data) == ("help_desk", {"ticket": "INC-7"})
    mail = Delivery.objects.get(event=event)
    assert (mail.user_id, mail.channel, mail.receiver) == (user.pk, "mail", user.email)
    act = Act.objects.get()
    assert (act.reason, act.actor_id, act.ticket) == ("help_desk", agent.pk, "INC-7")
    assert act.note == "A device was lost or stolen"


def test_a_better_hash_of_the_old_password_is_no_new_one(
    desk: Any, verified: Case, browser: Any, user: Any, settings: Any, monkeypatch: Any
) -> None:
    """A user model without `HashUpgradeMixin`: Django saves the upgrade in the middle of the sign-in."""
    prove(verified)
    desk.post(f"/help-desk/{verified.public_id}/carry-out/", order(new_password="on"))
    monkeypatch.setattr(type(user), "check_password", AbstractBaseUser.check_password)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    at_home = browser()
    at_home.sign_in(user)
    user.refresh_from_db()
    assert user.password.startswith("pbkdf2")
    assert not is_in(at_home)


def test_no_password_is_required_of_who_has_none(desk: Any, verified: Case, user: Any) -> None:
    prove(verified)
    user.set_unusable_password()
    user.save()
    page = desk.get(f"/help-desk/{verified.public_id}/").content.decode()
    assert "Require a new password" not in page
    response = desk.post(f"/help-desk/{verified.public_id}/carry-out/", order(new_password="on"))
    assert "only signs in through a provider" in response.content.decode()


def test_who_has_no_password_can_be_signed_out_all_the_same(
    verified: Case, user: Any, agent: Any, phone: Any, device_of: Any
) -> None:
    chosen = device_of(phone)
    prove(verified)
    verified.refresh_from_db()
    user.set_unusable_password()
    user.save()
    carry_out(case=verified, agent=agent, order=Order(chosen=(chosen,)), nonce=NONCE)
    carry_out(case=verified, agent=agent, order=Order(everything=True), nonce="another")
    assert not is_in(phone) and CaseReceipt.objects.count() == 2


def test_the_code_goes_to_the_account_and_proves(
    desk: Any, verified: Case, mailoutbox: Any, user: Any
) -> None:
    url = f"/help-desk/{verified.public_id}/"
    desk.post(f"{url}code/")
    deliver_due()
    [mail] = mailoutbox
    verified.refresh_from_db()
    code = verified.code()
    assert mail.to == [user.email] and code in mail.body
    assert verified.code_salt not in mail.body
    assert desk.post(f"{url}code/check/", {"code": f"{code[:3]} {code[3:]}"}).status_code == 302
    verified.refresh_from_db()
    assert verified.proof == Case.Proof.CODE


@pytest.mark.parametrize("again", ["the same", "000000"])
def test_a_code_that_is_checked_twice_is_answered_by_the_proof_that_there_is(
    desk: Any, verified: Case, agent: Any, again: str
) -> None:
    send_code(case=verified, agent=agent)
    code = verified.code()
    url = f"/help-desk/{verified.public_id}/code/check/"
    assert desk.post(url, {"code": code}).status_code == 302
    answer = desk.post(url, {"code": code if again == "the same" else again}, follow=True)
    html = answer.content.decode()
    assert answer.status_code == 200 and "Proof has already been given. You can continue." in html
    assert "no longer valid" not in html
    assert Event.objects.filter(data__step="proven").count() == 1


def test_a_code_that_is_over_is_said_to_be_over_where_there_is_no_proof(
    desk: Any, verified: Case, agent: Any
) -> None:
    send_code(case=verified, agent=agent)
    Case.objects.filter(pk=verified.pk).update(code_sent_at=timezone.now() - timedelta(minutes=11))
    answer = desk.post(f"/help-desk/{verified.public_id}/code/check/", {"code": verified.code()})
    assert answer.status_code == 422 and "This code is no longer valid." in answer.content.decode()


def test_another_code_can_be_sent_after_a_minute(verified: Case, agent: Any) -> None:
    send_code(case=verified, agent=agent)
    sent, first = verified.code_sent_at, verified.code()
    assert sent is not None
    with (
        time_machine.travel(sent + timedelta(seconds=59.9), tick=False),
        pytest.raises(HelpDeskRefused, match="code_sent_lately"),
    ):
        send_code(case=verified, agent=agent)
    verified.refresh_from_db()
    assert verified.code() == first, "the one that is under way stays the right one"
    with time_machine.travel(sent + timedelta(seconds=60), tick=False):
        send_code(case=verified, agent=agent)
    assert Event.objects.filter(data__step="code sent").count() == 2


def test_the_page_says_until_when_the_code_is_good_and_how_many_tries_are_left(
    desk: Any, verified: Case
) -> None:
    url = f"/help-desk/{verified.public_id}/"
    desk.cookies["sessions_ui_zone"] = "UTC"
    with time_machine.travel("2026-11-02T11:02:10Z", tick=False) as now:
        desk.post(f"{url}code/")
        assert said(desk.get(url)) == "The code from 11:02 is valid until 11:12. Another can be sent in 60 s."
        now.shift(18)
        again = desk.post(f"{url}code/")
        assert again.status_code == 429 and "No new code was sent" in again.content.decode()
        assert said(again) == "The code from 11:02 is valid until 11:12. Another can be sent in 42 s."
        now.shift(60)
        for left in ("4 tries are left.", "3 tries are left.", "2 tries are left.", "1 try is left."):
            wrong = desk.post(f"{url}code/check/", {"code": "no code"})
            assert f"That is not the code. {left}" in wrong.content.decode()
            assert said(wrong) == "The code from 11:02 is valid until 11:12."
        last = desk.post(f"{url}code/check/", {"code": "no code"})
        assert "it was the last try. Send a new code." in last.content.decode()
        assert said(last) == "The code from 11:02 is no longer valid."


def said(response: Any) -> str:
    """What the page says of the code, as plain text."""
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))
    return re.findall(r"The code from 11:02 is [^.]+\.(?: Another can be sent in \d+ s\.)?", text)[0]


def test_the_code_is_stored_nowhere(desk: Any, verified: Case) -> None:
    desk.post(f"/help-desk/{verified.public_id}/code/")
    verified.refresh_from_db()
    stored = [str(row) for row in Case.objects.values()] + [str(row) for row in Event.objects.values()]
    assert not any(verified.code() in row for row in stored)


def codes_sent(case: Case) -> int:
    return Event.objects.filter(data__step="code sent", data__case=case.public_id).count()


def test_another_code_is_sent_after_a_minute_and_not_before(verified: Case, agent: Any) -> None:
    send_code(case=verified, agent=agent)
    first = verified.code_salt
    sent = Case.objects.filter(pk=verified.pk)
    sent.update(code_sent_at=timezone.now() - timedelta(seconds=50))
    with pytest.raises(HelpDeskRefused, match="code_sent_lately"):
        send_code(case=verified, agent=agent)
    verified.refresh_from_db()
    assert (codes_sent(verified), verified.code_salt) == (1, first)
    sent.update(code_sent_at=timezone.now() - timedelta(seconds=61))
    send_code(case=verified, agent=agent)
    verified.refresh_from_db()
    assert codes_sent(verified) == 2 and verified.code_salt != first


def test_a_code_that_was_replaced_meanwhile_proves_nothing(verified: Case, agent: Any) -> None:
    """The other page was opened before: it still knows the first code for the right one."""
    send_code(case=verified, agent=agent)
    page = Case.objects.get(pk=verified.pk)
    Case.objects.filter(pk=verified.pk).update(code_sent_at=timezone.now() - timedelta(minutes=2))
    send_code(case=verified, agent=agent)
    with pytest.raises(HelpDeskRefused, match="code_over"):
        check_code(case=page, agent=agent, code=page.code())
    verified.refresh_from_db()
    assert not verified.is_proven and verified.code_tries == 0


def test_no_code_is_sent_once_the_caller_has_proved_who_they_are(verified: Case, agent: Any) -> None:
    send_code(case=verified, agent=agent)
    check_code(case=verified, agent=agent, code=verified.code())
    verified.code_sent_at = timezone.now() - timedelta(hours=1)
    with pytest.raises(HelpDeskRefused, match="already_proven"):
        send_code(case=verified, agent=agent)
    assert codes_sent(verified) == 1


def nowhere(user: Any) -> list[tuple[str, None]]:
    return []


def test_no_code_is_sent_to_an_account_without_an_address(verified: Case, agent: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.nowhere"}
    with pytest.raises(HelpDeskRefused, match="no_address"):
        send_code(case=verified, agent=agent)
    verified.refresh_from_db()
    assert codes_sent(verified) == 0 and verified.code_sent_at is None


def test_the_page_offers_no_code_that_cannot_come(desk: Any, verified: Case, settings: Any) -> None:
    url, send = f"/help-desk/{verified.public_id}/", f"/help-desk/{verified.public_id}/code/"
    assert send in desk.get(url).content.decode()
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.nowhere"}
    html = desk.get(url).content.decode()
    assert send not in html and "Ask a second agent" in html and "has no address" in html


def test_guessing_the_code_stops_after_five_tries(verified: Case, agent: Any) -> None:
    send_code(case=verified, agent=agent)
    right = verified.code()
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(TRIES):
        with pytest.raises(HelpDeskRefused, match="wrong_code"):
            check_code(case=verified, agent=agent, code=wrong)
    with pytest.raises(HelpDeskRefused, match="code_over"):
        check_code(case=verified, agent=agent, code=right)


def test_neither_another_code_nor_another_case_lets_an_agent_go_on_guessing(
    verified: Case, agent: Any, user: Any
) -> None:
    def guess(case: Case) -> None:
        send_code(case=case, agent=agent)
        wrong = f"{(int(case.code()) + 1) % 10**6:06d}"
        for _ in range(TRIES):
            with pytest.raises(HelpDeskRefused, match="wrong_code"):
                check_code(case=case, agent=agent, code=wrong)

    guess(verified)
    Case.objects.filter(pk=verified.pk).update(code_sent_at=timezone.now() - timedelta(minutes=2))
    guess(verified)
    another = open_case(agent=agent, term=user.email)
    verify_caller(case=another, agent=agent, ticket="INC-8", reason=Case.Reason.LOST, ways=["call_back"])
    send_code(case=another, agent=agent)
    with pytest.raises(HelpDeskRefused, match="too_many"):
        check_code(case=another, agent=agent, code=another.code())


def read_back_wrong(agent: Any, user: Any, *, ticket: str) -> None:
    """A call in which two codes are guessed at, five times each."""
    case = open_case(agent=agent, term=user.email)
    verify_caller(case=case, agent=agent, ticket=ticket, reason=Case.Reason.LOST, ways=["call_back"])
    for _code in range(2):
        Case.objects.filter(pk=case.pk).update(code_sent_at=timezone.now() - timedelta(minutes=2))
        send_code(case=case, agent=agent)
        wrong = f"{(int(case.code()) + 1) % 10**6:06d}"
        for _ in range(TRIES):
            with pytest.raises(HelpDeskRefused, match="wrong_code"):
                check_code(case=case, agent=agent, code=wrong)


def colleagues(agent: Any, number: int) -> list[Any]:
    people = [make_person(f"colleague{count}@staff.example", is_staff=True) for count in range(number)]
    for person in people:
        person.groups.set(agent.groups.all())
    return people


def test_what_a_thief_on_the_phone_has_used_up_the_owner_has_still_with_another_agent(
    verified: Case, agent: Any, user: Any
) -> None:
    (other,) = colleagues(agent, 1)
    read_back_wrong(other, user, ticket="INC-9")
    send_code(case=verified, agent=agent)
    check_code(case=verified, agent=agent, code=verified.code())
    assert verified.is_proven


def test_all_agents_together_take_thirty_wrong_codes_for_one_account(
    verified: Case, agent: Any, user: Any
) -> None:
    for other in colleagues(agent, 3):
        read_back_wrong(other, user, ticket="INC-9")
    send_code(case=verified, agent=agent)
    with pytest.raises(HelpDeskRefused, match="too_many"):
        check_code(case=verified, agent=agent, code=verified.code())


def test_wrong_codes_for_one_account_stop_no_case_of_another(
    verified: Case, agent: Any, other_user: Any
) -> None:
    for number in range(2):
        foreign = open_case(agent=agent, term=other_user.email)
        verify_caller(case=foreign, agent=agent, ticket=f"INC-9{number}", reason="lost", ways=["call_back"])
        send_code(case=foreign, agent=agent)
        wrong = f"{(int(foreign.code()) + 1) % 10**6:06d}"
        for _ in range(5):
            with pytest.raises(HelpDeskRefused, match="wrong_code"):
                check_code(case=foreign, agent=agent, code=wrong)
    send_code(case=verified, agent=agent)
    check_code(case=verified, agent=agent, code=verified.code())
    assert verified.is_proven
    with pytest.raises(HelpDeskRefused, match="too_many"):
        check_code(case=foreign, agent=agent, code=foreign.code())


def test_the_code_goes_to_no_address_that_was_entered_just_now(
    verified: Case, agent: Any, user: Any, mailoutbox: Any
) -> None:
    thiefs = EmailAddress.objects.create(user=user, email="ada@elsewhere.example", verified=True)
    thiefs.set_as_primary()
    send_code(case=verified, agent=agent)
    mailoutbox.clear()
    deliver_due()
    codes = [mail.to for mail in mailoutbox if mail.subject == "A code for the help desk"]
    assert codes == [["ada@people.example"]]


def test_an_old_code_is_none(verified: Case, agent: Any) -> None:
    send_code(case=verified, agent=agent)
    Case.objects.update(code_sent_at=timezone.now() - timedelta(minutes=11))
    verified.refresh_from_db()
    with pytest.raises(HelpDeskRefused, match="code_over"):
        check_code(case=verified, agent=agent, code=verified.code())


@pytest.mark.control("CSF PR.AA-05")
def test_a_second_agent_can_agree_but_not_the_first_nor_the_user(
    desk: Any, verified: Case, agent: Any, user: Any, browser: Any
) -> None:
    ask_for_approval(case=verified, agent=agent)
    with pytest.raises(HelpDeskRefused, match="same_agent"):
        approve(case=verified, approver=agent, user=user)
    user.groups.set(agent.groups.all())
    with pytest.raises(HelpDeskRefused, match="nobody"):
        approve(case=verified, approver=user, user=user)

    colleague = make_person("colleague@staff.example", is_staff=True)
    colleague.groups.set(agent.groups.all())
    client = browser()
    client.force_login(colleague)
    for _ in range(2):
        assert verified.public_id in client.get("/help-desk/approvals/").content.decode()
    look = Event.objects.get(data__step="second agent looked")
    assert (look.actor_id, look.user_id, look.data["case"]) == (colleague.pk, user.pk, verified.public_id)
    client.post(f"/help-desk/approvals/{verified.public_id}/")
    verified.refresh_from_db()
    assert (verified.proof, verified.approver_id) == (Case.Proof.SECOND_AGENT, colleague.pk)
    assert Event.objects.get(data__step="proven").actor_id == colleague.pk


@pytest.mark.parametrize(("ticket", "stays"), [("INC-7", True), ("INC-8", False)])
def test_a_second_agent_agrees_to_one_ticket_and_to_no_other(
    ticket: str, stays: bool, verified: Case, agent: Any, user: Any, colleague: Any
) -> None:
    ask_for_approval(case=verified, agent=agent)
    approve(case=verified, approver=colleague, user=user)
    verify_caller(case=verified, agent=agent, ticket=ticket, reason=Case.Reason.LOST, ways=["manager"])
    assert verified.is_proven is stays
    assert (verified.approver_id == colleague.pk) is stays
    assert (verified.approval_asked_at is not None) is stays, "it is asked for again"


def test_what_a_second_agent_has_read_is_what_they_agree_to(
    verified: Case, agent: Any, colleague: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "SECOND_FACTOR_AT": "tests.sessions_ui.help_desk.conftest.shown_now",
    }
    client = browser()
    client.force_login(colleague)
    ask_for_approval(case=verified, agent=agent)
    page = client.get("/help-desk/approvals/").content.decode()
    assert '<input type="hidden" name="ticket" value="INC-7">' in page
    read = {"ticket": "INC-7", "reason": "lost"}
    verify_caller(case=verified, agent=agent, ticket="INC-8", reason=Case.Reason.LOST, ways=["manager"])
    ask_for_approval(case=verified, agent=agent)
    client.post(f"/help-desk/approvals/{verified.public_id}/", read)
    assert not Case.objects.get(pk=verified.pk).is_proven
    client.post(f"/help-desk/approvals/{verified.public_id}/", {**read, "ticket": "INC-8"})
    assert Case.objects.get(pk=verified.pk).is_proven


def test_a_second_agent_agrees_to_no_case_that_nobody_asked_about_or_that_is_over(
    verified: Case, agent: Any, user: Any, colleague: Any
) -> None:
    with pytest.raises(HelpDeskRefused, match="case_closed"):
        approve(case=verified, approver=colleague, user=user)
    ask_for_approval(case=verified, agent=agent)
    verified.expires_at = timezone.now()
    with pytest.raises(HelpDeskRefused, match="case_closed"):
        approve(case=verified, approver=colleague, user=user)
    assert not Case.objects.get(pk=verified.pk).is_proven


def test_a_lost_device_is_found_again(desk: Any, verified: Case, phone: Any, device_of: Any) -> None:
    device = device_of(phone)
    url = f"/help-desk/{verified.public_id}/"
    desk.post(f"{url}carry-out/", order(device=device, lost="on"))
    assert "Mark as found" in desk.get(url).content.decode()
    desk.post(f"{url}devices/{device}/found/")
    assert Device.objects.get(public_id=device).lost_at is None
    assert not is_in(phone)  # it still has to sign in


def test_acts_are_limited_per_agent(
    verified: Case, agent: Any, phone: Any, laptop: Any, device_of: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "HELP_DESK_ACTS_PER_HOUR": 1}
    carry_out(case=verified, agent=agent, order=Order(chosen=(device_of(phone),)), nonce="1")
    with pytest.raises(HelpDeskRefused, match="too_many"):
        carry_out(case=verified, agent=agent, order=Order(chosen=(device_of(laptop),)), nonce="2")
    assert is_in(laptop)


@pytest.mark.control("SP 800-53 AU-12", "CSF DE.CM-03")
def test_what_was_carried_out_is_noted_with_agent_and_receipt(
    verified: Case, agent: Any, user: Any, phone: Any, device_of: Any
) -> None:
    receipt = carry_out(case=verified, agent=agent, order=Order(chosen=(device_of(phone),)), nonce=NONCE)
    event = Event.objects.get(kind=Event.Kind.HELP_DESK, data__step="carried out")
    assert (event.user_id, event.actor_id, event.data["case"]) == (user.pk, agent.pk, verified.public_id)
    assert event.data["receipt"] == receipt.public_id


def test_the_person_is_told_by_mail(
    desk: Any, verified: Case, phone: Any, device_of: Any, user: Any, mailoutbox: Any
) -> None:
    desk.post(f"/help-desk/{verified.public_id}/carry-out/", order(device=device_of(phone)))
    deliver_due()
    [mail] = mailoutbox
    assert mail.to == [user.email] and "help desk" in mail.body
    assert "INC-7" not in mail.body  # the desk's own words stay with the desk


def test_the_receipt_is_the_agents_own(
    desk: Any, verified: Case, phone: Any, device_of: Any, agent: Any, browser: Any
) -> None:
    receipt = desk.post(f"/help-desk/{verified.public_id}/carry-out/", order(device=device_of(phone))).url
    Case.objects.update(expires_at=timezone.now())
    assert desk.get(receipt).status_code == 200
    colleague = make_person("colleague@staff.example", is_staff=True)
    colleague.groups.set(agent.groups.all())
    client = browser()
    client.force_login(colleague)
    assert client.get(receipt).status_code == 404


def test_sessions_without_a_device_can_be_chosen(desk: Any, verified: Case, phone: Any) -> None:
    Session.objects.filter(user=verified.user).update(device=None)
    session = Session.objects.get(user=verified.user)
    desk.post(f"/help-desk/{verified.public_id}/carry-out/", order(device=session.public_id))
    assert not is_in(phone)


def test_old_cases_are_purged_with_their_receipts(
    desk: Any, verified: Case, phone: Any, device_of: Any
) -> None:
    desk.post(f"/help-desk/{verified.public_id}/carry-out/", order(device=device_of(phone)))
    purge_old()
    assert CaseReceipt.objects.count() == Case.objects.count() == 1
    long_ago = timezone.now() - timedelta(days=400)
    Case.objects.update(opened_at=long_ago)
    CaseReceipt.objects.update(at=long_ago)
    purge_old()
    assert not CaseReceipt.objects.exists() and not Case.objects.exists()


def is_ticked(html: str, control: str) -> bool:
    found = re.search(rf"<input[^>]*{control}[^>]*>", html)
    assert found is not None
    return " checked" in found[0]


@pytest.mark.parametrize("way", ["network", "moment"])
def test_what_was_entered_stays_entered(
    way: str, desk: Any, verified: Case, phone: Any, laptop: Any, device_of: Any
) -> None:
    """By "Show network details", and where the moment was refused: "Not theirs" must not become a mere sign-out."""
    Case.objects.filter(pk=verified.pk).update(proof=Case.Proof.CODE, proven_at=timezone.now())
    address = f"/help-desk/{verified.public_id}/"
    moment = "2026-01-02T03:04" if way == "network" else "2999-01-02T03:04"
    given = {"device": device_of(phone), "recovery": "on", "happened_at": moment}
    step = "network/" if way == "network" else "review/"
    answer = desk.post(f"{address}{step}", given)
    html = (desk.get(answer.url) if answer.status_code == 302 else answer).content.decode()
    assert is_ticked(html, device_of(phone)) and not is_ticked(html, device_of(laptop))
    assert is_ticked(html, 'type="checkbox" name="recovery"')
    assert not is_ticked(html, 'type="checkbox" name="lost"')  # which the reason of the call had ticked
    assert f'id="happened-selected" type="datetime-local" name="happened_at" value="{moment}"' in html


def test_a_misspelled_name_takes_no_tick_away(desk: Any, verified: Case, phone: Any) -> None:
    Case.objects.filter(pk=verified.pk).update(proof=Case.Proof.CODE, proven_at=timezone.now())
    given = {"everything": "on", "new_password": "on", "happened_at": "2026-01-02T03:04", "typed": "x"}
    html = desk.post(f"/help-desk/{verified.public_id}/review/", given).content.decode()
    assert is_ticked(html, 'name="new_password"') and is_ticked(html, 'type="checkbox" name="lost"')
    assert 'id="happened-all" type="datetime-local" name="happened_at" value="2026-01-02T03:04"' in html


def test_lost_devices_of_one_name_are_told_apart(desk: Any, verified: Case, user: Any) -> None:
    now = timezone.now()
    for days in (9, 2):
        Device.objects.create(user=user, name="Phone", lost_at=now, first_seen_at=now - timedelta(days=days))
    html = desk.get(f"/help-desk/{verified.public_id}/").content.decode()
    titles = re.findall(r"<p>(Phone [^·]*?) ·", html)
    assert len(titles) == len(set(titles)) == 2


def test_a_code_is_good_no_longer_than_its_case(verified: Case, agent: Any, mailoutbox: Any) -> None:
    ends = timezone.now() + timedelta(minutes=3, seconds=30)
    Case.objects.filter(pk=verified.pk).update(expires_at=ends)
    verified.refresh_from_db()
    send_code(case=verified, agent=agent)
    assert verified.code_expires_at == verified.expires_at
    deliver_due()
    (mail,) = [each for each in mailoutbox if each.subject == "A code for the help desk"]
    assert "valid for 3 minutes" in mail.body
