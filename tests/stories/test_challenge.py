"""Suspicious sign-ins that wait for a further proof, or end; and a sign-in for which one device has to go first."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.db import DatabaseError, connection
from django.db.models import F
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.assurance import Authentication
from sessions_ui.delivery import deliver_due
from sessions_ui.web.step_up.challenge import begin_challenge
from tests.conftest import PASSWORD
from tests.interleaving import just_before
from tests.models import Delivery, Device, EndReason, Event, Session, VerificationCode

pytestmark = pytest.mark.django_db

DEVICES = "/account/devices/"
CHALLENGE = "/account/devices/challenge/"
THIEF = "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
SWEDEN, UNITED_STATES = "89.160.20.112", "216.160.83.56"


@pytest.fixture
def owner(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


def setting(settings: Any, **values: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **values}


def mailed_code() -> str:
    deliver_due()
    codes = re.findall(r"^    (\d{6})$", "\n".join(str(m.body) for m in mail.outbox), re.MULTILINE)
    return str(codes[-1])


@pytest.fixture
def waiting(browser: Any, user: Any, owner: Any, settings: Any) -> Any:
    """Somebody with the password, from a new device in a new country."""
    setting(settings, SUSPICIOUS_SIGN_INS="challenge")
    client = browser(user_agent=THIEF, address=SWEDEN)
    response = client.post(f"/account/login/?next={DEVICES}", {"login": user.email, "password": PASSWORD})
    assert response.status_code == 302 and response.url == CHALLENGE
    return client


def test_a_challenged_sign_in_is_nobody_until_the_code(waiting: Any, owner: Any, user: Any) -> None:
    for path in (DEVICES, "/account/email/", "/account/2fa/", "/account/password/change/"):
        assert waiting.get(path).status_code == 302, path
    assert SESSION_KEY not in waiting.session
    assert Session.objects.living().count() == 1, "and takes nobody's place"
    html = waiting.get(CHALLENGE).content.decode()
    assert "One more step" in html and "a•••@people.example" in html
    assert user.email not in html and "Firefox on Linux" not in html
    response = waiting.post(CHALLENGE, {"code": mailed_code()})
    assert response.status_code == 302 and response.url == DEVICES
    assert waiting.get(DEVICES).status_code == 200
    session = Session.objects.latest("pk")
    assert session.verdict == "suspicious" and not session.needs_a_look
    device = Device.objects.get(pk=session.device_id)
    assert device.confirmed_at is not None
    response = waiting.get(CHALLENGE)
    assert response.status_code == 302 and response.url.startswith("/account/login/"), "nobody waits any more"


def test_the_code_signs_in_whoever_waits_and_not_the_first_account_of_the_site(
    administrator: Any, waiting: Any, user: Any
) -> None:
    """`administrator` is older than `user`: row number one of most sites is the superuser."""
    assert administrator.pk < user.pk
    waiting.get(CHALLENGE)
    waiting.post(CHALLENGE, {"code": mailed_code()})
    assert waiting.session[SESSION_KEY] == str(user.pk)
    assert not Session.objects.of(administrator).exists()
    assert not Event.objects.filter(user=administrator).exists()


def test_an_account_that_is_gone_meanwhile_does_not_wait_any_more(waiting: Any, user: Any) -> None:
    waiting.get(CHALLENGE)
    code = mailed_code()
    user.delete()
    assert waiting.post(CHALLENGE, {"code": code}).url.startswith("/account/login/")


def test_the_owner_is_told_of_the_try(waiting: Any, user: Any) -> None:
    mail.outbox.clear()
    deliver_due()
    (message,) = mail.outbox
    assert message.subject == "Somebody tried to sign in to your account" and message.to == [user.email]
    assert "Firefox on Windows" in message.body and "Near Linköping, Sweden" in message.body
    assert Event.objects.get(kind=Event.Kind.CHALLENGED).session_id is None


def test_a_try_of_which_the_owner_cannot_be_told_is_no_event_that_says_so(
    browser: Any, user: Any, owner: Any, settings: Any
) -> None:
    """Nor would a look-alike be told within the hour, if it stood there."""

    def fail() -> None:
        raise DatabaseError

    setting(settings, SUSPICIOUS_SIGN_INS="challenge")
    client = browser(user_agent=THIEF, address=SWEDEN)
    with just_before("INSERT INTO .sessions_ui_delivery.", fail), pytest.raises(DatabaseError):
        client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert not Event.objects.filter(kind=Event.Kind.CHALLENGED).exists()
    assert SESSION_KEY not in client.session


def test_a_wrong_code_opens_nothing(waiting: Any) -> None:
    waiting.get(CHALLENGE)
    wrong = f"{(int(mailed_code()) + 1) % 10**6:06d}"
    response = waiting.post(CHALLENGE, {"code": wrong})
    assert response.status_code == 422 and "That is not the code." in response.content.decode()
    assert waiting.get(DEVICES).status_code == 302


def test_five_wrong_codes_are_all_and_mail_no_other_one(waiting: Any) -> None:
    waiting.get(CHALLENGE)
    code = mailed_code()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        assert waiting.post(CHALLENGE, {"code": wrong}).status_code == 422
    response = waiting.post(CHALLENGE, {"code": code})
    assert response.status_code == 422 and "This code is no longer valid" in response.content.decode()
    assert VerificationCode.objects.count() == 1, "only whoever asks gets another one"


@pytest.mark.parametrize("code", ["", "12345678901234567"])
def test_what_is_no_code_at_all_is_said_at_the_field(code: str, waiting: Any) -> None:
    waiting.get(CHALLENGE)
    response = waiting.post(CHALLENGE, {"code": code})
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"code"}
    assert VerificationCode.objects.get().tries == 0


def codes() -> list[str]:
    """All that were mailed, the oldest first."""
    deliver_due()
    return [code for m in mail.outbox for code in re.findall(r"^    (\d{6})$", str(m.body), re.MULTILINE)]


def test_another_code_can_be_asked_for_after_a_minute(waiting: Any) -> None:
    waiting.get(CHALLENGE)
    waiting.get(CHALLENGE)
    waiting.post(CHALLENGE, {"again": "1"})
    assert len(codes()) == 1, "opening the page once more, or asking at once, mails no other one"
    VerificationCode.objects.update(created_at=F("created_at") - timedelta(seconds=61))
    waiting.get(CHALLENGE)
    assert len(codes()) == 1, "nor does opening it later: only whoever asks gets another one"
    assert "a•••@people.example" in waiting.post(CHALLENGE, {"again": "1"}).content.decode()
    assert len(codes()) == 2
    assert waiting.post(CHALLENGE, {"code": codes()[-1]}).status_code == 302
    assert waiting.get(DEVICES).status_code == 200


def test_five_codes_an_hour_are_all_that_one_waiting_sign_in_gets(waiting: Any) -> None:
    waiting.get(CHALLENGE)
    for _ in range(4):
        VerificationCode.objects.update(created_at=F("created_at") - timedelta(seconds=61))
        assert waiting.post(CHALLENGE, {"again": "1"}).status_code == 200
    VerificationCode.objects.update(created_at=F("created_at") - timedelta(seconds=61))
    response = waiting.post(CHALLENGE, {"again": "1"})
    assert response.status_code == 429
    assert "We’ve sent too many codes lately, so we haven’t sent another one." in response.content.decode()
    assert VerificationCode.objects.count() == 5


def use_up(client: Any) -> list[int]:
    """What a waiting sign-in is answered for five codes with five wrong guesses each, and for asking once more."""
    answers = []
    for number in range(5):
        VerificationCode.objects.update(created_at=F("created_at") - timedelta(seconds=61))
        client.post(CHALLENGE, {"again": "1"}) if number else client.get(CHALLENGE)
        wrong = f"{(int(codes()[-1]) + 1) % 10**6:06d}"
        answers += [client.post(CHALLENGE, {"code": wrong}).status_code for _ in range(5)]
    return answers


def test_the_tries_of_a_thief_do_not_use_up_those_of_the_owner(
    browser: Any, user: Any, owner: Any, settings: Any
) -> None:
    """Two sign-ins with the password, five codes each, all guesses wrong: the owner's new device still gets a code."""
    setting(settings, SUSPICIOUS_SIGN_INS="challenge")
    sign_in = {"login": user.email, "password": PASSWORD}
    for _ in range(2):
        thief = browser(user_agent=THIEF, address=SWEDEN)
        assert thief.post("/account/login/", sign_in).url == CHALLENGE
        assert use_up(thief) == [422] * 25
    third = browser(user_agent=THIEF, address=SWEDEN)
    third.post("/account/login/", sign_in)
    assert third.get(CHALLENGE).status_code == 429, "who guesses is stopped"

    new_phone = browser(user_agent=IPHONE, address=UNITED_STATES)
    response = new_phone.post("/account/login/", sign_in)
    assert response.url == CHALLENGE
    assert new_phone.get(CHALLENGE).status_code == 200
    assert new_phone.post(CHALLENGE, {"code": codes()[-1]}).status_code == 302
    assert new_phone.get(DEVICES).status_code == 200


def test_htmx_is_sent_to_the_challenge(browser: Any, user: Any, owner: Any, settings: Any) -> None:
    setting(settings, SUSPICIOUS_SIGN_INS="challenge")
    client = browser(user_agent=THIEF, address=SWEDEN)
    response = client.post(
        "/account/login/",
        {"login": user.email, "password": PASSWORD},
        headers={"HX-Request": "true", "Accept": "*/*"},
    )
    assert (response.status_code, response.headers["HX-Redirect"]) == (200, CHALLENGE)
    assert SESSION_KEY not in client.session


def test_a_challenge_dies_with_a_new_password(waiting: Any, user: Any) -> None:
    waiting.get(CHALLENGE)
    code = mailed_code()
    user.set_password("a horse of another colour")
    user.save()
    waiting.post(CHALLENGE, {"code": code})
    assert waiting.get(DEVICES).status_code == 302
    assert not Session.objects.living().exists()


def test_also_where_somebody_else_had_begun_in_the_same_browser(
    browser: Any, user: Any, other_user: Any, owner: Any, settings: Any, monkeypatch: Any
) -> None:
    """A host's own sign-in page leaves no mark of its first step: the other one's must not stand for it."""
    monkeypatch.setattr("accounts.adapter.begin_sign_in", lambda session, user: None)
    browser().sign_in(other_user)
    setting(settings, SUSPICIOUS_SIGN_INS="challenge")
    client = browser(user_agent=THIEF, address=SWEDEN)
    for person in (other_user, user):
        assert client.sign_in(person).url == CHALLENGE
    client.get(CHALLENGE)
    code = mailed_code()
    user.set_password("a horse of another colour")
    user.save()
    client.post(CHALLENGE, {"code": code})
    assert client.get(DEVICES).status_code == 302
    assert not Session.objects.of(user).living().exists()


def test_what_is_decided_before_the_page_asks_for_the_proof_refuses_it_too(
    browser: Any, user: Any, owner: Any, settings: Any, monkeypatch: Any
) -> None:
    """The sign-in was judged with the old password; what waits goes on from that, and not from what is there when its
    mark is written. A host's own sign-in page leaves no mark of its first step."""
    monkeypatch.setattr("accounts.adapter.begin_sign_in", lambda session, user: None)
    setting(settings, SUSPICIOUS_SIGN_INS="challenge")

    def reset_first(request: Any, challenged: Any) -> Any:
        user.set_password("a horse of another colour")
        user.save()
        return begin_challenge(request, challenged)

    monkeypatch.setattr("sessions_ui.web.responses.errors.exceptions.begin_challenge", reset_first)
    thief = browser(user_agent=THIEF, address=SWEDEN)
    assert thief.sign_in(user).url == CHALLENGE
    thief.get(CHALLENGE)
    thief.post(CHALLENGE, {"code": mailed_code()})
    assert thief.get(DEVICES).status_code == 302
    assert not Session.objects.of(user).living().exists()


def test_a_sign_in_of_somebody_else_in_the_same_browser_does_not_free_it_from_what_is_decided(
    waiting: Any, user: Any, other_user: Any
) -> None:
    waiting.get(CHALLENGE)
    code = mailed_code()
    assert waiting.sign_in(other_user).status_code == 302
    user.set_password("a horse of another colour")
    user.save()
    waiting.post(CHALLENGE, {"code": code})
    assert not Session.objects.of(user).living().exists()


def test_a_challenge_is_over_with_everything_signed_out(waiting: Any, user: Any) -> None:
    waiting.get(CHALLENGE)
    code = mailed_code()
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    waiting.post(CHALLENGE, {"code": code})
    assert waiting.get(DEVICES).status_code == 302


def test_a_program_gets_401(browser: Any, user: Any, owner: Any, settings: Any) -> None:
    setting(settings, SUSPICIOUS_SIGN_INS="challenge")
    client = browser(user_agent=THIEF, address=SWEDEN)
    response = client.post(
        "/account/login/", {"login": user.email, "password": PASSWORD}, headers={"Accept": "application/json"}
    )
    assert response.status_code == 401
    assert response.json()["type"] == "urn:sessions-ui:further-proof-needed"
    assert SESSION_KEY not in client.session


def test_a_challenge_waits_and_is_told_where_each_request_is_a_transaction(
    browser: Any, user: Any, owner: Any, settings: Any, monkeypatch: Any
) -> None:
    """The view's transaction is rolled back by then, and the session that it had made with it."""
    setting(settings, SUSPICIOUS_SIGN_INS="challenge")
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    client = browser(user_agent=THIEF, address=SWEDEN)
    response = client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert response.url == CHALLENGE and SESSION_KEY not in client.session
    assert Event.objects.filter(kind=Event.Kind.CHALLENGED).count() == 1
    client.get(CHALLENGE)
    client.post(CHALLENGE, {"code": mailed_code()})
    assert client.get(DEVICES).status_code == 200


def test_whoever_does_not_wait_is_sent_to_the_sign_in(browser: Any, db: None, owner: Any) -> None:
    for client in (browser(), owner):
        assert client.get(CHALLENGE).status_code == 302
        assert client.post(CHALLENGE, {"code": "123456"}).status_code == 302


def test_a_sign_in_waits_for_a_quarter_of_an_hour(waiting: Any) -> None:
    session = waiting.session
    begun = session["_sessions_ui_waiting"]["at"] = int(session["_sessions_ui_waiting"]["at"])
    session.save()
    with time_machine.travel(datetime.fromtimestamp(begun + 899.9, UTC), tick=False):
        assert waiting.get(CHALLENGE).status_code == 200
    with time_machine.travel(datetime.fromtimestamp(begun + 900, UTC), tick=False):
        response = waiting.get(CHALLENGE)
    assert response.status_code == 302 and response.url.startswith("/account/login/")


def test_no_cache_keeps_the_question(waiting: Any) -> None:
    """It has a masked address and, over the limit, names of devices; nobody is signed in, so that no middleware
    says it."""
    for response in (waiting.get(CHALLENGE), waiting.post(CHALLENGE, {"code": ""})):
        assert response.status_code in (200, 422)
        assert {"no-store", "private"} <= {part.strip() for part in response["Cache-Control"].split(",")}


def by(method: str, **known: Any) -> Any:
    """For `AUTHENTICATION`: what a sign-in has shown. A passkey itself is tried in tests/browser."""

    def authentication(request: Any, user: Any) -> list[Authentication]:
        return [Authentication.of(method, at=timezone.now(), **known)]

    return authentication


OLD, YOUNG = timedelta(hours=25), timedelta(hours=23)
SHOWN = {
    "an old passkey": (lambda: by("passkey", since=timezone.now() - OLD), True),
    "an old app": (lambda: by("totp", since=timezone.now() - OLD), True),
    "a new app of a settled session": (
        lambda: by("totp", since=timezone.now() - YOUNG, by_settled=True),
        True,
    ),
    "a new passkey": (lambda: by("passkey", since=timezone.now() - YOUNG), False),
    "a new app": (lambda: by("totp", since=timezone.now() - YOUNG), False),
    "an app of unknown age": (lambda: by("totp"), False),
    "a recovery code": (lambda: by("recovery_code"), False),
    "a password": (lambda: by("password", since=timezone.now() - OLD), False),
}


@pytest.mark.parametrize("what", SHOWN)
def test_only_a_second_factor_that_is_not_new_spares_a_suspicious_sign_in_the_code(
    what: str, browser: Any, user: Any, owner: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, passes = SHOWN[what]
    monkeypatch.setattr("accounts.signing_in.method.authentication", shown())
    setting(settings, SUSPICIOUS_SIGN_INS="challenge")
    client = browser(user_agent=THIEF, address=SWEDEN)
    client.sign_in(user)
    assert (client.get(DEVICES).status_code == 200) is passes
    assert Event.objects.filter(kind=Event.Kind.CHALLENGED).exists() is not passes
    flagged = Session.objects.filter(verdict="suspicious", ended_at=None)
    assert flagged.exists() is passes


def test_a_merely_new_device_is_not_challenged(browser: Any, user: Any, owner: Any, settings: Any) -> None:
    setting(settings, SUSPICIOUS_SIGN_INS="challenge")
    client = browser()
    client.sign_in(user)
    assert client.get(DEVICES).status_code == 200


def test_a_suspicious_one_may_end_at_once(browser: Any, user: Any, owner: Any, settings: Any) -> None:
    setting(settings, SUSPICIOUS_SIGN_INS="end", SESSION_LIMIT=1)
    client = browser(user_agent=THIEF, address=SWEDEN)
    response = client.post("/account/login/", {"login": user.email, "password": PASSWORD}, follow=True)
    assert "You were signed out." in response.content.decode()
    assert client.get(DEVICES).status_code == 302
    assert Session.objects.latest("pk").end_reason == EndReason.SUSPICIOUS
    assert owner.get(DEVICES).status_code == 200, "nothing of the owner's was pushed out by it"
    mail.outbox.clear()
    deliver_due()
    (message,) = mail.outbox
    assert message.subject == "We stopped a sign-in to your account"


@pytest.mark.control("SP 800-63B 5.3")
@pytest.mark.parametrize("way", ["challenge", "end"])
def test_a_session_that_changes_its_browser_midway_ends(
    way: str, user: Any, owner: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    setting(settings, SUSPICIOUS_SIGN_INS=way, LAST_SEEN_EVERY=settings.SESSIONS_UI["IDLE_TIMEOUT"] * 0)
    with django_capture_on_commit_callbacks(execute=True):
        owner.get(DEVICES, HTTP_USER_AGENT=THIEF)
    assert Session.objects.get().end_reason == EndReason.SUSPICIOUS
    assert owner.get(DEVICES).status_code == 302


def shown(response: Any) -> dict[str, Any]:
    """What the page knows, but for its form."""
    names = (
        "can_go_on", "addresses", "held_up", "minutes", "error", "full", "full_words", "devices", "help_url",
        "base_template", "sign_in_url",
    )  # fmt: skip
    return {name: response.context[name] for name in names}


FULL = "Too many devices are signed in to this account at the same time."
ASKED = {
    "can_go_on": True,
    "addresses": ["a•••@people.example"],
    "held_up": False,
    "help_url": "",
    "base_template": "base.html",
    "minutes": 10,
    "error": "",
    "full": False,
    "full_words": FULL,
    "devices": [],
    "sign_in_url": "/account/login/?next=/account/devices/challenge/",
}


def test_the_page_knows_where_the_code_went_and_no_more(waiting: Any) -> None:
    response = waiting.get(CHALLENGE)
    assert (response.status_code, shown(response)) == (200, ASKED)
    assert not response.context["form"].is_bound
    response = waiting.post(CHALLENGE, {"code": "000000 "})
    expected = {**ASKED, "addresses": [], "sign_in_url": "/account/login/"}
    assert (response.status_code, shown(response)) == (422, expected), "the field says what is wrong"
    assert waiting.head(CHALLENGE).status_code == 200
    assert waiting.put(CHALLENGE).status_code == 405


def test_the_page_says_where_the_mail_server_has_not_taken_the_code(waiting: Any) -> None:
    waiting.get(CHALLENGE)
    Delivery.objects.update(error="the server is away")
    assert shown(waiting.get(CHALLENGE)) == {**ASKED, "addresses": [], "held_up": True}
    refused = waiting.post(CHALLENGE, {"code": "no code"})
    assert refused.context["held_up"] is True


def test_a_code_that_is_under_way_is_not_said_to_be_sent_again(waiting: Any) -> None:
    assert "A code is on its way" in waiting.get(CHALLENGE).content.decode()
    for answer in (waiting.get(CHALLENGE), waiting.post(CHALLENGE, {"again": "1"})):
        html = answer.content.decode()
        assert "A code is on its way" not in html and "is still valid until" in html
        assert "Another can be sent in" in html
    wrong = waiting.post(CHALLENGE, {"code": "no code"}).content.decode()
    assert "That is not the code. 4 tries are left." in wrong and "is still valid until" in wrong


@pytest.mark.parametrize("lands", ["in the form", "in the address", "nowhere", "on another site"])
def test_whoever_has_shown_the_code_comes_to_the_page_that_was_asked_for(
    lands: str, browser: Any, user: Any, owner: Any, settings: Any
) -> None:
    setting(settings, SUSPICIOUS_SIGN_INS="challenge")
    client = browser(user_agent=THIEF, address=SWEDEN)
    address = "/account/login/?next=/account/email/" if lands == "in the address" else "/account/login/"
    fields = {"login": user.email, "password": PASSWORD}
    if lands == "in the form":
        fields["next"] = "/account/email/"
    if lands == "on another site":
        fields["next"] = "https://evil.example/"
    client.post(address, fields)
    client.get(CHALLENGE)
    response = client.post(CHALLENGE, {"code": mailed_code()})
    assert response.url == ("/account/email/" if lands.startswith("in") else DEVICES)


def test_what_lay_in_the_session_before_goes_on_and_is_not_remembered_for_long(
    browser: Any, user: Any, owner: Any, settings: Any
) -> None:
    setting(settings, SUSPICIOUS_SIGN_INS="challenge")
    client = browser(user_agent=THIEF, address=SWEDEN)
    session = client.session
    session["cart"] = 3
    session.save()
    client.cookies["sessionid"] = session.session_key
    remembered = {"login": user.email, "password": PASSWORD, "remember": "on"}
    response = client.post("/account/login/", remembered)
    assert response.cookies["sessionid"]["max-age"] == "", "as long as the browser is open"
    assert client.session["cart"] == 3
    client.get(CHALLENGE)
    client.post(CHALLENGE, {"code": mailed_code()})
    assert client.session["cart"] == 3
    confirmed = Event.objects.get(kind=Event.Kind.DEVICE_CONFIRMED)
    assert (confirmed.user_id, confirmed.actor_id, confirmed.data) == (
        user.pk,
        user.pk,
        {"proof": "mailed_code"},
    )


# --- The limit of sessions that refuses


@pytest.fixture
def full(browser: Any, user: Any, owner: Any, settings: Any) -> Any:
    """The password was right, and there is no room."""
    setting(settings, SESSION_LIMIT=1, SESSION_LIMIT_REFUSES=True)
    client = browser()
    response = client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert response.url == CHALLENGE
    return client


def test_over_the_limit_one_can_be_ended_after_the_code(full: Any, owner: Any, user: Any) -> None:
    html = full.get(CHALLENGE).content.decode()
    assert "Too many devices are signed in" in html and "Firefox on Linux" in html
    assert "London" not in html and "81.2.69" not in html, "names only"
    chosen = Session.objects.living().get().device
    assert chosen is not None
    assert full.get(CHALLENGE).context["devices"] == [chosen]
    code = mailed_code()
    response = full.post(CHALLENGE, {"code": code, "device": ""})
    assert response.status_code == 422
    assert shown(response) == {
        **ASKED,
        "addresses": [],
        "error": "Choose the device to sign out.",
        "full": True,
        "devices": [chosen],
        "sign_in_url": "/account/login/",
    }
    response = full.post(CHALLENGE, {"device": chosen.public_id})
    assert response.status_code == 302
    assert full.get(DEVICES).status_code == 200
    assert owner.get(DEVICES).status_code == 302
    assert Session.objects.order_by("pk").first().end_reason == EndReason.SESSION_LIMIT  # type: ignore[union-attr]


def test_only_browsers_that_are_signed_in_are_offered(
    browser: Any, user: Any, other_user: Any, owner: Any, settings: Any
) -> None:
    """Signing out one that is out, or a script that does not count, would make no room."""

    def on_device(name: str, person: Any = user, **fields: Any) -> None:
        device = Device.objects.create(user=person, name=name)
        now = timezone.now()
        values = {"signed_in_at": now, "expires_at": now + timedelta(days=1), "digest": name, **fields}
        Session.objects.create(user=person, device=device, **values)

    on_device("Living browser")
    on_device("Signed out", ended_at=timezone.now(), end_reason=EndReason.SIGNED_OUT)
    on_device("Run out", expires_at=timezone.now())
    on_device("Script", kind=Session.Kind.TOKEN)
    on_device("App", kind=Session.Kind.APP)
    on_device("Somebody else's", person=other_user)
    setting(settings, SESSION_LIMIT=2, SESSION_LIMIT_REFUSES=True)
    client = browser()
    client.sign_in(user)
    html = client.get(CHALLENGE).content.decode()
    offered = re.findall(r'name="device" value="([^"]+)"', html)
    names = [Device.objects.get(public_id=public_id).title for public_id in offered]
    assert names == ["Firefox on Linux", "Living browser"]


def test_without_the_code_nothing_ends(full: Any, owner: Any) -> None:
    chosen = Session.objects.living().get().device
    assert chosen is not None
    assert full.post(CHALLENGE, {"device": chosen.public_id}).status_code == 422
    assert full.post(CHALLENGE, {"code": "000000", "device": chosen.public_id}).status_code == 422
    assert owner.get(DEVICES).status_code == 200


def test_the_code_alone_is_not_enough_and_is_asked_once(full: Any, owner: Any) -> None:
    full.get(CHALLENGE)
    response = full.post(CHALLENGE, {"code": mailed_code()})
    assert response.status_code == 422 and "Choose the device" in response.content.decode()
    assert 'name="code"' not in response.content.decode()
    chosen = Session.objects.living().get().device
    assert chosen is not None
    assert full.post(CHALLENGE, {"device": chosen.public_id}).status_code == 302
    assert full.get(DEVICES).status_code == 200


@pytest.mark.parametrize("device", ["x", "\0"])
def test_what_is_no_device_is_asked_for_again(device: str, full: Any, owner: Any) -> None:
    full.get(CHALLENGE)
    response = full.post(CHALLENGE, {"code": mailed_code(), "device": device})
    assert response.status_code == 422 and "Choose the device" in response.content.decode()
    assert owner.get(DEVICES).status_code == 200


def test_nobody_ends_a_device_of_somebody_else(full: Any, owner: Any, browser: Any, other_user: Any) -> None:
    stranger = browser()
    stranger.force_login(other_user)
    theirs = Session.objects.of(other_user).get().device
    assert theirs is not None
    full.get(CHALLENGE)
    full.post(CHALLENGE, {"code": mailed_code(), "device": theirs.public_id})
    assert Session.objects.of(other_user).living().exists()
    assert full.get(CHALLENGE).status_code == 200, "and still waits"
