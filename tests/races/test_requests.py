"""Whole requests through real views, each in a transaction of its own where ATOMIC_REQUESTS says so (traps 7 and J)."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import pytest

from tests.aging import long_ago
from tests.conftest import PASSWORD, Browser, make_person
from tests.models import Session
from tests.races.people import is_signed_in, living, outlived, row_of
from tests.races.race import Race

NEW_PASSWORD = "seven brown cows on a hill"
ENTRIES = 30


@pytest.fixture(autouse=True)
def _host(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.races.urls"
    settings.ACCOUNT_RATE_LIMITS = False
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "whitenoise" not in name]


@pytest.fixture
def admin(administrator: Any) -> Browser:
    browser = Browser()
    browser.force_login(administrator)
    return browser


def newcomer() -> Any:
    return make_person(f"{uuid.uuid4().hex}@people.example")


def send(race: Race, browser: Browser, path: str, **fields: Any) -> Any:
    """What was answered; sent again where that is "not done, please try again"."""
    for _ in range(ENTRIES):
        response = browser.post(path, fields)
        if response.status_code != 503:
            assert response.status_code < 500, response.content.decode()
            return response
        race.told += 1
    raise AssertionError(f"told {ENTRIES} times to try again")


def at_the_site(race: Race, browser: Browser, person: Any) -> None:
    send(race, browser, "/account/login/", login=person.email, password=PASSWORD)


def at_the_host(race: Race, browser: Browser, person: Any) -> None:
    send(race, browser, "/host/sign-in/", username=person.email, password=PASSWORD)


def key_of(browser: Browser) -> str | None:
    cookie = browser.cookies.get("sessionid")
    return cookie.value if cookie else None


def everywhere(race: Race, owner: Browser, admin: Browser, person: Any) -> None:
    send(race, owner, "/account/devices/sign-out-everywhere/")


def others(race: Race, owner: Browser, admin: Browser, person: Any) -> None:
    send(race, owner, "/account/devices/sign-out-others/")


def in_bulk(race: Race, owner: Browser, admin: Browser, person: Any) -> None:
    chosen = list(Session.objects.of(person).values_list("pk", flat=True))
    send(
        race,
        admin,
        "/admin/sessions_ui/session/",
        action="sign_out_users",
        _selected_action=chosen,
        confirmed="1",
        note="x",
    )


ENDINGS = [everywhere, others, in_bulk]


def test_a_sign_in_never_outlives_an_ending_that_came_after_it(admin: Browser, race: Race) -> None:
    for end, enter in race.turns(ENDINGS, [at_the_site, at_the_host]):
        person, owner, another = newcomer(), Browser(), Browser()
        owner.sign_in(person)
        first = row_of(key_of(owner))
        race.send(partial(enter, race, another, person), endings=[partial(end, race, owner, admin, person)])
        kept = living(person).filter(pk=first.pk).exists()
        if end is others:
            race.stays(kept and is_signed_in(key_of(owner)), "the session that signed out the others")
            race.is_over(outlived(person, but=first.pk))
        else:
            race.is_over(kept or outlived(person))


def test_a_second_sign_in_in_the_same_browser_never_outlives_an_ending(admin: Browser, race: Race) -> None:
    """Trap 7: the ending was the victim of a deadlock in 4 to 20 of 200."""
    for end in race.turns(ENDINGS):
        person, owner, again = newcomer(), Browser(), Browser()
        owner.sign_in(person)
        first = row_of(key_of(owner))
        again.sign_in(person)
        race.send(
            partial(at_the_host, race, again, person), endings=[partial(end, race, owner, admin, person)]
        )
        race.is_over(outlived(person, but=first.pk))
        if end is others:
            race.stays(is_signed_in(key_of(owner)), "the session that signed out the others")
        else:
            race.is_over(living(person).filter(pk=first.pk).exists())


def change_at_the_site(race: Race, browser: Browser) -> Any:
    return send(
        race,
        browser,
        "/account/password/change/",
        oldpassword=PASSWORD,
        password1=NEW_PASSWORD,
        password2=NEW_PASSWORD,
    )


def change_at_the_host(race: Race, browser: Browser) -> Any:
    return send(
        race,
        browser,
        "/host/password/",
        old_password=PASSWORD,
        new_password1=NEW_PASSWORD,
        new_password2=NEW_PASSWORD,
    )


def test_a_password_change_keeps_its_own_session_and_no_other(race: Race) -> None:
    """Beside it somebody signs in with the old password, and the same browser asks for a page (traps J and 11)."""
    for change in race.turns([change_at_the_site, change_at_the_host]):
        person, owner, thief = newcomer(), Browser(), Browser()
        owner.sign_in(person)
        long_ago(person)  # else changing the password takes a further proof once the thief is there
        tab = Browser()
        tab.cookies["sessionid"] = key_of(owner)
        tab.cookies["device"] = owner.cookies["device"].value if "device" in owner.cookies else ""
        _, looked, changed = race.send(
            partial(at_the_site, race, thief, person),
            partial(tab.get, "/account/devices/"),
            endings=[partial(change, race, owner)],
        )
        person.refresh_from_db()
        assert person.check_password(NEW_PASSWORD), changed
        race.stays(is_signed_in(key_of(owner)), "the session that changed its password")
        race.stays(looked.status_code in (200, 409), "a tab of it")
        race.is_over(is_signed_in(key_of(thief)) or living(person).count() > 1, "the old password")
