"""Every mail of django-allauth: text and HTML, in one form, in the language of whoever gets it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import allauth
import pytest
from allauth.account.adapter import get_adapter
from allauth.core.context import request_context
from django.contrib.auth import get_user_model
from django.core import mail
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import timezone, translation

from tests.conftest import FIREFOX_ON_LINUX, LONDON, PASSWORD
from tests.html_mail import HtmlMail, one_line

pytestmark = pytest.mark.django_db

TEMPLATES = Path(allauth.__file__).parent / "templates"
# All that allauth has, those of its apps that this site leaves out as well: a project adds one by a line.
MAILS = sorted(
    str(path.relative_to(TEMPLATES)).removesuffix("_message.txt")
    for path in TEMPLATES.glob("*/email/*_message.txt")
    if path.name != "base_message.txt"
)
CONFIRMATIONS = ["account/email/email_confirmation", "account/email/email_confirmation_signup"]
NOTIFICATIONS = [
    name
    for name in MAILS
    if "account/email/base_notification" in (TEMPLATES / f"{name}_message.txt").read_text()
]
SITE = "https://devices.example"
CODE = "QFXZ-7319"
SECRET = "s3cr3t-key"
LINKS = {
    "activate_url": f"http://testserver/account/confirm-email/{SECRET}/",
    "password_reset_url": f"http://testserver/account/password/reset/key/{SECRET}/",
    "signup_url": "http://testserver/account/signup/",
}
SAID = {
    "ip": LONDON,
    "user_agent": FIREFOX_ON_LINUX,
    "from_email": "ada@people.example",
    "to_email": "new@people.example",
    "deleted_email": "old@people.example",
    "provider": "Example ID",
}
WHEN = datetime(2026, 11, 2, 14, 2, tzinfo=UTC)
URL = re.compile(r"https?://\S+")

Write = Callable[..., Any]


@pytest.fixture
def write() -> Write:
    """`write(name)`: the mail that the site sends for allauth. `language` is that of its reader, `asked_in` that of the
    request that causes it; what else is given stands in the mail."""

    def written(name: str, *, language: str = "en", asked_in: str = "en", **said: Any) -> Any:
        request = RequestFactory().get("/")
        reader = get_user_model()(email="ada@people.example", language=language)
        context = {**LINKS, **SAID, "code": CODE, "timestamp": WHEN, "user": reader, **said}
        mail.outbox.clear()
        with request_context(request), translation.override(asked_in):
            get_adapter(request).send_mail(name, "ada@people.example", context)
        [message] = mail.outbox
        return message

    return written


def html_of(message: Any) -> str:
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    return str(html)


def test_allauths_mails_are_found() -> None:
    assert {*CONFIRMATIONS, "account/email/login_code", "mfa/email/webauthn_added"} <= {*MAILS}
    assert "account/email/password_changed" in NOTIFICATIONS
    assert "account/email/login_code" not in NOTIFICATIONS


@pytest.mark.parametrize("name", MAILS)
def test_each_has_templates_of_the_sites_own(name: str) -> None:
    """One that a later release of allauth brings fails here."""
    for part in ("subject.txt", "message.txt", "message.html"):
        try:
            origin = Path(str(get_template(f"{name}_{part}").origin))
        except TemplateDoesNotExist:
            pytest.fail(f"templates/{name}_{part} is missing")
        assert TEMPLATES not in origin.parents, f"{name}_{part} is allauth's own"


@pytest.mark.parametrize("name", MAILS)
def test_the_html_has_all_that_the_text_says(name: str, write: Write) -> None:
    message = write(name)
    html = HtmlMail(html_of(message))
    assert one_line(message.subject) == message.subject and message.subject in html.text
    for line in filter(None, map(one_line, message.body.splitlines())):
        label, _colon, link = line.partition(": http")
        for said in [label, f"http{link}"] if link else [line]:
            assert said == "--" or said in html.text, said
    links = {*URL.findall(message.body)}
    assert html.links == links and all(link.startswith(f"{SITE}/") for link in links)


@pytest.mark.parametrize("name", CONFIRMATIONS)
def test_a_confirmation_by_link_has_it_in_both(name: str, write: Write) -> None:
    message = write(name, code="")
    link = f"{SITE}/account/confirm-email/{SECRET}/"
    html = HtmlMail(html_of(message))
    assert link in message.body and link in html.text and html.links == {link}


@pytest.mark.parametrize("name", [name for name in MAILS if name in CONFIRMATIONS or name.endswith("_code")])
def test_a_code_is_in_both(name: str, write: Write) -> None:
    message = write(name)
    assert CODE in message.body and CODE in HtmlMail(html_of(message)).text


@pytest.mark.parametrize("code", [CODE, ""], ids=["by code", "by link"])
@pytest.mark.parametrize("name", MAILS)
def test_no_secret_is_seen_before_the_mail_is_opened(name: str, code: str, write: Write) -> None:
    message = write(name, code=code)
    preheader = HtmlMail(html_of(message)).preheader
    assert preheader and preheader in one_line(message.body)
    for shown in (message.subject, preheader):
        assert CODE not in shown and SECRET not in shown and "http" not in shown


@pytest.mark.parametrize("name", MAILS)
def test_the_form_is_that_of_the_apps_mails(name: str, write: Write) -> None:
    message = write(name)
    html = html_of(message)
    assert HtmlMail(html).languages == {("en", "ltr")}
    # It loads nothing, so nobody learns when it is opened.
    assert not re.search(r"<(img|link|script|iframe)|src=|url\(|@import", html)
    _text, _line, signature = message.body.partition("\n\n-- \n")
    assert signature.startswith("Sent by devices.example because ") and "\n" not in signature
    assert message.extra_headers == {"Auto-Submitted": "auto-generated"}


@pytest.mark.parametrize("name", NOTIFICATIONS)
def test_a_change_is_told_with_its_moment_as_everywhere(name: str, write: Write) -> None:
    with timezone.override(UTC):
        message = write(name)
    for text in (message.body, HtmlMail(html_of(message)).text):
        assert "When: 2 November 2026, 14:02 UTC" in text
        assert LONDON in text and FIREFOX_ON_LINUX in text
        assert f"{SITE}/account/devices/" in text


@pytest.mark.parametrize("name", MAILS)
def test_what_somebody_typed_is_text_and_keeps_to_its_line(name: str, write: Write) -> None:
    typed = '<b onclick="x">\nBcc: eve@evil.example\u202e</b>'
    message = write(name, email=typed, **dict.fromkeys([*SAID, "code"], typed))
    html = html_of(message)
    assert "<b onclick" not in html and "b" not in {tag for tag, _attributes in HtmlMail(html).elements}
    for text in (message.body, html):
        assert "\u202e" not in text
        assert not [line for line in text.splitlines() if line.strip().startswith("Bcc")]


@pytest.mark.parametrize("name", MAILS)
def test_each_is_in_the_language_of_its_reader(name: str, write: Write) -> None:
    message = write(name, language="ar", asked_in="de")
    # Nobody is looked for who has no account.
    spoken = "de" if name == "account/email/unknown_account" else "ar"
    assert HtmlMail(html_of(message)).languages == {(spoken, "rtl" if spoken == "ar" else "ltr")}
    assert 'align="right"' in html_of(message) or spoken == "de"


def test_german_and_arabic_are_translated(write: Write) -> None:
    german = write("account/email/password_reset_key", language="de")
    arabic = write("account/email/password_reset_key", language="ar")
    english = write("account/email/password_reset_key")
    assert len({german.subject, arabic.subject, english.subject}) == 3
    with translation.override("ar"):
        assert HtmlMail(html_of(arabic)).text.startswith(translation.gettext("Choose a new password"))


def test_a_language_that_the_site_does_not_know_is_that_of_the_request(write: Write) -> None:
    for language in ("", "xx"):
        message = write("account/email/login_code", language=language, asked_in="de")
        assert HtmlMail(html_of(message)).languages == {("de", "ltr")}


def test_addresses_are_shortened_for_whoever_reads_a_former_mailbox(write: Write) -> None:
    changed = write("account/email/email_changed")
    deleted = write("account/email/email_deleted")
    assert "n•••@people.example" in changed.body and "new@people.example" not in changed.body
    assert "o•••@people.example" in deleted.body and "old@people.example" not in deleted.body


# --- Whose language


def test_a_reset_that_somebody_else_asks_for_is_in_the_owners_language(browser: Any, user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(language="ar")
    browser(HTTP_ACCEPT_LANGUAGE="de").post("/account/password/reset/", {"email": user.email})
    assert HtmlMail(html_of(mail.outbox[0])).languages == {("ar", "rtl")}


def test_whoever_signs_up_gets_mails_in_the_language_of_the_pages(browser: Any, db: None) -> None:
    form = {"email": "new@people.example", "password1": PASSWORD, "password2": PASSWORD}
    browser(HTTP_ACCEPT_LANGUAGE="de").post("/account/signup/", form)
    assert get_user_model().objects.get(email="new@people.example").language == "de"
    assert HtmlMail(html_of(mail.outbox[0])).languages == {("de", "ltr")}


def test_a_sign_in_on_a_known_device_changes_the_language_of_mails(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    here.post("/account/logout/")
    here.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    here.sign_in(user)
    user.refresh_from_db()
    assert user.language == "de"


def test_a_sign_in_on_a_new_device_does_not(browser: Any, user: Any) -> None:
    browser(HTTP_ACCEPT_LANGUAGE="de").sign_in(user)
    user.refresh_from_db()
    assert user.language == ""


def test_a_second_sign_in_on_a_device_that_does_not_vouch_does_not(browser: Any, user: Any) -> None:
    """Whoever knows the password could choose a language in which the owner cannot read the warning."""
    browser().sign_in(user)
    thief = browser(HTTP_ACCEPT_LANGUAGE="ar")
    for _time in range(2):
        thief.sign_in(user)
        thief.post("/account/logout/")
    user.refresh_from_db()
    assert user.language == ""


def test_one_that_names_no_language_does_not(browser: Any, user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(language="de")
    here = browser()
    for _time in range(2):
        here.sign_in(user)
        here.post("/account/logout/")
    user.refresh_from_db()
    assert user.language == "de"


def test_the_mails_of_the_app_are_in_the_same_language(browser: Any, user: Any) -> None:
    from sessions_ui import end_user_sessions
    from sessions_ui.delivery import deliver_due
    from tests.models import EndReason

    browser().sign_in(user)
    deliver_due()
    type(user).objects.filter(pk=user.pk).update(language="ar")
    mail.outbox.clear()
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    deliver_due()
    assert HtmlMail(html_of(mail.outbox[0])).languages == {("ar", "rtl")}
