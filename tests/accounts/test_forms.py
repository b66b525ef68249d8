"""Forms of the account's pages: where the focus is, what can be shown, and what can be copied."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.urls import reverse
from django.utils import timezone

from config.demo.factor import current_code
from tests.aging import settle
from tests.conftest import PASSWORD
from tests.models import Session

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    settle(user)
    return client


def has_focus(response: Any) -> list[str]:
    """The tags that have the focus."""
    return re.findall(r"<\w+[^>]*\sautofocus[^>]*>", response.content.decode())


def named(response: Any) -> list[str]:
    return [
        name for tag in has_focus(response) for name in re.findall(r'name="([^"]+)"', tag) or ["(the errors)"]
    ]


@pytest.mark.parametrize(
    ("page", "field"),
    [("account_login", "login"), ("account_reset_password", "email"), ("account_signup", "email")],
)
def test_a_page_for_one_thing_begins_at_its_first_field(browser: Any, page: str, field: str) -> None:
    assert named(browser().get(reverse(page))) == [field]


def test_the_page_for_a_code_begins_at_its_field(browser: Any, user: Any) -> None:
    TOTP.activate(user, SECRET)
    client = browser()
    client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert named(client.get(reverse("mfa_authenticate"))) == ["code"]


def test_a_page_with_more_on_it_takes_the_focus_from_nobody(here: Any) -> None:
    for page in ("account_email", "account_change_password", "mfa_index"):
        assert has_focus(here.get(reverse(page))) == [], page


def test_after_a_failed_sign_in_the_focus_is_at_what_was_wrong(browser: Any, user: Any) -> None:
    client = browser()
    wrong = client.post("/account/login/", {"login": user.email, "password": "wrong"})
    assert named(wrong) == ["(the errors)"]
    missing = client.post("/account/login/", {"login": user.email, "password": ""})
    assert named(missing) == ["password"]
    (tag,) = has_focus(missing)
    assert 'aria-invalid="true"' in tag
    error = re.search(r'aria-describedby="([^"]+)"', tag)
    assert error and f'id="{error[1]}"' in missing.content.decode()


def test_after_a_failed_change_of_the_password_it_is_at_the_first_wrong_field(here: Any) -> None:
    form = {"oldpassword": PASSWORD, "password1": "a horse of another colour", "password2": "another"}
    assert named(here.post(reverse("account_change_password"), form)) == ["password2"]


def test_passwords_can_be_shown_once_a_form_and_only_by_a_script(here: Any, browser: Any) -> None:
    for html in (
        here.get(reverse("account_change_password")).content.decode(),
        browser().get(reverse("account_login")).content.decode(),
        browser().get(reverse("account_signup")).content.decode(),
    ):
        assert html.count("data-reveal") == 1 and html.count("Show password") == 1
        assert "sessions_ui/forms.js" in html
        (box,) = re.findall(r"<input[^>]*data-reveal[^>]*>", html)
        assert "name=" not in box, "it is sent to nobody"
    assert "data-reveal" not in browser().get(reverse("account_reset_password")).content.decode()


def test_the_key_of_an_app_is_in_groups_and_can_be_copied(here: Any) -> None:
    here.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    html = here.get(reverse("mfa_activate_totp")).content.decode()
    code = re.search(r'<code class="secret" id="key" dir="ltr">(.*?)</code>', html)
    assert code
    groups = re.findall(r'<span class="sui-group">(\w+)</span>', code[1])
    assert [len(group) for group in groups] == [4] * 8
    assert re.sub(r"<[^>]+>", "", code[1]) == "".join(groups), "without gaps for whoever copies it by hand"
    assert 'data-copy="key"' in html and 'role="status"' in html


def test_recovery_codes_are_in_groups_and_can_be_copied(here: Any, user: Any) -> None:
    TOTP.activate(user, SECRET)
    codes = RecoveryCodes.activate(user)
    Authenticator.objects.filter(user=user).update(created_at=timezone.now() - timedelta(days=30))
    Session.objects.filter(user=user).update(ended_at=None, end_reason="", act=None)
    here.post(reverse("mfa_reauthenticate"), {"code": current_code(SECRET)})
    html = here.get(reverse("mfa_view_recovery_codes")).content.decode()
    shown = re.search(r'<ul class="codes" id="codes"[^>]*>(.*?)</ul>', html, re.DOTALL)
    assert shown
    listed = [re.sub(r"<[^>]+>", "", item).strip() for item in re.findall(r"<li>(.*?)</li>", shown[1])]
    assert listed == codes.get_unused_codes()
    assert 'data-copy="codes"' in html


@pytest.mark.parametrize("written", ["{0}{1}", "{0} {1}", "{0}-{1}", " {0}  {1} "])
def test_a_code_is_taken_with_spaces_and_dashes(browser: Any, user: Any, written: str) -> None:
    TOTP.activate(user, SECRET)
    code = RecoveryCodes.activate(user).get_unused_codes()[0]
    client = browser()
    client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    answer = client.post(reverse("mfa_authenticate"), {"code": written.format(code[:4], code[4:])})
    assert answer.status_code == 302
    assert Session.objects.of(user).living().exists()
