"""Under ASGI every detour through a thread costs more than the request's one statement, so only what asks the
database takes one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, override_settings
from django.urls import path
from django.utils import timezone

from sessions_ui.conf import conf
from sessions_ui.middleware import authentication, session
from sessions_ui.web.presence.decorators import passive
from tests.models import Session

pytestmark = pytest.mark.django_db(transaction=True)


async def whoami(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await request.auser()))


async def whoami_twice(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{await request.auser()} {await request.auser()}")


@passive
async def poll(request: HttpRequest) -> HttpResponse:
    return await whoami(request)


async def count(request: HttpRequest) -> HttpResponse:
    await request.session.aset("count", await request.session.aget("count", 0) + 1)
    return HttpResponse(str(await request.session.aget("count")))


async def rotate(request: HttpRequest) -> HttpResponse:
    await request.session.acycle_key()
    request.session.modified = False  # a host that takes back what it wrote
    return HttpResponse()


urlpatterns = [
    path("whoami", whoami),
    path("twice", whoami_twice),
    path("poll", poll),
    path("count", count),
    path("rotate", rotate),
]
ONLY_OURS = ["sessions_ui.middleware.SessionMiddleware", "sessions_ui.middleware.AuthenticationMiddleware"]


@pytest.fixture(autouse=True)
def _site() -> Any:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=ONLY_OURS):
        yield


@pytest.fixture
def client(user: Any) -> AsyncClient:
    client = AsyncClient()
    client.force_login(user)
    return client


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the middleware sends to a thread."""
    names: list[str] = []

    def noted(function: Any, *args: Any, **kwargs: Any) -> Any:
        names.append(function.__name__)
        return sync_to_async(function, *args, **kwargs)

    for module in (authentication, session):
        monkeypatch.setattr(module, "sync_to_async", noted)
    return names


def seen(ago: timedelta) -> None:
    Session.objects.update(last_seen_at=timezone.now() - ago)


async def test_a_request_takes_a_thread_for_its_statement_only(
    client: AsyncClient, threads: list[str]
) -> None:
    response = await client.get("/whoami")
    assert response.content == b"ada@people.example"
    assert "Cookie" in response["Vary"] and response["Cache-Control"] == "no-store, private"
    assert threads == ["get_user"]


async def test_the_second_question_takes_none(client: AsyncClient, threads: list[str]) -> None:
    assert (await client.get("/twice")).content == b"ada@people.example ada@people.example"
    assert threads == ["get_user"]


async def test_without_a_session_there_is_nothing_to_write(threads: list[str]) -> None:
    assert (await AsyncClient().get("/whoami")).content == b"AnonymousUser"
    assert "process_response" not in threads


async def test_a_due_touch_is_written_in_a_thread(client: AsyncClient, threads: list[str]) -> None:
    await sync_to_async(seen)(2 * conf.last_seen_every)
    await client.get("/whoami")
    assert threads == ["get_user", "process_response"]
    session = await Session.objects.aget()
    assert timezone.now() - session.last_seen_at < conf.last_seen_every


async def test_polling_is_no_activity(client: AsyncClient, threads: list[str]) -> None:
    await sync_to_async(seen)(2 * conf.last_seen_every)
    await client.get("/poll")
    assert threads == ["get_user"]


async def test_what_becomes_due_during_the_request_waits_for_the_next(
    client: AsyncClient, threads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be written outside of a thread: an error that strikes once in a million requests."""
    await sync_to_async(seen)(timedelta(0))
    began = timezone.now()
    moments = (began + number * conf.last_seen_every * 0.6 for number in range(100))
    monkeypatch.setattr(timezone, "now", lambda: next(moments))
    response = await client.get("/whoami")
    assert response.status_code == 200 and threads == ["get_user"]


async def test_a_changed_session_is_written_in_a_thread(client: AsyncClient, threads: list[str]) -> None:
    assert [(await client.get("/count")).content for _ in range(2)] == [b"1", b"2"]
    assert threads.count("process_response") == 2


async def test_a_new_key_reaches_the_browser_although_nothing_is_to_be_saved(
    client: AsyncClient, threads: list[str]
) -> None:
    """Whether the database knows it is asked in a thread; nobody else knows it."""
    before = client.cookies["sessionid"].value
    response = await client.get("/rotate")
    assert response.cookies["sessionid"].value != before
    assert threads == ["process_response"]
    assert (await client.get("/whoami")).content == b"ada@people.example"
