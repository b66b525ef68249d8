"""Who may use whose account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.utils import timezone

import sessions_ui
from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.actions.impersonation import begin_impersonation
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.exceptions import ImpersonationRefused, SessionEnded
from sessions_ui.store import SessionStore
from tests.models import EndReason, Event, Session

pytestmark = pytest.mark.django_db


def nobody(agent: Any, users: Any) -> Any:
    return users.none()


def use(browser: Any, user: Any, reason: str = "Your invoice") -> int:
    return int(browser.post("/support/use/", {"user": user.pk, "reason": reason}).status_code)


def whose(browser: Any) -> str:
    return str(browser.get("/whoami/").content.decode())


def test_with_the_permission_staff_uses_an_account(desk: Any, user: Any) -> None:
    assert use(desk, user) == 302
    assert whose(desk) == user.email


def test_without_it_nobody_does(browser: Any, agent: Any, user: Any) -> None:
    here = browser()
    here.sign_in(agent)
    assert use(here, user) == 403
    assert whose(here) == agent.email and not Event.objects.filter(kind="impersonated").exists()


def test_nobody_impersonates_the_own_account(desk: Any, support: Any) -> None:
    assert use(desk, support) == 403


def test_no_superusers(desk: Any, administrator: Any, browser: Any) -> None:
    assert use(desk, administrator) == 403
    other = browser()
    other.sign_in(administrator)
    second = type(administrator).objects.create_superuser("second@staff.example")
    assert use(other, second) == 403, "not even by another one"


def test_nobody_who_may_do_what_support_may_not(desk: Any, user: Any) -> None:
    user.user_permissions.add(Permission.objects.get(codename="delete_user"))
    assert use(desk, user) == 403


def test_nobody_who_is_disabled(desk: Any, user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert use(desk, user) == 403


def test_nobody_whose_access_has_ended(desk: Any, user: Any, other_user: Any) -> None:
    offboard(user=user, ends_at=timezone.now())
    assert use(desk, user) == 403
    assert use(desk, other_user) == 302


def test_the_use_of_an_account_ends_with_the_account(
    desk: Any, support: Any, user: Any, other_user: Any, browser: Any
) -> None:
    date = timezone.now() + timedelta(minutes=5)
    offboard(user=user, ends_at=date)
    assert use(desk, user) == 302
    used = Session.objects.get(user=user, impersonator=support)
    assert used.latest_end_at == used.expires_at == date
    bystander = browser()
    bystander.sign_in(support)
    assert use(bystander, other_user) == 302
    with time_machine.travel(date, tick=False):
        assert whose(desk) != user.email
        assert whose(bystander) == other_user.email
    used.refresh_from_db()
    assert used.end_reason == EndReason.OFFBOARDED


def test_nobody_out_of_the_agents_scope(desk: Any, user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "HELP_DESK_SCOPE": f"{__name__}.nobody"}
    assert use(desk, user) == 403


def grace_only(agent: Any, users: Any) -> Any:
    return users.filter(email="grace@people.example")


def test_a_scope_that_holds_somebody_else_holds_nobody_more(
    desk: Any, user: Any, other_user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "HELP_DESK_SCOPE": f"{__name__}.grace_only"}
    assert use(desk, user) == 403
    assert use(desk, other_user) == 302


@pytest.mark.parametrize("reason", ["", "   "])
def test_nobody_impersonates_without_a_reason(reason: str, desk: Any, user: Any) -> None:
    assert use(desk, user, reason) == 403


def test_nobody_impersonates_from_within_another_account(
    inside: Any, other_user: Any, user: Any, support: Any
) -> None:
    assert use(inside, other_user) == 403
    assert whose(inside) == user.email


def test_nobody_impersonates_from_within_the_account_of_somebody_who_may_do_it_too(
    desk: Any, user: Any, other_user: Any
) -> None:
    user.user_permissions.add(Permission.objects.get(codename="impersonate"))
    assert use(desk, user) == 302
    assert use(desk, other_user) == 403
    assert whose(desk) == user.email
    assert not Session.objects.of(other_user).exists()


def nobody_is_used() -> bool:
    rows = Session.objects.filter(impersonated_from__isnull=False)
    return not rows.exists() and not Event.objects.filter(kind="impersonated").exists()


def test_nobody_impersonates_from_a_session_that_ended_meanwhile_while_another_lives(
    desk: Any, support: Any, user: Any, browser: Any, rf: Any
) -> None:
    """The request looked its session up, the session was ended from elsewhere, the view goes on."""
    elsewhere = browser()
    elsewhere.sign_in(support)
    request = rf.post("/")
    request.session = SessionStore(desk.cookies["sessionid"].value)
    own = request.session.resolve()
    end_session(session=own, reason=EndReason.SIGNED_OUT_REMOTELY)
    with pytest.raises(SessionEnded):
        sessions_ui.impersonate(request, user=user, actor=support, reason="x")
    assert nobody_is_used()
    assert whose(elsewhere) == support.email


def test_nobody_impersonates_from_a_session_of_somebody_else(
    desk: Any, support: Any, user: Any, other_user: Any, browser: Any
) -> None:
    """In the action itself, whoever calls it."""
    browser().sign_in(other_user)
    with pytest.raises(SessionEnded):
        begin_impersonation(
            origin=Session.objects.get(user=other_user),
            digest="d",
            user=user,
            actor=support,
            reason="x",
            client=client_of({}),
        )
    assert nobody_is_used()


def test_nobody_does_it_in_the_name_of_somebody_else(
    desk: Any, user: Any, administrator: Any, rf: Any
) -> None:
    """The actor is who is signed in in this browser."""
    request = rf.post("/")
    request.session = SessionStore(desk.cookies["sessionid"].value)
    with pytest.raises(ImpersonationRefused, match="not_signed_in"):
        sessions_ui.impersonate(request, user=user, actor=administrator, reason="x")
    assert not Session.objects.filter(impersonated_from__isnull=False).exists()
