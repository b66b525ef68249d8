"""An action is one transaction: where its last write fails, nothing of it has happened.

Each row arranges what the action needs, and returns the action. Without its decorator what the action writes before
it calls another one would stay.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from sessions_ui.actions.credentials.changed import credential_changed, end_and_tell
from sessions_ui.actions.devices.confirm import confirm_device
from sessions_ui.actions.devices.former_address import end_by_former_address
from sessions_ui.actions.devices.lost import mark_found, mark_lost
from sessions_ui.actions.devices.not_me import report_by_link, report_not_me
from sessions_ui.actions.devices.rename import rename_device
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.email_change import email_changed, tell_old_address
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
from sessions_ui.actions.endings.reconcile.unlawful import end_if_unlawful
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.help_desk.caller import verify_caller
from sessions_ui.actions.help_desk.carry_out import Order, carry_out
from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.prove import check_code as check_help_desk_code
from sessions_ui.actions.help_desk.recovery import lift, send_link
from sessions_ui.actions.help_desk.send_code import send_code as send_help_desk_code
from sessions_ui.actions.impersonation import begin_impersonation, end_impersonation
from sessions_ui.actions.recovery.close import lift_recovery
from sessions_ui.actions.recovery.expire import expire_recoveries
from sessions_ui.actions.recovery.open import mail_recovery_link, open_recovery, password_again
from sessions_ui.actions.recovery.steps import choose_password, remove_added
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.step_up.codes import check_code, send_code
from sessions_ui.actions.step_up.reauthentication import note_reauthentication
from sessions_ui.actions.webhooks.endpoints import ping, renew_secret, save_endpoint, switch_off, switch_on
from sessions_ui.actions.webhooks.redeliver import redeliver
from sessions_ui.credentials import CredentialChange, CredentialKind
from tests.bystander import read_all
from tests.conftest import Browser
from tests.models import (
    Case,
    Delivery,
    Device,
    Endpoint,
    EndReason,
    Event,
    Recovery,
    Session,
    VerificationCode,
    digest_of,
)
from tests.statements import verb

pytestmark = pytest.mark.django_db

NONCE = "n" * 32
SIGN_IN = VerificationCode.Purpose.SIGN_IN
CHANGED: dict[str, Any] = {"kind": CredentialKind.PASSKEY, "change": CredentialChange.ADDED}


@dataclass(frozen=True)
class Scene:
    """A person who is signed in, and who could do something about it."""

    user: Any
    session: Session
    device: Device
    agent: Any


@pytest.fixture
def scene(user: Any, agent: Any, settings: Any) -> Scene:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "EMAIL_CHANGE_ENDS": "all"}
    Browser().force_login(user)
    session = Session.objects.select_related("device").get()
    assert session.device is not None
    return Scene(get_user_model().objects.get(pk=user.pk), session, session.device, agent)


def verified_case(scene: Scene, *, proven: bool = False) -> Case:
    case = open_case(agent=scene.agent, term=scene.user.email)
    verify_caller(case=case, agent=scene.agent, ticket="INC-7", reason=Case.Reason.LOST, ways=["call_back"])
    if proven:
        Case.objects.filter(pk=case.pk).update(proof=Case.Proof.CODE, proven_at=timezone.now())
    return Case.objects.get(pk=case.pk)


def help_desk(scene: Scene, **order: Any) -> Any:
    case = verified_case(scene, proven=True)
    return lambda: carry_out(case=case, agent=scene.agent, order=Order(**order), nonce=NONCE)


def opened_before(scene: Scene) -> Recovery:
    """Long enough ago for another link."""
    with time_machine.travel(timezone.now() - timedelta(minutes=2), tick=False):
        return open_recovery(user=scene.user, since=timezone.now(), opened_by=Recovery.OpenedBy.MAIL)


def of_case(scene: Scene, act: Callable[..., Any]) -> Any:
    case = verified_case(scene, proven=True)
    opened_before(scene)
    return lambda: act(case=Case.objects.get(pk=case.pk), agent=scene.agent)


def a_code_for_the_help_desk(scene: Scene) -> Any:
    case = verified_case(scene)
    return lambda: send_help_desk_code(case=Case.objects.get(pk=case.pk), agent=scene.agent)


def a_code_of_the_help_desk(scene: Scene) -> Any:
    case = verified_case(scene)
    send_help_desk_code(case=case, agent=scene.agent)

    def give() -> None:
        fresh = Case.objects.get(pk=case.pk)
        check_help_desk_code(case=fresh, agent=scene.agent, code=fresh.code())

    return give


def a_caller(scene: Scene) -> Any:
    case = open_case(agent=scene.agent, term=scene.user.email)
    stated: dict[str, Any] = {"ticket": "INC-7", "reason": Case.Reason.LOST, "ways": ["call_back"]}
    return lambda: verify_caller(case=Case.objects.get(pk=case.pk), agent=scene.agent, **stated)


def a_code(scene: Scene) -> Any:
    asked: dict[str, Any] = {"user": scene.user, "session_id": scene.session.pk, "purpose": SIGN_IN}
    send_code(**asked)
    return lambda: check_code(**asked, code=VerificationCode.objects.get().code())


def a_found_device(scene: Scene) -> Any:
    mark_lost(device=scene.device, actor=scene.user)
    return lambda: mark_found(device=scene.device, actor=scene.user)


def a_mail(scene: Scene) -> Delivery:
    event = Event.objects.get(kind=Event.Kind.SIGNED_IN)
    return Delivery.objects.create(event=event, user=scene.user, channel="mail", receiver=scene.user.email)


def a_link(scene: Scene) -> Any:
    mail = a_mail(scene)
    return lambda: report_by_link(delivery=mail, session=scene.session)


def a_cancelled_date(scene: Scene) -> Any:
    row = offboard(user=scene.user, ends_at=timezone.now() + timedelta(days=1))
    return lambda: cancel_offboarding(offboarding=row)


def an_unlawful_session(scene: Scene) -> Any:
    Session.objects.update(expires_at=timezone.now())
    return lambda: end_if_unlawful([scene.session.pk])


def recovering(scene: Scene, act: Callable[[Recovery], Any]) -> Any:
    case = opened_before(scene)
    return lambda: act(case)


def a_password_again(scene: Scene) -> Any:
    case = opened_before(scene)
    Recovery.objects.filter(pk=case.pk).update(password_at=timezone.now())
    return lambda: password_again(user=scene.user)


def new_password(scene: Scene) -> Callable[[], None]:
    def save() -> None:
        fresh = get_user_model().objects.get(pk=scene.user.pk)
        fresh.set_password("a horse of another colour")
        fresh.save()

    return save


def an_endpoint(act: Callable[[Endpoint], Any], **fields: Any) -> Any:
    endpoint = Endpoint(url="https://receiver.example/", types=[])
    save_endpoint(endpoint=endpoint, actor=None)
    Endpoint.objects.filter(pk=endpoint.pk).update(**fields)
    return lambda: act(Endpoint.objects.get(pk=endpoint.pk))


def a_new_endpoint(scene: Scene) -> Any:
    return lambda: save_endpoint(endpoint=Endpoint(url="https://a.example/", types=[]), actor=scene.agent)


def a_delivery(scene: Scene) -> Any:
    a_mail(scene)
    Delivery.objects.update(parked_at=timezone.now())
    return lambda: redeliver(deliveries=Delivery.objects.all(), actor=scene.agent)


def impersonated(scene: Scene) -> Callable[[], Session]:
    agents = get_user_model().objects.filter(pk=scene.agent.pk)
    agents.update(is_superuser=True)
    Browser().force_login(scene.agent)
    origin = Session.objects.of(scene.agent).get()
    return lambda: begin_impersonation(
        origin=origin,
        digest=digest_of("of support"),
        user=scene.user,
        actor=agents.get(),
        reason="Your invoice",
        client=client_of({}),
    )


def impersonation_left(scene: Scene) -> Any:
    session = impersonated(scene)()
    return lambda: end_impersonation(
        session=Session.objects.get(pk=session.pk), key="of support", new_key="of support, too"
    )


ACTIONS: dict[str, Callable[[Scene], Any]] = {
    "the address": lambda it: lambda: email_changed(user=it.user, old="old@people.example"),
    "the address, told alone": lambda it: lambda: tell_old_address(user=it.user, old="old@people.example"),
    "a credential": lambda it: lambda: credential_changed(user=it.user, **CHANGED),
    "a credential that ends": lambda it: (
        lambda: end_and_tell(
            lambda: end_user_sessions(user=it.user, reason=EndReason.FACTOR_CHANGED),
            lambda act: credential_changed(user=it.user, act=act, **CHANGED),
        )
    ),
    "everything": lambda it: lambda: end_user_sessions(user=it.user, reason=EndReason.API),
    "a date that is over": lambda it: lambda: offboard(user=it.user, ends_at=timezone.now()),
    "a date to come": lambda it: lambda: offboard(user=it.user, ends_at=timezone.now() + timedelta(days=1)),
    "a date, cancelled": a_cancelled_date,
    "what is over by itself": an_unlawful_session,
    "a required password": lambda it: (
        lambda: require_new_password(user=it.user, reason=EndReason.INCIDENT, actor=it.agent)
    ),
    "a large ending": lambda it: (
        lambda: end_later(sessions=Session.objects.filter(user=it.user), reason=EndReason.INCIDENT)
    ),
    "a lost device": lambda it: lambda: mark_lost(device=it.device, actor=it.user),
    "a found device": a_found_device,
    "a confirmed device": lambda it: (
        lambda: confirm_device(device=it.device, actor=it.user, proof="mailed_code")
    ),
    "a renamed device": lambda it: lambda: rename_device(device=it.device, name="Mine", actor=it.user),
    "not me": lambda it: lambda: report_not_me(session=it.session),
    "not me, by a link": a_link,
    "not me, by a former address": lambda it: lambda: end_by_former_address(session=it.session),
    "a caller": a_caller,
    "a code for the help desk": a_code_for_the_help_desk,
    "a device, by the help desk": lambda it: help_desk(it, chosen=(it.device.public_id,)),
    "a lost device, by the help desk": lambda it: help_desk(it, chosen=(it.device.public_id,), lost=True),
    "everything, by the help desk": lambda it: help_desk(it, everything=True),
    "a required password, by the help desk": lambda it: help_desk(it, new_password=True),
    "a recovery, by the help desk": lambda it: help_desk(it, chosen=(it.device.public_id,), recovery=True),
    "the link again, by the help desk": lambda it: of_case(it, send_link),
    "a recovery, lifted by the help desk": lambda it: of_case(it, lift),
    "a recovery": lambda it: (
        lambda: open_recovery(user=it.user, since=timezone.now(), opened_by=Recovery.OpenedBy.MAIL)
    ),
    "its link again": lambda it: recovering(it, lambda case: mail_recovery_link(user=it.user)),
    "its password again": a_password_again,
    "its first step": lambda it: recovering(
        it, lambda case: choose_password(recovery=case, user=it.user, save=new_password(it))
    ),
    "its second step": lambda it: recovering(
        it, lambda case: remove_added(recovery=case, user=it.user, chosen=[])
    ),
    "a recovery, lifted": lambda it: recovering(
        it, lambda case: lift_recovery(user=it.user, actor=it.agent)
    ),
    "a code": lambda it: lambda: send_code(user=it.user, session_id=it.session.pk, purpose=SIGN_IN),
    "a reauthentication": lambda it: (
        lambda: note_reauthentication(
            user=it.user, session_id=it.session.pk, succeeded=True, method="password"
        )
    ),
    "support in the account": impersonated,
    "support that leaves it": impersonation_left,
    "an endpoint": a_new_endpoint,
    "a new secret": lambda it: an_endpoint(lambda row: renew_secret(endpoint=row, actor=it.agent)),
    "switched off": lambda it: an_endpoint(lambda row: switch_off(endpoint=row, why="", actor=it.agent)),
    "switched on": lambda it: an_endpoint(
        lambda row: switch_on(endpoint=row, actor=it.agent), disabled_at=timezone.now()
    ),
    "a ping": lambda it: an_endpoint(lambda row: ping(endpoint=row, actor=it.agent)),
    "delivered again": a_delivery,
}  # fmt: skip


class Writes:
    """Counts the statements that write, and fails at one of them."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.made, self._fails_at = 0, fails_at

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if verb(sql) in ("INSERT", "UPDATE", "DELETE") and not sql.endswith("WHERE 0"):
            self.made += 1
            if self.made == self._fails_at:
                raise DatabaseError
        return execute(sql, params, many, context)


class Undone(Exception):
    pass


def number_of_writes(act: Callable[[], Any]) -> int:
    """Found by doing it, and undone again."""
    counted = Writes()
    with suppress(Undone), transaction.atomic():
        with connection.execute_wrapper(counted):
            act()
        raise Undone
    assert counted.made > 1, "one write alone needs no transaction"
    return counted.made


@pytest.mark.parametrize("arrange", ACTIONS.values(), ids=ACTIONS)
def test_an_action_whose_last_write_fails_has_changed_nothing(
    arrange: Callable[[Scene], Any], scene: Scene
) -> None:
    act = arrange(scene)
    before = list(read_all())
    writes = number_of_writes(act)
    with connection.execute_wrapper(Writes(fails_at=writes)), pytest.raises(DatabaseError):
        act()
    assert list(read_all()) == before


@pytest.mark.parametrize("arrange", [a_code, a_code_of_the_help_desk])
def test_a_right_code_whose_proof_could_not_be_written_may_be_given_again(
    arrange: Callable[[Scene], Any], scene: Scene
) -> None:
    """The try was counted; that is a transaction of its own."""
    give = arrange(scene)
    writes = number_of_writes(give)
    with connection.execute_wrapper(Writes(fails_at=writes)), pytest.raises(DatabaseError):
        give()
    give()


def test_a_recovery_that_cannot_be_closed_is_as_it_was(scene: Scene) -> None:
    """The sweep goes on with the others."""
    opened_before(scene)
    Recovery.objects.update(expires_at=timezone.now())
    before = list(read_all())
    writes = number_of_writes(expire_recoveries)
    with connection.execute_wrapper(Writes(fails_at=writes)):
        assert expire_recoveries() == 0
    assert list(read_all()) == before
    assert expire_recoveries() == 1
