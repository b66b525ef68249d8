"""What a program is answered when something is raised while its view is at work: problem details, and no cookie."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as site
from django.contrib.auth import login, logout
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from sessions_ui import exceptions
from sessions_ui.actions.endings.end import end_session, end_user_sessions
from sessions_ui.api import authenticate, token_required
from sessions_ui.api.answers import ANSWERS
from sessions_ui.credentials import CredentialKind
from sessions_ui.exceptions import SessionsUIError
from tests.models import EndReason, Event, Session
from tests.sessions_ui.api.conftest import Program

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

RAISED: list[Exception] = []


@token_required()
def raises(request: HttpRequest) -> HttpResponse:
    raise RAISED[0]


def traced(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    def middleware(request: HttpRequest) -> Any:
        response = get_response(request)
        response["Content-Security-Policy"] = "default-src 'none'"
        return response

    return middleware


def broken(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    def middleware(request: HttpRequest) -> Any:
        get_response(request)
        raise exceptions.TryAgain

    return middleware


@token_required()
async def raises_asynchronously(request: HttpRequest) -> HttpResponse:
    raise RAISED[0]


@token_required()
def writes_into_the_session(request: HttpRequest) -> HttpResponse:
    request.session["cart"] = 1
    request.session.set_expiry(60)
    return HttpResponse(str(dict(request.session.items())))


@token_required()
def signs_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponse(str(request.user.is_authenticated))


@token_required()
def signs_in(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    login(request, user, backend=site.AUTHENTICATION_BACKENDS[0])
    request.session.save()
    return HttpResponse(str(request.session.session_key))


@token_required()
def ends_others(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)
    return HttpResponse("ended")


@token_required()
def is_ended_meanwhile(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    by_hand = Session.objects.filter(pk=request.auth.session_id)  # type: ignore[attr-defined]
    by_hand.update(ended_at=timezone.now(), end_reason=EndReason.NOT_ME)
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)
    return HttpResponse("ended")


@csrf_exempt
def asks_beside(request: HttpRequest) -> HttpResponse:
    """A host's view that takes either."""
    authenticate(request)
    return HttpResponse("in")


urlpatterns = [
    path("raises", raises),
    path("raises-async", raises_asynchronously),
    path("writes", writes_into_the_session),
    path("signs-out", signs_out),
    path("signs-in", signs_in),
    path("ends", ends_others),
    path("meanwhile", is_ended_meanwhile),
    path("beside", asks_beside),
]

ARGUMENTS: dict[str, Any] = {
    "reason": EndReason.OFFBOARDED,
    "kind": CredentialKind.TOKEN,
    "until": timezone.now(),
    "begun": {},
    "why": "rotated",
    "error": exceptions.BearerError.INVALID_TOKEN,
}
# Nobody's request can lead to these; they are mistakes of the site, which Django reports as it does all others.
MISTAKES = {"AppendOnly", "Undecipherable"}


def instances() -> list[SessionsUIError]:
    """One of each that there is."""
    kinds = [kind for _name, kind in inspect.getmembers(exceptions, inspect.isclass)]
    found = [kind for kind in kinds if issubclass(kind, SessionsUIError) and kind is not SessionsUIError]
    return [made(kind) for kind in found if kind.__name__ not in MISTAKES]


def made(kind: type[SessionsUIError]) -> SessionsUIError:
    needed = inspect.signature(kind.__init__).parameters
    given = {name: ARGUMENTS[name] for name in needed if name in ARGUMENTS}
    if kind.__name__.endswith("Refused") and "reason" in given:
        given["reason"] = next(iter(getattr(exceptions, kind.__name__[:-4] + "sal", EndReason)))
    return kind(**given)


EVERYTHING = instances()


def test_every_exception_of_the_app_has_an_answer_or_is_a_mistake() -> None:
    own = {exceptions.SessionEnded, exceptions.BearerRefused}
    assert len(EVERYTHING) > 20
    for each in EVERYTHING:
        assert type(each) in own or any(kind in ANSWERS for kind in type(each).__mro__), type(each)


ASKED = [("/raises", "*/*"), ("/raises", "text/html"), ("/raises-async", "application/json")]


@pytest.mark.parametrize(("url", "accept"), ASKED)
@pytest.mark.parametrize("raised", EVERYTHING, ids=lambda each: type(each).__name__)
def test_no_page_no_cookie_and_a_challenge_where_the_token_is_to_blame(
    raised: Exception, url: str, accept: str, user: Any, make_token: Any, program: type[Program]
) -> None:
    RAISED[:] = [raised]
    client = program(make_token(user), HTTP_ACCEPT=accept, HTTP_SEC_FETCH_MODE="navigate")
    client.cookies[site.SESSION_COOKIE_NAME] = "x" * 32
    client.cookies["signed_out"] = "unnamed"
    answer = client.post(url)
    assert answer.status_code in (401, 403, 404, 409, 422, 503)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    assert answer.has_header("WWW-Authenticate") is (answer.status_code == 401)
    passes = isinstance(raised, (exceptions.KeyRotated, exceptions.StaleSession))
    assert answer.has_header("Retry-After") is (answer.status_code == 503 or passes)
    assert "Set-Cookie" not in answer.headers and set(answer.cookies) == set()
    assert "no-store" in answer["Cache-Control"] and "Authorization" in answer["Vary"]
    assert "offboarded" not in answer.content.decode()


@pytest.mark.parametrize(
    ("raised", "status", "kind"),
    [
        (exceptions.SessionEnded(EndReason.NOT_ME), 401, "invalid-token"),
        (exceptions.FurtherProofNeeded(CredentialKind.PASSWORD), 403, "further-proof-needed"),
        (exceptions.NotTheOwner(), 403, "owner-only"),
        (exceptions.TryAgain(), 503, "busy"),
        (exceptions.OutcomeUnknown(), 503, "outcome-unknown"),
        (exceptions.DoneInPart(), 503, "done-in-part"),
        (exceptions.TokenRefused(exceptions.TokenRefusal.TOO_LONG), 422, "token-refused"),
    ],
)
def test_what_they_are_called(
    raised: Exception, status: int, kind: str, user: Any, make_token: Any, program: type[Program]
) -> None:
    RAISED[:] = [raised]
    answer = program(make_token(user)).get("/raises")
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:sessions-ui:{kind}")


@pytest.mark.parametrize("raised", [exceptions.AppendOnly(), exceptions.Undecipherable(), ValueError()])
def test_a_mistake_is_reported_as_any_other(
    raised: Exception, user: Any, make_token: Any, program: type[Program]
) -> None:
    RAISED[:] = [raised]
    client = program(make_token(user), raise_request_exception=False)
    answer = client.get("/raises")
    assert (answer.status_code, dict(answer.cookies)) == (500, {})


def test_a_token_that_ends_while_its_view_is_at_work_ends_nothing_any_more(
    user: Any, make_token: Any, program: type[Program], browser: Any
) -> None:
    browser().force_login(user)
    answer = program(make_token(user)).post("/meanwhile")
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:sessions-ui:invalid-token")
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]
    assert Session.objects.of(user).sign_ins().filter(ended_at=None).count() == 1


def test_what_it_does_is_done_by_its_user(
    user: Any, other_user: Any, make_token: Any, program: type[Program], browser: Any
) -> None:
    browser().force_login(user)
    token = make_token(user)
    stranger = program(token)
    stranger.force_login(other_user)  # a cookie that came along
    assert stranger.post("/ends").content == b"ended"
    event = Event.objects.filter(kind=Event.Kind.ENDED, user_id=user.pk).get()
    assert (event.actor_id, event.session.kind) == (user.pk, Session.Kind.BROWSER)
    assert Session.objects.of(other_user).filter(ended_at=None).exists()
    assert Session.objects.get(pk=token.token.pk).ended_at is None


# --- The cookie that came along


@pytest.mark.parametrize("url", ["/writes", "/signs-out", "/signs-in"])
def test_the_session_of_a_cookie_is_neither_read_nor_written_nor_ended(
    url: str, user: Any, other_user: Any, make_token: Any, program: type[Program]
) -> None:
    client = program(make_token(user))
    client.force_login(other_user)
    mine = client.cookies[site.SESSION_COOKIE_NAME].value
    before = list(Session.objects.sign_ins().values())
    answer = client.post(url)
    assert answer.status_code == 200
    name = site.SESSION_COOKIE_NAME
    assert name not in answer.cookies and client.cookies[name].value == mine
    assert list(Session.objects.sign_ins().values()) == before


def test_a_dead_cookie_beside_a_token_is_left_alone(
    user: Any, make_token: Any, program: type[Program]
) -> None:
    client = program(make_token(user))
    client.force_login(user)
    end_session(session=Session.objects.of(user).sign_ins().get(), reason=EndReason.NOT_ME)
    for header, status in (({}, 200), ({"Authorization": "Bearer no"}, 401)):
        answer = client.post("/writes", headers=header)
        assert answer.status_code == status
        assert not answer.has_header("Session-Ended") and not answer.cookies


def test_a_refusal_that_a_view_does_not_handle_is_answered_as_well() -> None:
    answer = Client().get("/beside")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
    answer = Client().get("/beside", headers={"Authorization": "Bearer no"})
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:sessions-ui:invalid-token")


# --- What it stands on


@pytest.mark.parametrize("middleware", [[], ["django.contrib.sessions.middleware.SessionMiddleware"]])
def test_without_the_session_middleware_nothing_is_taken_for_the_systems(
    middleware: list[str], user: Any, make_token: Any, program: type[Program], settings: Any
) -> None:
    settings.MIDDLEWARE = middleware
    with pytest.raises(ImproperlyConfigured, match=r"/ends: .* sessions_ui\.middleware\.SessionMiddleware"):
        program(make_token(user)).post("/ends")


def test_a_host_that_requires_a_sign_in_everywhere_lets_tokens_in(
    user: Any, make_token: Any, program: type[Program], settings: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert program(make_token(user)).get("/writes").status_code == 200
    assert Client().get("/writes").status_code == 401


@pytest.mark.django_db(transaction=True)
async def test_under_asgi_what_is_raised_is_answered_the_same(user: Any, make_token: Any) -> None:
    made = await sync_to_async(make_token)(user)
    RAISED[:] = [exceptions.SessionEnded(EndReason.NOT_ME)]
    for url in ("/raises", "/raises-async"):
        answer = await AsyncClient().get(url, headers={"Authorization": f"Bearer {made.value}"})
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")


def test_an_error_report_does_not_show_the_token(user: Any, make_token: Any, rf: Any) -> None:
    from django.views.debug import ExceptionReporter

    made = make_token(user)
    request = rf.get("/raises", headers={"Authorization": f"Bearer {made.value}"})
    from sessions_ui.web.responses.errors.error_reports import hide_secrets

    hide_secrets(request)

    def fails(value: str) -> None:
        found = SimpleNamespace(value=value)
        raise ValueError(type(found).__name__)

    try:
        fails(made.value)
    except ValueError as error:
        report = ExceptionReporter(request, type(error), error, error.__traceback__).get_traceback_text()
        page = ExceptionReporter(request, type(error), error, error.__traceback__).get_traceback_html()
    assert made.value not in report and made.value not in page
    assert "ValueError" in report


def test_the_header_costs_no_statement_where_it_is_none(
    django_assert_num_queries: Callable[..., Any],
) -> None:
    with django_assert_num_queries(0):
        for header in ("Bearer " + "x" * 100_000, "Bearer sui_pat_ü", "Bearer a,Bearer b", "Bearer \x00"):
            Client().get("/beside", headers={"Authorization": header})


def test_a_token_runs_out_between_two_requests(
    user: Any, make_token: Any, program: type[Program], time_machine: Any
) -> None:
    client = program(make_token(user, expires_at=timezone.now() + timedelta(minutes=1)))
    assert client.get("/writes").status_code == 200
    time_machine.move_to(timezone.now() + timedelta(minutes=2), tick=False)
    assert client.get("/writes").status_code == 401


def test_what_a_middleware_raises_is_answered_and_what_another_has_said_stays(
    user: Any, make_token: Any, program: type[Program], settings: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.traced", f"{__name__}.broken"]
    answer = program(make_token(user), raise_request_exception=False).get("/ends")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:sessions-ui:busy")
    assert answer["Content-Security-Policy"] == "default-src 'none'"
