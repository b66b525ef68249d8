"""Light or dark, and the language: chosen in the foot of each page, remembered without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.urls import reverse

from sessions_ui import deliver_all, end_user_sessions
from tests.aging import settle
from tests.conftest import PASSWORD
from tests.models import EndReason

pytestmark = pytest.mark.django_db

LOGIN, THEME, LANGUAGE = "/account/login/", "/account/theme/", "/account/language/"


def theme_in(html: str) -> str | None:
    found = re.search(r'<html lang="\w+" dir="\w+"(?: data-theme="(\w+)")?>', html)
    assert found
    return found[1]


def schemes_in(html: str) -> str:
    return html.partition('<meta name="color-scheme" content="')[2].partition('"')[0]


def language_in(html: str) -> str:
    return html.partition('<html lang="')[2].partition('"')[0]


def pressed(html: str) -> list[str]:
    """What the two forms say is chosen, as their buttons' values."""
    buttons = re.findall(r'<button name="\w+" value="([\w-]+)"[^>]*aria-pressed="(\w+)"', html)
    return [value for value, is_pressed in buttons if is_pressed == "true"]


def page(client: Any, path: str = LOGIN, **options: Any) -> str:
    return str(client.get(path, **options).content.decode())


# --- Light or dark


@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_a_theme_that_was_chosen_is_on_every_page_from_then_on(chosen: str, browser: Any) -> None:
    here = browser()
    answer = here.post(THEME, {"theme": chosen, "next": "/account/signup/"})
    assert (answer.status_code, answer.url) == (302, "/account/signup/")
    for path in (LOGIN, "/account/signup/", "/nowhere/"):
        html = page(here, path)
        assert (theme_in(html), schemes_in(html)) == (chosen, chosen), path
    assert pressed(page(here)) == [chosen, "en"]


def test_without_a_choice_the_system_decides(browser: Any) -> None:
    html = page(browser())
    assert (theme_in(html), schemes_in(html)) == (None, "light dark")
    assert pressed(html) == ["system", "en"]


def test_the_choice_is_taken_back(browser: Any) -> None:
    here = browser()
    here.post(THEME, {"theme": "dark"})
    here.post(THEME, {"theme": "system"})
    html = page(here)
    assert (theme_in(html), schemes_in(html)) == (None, "light dark")


def test_the_cookie_of_it_lasts_a_year_and_no_script_reads_it(browser: Any) -> None:
    cookie = browser().post(THEME, {"theme": "dark"}).cookies["theme"]
    assert (cookie.value, cookie["max-age"]) == ("dark", 31_536_000)
    assert cookie["httponly"] and cookie["secure"] and cookie["samesite"] == "Lax"


@pytest.mark.parametrize("value", ["", "sepia", 'dark"><script>', "DARK"])
def test_a_cookie_that_says_anything_else_says_nothing(value: str, browser: Any) -> None:
    here = browser()
    here.cookies["theme"] = value
    assert theme_in(page(here)) is None


@pytest.mark.parametrize("form", [{}, {"theme": ""}, {"theme": "sepia"}])
def test_a_theme_that_does_not_exist_is_said_and_changes_nothing(form: dict[str, str], browser: Any) -> None:
    here = browser()
    here.post(THEME, {"theme": "dark"})
    answer = here.post(THEME, {**form, "next": LOGIN}, follow=True)
    html = answer.content.decode()
    assert "That appearance doesn’t exist, so nothing was changed." in html
    assert theme_in(html) == "dark"


# --- The language


@pytest.mark.parametrize(("code", "direction"), [("de", "ltr"), ("ar", "rtl")])
def test_a_language_that_was_chosen_is_that_of_every_page_from_then_on(
    code: str, direction: str, browser: Any
) -> None:
    here = browser()
    answer = here.post(LANGUAGE, {"language": code, "next": "/account/signup/"})
    assert (answer.status_code, answer.url) == (302, "/account/signup/")
    html = page(here, headers={"accept-language": "en"})
    assert f'<html lang="{code}" dir="{direction}"' in html
    assert pressed(html) == ["system", code]


def test_each_language_is_offered_in_its_own_words(browser: Any) -> None:
    html = page(browser())
    offered = re.findall(r'name="language" value="([\w-]+)" lang="([\w-]+)"[^>]*>\s*([^<]+?)\s*<', html)
    assert offered == [
        ("en", "en", "English"),
        ("de", "de", "Deutsch"),
        ("es", "es", "Español"),
        ("fr", "fr", "Français"),
        ("pt-br", "pt-br", "Português Brasileiro"),
        ("ar", "ar", "العربيّة"),
    ]


def test_the_cookie_of_the_language_lasts_a_year_and_no_script_reads_it(browser: Any) -> None:
    cookie = browser().post(LANGUAGE, {"language": "de"}).cookies["django_language"]
    assert (cookie.value, cookie["max-age"]) == ("de", 31_536_000)
    assert cookie["httponly"] and cookie["secure"] and cookie["samesite"] == "Lax"


@pytest.mark.parametrize("form", [{}, {"language": ""}, {"language": "it"}, {"language": "../de"}])
def test_a_language_that_the_site_does_not_speak_is_said_and_changes_nothing(
    form: dict[str, str], browser: Any
) -> None:
    here = browser()
    answer = here.post(LANGUAGE, {**form, "next": LOGIN}, follow=True)
    html = answer.content.decode()
    assert "This site isn’t available in that language, so nothing was changed." in html
    assert language_in(html) == "en" and "django_language" not in here.cookies


# --- Of both


@pytest.mark.parametrize(("address", "form"), [(THEME, {"theme": "dark"}), (LANGUAGE, {"language": "de"})])
@pytest.mark.parametrize(
    "where",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "http://testserver/",
        "http://[",
        "https://[x",
        "",
    ],
)
def test_nobody_is_led_elsewhere(address: str, form: dict[str, str], where: str, browser: Any) -> None:
    assert browser().post(address, {**form, "next": where}).url == "/account/devices/"


@pytest.mark.parametrize(("address", "form"), [(THEME, {"theme": "dark"}), (LANGUAGE, {"language": "de"})])
def test_it_takes_a_form_of_this_site(address: str, form: dict[str, str]) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(address, form)
    assert answer.status_code == 403 and not {"theme", "django_language"} & set(answer.cookies)


@pytest.mark.parametrize(("address", "form"), [(THEME, {"theme": "dark"}), (LANGUAGE, {"language": "de"})])
def test_a_link_changes_nothing(address: str, form: dict[str, str], browser: Any) -> None:
    answer = browser().get(address, form)
    assert (answer.status_code, answer.url) == (302, "/account/devices/")
    assert not {"theme", "django_language"} & set(answer.cookies)


def test_the_page_with_its_query_is_the_way_back(browser: Any) -> None:
    html = page(browser(), "/account/login/?next=/account/email/%3Fx%3D1")
    assert (
        html.count('<input type="hidden" name="next" value="/account/login/?next=/account/email/%3Fx%3D1">')
        == 2
    )


def test_the_answer_to_a_form_offers_no_choice_because_it_cannot_be_shown_again(browser: Any) -> None:
    answer = browser().post(LOGIN, {"login": "nobody@people.example", "password": "x"})
    assert answer.status_code == 200 and f'action="{THEME}"' not in answer.content.decode()


def test_nobody_is_asked_for_by_a_choice(browser: Any, django_assert_num_queries: Any) -> None:
    here = browser()
    with django_assert_num_queries(0):
        here.post(THEME, {"theme": "dark"})
        here.post(LANGUAGE, {"language": "de"})


# --- The language of mails


@pytest.fixture
def here(browser: Callable[..., Any], user: Any) -> Any:
    """A browser that vouches for itself."""
    client = browser()
    client.sign_in(user)
    settle(user)
    return client


def language_of(user: Any) -> str:
    return str(get_user_model().objects.get(pk=user.pk).language)


def test_mails_are_written_in_the_language_that_was_chosen(here: Any, user: Any, other_user: Any) -> None:
    here.post(LANGUAGE, {"language": "de"})
    assert (language_of(user), language_of(other_user)) == ("de", "")
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    deliver_all()
    [(html, _type)] = mail.outbox[-1].alternatives
    assert mail.outbox[-1].to == [user.email] and '<html lang="de" dir="ltr">' in html


def test_without_a_choice_they_are_in_the_language_of_the_site(user: Any) -> None:
    assert language_of(user) == ""


def test_a_theme_changes_nothing_of_the_account(here: Any, user: Any) -> None:
    before = get_user_model().objects.values().get(pk=user.pk)
    here.post(THEME, {"theme": "dark"})
    assert get_user_model().objects.values().get(pk=user.pk) == before


def test_a_session_that_does_not_vouch_for_itself_changes_the_pages_and_not_the_mails(
    here: Any, browser: Any, user: Any
) -> None:
    """Or a thief could choose a language in which the owner cannot read the warning."""
    thief = browser(address="89.160.20.112")
    thief.sign_in(user)
    html = thief.post(LANGUAGE, {"language": "ar", "next": "/account/email/"}, follow=True).content.decode()
    assert language_in(html) == "ar"
    assert language_of(user) == ""


def test_it_says_that_mails_stay_as_they_are(here: Any, browser: Any, user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(language="de")
    young = browser(address="89.160.20.112")
    young.sign_in(user)
    html = young.post(LANGUAGE, {"language": "en", "next": "/account/email/"}, follow=True).content.decode()
    assert "Emails to you stay in German, because we don’t know yet that this browser is yours." in html
    assert language_of(user) == "de"


def test_whoever_signs_up_in_a_language_gets_mails_in_it(browser: Any) -> None:
    here = browser()
    here.post(LANGUAGE, {"language": "de"})
    form = {"email": "new@people.example", "password1": PASSWORD, "password2": PASSWORD}
    here.post(reverse("account_signup"), form)
    assert get_user_model().objects.get(email="new@people.example").language == "de"
    browser().post(reverse("account_signup"), {**form, "email": "other@people.example"})
    assert get_user_model().objects.get(email="other@people.example").language == ""


def test_a_session_that_ended_meanwhile_changes_nothing(here: Any, user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    here.post(LANGUAGE, {"language": "de"})
    assert language_of(user) == ""
