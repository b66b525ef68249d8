"""The receiver of docs/webhooks.md, copied out of it and started: it understands what we send."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.webhooks.endpoints import save_endpoint
from sessions_ui.actions.webhooks.redeliver import redeliver
from sessions_ui.delivery import deliver_due
from tests.models import Delivery, Endpoint, EndReason, Hook, Session

pytestmark = pytest.mark.django_db

DOCS = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def endpoint(settings: Any) -> Endpoint:
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "WEBHOOK_ALLOWED_NETWORKS": ["127.0.0.0/8"],
        "WEBHOOK_ALLOW_HTTP": True,
    }
    endpoint = Endpoint(url=f"http://127.0.0.1:{free_port()}/", types=[Hook.SESSIONS_ENDED])
    save_endpoint(endpoint=endpoint, actor=None)
    return endpoint


@pytest.fixture
def said(endpoint: Endpoint, tmp_path: Path) -> Iterator[Path]:
    """What the receiver prints."""
    code = re.findall(r"```python\n(import os.*?)```", DOCS.read_text(), re.DOTALL)
    assert len(code) == 1
    program, output = tmp_path / "receiver.py", tmp_path / "said"
    program.write_text(code[0])
    port = endpoint.url.rsplit(":", 1)[1].rstrip("/")
    [secret] = endpoint.secrets(timezone.now())
    with output.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, str(program)],
            env={**os.environ, "WEBHOOK_SECRET": secret, "PORT": port},
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", int(port)), timeout=1).close()
            break
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
    yield output
    process.kill()
    process.wait()


def test_the_receiver_verifies_the_message_and_takes_it_once(user: Any, browser: Any, said: Path) -> None:
    browser().force_login(user)
    end_user_sessions(user=user, reason=EndReason.DEVICE_LOST, actor=user)
    session = Session.objects.get()
    for _ in range(2):
        deliver_due()
        assert Delivery.objects.get(channel="webhook").done_at is not None
        redeliver(deliveries=Delivery.objects.all(), actor=None)
    [line] = said.read_text().splitlines()
    assert line.startswith("sessions.ended ")
    assert "'reason': 'device_lost'" in line and session.public_id in line


def test_the_receiver_refuses_what_somebody_else_has_signed(
    user: Any, browser: Any, said: Path, endpoint: Endpoint
) -> None:
    endpoint.set_secret("whsec_" + "A" * 43 + "=")
    endpoint.save()
    browser().force_login(user)
    end_user_sessions(user=user, reason=EndReason.DEVICE_LOST)
    deliver_due()
    assert Delivery.objects.get(channel="webhook").error == "answered 401"
    assert said.read_text() == ""
