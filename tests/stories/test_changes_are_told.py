"""M5: whatever changes about who the owner is, is told to the addresses that have long been theirs, whether or not a
session ended because of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.models import VerifiedAddress
from sessions_ui.delivery import deliver_due
from tests.accounts.conftest import SECRET, app_code
from tests.accounts.test_password import NEW_PASSWORD, change, choose, reset_link
from tests.aging import settle
from tests.conftest import PASSWORD
from tests.models import Delivery, EndReason, Event, Session

__all__ = ["app_code"]
pytestmark = pytest.mark.django_db

SECOND = "second@people.example"
LINK = re.compile(r"https://devices\.example(/account/devices/not-me/\S+)")


@pytest.fixture
def laptop(browser: Any, user: Any) -> Any:
    """The owner's own, used for days: it may change what it likes. Whoever holds its cookie may as well."""
    client = browser()
    client.sign_in(user)
    settle(user)
    VerifiedAddress.objects.update(verified_at=timezone.now() - timedelta(days=90))
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    Delivery.objects.all().delete()
    return client


def told() -> list[Any]:
    """The mails of ours that go out now, those of allauth aside."""
    deliver_due()
    ours = [
        message for message in mail.outbox if "sessions-ui" in message.extra_headers.get("Message-ID", "")
    ]
    mail.outbox.clear()
    return ours


def add_app(client: Any, app_code: Callable[[], str]) -> None:
    client.get(reverse("mfa_activate_totp"))
    session = client.session
    session["mfa.totp.secret"] = SECRET
    session.save()
    client.post(reverse("mfa_activate_totp"), {"code": app_code()})
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()


def test_a_factor_is_told_once_together_with_its_recovery_codes(
    laptop: Any, user: Any, app_code: Callable[[], str]
) -> None:
    add_app(laptop, app_code)
    (message,) = told()
    assert message.to == [user.email] and message.subject == "The way you sign in was changed"
    for text in ("An authenticator app was added", "Recovery codes were created", "Firefox on Linux"):
        assert text in message.body and text in message.alternatives[0][0], text
    kinds = [
        (event.data["credential"], event.data["change"])
        for event in Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED).order_by("pk")
    ]
    assert kinds == [("totp", "added"), ("recovery_codes", "added")]


def test_a_password_is_told_where_no_other_session_was(laptop: Any, user: Any) -> None:
    change(laptop)
    (message,) = told()
    assert message.subject == "The password was changed" and message.to == [user.email]
    assert "Signed out because of this change" not in message.body


def test_a_password_is_told_in_one_mail_with_what_it_signed_out(laptop: Any, user: Any, browser: Any) -> None:
    browser(user_agent="Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0").sign_in(user)
    Delivery.objects.all().delete()
    change(laptop)
    (message,) = told()
    assert message.subject == "The password was changed"
    assert "Signed out because of this change" in message.body and "Firefox on Windows" in message.body


def test_the_link_ends_what_made_the_change_and_leads_to_recovery(
    laptop: Any, user: Any, browser: Any, app_code: Callable[[], str]
) -> None:
    """The owner's cookie was copied, and the account gets a factor by it."""
    add_app(laptop, app_code)
    (message,) = told()
    found = LINK.search(message.body)
    assert found is not None
    there = browser()
    page = there.get(found[1], follow=True)
    assert "Firefox on Linux" in page.content.decode()
    there.post(page.redirect_chain[-1][0])
    assert Session.objects.get().end_reason == EndReason.NOT_ME
    assert laptop.get("/account/devices/").status_code == 302


def test_an_address_is_told_when_it_comes_and_when_it_goes(laptop: Any, user: Any) -> None:
    laptop.post("/account/email/", {"action_add": "", "email": SECOND})
    (added,) = told()
    assert added.subject == "An email address was added" and added.to == [user.email]
    assert "s•••@people.example" in added.body and SECOND not in added.body
    EmailAddress.objects.get(email=SECOND).set_verified()
    assert told() == [], "one mail a change"
    laptop.post("/account/email/", {"action_remove": "", "email": SECOND})
    (removed,) = told()
    assert removed.subject == "An email address was removed" and removed.to == [user.email]


def test_another_main_address_is_told_once_to_the_one_before_and_to_the_others(
    laptop: Any, user: Any, browser: Any
) -> None:
    EmailAddress.objects.create(user=user, email=SECOND, verified=True)
    VerifiedAddress.objects.update(verified_at=timezone.now() - timedelta(days=90))
    former = user.email
    told()
    laptop.post("/account/email/", {"action_primary": "", "email": SECOND})
    messages = {message.to[0]: message for message in told()}
    assert set(messages) == {former, SECOND}
    assert {str(message.subject) for message in messages.values()} == {
        "The email address of your account was changed"
    }
    assert "no longer belongs to the account" not in messages[former].body, "it is on the account still"
    found = LINK.search(messages[former].body)
    assert found is not None
    browser().post(found[1])
    assert Session.objects.get().end_reason == EndReason.NOT_ME


def test_recovery_codes_that_take_the_place_of_others_are_one_line(
    laptop: Any, user: Any, app_code: Callable[[], str]
) -> None:
    add_app(laptop, app_code)
    told()
    laptop.post(reverse("mfa_generate_recovery_codes"))
    (message,) = told()
    assert message.subject == "New recovery codes were created"


def test_a_reset_by_mail_is_told_without_a_session_to_report(laptop: Any, user: Any, browser: Any) -> None:
    link = reset_link(browser, user.email)
    mail.outbox.clear()
    choose(browser(), link)
    (message,) = told()
    assert message.subject == "The password was changed" and LINK.search(message.body) is None
    assert "/account/password/reset/" in message.body and "Signed out because of this change" in message.body


def test_a_change_by_staff_says_so(laptop: Any, user: Any, administrator: Any, browser: Any) -> None:
    admin = browser()
    admin.force_login(administrator)
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    admin.post(url, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"})
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    (message,) = told()
    assert message.to == [user.email]
    assert (
        "The people who run the service made this change" in message.body
        and LINK.search(message.body) is None
    )


def test_nobody_switches_these_mails_off(laptop: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "MAIL_PREFERENCE": f"{__name__}.nothing"}
    change(laptop)
    assert len(told()) == 1


def nothing(user: Any, kind: str) -> bool:
    return False


def test_an_account_that_nobody_has_used_is_being_set_up(other_user: Any) -> None:
    TOTP.activate(other_user, SECRET)
    assert told() == []
    assert Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED, user=other_user).exists()


def test_a_neighbour_hears_nothing(laptop: Any, user: Any, other_user: Any, browser: Any) -> None:
    browser().sign_in(other_user)
    change(laptop)
    assert {address for message in told() for address in message.to} == {user.email}


def test_a_hash_that_is_upgraded_is_no_change(user: Any, browser: Any, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    browser().sign_in(user)
    assert not Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED).exists()
