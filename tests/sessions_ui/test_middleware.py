"""What a client sees of its session's end, and what a response may reveal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.core.signals import got_request_exception
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import AsyncClient, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils import timezone

from sessions_ui import session_lookup
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.sessions.activity import touch
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.client import client_info
from sessions_ui.middleware import AuthenticationMiddleware, SessionMiddleware
from sessions_ui.middleware.session import resets_password
from sessions_ui.store import SessionStore
from sessions_ui.web.responses.errors.exceptions import exception_of, remember_exception
from tests.interleaving import just_before
from tests.models import EndReason, Event, Session, digest_of

pytestmark = pytest.mark.django_db


def public(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user))


async def public_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await request.auser()))


def untouched(request: HttpRequest) -> HttpResponse:
    return HttpResponse("static")


@login_required
def private(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user))


def api(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        raise PermissionDenied
    return JsonResponse({"user": str(request.user)})


def ended_meanwhile(request: HttpRequest) -> HttpResponse:
    request.session["cart"] = 1
    end_user_sessions(user=request.user, reason=EndReason.DEVICE_LOST)
    return HttpResponse("done")


def ended_and_saved(request: HttpRequest) -> HttpResponse:
    request.session["cart"] = 1
    end_user_sessions(user=request.user, reason=EndReason.DEVICE_LOST)
    request.session.save()
    return HttpResponse("never")


def rotated_meanwhile(request: HttpRequest) -> HttpResponse:
    request.session["cart"] = 1
    SessionStore(request.session.session_key).cycle_key()
    return HttpResponse("done")


def rotated_and_saved(request: HttpRequest) -> HttpResponse:
    request.session["cart"] = 1
    SessionStore(request.session.session_key).cycle_key()
    request.session.save()
    return HttpResponse("never")


def failing_after_rotation(request: HttpRequest) -> HttpResponse:
    request.session.cycle_key()
    return HttpResponse(status=500)


def failing_after_sign_in(request: HttpRequest) -> HttpResponse:
    login(request, get_user_model().objects.latest("pk"), backend=settings.AUTHENTICATION_BACKENDS[0])
    return HttpResponse(status=500)


def failing_after_rollback(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        request.session.cycle_key()
        transaction.set_rollback(True)
    return HttpResponse(status=500)


def raising(request: HttpRequest) -> HttpResponse:
    request.session["cart"] = 1
    raise ZeroDivisionError


def failing(request: HttpRequest) -> HttpResponse:
    request.session["cart"] = 1
    return HttpResponse(status=500)


urlpatterns = [
    path("public", public),
    path("public-async", public_async),
    path("untouched", untouched),
    path("private", private),
    path("api", api),
    path("ended-meanwhile", ended_meanwhile),
    path("ended-and-saved", ended_and_saved),
    path("rotated-meanwhile", rotated_meanwhile),
    path("rotated-and-saved", rotated_and_saved),
    path("raising", raising),
    path("failing", failing),
    path("failing-after-rotation", failing_after_rotation),
    path("failing-after-sign-in", failing_after_sign_in),
    path("failing-after-rollback", failing_after_rollback),
    path("", include("config.urls")),
]


@pytest.fixture(autouse=True)
def _urls() -> Any:
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def client_in(browser: Any, user: Any) -> Any:
    client = browser()
    client.force_login(user)
    return client


def end(user: Any, reason: EndReason = EndReason.DEVICE_LOST) -> None:
    end_user_sessions(user=user, reason=reason)


def deletes_cookie(response: Any) -> bool:
    cookie = response.cookies.get("sessionid")
    return cookie is not None and cookie.value == "" and cookie["max-age"] == 0


def test_a_request_costs_one_statement(client_in: Any, django_assert_num_queries: Any) -> None:
    """Invariant 4."""
    with django_assert_num_queries(1):
        assert client_in.get("/private").content == b"ada@people.example"


def test_a_request_without_a_session_costs_none(browser: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        response = browser().get("/public")
    assert not response.cookies


def test_a_view_that_asks_nobody_costs_none_and_may_be_cached(
    client_in: Any, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        response = client_in.get("/untouched")
    assert "Cookie" not in response.get("Vary", "") and not response.has_header("Cache-Control")


def test_who_asks_for_the_user_varies_on_the_cookie_and_is_kept_private(client_in: Any) -> None:
    response = client_in.get("/public")
    assert "Cookie" in response["Vary"]
    assert response["Cache-Control"] == "no-store, private"


def test_a_page_goes_to_sign_in_with_the_way_back_and_loses_the_cookie(client_in: Any, user: Any) -> None:
    end(user)
    response = client_in.get("/private?page=2")
    assert response.status_code == 302
    assert response["Location"] == "/account/login/?next=/private%3Fpage%3D2"
    assert deletes_cookie(response)


def test_the_words_are_said_once(client_in: Any, user: Any) -> None:
    end(user, EndReason.PASSWORD_RESET)
    sign_in_page = client_in.get("/private", follow=True).content.decode()
    assert "You were signed out because the password was reset." in sign_in_page
    assert "You were signed out" not in client_in.get("/account/login/").content.decode()


@pytest.mark.parametrize(
    "reason",
    [
        EndReason.DEVICE_LOST,
        EndReason.NOT_ME,
        EndReason.SUSPICIOUS,
        EndReason.HELP_DESK,
        EndReason.ADMINISTRATOR,
        EndReason.INCIDENT,
    ],
)
def test_a_thief_is_not_told_why(reason: EndReason, client_in: Any, user: Any) -> None:
    end(user, reason)
    response = client_in.get("/private")
    assert response.cookies["signed_out"].value == "unnamed"
    page = client_in.get("/account/login/").content.decode()
    assert "You were signed out." in page and str(reason.label) not in page


@pytest.mark.parametrize("value", ["", "device_lost", "<b>hello</b>", "x" * 4000])
def test_a_notice_that_somebody_else_wrote_says_nothing_new(value: str, browser: Any) -> None:
    client = browser()
    client.cookies["signed_out"] = value
    page = client.get("/account/login/").content.decode()
    assert ("You were signed out." in page) is bool(value) and (not value or value not in page)


def test_htmx_is_sent_to_sign_in_as_a_whole(client_in: Any, user: Any) -> None:
    end(user)
    response = client_in.post(
        "/private", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/account/devices/?a=1"}
    )
    assert response.status_code == 200
    assert response["HX-Redirect"] == "/account/login/?next=/account/devices/%3Fa%3D1"
    assert deletes_cookie(response)


def test_htmx_is_not_sent_to_a_foreign_site_afterwards(client_in: Any, user: Any) -> None:
    end(user)
    headers = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/x"}
    assert client_in.post("/private", headers=headers)["HX-Redirect"] == "/account/login/"


def test_a_program_gets_problem_details_with_the_status_of_the_view(client_in: Any, user: Any) -> None:
    end(user)
    response = client_in.get("/api", headers={"Accept": "application/json"})
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")
    assert response.json()["title"] == "You were signed out."
    assert deletes_cookie(response)


def test_a_public_page_stays_as_it_is_without_the_user(client_in: Any, user: Any) -> None:
    end(user)
    response = client_in.get("/public")
    assert (response.status_code, response.content) == (200, b"AnonymousUser")
    assert deletes_cookie(response)


def test_the_page_after_a_public_one_still_says_why(client_in: Any, user: Any) -> None:
    """The public page does not show the notice, so the cookie carries it on."""
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    assert client_in.get("/public").cookies["signed_out"].value == "password_reset"
    assert "because the password was reset" in client_in.get("/account/login/").content.decode()


def test_an_unknown_cookie_is_deleted_and_nothing_else_said(browser: Any) -> None:
    client = browser()
    client.cookies["sessionid"] = "0" * 32
    response = client.get("/public")
    assert response.status_code == 200 and deletes_cookie(response)
    assert "signed_out" not in response.cookies
    assert Session.objects.count() == 0


def test_an_unknown_cookie_costs_one_statement_of_a_server(browser: Any) -> None:
    client = browser()
    client.cookies["sessionid"] = "0" * 32
    client.get("/public")  # whatever is compiled once is compiled now
    client.cookies["sessionid"] = "1" * 32
    with CaptureQueriesContext(connection) as queries:
        client.get("/public")
    assert len(queries) == (2 if connection.vendor == "sqlite" else 1)


def test_no_planner_reads_the_whole_table_for_a_session() -> None:
    """Whatever its statistics say: here, that no key was ever replaced."""
    Session.objects.bulk_create(
        Session(digest=digest_of(str(number)), expires_at=timezone.now()) for number in range(1000)
    )
    explain = {"sqlite": "EXPLAIN QUERY PLAN"}.get(connection.vendor, "EXPLAIN")
    query = session_lookup.look_up_on(connection.alias).statements[0].query
    with connection.cursor() as cursor:
        if connection.vendor != "mysql":  # which would commit, and keeps its statistics by itself
            cursor.execute("ANALYZE")
        cursor.execute(f"{explain} {query.sql}", [digest_of("1" * 32)] * query.times)
        plan = str(cursor.fetchall())
        if connection.vendor == "sqlite":
            cursor.execute("DROP TABLE sqlite_stat1")
    assert "sessions_ui_session" in plan
    for whole in (
        "SCAN sessions_ui_session",
        "Seq Scan on sessions_ui_session",
        "'sessions_ui_session', 'ALL'",
    ):
        assert whole not in plan


@pytest.mark.parametrize("address", ["/ended-meanwhile", "/ended-and-saved"])
def test_an_end_in_the_middle_of_the_request_is_a_sign_out_too(address: str, client_in: Any) -> None:
    response = client_in.get(address)
    assert response.status_code == 302
    assert not deletes_cookie(response), "by now it may be that of a new sign-in"
    response = client_in.get("/private")
    assert response.status_code == 302 and deletes_cookie(response)


@pytest.mark.parametrize("address", ["/rotated-meanwhile", "/rotated-and-saved"])
def test_a_key_that_was_replaced_meanwhile_signs_nobody_out(address: str, client_in: Any) -> None:
    response = client_in.get(address)
    assert response.status_code == 409 and response["Refresh"] == "1"
    assert not deletes_cookie(response)
    assert Session.objects.living().count() == 1


@pytest.mark.parametrize("address", ["/rotated-meanwhile", "/rotated-and-saved"])
def test_whoever_acted_while_their_key_was_replaced_is_not_told_that_nothing_was_done(
    address: str, client_in: Any
) -> None:
    """What the view did is in force; a second press might do it twice."""
    response = client_in.post(address)
    assert response.status_code == 409 and "Refresh" not in response
    assert "We can’t tell whether this was done" in response.content.decode()
    assert not deletes_cookie(response)
    assert Session.objects.living().count() == 1


def test_a_straggler_is_told_to_try_again_and_keeps_its_cookie(client_in: Any) -> None:
    SessionStore(client_in.cookies["sessionid"].value).cycle_key()
    response = client_in.get("/private")
    assert response.status_code == 409 and response["Retry-After"] == "1"
    assert not deletes_cookie(response)
    assert not deletes_cookie(client_in.get("/public"))


def test_a_program_with_a_key_that_was_replaced_reads_why(client_in: Any) -> None:
    SessionStore(client_in.cookies["sessionid"].value).cycle_key()
    response = client_in.get("/api", headers={"accept": "application/json"})
    assert (response.status_code, response["Content-Type"]) == (409, "application/problem+json")
    assert response.json() == {
        "type": "urn:sessions-ui:session-key-rotated",
        "title": "Your sign-in was renewed at the same moment. Please try again.",
        "status": 409,
    }
    assert (response["Retry-After"], response["Cache-Control"]) == ("1", "no-store, private")
    assert not deletes_cookie(response)


def test_a_server_error_saves_nothing(client_in: Any) -> None:
    client_in.raise_request_exception = False
    assert client_in.get("/failing").status_code == 500
    assert "cart" not in client_in.session


def test_an_error_of_the_site_is_answered_and_reported_as_that_error(client_in: Any) -> None:
    client_in.raise_request_exception = False
    response = client_in.get("/raising")
    assert (response.status_code, response.exc_info[0]) == (500, ZeroDivisionError)


@pytest.mark.parametrize("address", ["/failing-after-rotation", "/failing-after-rollback"])
def test_an_error_after_a_rotation_signs_nobody_out(address: str, client_in: Any) -> None:
    client_in.raise_request_exception = False
    assert client_in.get(address).status_code == 500
    assert client_in.get("/private").status_code == 200


def test_a_sign_in_that_ends_in_an_error_leaves_no_session_that_nobody_holds(browser: Any, user: Any) -> None:
    client = browser()
    client.raise_request_exception = False
    assert client.get("/failing-after-sign-in").status_code == 500
    assert client.get("/private").status_code == 200


def test_last_seen_is_written_at_most_once_a_minute(client_in: Any, django_assert_num_queries: Any) -> None:
    Session.objects.update(last_seen_at=timezone.now() - timedelta(minutes=2))
    before = timezone.now()
    client_in.get("/private")
    touched = Session.objects.get().last_seen_at
    assert touched >= before
    with django_assert_num_queries(1):
        client_in.get("/private")
    assert Session.objects.get().last_seen_at == touched


def test_a_server_error_is_no_activity(client_in: Any) -> None:
    long_ago = timezone.now() - timedelta(minutes=2)
    Session.objects.update(last_seen_at=long_ago)
    client_in.raise_request_exception = False
    assert client_in.get("/failing").status_code == 500
    assert Session.objects.get().last_seen_at == long_ago


@pytest.mark.django_db(transaction=True)
def test_last_seen_that_cannot_be_written_fails_no_request(client_in: Any, caplog: Any) -> None:
    Session.objects.update(last_seen_at=Session.objects.get().last_seen_at - timedelta(minutes=2))
    before = Session.objects.values().get()

    def broken(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and "last_seen_at" in sql:
            raise OperationalError("database is locked")
        return execute(sql, *args)

    caplog.set_level("INFO", logger="sessions_ui")
    with connection.execute_wrapper(broken):
        assert client_in.get("/private").status_code == 200
    assert Session.objects.values().get() == before
    assert f"Last activity of session {before['id']} was not written" in caplog.text


def test_the_latest_address_and_place_are_kept_beside_the_first(user: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(user)
    Session.objects.update(last_seen_at=Session.objects.get().last_seen_at - timedelta(minutes=2))
    client.get("/private", REMOTE_ADDR="89.160.20.112")
    row = Session.objects.get()
    assert (row.first_address, row.first_place["city"]) == ("81.2.69.142", "London")
    assert (row.address, row.place["country_code"]) == ("89.160.20.112", "SE")


def test_another_engine_works_as_before_behind_our_middleware(user: Any, browser: Any, settings: Any) -> None:
    """For a site that is about to change: middleware first, engine later."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.DATABASE_ROUTERS = []  # Django's own way to the user asks whichever database it likes
    client = browser()
    assert client.get("/private").status_code == 302
    assert "sessionid" in client.sign_in(user).cookies
    assert client.get("/private").content.decode() == str(user)
    assert not Session.objects.exists()


def test_without_our_session_middleware_the_error_says_what_is_missing(rf: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"needs sessions_ui\.middleware\.SessionMiddleware"):
        AuthenticationMiddleware(public)(rf.get("/"))


@pytest.mark.parametrize(
    ("headers", "trusted", "warnings"),
    [
        ({"HTTP_X_FORWARDED_FOR": "1.1.1.1"}, [], 1),
        ({"HTTP_FORWARDED": "for=1.1.1.1"}, [], 1),
        ({"HTTP_X_FORWARDED_FOR": "1.1.1.1"}, ["81.2.69.0/24"], 0),
        ({"HTTP_FORWARDED": "for=1.1.1.1"}, ["81.2.69.0/24"], 0),
        ({}, [], 0),
        ({"HTTP_X_REAL_IP": "1.1.1.1"}, [], 0),
    ],
)
def test_forwarded_addresses_that_nobody_trusts_are_named_once_and_nothing_else_is(
    headers: dict[str, str], trusted: list[str], warnings: int, browser: Any, caplog: Any, settings: Any
) -> None:
    """A site without a proxy is not told to name one."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TRUSTED_PROXIES": trusted}
    client = browser(**headers)
    for _ in range(2):
        client.get("/untouched")
    assert caplog.text.count("TRUSTED_PROXIES") == warnings


def test_a_touch_revives_nothing(client_in: Any, user: Any) -> None:
    store = SessionStore(client_in.cookies["sessionid"].value)
    row = store.resolve()
    end(user)
    later = timezone.now() + timedelta(hours=1)
    client = client_info({}, trusted=(), geoip_path=())
    assert not touch(session=row, digest=digest_of(store.session_key), client=client, now=later)
    assert Session.objects.get().last_seen_at < later


@pytest.mark.control("ASVS 7.3.1")
def test_the_idle_timeout_is_enforced_at_the_next_request(client_in: Any) -> None:
    """ASVS 5.0 7.3.1."""
    Session.objects.update(last_seen_at=Session.objects.get().last_seen_at - timedelta(days=15))
    assert client_in.get("/private").status_code == 302
    assert Session.objects.get().end_reason == EndReason.IDLE_TIMEOUT


@pytest.mark.control("ASVS 7.3.2")
def test_the_absolute_timeout_is_enforced_whatever_the_use(client_in: Any) -> None:
    """ASVS 5.0 7.3.2."""
    row = Session.objects.get()
    Session.objects.update(
        signed_in_at=row.signed_in_at - timedelta(days=31), expires_at=row.expires_at + timedelta(days=31)
    )
    assert client_in.get("/private").status_code == 302
    assert Session.objects.get().end_reason == EndReason.ABSOLUTE_TIMEOUT


@pytest.mark.django_db(transaction=True)
async def test_the_middleware_works_under_asgi_with_async_views(user: Any) -> None:
    client = AsyncClient()
    await client.aforce_login(user)
    response = await client.get("/public-async")
    assert response.content == b"ada@people.example"
    assert "Cookie" in response["Vary"]
    await Session.objects.aupdate(ended_at=user.date_joined, end_reason=EndReason.DEVICE_LOST)
    response = await client.get("/public-async")
    assert response.content == b"AnonymousUser"
    assert deletes_cookie(response)


def touched_beside(change: dict[str, Any]) -> bool:
    """Somebody else changes the row between looking at it and writing it."""
    row = Session.objects.get()
    client = client_of({"HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Firefox/145.0"})
    with just_before(
        "UPDATE .sessions_ui_session. SET .last_seen_at.", lambda: Session.objects.update(**change)
    ):
        return touch(session=row, digest=row.digest, client=client, now=timezone.now())


@pytest.mark.parametrize("change", [{"ended_at": timezone.now()}, {"digest": "of a new key"}])
def test_a_touch_that_comes_too_late_writes_nothing(
    change: dict[str, Any], client_in: Any, user: Any
) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    Session.objects.update(last_seen_at=long_ago)
    assert touched_beside(change) is False
    assert Session.objects.get().last_seen_at == long_ago
    assert not Event.objects.filter(kind=Event.Kind.CLIENT_CHANGED).exists()


def test_a_password_that_a_middleware_saves_before_any_view_is_known_is_no_reset(rf: Any) -> None:
    request = rf.get("/")
    assert request.resolver_match is None
    assert resets_password(request) is False


def test_the_middleware_has_itself_told_of_what_others_raise(rf: Any) -> None:
    """An earlier one of this process has done so, too."""
    got_request_exception.disconnect(remember_exception)
    try:
        SessionMiddleware(untouched)
        request = rf.get("/")
        try:
            raise ZeroDivisionError
        except ZeroDivisionError as error:
            got_request_exception.send(sender=None, request=request)
            assert exception_of(request) is error
    finally:
        got_request_exception.connect(remember_exception)
