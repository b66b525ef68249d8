"""Finding one of many devices, and coming back to where one was."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from sessions_ui.web.devices.overview.view import View
from tests.aging import settle
from tests.models import Device, Session
from tests.sessions_ui.web.test_page_size import PAGE, sign_in_many

HTMX = {"HX-Request": "true"}


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    client.get(PAGE)  # the greeting
    return client


def titles(html: str) -> list[str]:
    return re.findall(r"<h3>([^<]+)</h3>", html)


def found(client: Any, **query: str) -> list[str]:
    return titles(client.get(PAGE, query).content.decode())


def test_there_is_a_search_from_ten_devices_on(here: Any, user: Any) -> None:
    sign_in_many(user, 8)
    assert 'role="search"' not in here.get(PAGE).content.decode()
    sign_in_many(user, 1)
    assert 'role="search"' in here.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("phone 4", ["Phone 4"]),
        ("CITY 5 nigeria", ["Phone 5"]),
        ("102.89.2.3 phone 7", ["Phone 7"]),
        ("firefox linux", ["Firefox on Linux"]),
        ("chrome firefox", []),
        ("%_\\", []),
    ],
)
def test_every_word_has_to_be_known_of_it(here: Any, user: Any, words: str, names: list[str]) -> None:
    sign_in_many(user, 12)
    assert found(here, q=words) == names


def test_what_was_found_is_counted_and_everything_is_one_link_away(here: Any, user: Any) -> None:
    sign_in_many(user, 12)
    text = " ".join(here.get(PAGE, {"q": "nigeria"}).content.decode().split())
    assert "12 devices and apps match." in text
    assert f'<a href="{PAGE}">Show all</a>' in text
    assert "13 devices signed in" in text, "of the account, not of the search"
    nothing = " ".join(here.get(PAGE, {"q": "nowhere"}).content.decode().split())
    assert "0 devices and apps match." in nothing and "No other device matches." in nothing


def test_kinds_and_what_is_in_use(here: Any, user: Any, settings: Any, signed_in: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": None, "ABSOLUTE_TIMEOUT": None}
    now = timezone.now()
    old = now - timedelta(days=40)
    for name, kind, fields in (
        ("Tablet", "tablet", {"last_seen_at": now - timedelta(hours=1)}),
        ("Backup", "tool", {"kind": Session.Kind.APP, "last_seen_at": now - timedelta(hours=2)}),
        ("Attic", "computer", {"last_seen_at": old}),
    ):
        signed_in(user, device={"name": name, "kind": kind}, **fields)
    this = "Firefox on Linux"
    assert found(here, show="phones") == ["Tablet"]
    assert found(here, show="computers") == [this, "Attic"]
    assert found(here, show="apps") == ["Backup"]
    assert found(here, show="active") == [this]
    assert found(here, show="unused") == ["Attic"]
    assert found(here, show="tablets") == [this, "Tablet", "Attic", "Backup"], "no choice of ours: everything"


def test_a_search_ends_nothing_that_it_does_not_show(
    here: Any, user: Any, settings: Any, signed_in: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": None, "ABSOLUTE_TIMEOUT": None}
    for name in ("Attic", "Cellar", "Garage"):
        signed_in(user, device={"name": name}, last_seen_at=timezone.now() - timedelta(days=40))
    assert "Sign out all 3" in here.get(PAGE).content.decode()
    assert "Sign out all" not in here.get(PAGE, {"q": "a"}).content.decode()


def test_a_plain_form_leads_back_to_where_it_stood(here: Any, user: Any) -> None:
    sign_in_many(user, 45)
    settle(user)
    query = "q=phone&page=2"
    html = here.get(f"{PAGE}?{query}").content.decode()
    assert 'name="place" value="q=phone&amp;page=2"' in html
    last = Device.objects.get(name="Phone 30")
    address = reverse("sessions_ui:sign_out_device", args=[last.public_id])
    assert here.post(address, {"place": query}).headers["Location"] == f"{PAGE}?{query}"
    name = reverse("sessions_ui:rename", args=[Device.objects.get(name="Phone 31").public_id])
    answer = here.post(name, {"name": "Kitchen phone", "place": query}, follow=True).content.decode()
    assert "Page 2 of 3" in answer and "Kitchen phone" in titles(answer)


@pytest.mark.parametrize(
    "place", ["https://elsewhere.example/", "//x", "next=/x", "&" * 5000, "q=%ff%00", "page=x"]
)
def test_a_made_up_place_leads_to_the_list(here: Any, user: Any, place: str) -> None:
    sign_in_many(user, 1)
    device = Device.objects.get(name="Phone 0")
    answer = here.post(reverse("sessions_ui:sign_out_device", args=[device.public_id]), {"place": place})
    assert answer.status_code == 302
    assert answer.headers["Location"].split("?")[0] == PAGE


def test_htmx_gets_the_page_that_it_asks_for_and_after_an_act_the_one_it_is_on(here: Any, user: Any) -> None:
    sign_in_many(user, 45)
    settle(user)
    turned = here.get(
        PAGE, {"page": "3"}, headers={**HTMX, "HX-Current-URL": f"http://testserver{PAGE}?page=2"}
    )
    assert "Page 3 of 3" in turned.content.decode() and "<html" not in turned.content.decode()
    device = Device.objects.get(name="Phone 0")
    acted = here.post(
        reverse("sessions_ui:sign_out_device", args=[device.public_id]),
        headers={**HTMX, "HX-Current-URL": f"http://testserver{PAGE}?page=2"},
    )
    assert "Page 2 of 3" in acted.content.decode()


def test_going_back_in_the_browser_gets_a_whole_page(here: Any) -> None:
    answer = here.get(PAGE, headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<html" in answer.content.decode()


def test_turning_a_page_keeps_what_was_searched_for(here: Any, user: Any) -> None:
    sign_in_many(user, 45)
    html = here.get(PAGE, {"q": "phone", "page": "2"}).content.decode()
    assert 'href="?q=phone&amp;page=3#other-devices"' in html
    assert 'href="?q=phone#other-devices"' in html


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("", ""),
        ("page=1", ""),
        ("page=3", "page=3"),
        ("q=+a++b+&show=x", "q=a+b"),
        ("show=apps&x=1", "show=apps"),
    ],
)
def test_a_view_says_no_more_than_it_is(query: str, same: str) -> None:
    assert View.read(QueryDict(query)).query == same
