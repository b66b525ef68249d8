"""Webhooks: what a receiver that has only the `standardwebhooks` package makes of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from sessions_ui import credential_changed
from sessions_ui.actions.devices.lost import mark_lost
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.end import end_sessions, end_user_sessions
from sessions_ui.actions.incidents.approve import approve_incident
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.webhooks.endpoints import ping, renew_secret, save_endpoint, switch_off, switch_on
from sessions_ui.actions.webhooks.redeliver import redeliver
from sessions_ui.credentials import CredentialChange, CredentialKind
from sessions_ui.database import moments
from sessions_ui.delivery import Outcome, deliver_due
from tests.models import Delivery, Device, Endpoint, EndReason, Event, Hook, Session
from tests.receivers.server import Receiver, Request, answers, hangs, hangs_up

pytestmark = pytest.mark.django_db


def secret_of(endpoint: Endpoint) -> str:
    endpoint.refresh_from_db()
    return endpoint.secrets(timezone.now())[0]


def received(request: Request, secret: str) -> Any:
    """As a receiver would."""
    return Webhook(secret).verify(request.body, request.headers)


def webhooks() -> Any:
    return Delivery.objects.filter(channel="webhook")


@pytest.fixture
def ended(user: Any, browser: Any, hooks: Receiver, endpoint: Endpoint) -> Session:
    """A session that an administrator ended; the webhook is due, and what came before is forgotten."""
    browser().sign_in(user)
    Delivery.objects.all().delete()
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    return Session.objects.get()


# --- What it says


@pytest.mark.control("NHI4:2025")
def test_the_library_of_the_standard_verifies_it(ended: Session, hooks: Receiver, endpoint: Endpoint) -> None:
    deliver_due()
    [request] = hooks.requests
    assert received(request, secret_of(endpoint)) == {
        "type": "sessions.ended",
        "timestamp": moments.in_utc(ended.ended_at).isoformat().replace("+00:00", "Z"),
        "data": {
            "act": str(ended.act_id),
            "reason": "administrator",
            "actor": "system",
            "count": 1,
            "sessions": [
                {"session": ended.public_id, "device": ended.device.public_id, "user": str(ended.user_id)}
            ],
            "more": 0,
        },
    }
    assert "." not in request.id and request.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 44).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        received(Request(request.path, request.headers, request.body + b" ", 0), secret_of(endpoint))


def test_the_address_is_for_endpoints_that_ask_for_it(
    ended: Session, hooks: Receiver, endpoint: Endpoint
) -> None:
    deliver_due()
    assert ended.address not in hooks.requests[0].body.decode()
    Endpoint.objects.update(addresses=True)
    redeliver(deliveries=webhooks(), actor=None)
    deliver_due()
    [session] = json.loads(hooks.requests[1].body)["data"]["sessions"]
    assert session["address"] == ended.address


def test_no_key_digest_name_or_mail_address_is_in_it(
    ended: Session, hooks: Receiver, endpoint: Endpoint, user: Any
) -> None:
    Device.objects.update(name="Ada's phone")
    Endpoint.objects.update(addresses=True)
    deliver_due()
    body = hooks.requests[0].body.decode()
    for secret in (ended.digest, ended.auth_hash, user.email, "Ada", ended.user_agent):
        assert secret not in body


@pytest.mark.parametrize(
    ("reason", "by", "actor"),
    [
        (EndReason.SIGNED_OUT_EVERYWHERE, "owner", "user"),
        (EndReason.HELP_DESK, "agent", "admin"),
        (EndReason.IDLE_TIMEOUT, "", "policy"),
        (EndReason.UNUSED, "", "policy"),
        (EndReason.INCIDENT, "", "system"),
    ],
)
def test_a_webhook_says_what_kind_of_actor_decided(
    reason: EndReason,
    by: str,
    actor: str,
    user: Any,
    agent: Any,
    browser: Any,
    hooks: Receiver,
    endpoint: Endpoint,
) -> None:
    browser().force_login(user)
    Delivery.objects.all().delete()
    end_user_sessions(user=user, reason=reason, actor={"owner": user, "agent": agent}.get(by))
    deliver_due()
    assert json.loads(hooks.requests[0].body)["data"]["actor"] == actor


def test_a_big_act_is_one_message_that_says_how_many_more(
    user: Any, other_user: Any, browser: Any, hooks: Receiver, endpoint: Endpoint, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "WEBHOOK_MAX_SESSIONS": 2}
    for person in (user, user, other_user):
        browser().force_login(person)
    Delivery.objects.all().delete()
    end_sessions(sessions=Session.objects.all(), reason=EndReason.INCIDENT)
    deliver_due()
    [request] = hooks.requests
    data = json.loads(request.body)["data"]
    assert (data["count"], len(data["sessions"]), data["more"]) == (3, 2, 1)


# --- Who is told of what


def test_an_endpoint_hears_only_of_what_it_asked_for(
    user: Any, browser: Any, hooks: Receiver, db: None
) -> None:
    for types in ([Hook.SIGNED_IN], [Hook.SESSIONS_ENDED, Hook.DEVICE_LOST], []):
        save_endpoint(endpoint=Endpoint(url=hooks.url, types=types), actor=None)
    browser().sign_in(user)
    mark_lost(device=Device.objects.get(), actor=user)
    told = [
        (d.endpoint.types, d.act_id is not None, d.event_id is not None) for d in webhooks().order_by("pk")
    ]
    assert told == [
        (["session.signed_in"], False, True),
        (["sessions.ended", "device.lost"], True, False),
        (["sessions.ended", "device.lost"], False, True),
    ]
    deliver_due()
    types = [json.loads(request.body)["type"] for request in hooks.requests]
    assert types == ["session.signed_in", "sessions.ended", "device.lost"]
    signed_in = json.loads(hooks.requests[0].body)["data"]
    session = Session.objects.get()
    assert signed_in == {
        "user": str(user.pk),
        "actor": "user",
        "session": session.public_id,
        "device": session.device.public_id,
    }


def test_every_kind_that_can_be_asked_for_is_told_of_something() -> None:
    from sessions_ui.outbox.enqueue import HOOK_OF_EVENT, HOOK_OF_STEP

    assert {*HOOK_OF_EVENT.values(), *HOOK_OF_STEP.values(), Hook.SESSIONS_ENDED, Hook.CHECKPOINT} == set(
        Hook
    )


def test_a_system_hears_that_a_sign_in_was_not_the_owners(
    user: Any, browser: Any, hooks: Receiver, db: None
) -> None:
    save_endpoint(endpoint=Endpoint(url=hooks.url, types=["session.not_me"]), actor=None)
    browser().sign_in(user)
    session = Session.objects.get()
    report_not_me(session=session, actor=user)
    deliver_due()
    [request] = hooks.requests
    message = json.loads(request.body)
    assert message["type"] == "session.not_me"
    assert (message["data"]["user"], message["data"]["session"]) == (str(user.pk), session.public_id)


def test_a_system_hears_that_an_incident_is_in_force_and_when_it_is_over(
    user: Any, browser: Any, hooks: Receiver, db: None
) -> None:
    types = ["incident.ordered", "incident.finished"]
    save_endpoint(endpoint=Endpoint(url=hooks.url, types=types), actor=None)
    browser().sign_in(user)
    criteria = Criteria(users=(str(user.pk),), network="192.0.2.0/24", unconfirmed=True)
    Session.objects.update(address="192.0.2.1")
    incident = order_incident(criteria=criteria, note="phished by 192.0.2.1", ticket="SEC-1")
    deliver_due()
    [request] = hooks.requests
    message = json.loads(request.body)
    about = {
        "incident": incident.pk,
        "actor": "system",
        "criteria": ["network", "unconfirmed", "users"],
        "at_once": False,
        "sessions": 1,
        "people": 1,
    }
    assert (message["type"], message["data"]) == ("incident.ordered", about)
    end_batches()
    deliver_due()
    message = json.loads(hooks.requests[1].body)
    assert message["type"] == "incident.finished"
    assert message["data"] == {**about, "ended": 1, "failed": 0}
    assert b"192.0.2" not in hooks.requests[0].body + hooks.requests[1].body


def test_nobody_hears_of_an_incident_before_it_is_approved(
    user: Any, administrator: Any, browser: Any, hooks: Receiver, settings: Any, db: None
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "INCIDENT_APPROVAL_ABOVE": 0}
    save_endpoint(endpoint=Endpoint(url=hooks.url, types=["incident.ordered"]), actor=None)
    browser().sign_in(user)
    staff = Criteria(users=(str(user.pk),))
    incident = order_incident(criteria=staff, note="phished", actor=administrator)
    assert not webhooks().exists()
    colleague = get_user_model().objects.create_superuser(email="colleague@staff.example", password=None)
    approve_incident(incident=incident, actor=colleague)
    deliver_due()
    [request] = hooks.requests
    assert json.loads(request.body)["data"]["actor"] == "admin"


def test_a_system_hears_what_changed_and_not_what_it_is_called(
    user: Any, browser: Any, hooks: Receiver, db: None
) -> None:
    save_endpoint(endpoint=Endpoint(url=hooks.url, types=["credential.changed"]), actor=None)
    browser().sign_in(user)
    Delivery.objects.all().delete()
    credential_changed(
        user=user, kind=CredentialKind.PASSKEY, change=CredentialChange.ADDED, label="My laptop"
    )
    deliver_due()
    [request] = hooks.requests
    message = json.loads(request.body)
    assert message["type"] == "credential.changed"
    assert message["data"] == {
        "user": str(user.pk),
        "actor": "system",
        "session": None,
        "device": None,
        "credential": "passkey",
        "change": "added",
    }


def test_the_history_says_whom_people_were_told_by_and_nothing_of_webhooks(
    ended: Session, hooks: Receiver, endpoint: Endpoint, user: Any
) -> None:
    """The rows of the deliveries say enough of those; a busy endpoint would drown the rest."""
    assert deliver_due() == {Outcome.DELIVERED: 2} and len(hooks.requests) == 1
    event = Event.objects.get(kind=Event.Kind.DELIVERED)
    assert (event.user_id, event.act_id, event.data) == (user.pk, ended.act_id, {"channel": "mail"})


def test_the_history_says_which_channel_failed_for_good(
    ended: Session, hooks: Receiver, endpoint: Endpoint
) -> None:
    hooks.behaviour = answers(410)
    deliver_due()
    event = Event.objects.get(kind=Event.Kind.DELIVERY_FAILED)
    assert (event.act_id, event.data) == (ended.act_id, {"channel": "webhook"})


def test_endings_that_nobody_is_mailed_about_are_told_to_systems(
    user: Any, browser: Any, endpoint: Endpoint
) -> None:
    browser().force_login(user)
    Delivery.objects.all().delete()
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT)
    assert [d.channel for d in Delivery.objects.all()] == ["webhook"]


def test_the_cost_of_an_ending_does_not_grow_with_the_endpoints(
    user: Any, browser: Any, endpoint: Endpoint
) -> None:
    """Invariant 5."""
    counts = []
    for number in (1, 20):
        browser().force_login(user)
        for _ in range(number - 1):
            save_endpoint(endpoint=Endpoint(url=endpoint.url, types=[Hook.SESSIONS_ENDED]), actor=None)
        with CaptureQueriesContext(connection) as queries:
            end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- Signatures


@pytest.mark.control("NHI7:2025")
def test_a_new_secret_signs_beside_the_former_one_until_the_overlap_is_over(
    ended: Session, hooks: Receiver, endpoint: Endpoint
) -> None:
    former = secret_of(endpoint)
    current = renew_secret(endpoint=endpoint, actor=None)
    deliver_due()
    for secret in (former, current):
        assert received(hooks.requests[0], secret)["type"] == "sessions.ended"
    Endpoint.objects.update(former_until=F("former_until") - timedelta(hours=25))
    ping(endpoint=endpoint, actor=None)
    deliver_due()
    assert received(hooks.requests[1], current)["type"] == "ping"
    with pytest.raises(WebhookVerificationError):
        received(hooks.requests[1], former)


@pytest.mark.control("NHI2:2025")
def test_the_secret_is_encrypted_and_survives_a_new_secret_key(
    ended: Session, hooks: Receiver, endpoint: Endpoint, settings: Any
) -> None:
    secret = secret_of(endpoint)
    assert secret not in endpoint.secret and secret.startswith("whsec_")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    deliver_due()
    assert received(hooks.requests[0], secret)


def test_a_secret_whose_key_is_gone_is_said_to_be(
    ended: Session, hooks: Receiver, endpoint: Endpoint, settings: Any
) -> None:
    settings.SECRET_KEY = "another"
    deliver_due()
    delivery = webhooks().get()
    assert delivery.parked_at is not None and "create a new one" in delivery.error and not hooks.requests


def test_a_host_with_a_wrong_clock_signs_with_the_right_time(
    ended: Session, hooks: Receiver, endpoint: Endpoint
) -> None:
    """Receivers refuse what is five minutes off."""
    with time_machine.travel(timezone.now() - timedelta(minutes=10)):
        deliver_due()
    assert received(hooks.requests[0], secret_of(endpoint))


# --- Again, later, never


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (answers(500), "answered 500"),
        (answers(404), "answered 404"),
        (answers(302, Location="/elsewhere"), "answered 302: redirects are not followed"),
        (hangs_up, "no answer: RemoteDisconnected"),
        (hangs(60), "no answer within 1 s"),
    ],
)
def test_whatever_is_no_success_is_tried_again_under_the_same_id(
    behaviour: Any, error: str, ended: Session, hooks: Receiver, endpoint: Endpoint, settings: Any
) -> None:
    hooks.behaviour = behaviour
    patient = settings.SESSIONS_UI
    if error == "no answer within 1 s":
        settings.SESSIONS_UI = {**patient, "WEBHOOK_TIMEOUT": timedelta(seconds=1)}
    assert deliver_due()[Outcome.LATER] == 1
    settings.SESSIONS_UI = patient
    delivery = webhooks().get()
    assert (delivery.error, delivery.attempts, delivery.parked_at) == (error, 1, None)
    hooks.behaviour = answers(200)
    webhooks().update(due_at=timezone.now())
    deliver_due()
    first, second = hooks.requests
    assert (first.id, first.body) == (second.id, second.body)
    assert webhooks().get().done_at is not None


def test_410_switches_the_endpoint_off(
    ended: Session, hooks: Receiver, endpoint: Endpoint, user: Any
) -> None:
    hooks.behaviour = answers(410)
    deliver_due()
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None and endpoint.disabled_why == "answered 410 Gone"
    assert webhooks().get().parked_at is not None
    event = Event.objects.filter(kind=Event.Kind.ENDPOINT_CHANGED).latest("pk")
    assert (event.actor_id, event.data["what"]) == (None, "switched off")
    end_user_sessions(user=user, reason=EndReason.INCIDENT)
    assert webhooks().count() == 1, "nothing new is written for it"


def test_what_waits_for_an_endpoint_that_is_off_is_parked_and_can_be_told_when_it_is_on_again(
    ended: Session, hooks: Receiver, endpoint: Endpoint
) -> None:
    switch_off(endpoint=endpoint, why="maintenance")
    deliver_due()
    assert webhooks().get().error == "the endpoint is switched off" and not hooks.requests
    assert switch_on(endpoint=endpoint, actor=None) and not switch_on(endpoint=endpoint, actor=None)
    assert redeliver(deliveries=Delivery.objects.all(), actor=None) == 1
    deliver_due()
    assert len(hooks.requests) == 1


def test_a_receiver_that_does_not_answer_holds_up_nobody_else(
    ended: Session, hooks: Receiver, endpoint: Endpoint, mailoutbox: Any
) -> None:
    """Its queue is tried one at a time; a hundred timeouts would keep the mails waiting for half an hour."""
    for _ in range(20):
        ping(endpoint=endpoint, actor=None)
    hooks.behaviour = answers(503)
    mailoutbox.clear()
    deliver_due()
    assert len(hooks.requests) == 1 and len(mailoutbox) == 1
    assert set(webhooks().values_list("attempts", flat=True)) == {0, 1}, "waiting is no attempt"
    hooks.behaviour = answers(200)
    webhooks().update(due_at=timezone.now())
    deliver_due()
    assert len(hooks.requests) == 22 and not webhooks().filter(done_at=None).exists()


def test_a_replay_has_the_same_id_and_a_mail_is_never_sent_again(
    ended: Session, hooks: Receiver, endpoint: Endpoint, mailoutbox: Any, administrator: Any
) -> None:
    mailoutbox.clear()
    deliver_due()
    assert redeliver(deliveries=Delivery.objects.all(), actor=administrator) == 1
    deliver_due()
    assert len({request.id for request in hooks.requests}) == 1 and len(hooks.requests) == 2
    assert len(mailoutbox) == 1
    event = Event.objects.get(kind=Event.Kind.REDELIVERED)
    assert (event.actor_id, event.data) == (administrator.pk, {"count": 1})
