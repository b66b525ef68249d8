"""Invariant 10 on the page: whoever has the password, or the browser, cannot shut the owner out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from sessions_ui.actions.step_up.codes import send_code
from sessions_ui.delivery import deliver_due
from sessions_ui.exceptions import CannotVouch, ProofRefusal
from sessions_ui.web.step_up.prove import is_other_factor, refusal_text, vouch
from sessions_ui.web.step_up.reauthentication import Way
from tests.models import Delivery, Device, Event, Session, VerificationCode

pytestmark = pytest.mark.django_db

SignedIn = Callable[..., Session]
ASKS = "One more step"
PROVE = "/account/devices/prove/"


@pytest.fixture
def old(user: Any, signed_in: SignedIn) -> Session:
    """The owner's laptop, signed in for three days."""
    return signed_in(user, signed_in_at=timezone.now() - timedelta(days=3), device={"name": "Laptop"})


@pytest.fixture
def thief(browser: Any, user: Any, old: Session) -> Any:
    client = browser()
    client.cookies["sessions_ui_zone"] = "UTC"
    client.sign_in(user)
    mail.outbox.clear()
    Delivery.objects.all().delete()
    return client


def sign_out(client: Any, session: Session, **headers: str) -> Any:
    assert session.device is not None
    url = reverse("sessions_ui:sign_out_device", args=[session.device.public_id])
    return client.post(url, headers=headers)


def waiting(response: Any) -> str:
    found = re.search(r'name="act" value="([^"]+)"', response.content.decode())
    assert found, response.content.decode()
    return found[1]


def mailed_code() -> str:
    deliver_due()
    (found,) = re.findall(r"^    (\d{6})$", mail.outbox[-1].body, re.MULTILINE)
    return str(found)


def is_over(session: Session) -> bool:
    return Session.objects.get(pk=session.pk).ended_at is not None


@pytest.mark.control("ASVS 7.5.3")
def test_a_young_sign_in_cannot_end_an_older_one_and_the_owner_is_told(
    thief: Any, old: Session, user: Any
) -> None:
    response = sign_out(thief, old)
    html = response.content.decode()
    assert (
        ASKS in html
        and "a•••@people.example" in html
        and user.email not in re.sub(r'title="Signed in as">[^<]+', "", html)
    )
    assert not is_over(old)
    deliver_due()
    (message,) = mail.outbox
    assert message.to == [user.email]
    assert "sign out other devices or apps" in message.body and "Firefox on Linux" in message.body
    assert "/account/devices/not-me/" in message.body


@pytest.mark.control("ASVS 7.5.3")
@pytest.mark.parametrize("act", ["sign_out_others", "sign_out_everywhere"])
def test_a_young_sign_in_cannot_end_all_of_them(act: str, thief: Any, old: Session) -> None:
    assert ASKS in thief.post(reverse(f"sessions_ui:{act}")).content.decode()
    assert not is_over(old)


def test_a_young_sign_in_cannot_end_a_line_of_a_program_that_signs_in_again_each_time(
    thief: Any, user: Any, signed_in: SignedIn
) -> None:
    before = timezone.now() - timedelta(days=2)
    curl = {"kind": "tool", "browser": "curl", "system": "", "first_seen_at": before}
    calls = [signed_in(user, signed_in_at=before, device=curl) for _call in range(2)]
    response = thief.post(reverse("sessions_ui:sign_out_folded", args=[calls[0].public_id]))
    assert ASKS in response.content.decode()
    assert not any(map(is_over, calls))


@pytest.mark.parametrize("act", ["lost", "not_mine"])
def test_a_young_sign_in_cannot_call_the_older_one_lost_or_not_mine(
    act: str, thief: Any, old: Session
) -> None:
    assert old.device is not None
    response = thief.post(reverse(f"sessions_ui:{act}", args=[old.device.public_id]))
    assert ASKS in response.content.decode()
    old.device.refresh_from_db()
    assert not is_over(old) and old.device.lost_at is None and old.device.not_me_at is None


def test_with_the_mailed_code_it_goes_on_where_it_stopped(thief: Any, old: Session) -> None:
    act = waiting(sign_out(thief, old))
    code = mailed_code()
    response = thief.post(PROVE, {"act": act, "code": f"{code[:3]} {code[3:]}"}, follow=True)
    assert "Laptop is signed out" in response.content.decode()
    assert is_over(old)
    assert Event.objects.filter(kind=Event.Kind.PROVEN, data__proof="mailed_code").count() == 1
    assert Device.objects.filter(confirmed_at__isnull=False).count() == 0


def test_a_mailed_code_counts_for_a_while_in_this_session_only(
    thief: Any, old: Session, user: Any, signed_in: SignedIn, browser: Any
) -> None:
    second = signed_in(user, signed_in_at=timezone.now() - timedelta(days=2))
    thief.post(PROVE, {"act": waiting(sign_out(thief, old)), "code": mailed_code()})
    another = browser()
    another.sign_in(user)
    assert ASKS in sign_out(another, second).content.decode()
    sign_out(thief, second)
    assert is_over(second)


def test_what_was_proven_in_another_tab_is_not_asked_for_again(thief: Any, old: Session) -> None:
    first, second = waiting(sign_out(thief, old)), waiting(sign_out(thief, old))
    thief.post(PROVE, {"act": first, "code": mailed_code()})
    assert is_over(old)
    response = thief.post(PROVE, {"act": second, "code": "no longer of use"}, follow=True)
    assert response.status_code == 200 and ASKS not in response.content.decode()
    assert VerificationCode.objects.get().tries == 1


def test_the_tick_confirms_this_device(thief: Any, old: Session) -> None:
    act = waiting(sign_out(thief, old))
    thief.post(PROVE, {"act": act, "code": mailed_code(), "mine": "on"})
    device = Session.objects.select_related("device").latest("pk").device
    assert device is not None and device.confirmed_at is not None


def shown(response: Any) -> dict[str, Any]:
    """What the page knows, but for its form."""
    names = (
        "purpose", "error", "proven", "addresses", "ways", "minutes", "help_url", "offers_code", "receivers",
        "held_up", "elsewhere", "has_another_way",
    )  # fmt: skip
    return {name: response.context[name] for name in names}


ASKED = {
    "purpose": "end_older",
    "error": "",
    "proven": False,
    "addresses": ["a•••@people.example"],
    "ways": [],
    "minutes": 10,
    "help_url": "",
    "offers_code": False,
    "receivers": [],
    "held_up": False,
    "elsewhere": "",
    "has_another_way": False,
}


def test_the_question_says_where_the_code_went_and_an_answer_to_it_sends_nothing(
    thief: Any, old: Session
) -> None:
    response = sign_out(thief, old)
    assert (response.status_code, shown(response)) == (200, ASKED)
    assert not response.context["form"].is_bound
    act = waiting(response)
    wrong = thief.post(PROVE, {"act": act, "code": "no code"})
    assert (wrong.status_code, shown(wrong)) == (422, {**ASKED, "addresses": []})
    assert wrong.context["form"].errors == {"code": ["That is not the code. 4 tries are left."]}
    for method in (thief.get, thief.head):
        response = method(PROVE, {"act": act})
        assert (response.status_code, shown(response)) == (200, {**ASKED, "addresses": []})
    assert thief.put(PROVE).status_code == 405
    thief.post(PROVE, {"act": act, "code": mailed_code()})
    assert shown(thief.get(PROVE, {"act": act}))["proven"] is True


def test_a_wrong_code_is_not_answered_as_if_one_had_just_been_sent(thief: Any, old: Session) -> None:
    """Whatever the address still says that the form was led to."""
    act = waiting(sign_out(thief, old))
    wrong = thief.post(f"{PROVE}?sent=1", {"act": act, "code": "no code"})
    assert (wrong.status_code, shown(wrong)) == (422, {**ASKED, "addresses": []})


def test_the_question_says_where_the_mail_server_has_not_taken_the_code(thief: Any, old: Session) -> None:
    act = waiting(sign_out(thief, old))
    Delivery.objects.update(error="the server is away")
    for response in (sign_out(thief, old), thief.get(PROVE, {"act": act})):
        assert shown(response) == {**ASKED, "addresses": [], "held_up": True}
        assert "We haven’t been able to send the code" in response.content.decode()


def code_line(response: Any) -> str:
    """What the page says of the code, as plain text; empty where it says nothing."""
    found = re.search(r'<p role="status">(.*?)</p>', response.content.decode(), re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", found[1]).split()) if found else ""


def test_another_code_is_not_said_to_be_sent_when_none_was(thief: Any, old: Session) -> None:
    with time_machine.travel("2026-11-02T11:02:10Z", tick=False) as now:
        first = sign_out(thief, old)
        act = waiting(first)
        assert code_line(first) == "A code is on its way to a•••@people.example. It’s valid for 10 minutes."
        now.shift(18)
        again = thief.post(PROVE, {"act": act, "again": "1"})
        assert (
            code_line(again)
            == "The code we sent at 11:02 is still valid until 11:12. Another can be sent in 42 s."
        )
        assert VerificationCode.objects.count() == 1
        now.shift(60)
        assert (
            code_line(thief.get(PROVE, {"act": act}))
            == "The code we sent at 11:02 is still valid until 11:12."
        )
        again = thief.post(PROVE, {"act": act, "again": "1"})
        assert code_line(again).startswith("A code is on its way") and VerificationCode.objects.count() == 2


def test_a_wrong_code_leaves_the_line_of_the_code_and_says_how_many_tries_are_left(
    thief: Any, old: Session
) -> None:
    with time_machine.travel("2026-11-02T11:02:10Z", tick=False) as now:
        act = waiting(sign_out(thief, old))
        now.shift(60)
        for left in ("4 tries are left.", "3 tries are left.", "2 tries are left.", "1 try is left."):
            wrong = thief.post(PROVE, {"act": act, "code": "no code"})
            assert f"That is not the code. {left}" in wrong.content.decode()
            assert code_line(wrong) == "The code we sent at 11:02 is still valid until 11:12."
        last = thief.post(PROVE, {"act": act, "code": "no code"})
        assert "it was your last try. Ask for another code." in last.content.decode()
        assert code_line(last) == ""


def test_help_or_another_factor_is_another_way(thief: Any, old: Session, settings: Any) -> None:
    given = settings.SESSIONS_UI
    settings.SESSIONS_UI = {**given, "HELP_URL": "https://help.example/"}
    expected = {**ASKED, "help_url": "https://help.example/", "has_another_way": True}
    assert shown(sign_out(thief, old)) == expected
    settings.SESSIONS_UI = {
        **given,
        "REAUTHENTICATION": "tests.sessions_ui.web.test_without_address.WithKey",
    }
    response = shown(sign_out(thief, old))
    assert [way.method for way in response.pop("ways")] == ["passkey"], "and no recovery code"
    rest = {name: it for name, it in ASKED.items() if name != "ways"}
    assert response == rest | {"addresses": [], "has_another_way": True}


@pytest.mark.parametrize(
    ("way", "is_another"),
    [
        (Way("/", "", method="totp"), True),
        (Way("/", "", method="passkey"), True),
        (Way("/", "", method="password"), False),
        (Way("/", "", method="recovery_code", without_phone=True), False),
    ],
)
def test_a_factor_of_the_sign_in_is_no_other_one(way: Way, is_another: bool, old: Session) -> None:
    session = Session(method="password", authentication=None, user=old.user)
    assert is_other_factor(way, session) is is_another


@pytest.mark.parametrize("mine", [True, False])
def test_only_with_the_tick_this_device_is_confirmed_as_its_owners(
    mine: bool, thief: Any, old: Session, user: Any
) -> None:
    act = waiting(sign_out(thief, old))
    thief.post(PROVE, {"act": act, "code": mailed_code(), **({"mine": "on"} if mine else {})})
    own = Session.objects.latest("pk").device_id
    confirmed = Event.objects.filter(kind=Event.Kind.DEVICE_CONFIRMED)
    assert [(event.user_id, event.actor_id, event.device_id, event.data) for event in confirmed] == (
        [(user.pk, user.pk, own, {"proof": "mailed_code"})] if mine else []
    )


def test_a_wrong_code_ends_nothing_and_five_of_them_are_all(thief: Any, old: Session) -> None:
    act = waiting(sign_out(thief, old))
    code = mailed_code()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        response = thief.post(PROVE, {"act": act, "code": wrong})
        assert response.status_code == 422 and "That is not the code" in response.content.decode()
    response = thief.post(PROVE, {"act": act, "code": code})
    assert response.status_code == 422 and "This code is no longer valid" in response.content.decode()
    assert not is_over(old)


@pytest.mark.parametrize("code", ["", "12345", "x" * 40, "١٢٣٤٥٦"])
def test_what_is_no_code_is_no_error(code: str, thief: Any, old: Session) -> None:
    act = waiting(sign_out(thief, old))
    response = thief.post(PROVE, {"act": act, "code": code})
    assert response.status_code == 422 and 'aria-invalid="true"' in response.content.decode()
    assert not is_over(old)


def test_a_mailed_code_is_over_after_ten_minutes(thief: Any, old: Session) -> None:
    sign_out(thief, old)
    code = mailed_code()
    VerificationCode.objects.update(expires_at=timezone.now())
    response = thief.post(PROVE, {"act": waiting(sign_out(thief, old)), "code": code})
    assert response.status_code == 422 and not is_over(old)


def test_a_mail_that_comes_too_late_is_not_sent(thief: Any, old: Session) -> None:
    sign_out(thief, old)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        deliver_due()
    assert not mail.outbox


def test_a_code_is_for_one_session(thief: Any, old: Session, browser: Any, user: Any) -> None:
    sign_out(thief, old)
    code = mailed_code()
    other = browser()
    other.sign_in(user)
    response = other.post(PROVE, {"act": waiting(sign_out(other, old)), "code": code})
    assert response.status_code == 422 and not is_over(old)


def test_asking_again_sends_no_second_code_at_once(thief: Any, old: Session) -> None:
    act = waiting(sign_out(thief, old))
    sign_out(thief, old)
    thief.post(PROVE, {"act": act, "again": "1"})
    assert VerificationCode.objects.count() == 1
    VerificationCode.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    thief.post(PROVE, {"act": act, "again": "1"})
    assert VerificationCode.objects.count() == 2
    assert thief.post(PROVE, {"act": act, "code": mailed_code()}).status_code == 302


def test_asking_once_more_for_the_act_sends_no_second_code_however_late(thief: Any, old: Session) -> None:
    """Only the button "send another one" does: the first code is still good."""
    sign_out(thief, old)
    VerificationCode.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert sign_out(thief, old).status_code == 200
    assert VerificationCode.objects.count() == 1


def test_another_code_can_be_asked_for_after_a_minute(thief: Any, old: Session, user: Any) -> None:
    sign_out(thief, old)
    first = VerificationCode.objects.get()

    def ask(seconds: float) -> int:
        with time_machine.travel(first.created_at + timedelta(seconds=seconds), tick=False):
            send_code(user=user, session_id=first.session_id, purpose=first.purpose, again=True)
        return VerificationCode.objects.count()

    assert (ask(59.9), ask(60)) == (1, 2)


def test_coming_back_from_another_factor_sends_no_code(thief: Any, old: Session) -> None:
    """A GET: browsers and mail scanners fetch links by themselves, and the page asks for the code of before."""
    act = waiting(sign_out(thief, old))
    VerificationCode.objects.update(expires_at=timezone.now())
    response = thief.get(PROVE, {"act": act})
    assert response.status_code == 200 and ASKS in response.content.decode()
    assert VerificationCode.objects.count() == 1, "the one that was sent when it was asked for"


def test_never_a_mail_storm(thief: Any, old: Session) -> None:
    for _ in range(5):
        act = waiting(sign_out(thief, old))
        VerificationCode.objects.update(created_at=timezone.now() - timedelta(minutes=2))
        thief.post(PROVE, {"act": act, "again": "1"})
    response = sign_out(thief, old)
    VerificationCode.objects.update(tries=5)
    response = sign_out(thief, old)
    assert response.status_code == 429 and "We’ve sent too many codes" in response.content.decode()
    assert VerificationCode.objects.count() == 5


def test_the_code_is_stored_nowhere(thief: Any, old: Session) -> None:
    sign_out(thief, old)
    code = mailed_code()
    for model in (VerificationCode, Event, Delivery):
        assert code not in str(list(model.objects.values()))


def test_the_secret_key_may_be_replaced_meanwhile(thief: Any, old: Session, settings: Any) -> None:
    act = waiting(sign_out(thief, old))
    code = mailed_code()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one"
    thief.post(PROVE, {"act": act, "code": code})
    assert is_over(old)


def test_a_settled_session_is_not_asked(browser: Any, user: Any, signed_in: SignedIn) -> None:
    older = signed_in(user, signed_in_at=timezone.now() - timedelta(days=9))
    client = browser()
    client.sign_in(user)
    own = Session.objects.latest("pk")
    Session.objects.filter(pk=own.pk).update(
        signed_in_at=timezone.now() - timedelta(days=2), reviewed_at=timezone.now()
    )
    Device.objects.filter(pk=own.device_id).update(confirmed_at=timezone.now())
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": timezone.now().timestamp()}]
    session.save()
    sign_out(client, older)
    assert is_over(older)


def test_the_first_session_of_an_account_and_younger_ones_ask_nothing(
    browser: Any, user: Any, signed_in: SignedIn
) -> None:
    client = browser()
    client.sign_in(user)
    younger = signed_in(user)
    sign_out(client, younger)
    assert is_over(younger)
    assert client.post(reverse("sessions_ui:sign_out_everywhere")).status_code == 302
    assert not Session.objects.living().exists() and not VerificationCode.objects.exists()


def test_signing_out_here_never_asks(thief: Any) -> None:
    own = Session.objects.select_related("device").latest("pk")
    assert sign_out(thief, own).status_code == 302
    assert is_over(own)


def test_htmx_gets_it_in_the_dialog(thief: Any, old: Session) -> None:
    response = sign_out(thief, old, **{"HX-Request": "true", "HX-Target": "devices"})
    assert response.headers["HX-Retarget"] == "#sui-dialog"
    assert "<html" not in response.content.decode()
    done = thief.post(
        PROVE,
        {"act": waiting(response), "code": mailed_code()},
        headers={"HX-Request": "true", "HX-Target": "devices"},
    )
    assert done.content.decode().lstrip().startswith('<section id="devices"')


def test_an_act_of_somebody_else_is_none(thief: Any, old: Session, browser: Any, other_user: Any) -> None:
    act = waiting(sign_out(thief, old))
    stranger = browser()
    stranger.sign_in(other_user)
    assert stranger.post(PROVE, {"act": act, "code": mailed_code()}).status_code == 302
    assert not is_over(old)


def test_every_refusal_of_a_code_reads_otherwise() -> None:
    texts = {refusal_text(reason) for reason in ProofRefusal}
    assert len(texts) == len(ProofRefusal)
    assert all(text.endswith(".") for text in texts)


def test_nobody_vouches_for_a_device_from_outside_of_a_session(user: Any, old: Session, rf: Any) -> None:
    """As behind another session engine: there is nobody to ask for a code."""
    request = rf.post("/")
    request.user = user
    assert old.device is not None
    with pytest.raises(CannotVouch):
        vouch(request, "Confirm", devices=[old.device])
    assert Device.objects.get(pk=old.device_id).confirmed_at is None


# --- Which acts ask


@pytest.mark.parametrize(
    ("hours", "confirmed", "asks"),
    [(-1, False, True), (0, False, False), (1, False, False), (1, True, True)],
    ids=["there before", "there since this sign-in", "younger", "younger, but confirmed"],
)
def test_a_young_sign_in_calls_no_device_lost_that_was_there_before_it_or_that_vouches(
    hours: int, confirmed: bool, asks: bool, thief: Any, user: Any, signed_in: SignedIn
) -> None:
    own = Session.objects.latest("pk")
    assert own.signed_in_at is not None
    other = signed_in(user, signed_in_at=own.signed_in_at + timedelta(hours=1))
    seen = own.signed_in_at + timedelta(hours=hours)
    confirmed_at = timezone.now() if confirmed else None
    Device.objects.filter(pk=other.device_id).update(first_seen_at=seen, confirmed_at=confirmed_at)
    assert other.device is not None
    response = thief.post(reverse("sessions_ui:lost", args=[other.device.public_id]))
    assert (response.status_code == 200 and ASKS in response.content.decode()) is asks
    assert (Device.objects.get(pk=other.device_id).lost_at is None) is asks


@pytest.mark.parametrize("purpose", VerificationCode.Purpose)
def test_a_code_for_one_thing_is_none_for_another(
    purpose: VerificationCode.Purpose, thief: Any, old: Session, user: Any, signed_in: SignedIn
) -> None:
    """Each of the acts below asks for a proof of its own purpose."""
    own = Session.objects.latest("pk")
    now = timezone.now()
    VerificationCode.objects.create(
        user=user, session=own, purpose=purpose, nonce="n", created_at=now, expires_at=now, given_at=now
    )
    assert old.device is not None and own.device is not None
    Device.objects.filter(pk=old.device_id).update(lost_at=now)
    asked = {
        name: ASKS in thief.post(reverse(f"sessions_ui:{name}", args=[device.public_id])).content.decode()
        for name, device in (
            ("found", old.device),
            ("mine", own.device),
            ("sign_out_device", signed_in(user, signed_in_at=now - timedelta(days=2)).device),
            ("not_mine", old.device),
        )
    }
    expected = {"found": "confirm", "mine": "confirm", "not_mine": "recover", "sign_out_device": "end_older"}
    assert {name: not is_asked for name, is_asked in asked.items()} == {
        name: purpose == needed for name, needed in expected.items()
    }
