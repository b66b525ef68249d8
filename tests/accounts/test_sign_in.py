from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.urls import reverse

from tests.conftest import PASSWORD


def test_signs_in_with_the_email_address(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    assert here.session[SESSION_KEY] == str(user.pk)


def test_signs_in_whatever_the_case_of_the_address(browser: Any, user: Any) -> None:
    here = browser()
    here.post(reverse("account_login"), {"login": "ADA@People.Example", "password": PASSWORD})
    assert here.session[SESSION_KEY] == str(user.pk)


def test_goes_where_the_person_wanted_to_go(browser: Any, user: Any) -> None:
    wanted = reverse("account_email")
    response = browser().post(
        reverse("account_login") + f"?next={wanted}",
        {"login": user.email, "password": PASSWORD, "next": wanted},
    )
    assert response.url == wanted


def test_never_leads_to_another_site(browser: Any, user: Any) -> None:
    response = browser().post(
        reverse("account_login"), {"login": user.email, "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert response.url == reverse("sessions_ui:devices")


def test_a_wrong_password_and_an_unknown_address_look_the_same(browser: Any, user: Any) -> None:
    here = browser()
    wrong = here.post(reverse("account_login"), {"login": user.email, "password": "wrong"})
    unknown = here.post(reverse("account_login"), {"login": "nobody@people.example", "password": "wrong"})
    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert wrong.status_code == unknown.status_code == 200


def test_an_account_that_is_turned_off_cannot_sign_in(browser: Any, user: Any) -> None:
    user.is_active = False
    user.save()
    here = browser()
    here.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert SESSION_KEY not in here.session


@pytest.mark.parametrize(("stay", "ends_with_browser"), [({}, True), ({"remember": "on"}, False)])
def test_stays_signed_in_only_when_asked_to(
    browser: Any, user: Any, stay: dict[str, str], ends_with_browser: bool
) -> None:
    here = browser()
    here.post(reverse("account_login"), {"login": user.email, "password": PASSWORD, **stay})
    assert here.session.get_expire_at_browser_close() is ends_with_browser


def test_opening_the_sign_out_page_signs_nobody_out(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    assert here.get(reverse("account_logout")).status_code == 200
    assert here.session[SESSION_KEY] == str(user.pk)


def test_signs_out_by_post(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    here.post(reverse("account_logout"))
    assert here.get(reverse("account_email")).status_code == 302


@pytest.mark.control("ASVS 7.4.1", "SP 800-53 SC-23(1)")
def test_a_key_that_was_copied_is_refused_after_its_owner_has_signed_out(browser: Any, user: Any) -> None:
    here, thief = browser(), browser()
    here.sign_in(user)
    thief.cookies["sessionid"] = here.cookies["sessionid"].value
    assert thief.get(reverse("account_email")).status_code == 200
    here.post(reverse("account_logout"))
    assert thief.get(reverse("account_email")).status_code == 302


def test_signing_out_needs_the_csrf_cookie(browser: Any, user: Any) -> None:
    here = browser(enforce_csrf_checks=False)
    here.sign_in(user)
    here.handler.enforce_csrf_checks = True
    assert here.post(reverse("account_logout")).status_code == 403


@pytest.mark.parametrize("page", ["account_login", "account_signup", "account_logout"])
@pytest.mark.parametrize("wanted", ["http://[", "https://[::1", "//[x"])
def test_a_way_back_that_is_no_url_is_none(page: str, wanted: str, browser: Any) -> None:
    client = browser()
    assert client.get(reverse(page), {"next": wanted}).status_code in (200, 302)
    answer = client.post(reverse(page), {"next": wanted})
    assert answer.status_code in (200, 302, 422) and "[" not in answer.get("Location", "")
