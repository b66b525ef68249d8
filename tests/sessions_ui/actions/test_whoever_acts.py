"""Whatever somebody does is refused where the session in which they do it has ended since their request began.

One row an action, and none is missing: they are found by their parameters. What no session is asked about says why.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

import sessions_ui
from sessions_ui import actions, context
from sessions_ui.actions import history
from sessions_ui.actions.access_review.decide import close_access_review, decide_access
from sessions_ui.actions.access_review.export import export_access_review
from sessions_ui.actions.access_review.open import open_access_review
from sessions_ui.actions.devices.confirm import confirm_device, confirm_devices
from sessions_ui.actions.devices.lost import mark_all_lost, mark_found, mark_lost
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.actions.devices.rename import rename_device
from sessions_ui.actions.endings.bridged.credentials import end_credentials
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.bulk.stop import retry_failed
from sessions_ui.actions.endings.changes.access import access_changed
from sessions_ui.actions.endings.changes.factors import factor_changed
from sessions_ui.actions.endings.end import end_session, end_sessions, end_user_sessions
from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
from sessions_ui.actions.endings.reconcile.lingering import end_lingering
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.help_desk import caller, carry_out, prove, recovery, send_code
from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.order import Order
from sessions_ui.actions.help_desk.rights import verify_case, verify_known_caller
from sessions_ui.actions.impersonation import begin_impersonation
from sessions_ui.actions.incidents.approve import approve_incident, decline_incident
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.incidents.preview import preview_incident
from sessions_ui.actions.incidents.result import export_incident, incident_status
from sessions_ui.actions.incidents.rights import verify_may_order
from sessions_ui.actions.incidents.stop import resume_incident, stop_incident
from sessions_ui.actions.privacy.erase import erase
from sessions_ui.actions.privacy.export import export_for_page, note_export
from sessions_ui.actions.recovery.close import lift_recovery
from sessions_ui.actions.recovery.open import open_recovery
from sessions_ui.actions.sessions.choose_unused import choose_unused
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sessions.metadata import set_metadata
from sessions_ui.actions.tokens.create import NewToken, create_token
from sessions_ui.actions.tokens.export import export_tokens
from sessions_ui.actions.tokens.export_credentials import export_credentials
from sessions_ui.actions.tokens.leaked import report_leaked
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.service_accounts import make_service_account, transfer_service_account
from sessions_ui.actions.webhooks import endpoints
from sessions_ui.actions.webhooks.redeliver import redeliver
from sessions_ui.audit.export import Format
from sessions_ui.exceptions import SessionEnded
from tests.aging import settle
from tests.bystander import read_all
from tests.conftest import Browser, make_administrator, make_person
from tests.keys import Keys, bridged, make_keys
from tests.models import (
    AccessReview,
    AccessReviewItem,
    AccessToken,
    Case,
    Delivery,
    Device,
    Ending,
    EndingBatch,
    Endpoint,
    EndReason,
    Event,
    Incident,
    Recovery,
    Session,
)

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)
ACME = "acme"  # an access review is of this organization: nobody else is in it


@contextmanager
def acting(session: Session) -> Iterator[None]:
    store = SimpleNamespace(session_id=session.pk, user_id=session.user_id, impersonator_id=None)
    token = context.begin(context.Acting(store))
    try:
        yield
    finally:
        context.finish(token)


@dataclass(frozen=True)
class Scene:
    """A superuser, who helps and reviews, too, and the session in which they act; a person who is signed in on a
    device; a colleague."""

    boss: Any
    own: Session
    user: Any
    session: Session
    device: Device
    colleague: Any

    @property
    def sessions(self) -> Any:
        return Session.objects.filter(user_id=self.user.pk)

    @property
    def users(self) -> Any:
        return get_user_model().objects.filter(pk=self.user.pk)

    def make_token(self) -> NewToken:
        ends = timezone.now() + A_DAY
        return create_token(user=self.user, name="Backup", scopes=["sessions:read"], expires_at=ends)


@pytest.fixture(scope="module")
def people(made_once: None) -> tuple[Any, Any, Any]:
    """Primary keys of the superuser, the person and the colleague."""
    from config.demo.people import help_desk

    boss, user = make_administrator(), make_person("ada@people.example", name="Ada")
    boss.groups.add(help_desk())
    for person in (boss, user):
        Browser().force_login(person)
        settle(person)
    Session.objects.filter(user_id__in=[boss.pk, user.pk]).update(organization_id=ACME)
    return boss.pk, user.pk, make_person("grace@people.example", name="Grace").pk


@pytest.fixture
def scene(db: None, people: tuple[Any, Any, Any], settings: Any) -> Scene:
    bridged(settings, Keys)
    boss, user, colleague = people
    own, session = (Session.objects.select_related("user", "device").get(user=pk) for pk in (boss, user))
    assert session.device is not None
    return Scene(
        own.user, own, session.user, session, session.device, get_user_model().objects.get(pk=colleague)
    )


def a_case(it: Scene, *, proven: bool = False) -> Case:
    case = open_case(agent=it.boss, term=it.user.email)
    caller.verify_caller(
        case=case, agent=it.boss, ticket="INC-7", reason=Case.Reason.LOST, ways=["call_back"]
    )
    if proven:
        Case.objects.filter(pk=case.pk).update(proof=Case.Proof.CODE, proven_at=timezone.now())
    return Case.objects.get(pk=case.pk)


def of_case(act: Callable[..., Any], *, proven: bool = False, **given: Any) -> Arrange:
    return lambda it: partial(act, case=a_case(it, proven=proven), agent=it.boss, **given)


def a_code_of_the_help_desk(it: Scene) -> Any:
    case = a_case(it)
    send_code.send_code(case=case, agent=it.boss)
    case = Case.objects.get(pk=case.pk)
    return partial(prove.check_code, case=case, agent=it.boss, code=case.code())


def an_approval(it: Scene, answer: Callable[..., Any] = prove.approve) -> Any:
    case = a_case(it)
    Case.objects.filter(pk=case.pk).update(agent_id=it.colleague.pk, approval_asked_at=timezone.now())
    return partial(answer, case=Case.objects.get(pk=case.pk), approver=it.boss, user=it.user)


def a_found_device(it: Scene) -> Device:
    mark_lost(device=it.device, actor=it.user)
    return Device.objects.get(pk=it.device.pk)


def a_recovery(it: Scene) -> Recovery:
    return open_recovery(user=it.user, since=timezone.now(), opened_by=Recovery.OpenedBy.MAIL)


def a_lifted_recovery(it: Scene, lift: Callable[..., Any], **given: Any) -> Any:
    a_recovery(it)
    return partial(lift, **given)


def a_review(it: Scene) -> AccessReview:
    return open_access_review(actor=it.boss, organization_id=ACME)


def a_line(it: Scene) -> AccessReviewItem:
    a_review(it)
    return AccessReviewItem.objects.filter(user_id=it.user.pk, kind="person").select_related("review").get()


def a_decided_review(it: Scene) -> AccessReview:
    review = a_review(it)
    AccessReviewItem.objects.filter(review=review).update(decision="keep")
    return review


def an_incident(it: Scene, **fields: Any) -> Incident:
    incident = order_incident(criteria=Criteria(users=(str(it.user.pk),)), note="leaked")
    Incident.objects.filter(pk=incident.pk).update(**fields)
    return Incident.objects.select_related("ending").get(pk=incident.pk)


def one_that_waits(it: Scene) -> Incident:
    get_user_model().objects.filter(pk=it.colleague.pk).update(is_superuser=True)  # may order still
    incident = an_incident(it, actor_id=it.colleague.pk, ending=None, ordered_at=None)
    assert incident.state is Incident.State.WAITING
    return incident


def a_stopped_incident(it: Scene) -> Incident:
    incident = an_incident(it)
    stop_incident(incident=incident)
    return incident


def a_failed_ending(it: Scene) -> Any:
    ending = end_later(sessions=it.sessions, reason=EndReason.INCIDENT)
    EndingBatch.objects.filter(ending=ending).update(failed_at=timezone.now())
    return partial(retry_failed, Ending.objects.all())


def a_service_account(it: Scene) -> Any:
    robot = get_user_model().objects.create_user("robot@people.example")
    return make_service_account(user=robot, owner=it.user)


def an_endpoint(it: Scene, **fields: Any) -> Endpoint:
    endpoint = Endpoint(url="https://receiver.example/", types=[])
    endpoints.save_endpoint(endpoint=endpoint, actor=None)
    Endpoint.objects.filter(pk=endpoint.pk).update(**fields)
    return Endpoint.objects.get(pk=endpoint.pk)


def a_delivery(it: Scene) -> Any:
    event = Event.objects.filter(user_id=it.user.pk).first()
    Delivery.objects.create(
        event=event, user=it.user, channel="mail", receiver="a@people.example", parked_at=timezone.now()
    )
    return partial(redeliver, deliveries=Delivery.objects.all(), actor=it.boss)


def keys_of_another_package(it: Scene) -> Any:
    make_keys(it.user)
    return partial(end_credentials, user=it.user, package=Keys.name, ids=None, actor=it.boss)


def something_lingering(it: Scene) -> Any:
    Device.objects.filter(pk=it.device.pk).update(lost_at=timezone.now())
    Session.objects.filter(pk=it.session.pk).update(latest_end_at=timezone.now() - A_DAY)
    return partial(end_lingering, actor=it.boss)


def support(it: Scene) -> Any:
    return partial(
        begin_impersonation,
        origin=it.own,
        digest="of support",
        user=it.user,
        actor=it.boss,
        reason="Your invoice",
        client=client_of({}),
    )


def an_agreed_date(it: Scene) -> Any:
    return offboard(user=it.user, ends_at=timezone.now() + A_DAY)


def of_own_account(it: Scene) -> dict[str, Any]:
    return {"user": it.boss, "scopes": ["sessions:read"], "expires_at": timezone.now() + A_DAY}


Arrange = Callable[[Scene], Callable[[], Any]]
ACTIONS: dict[str, Arrange] = {
    "access_review.decide.close_access_review": lambda it: partial(
        close_access_review, review=a_decided_review(it), actor=it.boss
    ),
    "access_review.decide.decide_access": lambda it: partial(
        decide_access, item=a_line(it), actor=it.boss, decision="keep"
    ),
    "access_review.export.export_access_review": lambda it: partial(
        export_access_review, review=a_review(it), form="csv", actor=it.boss
    ),
    "access_review.open.open_access_review": lambda it: partial(
        open_access_review, actor=it.boss, organization_id=ACME
    ),
    "devices.confirm.confirm_device": lambda it: partial(
        confirm_device,
        device=Device.objects.create(user_id=it.boss.pk, cookie_digest="another"),
        actor=it.boss,
        proof="mailed_code",
    ),
    "devices.confirm.confirm_devices": lambda it: partial(
        confirm_devices,
        devices=[Device.objects.create(user_id=it.boss.pk, cookie_digest="another")],
        actor=it.boss,
        proof="mailed_code",
    ),
    "devices.lost.mark_all_lost": lambda it: partial(
        mark_all_lost, devices=[it.device], of_user=it.user.pk, actor=it.boss
    ),
    "devices.lost.mark_found": lambda it: partial(mark_found, device=a_found_device(it), actor=it.boss),
    "devices.lost.mark_lost": lambda it: partial(mark_lost, device=it.device, actor=it.boss),
    "devices.not_me.report_not_me": lambda it: partial(report_not_me, session=it.session, actor=it.boss),
    "devices.rename.rename_device": lambda it: partial(
        rename_device, device=it.device, name="Mine", actor=it.boss
    ),
    "endings.changes.access.access_changed": lambda it: partial(
        access_changed, users=it.users, actor=it.boss
    ),
    "endings.bulk.end_later.end_later": lambda it: partial(
        end_later, sessions=it.sessions, reason=EndReason.ADMINISTRATOR, actor=it.boss
    ),
    "endings.bulk.stop.retry_failed": a_failed_ending,
    "endings.bridged.credentials.end_credentials": keys_of_another_package,
    "endings.end.end_session": lambda it: partial(
        end_session, session=it.session, reason=EndReason.ADMINISTRATOR, actor=it.boss
    ),
    "endings.end.end_sessions": lambda it: partial(
        end_sessions, sessions=it.sessions, reason=EndReason.ADMINISTRATOR, actor=it.boss
    ),
    "endings.end.end_user_sessions": lambda it: partial(
        end_user_sessions, user=it.user, reason=EndReason.ADMINISTRATOR, actor=it.boss
    ),
    "endings.changes.factors.factor_changed": lambda it: partial(factor_changed, user=it.user, actor=it.boss),
    "endings.offboard.cancel_offboarding": lambda it: partial(
        cancel_offboarding, offboarding=an_agreed_date(it), actor=it.boss
    ),
    "endings.offboard.offboard": lambda it: partial(
        offboard, user=it.user, ends_at=timezone.now() + A_DAY, actor=it.boss
    ),
    "endings.offboard.offboard, at a date that is over": lambda it: partial(
        offboard, user=it.user, ends_at=timezone.now() - A_DAY, actor=it.boss
    ),
    "endings.reconcile.lingering.end_lingering": something_lingering,
    "endings.require_password.require_new_password": lambda it: partial(
        require_new_password, user=it.user, reason=EndReason.INCIDENT, actor=it.boss
    ),
    "help_desk.caller.reveal_network": of_case(caller.reveal_network),
    "help_desk.caller.verify_caller": of_case(
        caller.verify_caller, ticket="INC-8", reason=Case.Reason.LOST, ways=["call_back"]
    ),
    "help_desk.carry_out.carry_out": of_case(
        carry_out.carry_out, proven=True, order=Order(everything=True), nonce="n" * 32
    ),
    "help_desk.carry_out.give_back": lambda it: of_case(carry_out.give_back, device=a_found_device(it))(it),
    "help_desk.carry_out.verify_order": of_case(
        carry_out.verify_order, proven=True, order=Order(everything=True)
    ),
    "help_desk.open.open_case": lambda it: partial(open_case, agent=it.boss, term=it.user.email),
    "help_desk.prove.approve": an_approval,
    "help_desk.prove.refuse_approval": lambda it: an_approval(it, prove.refuse_approval),
    "help_desk.prove.ask_for_approval": of_case(prove.ask_for_approval),
    "help_desk.prove.check_code": a_code_of_the_help_desk,
    "help_desk.prove.note_looks": lambda it: partial(prove.note_looks, cases=[a_case(it)], agent=it.boss),
    "help_desk.recovery.lift": lambda it: a_lifted_recovery(
        it, recovery.lift, case=a_case(it, proven=True), agent=it.boss
    ),
    "help_desk.recovery.send_link": lambda it: a_lifted_recovery(
        it, recovery.send_link, case=a_case(it), agent=it.boss
    ),
    "help_desk.rights.verify_case": of_case(verify_case),
    "help_desk.rights.verify_known_caller": of_case(verify_known_caller),
    "help_desk.send_code.send_code": of_case(send_code.send_code),
    "history.export_events": lambda it: partial(
        history.export_events, chosen=Event.objects.all(), how=Format.CSV, actor=it.boss
    ),
    "history.export_log": lambda it: partial(history.export_log, actor=it.boss),
    "impersonation.begin_impersonation": support,
    "incidents.approve.approve_incident": lambda it: partial(
        approve_incident, incident=one_that_waits(it), actor=it.boss
    ),
    "incidents.approve.decline_incident": lambda it: partial(
        decline_incident, incident=one_that_waits(it), actor=it.boss
    ),
    "incidents.order.order_incident": lambda it: partial(
        order_incident, criteria=Criteria(users=(str(it.user.pk),)), note="leaked", actor=it.boss
    ),
    "incidents.preview.preview_incident": lambda it: partial(
        preview_incident, criteria=Criteria(everyone=True), actor=it.boss
    ),
    "incidents.result.export_incident": lambda it: partial(
        export_incident, incident=an_incident(it), form="csv", actor=it.boss
    ),
    "incidents.result.incident_status": lambda it: partial(
        incident_status, incident=an_incident(it), actor=it.boss
    ),
    "incidents.rights.verify_may_order": lambda it: partial(verify_may_order, it.boss),
    "incidents.stop.resume_incident": lambda it: partial(
        resume_incident, incident=a_stopped_incident(it), actor=it.boss
    ),
    "incidents.stop.stop_incident": lambda it: partial(
        stop_incident, incident=an_incident(it), actor=it.boss
    ),
    "privacy.erase.erase": lambda it: partial(erase, user=it.user, actor=it.boss),
    "privacy.export.export_for_page": lambda it: partial(
        export_for_page, user=it.user, actor=it.boss, for_owner=False
    ),
    "privacy.export.note_export": lambda it: partial(note_export, user=it.user, actor=it.boss),
    "recovery.close.lift_recovery": lambda it: a_lifted_recovery(
        it, lift_recovery, user=it.user, actor=it.boss
    ),
    "sessions.choose_unused.choose_unused": lambda it: partial(
        choose_unused, user=it.user, months=6, actor=it.boss
    ),
    "sessions.metadata.set_metadata": lambda it: partial(
        set_metadata, session=it.session, metadata={"tenant": "acme"}, actor=it.boss
    ),
    "tokens.create.create_token": lambda it: partial(
        create_token, name="Backup", actor=it.boss, **of_own_account(it)
    ),
    "tokens.export.export_tokens": lambda it: partial(
        export_tokens, tokens=AccessToken.objects.all(), actor=it.boss
    ),
    "tokens.leaked.report_leaked": lambda it: partial(
        report_leaked, value=it.make_token().value, actor=it.boss
    ),
    "tokens.rotate.rotate_token": lambda it: partial(rotate_token, token=it.make_token().token, actor=it.boss),
    "tokens.service_accounts.make_service_account": lambda it: partial(
        make_service_account, user=it.colleague, owner=it.user, actor=it.boss
    ),
    "tokens.service_accounts.transfer_service_account": lambda it: partial(
        transfer_service_account, account=a_service_account(it), owner=it.colleague, actor=it.boss
    ),
    "webhooks.endpoints.ping": lambda it: partial(
        endpoints.ping, endpoint=an_endpoint(it), actor=it.boss
    ),
    "webhooks.endpoints.renew_secret": lambda it: partial(
        endpoints.renew_secret, endpoint=an_endpoint(it), actor=it.boss
    ),
    "webhooks.endpoints.save_endpoint": lambda it: partial(
        endpoints.save_endpoint, endpoint=Endpoint(url="https://a.example/", types=[]), actor=it.boss
    ),
    "webhooks.endpoints.switch_off": lambda it: partial(
        endpoints.switch_off, endpoint=an_endpoint(it), why="", actor=it.boss
    ),
    "webhooks.endpoints.switch_on": lambda it: partial(
        endpoints.switch_on, endpoint=an_endpoint(it, disabled_at=timezone.now()), actor=it.boss
    ),
    "tokens.export_credentials.export_credentials": lambda it: partial(export_credentials, actor=it.boss),
    "webhooks.redeliver.redeliver": a_delivery,
}  # fmt: skip
SAVED_BEFORE = "tells what has been saved: that is what was asked about (`require_settled()`)"
PART = "a part of an action that asks"
READS = "decides nothing, and writes nothing"
NOT_ASKED: dict[str, str] = {
    "access_review.bridged.end_credential": PART,
    "access_review.rights.note_step": PART,
    "credentials.changed.credential_changed": SAVED_BEFORE,
    "endings.changes.email.email_changed": SAVED_BEFORE,
    "endings.changes.email.tell_old_address": SAVED_BEFORE,
    "help_desk.carry_out.end": PART,
    "help_desk.open.note_step": PART,
    "help_desk.open.refusal_of": READS,
    "help_desk.prove.verify_second_agent": READS,
    "help_desk.prove.verify_tries": READS,
    "help_desk.rights.has_more_rights": READS,
    "help_desk.rights.may_help": READS,
    "help_desk.rights.verify_pace": READS,
    "help_desk.rights.within_scope": READS,
    "impersonation.own_session": READS,
    "incidents.approve.is_of_somebody_else": READS,
    "impersonation.verify_may_impersonate": READS,
    "incidents.order.put_in_force": PART,
    "incidents.approve.kept_by_approval": READS,
    "incidents.approve.why_not_approved_by": READS,
    "incidents.preview.count": READS,
    "incidents.preview.kept_of": READS,
    "incidents.rights.needs_approval": READS,
    "incidents.steps.note_step": PART,
    "recovery.close.close": PART,
    "recovery.open.open_recovery": PART,
    "sign_in.provider.end_provider_sessions": "the provider says so, whoever passes it on",
    "tokens.create.insert_token": PART,
    "tokens.create.kind_of": READS,
    "tokens.rights.may_speak_for": READS,
    "webhooks.endpoints.note": PART,
}


def doers() -> dict[str, Any]:
    """Return every public function in the rooms of actions that is told who acts."""
    found = {}
    for module in pkgutil.walk_packages(actions.__path__, f"{actions.__name__}."):
        for name, act in vars(importlib.import_module(module.name)).items():
            is_own = inspect.isfunction(act) and act.__module__ == module.name and not name.startswith("_")
            if is_own and {"actor", "agent", "approver"} & {*inspect.signature(act).parameters}:
                found[f"{module.name.removeprefix(f'{actions.__name__}.')}.{name}"] = act
    return found


def test_no_action_is_missing() -> None:
    rows = {name.partition(",")[0] for name in ACTIONS} - {"endings.bulk.stop.retry_failed"}
    assert rows.isdisjoint(NOT_ASKED)
    assert rows | {*NOT_ASKED} == {*doers()}


def test_no_public_verb_is_missing() -> None:
    verbs = {name: getattr(sessions_ui, name) for name in dir(sessions_ui) if not name.startswith("_")}
    doing = {
        name
        for name, verb in verbs.items()
        if inspect.isfunction(verb)
        and verb.__module__.startswith(actions.__name__)
        and "actor" in inspect.signature(verb).parameters
    }
    assert doing and doing <= {name.rpartition(".")[2] for name in doers()}


@pytest.mark.parametrize("arrange", ACTIONS.values(), ids=ACTIONS)
def test_an_ended_session_does_nothing_of_this(arrange: Arrange, scene: Scene) -> None:
    act = arrange(scene)
    end_session(session=scene.own, reason=EndReason.SIGNED_OUT_REMOTELY)
    before = list(read_all())
    with acting(scene.own), pytest.raises(SessionEnded) as refused:
        act()
    assert refused.value.reason == EndReason.SIGNED_OUT_REMOTELY
    assert list(read_all()) == before


@pytest.mark.parametrize("arrange", ACTIONS.values(), ids=ACTIONS)
def test_one_that_an_incident_has_ended_does_nothing_before_its_row_says_so(
    arrange: Arrange, scene: Scene
) -> None:
    act = arrange(scene)
    order_incident(criteria=Criteria(everyone=True), note="cookies leaked")
    before = list(read_all())
    with acting(scene.own), pytest.raises(SessionEnded):
        act()
    assert list(read_all()) == before


@pytest.mark.parametrize("arrange", ACTIONS.values(), ids=ACTIONS)
def test_one_that_lives_does(arrange: Arrange, scene: Scene) -> None:
    act = arrange(scene)
    with acting(scene.own):
        act()
