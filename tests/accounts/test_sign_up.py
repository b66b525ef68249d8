from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import VerifiedAddress
from tests.conftest import PASSWORD
from tests.models import Delivery

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
def test_a_link_whose_button_is_pressed_again_is_told_to_be_used(browser: Any) -> None:
    here = browser()
    here.post(reverse("account_signup"), FORM)
    link = link_in(mail.outbox[0])
    assert here.post(link).status_code == 302
    again = here.post(link)  # after "Back", or pressed twice
    assert again.status_code == here.get(link).status_code == 200
    assert "This link no longer works" in again.content.decode()


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


class CountingHasher(MD5PasswordHasher):
    """A hasher that notes what it hashes: most of the time of a sign-up goes there."""

    hashed: ClassVar[list[str]] = []

    def encode(self, password: str, salt: str) -> str:
        self.hashed.append(password)
        return super().encode(password, salt)


@pytest.fixture
def work(settings: Any) -> Callable[[Callable[[], Any]], tuple[int, int, int]]:
    """What was done meanwhile: passwords hashed, mails sent, mails left for the worker."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]

    def done_by(act: Callable[[], Any]) -> tuple[int, int, int]:
        CountingHasher.hashed.clear()
        mail.outbox.clear()
        waiting = Delivery.objects.count()
        act()
        return len(CountingHasher.hashed), len(mail.outbox), Delivery.objects.count() - waiting

    return done_by


@pytest.mark.parametrize(
    ("page", "form", "hashes"),
    [
        ("account_signup", {"email": "{}", "password1": PASSWORD, "password2": PASSWORD}, 1),
        ("account_reset_password", {"email": "{}"}, 0),
        ("account_login", {"login": "{}", "password": "not the password"}, 1),
    ],
)
def test_the_work_does_not_tell_which_addresses_have_an_account(
    page: str, form: dict[str, str], hashes: int, work: Any, browser: Any, user: Any
) -> None:
    """The time that an answer takes is that of its work: 22 ms against 341 when only a new password was hashed."""
    user.set_password(PASSWORD)  # by the hasher that counts
    user.save()

    def ask(address: str) -> tuple[int, int, int]:
        filled = {name: value.format(address) for name, value in form.items()}
        return work(lambda: browser().post(reverse(page), filled))  # type: ignore[no-any-return]

    known, unknown = ask(user.email), ask("nobody@people.example")
    assert known == unknown and known[0] == hashes


def test_there_is_no_sign_in_by_code_that_could_tell() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_request_login_code")


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "accounts"), [(29, 0), (31, 1)])
def test_an_address_that_was_taken_from_another_account_is_free_after_a_month(
    days: int, accounts: int, browser: Any, user: Any
) -> None:
    """Until then it leads its owner back."""
    removed_at = timezone.now() - timedelta(days=days)
    VerifiedAddress.objects.create(
        user=user, email=NEW, verified_at=removed_at, removed_at=removed_at, removed_by_settled=False
    )
    browser().post(reverse("account_signup"), FORM)
    assert get_user_model().objects.filter(email=NEW).count() == accounts
