from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY, get_user_model
from django.core import mail
from django.urls import reverse

from tests.conftest import PASSWORD

NEW = "new@people.example"
FORM = {"email": NEW, "password1": PASSWORD, "password2": PASSWORD}


def link_in(message: mail.EmailMessage) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", str(message.body))
    assert found
    return found.group(1)


@pytest.mark.django_db
def test_a_new_account_gets_a_mail_and_is_not_signed_in_yet(browser: Any) -> None:
    here = browser()
    here.post(reverse("account_signup"), FORM)
    assert [message.to for message in mail.outbox] == [[NEW]]
    assert SESSION_KEY not in here.session


@pytest.mark.django_db
def test_the_link_in_the_mail_makes_the_account_usable(browser: Any) -> None:
    browser().post(reverse("account_signup"), FORM)
    there = browser()  # the mail may be read on another device
    there.post(link_in(mail.outbox[0]))
    there.sign_in(get_user_model().objects.get(email=NEW))
    assert SESSION_KEY in there.session


@pytest.mark.django_db
def test_opening_the_link_confirms_nothing_by_itself(browser: Any) -> None:
    """Mail scanners open links."""
    browser().post(reverse("account_signup"), FORM)
    browser().get(link_in(mail.outbox[0]))
    there = browser()
    there.post(reverse("account_login"), {"login": NEW, "password": PASSWORD})
    assert SESSION_KEY not in there.session


def test_a_taken_address_is_told_to_its_owner_only(browser: Any, user: Any) -> None:
    taken = browser().post(reverse("account_signup"), {**FORM, "email": user.email})
    free = browser().post(reverse("account_signup"), FORM)
    assert (taken.status_code, taken.url) == (free.status_code, free.url)
    assert mail.outbox[0].to == [user.email]
    assert "There is one already" in " ".join(str(mail.outbox[0].body).split())


@pytest.mark.django_db
def test_a_weak_password_is_refused(browser: Any) -> None:
    browser().post(
        reverse("account_signup"), {"email": NEW, "password1": "password", "password2": "password"}
    )
    assert not get_user_model().objects.filter(email=NEW).exists()
