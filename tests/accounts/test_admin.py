from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import SESSION_KEY, get_user_model
from django.urls import reverse

from tests.accounts.conftest import SECRET
from tests.conftest import PASSWORD


def test_the_admin_leads_to_the_sign_in_page_of_the_site(browser: Any) -> None:
    response = browser().get(reverse("admin:login"))
    assert response.url.startswith(reverse("account_login"))


def test_the_admins_own_form_signs_nobody_in(browser: Any, administrator: Any) -> None:
    here = browser()
    here.post(reverse("admin:login"), {"username": administrator.email, "password": PASSWORD})
    assert SESSION_KEY not in here.session


def test_an_administrator_with_a_second_factor_needs_it(
    browser: Any, administrator: Any, app_code: Callable[[], str]
) -> None:
    TOTP.activate(administrator, SECRET)
    here = browser()
    here.sign_in(administrator)
    assert here.get(reverse("admin:index")).status_code == 302
    here.post(reverse("mfa_authenticate"), {"code": app_code()})
    assert here.get(reverse("admin:index")).status_code == 200


def test_people_without_staff_status_stay_outside(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    assert here.get(reverse("admin:index"), follow=True).status_code == 403


def test_finds_a_user_by_the_whole_address(browser: Any, administrator: Any, user: Any) -> None:
    here = browser()
    here.sign_in(administrator)
    found = here.get(reverse("admin:accounts_user_changelist"), {"q": user.email.upper()})
    assert [row.pk for row in found.context["cl"].result_list] == [user.pk]


def test_finds_nobody_by_a_part_of_the_address(browser: Any, administrator: Any, user: Any) -> None:
    here = browser()
    here.sign_in(administrator)
    found = here.get(reverse("admin:accounts_user_changelist"), {"q": user.email[:4]})
    assert list(found.context["cl"].result_list) == []


def test_shows_a_user_without_the_password_hash(browser: Any, administrator: Any, user: Any) -> None:
    here = browser()
    here.sign_in(administrator)
    page = here.get(reverse("admin:accounts_user_change", args=[user.pk]))
    assert page.status_code == 200
    assert user.password not in page.content.decode()


def test_adds_a_user_by_email_address(browser: Any, administrator: Any) -> None:
    here = browser()
    here.sign_in(administrator)
    here.post(
        reverse("admin:accounts_user_add"),
        {
            "email": "New@People.Example",
            "usable_password": "true",
            "password1": "seven brown cows on a hill",
            "password2": "seven brown cows on a hill",
        },
    )
    assert (
        get_user_model().objects.get(email="new@people.example").check_password("seven brown cows on a hill")
    )


def test_the_secret_of_a_second_factor_is_never_shown(
    browser: Any, administrator: Any, user_with_totp: Any
) -> None:
    here = browser()
    here.sign_in(administrator)
    factor = user_with_totp.authenticator_set.get()
    page = here.get(reverse("admin:mfa_authenticator_change", args=[factor.pk]))
    assert page.status_code == 200
    assert SECRET not in page.content.decode()
