"""An account that no code can be mailed to is asked for none, and reads what else there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from sessions_ui.web.step_up.reauthentication import Reauthentication, Way
from tests.conftest import FIREFOX_ON_LINUX
from tests.models import Device, EndReason, Event, Session, VerificationCode

pytestmark = pytest.mark.django_db

SignedIn = Callable[..., Session]
NO_ADDRESS = "There’s no email address we could send a code to."
ELSEWHERE = "On another device that you’ve confirmed"
OLDEST = "On the device that was signed in first"
BEFORE = "Sign in on a device that you’ve used before."
FIRST = "Sign out on one of your other devices, then sign in here again."
LAPTOP = "On “Laptop”, you can do this without this step."
NOTHING = "There’s no way for you to confirm it’s you here."
HELP = "https://help.example/"
CHALLENGE = "/account/devices/challenge/"
PROVE = "/account/devices/prove/"


def nowhere(user: Any) -> list[tuple[str, None]]:
    return []


class WithKey(Reauthentication):
    def ways(self, next_url: str) -> list[Way]:
        return [
            Way(f"/key?next={next_url}", "Use a passkey or security key", method="passkey"),
            Way("/recovery", "Use one of your recovery codes", without_phone=True, method="recovery_code"),
        ]


@pytest.fixture(autouse=True)
def _no_address(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.nowhere"}


def add(settings: Any, **values: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **values}


@pytest.fixture
def old(user: Any, signed_in: SignedIn) -> Session:
    return signed_in(
        user, signed_in_at=timezone.now() - timedelta(days=3), device={"name": "Laptop", "from_start": True}
    )


@pytest.fixture
def new(browser: Any, user: Any, old: Session) -> Any:
    client = browser()
    client.sign_in(user)
    return client


def ask(client: Any, act: str, old: Session) -> Any:
    """What a young sign-in has to prove something for; each purpose of a code but that of a sign-in."""
    device: Any = old.device
    own = Session.objects.latest("pk").device
    assert own is not None
    addresses = {
        "one device": reverse("sessions_ui:sign_out_device", args=[device.public_id]),
        "the others": reverse("sessions_ui:sign_out_others"),
        "all": reverse("sessions_ui:sign_out_everywhere"),
        "lost": reverse("sessions_ui:lost", args=[device.public_id]),
        "not mine": reverse("sessions_ui:not_mine", args=[device.public_id]),
        "mine": reverse("sessions_ui:mine", args=[own.public_id]),
        "found": reverse("sessions_ui:found", args=[device.public_id]),
    }
    return client.post(addresses[act])


ENDS = ["one device", "the others", "all", "lost"]
ACTS = [*ENDS, "not mine", "mine", "found"]


def is_asked_for_a_code(html: str) -> bool:
    return 'name="code"' in html or 'name="again"' in html


@pytest.mark.parametrize("act", ACTS)
def test_no_act_asks_for_a_code_that_cannot_come(act: str, new: Any, old: Session) -> None:
    response = ask(new, act, old)
    html = response.content.decode()
    assert response.status_code == 200 and "One more step" in html
    assert NO_ADDRESS in html and not is_asked_for_a_code(html)
    # The account began on the laptop, so it may do all but two: that a lost device was found is proven everywhere, and
    # it does not say of itself that it is not its owner's.
    nowhere_else = act in ("found", "not mine")
    assert (OLDEST in html, LAPTOP in html, NOTHING in html) == (act in ENDS, act == "mine", nowhere_else)
    assert (
        not VerificationCode.objects.exists() and not Event.objects.filter(kind=Event.Kind.CODE_SENT).exists()
    )
    assert Session.objects.get(pk=old.pk).is_living


@pytest.mark.parametrize("act", ACTS)
def test_every_act_offers_what_there_is(act: str, new: Any, old: Session, settings: Any) -> None:
    """A settled device helps in all but one: that a lost one was found has to be proven everywhere."""
    add(settings, HELP_URL=HELP, REAUTHENTICATION=f"{__name__}.WithKey")
    Device.objects.filter(pk=old.device_id).update(confirmed_at=timezone.now() - timedelta(days=2))
    html = ask(new, act, old).content.decode()
    assert (ELSEWHERE in html) is (act != "found")
    assert "Use a passkey or security key" in html and HELP in html
    assert "recovery" not in html, "whoever is signed in can read those"
    assert NOTHING not in html and not is_asked_for_a_code(html)


@pytest.mark.parametrize(
    "change",
    [
        {"signed_in_at": timezone.now()},
        {"kind": Session.Kind.TOKEN},
        {"ended_at": timezone.now(), "end_reason": EndReason.SIGNED_OUT},
    ],
)
def test_a_device_that_could_not_do_it_either_is_not_offered(
    change: dict[str, Any], new: Any, old: Session, user: Any, signed_in: SignedIn
) -> None:
    signed_in(user, signed_in_at=timezone.now() - timedelta(days=3))  # is to end, and is not confirmed
    Device.objects.filter(pk=old.device_id).update(confirmed_at=timezone.now())
    assert ELSEWHERE in ask(new, "the others", old).content.decode()
    Session.objects.filter(pk=old.pk).update(**change)
    assert ELSEWHERE not in ask(new, "the others", old).content.decode()


def test_what_is_promised_of_the_device_that_was_signed_in_first_is_so(
    new: Any, old: Session, browser: Any, user: Any
) -> None:
    """And where it is a program, which has no page, nothing is promised of it."""
    assert OLDEST in ask(new, "the others", old).content.decode()
    Session.objects.filter(pk=old.pk).update(kind=Session.Kind.TOKEN)
    assert OLDEST not in ask(new, "the others", old).content.decode()
    Session.objects.filter(pk=old.pk).delete()
    Session.objects.of(user).update(signed_in_at=timezone.now() - timedelta(minutes=5))
    newest = browser()
    newest.sign_in(user)
    assert OLDEST in ask(newest, "the others", old).content.decode()
    assert new.post(reverse("sessions_ui:sign_out_others")).status_code == 302
    assert Session.objects.of(user).living().count() == 1
    assert newest.get("/account/devices/").status_code == 302


def test_a_settled_device_of_somebody_else_is_not_offered(
    new: Any, old: Session, other_user: Any, signed_in: SignedIn
) -> None:
    settled = {"confirmed_at": timezone.now()}
    signed_in(other_user, signed_in_at=timezone.now() - timedelta(days=3), device=settled)
    html = ask(new, "the others", old).content.decode()
    assert ELSEWHERE not in html and OLDEST in html


def test_changing_how_one_signs_in_asks_for_no_code_either(new: Any, old: Session) -> None:
    """Purpose CREDENTIAL, before the form and after it was sent."""
    url = reverse("account_change_password")
    for response in (new.get(url), new.post(url)):
        html = response.content.decode()
        assert NO_ADDRESS in html and LAPTOP in html
        assert not is_asked_for_a_code(html)
    assert not VerificationCode.objects.exists()


def test_an_answer_that_was_made_up_is_refused_without_a_field(new: Any, old: Session) -> None:
    response = ask(new, "the others", old)
    act = response.context["act"]
    for fields in ({"code": "123456"}, {"again": "1"}, {}):
        html = new.post(PROVE, {"act": act, **fields}).content.decode()
        assert NO_ADDRESS in html and not is_asked_for_a_code(html)
    assert Session.objects.get(pk=old.pk).is_living and not VerificationCode.objects.exists()


def test_a_code_that_is_under_way_when_the_address_goes_can_still_be_given(
    new: Any, old: Session, settings: Any
) -> None:
    add(settings, ALERT_ADDRESSES="accounts.credentials.addresses.alert_addresses")
    act = ask(new, "the others", old).context["act"]
    add(settings, ALERT_ADDRESSES=f"{__name__}.nowhere")
    assert is_asked_for_a_code(new.get(PROVE, {"act": act}).content.decode())
    assert new.post(PROVE, {"act": act, "code": VerificationCode.objects.get().code()}).status_code == 302
    assert not Session.objects.get(pk=old.pk).is_living


@pytest.mark.parametrize(
    ("setting", "advice"),
    [
        ({"SUSPICIOUS_SIGN_INS": "challenge"}, BEFORE),
        ({"SESSION_LIMIT": 1, "SESSION_LIMIT_REFUSES": True}, FIRST),
    ],
)
def test_a_sign_in_that_waits_is_asked_for_no_code_that_cannot_come(
    setting: dict[str, Any], advice: str, user: Any, browser: Any, settings: Any
) -> None:
    """Purpose SIGN_IN. There is a way in still: the devices that are known, and the help desk."""
    browser().sign_in(user)
    add(settings, **setting, HELP_URL=HELP)
    waiting = browser(
        user_agent=FIREFOX_ON_LINUX.replace("X11; Linux", "Windows NT"), address="89.160.20.112"
    )
    assert waiting.sign_in(user).url == CHALLENGE
    for response in (
        waiting.get(CHALLENGE),
        waiting.post(CHALLENGE, {"again": "1"}),
        waiting.post(CHALLENGE, {"code": "123456"}),
        waiting.post(CHALLENGE, {}),
    ):
        html = response.content.decode()
        assert NO_ADDRESS in html and advice in html and HELP in html
        assert not is_asked_for_a_code(html) and 'name="device"' not in html
    assert not VerificationCode.objects.exists()
    assert Session.objects.of(user).living().count() == 1


def test_every_purpose_of_a_code_is_looked_at() -> None:
    """A new one belongs into the tests above."""
    expected = {"administration", "end_older", "confirm", "recover", "sign_in", "credential"}
    assert set(VerificationCode.Purpose.values) == expected
