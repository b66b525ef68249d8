"""What is read aloud has in it what is seen (WCAG 2.5.3), in every language: people say what they see to a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils import timezone

from sessions_ui.actions.help_desk.caller import verify_caller
from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.prove import ask_for_approval
from tests.conftest import make_person
from tests.models import Case, Device

pytestmark = pytest.mark.django_db

LANGUAGES = [code for code, _name in settings.LANGUAGES]
SPOKEN = {"a", "button", "input", "summary"}


class Names(HTMLParser):
    """The controls of a page that are called otherwise than they look: what is read, and what is seen."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.open: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        label = dict(attrs).get("aria-label")
        if tag in SPOKEN and label:
            self.open = (tag, label)
            self.found.append((label, ""))

    def handle_data(self, data: str) -> None:
        if self.open is not None:
            label, seen = self.found[-1]
            self.found[-1] = (label, seen + data)

    def handle_endtag(self, tag: str) -> None:
        if self.open is not None and tag == self.open[0]:
            self.open = None


def names(html: str) -> Iterator[tuple[str, str]]:
    parser = Names()
    parser.feed(html)
    for label, seen in parser.found:
        if seen.strip():
            yield words(label), words(seen)


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def mismatches(html: str) -> list[tuple[str, str]]:
    return [(label, seen) for label, seen in names(html) if seen not in label]


@pytest.fixture
def pages(browser: Any, user: Any, agent: Any, settings: Any, signed_in: Any) -> Any:
    """Name and HTML of pages with such controls, in a language."""
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "SECOND_FACTOR_AT": "tests.sessions_ui.help_desk.conftest.shown_now",
    }
    here, desk = browser(), browser()
    here.sign_in(user)
    signed_in(user, device={"name": "Tablet"})
    signed_in(user, device={"name": "Odd"}, verdict="suspicious", verdict_reasons=["new_device"])
    signed_in(user, device=signed_in(user, device={"name": "Twice"}).device)
    Device.objects.create(user=user, name="Gone", lost_at=timezone.now())
    EmailAddress.objects.create(user=user, email="ada@elsewhere.example", verified=True)
    case = open_case(agent=agent, term=user.email)
    verify_caller(case=case, agent=agent, ticket="INC-7", reason=Case.Reason.LOST, ways=["call_back"])
    colleague = make_person("colleague@staff.example", is_staff=True)
    colleague.groups.set(agent.groups.all())
    ask_for_approval(case=case, agent=agent)
    desk.force_login(agent)
    second = browser()
    second.force_login(colleague)

    def read(language: str) -> dict[str, str]:
        said = {"Accept-Language": language}
        asked = {
            "devices": here.get("/account/devices/", headers=said),
            "addresses": here.get("/account/email/", headers=said),
            "case": desk.get(f"/help-desk/{case.public_id}/", headers=said),
            "approvals": second.get("/help-desk/approvals/", headers=said),
        }
        assert {answer.status_code for answer in asked.values()} == {200}
        return {name: answer.content.decode() for name, answer in asked.items()}

    return read


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_aloud_has_in_it_what_is_seen(pages: Any, language: str) -> None:
    read = pages(language)
    assert {name for name, html in read.items() if [*names(html)]} >= {"devices", "addresses", "approvals"}
    assert {name: wrong for name, html in read.items() if (wrong := mismatches(html))} == {}


def test_a_name_that_differs_is_seen() -> None:
    html = '<button aria-label="Kitchen was found"><svg></svg> It was found </button><a aria-label="x">X</a>'
    assert mismatches(html) == [("kitchen was found", "it was found")]
