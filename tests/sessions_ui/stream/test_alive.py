"""What an open page asks about itself is answered beside Django, as the view answers it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings as django_settings
from django.db import DatabaseError, connections
from django.test.utils import override_script_prefix
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.stream import alive as alive_module
from sessions_ui.stream import with_stream
from sessions_ui.stream.mount import stream_url
from sessions_ui.web.presence.alive import mark_of
from tests.models import EndReason, Session
from tests.sessions_ui.stream.conftest import SECONDS

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/account/devices/alive"


async def django(scope: Any, receive: Any, send: Any) -> None:
    """In the place of Django: whatever reaches it is told apart by its status."""
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def ask(
    key: str = "",
    page: str = "",
    *,
    method: str = "GET",
    path: str = PATH,
    root_path: str = "",
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], Any]:
    sent = {"host": "testserver", **(headers or {})}
    if key:
        sent["cookie"] = f"{django_settings.SESSION_COOKIE_NAME}={key}"
    client = ApplicationCommunicator(
        with_stream(django),
        {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": path,
            "root_path": root_path,
            "query_string": f"page={page}".encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "server": ("testserver", 80),
        },
    )
    start = await client.receive_output(SECONDS)
    body = (await client.receive_output(SECONDS))["body"]
    await client.wait(SECONDS)
    await sync_to_async(connections.close_all)()
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], found, json.loads(body) if body else None


async def test_whether_somebody_is_signed_in_is_answered_without_django(
    signed_in: Any, user: Any, other_user: Any
) -> None:
    key, mark = await signed_in(user), mark_of(user.pk)
    status, headers, answer = await ask(key, mark)
    assert (status, answer) == (200, {"state": "alive"})
    assert headers["cache-control"] == "no-store, private"
    assert (await ask(key, mark_of(other_user.pk)))[2] == {"state": "other"}
    await sync_to_async(end_user_sessions)(user=user, reason=EndReason.DEVICE_LOST)
    assert (await ask(key, mark))[2] == {"state": "ended"}
    assert (await ask())[2] == {"state": "ended"}


@pytest.mark.parametrize(("root_path", "forced"), [("/shop", None), ("", "/shop"), ("/inner", "/shop")])
async def test_a_site_below_another_path_is_asked_there(
    settings: Any, root_path: str, forced: str | None
) -> None:
    """`uvicorn --root-path`, or FORCE_SCRIPT_NAME, which Django believes first."""
    settings.FORCE_SCRIPT_NAME = forced
    assert (await ask(path=f"/shop{PATH}", root_path=root_path))[0] == 200
    assert (await ask(path="/shop/account/devices/stream", root_path=root_path))[0] == 204
    assert (await ask(path=PATH, root_path=root_path))[0] == 200  # a proxy has taken the prefix away
    assert (await ask(path=f"/elsewhere{PATH}", root_path=root_path))[0] == 299


def test_a_page_below_another_path_names_the_stream_there() -> None:
    with_stream(django)
    assert stream_url() == "/account/devices/stream"
    with override_script_prefix("/shop/"):
        assert stream_url() == "/shop/account/devices/stream"


async def test_asking_beside_django_is_no_activity(signed_in: Any, user: Any) -> None:
    key = await signed_in(user)
    long_ago = timezone.now() - timedelta(days=3)
    await Session.objects.aupdate(last_seen_at=long_ago)
    assert (await ask(key, mark_of(user.pk)))[2] == {"state": "alive"}
    assert (await Session.objects.aget()).last_seen_at == long_ago


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"method": "POST"}, 405),
        ({"headers": {"host": "elsewhere.example"}}, 400),
        ({"headers": {"sec-fetch-site": "cross-site"}}, 403),
        ({"headers": {"origin": "https://elsewhere.example"}}, 403),
        ({"page": "&".join("x" * 1_100)}, 400),
        ({"path": "/elsewhere/alive"}, 299),
        ({"path": "/account/devices/"}, 299),
    ],
)
async def test_what_is_no_question_of_a_page(options: Any, status: int, user: Any) -> None:
    assert (await ask(**options))[0] == status


async def test_without_a_database_nobody_is_said_to_be_signed_out(
    signed_in: Any, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await signed_in(user)

    def away(*args: Any) -> str:
        raise DatabaseError

    monkeypatch.setattr(alive_module, "state_of", away)
    assert (await ask(key, mark_of(user.pk)))[0] == 503


def test_a_host_without_the_pages_has_no_such_question() -> None:
    assert alive_module._alive_path("sessions_ui.help_desk.urls") == ""
