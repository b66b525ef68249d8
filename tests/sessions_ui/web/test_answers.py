"""Whoever asks after an ending gets what Django's own engine gives somebody who was never signed in."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.sessions.backends.cache import SessionStore as DjangosStore
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client, override_settings
from django.urls import include, path
from django.utils import timezone
from django.views import View

from tests.conftest import PAGE
from tests.models import EndReason, Session
from tests.sessions_ui.web.answers import Difference, as_markdown

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

ROOT = Path(__file__).resolve().parents[3]
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
FETCH = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"}
AJAX = {"X-Requested-With": "XMLHttpRequest", **FETCH}
# What each sends of its own accord, and whether it is a page, htmx, a program, or one that asks for JSON.
CLIENTS: dict[str, tuple[str, dict[str, str]]] = {
    "browser": ("page", {"Accept": PAGE, **NAVIGATION}),
    "browser over plain HTTP": ("page", {"Accept": PAGE}),
    "htmx": (
        "htmx",
        {"Accept": "*/*", "HX-Request": "true", "HX-Current-URL": "http://testserver/a/?b=/c", **FETCH},
    ),
    "htmx, boosted": ("htmx", {"Accept": "*/*", "HX-Request": "true", "HX-Boosted": "true", **FETCH}),
    "fetch": ("program", {"Accept": "*/*", **FETCH}),
    "fetch, mode same-origin": ("program", {"Accept": "*/*", **FETCH, "Sec-Fetch-Mode": "same-origin"}),
    "fetch over plain HTTP": ("program", {"Accept": "*/*"}),
    "fetch of a fragment": ("program", {"Accept": "text/html", **FETCH}),
    "fetch of JSON": ("json", {"Accept": "application/json", **FETCH}),
    "image": (
        "program",
        {"Accept": "image/webp,*/*;q=0.8", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    ),
    "jQuery": ("program", {"Accept": "*/*", **AJAX}),
    "jQuery over plain HTTP": ("program", {"Accept": "*/*", "X-Requested-With": "XMLHttpRequest"}),
    "jQuery, load()": ("program", {"Accept": "text/html, */*; q=0.01", "X-Requested-With": "XMLHttpRequest"}),
    "jQuery, getJSON()": ("json", {"Accept": "application/json, text/javascript, */*; q=0.01", **AJAX}),
    "browser that opens JSON": ("json", {"Accept": "application/json", **NAVIGATION}),
    "axios": ("json", {"Accept": "application/json, text/plain, */*", **FETCH}),
    "curl": ("program", {"Accept": "*/*", "User-Agent": "curl/8.15.0"}),
    "okhttp": ("program", {"User-Agent": "okhttp/5.1.0"}),
}
METHODS = ("GET", "POST")


@login_required
def by_decorator(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"hello {request.user}")


@login_required(login_url="/elsewhere/", redirect_field_name="back")
def with_a_sign_in_of_its_own(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"hello {request.user}")


@login_required(redirect_field_name="back")
def with_another_name_for_the_way_back(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"hello {request.user}")


class ByMixin(LoginRequiredMixin, View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"hello {request.user}")

    post = get


class ByMixinThatRaises(ByMixin):
    raise_exception = True


def by_permission(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        raise PermissionDenied
    return HttpResponse(f"hello {request.user}")


def by_status(request: HttpRequest) -> HttpResponse:
    """As many a small API answers."""
    return (
        HttpResponse(f"hello {request.user}") if request.user.is_authenticated else HttpResponse(status=401)
    )


def rest_framework(request: HttpRequest, *, authenticate: str = "") -> HttpResponse:
    """As Django REST framework's `APIView` answers, compared with 3.18: 403 where session authentication comes first,
    401 where a header may be used. Its browsable API shows a browser a page of the same status."""
    if request.user.is_authenticated:
        status, data = 200, {"detail": f"hello {request.user}"}
    else:
        status, data = (
            401 if authenticate else 403,
            {"detail": "Authentication credentials were not provided."},
        )
    if "text/html" in request.headers.get("Accept", ""):
        response = HttpResponse(f"<pre>{json.dumps(data)}</pre>", status=status)
    else:
        response = JsonResponse(data, status=status)
    response.headers["Allow"] = "GET, POST, HEAD, OPTIONS"
    if status == 401:
        response.headers["WWW-Authenticate"] = authenticate
    return response


def public(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"hello {request.user}")


def untouched(request: HttpRequest) -> HttpResponse:
    """Asks neither for the session nor for the user."""
    return HttpResponse("hello")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Without the notice of this site's own page, which says why."""
    return HttpResponse("<h1>403 Forbidden</h1>", status=403)


handler403 = forbidden
urlpatterns = [
    path("by-decorator/", by_decorator),
    path("with-a-sign-in-of-its-own/", with_a_sign_in_of_its_own),
    path("with-another-name-for-the-way-back/", with_another_name_for_the_way_back),
    path("by-mixin/", ByMixin.as_view()),
    path("by-mixin-that-raises/", ByMixinThatRaises.as_view()),
    path("by-permission/", by_permission),
    path("by-status/", by_status),
    path("rest-framework/", rest_framework),
    path("rest-framework-with-a-header/", rest_framework, {"authenticate": 'Basic realm="api"'}),
    path("public/", public),
    path("untouched/", untouched),
    path("", include("config.urls")),
]
VIEWS = [f"/{entry.pattern}" for entry in urlpatterns[:-1]]


class Meanwhile:
    """What somebody else does between the look-up of the session and the view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        assert request.user.is_authenticated
        if self.saves:
            request.session["cart"] = 1
        self.end()
        return self.get_response(request)

    saves = False

    @staticmethod
    def end() -> None:
        raise NotImplementedError


def behind(middleware: str) -> AbstractContextManager[Any]:
    """A host with this middleware of its own, behind all others."""
    return override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, middleware])


class Seen(NamedTuple):
    """An answer without what is said beside it."""

    status: int
    body: bytes
    headers: dict[str, str]


BESIDE = {"session-ended", "cache-control", "vary", "content-length"}


def seen(response: Any) -> Seen:
    headers = {name.lower(): value for name, value in response.headers.items() if name.lower() not in BESIDE}
    return Seen(response.status_code, response.content, headers)


class Engine:
    """A host on one engine; `ask()` as somebody who is signed in there, or never was."""

    def end(self) -> None:
        """By somebody else, in another process."""
        Session.objects.update(ended_at=timezone.now(), end_reason=EndReason.DEVICE_LOST)

    def signed_in(self, user: Any) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def ask(self, client: Client, method: str, address: str, headers: dict[str, str]) -> Any:
        client.handler._middleware_chain = None  # that of the settings now
        return client.generic(method, address + "?page=/2", headers=headers)

    def ask_meanwhile(self, *, saves: bool, client: Client, **asked: Any) -> Any:
        with pytest.MonkeyPatch.context() as patched, behind(f"{__name__}.Meanwhile"):
            patched.setattr(Meanwhile, "end", staticmethod(self.end))
            patched.setattr(Meanwhile, "saves", saves)
            return self.ask(client, **asked)


class Djangos(Engine):
    """Its cache engine: it needs no table, and Django says of an ending in between what it says with every engine."""

    SETTINGS = {
        "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
        "DATABASE_ROUTERS": [],  # its own way to the user asks whichever database it likes
    }
    MIDDLEWARE = {
        "sessions_ui.middleware.SessionMiddleware": "django.contrib.sessions.middleware.SessionMiddleware",
        "sessions_ui.middleware.AuthenticationMiddleware": (
            "django.contrib.auth.middleware.AuthenticationMiddleware"
        ),
    }

    def end(self) -> None:
        DjangosStore(self.key).delete()

    def signed_in(self, user: Any) -> Client:
        client = super().signed_in(user)
        self.key = client.cookies["sessionid"].value
        return client


@pytest.fixture
def ours() -> Engine:
    return Engine()


def on_djangos(work: Callable[[Engine], Any]) -> Any:
    middleware = [Djangos.MIDDLEWARE.get(name, name) for name in settings.MIDDLEWARE]
    with override_settings(MIDDLEWARE=middleware, **Djangos.SETTINGS):
        return work(Djangos())


def all_answers(engine: Engine, user: Any, headers: dict[str, str]) -> dict[tuple[str, str, str], Any]:
    """By method, address and moment."""
    answers: dict[tuple[str, str, str], Any] = {}
    for method in METHODS:
        for address in VIEWS:
            asked: dict[str, Any] = {"method": method, "address": address, "headers": headers}
            client = engine.signed_in(user)
            answers[method, address, "never"] = engine.ask(Client(), **asked)
            answers[method, address, "before"] = engine.ask(client, **asked)
            answers[method, address, "during"] = engine.ask_meanwhile(saves=False, client=client, **asked)
            answers[method, address, "after"] = engine.ask(client, **asked)
            changed = engine.ask_meanwhile(saves=True, client=engine.signed_in(user), **asked)
            answers[method, address, "during, changed"] = changed
    return answers


def difference(kind: str, moment: str, reference: Any) -> Difference | None:
    """Which of the documented ones an answer has to show, and None where it has to be Django's."""
    if moment == "during, changed":
        return Difference.MEANWHILE
    is_error = reference.status_code in (401, 403)
    to_sign_in = reference.status_code == 302 and reference["Location"].startswith("/account/login/")
    if moment != "after" or not (is_error or to_sign_in):
        return None
    if kind == "htmx":
        return Difference.HTMX
    if kind == "page" and is_error:
        return Difference.PAGE
    is_html = reference.headers["Content-Type"].startswith("text/html")
    return Difference.JSON if kind == "json" and is_error and is_html else None


@pytest.mark.parametrize("name", CLIENTS)
def test_every_client_gets_from_every_view_what_django_gives_it(name: str, user: Any, ours: Engine) -> None:
    kind, headers = CLIENTS[name]
    expected = on_djangos(lambda engine: all_answers(engine, user, headers))
    got = all_answers(ours, user, headers)
    wrong = {}
    for (method, address, moment), response in got.items():
        reference = expected[method, address, "never" if moment == "after" else moment]
        shown = difference(kind, moment, reference)
        right = (
            seen(response) == seen(reference) if shown is None else SHOWS[shown](kind, response, reference)
        )
        if not right:
            wrong[method, address, moment] = (shown, seen(response), seen(reference))
    assert not wrong


def goes_to_sign_in(response: Any) -> bool:
    return response.status_code == 302 and response["Location"].startswith("/account/login/")


def shows_page(kind: str, response: Any, reference: Any) -> bool:
    back = f"?next={response.wsgi_request.path}%3Fpage%3D/2" if response.wsgi_request.method == "GET" else ""
    return response.status_code == 302 and response["Location"] == f"/account/login/{back}"


def shows_htmx(kind: str, response: Any, reference: Any) -> bool:
    return response.status_code == 200 and response["HX-Redirect"] in (
        "/account/login/",
        "/account/login/?next=/a/%3Fb%3D/c",
    )


def shows_json(kind: str, response: Any, reference: Any) -> bool:
    problem = {"type": "urn:sessions-ui:session-ended", "title": "You were signed out."}
    headers = {**seen(reference).headers, "content-type": "application/problem+json"}
    return (
        response.json() == {**problem, "status": reference.status_code}
        and seen(response).status == reference.status_code
        and seen(response).headers == headers
        and response.headers.get("Content-Length", str(len(response.content))) == str(len(response.content))
    )


def shows_meanwhile(kind: str, response: Any, reference: Any) -> bool:
    if reference.status_code != 400:
        return False
    if kind == "page":
        return goes_to_sign_in(response)
    if kind == "htmx":
        return shows_htmx(kind, response, reference)
    media_type = "application/problem+json" if kind == "json" else "text/plain; charset=utf-8"
    return (response.status_code, response["Content-Type"]) == (401, media_type)


SHOWS: dict[Difference, Callable[[str, Any, Any], bool]] = {
    Difference.PAGE: shows_page,
    Difference.HTMX: shows_htmx,
    Difference.JSON: shows_json,
    Difference.MEANWHILE: shows_meanwhile,
}


def test_the_differences_are_written_down() -> None:
    assert as_markdown() in (ROOT / "docs" / "django-sessions.md").read_text()


# --- The reason beside it


@pytest.mark.parametrize("address", [view for view in VIEWS if view != "/untouched/"])
@pytest.mark.parametrize(
    ("reason", "named"),
    [(EndReason.IDLE_TIMEOUT, "idle_timeout"), (EndReason.DEVICE_LOST, "unnamed")],
)
def test_a_header_names_the_reason_only_where_everybody_may_know_it(
    reason: EndReason, named: str, address: str, user: Any, ours: Engine
) -> None:
    key = ours.signed_in(user).cookies["sessionid"].value
    Session.objects.update(ended_at=timezone.now(), end_reason=reason)
    for kind, headers in CLIENTS.values():
        client = Client()
        client.cookies["sessionid"] = key
        response = ours.ask(client, "GET", address, headers)
        assert response["Session-Ended"] == named, kind
        assert reason == named or str(reason) not in f"{response.headers}{response.cookies}"
        assert response.cookies["sessionid"]["max-age"] == 0


def test_nothing_is_said_of_a_cookie_that_no_session_had(ours: Engine) -> None:
    client = Client()
    client.cookies["sessionid"] = "0" * 32
    for kind, headers in CLIENTS.values():
        for address in VIEWS:
            assert "Session-Ended" not in ours.ask(client, "GET", address, headers).headers, (kind, address)


def allows_another_origin(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["Access-Control-Allow-Origin"] = "https://app.example"
        response.set_cookie("of-the-host", "1")
        return response

    return middleware


def test_who_may_read_the_answer_from_another_origin_still_may(user: Any, ours: Engine) -> None:
    """A middleware of the host that stands behind ours has its say in the headers and cookies of what is replaced."""
    client = ours.signed_in(user)
    ours.end()
    with behind(f"{__name__}.allows_another_origin"):
        response = ours.ask(client, "GET", "/by-permission/", CLIENTS["axios"][1])
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")
    assert response["Access-Control-Allow-Origin"] == "https://app.example"
    assert response.cookies["of-the-host"].value == "1"


# --- Our own pages


@pytest.mark.parametrize("name", CLIENTS)
def test_nobody_is_sent_back_to_an_address_of_ours_that_acts(name: str, user: Any, ours: Engine) -> None:
    kind, headers = CLIENTS[name]
    client = ours.signed_in(user)
    ours.end()
    response = client.post("/account/devices/sign-out-others/", headers=headers)
    if kind == "json":
        assert (response.status_code, response.json()["type"]) == (401, "urn:sessions-ui:session-ended")
    elif kind == "htmx":
        assert shows_htmx(kind, response, None)
    else:
        assert (response.status_code, response["Location"]) == (302, "/account/login/")
