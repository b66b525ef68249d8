"""The example of docs/live.md, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.auth import AuthMiddlewareStack
from django.conf import settings

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.stream.watcher import watcher
from tests.models import EndReason
from tests.sessions_ui.stream.conftest import SECONDS

pytestmark = pytest.mark.django_db(transaction=True)
DOCS = Path(__file__).resolve().parents[3] / "docs" / "live.md"


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    block = re.search(r"```python\n# consumers\.py\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert block is not None
    names: dict[str, Any] = {"__name__": "consumers"}
    exec(compile(block[1], str(DOCS), "exec"), names)
    return names


class Socket(ApplicationCommunicator):
    """`channels.testing` has one, but wants Daphne."""

    async def connect(self) -> bool:
        await self.send_input({"type": "websocket.connect"})
        return bool((await self.receive_output(SECONDS))["type"] == "websocket.accept")

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(SECONDS)


@pytest.fixture
def socket(example: dict[str, Any], stream: Any) -> Any:
    """`socket(key)`: of the session with this key. `stream`: its fixture waits for the watcher to have ended."""

    def make(key: str = "") -> Socket:
        cookie = f"{settings.SESSION_COOKIE_NAME}={key}".encode()
        application = AuthMiddlewareStack(example["Echo"].as_asgi())
        scope = {"type": "websocket", "path": "/echo", "query_string": b"", "subprotocols": []}
        return Socket(application, {**scope, "headers": [(b"cookie", cookie)]})

    return make


async def test_a_socket_closes_when_its_session_ends(
    socket: Any, signed_in: Any, user: Any, example: dict[str, Any]
) -> None:
    opened = socket(await signed_in(user))
    assert await opened.connect()
    await opened.send_input({"type": "websocket.receive", "text": '{"hello": "world"}'})
    assert await opened.receive_output(SECONDS) == {"type": "websocket.send", "text": '{"hello": "world"}'}
    await sync_to_async(end_user_sessions)(user=user, reason=EndReason.DEVICE_LOST)
    closed = await opened.receive_output(SECONDS)
    assert (closed["type"], closed["code"]) == ("websocket.close", example["SIGNED_OUT"])
    await opened.disconnect()
    assert watcher().count() == 0


async def test_a_socket_stays_open_for_others(
    socket: Any, signed_in: Any, user: Any, other_user: Any
) -> None:
    opened, others = socket(await signed_in(user)), socket(await signed_in(other_user))
    await opened.connect()
    await others.connect()
    await sync_to_async(end_user_sessions)(user=other_user, reason=EndReason.DEVICE_LOST)
    assert (await others.receive_output(SECONDS))["type"] == "websocket.close"
    assert await opened.receive_nothing(0.1)
    assert watcher().count(user.pk) == 1
    await opened.disconnect()
    await others.disconnect()


async def test_nobody_gets_none(socket: Any) -> None:
    assert await socket().connect() is False
