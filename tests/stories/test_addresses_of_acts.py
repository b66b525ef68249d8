"""Whoever opens the address of an act, by "Back" or from the history of a browser, gets a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

pytestmark = pytest.mark.django_db

# For programs only: nobody sees their answer.
FOR_PROGRAMS = ("/api/", "/_allauth/", "/account/devices/provider-sign-out/", "/metrics", "/i18n/setlang/")
A_PERSON = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Mode": "navigate"}
SAMPLES = {
    "public_id": "a" * 16,
    "device_id": "b" * 16,
    "pk": "1",
    "key": "1",
    "name": "lost",
    "act": "sign-out",
}


def addresses(patterns: Any, before: str = "/", route: tuple[Any, ...] = ()) -> Iterator[str]:
    """Every address of the site, with something in the place of each argument."""
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, before, (*route, each.pattern))
        elif isinstance(each, URLPattern) and (address := spelled((*route, each.pattern))) is not None:
            yield address


def spelled(route: tuple[Any, ...]) -> str | None:
    from django.urls.resolvers import RoutePattern, _route_to_regex

    address = "/"
    for pattern in route:
        if isinstance(pattern, RoutePattern):
            _regex, converters = _route_to_regex(str(pattern), is_endpoint=False)
            part = str(pattern)
            for name, converter in converters.items():
                start = part.index("<")
                end = part.index(">", start)
                value = SAMPLES.get(name, "1" if type(converter).__name__ == "IntConverter" else "x")
                part = part[:start] + value + part[end + 1 :]
            address += part
        elif str(pattern) not in ("", "^/"):
            return (
                None  # a regular expression: those of ours are shown by GET, or are the admin's last resort
            )
    return address.replace("//", "/")


ALL = sorted(set(addresses(get_resolver().url_patterns)))


def test_every_address_of_the_site_is_looked_at() -> None:
    for known in (
        "/account/devices/sign-out-others/",
        f"/help-desk/{'a' * 16}/carry-out/",
        "/account/logout/",
    ):
        assert known in ALL
    assert len(ALL) > 150


def test_no_address_answers_a_person_that_the_method_is_wrong(
    browser: Any, user: Any, agent: Any, administrator: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "SECOND_FACTOR_AT": "tests.sessions_ui.help_desk.conftest.shown_now",
    }
    wrong = []
    for who in (None, user, agent, administrator):
        client = browser()
        if who is not None:
            client.force_login(who)
        for address in ALL:
            if address.startswith(FOR_PROGRAMS) or "logout" in address:
                continue
            if client.get(address, headers=A_PERSON).status_code == 405:
                wrong.append((str(who), address))
    assert wrong == []


@pytest.mark.parametrize(
    ("act", "page"),
    [
        ("/account/devices/sign-out-everywhere/", "/account/devices/"),
        (f"/account/devices/{'a' * 16}/sign-out/", f"/account/devices/{'a' * 16}/"),
        (f"/account/devices/sessions/{'a' * 16}/sign-out/", "/account/devices/"),
        (f"/account/devices/tokens/{'a' * 16}/end/", f"/account/devices/tokens/{'a' * 16}/"),
        ("/account/devices/data/download/", "/account/devices/data/"),
    ],
)
def test_it_leads_to_the_page_that_the_act_is_on(act: str, page: str, browser: Any, user: Any) -> None:
    client = browser()
    client.force_login(user)
    answer = client.get(act, headers=A_PERSON)
    assert (answer.status_code, answer.url) == (302, page)
    json = {"Accept": "application/json"}
    assert client.get(act, headers=json).status_code == 405, "a program is told what is wrong"
    assert client.head(act, headers=A_PERSON).status_code == 302


def test_of_a_case_it_leads_to_the_case(browser: Any, agent: Any) -> None:
    client = browser()
    client.force_login(agent)
    for act in ("carry-out", "review", "verify", "code/check"):
        answer = client.get(f"/help-desk/{'a' * 16}/{act}/", headers=A_PERSON)
        assert (answer.status_code, answer.url) == (302, f"/help-desk/{'a' * 16}/")
    assert client.get(f"/help-desk/approvals/{'a' * 16}/", headers=A_PERSON).url == "/help-desk/approvals/"
