"""Every absolute link in a mail leads to SITE_URL, whatever host or port the request named."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from sessions_ui.delivery import deliver_due
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

ATTACKERS = "testserver:8443"  # ALLOWED_HOSTS names hosts; the port is anybody's
NEW = {"email": "new@people.example", "password1": PASSWORD, "password2": PASSWORD}


def links() -> list[str]:
    deliver_due()
    bodies = [str(message.body) for message in mail.outbox]
    bodies += [str(part[0]) for message in mail.outbox for part in getattr(message, "alternatives", ())]
    assert not [body for body in bodies if "8443" in body]
    return [found for body in bodies for found in re.findall(r"https?://[^\s\"<>]+", body)]


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("account_reset_password", {"email": "ada@people.example"}),
        ("account_reset_password", {"email": "nobody@people.example"}),
        ("account_signup", NEW),
        ("account_signup", {**NEW, "email": "ada@people.example"}),
        ("account_login", {"login": "ada@people.example", "password": PASSWORD}),
    ],
    ids=["a reset", "a reset of nobody", "a sign-up", "a sign-up of somebody", "a sign-in"],
)
def test_a_link_in_a_mail_is_no_matter_of_the_request(
    page: str, form: dict[str, str], browser: Any, user: Any
) -> None:
    browser().sign_in(user)
    mail.outbox.clear()
    browser(user_agent="Mozilla/5.0 (Windows NT 10.0; rv:145.0) Firefox/145.0", HTTP_HOST=ATTACKERS).post(
        reverse(page), form
    )
    found = links()
    assert found and all(link.startswith("https://devices.example/") for link in found)


def test_the_links_of_whoever_is_signed_in_are_not_either(browser: Any, user: Any) -> None:
    here = browser(HTTP_HOST=ATTACKERS)
    here.sign_in(user)
    mail.outbox.clear()
    here.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    here.post(reverse("account_email"), {"action_add": "", "email": "second@people.example"})
    assert mail.outbox, "a mail with a link to confirm the address"
    assert all(link.startswith("https://devices.example/") for link in links())


def test_the_link_of_a_reset_works(browser: Any, user: Any) -> None:
    here = browser(HTTP_HOST=ATTACKERS)
    here.post(reverse("account_reset_password"), {"email": user.email})
    (link,) = {link for link in links() if "/password/reset/key/" in link}  # in text and HTML
    assert here.get(link.removeprefix("https://devices.example"), follow=True).context["form"]


def test_a_site_that_has_not_said_where_it_is_links_to_where_it_was_asked(
    browser: Any, user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SITE_URL": ""}
    browser().post(reverse("account_reset_password"), {"email": user.email})
    assert "http://testserver/account/password/reset/key/" in str(mail.outbox[0].body)


def test_what_a_client_calls_itself_keeps_no_mail_back(browser: Any, user: Any, settings: Any) -> None:
    """The mail about the change would be missing, and nothing but the client's word be wrong."""
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    here = browser(user_agent="http://[")
    here.sign_in(user)
    mail.outbox.clear()
    form = {"oldpassword": PASSWORD, "password1": f"{PASSWORD} new", "password2": f"{PASSWORD} new"}
    here.post(reverse("account_change_password"), form)
    [told] = [message for message in mail.outbox if "http://[" in str(message.body)]
    assert told.to == [user.email]
