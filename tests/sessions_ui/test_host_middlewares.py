"""Session middlewares of hosts that go on with `create()` where the session cannot be saved: it revives nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from django.utils import timezone

from sessions_ui.middleware import SessionMiddleware
from sessions_ui.store import SessionStore
from tests.models import EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

OURS = "sessions_ui.middleware.SessionMiddleware"


def end() -> None:
    """By somebody else, in another process."""
    Session.objects.update(ended_at=timezone.now(), end_reason=EndReason.DEVICE_LOST)


def rotate(key: str) -> None:
    SessionStore(key).cycle_key()


def whoami(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user))


def works(request: HttpRequest) -> HttpResponse:
    """Writes into the session, which meanwhile ends, or gets another key, as the address says."""
    person = str(request.user)
    request.session["cart"] = 1
    match request.GET.get("meanwhile"):
        case "ended":
            end()
        case "rotated":
            rotate(request.session.session_key)
    return HttpResponse(person)


def goes_on(request: HttpRequest) -> HttpResponse:
    response = works(request)
    try:
        request.session.save()
    except UpdateError:
        request.session.create()
    return response


async def goes_on_async(request: HttpRequest) -> HttpResponse:
    person = str(await request.auser())
    await request.session.aset("cart", 1)
    if "meanwhile" in request.GET:
        await Session.objects.aupdate(ended_at=timezone.now(), end_reason=EndReason.DEVICE_LOST)
    try:
        await request.session.asave()
    except UpdateError:
        await request.session.acreate()
    return HttpResponse(person)


urlpatterns = [
    path("whoami/", whoami),
    path("works/", works),
    path("goes-on/", goes_on),
    path("goes-on-async/", goes_on_async),
]


class SavesOrCreates:
    """As pretalx's, which sets cookies of several domains itself."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.session.is_empty():
            response.delete_cookie(settings.SESSION_COOKIE_NAME)
            return response
        if request.session.modified:
            try:
                request.session.save()
            except UpdateError:
                request.session.create()
            response.set_cookie(settings.SESSION_COOKIE_NAME, str(request.session.session_key))
        return response


class OnDjangos(SavesOrCreates, DjangoSessionMiddleware): ...


class OnOurs(SavesOrCreates, SessionMiddleware): ...


class SavesAfterItsCopy(SavesOrCreates, SessionMiddleware):
    """Keeps what the visitor had put into the session."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            request.session.save()
        except UpdateError:
            kept = dict(request.session.items())
            request.session = SessionStore()
            request.session.update(kept)
            request.session.save()
        response.set_cookie(settings.SESSION_COOKIE_NAME, str(request.session.session_key))
        return response


class AlwaysHasOne(SessionMiddleware):
    """Needs a session for everybody, as shops do for their carts."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        if not request.session.exists(request.session.session_key):
            request.session.create()


class HasOneAfterTheUserWasAskedFor:
    """Behind the others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated and not request.session.session_key:
            request.session.create()
        return self.get_response(request)


HOSTS: dict[str, list[str]] = {
    middleware.__name__: [
        f"{__name__}.{middleware.__name__}" if name == OURS else name for name in settings.MIDDLEWARE
    ]
    for middleware in (OnDjangos, OnOurs, SavesAfterItsCopy, AlwaysHasOne)
} | {
    "ours": settings.MIDDLEWARE,
    "HasOneAfterTheUserWasAskedFor": [
        *settings.MIDDLEWARE,
        f"{__name__}.HasOneAfterTheUserWasAskedFor",
    ],
}


@pytest.fixture(params=HOSTS)
def client(request: pytest.FixtureRequest, user: Any) -> Any:
    with override_settings(MIDDLEWARE=HOSTS[request.param]):
        client = Client()
        client.force_login(user)
        yield client


def is_signed_in(client: Any, user: Any) -> bool:
    return client.get("/whoami/").content.decode() == str(user)


def keys_of(client: Any) -> str:
    morsel = client.cookies.get("sessionid")
    return "" if morsel is None else morsel.value


@pytest.mark.parametrize("address", ["/works/", "/goes-on/", "/whoami/"])
def test_a_session_that_lives_goes_on(address: str, client: Any, user: Any) -> None:
    assert client.get(address).content.decode() == str(user)
    assert is_signed_in(client, user)
    assert Session.objects.living().filter(user=user).count() == 1


@pytest.mark.parametrize("address", ["/works/", "/goes-on/"])
def test_a_session_that_ended_while_it_was_in_use_is_not_revived(
    address: str, client: Any, user: Any
) -> None:
    old = keys_of(client)
    client.get(address, {"meanwhile": "ended"})
    assert not is_signed_in(client, user)
    assert not SessionStore(old).get_user().is_authenticated
    assert not Session.objects.living().filter(user=user).exists()


@pytest.mark.parametrize("address", ["/works/", "/goes-on/", "/whoami/"])
def test_a_session_that_ended_before_is_not_revived(address: str, client: Any, user: Any) -> None:
    end()
    client.get(address)
    assert not is_signed_in(client, user)
    assert not Session.objects.living().filter(user=user).exists()


@pytest.mark.parametrize("address", ["/works/", "/goes-on/"])
@pytest.mark.parametrize("client", sorted({*HOSTS} - {"SavesAfterItsCopy"}), indirect=True)
def test_a_key_that_was_replaced_meanwhile_is_not_taken_from_the_browser(
    address: str, client: Any, user: Any
) -> None:
    """Another response has brought the new one. (Whoever makes a store of its own is not kept from it.)"""
    client.raise_request_exception = False
    response = client.get(address, {"meanwhile": "rotated"})
    assert "sessionid" not in response.cookies
    assert Session.objects.living().filter(user=user).count() == Session.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("meanwhile", [True, False])
async def test_none_is_revived_asynchronously(meanwhile: bool, user: Any) -> None:
    client = AsyncClient()
    await client.aforce_login(user)
    await client.get("/goes-on-async/", {"meanwhile": "ended"} if meanwhile else {})
    signed_in = (await client.get("/whoami/")).content.decode() == str(user)
    assert signed_in is not meanwhile
    assert await Session.objects.living().filter(user=user).aexists() is not meanwhile


def is_framed_by_nobody(response: HttpResponse) -> bool:
    return (response["X-Frame-Options"], response["Permissions-Policy"]) == ("DENY", "camera=()")


def permissions(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """As any middleware behind ours that says something in every response."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Permissions-Policy"] = "camera=()"
        response["X-Sum"] = "of the content"
        return response

    return middleware


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
@pytest.mark.parametrize("meanwhile", ["ended", "rotated"])
def test_what_the_site_says_in_every_response_is_on_ours_too(meanwhile: str, accept: str, user: Any) -> None:
    with override_settings(
        MIDDLEWARE=[*settings.MIDDLEWARE, f"{__name__}.permissions"], LOGIN_URL="/sign-in/"
    ):
        client = Client()
        client.force_login(user)
        assert is_framed_by_nobody(client.get("/works/"))
        response = client.get("/works/", {"meanwhile": meanwhile}, headers={"Accept": accept})
    assert response.status_code in (302, 401, 409)
    assert is_framed_by_nobody(response)
    assert "X-Sum" not in response
    assert response.get("WWW-Authenticate", "") == ("Session" if response.status_code == 401 else "")
