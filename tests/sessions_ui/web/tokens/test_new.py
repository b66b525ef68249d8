"""Making an access token, and giving it another value: shown once, and never again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.signing import TimestampSigner
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.recovery.open import open_recovery
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.exceptions import TokenRefusal
from sessions_ui.models.fields import new_public_id
from sessions_ui.templatetags.sessions_ui import moment
from sessions_ui.web.tokens.forms import ONCE, TokenForm, new_once, refusal_of
from sessions_ui.wording.sessions import day as day_text
from sessions_ui.wording.tokens import REFUSALS
from tests.aging import age_sign_ins, settle
from tests.conftest import PASSWORD
from tests.models import AccessToken, EndReason, Event, Recovery, Session

pytestmark = pytest.mark.django_db
NEW = "/account/devices/tokens/new/"
VALUE = re.compile(r'value="(sui_[a-z]{3}_[0-9A-Za-z]{46})"')


def fields(**said: Any) -> dict[str, Any]:
    usual = {"name": "Backup", "scopes": ["sessions:read"], "ends": "30", "day": "", "agent": ""}
    return {**usual, "once": new_once(), **said}


def value_in(response: Any) -> str:
    found = VALUE.search(response.content.decode())
    assert found, response.content.decode()
    return found[1]


def own(user: Any) -> list[AccessToken]:
    return list(AccessToken.objects.filter(session__user=user).order_by("pk"))


def test_the_form_has_the_scopes_in_words_and_a_few_ends(here: Any) -> None:
    html = here.get(NEW).content.decode()
    for part in (
        "See the account’s sessions and devices",
        "7 days",
        "30 days",
        "90 days",
        "Until a day you choose",
        'type="date"',
    ):
        assert part in html, part


def test_the_value_is_shown_once_and_kept_by_no_cache(here: Any, user: Any) -> None:
    answer = here.post(NEW, fields())
    value = value_in(answer)
    assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)
    assert authenticate_token(value).user == user
    [token] = own(user)
    for page in ("/account/devices/", f"/account/devices/tokens/{token.session.public_id}/"):
        assert value not in here.get(page).content.decode()
    assert token.made_in_id == Session.objects.get(user=user, kind="browser").pk


def test_a_form_that_is_sent_again_makes_nothing_and_shows_nothing(here: Any, user: Any) -> None:
    form = fields()
    value = value_in(here.post(NEW, form))
    again = here.post(NEW, form, follow=True)
    assert value not in again.content.decode()
    assert "That has already been done." in again.content.decode()
    assert again.redirect_chain == [(f"/account/devices/tokens/{own(user)[0].session.public_id}/", 302)]
    assert len(own(user)) == 1


def test_an_agents_token_says_so(here: Any, user: Any) -> None:
    value = value_in(here.post(NEW, fields(agent="Assistant")))
    assert value.startswith("sui_agt_")
    assert own(user)[0].agent == "Assistant"


def test_a_day_of_ones_own_is_valid_until_it_is_over(here: Any, user: Any) -> None:
    noon = timezone.now().replace(hour=12) + timedelta(days=10)
    shown = here.post(NEW, fields(ends="date", day=str(noon.date()))).content.decode()
    # It ends with that day, at the midnight that begins the next one.
    assert f"Valid until {day_text(noon)}" in re.sub(r"<[^>]+>", "", shown)
    [token] = own(user)
    assert timedelta(days=9) < token.session.expires_at - timezone.now() <= timedelta(days=11)


def test_the_last_day_that_is_allowed_can_be_chosen(here: Any, user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_MAX_AGE": timedelta(days=20)}
    day = (timezone.now() + timedelta(days=20)).date()
    assert value_in(here.post(NEW, fields(ends="date", day=str(day))))
    assert own(user)[0].session.expires_at <= timezone.now() + timedelta(days=20)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"name": "  "}, "This field is required."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "a\0b"}, "Null characters are not allowed."),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["everything"]}, "not one of the available choices"),
        ({"ends": ""}, "This field is required."),
        ({"ends": "5000"}, "not one of the available choices"),
        ({"ends": "keep"}, "not one of the available choices"),
        ({"ends": "date"}, "Choose the last day on which it is valid."),
        ({"ends": "date", "day": "tomorrow"}, "Enter a valid date."),
        ({"ends": "date", "day": "2020-01-01"}, "That day has passed. Choose a later one."),
        ({"ends": "date", "day": "2999-01-01"}, "It can be valid for 366 days at most."),
        ({"ends": "date", "day": "9999-12-31"}, "Choose a year from 1970 to 8999."),
        ({"agent": "x" * 101}, "at most 100 characters"),
        ({"once": ""}, "This field is required."),
        ({"once": "x"}, "open for too long"),
        ({"once": new_public_id()}, "open for too long"),
        ({"once": TimestampSigner(salt="another").sign(new_public_id())}, "open for too long"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(here: Any, user: Any, said: dict[str, Any], text: str) -> None:
    answer = here.post(NEW, fields(**said))
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert own(user) == []


def test_a_form_that_was_open_for_too_long_is_sent_again_as_it_is(here: Any, user: Any) -> None:
    html = here.post(NEW, fields(name="Backup", once="x")).content.decode()
    assert 'value="Backup"' in html
    [once] = re.findall(r'name="once" value="(.+?)"', html)
    assert here.post(NEW, fields(name="Backup", once=once), follow=True).status_code == 200
    assert [token.name for token in own(user)] == ["Backup"]


def test_ends_that_are_too_far_away_are_not_offered(here: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_MAX_AGE": timedelta(days=10)}
    html = here.get(NEW).content.decode()
    assert "7 days" in html and "30 days" not in html and 'value="7"' in html


def test_as_many_as_there_may_be(here: Any, user: Any, make_token: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_LIMIT": 1}
    make_token(user)
    answer = here.post(NEW, fields())
    assert "You already have as many access tokens as you’re allowed." in answer.content.decode()
    assert (answer.status_code, len(own(user))) == (422, 1)


def test_the_id_of_somebody_elses_session_makes_nothing(
    here: Any, user: Any, other_user: Any, browser: Any
) -> None:
    browser().sign_in(other_user)
    taken = Session.objects.get(user=other_user).public_id
    answer = here.post(NEW, fields(once=TimestampSigner(salt=ONCE).sign(taken)), follow=True)
    assert (answer.status_code, own(user)) == (404, [])


@pytest.mark.no_bystander("it purges everybody's")
@pytest.mark.parametrize("retention", [timedelta(days=180), timedelta(hours=1)])
def test_no_purged_token_comes_back_under_its_id(
    here: Any, user: Any, settings: Any, time_machine: Any, retention: timedelta
) -> None:
    """Servers that were told of it would take the new one for the same program; whoever purges forgets the id."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "RETENTION": retention}
    form = fields()
    here.post(NEW, form)
    [token] = own(user)
    end_session(session=token.session, reason=EndReason.SIGNED_OUT_REMOTELY)
    time_machine.move_to(timezone.now() + retention + timedelta(seconds=1), tick=False)
    purge_old()
    assert own(user) == []
    here.sign_in(user)
    settle(user)
    for once in (form["once"], token.session.public_id):
        answer = here.post(NEW, {**form, "once": once})
        assert "open for too long" in answer.content.decode()
    assert own(user) == []


def test_who_signed_in_long_ago_confirms_it_first_and_then_it_goes_on(here: Any, user: Any) -> None:
    age_sign_ins(user)
    question = here.post(NEW, fields())
    assert "Confirm it’s you" in question.content.decode() and own(user) == []
    act = question.context["act"]
    answer = here.post("/account/devices/confirm/", {"act": act, "password": PASSWORD})
    value = value_in(answer)
    assert "no-store" in answer["Cache-Control"]
    again = here.post("/account/devices/confirm/", {"act": act, "password": PASSWORD}, follow=True)
    assert value not in again.content.decode() and len(own(user)) == 1


def test_a_session_that_does_not_vouch_for_itself_is_asked_for_a_proof(
    browser: Any, user: Any, here: Any
) -> None:
    young = browser()
    young.sign_in(user)
    for answer in (young.get(NEW), young.post(NEW, fields())):
        assert "Create or renew an access token" in answer.content.decode()
        assert not VALUE.search(answer.content.decode())
    assert own(user) == []


def test_an_account_that_is_being_recovered_makes_none(here: Any, user: Any) -> None:
    open_recovery(user=user, since=timezone.now(), opened_by=Recovery.OpenedBy.MAIL)
    assert "This account is being secured" in here.post(NEW, fields()).content.decode()
    assert own(user) == []


def test_the_names_of_a_token_are_shown_as_text(here: Any, user: Any) -> None:
    here.post(NEW, fields(name="<b>x</b>", agent="<i>y</i>"))
    html = here.get("/account/devices/").content.decode()
    assert "<b>x</b>" not in html and "<i>y</i>" not in html and "&lt;b&gt;x" in html


# --- Renewing


def renew_url(token: AccessToken) -> str:
    return f"/account/devices/tokens/{token.session.public_id}/renew/"


def test_renewing_says_until_when_the_former_value_works(here: Any, user: Any, make_token: Any) -> None:
    made = make_token(user)
    assert "The current value stays valid until" in here.get(renew_url(made.token)).content.decode()
    answer = here.post(renew_url(made.token), {"ends": "keep", "hint": made.token.hint})
    value = value_in(answer)
    assert value != made.value and "The previous value is valid until" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert authenticate_token(value).is_former is False
    assert authenticate_token(made.value).is_former is True
    assert Session.objects.get(pk=made.token.pk).expires_at == made.token.session.expires_at


def test_renewing_may_give_it_another_end(here: Any, user: Any, make_token: Any) -> None:
    made = make_token(user)
    here.post(renew_url(made.token), {"ends": "90", "hint": made.token.hint})
    ends = Session.objects.get(pk=made.token.pk).expires_at
    assert timedelta(days=89) < ends - timezone.now() <= timedelta(days=90)


def test_a_renewal_that_is_sent_again_renews_nothing(here: Any, user: Any, make_token: Any) -> None:
    made = make_token(user)
    form = {"ends": "keep", "hint": made.token.hint}
    value = value_in(here.post(renew_url(made.token), form))
    again = here.post(renew_url(made.token), form, follow=True)
    assert "It has already been renewed" in again.content.decode() and value not in again.content.decode()
    # Nor does one that was open in another tab, whatever was chosen there: it is not said to be done.
    ends_at = own(user)[0].session.expires_at
    other = here.post(renew_url(made.token), {**form, "ends": "7"}, follow=True)
    assert "nothing was changed just now" in other.content.decode()
    assert own(user)[0].session.expires_at == ends_at
    assert authenticate_token(value).is_former is False
    changed = Event.objects.filter(session_id=made.token.pk, kind=Event.Kind.CREDENTIAL_CHANGED)
    assert changed.count() == 2


@pytest.mark.parametrize("said", [{}, {"ends": "keep"}, {"ends": "date", "day": "2020-01-01"}])
def test_a_renewal_that_is_not_right_changes_nothing(
    here: Any, user: Any, make_token: Any, said: dict[str, str]
) -> None:
    made = make_token(user)
    form = said if "hint" in said or not said.get("day") else {**said, "hint": made.token.hint}
    assert here.post(renew_url(made.token), form).status_code == 422
    assert authenticate_token(made.value).is_former is False


def test_one_that_is_over_is_not_renewed(here: Any, user: Any, make_token: Any) -> None:
    made = make_token(user)
    end_session(session=made.token.session, reason=EndReason.SIGNED_OUT_REMOTELY)
    for answer in (
        here.get(renew_url(made.token), follow=True),
        here.post(renew_url(made.token), {"ends": "keep", "hint": made.token.hint}, follow=True),
    ):
        assert "Backup had already ended, so it can’t be renewed." in answer.content.decode()
        assert not VALUE.search(answer.content.decode())


def test_the_former_value_is_promised_no_longer_than_the_token_lasts(
    here: Any, user: Any, make_token: Any
) -> None:
    made = make_token(user)
    end = timezone.now() + timedelta(hours=5)
    Session.objects.filter(pk=made.token.pk).update(expires_at=end)
    promised = f"valid until {moment(end)}"
    assert f"The current value stays {promised}." in here.get(renew_url(made.token)).content.decode()
    answer = here.post(renew_url(made.token), {"ends": "keep", "hint": made.token.hint})
    assert f"The previous value is {promised}." in answer.content.decode()


def test_without_an_overlap_it_says_that_the_value_ends_at_once(
    here: Any, user: Any, make_token: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_ROTATION_OVERLAP": timedelta(0)}
    made = make_token(user)
    assert "The current value ends at once." in here.get(renew_url(made.token)).content.decode()
    answer = here.post(renew_url(made.token), {"ends": "keep", "hint": made.token.hint})
    assert "The previous value" not in answer.content.decode()


@pytest.mark.parametrize("reason", list(TokenRefusal))
def test_each_refusal_has_words_and_a_field_of_the_form(reason: TokenRefusal, user: Any) -> None:
    field, text = refusal_of(reason, user)
    assert text and str(REFUSALS[reason])
    assert field in {"", *TokenForm(user).fields}
