"""One person with all that can act for them: two browsers, an app, two access tokens, a key of another package."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse
from django.utils import timezone

from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.exceptions import BearerRefused
from tests.aging import settle
from tests.an_app import App
from tests.conftest import PASSWORD
from tests.keys import Keys, bridged, keys_of, make_keys
from tests.models import Session

pytestmark = pytest.mark.django_db

DEVICES = "/account/devices/"
NEW_PASSWORD = "seven brown cows on a hill"


class All:
    """What somebody has, and which of it is still let in."""

    def __init__(self, user: Any, browsers: list[Any]) -> None:
        self.user, self.browsers, self.app = user, browsers, App()
        self.app.sign_in(user)
        settle(user)
        ends = timezone.now() + timedelta(days=30)
        self.tokens = [
            create_token(user=user, name=name, scopes=["sessions:read"], expires_at=ends, agent=agent).value
            for name, agent in (("Backup", ""), ("Calendar", "Assistant"))
        ]
        make_keys(user)

    @property
    def let_in(self) -> list[bool]:
        """Browser, browser, app, token, token, key of another package."""
        return [
            *(client.get(DEVICES).status_code == 200 for client in self.browsers),
            self.app.call("get", "auth/session").status_code == 200,
            *(is_valid(value) for value in self.tokens),
            keys_of(self.user) > 0,
        ]


def is_valid(value: str) -> bool:
    try:
        authenticate_token(value)
    except BearerRefused:
        return False
    return True


@pytest.fixture
def everything(user: Any, browser: Any, settings: Any) -> All:
    bridged(settings, Keys)
    browsers = [browser(), browser(address="89.160.20.112")]
    for client in browsers:
        client.sign_in(user)
    found = All(user, browsers)
    assert found.let_in == [True] * 6
    return found


def reset(user: Any) -> None:
    user.refresh_from_db()
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    answer = App().call("post", "auth/password/reset", {"key": key, "password": NEW_PASSWORD})
    assert answer.status_code in (200, 401)


def test_a_reset_ends_all_of_it_and_one_page_says_so(everything: All, user: Any, browser: Any) -> None:
    reset(user)
    assert everything.let_in == [False] * 6
    ended = Session.objects.of(user).exclude(end_reason="")
    assert set(ended.values_list("end_reason", flat=True)) == {"password_reset"}
    assert (ended.sign_ins().count(), ended.tokens().count()) == (3, 2)
    assert not ended.filter(refused_at__isnull=True).exists(), "the first refusal of each is on record"
    user.refresh_from_db()
    laptop = browser()
    laptop.sign_in(user, NEW_PASSWORD)
    page = " ".join(re.sub(r"<[^>]+>", " ", laptop.get(DEVICES).content.decode()).split())
    assert "Backup" in page and "Calendar" in page
    assert "because the password was reset" in page


def test_another_password_of_ones_own_leaves_what_needs_none(everything: All) -> None:
    laptop = everything.browsers[0]
    sent = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert laptop.post(reverse("account_change_password"), sent).status_code == 302
    assert everything.let_in == [True, False, False, True, True, True]


def test_a_password_that_somebody_else_sets_ends_the_tokens_too(everything: All, user: Any) -> None:
    user.set_password(NEW_PASSWORD)
    user.save()
    assert everything.let_in == [False] * 6


def test_signing_out_everywhere_leaves_programs_unless_that_is_ticked(everything: All) -> None:
    laptop = everything.browsers[0]
    laptop.post(reverse("sessions_ui:sign_out_others"))
    assert everything.let_in == [True, False, False, True, True, True]


def test_an_account_that_is_switched_off_unseen_ends_all_of_it(everything: All, user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    end_unlawful()
    assert everything.let_in == [False] * 6
