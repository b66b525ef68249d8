"""Every error of ours, wherever in a request it is raised: it is put into words, and no key is lost that is valid by
then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, ProgrammingError, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.test import AsyncClient, Client
from django.urls import include, path

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.conf import conf
from sessions_ui.exceptions import (
    DoneInPart,
    KeyRotated,
    NotTheOwner,
    OutcomeUnknown,
    SessionEnded,
    SignInRefused,
    TryAgain,
)
from sessions_ui.store import SessionStore
from tests.conftest import PAGE
from tests.models import EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
BACKEND = site.AUTHENTICATION_BACKENDS[0]
PHASES = [
    "before the view",
    "in the view",
    "while rendering",
    "after the view",
    "while tidying up",
    "while saving",
]

Work = Callable[[HttpRequest], None]


class Broken:
    """What the next request does in which phase of it; `tidying` stands for a refused sign-in that is put away."""

    phase: str = ""
    work: Work

    def __call__(self, phase: str, request: HttpRequest) -> None:
        if phase == self.phase:
            self.phase = ""
            self.work(request)


broken = Broken()


def host_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        broken("before the view", request)
        response = get_response(request)
        broken("after the view", request)
        return response

    return middleware


class Page(SimpleTemplateResponse):
    def __init__(self, request: HttpRequest) -> None:
        super().__init__("unused.html")
        self.request = request

    @property
    def rendered_content(self) -> str:
        broken("while rendering", self.request)
        return "rendered"


def page(request: HttpRequest) -> HttpResponse:
    broken("in the view", request)
    if broken.phase == "while tidying up":
        raise SignInRefused(EndReason.ACCOUNT_DISABLED)
    if broken.phase == "while saving":
        request.session["cart"] = 1
    return Page(request)


def whoami(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user))


def by_header(request: HttpRequest) -> HttpResponse:
    request.session = SessionStore(request.headers["X-Session"])
    return HttpResponse(str(request.session.get_user()))


async def page_async(request: HttpRequest) -> HttpResponse:
    await request.session.acycle_key()
    raise TryAgain


def signs_itself_out(request: HttpRequest) -> HttpResponse:
    request.session["cart"] = 1
    end_user_sessions(user=request.user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=request.user)
    return HttpResponse("done")


def slow(request: HttpRequest) -> HttpResponse:
    """Another tab signs out and in again while this is under way."""
    if "asked before" in request.GET:
        assert request.user.is_authenticated
        request.session["cart"] = 1
    in_the_other_tab()
    return HttpResponse(str(request.user))


def in_the_other_tab() -> None:
    raise NotImplementedError


urlpatterns = [
    path("page/", page),
    path("whoami/", whoami),
    path("by-header/", by_header),
    path("page-async/", page_async),
    path("signs-itself-out/", signs_itself_out),
    path("slow/", slow),
    path("", include("config.urls")),
]


@pytest.fixture
def host(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a middleware of its own, and with a store that does what `broken` says."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.host_middleware"]
    settings.ROOT_URLCONF = __name__

    def breaking(name: str, phase: str) -> None:
        method = getattr(SessionStore, name)

        def broken_method(store: SessionStore, *args: Any, **kwargs: Any) -> Any:
            request = HttpRequest()
            request.session = store
            broken(phase, request)
            return method(store, *args, **kwargs)

        monkeypatch.setattr(SessionStore, name, broken_method)

    breaking("turn_away", "while tidying up")
    breaking("save", "while saving")


@pytest.fixture
def here(user: Any) -> Client:
    client = Client(raise_request_exception=False, headers={"Accept": PAGE})
    client.force_login(user)
    return client


def rotates_and_raises(error: Exception) -> Work:
    def work(request: HttpRequest) -> None:
        request.session.cycle_key()
        raise error

    return work


ERRORS = {
    "the key was replaced": (KeyRotated(), 409),
    "the session has ended": (SessionEnded(EndReason.DEVICE_LOST), 302),
    "try again": (TryAgain(), 503),
    "nobody knows": (OutcomeUnknown(), 503),
    "done in part": (DoneInPart(), 503),
}


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("error", ERRORS)
def test_an_error_of_ours_is_put_into_words_and_a_committed_key_reaches_the_browser(
    error: str, phase: str, here: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised, status = ERRORS[error]
    before = here.cookies["sessionid"].value
    monkeypatch.setattr(broken, "phase", phase)
    monkeypatch.setattr(broken, "work", rotates_and_raises(raised), raising=False)
    response = here.post("/page/")
    assert broken.phase == "", "it was raised"
    assert response.status_code == status
    assert response.cookies["sessionid"].value not in ("", before)
    assert here.get("/whoami/").content.decode() == str(user)


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("phase", PHASES[:4])
@pytest.mark.parametrize(
    "error", [SignInRefused(EndReason.ACCOUNT_DISABLED), NotTheOwner(), PermissionDenied()]
)
def test_what_is_not_allowed_loses_no_key_either(
    error: Exception, phase: str, here: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broken, "phase", phase)
    monkeypatch.setattr(broken, "work", rotates_and_raises(error), raising=False)
    assert here.post("/page/").status_code in (302, 403)
    assert here.get("/whoami/").content.decode() == str(user)


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("phase", ["before the view", "in the view", "after the view"])
@pytest.mark.parametrize("error", [ValueError("ours is another"), ProgrammingError("no such table")])
def test_any_other_error_stays_what_it_is(
    error: Exception, phase: str, here: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broken, "phase", phase)
    monkeypatch.setattr(broken, "work", rotates_and_raises(error), raising=False)
    response = here.post("/page/")
    assert response.status_code == 500
    assert here.get("/whoami/").content.decode() == str(user)


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("error", ["try again", "the key was replaced", "nobody knows"])
def test_a_committed_sign_in_reaches_the_browser_with_its_device_cookie(
    error: str, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sign_in_and_raise(request: HttpRequest) -> None:
        login(request, user, backend=BACKEND)
        raise ERRORS[error][0]

    client = Client(raise_request_exception=False)
    monkeypatch.setattr(broken, "phase", "in the view")
    monkeypatch.setattr(broken, "work", sign_in_and_raise, raising=False)
    response = client.post("/page/")
    assert response.status_code == ERRORS[error][1]
    assert conf.device_cookie_name in response.cookies
    assert client.get("/whoami/").content.decode() == str(user)


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("phase", PHASES)
def test_a_key_that_the_database_does_not_have_reaches_nobody(
    phase: str, here: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its transaction was rolled back: the former key is the valid one."""

    def roll_back(request: HttpRequest) -> None:
        with transaction.atomic():
            request.session.cycle_key()
            transaction.set_rollback(True)
        raise TryAgain

    monkeypatch.setattr(broken, "phase", phase)
    monkeypatch.setattr(broken, "work", roll_back, raising=False)
    response = here.post("/page/")
    assert response.status_code == 503
    assert "sessionid" not in response.cookies
    assert here.get("/whoami/").content.decode() == str(user)


@pytest.mark.usefixtures("host")
@pytest.mark.django_db(transaction=True)
def test_a_key_that_was_committed_reaches_the_browser_although_the_database_is_away(
    here: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(store: SessionStore, key: str) -> bool:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(broken, "phase", "in the view")
    monkeypatch.setattr(broken, "work", rotates_and_raises(TryAgain()), raising=False)
    with monkeypatch.context() as away:
        away.setattr(SessionStore, "exists", lose)
        response = here.post("/page/")
    assert response.status_code == 503
    assert here.get("/whoami/").content.decode() == str(user)


def test_a_store_that_did_not_come_with_the_cookie_makes_none(here: Client) -> None:
    """Such as one that a program names in a header: it is no key of this browser's."""
    response = here.get("/by-header/", headers={"X-Session": here.cookies.pop("sessionid").value})
    assert response.content == b"ada@people.example" and "sessionid" not in response.cookies


def test_a_sign_in_by_the_proxy_with_a_key_that_was_just_replaced_is_a_conflict_and_no_error(
    settings: Any,
) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.RemoteUserMiddleware"]
    anonymous = SessionStore()
    anonymous["cart"] = 1
    anonymous.save()
    first, late = Client(), Client(raise_request_exception=False)
    first.cookies["sessionid"] = late.cookies["sessionid"] = anonymous.session_key
    assert first.get("/whoami/", REMOTE_USER="eve@people.example").content == b"eve@people.example"
    response = late.get("/whoami/", REMOTE_USER="eve@people.example")
    assert response.status_code == 409 and not response.cookies
    assert first.get("/whoami/", REMOTE_USER="eve@people.example").status_code == 200


@pytest.mark.django_db(transaction=True)
async def test_a_committed_key_reaches_the_browser_under_asgi_too(user: Any) -> None:
    client = AsyncClient(raise_request_exception=False)
    await client.aforce_login(user)
    response = await client.get("/page-async/")
    assert response.status_code == 503
    assert (await client.get("/whoami/")).content.decode() == str(user)


# --- Answers that come late


@pytest.mark.parametrize("query", ["", "?asked+before=1"], ids=["not asked before", "asked before"])
def test_the_late_answer_of_a_session_that_ended_takes_no_new_cookie_away(
    query: str, here: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sign_out_and_in() -> None:
        other_tab = Client()
        other_tab.cookies = here.cookies
        SessionStore(here.cookies["sessionid"].value).flush()
        other_tab.force_login(user)

    monkeypatch.setattr(f"{__name__}.in_the_other_tab", sign_out_and_in)
    response = here.get(f"/slow/{query}")
    assert "sessionid" not in response.cookies
    assert here.get("/whoami/").content.decode() == str(user)


def test_the_late_answer_with_a_key_that_was_replaced_in_a_session_that_ended_takes_none_away_either(
    here: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rotate_sign_out_and_in() -> None:
        store = SessionStore(here.cookies["sessionid"].value)
        store.cycle_key()
        store.flush()
        here.force_login(user)

    monkeypatch.setattr(f"{__name__}.in_the_other_tab", rotate_sign_out_and_in)
    assert "sessionid" not in here.get("/slow/").cookies


def test_whoever_ends_the_session_in_use_loses_its_cookie_with_the_next_page(here: Client) -> None:
    response = here.post("/signs-itself-out/")
    assert response.status_code == 302 and "sessionid" not in response.cookies
    response = here.get(response["Location"])
    assert response.cookies["sessionid"]["max-age"] == 0
    assert not Session.objects.living().exists()
