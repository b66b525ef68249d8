"""A token that does what people do in the administration gets its value from whoever may act there at that moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from config.demo.factor import current_code
from sessions_ui.actions.tokens.scopes import PERMISSIONS, of_administration
from sessions_ui.conf import conf
from sessions_ui.conf.tokens import OWN_PROGRAM_SCOPES
from tests.aging import age_sign_ins, settle
from tests.conftest import PASSWORD
from tests.models import AccessToken
from tests.sessions_ui.web.administration.conftest import (
    PASSWORD_FIELD,
    SECRET,
    asks,
    factor,
    kept_in,
)
from tests.sessions_ui.web.tokens.test_new import NEW, fields, own, renew_url, value_in

__all__ = ["factor"]
pytestmark = pytest.mark.django_db
OF_ADMINISTRATION = [*PERMISSIONS, *OWN_PROGRAM_SCOPES]


@pytest.fixture
def staff(browser: Any, administrator: Any) -> Any:
    """A settled session of an administrator, who has just signed in."""
    client = browser()
    client.sign_in(administrator)
    settle(administrator)
    return client


@pytest.fixture
def factor_required(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADMIN_FACTOR_REQUIRED": True}


def test_every_scope_that_is_not_for_everybody_is_of_the_administration() -> None:
    assert of_administration(conf.scopes) == {*OF_ADMINISTRATION}


@pytest.mark.parametrize("scope", OF_ADMINISTRATION)
def test_without_the_factor_that_the_site_asks_for_nothing_is_made(
    scope: str, staff: Any, administrator: Any, factor_required: None
) -> None:
    asked = staff.post(NEW, fields(scopes=["sessions:read", scope]))
    assert asks(asked) and own(administrator) == []
    kept = kept_in(asked)
    assert kept["scopes"] == ["sessions:read", scope]
    again = staff.post(NEW, {**kept, PASSWORD_FIELD: PASSWORD})
    assert asks(again) and own(administrator) == []


@pytest.mark.parametrize("scope", OF_ADMINISTRATION)
def test_without_it_no_token_gets_another_value(
    scope: str, staff: Any, administrator: Any, make_token: Any, factor_required: None
) -> None:
    made = make_token(administrator, scopes=[scope])
    asked = staff.post(renew_url(made.token), {"ends": "keep", "hint": made.token.hint})
    assert asks(asked)
    assert AccessToken.objects.get(pk=made.token.pk).hint == made.token.hint
    assert "Renew" in staff.get(renew_url(made.token)).content.decode()


def test_what_is_for_everybody_asks_no_more_than_before(
    staff: Any, administrator: Any, make_token: Any, factor_required: None
) -> None:
    everybodys = [name for name in conf.scopes if name not in OF_ADMINISTRATION]
    value_in(staff.post(NEW, fields(scopes=everybodys)))
    made = make_token(administrator, scopes=everybodys)
    value_in(staff.post(renew_url(made.token), {"ends": "keep", "hint": made.token.hint}))


def test_with_the_factor_it_goes_on_from_the_question(
    browser: Any, administrator: Any, factor: Any, factor_required: None
) -> None:
    staff = browser()
    staff.force_login(administrator)
    settle(administrator)
    asked = staff.post(NEW, fields(scopes=["incidents:order"]))
    assert asks(asked)
    staff.post("/account/2fa/reauthenticate/?next=/", {"code": current_code(SECRET)})
    value_in(staff.post(NEW, kept_in(asked)))
    [token] = own(administrator)
    assert token.scope_names == ["incidents:order"]


def test_whoever_confirmed_it_hours_ago_is_asked_once_and_the_answer_waits_nowhere(
    staff: Any, administrator: Any
) -> None:
    age_sign_ins(administrator, timedelta(hours=5))
    asked = staff.post(NEW, fields(scopes=["sessions:admin:end"]))
    assert asks(asked)
    wrong = staff.post(NEW, {**kept_in(asked), PASSWORD_FIELD: "wrong"})
    assert asks(wrong) and "wrong" not in wrong.content.decode() and own(administrator) == []
    value_in(staff.post(NEW, {**kept_in(asked), PASSWORD_FIELD: PASSWORD}))


def test_whoever_may_not_enter_the_administration_is_offered_none(here: Any, user: Any) -> None:
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="sessions_ui"))
    html = here.get(NEW).content.decode()
    assert not [scope for scope in OF_ADMINISTRATION if f'value="{scope}"' in html]
    assert here.post(NEW, fields(scopes=["sessions:admin:end"])).status_code == 422
    assert own(user) == []


def test_support_is_told_that_only_the_owner_does_it(
    staff: Any, administrator: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("sessions_ui.context.is_impersonated", lambda: True)
    answer = staff.post(NEW, fields(scopes=["sessions:admin:end"]))
    assert answer.status_code == 403 and not asks(answer) and own(administrator) == []
