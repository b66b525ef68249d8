"""Asking again before an act: who is asked, what counts, and that the act goes on where it stopped."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.urls import reverse

from sessions_ui.web.step_up.pending import WaitingAct
from tests.aging import age_sign_ins
from tests.conftest import PASSWORD
from tests.models import Event, Session

PAGE = "/account/devices/"
ASKS = 'id="ask-title"'
CONFIRM = "/account/devices/confirm/"
HTMX = {"HX-Request": "true", "HX-Target": "devices"}
SignedIn = Callable[..., Session]


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    """Signed in an hour ago."""
    client = browser()
    client.sign_in(user)
    client.get(PAGE)  # the greeting
    age_sign_ins(user)
    return client


@pytest.fixture
def other(user: Any, signed_in: SignedIn) -> Session:
    return signed_in(user, device={"name": "Kitchen"})


def sign_out_url(session: Session) -> str:
    assert session.device is not None
    return reverse("sessions_ui:sign_out_device", args=[session.device.public_id])


def waiting(response: Any) -> str:
    """The signed act in the form that asks."""
    found = re.search(r'name="act" value="([^"]+)"', response.content.decode())
    assert found, response.content.decode()
    return found[1]


def is_over(session: Session) -> bool:
    return Session.objects.get(pk=session.pk).ended_at is not None


@pytest.mark.control("ASVS 7.5.2")
def test_an_act_asks_and_carries_on_where_it_stopped(here: Any, other: Session) -> None:
    question = here.post(sign_out_url(other))
    assert question.status_code == 200
    assert "Sign out “Kitchen”" in question.content.decode()
    assert not is_over(other)
    answer = here.post(CONFIRM, {"act": waiting(question), "password": PASSWORD}, follow=True)
    assert "Kitchen is signed out" in answer.content.decode()
    assert is_over(other)


def test_within_ten_minutes_nobody_is_asked_again(
    here: Any, other: Session, user: Any, signed_in: SignedIn
) -> None:
    here.post(CONFIRM, {"act": waiting(here.post(sign_out_url(other))), "password": PASSWORD})
    second, third = signed_in(user), signed_in(user)
    here.post(sign_out_url(second))
    assert is_over(second)
    age_sign_ins(user, timedelta(minutes=11))
    here.post(sign_out_url(third))
    assert not is_over(third)


def test_a_sign_in_of_a_moment_ago_is_enough(browser: Any, user: Any, signed_in: SignedIn) -> None:
    client = browser()
    client.sign_in(user)
    other = signed_in(user)
    client.post(sign_out_url(other))
    assert is_over(other)


@pytest.mark.control("ASVS 7.5.2")
@pytest.mark.parametrize("act", ["sign_out_others", "sign_out_everywhere"])
def test_all_at_once_asks_too(here: Any, other: Session, act: str) -> None:
    assert ASKS in here.post(reverse(f"sessions_ui:{act}")).content.decode()
    assert not is_over(other)


def test_signing_out_one_sign_in_of_several_asks_for_confirmation_too(here: Any, other: Session) -> None:
    url = reverse("sessions_ui:sign_out_session", args=[other.public_id])
    assert ASKS in here.post(url).content.decode()
    assert not is_over(other)


def test_signing_out_here_and_renaming_never_ask(here: Any, user: Any) -> None:
    mine = Session.objects.get(user=user)
    assert mine.device is not None
    url = reverse("sessions_ui:rename", args=[mine.device.public_id])
    assert "now called “Desk”" in here.post(url, {"name": "Desk"}, follow=True).content.decode()
    here.post(sign_out_url(mine))
    assert is_over(mine)


def test_a_wrong_password_changes_nothing_and_the_act_still_waits(here: Any, other: Session) -> None:
    question = here.post(sign_out_url(other))
    again = here.post(CONFIRM, {"act": waiting(question), "password": "wrong"})
    assert again.status_code == 422
    assert "That is not your password." in again.content.decode()
    assert not is_over(other)
    here.post(CONFIRM, {"act": waiting(again), "password": PASSWORD})
    assert is_over(other)


@pytest.mark.control("HIPAA 164.308(a)(5)(ii)(C)")
def test_every_try_is_an_event(here: Any, other: Session, user: Any) -> None:
    act = waiting(here.post(sign_out_url(other)))
    here.post(CONFIRM, {"act": act, "password": "wrong"})
    here.post(CONFIRM, {"act": act, "password": PASSWORD})
    kinds = Event.objects.filter(user_id=user.pk, kind__startswith="reauthenticat").order_by("pk")
    mine = Session.objects.exclude(pk=other.pk).get()
    assert list(kinds.values_list("kind", "session_id", "data__method")) == [
        ("reauthentication_failed", mine.pk, "password"),
        ("reauthenticated", mine.pk, "password"),
    ]


def test_guessing_is_slowed_down(here: Any, other: Session, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REAUTHENTICATION_TRIES": 2}
    act = waiting(here.post(sign_out_url(other)))
    for _ in range(2):
        assert here.post(CONFIRM, {"act": act, "password": "wrong"}).status_code == 422
    answer = here.post(CONFIRM, {"act": act, "password": PASSWORD})
    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()
    assert not is_over(other)


def test_a_try_is_checked_while_the_account_is_held(
    here: Any, other: Session, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the count of the tries before it to its own: many at once are no more than one after the other."""
    act = waiting(here.post(sign_out_url(other)))
    seen: list[str] = []

    def check(self: Any, password: str) -> bool:
        seen.append("checked")
        return False

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "sessions_ui_accountstate" in sql and sql.startswith("UPDATE"):
            seen.append("held")
        elif "sessions_ui_event" in sql:
            seen.append("noted" if sql.startswith("INSERT") else "counted")
        elif sql.startswith(("SAVEPOINT", "RELEASE")):
            seen.append(sql.split()[0].lower())
        return execute(sql, params, many, context)

    monkeypatch.setattr(type(user), "check_password", check)
    with connection.execute_wrapper(watch):
        assert here.post(CONFIRM, {"act": act, "password": "wrong"}).status_code == 422
    order = [what for what in seen[seen.index("held") :] if what != "savepoint"]
    assert order.index("counted") < order.index("checked") < order.index("noted") < order.index("release")
    assert "savepoint" in seen[: seen.index("held")]


@pytest.mark.control("ASVS 7.2.4")
def test_the_session_key_rotates(here: Any, other: Session) -> None:
    before = here.session.session_key
    here.post(CONFIRM, {"act": waiting(here.post(sign_out_url(other))), "password": PASSWORD})
    assert here.session.session_key != before
    assert here.get(PAGE).status_code == 200


def test_htmx_gets_the_question_for_its_dialog(here: Any, other: Session) -> None:
    question = here.post(sign_out_url(other), headers=HTMX)
    assert question.headers["HX-Retarget"] == "#sui-dialog"
    assert "<html" not in question.content.decode()
    wrong = here.post(CONFIRM, {"act": waiting(question), "password": "wrong"}, headers=HTMX)
    assert wrong.headers["HX-Retarget"] == "#sui-dialog"
    answer = here.post(CONFIRM, {"act": waiting(wrong), "password": PASSWORD}, headers=HTMX)
    assert "HX-Retarget" not in answer.headers
    assert answer.content.decode().lstrip().startswith('<section id="devices"')


@pytest.mark.parametrize("age", [timedelta(0), timedelta(minutes=11)])
def test_nobody_elses_act_and_no_old_one(
    here: Any, other: Session, other_user: Any, user: Any, age: timedelta, time_machine: Any
) -> None:
    signer = other_user if age == timedelta(0) else user
    act = WaitingAct(sign_out_url(other), "", "Sign out").sign(signer)
    if age:
        from django.utils import timezone

        time_machine.move_to(timezone.now() + age)
    answer = here.post(CONFIRM, {"act": act, "password": PASSWORD}, follow=True)
    assert "nothing was changed" in answer.content.decode()
    assert not is_over(other)


@pytest.mark.parametrize("act", ["", "nonsense", "a:b:c", "\x00"])
def test_a_made_up_act_is_no_error(here: Any, act: str) -> None:
    assert here.post(CONFIRM, {"act": act, "password": PASSWORD}).status_code == 302
    assert here.get(CONFIRM, {"act": act}).status_code == 302


def test_coming_back_from_another_way_acts_on_a_post_only(here: Any, other: Session) -> None:
    act = waiting(here.post(sign_out_url(other)))
    back = f"{CONFIRM}?{urlencode({'act': act})}"
    here.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": back})
    page = here.get(back)
    assert "You’ve confirmed it’s you" in page.content.decode()
    assert not is_over(other)
    here.post(CONFIRM, {"act": waiting(page)})
    assert is_over(other)


def test_the_ways_out(here: Any, other: Session, user: Any, settings: Any) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP

    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "HELP_URL": "https://help.example/"}
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    here.force_login(user)  # a factor that was added from elsewhere ended everything
    age_sign_ins(user)
    html = here.post(sign_out_url(other)).content.decode()
    for text in (
        "Use your authenticator app",
        "have my phone",
        "Use one of your recovery codes",
        'href="https://help.example/"',
    ):
        assert text in html, text
    assert f"{reverse('mfa_reauthenticate')}?next={CONFIRM.replace('/', '%2F')}%3Fact%3D" in html


def test_people_with_nothing_to_confirm_it_with_are_told_what_to_do(
    here: Any, other: Session, user: Any
) -> None:
    question = here.post(sign_out_url(other))
    user.set_unusable_password()
    type(user).objects.filter(pk=user.pk).update(password=user.password)
    Session.objects.update(auth_hash=user.get_session_auth_hash())
    html = here.post(sign_out_url(other)).content.decode()
    assert "sign in again" in html
    assert 'type="password"' not in html
    assert here.post(CONFIRM, {"act": waiting(question), "password": ""}).status_code == 422
    assert not is_over(other)


class TestWithoutAllauth:
    """A host project: the app's own form asks Django's authentication backends."""

    @pytest.fixture(autouse=True)
    def _own(self, settings: Any) -> None:
        own = "sessions_ui.web.step_up.reauthentication.Reauthentication"
        settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REAUTHENTICATION": own}
        settings.AUTHENTICATION_BACKENDS = [
            *settings.AUTHENTICATION_BACKENDS,
            "django.contrib.auth.backends.ModelBackend",
        ]

    def test_the_password_confirms_it(self, here: Any, other: Session, user: Any) -> None:
        question = here.post(sign_out_url(other))
        before = here.session.session_key
        assert here.post(CONFIRM, {"act": waiting(question), "password": "wrong"}).status_code == 422
        here.post(CONFIRM, {"act": waiting(question), "password": PASSWORD})
        assert is_over(other)
        assert here.session.session_key != before
        assert Event.objects.filter(user_id=user.pk, kind="reauthenticated").count() == 1

    def test_a_confirmation_counts_for_ten_minutes(
        self, here: Any, other: Session, user: Any, signed_in: SignedIn
    ) -> None:
        here.post(CONFIRM, {"act": waiting(here.post(sign_out_url(other))), "password": PASSWORD})
        second = signed_in(user)
        here.post(sign_out_url(second))
        assert is_over(second)
