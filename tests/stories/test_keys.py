"""Two browsers, two access tokens, one account: what ends which of them, and how each person reads of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.delivery import deliver_due
from sessions_ui.exceptions import BearerRefused
from sessions_ui.web.tokens.forms import new_once
from tests.accounts.journeys import mailed_code
from tests.aging import settle
from tests.models import AccessToken, Delivery, Session

pytestmark = pytest.mark.django_db

DEVICES = "/account/devices/"
NEW = "/account/devices/tokens/new/"
NEW_PASSWORD = "seven brown cows on a hill"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def laptop(browser: Any, user: Any) -> Any:
    laptop = browser()
    laptop.sign_in(user)
    settle(user)
    return laptop


@pytest.fixture
def phone(browser: Any, user: Any, laptop: Any) -> Any:
    phone = browser(user_agent=IPHONE, address="89.160.20.112")
    phone.sign_in(user)
    Delivery.objects.all().delete()  # that a new device signed in is told, too
    return phone


def form(**said: Any) -> dict[str, Any]:
    usual = {"name": "Backup", "scopes": ["sessions:read"], "ends": "30", "once": new_once()}
    return {**usual, **said}


def values_in(response: Any) -> list[str]:
    return re.findall(r"sui_[a-z]{3}_[0-9A-Za-z]{46}", response.content.decode())


def make(client: Any, **said: Any) -> str:
    return values_in(client.post(NEW, form(**said)))[0]


def is_valid(value: str) -> bool:
    try:
        authenticate_token(value)
    except BearerRefused:
        return False
    return True


def text_of(client: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(DEVICES).content.decode()).split())


def letters() -> list[Any]:
    mail.outbox.clear()
    deliver_due()
    return mail.outbox


def test_a_password_reset_ends_both_and_the_page_says_why(
    laptop: Any, phone: Any, browser: Any, user: Any
) -> None:
    values = [make(laptop), make(laptop, name="Deployment")]
    letters()
    browser().post("/account/password/reset/", {"email": user.email})
    deliver_due()
    link = re.search(r"https?://[^/\s]+(/\S+)", mail.outbox[-1].body)
    assert link is not None
    asking = browser()
    page = asking.get(link[1], follow=True)
    assert "ends every access token" in page.content.decode()
    asking.post(page.request["PATH_INFO"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert [is_valid(value) for value in values] == [False, False]
    assert [client.get(DEVICES).status_code for client in (laptop, phone)] == [302, 302]
    told = next(letter.body for letter in letters() if "Access tokens that ended" in letter.body)
    assert "- Access token “Backup”" in told and "- Access token “Deployment”" in told

    again = browser()
    again.sign_in(user, NEW_PASSWORD)
    text = text_of(again)
    for name in ("Backup", "Deployment"):
        assert re.search(
            rf"{name} Access token Ended just now .{{0,30}}because the password was reset", text
        ), text
    assert "Somebody tried to use it just now and was turned away." in text


def test_a_password_change_leaves_both_and_says_so_before(laptop: Any, phone: Any) -> None:
    values = [make(laptop), make(laptop, name="Deployment")]
    page = laptop.get("/account/password/change/").content.decode()
    assert "2 access tokens stay valid." in page
    passwords = {
        "oldpassword": "correct horse battery staple",
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
    }
    laptop.post("/account/password/change/", passwords)
    assert phone.get(DEVICES).status_code == 302
    assert [is_valid(value) for value in values] == [True, True]


def test_everywhere_with_the_tick_is_told_in_one_mail(laptop: Any, phone: Any) -> None:
    value = make(laptop)
    letters()
    laptop.post("/account/devices/sign-out-others/", {"tokens": "on"})
    [letter] = letters()
    assert letter.subject == "Ended in your account: 1 sign-in and 1 access token"
    assert "Safari on iOS" in letter.body and "- Access token “Backup”" in letter.body
    assert not is_valid(value)


def test_a_session_that_does_not_vouch_for_itself_makes_one_after_the_proof(phone: Any, user: Any) -> None:
    question = phone.post(NEW, form())
    assert question.status_code == 200 and values_in(question) == []
    assert not AccessToken.objects.filter(session__user=user).exists()
    act = question.context["act"]
    phone.post("/account/devices/prove/", {"act": act, "again": "1"})
    answer = phone.post("/account/devices/prove/", {"act": act, "code": mailed_code(user)})
    assert answer.headers["Location"] == NEW
    value = make(phone)
    assert is_valid(value)


def test_what_was_made_is_told_with_the_device_that_made_it(laptop: Any, browser: Any, user: Any) -> None:
    value = make(laptop, name="Backup")
    [letter] = letters()
    assert letter.subject == "An access token was created"
    assert "- An access token was created: Backup" in letter.body and "Firefox on Linux" in letter.body
    link = re.search(r"https?://[^/\s]+(/\S+not-me/\S+)", letter.body)
    assert link is not None
    page = browser()
    shown = page.get(link[1], follow=True)
    assert "Firefox on Linux" in shown.content.decode()
    done = page.post(shown.request["PATH_INFO"]).content.decode()
    assert "No access token of the account is valid any more." in done
    assert not is_valid(value)
    assert laptop.get(DEVICES).status_code == 302


def test_an_agent_is_ended_and_the_script_goes_on(laptop: Any) -> None:
    script, agent = make(laptop), make(laptop, name="Calendar", agent="Assistant")
    laptop.post("/account/devices/tokens/end-agents/")
    assert [is_valid(script), is_valid(agent)] == [True, False]
    assert "Calendar Access token Ended just now by you" in text_of(laptop)


def test_a_token_that_leaked_is_reported_by_a_stranger(laptop: Any, browser: Any, user: Any) -> None:
    value, other = make(laptop), make(laptop, name="Deployment")
    letters()
    browser(address="89.160.20.112").post("/account/devices/tokens/leaked/", {"token": f"TOKEN={value}"})
    assert [is_valid(value), is_valid(other)] == [False, True]
    [letter] = letters()
    assert "Why: it was found where others can read it." in letter.body
    assert "Backup Access token Ended just now because it was found where others can read it" in text_of(
        laptop
    )


def test_the_end_of_an_agreed_time_is_told_beforehand(laptop: Any, user: Any) -> None:
    make(laptop, ends="7")
    Session.objects.tokens().filter(user=user).update(signed_in_at=timezone.now() - timedelta(days=30))
    from sessions_ui.tasks import warn_of_tokens

    letters()
    assert [warn_of_tokens(), warn_of_tokens()] == [1, 0]
    assert [letter.subject for letter in letters()] == ["The access token “Backup” ends soon"]
