"""An action is one transaction: where its last write fails, nothing of it has happened.

Each row arranges what the action needs, and returns the action. Without its decorator what the action writes before
it calls another one would stay.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

import sessions_ui
from sessions_ui.actions.access_review.decide import close_access_review, decide_access
from sessions_ui.actions.access_review.open import open_access_review
from sessions_ui.actions.credentials.changed import credential_changed, end_and_tell
from sessions_ui.actions.devices.confirm import confirm_device, confirm_devices
from sessions_ui.actions.devices.former_address import end_by_former_address
from sessions_ui.actions.devices.lost import mark_found, mark_lost
from sessions_ui.actions.devices.not_me import report_by_link, report_not_me
from sessions_ui.actions.devices.rename import rename_device
from sessions_ui.actions.endings.bulk.carry_out import _end_batch, claim
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.bulk.stop import resume, stop
from sessions_ui.actions.endings.changes.email import email_changed, tell_old_address
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
from sessions_ui.actions.endings.provider_sign_out import remember
from sessions_ui.actions.endings.reconcile.unlawful import end_if_unlawful
from sessions_ui.actions.endings.require_password import new_password_was_chosen, require_new_password
from sessions_ui.actions.help_desk.caller import verify_caller
from sessions_ui.actions.help_desk.carry_out import carry_out
from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.order import Order
from sessions_ui.actions.help_desk.prove import ask_for_approval, refuse_approval
from sessions_ui.actions.help_desk.prove import check_code as check_help_desk_code
from sessions_ui.actions.help_desk.recovery import lift, send_link
from sessions_ui.actions.help_desk.send_code import send_code as send_help_desk_code
from sessions_ui.actions.impersonation import begin_impersonation, end_impersonation
from sessions_ui.actions.incidents.approve import approve_incident, decline_incident
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.incidents.stop import resume_incident, stop_incident
from sessions_ui.actions.privacy.export import note_export
from sessions_ui.actions.recovery.close import lift_recovery
from sessions_ui.actions.recovery.expire import expire_recoveries
from sessions_ui.actions.recovery.open import mail_recovery_link, open_recovery, password_again
from sessions_ui.actions.recovery.steps import choose_password, remove_added
from sessions_ui.actions.sessions.choose_unused import choose_unused
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sessions.metadata import set_metadata
from sessions_ui.actions.sign_in.assess_risk import judge_change
from sessions_ui.actions.step_up.codes import _tell_of_factor, check_code, send_code
from sessions_ui.actions.step_up.reauthentication import note_reauthentication
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.service_accounts import make_service_account, transfer_service_account
from sessions_ui.actions.webhooks.endpoints import ping, renew_secret, save_endpoint, switch_off, switch_on
from sessions_ui.actions.webhooks.redeliver import redeliver
from sessions_ui.client.user_agent import parse
from sessions_ui.conf.sso import Provider
from sessions_ui.credentials import CredentialChange, CredentialKind
from sessions_ui.exceptions import TryAgain
from sessions_ui.sso.logout_token import LogoutToken
from tests.bystander import read_all
from tests.conftest import Browser, make_agent, make_person
from tests.models import (
    AccessReview,
    AccessReviewItem,
    Case,
    Delivery,
    Device,
    Ending,
    Endpoint,
    EndReason,
    Event,
    Incident,
    Recovery,
    Session,
    VerificationCode,
    digest_of,
)
from tests.sessions_ui.database.test_transactions import PASSING, as_django_raises_it
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


@pytest.fixture(scope="module")
def people(made_once: None) -> tuple[Any, Any]:
    """Primary keys of the person and the agent."""
    user = make_person("ada@people.example", name="Ada")
    Browser().force_login(user)
    return user.pk, make_agent().pk


@pytest.fixture
def scene(db: None, people: tuple[Any, Any], settings: Any) -> Scene:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "EMAIL_CHANGE_ENDS": "all"}
    user, agent = (get_user_model().objects.get(pk=pk) for pk in people)
    session = Session.objects.select_related("device").get(user=user)
    assert session.device is not None
    return Scene(user, session, session.device, agent)


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


def a_refusal_of_the_second_agent(scene: Scene) -> Any:
    case = verified_case(scene)
    ask_for_approval(case=case, agent=scene.agent)
    colleague = make_person("colleague@staff.example", is_staff=True)
    colleague.groups.set(scene.agent.groups.all())
    return lambda: refuse_approval(case=Case.objects.get(pk=case.pk), approver=colleague, user=scene.user)


def devices_of_ones_own(scene: Scene) -> Any:
    devices = [scene.device, Device.objects.create(user=scene.user)]
    return lambda: confirm_devices(devices=devices, actor=scene.user, proof="mailed_code")


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


def an_end_in_the_name_of_an_order(scene: Scene) -> Any:
    """Of somebody who became staff since the order was given."""
    order_incident(criteria=Criteria(staff=True), note="the cookies leaked")
    get_user_model().objects.filter(pk=scene.user.pk).update(is_staff=True)
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


def a_large_ending(scene: Scene) -> Ending:
    return end_later(sessions=Session.objects.filter(user=scene.user), reason=EndReason.INCIDENT)


def a_batch(scene: Scene) -> Any:
    batch = claim(a_large_ending(scene))
    assert batch is not None
    return lambda: _end_batch(batch)


def a_large_ending_that_goes_on(scene: Scene) -> Any:
    ending = a_large_ending(scene)
    stop(ending)
    return lambda: resume(ending)


def an_order(scene: Scene, **said: Any) -> Incident:
    criteria = Criteria(users=(str(scene.user.pk),))
    return order_incident(criteria=criteria, note="the cookies leaked", **said)


def an_order_that_goes_on(scene: Scene) -> Any:
    incident = an_order(scene)
    stop_incident(incident=incident)
    return lambda: resume_incident(incident=incident)


def a_waiting_order(scene: Scene, act: Callable[..., Any]) -> Any:
    get_user_model().objects.filter(pk__in=[scene.user.pk, scene.agent.pk]).update(
        is_staff=True, is_superuser=True
    )
    user, agent = (get_user_model().objects.get(pk=one.pk) for one in (scene.user, scene.agent))
    incident = an_order(scene)
    Incident.objects.filter(pk=incident.pk).update(
        ending=None, generation=None, ordered_at=None, actor=user, created_at=timezone.now()
    )
    return lambda: act(incident=Incident.objects.get(pk=incident.pk), actor=agent)


def reviewing(scene: Scene, act: Callable[[AccessReview, Any], Any]) -> Any:
    """A review with two lines, of the person and of their device; in the test everybody may decide."""
    reviewers = get_user_model().objects.filter(pk=scene.agent.pk)
    reviewers.update(is_superuser=True)
    reviewer = reviewers.get()
    review = open_access_review(actor=reviewer)
    AccessReviewItem.objects.exclude(user=scene.user).delete()
    return lambda: act(review, reviewer)


def decide(decision: str) -> Callable[[AccessReview, Any], Any]:
    def act(review: AccessReview, reviewer: Any) -> Any:
        return decide_access(item=review.items.order_by("pk")[0], actor=reviewer, decision=decision)

    return act


def a_decided_review(scene: Scene) -> Any:
    close = reviewing(scene, lambda review, reviewer: close_access_review(review=review, actor=reviewer))
    AccessReviewItem.objects.update(decision=AccessReviewItem.Decision.KEEP)
    return close


def a_token(scene: Scene) -> Any:
    return create_token(
        user=scene.user,
        name="Backup",
        scopes=["sessions:read"],
        expires_at=timezone.now() + timedelta(days=1),
    )


def a_token_again(scene: Scene) -> Any:
    token = a_token(scene).token
    return lambda: rotate_token(token=token)


def a_robot() -> Any:
    return get_user_model().objects.create_user(email="robot@people.example", password="of a person once")


def a_service_account(scene: Scene) -> Any:
    robots = get_user_model().objects.filter(pk=a_robot().pk)
    return lambda: make_service_account(user=robots.get(), owner=scene.user)


def a_service_account_of_another(scene: Scene) -> Any:
    account = make_service_account(user=a_robot(), owner=scene.user)
    return lambda: transfer_service_account(account=account, owner=scene.agent)


def another_client(scene: Scene) -> Any:
    then, now = (
        parse(f"Mozilla/5.0 ({system}) Firefox/145.0") for system in ("X11; Linux", "Windows NT 10.0")
    )
    client = client_of({"REMOTE_ADDR": "81.2.69.142"})
    return lambda: judge_change(scene.session.pk, scene.user.pk, then, now, client)


def a_chosen_password(scene: Scene) -> Any:
    require_new_password(user=scene.user, reason=EndReason.INCIDENT, actor=None)
    return lambda: new_password_was_chosen(scene.user)


def a_factor_that_is_told(scene: Scene) -> Any:
    told = {"user": scene.user, "session": scene.session, "method": "totp", "purpose": SIGN_IN}
    return lambda: _tell_of_factor(**told, since=timezone.now() - timedelta(minutes=10))


def said_by_a_provider() -> LogoutToken:
    issuer = "https://id.example"
    return LogoutToken(Provider("example", "Example ID", issuer), digest_of("said"), issuer, "ada-7", "")


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
    "what an incident has ended": an_end_in_the_name_of_an_order,
    "a required password": lambda it: (
        lambda: require_new_password(user=it.user, reason=EndReason.INCIDENT, actor=it.agent)
    ),
    "a large ending": lambda it: (
        lambda: end_later(sessions=Session.objects.filter(user=it.user), reason=EndReason.INCIDENT)
    ),
    "a batch of a large ending": a_batch,
    "an incident": lambda it: lambda: an_order(it),
    "an incident, stopped": lambda it: (lambda row: lambda: stop_incident(incident=row))(an_order(it)),
    "an incident that goes on": an_order_that_goes_on,
    "an incident, approved": lambda it: a_waiting_order(it, approve_incident),
    "an incident, declined": lambda it: a_waiting_order(it, decline_incident),
    "a review": lambda it: reviewing(it, lambda _review, reviewer: open_access_review(actor=reviewer)),
    "a line that is kept": lambda it: reviewing(it, decide("keep")),
    "a line that is ended": lambda it: reviewing(it, decide("end")),
    "a review, closed": a_decided_review,
    "a token": lambda it: lambda: a_token(it),
    "a token, rotated": a_token_again,
    "a service account": a_service_account,
    "a service account of another": a_service_account_of_another,
    "a choice about unused devices": lambda it: (
        lambda: choose_unused(user=it.user, months=6, actor=it.user)
    ),
    "metadata": lambda it: lambda: set_metadata(session=it.session, metadata={"plan": "gold"}),
    "another client": another_client,
    "a lost device": lambda it: lambda: mark_lost(device=it.device, actor=it.user),
    "a found device": a_found_device,
    "a confirmed device": lambda it: (
        lambda: confirm_device(device=it.device, actor=it.user, proof="mailed_code")
    ),
    "devices of one's own": devices_of_ones_own,
    "a renamed device": lambda it: lambda: rename_device(device=it.device, name="Mine", actor=it.user),
    "not me": lambda it: lambda: report_not_me(session=it.session),
    "not me, by a link": a_link,
    "not me, by a former address": lambda it: lambda: end_by_former_address(session=it.session),
    "a caller": a_caller,
    "a code for the help desk": a_code_for_the_help_desk,
    "a device, by the help desk": lambda it: help_desk(it, chosen=(it.device.public_id,)),
    "a lost device, by the help desk": lambda it: help_desk(it, chosen=(it.device.public_id,), lost=True),
    "everything, by the help desk": lambda it: help_desk(it, everything=True),
    "a password that was required and is chosen": a_chosen_password,
    "a required password, by the help desk": lambda it: help_desk(it, new_password=True),
    "a recovery, by the help desk": lambda it: help_desk(it, chosen=(it.device.public_id,), recovery=True),
    "the link again, by the help desk": lambda it: of_case(it, send_link),
    "the second agent of the help desk does not agree": a_refusal_of_the_second_agent,
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
    "a factor that is told": a_factor_that_is_told,
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


# With one write there is nothing to take back: the transaction is so that it is tried again.
ONE_WRITE: dict[str, Callable[[Scene], Any]] = {
    "a large ending, stopped": lambda it: (lambda row: lambda: stop(row))(a_large_ending(it)),
    "a large ending that goes on": a_large_ending_that_goes_on,
    "an export": lambda it: lambda: note_export(user=it.user, actor=it.agent),
    "what a provider says": lambda it: lambda: remember(said_by_a_provider()),
}
# Tried above by what calls them.
THROUGH = {
    "_accept": check_code,
    "_end_and_tell": end_and_tell,
    "_expire": expire_recoveries,
    "_order": order_incident,
    "_prove": check_help_desk_code,
    "_save": save_endpoint,
    "mail_link_again": mail_recovery_link,
    "mark_all_lost": mark_lost,
    "end_sessions": end_user_sessions,
}
# Tried elsewhere, where they are arranged by other means.
ELSEWHERE = {
    "_carry_out": "carry_out() is above; that of a provider's message is in sign_in/test_provider.py",
    "_frozen_until": "writes nothing that anybody sees: it holds the account",
    "_remind": "endings/test_unused.py",
    "_warn": "tokens/test_expiring.py",
    "create_token_by_program": "tokens/test_by_program.py",
    "hold_acting_session": "writes nothing: it holds the account and its session",
    "set_end_by_program": "tokens/test_by_program.py",
    "sign_in": "sign_in/test_sign_in.py",
    "sign_in_written": "test_ways_to_sign_in.py",
}


def test_every_action_that_is_a_transaction_is_tried() -> None:
    folder = Path(sessions_ui.__file__).parent
    found = {
        node.name
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and "atomically" in map(ast.unparse, node.decorator_list)
    }
    named = {getattr(value, "__name__", "") for value in globals().values()}
    assert found - named == {*THROUGH, *ELSEWHERE}


class Writes:
    """Counts the statements that write, and fails at one of them."""

    def __init__(self, fails_at: int | None = None, error: DatabaseError | None = None) -> None:
        self.made, self._fails_at, self._error = 0, fails_at, error or DatabaseError()

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if verb(sql) in ("INSERT", "UPDATE", "DELETE") and not sql.endswith("WHERE 0"):
            self.made += 1
            if self.made == self._fails_at:
                raise self._error
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


@pytest.mark.parametrize("arrange", {**ACTIONS, **ONE_WRITE}.values(), ids={**ACTIONS, **ONE_WRITE})
def test_whoever_asks_reads_try_again_where_the_database_is_busy(
    arrange: Callable[[Scene], Any], scene: Scene
) -> None:
    act = arrange(scene)
    busy = Writes(fails_at=1, error=as_django_raises_it(PASSING["SQLite: busy"]))
    with connection.execute_wrapper(busy), pytest.raises(TryAgain):
        act()


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
