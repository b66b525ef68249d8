"""Nobody reads the mail of a service account: whoever answers for it is told what happens to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.utils import timezone

from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.changes.email import email_changed
from sessions_ui.actions.endings.end import end_session, end_user_sessions
from sessions_ui.actions.help_desk.caller import verify_caller
from sessions_ui.actions.help_desk.carry_out import carry_out
from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.order import Order
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.tokens.create import NewToken, create_token
from sessions_ui.actions.tokens.expiring import warn_of_expiring
from sessions_ui.actions.tokens.leaked import report_leaked
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.channels.emails import BY_EVENT
from sessions_ui.delivery import deliver_due
from sessions_ui.outbox.enqueue import TOLD_BY_MAIL
from tests.models import Case, Delivery, EndReason, Event, ServiceAccount, Session

pytestmark = pytest.mark.django_db

ROBOT = "robot@people.example"
LINE = f"This email is about the service account {ROBOT}, which you’re responsible for."


@dataclass(frozen=True)
class Scene:
    """A service account with a token, who answers for it, and who acts."""

    robot: Any
    owner: Any
    made: NewToken
    boss: Any
    agent: Any
    clock: Any


def token_of(user: Any, **given: Any) -> NewToken:
    ends = timezone.now() + timedelta(days=30)
    return create_token(
        **{"user": user, "name": "Backup", "scopes": ["sessions:read"], "expires_at": ends} | given
    )


@pytest.fixture
def robot(user: Any) -> Any:
    robot = get_user_model().objects.create_user(ROBOT)
    make_service_account(user=robot, owner=user)
    return robot


@pytest.fixture
def scene(robot: Any, user: Any, administrator: Any, agent: Any, time_machine: Any) -> Scene:
    made = token_of(robot)
    Delivery.objects.all().delete()
    return Scene(robot, user, made, administrator, agent, time_machine)


def expires(it: Scene) -> None:
    it.clock.move_to(timezone.now() + timedelta(days=29), tick=False)
    warn_of_expiring()


def address_changes(it: Scene) -> None:
    it.robot.email = "r2@people.example"
    it.robot.save()
    Delivery.objects.all().delete()
    email_changed(user=it.robot, old="", actor=it.boss)
    get_user_model().objects.filter(pk=it.robot.pk).update(email=ROBOT)


def help_desk(it: Scene) -> None:
    case = open_case(agent=it.agent, term=ROBOT)
    verify_caller(case=case, agent=it.agent, ticket="INC-7", reason=Case.Reason.LOST, ways=["call_back"])
    Case.objects.filter(pk=case.pk).update(proof=Case.Proof.CODE, proven_at=timezone.now())
    order = Order(everything=True)
    carry_out(case=Case.objects.get(pk=case.pk), agent=it.agent, order=order, nonce="n" * 32)


def incident(it: Scene) -> None:
    order_incident(criteria=Criteria(users=(str(it.robot.pk),)), note="leaked")
    end_batches()


Do = Callable[[Scene], Any]
EVENTS: dict[str, tuple[Do, str]] = {
    "a token is made": (lambda it: token_of(it.robot, actor=it.boss), "credential_changed"),
    "a token is renewed": (lambda it: rotate_token(token=it.made.token, actor=it.boss), "credential_changed"),
    "a token ends soon": (expires, "token_expires"),
    "its address changes": (address_changes, "email_changed"),
}
ENDINGS: dict[str, Do] = {
    "a token leaked": lambda it: report_leaked(value=it.made.value),
    "an incident": incident,
    "the help desk": help_desk,
    "a single token": lambda it: end_session(
        session=it.made.token.session, reason=EndReason.ADMINISTRATOR, actor=it.boss
    ),
    **{
        f"reason {reason}": lambda it, reason=reason: end_user_sessions(  # type: ignore[misc]
            user=it.robot, reason=reason, actor=it.boss, tokens=True
        )
        for reason in sorted(TOLD_BY_MAIL)
    },
}  # fmt: skip
ACTS: dict[str, Do] = {**{name: act for name, (act, _kind) in EVENTS.items()}, **ENDINGS}
# Nobody makes or renews a token of one for which nobody answers; and of a changed address its old one is told.
WITHOUT_OWNER = {"a token ends soon": expires, **ENDINGS}
SIGN_IN = "about a sign-in, and nobody signs in to it"
LETS_IN = "lets somebody in, or says that it did: to the addresses of the account itself"
NOT_TOLD: dict[str, str] = {
    Event.Kind.FLAGGED: SIGN_IN,
    Event.Kind.CHALLENGED: SIGN_IN,
    Event.Kind.PROVEN: SIGN_IN,
    Event.Kind.CODE_SENT: SIGN_IN,
    Event.Kind.UNUSED_SOON: SIGN_IN,
    Event.Kind.IMPERSONATED: "support does not use it",
    Event.Kind.HELP_DESK: LETS_IN,
    Event.Kind.PASSWORD_REQUIRED: LETS_IN,
    Event.Kind.RECOVERY_LINK: LETS_IN,
    Event.Kind.RECOVERY_CLOSED: LETS_IN,
}


def test_no_mail_is_missing() -> None:
    told = {kind for _act, kind in EVENTS.values()}
    assert told.isdisjoint(NOT_TOLD)
    assert told | {*NOT_TOLD} == {*BY_EVENT}


def receivers(account: Any) -> list[str]:
    return list(
        Delivery.objects.filter(user_id=account.pk, channel="mail").values_list("receiver", flat=True)
    )


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_whoever_answers_for_it_is_told(act: Do, scene: Scene) -> None:
    act(scene)
    assert receivers(scene.robot) == [scene.owner.email]
    mail.outbox.clear()
    deliver_due()
    [letter] = [each for each in mail.outbox if each.to == [scene.owner.email]]
    assert LINE in letter.body
    assert LINE in letter.alternatives[0][0]  # type: ignore[attr-defined]


@pytest.mark.parametrize("act", WITHOUT_OWNER.values(), ids=WITHOUT_OWNER)
def test_where_nobody_answers_any_more_its_own_address_is_told(act: Do, scene: Scene) -> None:
    ServiceAccount.objects.filter(pk=scene.robot.pk).update(owner=None)
    act(scene)
    assert receivers(scene.robot) == [ROBOT]


def test_people_are_told_by_their_own(user: Any, robot: Any, other_user: Any) -> None:
    """Also whoever answers for another account, and in one act with that."""
    accounts = (user, robot, other_user)
    for account in accounts:
        token_of(account)
    Delivery.objects.all().delete()
    ids = tuple(str(account.pk) for account in accounts)
    order_incident(criteria=Criteria(users=ids), note="leaked")
    end_batches()
    assert [receivers(account) for account in accounts] == [[user.email], [user.email], [other_user.email]]
    mail.outbox.clear()
    deliver_due()
    assert sorted((each.to[0], LINE in each.body) for each in mail.outbox) == [
        (user.email, False),
        (user.email, True),
        (other_user.email, False),
    ]
    assert not Session.objects.living().filter(user__in=accounts).exists()
