"""Every address of the site, as a person comes to it: pages that need a sign-in offer to sign out, and opening an
address signs nobody in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.urls import reverse
from django.utils import timezone

from tests.away.addresses import addresses
from tests.bystander import Bystander
from tests.conftest import PASSWORD
from tests.models import Session

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.no_bystander("whoever may do everything opens pages of rows that are there"),
]

# What answers with a page to whoever is signed in, and is none that a person reads as a whole.
PARTS = {
    "sessions_ui:device_list",  # the list that an open page asks for
    "sessions_ui:proof",  # "has the proof come in?"
    "sessions_ui:situation",
    "admin:jsi18n",
}
SIGN_OUT = re.compile(r'<form[^>]*method="post"[^>]*action="(?:/account/logout/|/admin/logout/)"')


def just_now(request: Any) -> Any:
    """For `SECOND_FACTOR_AT`."""
    return timezone.now()


@pytest.fixture
def boss(administrator: Any, agent: Any, settings: Any, browser: Callable[..., Any]) -> Any:
    """A browser of somebody who may open everything, and has just confirmed who they are."""
    administrator.groups.set(agent.groups.all())
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SECOND_FACTOR_AT": f"{__name__}.just_now"}
    here = browser()
    here.sign_in(administrator)
    here.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return here


def pages(reader: Any, paths: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Name and HTML of what answers with a page."""
    for name, path in paths.items():
        answer = reader.get(path)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            yield name, answer.content.decode()


@pytest.mark.control("ASVS 7.4.4", "SP 800-53 AC-12(1)")
def test_every_page_that_needs_a_sign_in_offers_to_sign_out(boss: Any, browser: Any) -> None:
    paths = addresses(Bystander())
    stranger = browser()
    open_to_all = {name for name, _html in pages(stranger, paths)}
    left_out = PARTS | open_to_all | {"account_logout", "admin:logout"}
    closed = {name: path for name, path in paths.items() if name not in left_out}
    read = dict(pages(boss, closed))
    assert len(read) > 50
    assert read.keys() >= {"sessions_ui:devices", "help_desk:search", "mfa_index", "admin:index"}
    assert [name for name, html in read.items() if not SIGN_OUT.search(html)] == []


@pytest.mark.control("ASVS 7.6.2")
def test_opening_an_address_signs_nobody_in(browser: Any, user: Any) -> None:
    """A link on another site, a picture, a page that a browser fetches ahead: none of them is anybody's consent.
    `user` could be signed in; the rows in the addresses are those of an account that could not."""
    paths = addresses(Bystander())
    before = set(Session.objects.values_list("pk", flat=True))
    stranger = browser(HTTP_REFERER="https://elsewhere.example/")
    for path in paths.values():
        stranger.get(path)
        assert SESSION_KEY not in stranger.session, path
    assert not Session.objects.exclude(pk__in=before).filter(user__isnull=False).exists()


@pytest.mark.control("ASVS 7.6.2")
def test_another_site_signs_nobody_in_by_sending_a_form(browser: Any, user: Any) -> None:
    here = browser(enforce_csrf_checks=True)
    answer = here.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert SESSION_KEY not in here.session
