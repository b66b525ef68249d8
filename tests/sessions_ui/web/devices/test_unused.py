"""The line of the devices page that says when unused devices are signed out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.delivery import deliver_due
from tests.aging import age_sign_ins
from tests.models import AccountState, Event, Session
from tests.unused import DAY, chose, let_them_last

pytestmark = pytest.mark.django_db

PAGE = "/account/devices/"
CHOOSE = "/account/devices/unused/"
SignedIn = Callable[..., Session]


@pytest.fixture
def here(browser: Any, user: Any, settings: Any) -> Any:
    let_them_last(settings)
    client = browser()
    client.sign_in(user)
    client.get(PAGE)  # the greeting
    return client


def options(html: str) -> list[tuple[str, str, bool]]:
    """Value, text and whether it is chosen."""
    found = re.findall(r'<option value="(\d+)"( selected)?>([^<]+)</option>', html)
    return [(value, text, bool(selected)) for value, selected, text in found]


def choice(user: Any) -> int | None:
    return AccountState.objects.values_list("unused_months", flat=True).get(user_id=user.pk)


def test_the_page_offers_never_and_three_times(here: Any) -> None:
    html = here.get(PAGE).content.decode()
    assert '<label for="unused-months" id="unused-label">Sign out what I don’t use</label>' in html
    assert options(html) == [
        ("0", "Never", True),
        ("3", "After 3 months", False),
        ("6", "After 6 months", False),
        ("12", "After 12 months", False),
    ]


def test_it_stands_with_what_is_unused_where_there_is_anything(
    here: Any, user: Any, signed_in: SignedIn
) -> None:
    assert "unused-months" not in unused_part(here.get(PAGE).content.decode())
    signed_in(user, device={"name": "Old"}, last_seen_at=timezone.now() - 40 * DAY)
    html = here.get(PAGE).content.decode()
    assert html.count('id="unused-months"') == unused_part(html).count('id="unused-months"') == 1


def unused_part(html: str) -> str:
    """The closed list of what has not been used for long, without what comes after it."""
    return html.partition('<details class="sui-panel" id="unused">')[2].partition(
        '<details class="sui-panel"'
    )[0]


def test_the_choice_of_the_site_is_shown_until_there_is_one_of_ones_own(
    here: Any, user: Any, settings: Any
) -> None:
    let_them_last(settings, SIGN_OUT_UNUSED_MONTHS=6)
    assert ("6", "After 6 months", True) in options(here.get(PAGE).content.decode())
    chose(user, 0)
    assert ("0", "Never", True) in options(here.get(PAGE).content.decode())


@pytest.mark.parametrize("show", [{"show": "unused"}, {"q": "x"}])
def test_what_was_searched_for_comes_without_it(here: Any, show: dict[str, str]) -> None:
    assert "unused-months" not in here.get(PAGE, show).content.decode()


def test_nothing_is_offered_where_the_site_ends_everything_sooner(here: Any, settings: Any) -> None:
    with CaptureQueriesContext(connection) as offered:
        assert "unused-months" in here.get(PAGE).content.decode()
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": timedelta(days=14)}
    with CaptureQueriesContext(connection) as not_offered:
        assert "unused-months" not in here.get(PAGE).content.decode()
    assert len(offered) == len(not_offered) + 1


def test_it_is_saved_and_said(here: Any, user: Any, other_user: Any) -> None:
    html = here.post(CHOOSE, {"months": "6"}, follow=True).content.decode()
    assert "Saved. Devices that you don’t use for 6 months will be signed out." in html
    assert ("6", "After 6 months", True) in options(html)
    assert choice(user) == 6
    [event] = Event.objects.filter(kind=Event.Kind.UNUSED_CHOSEN)
    assert (event.user_id, event.actor_id, event.data) == (user.pk, user.pk, {"from": None, "to": 6})


def test_with_htmx_the_list_comes_back_with_the_sentence(here: Any) -> None:
    answer = here.post(CHOOSE, {"months": "12"}, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="devices")
    html = answer.content.decode()
    assert (answer.status_code, "<html" in html) == (200, False)
    assert "Saved. Devices that you don’t use for 12 months will be signed out." in html
    assert ("12", "After 12 months", True) in options(html)


@pytest.mark.parametrize("months", ["", "1", "-3", "3.0", "3 ", "x", "0x3", "\0", "9" * 5000])
def test_what_is_no_choice_is_said_and_not_saved(here: Any, user: Any, months: str) -> None:
    answer = here.post(CHOOSE, {"months": months})
    assert answer.status_code == 422
    assert "Choose one of the times in the list." in answer.content.decode()
    assert choice(user) is None


def test_without_a_choice_nothing_is_saved(here: Any, user: Any) -> None:
    assert here.post(CHOOSE).status_code == 422
    assert choice(user) is None


def test_an_older_sign_in_is_asked_who_is_there_and_goes_on_then(here: Any, user: Any) -> None:
    """ "Never" would keep a stolen sign-in alive."""
    from tests.conftest import PASSWORD

    chose(user, 3)
    age_sign_ins(user)
    asked = here.post(CHOOSE, {"months": "0"}).content.decode()
    assert "Change when unused devices are signed out" in asked
    assert choice(user) == 3
    [act] = re.findall(r'name="act" value="([^"]+)"', asked)
    here.post("/account/devices/confirm/", {"act": act, "password": PASSWORD})
    assert choice(user) == 0


@pytest.mark.parametrize("months", ["0", "3"])
def test_a_sign_in_that_is_not_settled_gives_a_further_proof(
    here: Any, browser: Any, user: Any, months: str, mailoutbox: Any
) -> None:
    """Whoever knows the password would end what is older by a few months, or keep what they stole by "never"."""
    chose(user, 6)
    thief = browser(address="89.160.20.112")
    thief.sign_in(user)
    html = thief.post(CHOOSE, {"months": months}).content.decode()
    assert "The code from the email" in html and "Change when unused devices are signed out" in html
    deliver_due()
    assert "or change when unused ones are signed out" in mailoutbox[-1].body, "“never” signs nothing out"
    answer = thief.put("/api/unused", {"months": int(months)}, content_type="application/json")
    assert (answer.status_code, choice(user)) == (403, 6)


def test_it_leads_back_to_the_page_of_the_list(here: Any) -> None:
    assert here.post(CHOOSE, {"months": "3", "place": "page=2"}).url == f"{PAGE}?page=2"


def test_a_device_that_stands_apart_says_for_how_many_months(
    here: Any, user: Any, signed_in: SignedIn
) -> None:
    long = timezone.now() + 300 * DAY
    signed_in(user, device={"name": "Tablet"}, last_seen_at=timezone.now() - 130 * DAY, expires_at=long)
    signed_in(user, device={"name": "Phone"}, last_seen_at=timezone.now() - 20 * DAY, expires_at=long)
    html = here.get(PAGE).content.decode()
    row = {name: html.split(f"<h3>{name}</h3>")[1].split("<h3>")[0] for name in ("Tablet", "Phone")}
    line = {name: text.split("</summary>")[0] for name, text in row.items()}
    assert ">Not used for 4 months</time>" in line["Tablet"] and "Last active" not in line["Tablet"]
    assert "Last active" in line["Phone"] and "Not used" not in line["Phone"]
    assert re.search(r'action="/account/devices/\w+/sign-out/"', row["Tablet"])
