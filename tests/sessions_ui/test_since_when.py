"""Whatever reports that trust has ended may say since when (docs/metrics.md, "Since when")."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import load_command_class
from django.utils import timezone
from django.utils.module_loading import import_string

import sessions_ui
from sessions_ui import tasks
from sessions_ui.admin.incidents.forms import IncidentForm
from sessions_ui.admin.sessions.ending import ReasonForm
from sessions_ui.help_desk.forms import OrderForm
from tests.models import Act, EndReason, Offboarding, Session

pytestmark = pytest.mark.django_db

# What ends sessions and takes no `happened_at`, and why.
WITHOUT = {
    "approve_incident": "whoever ordered it has said it",
    "decline_incident": "nothing ends",
    "decide_access": "a review is about who has access now; somebody who left is offboarded, which takes it",
    "end_credentials": "another package's rows say nothing of what was done with them",
    "report_leaked": "who finds a value does not know since when it can be read",
    "factor_changed": "the change is made at that moment",
    "stop_impersonating": "it is no report",
}


def verbs() -> dict[str, inspect.Signature]:
    """The public functions that end sessions, by what they return."""
    found = {}
    for name in sessions_ui.__all__:
        verb = import_string(f"sessions_ui.{name}")
        if inspect.isfunction(verb):
            signature = inspect.signature(verb)
            if any(
                what in str(signature.return_annotation)
                for what in ("Receipt", "Ending", "Incident", "Offboarding")
            ):
                found[name] = signature
    return found


def test_every_verb_that_ends_sessions_takes_it_or_says_why_not() -> None:
    found = verbs()
    assert {"end_sessions", "end_later", "mark_lost", "order_incident", "report_not_me"} <= found.keys()
    without = {name for name, signature in found.items() if "happened_at" not in signature.parameters}
    assert without <= WITHOUT.keys(), without - WITHOUT.keys()


CALLS: dict[str, Callable[[Session, datetime], Any]] = {
    "end_session": lambda session, at: sessions_ui.end_session(
        session=session, reason=EndReason.ADMINISTRATOR, happened_at=at
    ),
    "end_sessions": lambda session, at: sessions_ui.end_sessions(
        sessions=Session.objects.filter(pk=session.pk), reason=EndReason.ADMINISTRATOR, happened_at=at
    ),
    "end_user_sessions": lambda session, at: sessions_ui.end_user_sessions(
        user=session.user, reason=EndReason.ADMINISTRATOR, happened_at=at
    ),
    "end_later": lambda session, at: sessions_ui.end_later(
        sessions=Session.objects.filter(pk=session.pk), reason=EndReason.ADMINISTRATOR, happened_at=at
    ),
    "end_provider_sessions": lambda session, at: sessions_ui.end_provider_sessions(
        iss="https://idp.example", sub="ada", happened_at=at
    ),
    "access_changed": lambda session, at: sessions_ui.access_changed(
        users=get_user_model().objects.filter(pk=session.user_id), happened_at=at
    ),
    "mark_lost": lambda session, at: sessions_ui.mark_lost(
        device=session.device, actor=session.user, happened_at=at
    ),
    "offboard": lambda session, at: sessions_ui.offboard(
        user=session.user, ends_at=timezone.now(), actor=None, happened_at=at
    ),
    "order_incident": lambda session, at: sessions_ui.order_incident(
        criteria=sessions_ui.Criteria(users=(str(session.user_id),)), note="phished", happened_at=at
    ),
    "report_not_me": lambda session, at: sessions_ui.report_not_me(session=session, happened_at=at),
}


def test_each_of_these_is_called_below() -> None:
    taking = {name for name, signature in verbs().items() if "happened_at" in signature.parameters}
    assert taking == CALLS.keys()


@pytest.mark.parametrize("name", CALLS)
def test_the_act_and_the_session_keep_it(name: str, user: Any, browser: Any) -> None:
    browser().sign_in(user)
    a_day_ago = timezone.now() - timedelta(days=1)
    Session.objects.update(
        signed_in_at=timezone.now() - timedelta(days=2), iss="https://idp.example", sub="ada"
    )
    session = Session.objects.get()
    CALLS[name](session, a_day_ago)
    tasks.sweep_endings()
    session.refresh_from_db()
    assert Act.objects.get().happened_at == a_day_ago
    assert (session.untrusted_since, session.ended_at is None) == (a_day_ago, False)


def test_the_persons_own_report_is_since_the_sign_in_that_it_is_about(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    five_days_ago = timezone.now() - timedelta(days=5)
    Session.objects.update(signed_in_at=five_days_ago)
    session = Session.objects.get()
    sessions_ui.report_not_me(session=session, actor=user)
    assert Act.objects.get().happened_at == five_days_ago
    assert sessions_ui.session_debt().total.manual == pytest.approx(
        timedelta(days=5), abs=timedelta(minutes=1)
    )


def test_a_report_about_a_sign_in_by_a_clock_ahead_of_ours_is_taken(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    Session.objects.update(signed_in_at=timezone.now() + timedelta(seconds=30))
    receipt = sessions_ui.report_not_me(session=Session.objects.get(), actor=user)
    assert receipt.ended == 1


@pytest.mark.parametrize("form", [ReasonForm, IncidentForm, OrderForm])
def test_the_forms_of_staff_ask_for_it(form: Any) -> None:
    assert "happened_at" in form.base_fields


def test_an_offboarding_that_was_agreed_for_a_day_that_is_over_is_since_that_day(user: Any) -> None:
    assert not Offboarding.objects.exists()
    yesterday = timezone.now() - timedelta(days=1)
    sessions_ui.offboard(user=user, ends_at=yesterday, actor=None)
    assert Offboarding.objects.get().ends_at == yesterday


@pytest.mark.parametrize("arguments", [["sessions", "end"], ["sessions", "incident"]])
def test_the_commands_take_it(arguments: list[str], capsys: Any) -> None:
    parser = load_command_class("sessions_ui", arguments[0]).create_parser("manage.py", arguments[0])
    with pytest.raises(SystemExit):
        parser.parse_args([*arguments[1:], "--help"])
    assert "--happened-at" in capsys.readouterr().out
