from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.models import VerifiedAddress
from accounts.signing_in.password_reset import may_reset, send_reset
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.actions.tokens.service_accounts import make_service_account
from tests.accounts.test_sign_up import link_in
from tests.aging import long_ago
from tests.conftest import PASSWORD

NEW_PASSWORD = "seven brown cows on a hill"


def reset_link(browser: Any, email: str) -> str:
    browser().post(reverse("account_reset_password"), {"email": email})
    return link_in(mail.outbox[-1])


def choose(here: Any, link: str) -> Any:
    form = here.get(link, follow=True)  # the secret moves from the address into the session
    return here.post(form.request["PATH_INFO"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})


def change(here: Any, old: str = PASSWORD) -> Any:
    return here.post(
        reverse("account_change_password"),
        {"oldpassword": old, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )


def test_changing_the_password_keeps_this_device_signed_in(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    change(here)
    assert here.get(reverse("account_email")).status_code == 200


@pytest.mark.control("ASVS 7.5.1")
def test_changing_the_password_needs_the_old_one(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    change(here, old="wrong")
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.control("ASVS 7.4.3")
def test_changing_the_password_signs_out_the_other_devices(browser: Any, user: Any) -> None:
    here, there = browser(), browser()
    here.sign_in(user)
    long_ago(user)
    there.sign_in(user)
    change(here)
    assert there.get(reverse("account_email")).status_code == 302


def test_the_mailed_link_sets_a_new_password(browser: Any, user: Any) -> None:
    choose(browser(), reset_link(browser, user.email))
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


@pytest.mark.control("ASVS 7.6.2")
def test_resetting_the_password_signs_nobody_in(browser: Any, user: Any) -> None:
    here = browser()
    choose(here, reset_link(browser, user.email))
    assert SESSION_KEY not in here.session


@pytest.mark.parametrize("signed_in", [False, True])
def test_after_a_reset_one_sentence_says_what_it_has_ended(signed_in: bool, browser: Any, user: Any) -> None:
    here = browser()
    if signed_in:
        here.sign_in(user)
    link = reset_link(browser, user.email)
    form = here.get(link, follow=True)
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    page = here.post(form.request["PATH_INFO"], fields, follow=True).content.decode()
    said = (
        "You were signed out because the password was reset."
        if signed_in
        else "Every device has been signed out"
    )
    assert said in page
    assert "Your other devices have been signed out" not in page


def test_after_a_change_the_page_says_that_the_others_are_out(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    assert "Your other devices have been signed out" in here.get(change(here).url).content.decode()


@pytest.mark.control("ASVS 7.4.3")
def test_resetting_the_password_signs_out_every_device(browser: Any, user: Any) -> None:
    there = browser()
    there.sign_in(user)
    choose(browser(), reset_link(browser, user.email))
    assert there.get(reverse("account_email")).status_code == 302


def test_the_mailed_link_works_once(browser: Any, user: Any) -> None:
    link = reset_link(browser, user.email)
    choose(browser(), link)
    assert browser().get(link).context["token_fail"]


def mails_to(browser: Any, address: str) -> list[str]:
    before = len(mail.outbox)
    answer = browser().post(reverse("account_reset_password"), {"email": address})
    assert answer.url == reverse("account_reset_password_done"), "it is answered like any other"
    return [one.subject for one in mail.outbox[before:] if one.to == [address]]


TYPO = "adda@people.example"


def test_an_address_that_nobody_confirmed_resets_no_password_of_an_account_that_has_a_confirmed_one(
    browser: Any, user: Any
) -> None:
    typo = EmailAddress.objects.create(user=user, email=TYPO, verified=False)
    assert mails_to(browser, TYPO) == ["No account with this address"]
    assert mails_to(browser, user.email) == ["Choose a new password"]
    EmailAddress.objects.filter(pk=typo.pk).update(verified=True)
    assert mails_to(browser, TYPO) == ["Choose a new password"]


def test_where_no_address_was_ever_confirmed_any_of_them_resets_the_password(browser: Any, user: Any) -> None:
    EmailAddress.objects.filter(user=user).update(verified=False)
    EmailAddress.objects.create(user=user, email=TYPO, verified=False)
    assert mails_to(browser, TYPO) == ["Choose a new password"]


@pytest.mark.parametrize(("by_owner", "resets"), [(False, True), (True, False), (None, False)])
def test_an_address_that_a_thief_removed_gets_the_reset_of_the_help_desk(
    by_owner: bool | None, resets: bool, user: Any
) -> None:
    VerifiedAddress.objects.create(
        user=user,
        email=TYPO,
        verified_at=timezone.now(),
        removed_at=timezone.now(),
        removed_by_settled=by_owner,
    )
    assert may_reset(user, TYPO) is resets


def test_an_unknown_address_is_answered_like_a_known_one(browser: Any, user: Any) -> None:
    known = browser().post(reverse("account_reset_password"), {"email": user.email})
    unknown = browser().post(reverse("account_reset_password"), {"email": "nobody@people.example"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


@pytest.mark.parametrize("ask", ["page", "app"])
def test_nobody_resets_the_password_of_a_service_account(
    browser: Any, user: Any, django_user_model: Any, ask: str
) -> None:
    """Nobody signs in to it; whoever reads its mail would end its access tokens."""
    robot = django_user_model.objects.create_user(email="robot@people.example", password="a pass phrase")
    make_service_account(user=robot, owner=user)
    made = create_token(
        user=robot, name="x", scopes=["sessions:read"], expires_at=timezone.now() + timedelta(days=1)
    )

    def asked(email: str) -> Any:
        if ask == "page":
            return browser().post(reverse("account_reset_password"), {"email": email})
        url = "/_allauth/app/v1/auth/password/request"
        return browser().post(url, {"email": email}, content_type="application/json")

    answers = [asked(each) for each in (robot.email, user.email, "nobody@people.example")]
    assert len({answer.status_code for answer in answers}) == 1
    assert len({answer.headers.get("Location") for answer in answers}) == 1
    resets = [one.to for one in mail.outbox if one.subject == "Choose a new password"]
    assert resets == [[user.email]]
    assert send_reset(answers[0].wsgi_request, robot, robot.email) is None
    assert authenticate_token(made.value).user == robot
