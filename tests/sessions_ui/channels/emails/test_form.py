"""The mails of the app have one form: a frame, a signature, dates, links to read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

import sessions_ui
from sessions_ui.channels.emails.base import DeviceLine
from sessions_ui.channels.emails.channel import first_paragraph, tidy
from sessions_ui.wording.sessions import moment_text
from tests.html_mail import HtmlMail, one_line
from tests.models import EndReason, Session

FOLDER = Path(sessions_ui.__file__).parent / "templates/sessions_ui/mail"
NAMES = sorted(path.name.removesuffix("_subject.txt") for path in FOLDER.glob("*_subject.txt"))
# Filters that say a moment in another way than `moment_text`.
OTHER_DATES = re.compile(r"\|\s*(date|time|timesince|timeuntil|naturaltime|naturalday)\b")
URL = re.compile(r"https?://\S+")
WHEN = datetime(2026, 11, 2, 14, 2, tzinfo=UTC)
DEVICE = DeviceLine("Phone <b>", "Firefox on Linux", None, "81.2.69.142")
LINKS = ("devices", "not_me", "reset", "help", "recovery", "token")
# Whatever a mail can say, all at once.
EVERYTHING = {
    **{f"{name}_url": f"https://devices.example/{name}/" for name in LINKS},
    **dict.fromkeys(("when", "at", "until", "since", "ends_at", "used"), WHEN),
    "act": SimpleNamespace(at=WHEN),
    "event": SimpleNamespace(at=WHEN),
    "case": SimpleNamespace(since=WHEN, expires_at=WHEN, needs_password=True),
    "session": Session(verdict="unusual", verdict_reasons=["new_device"], method="password"),
    "method": "password",
    "device": DEVICE,
    **dict.fromkeys(("devices", "ended"), (DEVICE, DEVICE)),
    "unused": [{"line": DEVICE, "used": WHEN}],
    **dict.fromkeys(("more", "more_ended", "more_tokens", "token_count", "count", "bridged", "minutes"), 4),
    "tokens": ["Backup <b>"],
    "changes": [{"text": "A passkey was added", "label": "Blue key <b>"}],
    "lines": [{"at": WHEN, "what": "The password was changed", "ended": "2 sign-ins"}],
    "code": "QFXZ-7319",
    "purpose": "sign out other devices",
    "reason": "the password was reset",
    "name": "Backup <b>",
    "may_return": True,
    "return_text": "You can sign in there again.",
    "why": "expired",
    "password_is_void": True,
    "site": "devices.example",
    "service_account": "robot@people.example",
    "subject": "Subject",
}  # fmt: skip


def html_of(message: Any) -> HtmlMail:
    return HtmlMail(message.alternatives[0][0])


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_text_with_a_signature_and_html_in_the_frame(name: str) -> None:
    text, html = (FOLDER / f"{name}.txt").read_text(), (FOLDER / f"{name}.html").read_text()
    assert re.search(r"\n-- \n{% include \"sessions_ui/mail/_why.txt\" %}{% endautoescape %}\n?$", text)
    assert html.startswith('{% extends "sessions_ui/mail/base.html" %}')


@pytest.mark.parametrize("not_me", [True, False], ids=["to report", "nothing to report"])
@pytest.mark.parametrize("name", NAMES)
def test_text_and_html_have_the_same_facts(name: str, not_me: bool) -> None:
    context = {**EVERYTHING, **({} if not_me else {"not_me_url": "", "by_staff": True})}
    body = tidy(render_to_string(f"sessions_ui/mail/{name}.txt", context))
    html = HtmlMail(render_to_string(f"sessions_ui/mail/{name}.html", context))
    assert html.links == {*URL.findall(body)}
    assert {*URL.findall(html.text)} == html.links
    for fact in (moment_text(WHEN), "QFXZ-7319", "81.2.69.142", "Backup <b>", "Blue key <b>", "2 sign-ins"):
        assert (fact in html.text) is (fact in one_line(body)), fact


@pytest.mark.parametrize("name", NAMES)
def test_each_is_right_to_left_where_its_language_is(name: str) -> None:
    with translation.override("ar"):
        html = HtmlMail(render_to_string(f"sessions_ui/mail/{name}.html", EVERYTHING))
    assert html.languages == {("ar", "rtl")}


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_moments_are_said_in_one_way(path: Path) -> None:
    assert not OTHER_DATES.search(path.read_text())


def test_another_way_to_say_a_date_is_seen() -> None:
    assert OTHER_DATES.search('{{ at|date:"DATETIME_FORMAT" }}')
    assert not OTHER_DATES.search("{{ at|moment_text }}")


def test_the_signature_comes_after_one_blank_line() -> None:
    assert tidy("\nHello.\n-- \nSent by us.\n\n") == "Hello.\n\n-- \nSent by us.\n"
    assert tidy("One.\n\n\n\nTwo.\n\n\n-- \nSent by us.") == "One.\n\nTwo.\n\n-- \nSent by us.\n"


def test_the_first_paragraph_has_no_code() -> None:
    assert (
        first_paragraph("Somebody asked for\nthis code:\n\n    123456\n") == "Somebody asked for this code:"
    )


@pytest.mark.django_db
def test_the_list_of_a_mail_program_shows_how_the_text_begins(send_mail: Any) -> None:
    message = send_mail(EndReason.PASSWORD_RESET)
    preheader = html_of(message).preheader
    assert preheader.startswith("This sign-in to your account was ended on ")
    assert one_line(message.body).startswith(preheader)


@pytest.mark.django_db
def test_a_link_can_be_read_as_well(send_mail: Any) -> None:
    html = html_of(send_mail(EndReason.PASSWORD_RESET))
    assert html.links == {"https://devices.example/account/devices/"}
    assert "https://devices.example/account/devices/" in html.text


@pytest.mark.django_db
def test_it_says_language_and_direction_where_a_mail_program_leaves_them(
    send_mail: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "MAIL_LANGUAGE": lambda user: "ar"}
    html = html_of(send_mail(EndReason.PASSWORD_RESET))
    outer = html.first("table")
    assert (outer["lang"], outer["dir"]) == ("ar", "rtl")
    assert html.languages == {("ar", "rtl")}


@pytest.mark.django_db
def test_it_loads_nothing(send_mail: Any) -> None:
    """So nobody learns when it is opened."""
    html = send_mail(EndReason.PASSWORD_RESET).alternatives[0][0]
    assert not re.search(r"<(img|link|script|iframe)|src=|url\(|@import", html)
