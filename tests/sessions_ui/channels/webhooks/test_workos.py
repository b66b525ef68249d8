"""Webhooks in WorkOS's format: what a receiver that has only the `workos` package makes of them."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from workos import WorkOSClient
from workos.common.models import SessionCreated, SessionRevoked

from sessions_ui.actions.endings.end import end_sessions, end_user_sessions
from sessions_ui.actions.privacy.erase import erase
from sessions_ui.actions.webhooks.endpoints import ping, renew_secret, save_endpoint
from sessions_ui.actions.webhooks.redeliver import redeliver
from sessions_ui.audit.seal import seal_events
from sessions_ui.delivery import deliver_due
from sessions_ui.models.endpoint import TOLD_IN
from sessions_ui.outbox.enqueue import HOOK_IN_WORKOS, HOOK_OF_EVENT
from sessions_ui.wording.workos import CREATED, KINDS, REVOKED
from tests.conftest import LONDON
from tests.models import Delivery, Endpoint, EndReason, Event, Hook, Session, WebhookFormat
from tests.receivers.server import Receiver, Request, answers
from tests.sessions_ui.actions.tokens.conftest import make_token
from tests.sessions_ui.api.conftest import Program, program

__all__ = ["make_token", "program"]

pytestmark = pytest.mark.django_db

HOOKS = [Hook.SESSIONS_ENDED, Hook.SIGNED_IN]
client = WorkOSClient(api_key="none", client_id="none")


@pytest.fixture
def endpoint(hooks: Receiver, db: None) -> Endpoint:
    endpoint = Endpoint(url=hooks.url, types=HOOKS, format=WebhookFormat.WORKOS, addresses=True)
    save_endpoint(endpoint=endpoint, actor=None)
    return endpoint


def secret_of(endpoint: Endpoint) -> str:
    endpoint.refresh_from_db()
    return endpoint.secrets(timezone.now())[0]


def received(request: Request, secret: str) -> Any:
    return client.webhooks.verify_event(
        event_body=request.body, event_signature=request.headers["workos-signature"], secret=secret
    )


def signed_in(user: Any) -> Session:
    Client().force_login(user)
    return Session.objects.of(user).latest("pk")


def test_the_package_verifies_a_sign_in_and_an_ending(
    user: Any, browser: Any, hooks: Receiver, endpoint: Endpoint
) -> None:
    browser().sign_in(user)
    session = Session.objects.of(user).get()
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    deliver_due()
    created, revoked = (received(request, secret_of(endpoint)) for request in hooks.requests)
    assert isinstance(created, SessionCreated) and isinstance(revoked, SessionRevoked)
    assert created.data.id == revoked.data.id == session.public_id
    assert (created.data.ip_address, created.data.status.value) == (LONDON, "active")
    assert (revoked.data.status.value, revoked.data.user_id) == ("revoked", str(user.pk))
    assert revoked.context is not None and revoked.context.actor is not None
    for request in hooks.requests:
        assert request.headers["content-type"] == "application/json"
        assert "webhook-signature" not in request.headers
        assert session.digest not in request.body.decode() and user.email not in request.body.decode()


def test_another_secret_body_or_time_is_refused(user: Any, hooks: Receiver, endpoint: Endpoint) -> None:
    signed_in(user)
    deliver_due()
    [request] = hooks.requests
    secret = secret_of(endpoint)
    header = request.headers["workos-signature"]
    issued, _comma, rest = header.partition(", ")
    old = f"t={int(issued[2:]) - 181_000}, {rest}"
    for body, signature, key in [
        (request.body, header, "whsec_" + "A" * 44),
        (request.body + b" ", header, secret),
        (request.body, old, secret),
    ]:
        with pytest.raises(ValueError, match=r"."):
            client.webhooks.verify_event(event_body=body, event_signature=signature, secret=key)
    assert abs(int(issued[2:]) / 1000 - time.time()) < 60


def test_every_session_of_an_act_has_an_event_of_its_own_and_standard_webhooks_one_message(
    user: Any, other_user: Any, make_token: Any, hooks: Receiver, endpoint: Endpoint
) -> None:
    standard = Endpoint(url=hooks.url, types=[Hook.SESSIONS_ENDED])
    save_endpoint(endpoint=standard, actor=None)
    sessions = [signed_in(user), signed_in(user), signed_in(other_user)]
    make_token(user)
    Delivery.objects.all().delete()
    ours = Session.objects.filter(user__in=[user.pk, other_user.pk])
    end_sessions(sessions=ours, reason=EndReason.INCIDENT)
    webhooks = Delivery.objects.filter(channel="webhook")
    assert webhooks.filter(endpoint=standard).count() == 1
    deliver_due()
    bodies = [json.loads(request.body) for request in hooks.requests]
    events = [body for body in bodies if body.get("object") == "event"]
    assert {event["data"]["id"] for event in events} == {session.public_id for session in sessions}
    assert len(events) == 3 and len(bodies) == 4
    assert {event["event"] for event in events} == {"session.revoked"}


def test_ending_takes_one_more_statement_for_such_an_endpoint_whatever_the_number(
    user: Any, endpoint: Endpoint
) -> None:
    def statements(number: int) -> int:
        for _ in range(number):
            signed_in(user)
        with CaptureQueriesContext(connection) as captured:
            end_user_sessions(user=user, reason=EndReason.SIGNED_OUT)
        return len(captured)

    statements(1)
    assert statements(1) == statements(20)


@pytest.mark.no_bystander("the log is one for everybody")
def test_the_api_says_the_same(
    user: Any,
    hooks: Receiver,
    endpoint: Endpoint,
    administrator: Any,
    make_token: Any,
    program: type[Program],
) -> None:
    signed_in(user)
    end_user_sessions(user=user, reason=EndReason.NOT_ME)
    deliver_due()
    seal_events()
    sent = sorted((json.loads(request.body) for request in hooks.requests), key=lambda event: event["id"])
    caller = program(make_token(administrator, scopes=["events:read"]))
    listed = caller.get("/api/workos/events", {"events": f"{CREATED},{REVOKED}", "limit": 100}).json()["data"]
    ids = {event["id"] for event in sent}
    assert (
        len(sent) == 2
        and sorted((event for event in listed if event["id"] in ids), key=lambda event: event["id"]) == sent
    )


def test_every_attempt_says_the_same(
    user: Any, hooks: Receiver, endpoint: Endpoint, time_machine: Any
) -> None:
    hooks.behave = answers(500)
    signed_in(user)
    deliver_due()
    hooks.behave = answers(204)
    redeliver(deliveries=Delivery.objects.filter(channel="webhook"), actor=None)
    Delivery.objects.filter(channel="webhook").update(due_at=timezone.now())
    deliver_due()
    first, second = hooks.requests
    assert first.body == second.body
    assert received(second, secret_of(endpoint)).event == CREATED


def test_without_addresses_it_says_neither_address_nor_browser(
    user: Any, browser: Any, hooks: Receiver, endpoint: Endpoint
) -> None:
    Endpoint.objects.filter(pk=endpoint.pk).update(addresses=False)
    browser().sign_in(user)
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    deliver_due()
    for request in hooks.requests:
        event = received(request, secret_of(endpoint))
        assert (event.data.ip_address, event.data.user_agent) == (None, None)
        assert LONDON not in request.body.decode()


def test_a_new_secret_signs_at_once(user: Any, hooks: Receiver, endpoint: Endpoint) -> None:
    former = secret_of(endpoint)
    new = renew_secret(endpoint=endpoint, actor=None)
    signed_in(user)
    deliver_due()
    [request] = hooks.requests
    assert received(request, new).event == CREATED
    with pytest.raises(ValueError, match="does not match"):
        received(request, former)


def test_a_ping_is_an_event_that_nobody_knows(hooks: Receiver, endpoint: Endpoint) -> None:
    ping(endpoint=endpoint, actor=None)
    deliver_due()
    [request] = hooks.requests
    assert received(request, secret_of(endpoint)).raw_data["event"] == "ping"


def test_what_was_erased_meanwhile_is_told_no_more(user: Any, hooks: Receiver, endpoint: Endpoint) -> None:
    hooks.behave = answers(500)
    signed_in(user)
    deliver_due()
    erase(user=user, actor=None)
    waiting = Delivery.objects.filter(channel="webhook", event__kind=Event.Kind.SIGNED_IN)
    waiting.update(due_at=timezone.now() - timedelta(seconds=1))
    hooks.requests.clear()
    deliver_due()
    assert CREATED not in [json.loads(request.body)["event"] for request in hooks.requests]


def test_it_is_told_of_what_its_format_has_events_for_and_nothing_else(hooks: Receiver, db: None) -> None:
    for hook in {*Hook} - TOLD_IN[WebhookFormat.WORKOS]:
        endpoint = Endpoint(url=hooks.url, types=[hook], format=WebhookFormat.WORKOS)
        with pytest.raises(ValueError, match=str(hook)):
            save_endpoint(endpoint=endpoint, actor=None)
    assert not Endpoint.objects.exists()


def test_outbox_and_shapes_agree_on_what_is_told() -> None:
    names = {Hook.SIGNED_IN: CREATED, Hook.SESSIONS_ENDED: REVOKED}
    told = {name: {kind for kind, hook in HOOK_IN_WORKOS.items() if names[hook] == name} for name in KINDS}
    assert told == {name: {*kinds} for name, kinds in KINDS.items()}
    assert TOLD_IN[WebhookFormat.WORKOS] == {*HOOK_IN_WORKOS.values()}
    assert TOLD_IN[WebhookFormat.STANDARD] == {*Hook} and {*TOLD_IN} == {*WebhookFormat}
    assert {*HOOK_OF_EVENT.values()} <= TOLD_IN[WebhookFormat.STANDARD]
