"""Who gets a whole page, and who a part of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone

from sessions_ui.web.responses.navigation import is_led_by_headers, led_to, wants_fragment
from tests.away.addresses import addresses
from tests.bystander import Bystander
from tests.models import AccountState

HTMX = {"HX-Request": "true"}
# What it asks a whole page for: "Back", and links of a host's page that has hx-boost.
WHOLE = {"back": {"HX-History-Restore-Request": "true"}, "boosted": {"HX-Boosted": "true"}}
# Addresses of parts alone, for what a page asks by itself: none of them comes into the history of a browser.
PARTS = {
    "sessions_ui:device_list",
    "sessions_ui:proof",
    "sessions_ui:token_proof",
    "help_desk:state",
}
# A part where htmx asks for one; more may be found, and none may be missed.
BOTH = {
    "sessions_ui:devices",
    "sessions_ui:device",
    "sessions_ui:rename",
    "sessions_ui:everywhere",
    "sessions_ui:security_log",
    "sessions_ui:situation",
    "sessions_ui:token",
}


def asked(**headers: str) -> HttpRequest:
    return RequestFactory().get("/", headers=headers)


@pytest.mark.parametrize(
    ("headers", "part", "led"),
    [
        ({}, False, False),
        (HTMX, True, True),
        (HTMX | WHOLE["back"], False, False),
        (HTMX | WHOLE["boosted"], False, True),
        (WHOLE["back"], False, False),
    ],
    ids=["a browser", "htmx", "back by htmx", "boosted by htmx", "back by its setting without HX-Request"],
)
def test_what_htmx_asks_for(headers: dict[str, str], part: bool, led: bool) -> None:
    request = asked(**headers)
    assert wants_fragment(request) is part and is_led_by_headers(request) is led
    answer = led_to(request, "/there/")
    assert answer.headers["HX-Redirect" if led else "Location"] == "/there/"


def just_now(request: Any) -> Any:
    """For `SECOND_FACTOR_AT`."""
    return timezone.now()


@pytest.mark.django_db
@pytest.mark.no_bystander("the pages are those of whoever may do everything, about rows that are there")
def test_every_page_with_a_part_for_htmx_is_whole_where_a_whole_one_is_asked_for(
    administrator: Any, agent: Any, settings: Any, browser: Callable[..., Any]
) -> None:
    administrator.groups.set(agent.groups.all())
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SECOND_FACTOR_AT": f"{__name__}.just_now"}
    somebody = Bystander()
    both: set[str] = set()
    owner = get_user_model().objects.get(pk=somebody.keys(get_user_model())[0])
    AccountState.objects.filter(user_id=owner.pk).delete()  # what keeps them from signing in
    for reader in (administrator, owner):
        here = browser()
        here.force_login(reader)
        for name, path in addresses(somebody).items():
            if name.partition(":")[0] not in ("sessions_ui", "help_desk", "admin") or name in PARTS:
                continue
            if is_part(here.get(path, headers=HTMX)):
                both.add(name)
                for how, headers in WHOLE.items():
                    assert not is_part(here.get(path, headers=HTMX | headers)), (name, how)
    assert both >= BOTH, BOTH - both


def is_part(answer: Any) -> bool:
    is_html = answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html")
    return is_html and bool(answer.content) and b"<html" not in answer.content


@pytest.mark.django_db
def test_back_to_a_page_after_the_sign_out_leads_to_the_sign_in(browser: Callable[..., Any]) -> None:
    """Of this answer htmx would show the body alone, which is empty where a header leads on."""
    answer = browser().get("/account/devices/log/?kind=ended", headers=HTMX | WHOLE["back"])
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/account/login/?next=/account/devices/log/%3Fkind%3Dended"
