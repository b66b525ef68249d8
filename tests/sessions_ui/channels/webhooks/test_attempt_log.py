"""What is kept of each attempt of a webhook, and what is not."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.webhooks.endpoints import ping
from sessions_ui.channels.webhooks.attempt_log import ANSWER, HIDDEN, KEPT, note_attempt, shown
from sessions_ui.delivery import deliver_due
from tests.models import Delivery, Endpoint, EndReason, Event
from tests.receivers.server import Receiver, answers, hangs_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(browser: Any, administrator: Any) -> Any:
    client = browser()
    client.force_login(administrator)
    return client


def attempt(endpoint: Endpoint) -> Delivery:
    delivery = ping(endpoint=endpoint, actor=None)
    deliver_due()
    delivery.refresh_from_db()
    return delivery


def test_an_attempt_that_failed_and_the_one_that_arrived_are_kept(
    hooks: Receiver, endpoint: Endpoint
) -> None:
    hooks.behaviour = hangs_up
    delivery = attempt(endpoint)
    Delivery.objects.update(due_at=timezone.now(), leased_until=None)
    hooks.behaviour = answers(204)
    deliver_due()
    delivery.refresh_from_db()
    first, second = delivery.attempt_log
    assert (first["status"], first["answer"]) == (None, "") and first["error"].startswith("no answer")
    assert (second["status"], second["error"]) == (204, "") and delivery.done_at is not None
    for one in (first, second):
        assert 0 <= one["ms"] < 60_000 and timezone.is_aware(datetime.fromisoformat(one["at"]))


@pytest.mark.parametrize("status", [302, 410, 500])
def test_whatever_the_answer_is_it_is_kept(status: int, hooks: Receiver, endpoint: Endpoint) -> None:
    hooks.behaviour = answers(status)
    assert [one["status"] for one in attempt(endpoint).attempt_log] == [status]


def test_no_more_than_the_newest_attempts_are_kept() -> None:
    delivery = Delivery()
    for number in range(KEPT + 5):
        note_attempt(delivery, at=timezone.now(), seconds=number)
    assert [one["ms"] for one in delivery.attempt_log] == [1000 * n for n in range(5, KEPT + 5)]


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (b"<h1>Bad gateway</h1>", "<h1>Bad gateway</h1>"),
        (b"\xff\x00no text", "\ufffdno text"),
        (b'{"error": "unknown event", "code": 17}', '{"error": "unknown event", "code": 17}'),
        (b"expected whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", f"expected {HIDDEN}"),
        (
            b"webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
            f"webhook-signature: {HIDDEN}",
        ),
        (
            b"WorkOS-Signature: t=1, v1=0123456789abcdef0123456789abcdef",
            f"WorkOS-Signature: {HIDDEN}, {HIDDEN}",
        ),
        (b'{"DB_PASSWORD": "hunter2", "ok": false}', f'{{"DB_PASSWORD": "{HIDDEN}", "ok": false}}'),
        (b"SECRET_KEY=abc&debug=1", f"SECRET_KEY={HIDDEN}&debug=1"),
        (b"Authorization: Bearer abc.def", f"Authorization: {HIDDEN}"),
        (b"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.sig", HIDDEN),
        (b"sk" + b"a1" * 20, HIDDEN),
        (b'{"password": "correct horse 9", "a": 1}', f'{{"password": "{HIDDEN}", "a": 1}}'),
        (b"pwd='it is \\' mine' a", f"pwd='{HIDDEN}' a"),
        (b'"token": "cut off in the mid', f'"token": "{HIDDEN}'),
        (b"&quot;secret&quot;: &quot;hunter2&quot;", f"&quot;secret&quot;: {HIDDEN}&quot;"),
        (b"postgres://ada:hunter2@db:5432/x", f"postgres://{HIDDEN}@db:5432/x"),
        (b"https://devices.example:8443/a@b", "https://devices.example:8443/a@b"),
        (b"Authorization: Token hunter2\nHost: x", f"Authorization: {HIDDEN}\nHost: x"),
        (b"Cookie: theme=dark; sid=hunter2\nHost: x", f"Cookie: {HIDDEN}\nHost: x"),
    ],
)
def test_of_an_answer_is_kept_what_is_no_secret(answer: bytes, kept: str) -> None:
    assert shown(answer) == kept


@pytest.mark.parametrize(
    "part",
    [
        "a-",
        "eyJ-",
        "pwd-",
        "-----BEGIN",
        "secret ",
        "secret: ",
        "bearer ",
        "v1,",
        'secret="',
        "cookie-",
        "://a:",
        "pwd='\\",
    ],
)
def test_an_answer_that_repeats_itself_is_read_through_too(part: str) -> None:
    """The first two kept a worker for 20 seconds each."""
    text = shown((part * 16_384)[:16_384].encode())
    assert len(text) <= ANSWER


def test_a_kilobyte_of_an_answer_is_kept() -> None:
    assert len(shown(b"word " * 4000)) == ANSWER


def test_a_secret_that_is_cut_off_is_hidden_all_the_same() -> None:
    text = shown(b"a " * 505 + b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert "whsec_" not in text and "MfKQ" not in text


def test_the_secret_of_the_endpoint_is_in_no_row(hooks: Receiver, endpoint: Endpoint) -> None:
    """A receiver in trouble may answer with what it was sent, and with its own settings."""
    secret = endpoint.secrets(timezone.now())[0]
    bare = secret.removeprefix("whsec_")
    echoed = shown(f"key {bare} or {secret} {{'secret': '{bare}'}}".encode())
    assert bare not in echoed and secret not in echoed


def test_an_administrator_sees_the_attempts_and_sends_it_again(
    admin: Any, hooks: Receiver, endpoint: Endpoint, user: Any, browser: Any
) -> None:
    browser().sign_in(user)
    Delivery.objects.all().delete()
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    hooks.behaviour = answers(500)
    deliver_due()
    delivery = Delivery.objects.filter(channel="webhook").latest("pk")
    page = f"/admin/sessions_ui/delivery/{delivery.pk}/change/"
    html = admin.get(page).content.decode()
    assert "Attempts" in html and "<td>500</td>" in html and re.search(r"<td>[\d,]+ ms</td>", html)
    assert "Send again" not in html, "it is tried again by itself"
    Delivery.objects.filter(pk=delivery.pk).update(parked_at=timezone.now())
    assert "Send again" in admin.get(page).content.decode()
    fields = {"_selected_action": delivery.pk, "action": "retry", "select_across": "0", "index": "0"}
    admin.post("/admin/sessions_ui/delivery/", fields)
    delivery.refresh_from_db()
    assert delivery.parked_at is None
    assert Event.objects.filter(kind=Event.Kind.REDELIVERED).count() == 1


def test_a_mail_has_no_attempts(admin: Any, user: Any, browser: Any) -> None:
    browser().sign_in(user)
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    deliver_due()
    mail = Delivery.objects.filter(channel="mail").latest("pk")
    assert mail.attempt_log is None
    assert "Attempts</h2>" not in admin.get(f"/admin/sessions_ui/delivery/{mail.pk}/change/").content.decode()
