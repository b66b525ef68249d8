"""Every address, as its URL conf names them, with everything that it must refuse: a WorkOS-shaped error, no 500, and
nothing is changed by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DataError, OperationalError
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.tokens.scopes import PERMISSIONS
from sessions_ui.api.workos import keys, urls
from sessions_ui.conf.tokens import OWN_SCOPES
from sessions_ui.exceptions import OutOfRange
from tests.conftest import make_administrator, make_person
from tests.models import AccessToken, Delivery, EndReason, Event, Session
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.workos.conftest import codenames, permitted, sign_in

pytestmark = pytest.mark.django_db

JSON = "application/json"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PURGE")
# Name of each address, and with which methods it is called. The last one is for browsers: no token, no body.
CALLS: dict[str, tuple[str, ...]] = {
    "sessions": ("GET",),
    "revoke": ("POST",),
    "events": ("GET",),
    "keys": ("GET", "POST"),
    "validate": ("POST",),
    "expire": ("POST",),
    "key": ("DELETE",),
    "sign_out": ("GET",),
}
FOR_PROGRAMS = [name for name in CALLS if name != "sign_out"]
SCOPES = {
    ("sessions", "GET"): "sessions:admin:read",
    ("revoke", "POST"): "sessions:admin:end",
    ("events", "GET"): "events:read",
    ("keys", "GET"): "tokens:admin",
    ("keys", "POST"): "tokens:admin",
    ("validate", "POST"): "tokens:introspect",
    ("expire", "POST"): "tokens:admin",
    ("key", "DELETE"): "tokens:admin",
}
# Ids that name nothing, percent-encoded where a client would.
STRANGE_IDS = (
    *(
        "0",
        "-1",
        "999999999999999999999999",
        "1.0",
        "1e3",
        "%D9%A1",
        "x",
        "%00",
        "a%00b",
        "%ED%A0%80",
        "a%2Fb",
    ),
    *("%2E%2E", "x" * 3000, "%27%20OR%201=1", "%F0%9F%98%80", "null", "%20", "%0A"),
)


def bodies() -> Iterator[tuple[str, bytes, str]]:
    """What no address understands, by name, with its content type."""
    deep = b"[" * 100_000
    for name, body in {
        "no JSON": b"{",
        "not UTF-8": b'{"name": "\xff"}',
        "a list": b"[]",
        "a text": b'"session_id"',
        "null": b"null",
        "deep": deep,
        "deep in an object": b'{"a":' + deep,
        "a number of 10,000 digits": b'{"expires_at": ' + b"9" * 10_000 + b"}",
        "huge": b'{"name": "' + b"a" * 3_000_000 + b'"}',
        "NUL": b"\0",
    }.items():
        yield name, body, JSON
    yield "a form", b"session_id=a", "application/x-www-form-urlencoded"
    yield "multipart", b"x", "multipart/form-data; boundary=b"
    yield "text", b"{}", "text/plain"


BODIES = {name: (body, kind) for name, body, kind in bodies()}
VALUES: tuple[Any, ...] = (
    *(None, "", 0, 1, -1, 1.5, 10**400, True, [], ["a", 1], [None], {}, {"a": 1}, "\0", "a\0b", "\ud800"),
    *("x" * 5000, "2026-13-45", "2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00+23:59", "now"),
    *("0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    *("9999-12-31T23:59:59-23:59", ["\0"], ["\ud800"], ["x" * 5000], "'; DROP TABLE", "sui_pat_" + "a" * 46),
)
FIELDS = {
    "revoke": ("session_id",),
    "keys": ("name", "organization_id", "permissions", "expires_at"),
    "validate": ("value",),
    "expire": ("expires_at",),
}
PARAMETERS = {
    "limit": ("0", "-1", "101", "1.5", "x", "٣", "9" * 5000, " 1", "1 ", "1\0"),
    "order": ("up", "DESC", "\0", "x" * 5000),
    "after": ("x", "event_x", "\0", "' OR 1=1", "x" * 5000),
    "before": ("x", "event_x", "\0", "' OR 1=1", "x" * 5000),
    "events": ("", ",", "x" * 5000, "\0"),
    "range_start": (
        "x",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "0001-01-01T00:00:00+23:59",
        "\0",
        "9" * 5000,
    ),
    "range_end": (
        "x",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-01-01",
        "2026-01-01T00:00:00 00:00",
        "9999-12-31T23:59:59-23:59",
        "\0",
    ),
    "organization_id": ("\0", "x" * 5000),
}
LISTS = {"sessions": ("limit", "order", "after", "before"), "events": tuple(PARAMETERS)}
LISTS["keys"] = (*LISTS["sessions"], "organization_id")


def address(name: str, identity: str) -> str:
    """The path, with this id as it is where there is one."""
    pattern = next(each for each in urls.urlpatterns if each.name == name)
    keys = dict.fromkeys(pattern.pattern.converters, "IDENTITY")
    return reverse(f"sessions_ui_workos:{name}", kwargs=keys).replace("IDENTITY", identity)


def state() -> dict[str, Any]:
    """All that a call could change, but for the use of a token being noted."""
    used = {"last_seen_at", "address", "place", "user_agent"}
    return {
        "sessions": [
            {key: value for key, value in row.items() if key not in used or row["kind"] != "token"}
            for row in Session.objects.order_by("pk").values()
        ],
        "tokens": list(AccessToken.objects.order_by("pk").values()),
        "events": Event.objects.count(),
        "deliveries": Delivery.objects.count(),
    }


def is_refused(answer: Any, *statuses: int) -> None:
    assert answer.status_code in (statuses or (400, 404, 409, 422)), (
        answer.status_code,
        answer.content[:300],
    )
    document = json.loads(answer.content)
    assert answer["Content-Type"] == JSON
    assert isinstance(document["message"], str) and isinstance(document["code"], str), document
    for error in document.get("errors", []):
        assert isinstance(error["code"], str) and isinstance(error["message"], str)
    assert answer.status_code not in (400, 422) or document["errors"]
    assert answer["X-Request-ID"] and "no-store" in answer["Cache-Control"]


@pytest.fixture(scope="module")
def user(made_once: None) -> Any:
    return make_person("ada@people.example")


@pytest.fixture(scope="module")
def administrator(made_once: None) -> Any:
    return make_administrator()


@pytest.fixture(scope="module")
def program_token(administrator: Any, make_token: Any) -> Any:
    """With every scope, of an account that may do everything."""
    return make_token(administrator, scopes=[*OWN_SCOPES], name="Program")


@pytest.fixture(scope="module")
def ids(user: Any, make_token: Any) -> dict[str, str]:
    """What exists, for each address."""
    _browser, session = sign_in(user)
    token = make_token(user).token.session.public_id
    key = {"sessions": str(user.pk), "keys": str(user.pk), "expire": token, "key": token}
    return {name: key.get(name, session.public_id) for name in CALLS}


def test_the_tables_of_this_file_have_every_address() -> None:
    named = {pattern.name: tuple(pattern.pattern.converters) for pattern in urls.urlpatterns}
    assert named.popitem()[0] == "unknown", "it is the last one"
    assert set(named) == set(CALLS)
    assert {name for name, method in SCOPES} == set(FOR_PROGRAMS)
    assert set(FIELDS) == {name for name, methods in CALLS.items() if "POST" in methods}
    assert set(LISTS) == {name for name, methods in CALLS.items() if "GET" in methods} - {"sign_out"}


def powerless_token(user: Any, make_token: Any) -> Any:
    """With every scope, of an account that has lost its rights since."""
    type(user).objects.filter(pk=user.pk).update(is_superuser=True)
    made = make_token(type(user).objects.get(pk=user.pk), scopes=[*OWN_SCOPES])
    type(user).objects.filter(pk=user.pk).update(is_superuser=False)
    return made


@pytest.mark.parametrize("name", CALLS)
def test_other_methods(caller: Program, ids: dict[str, str], name: str) -> None:
    before = state()
    for method in set(METHODS) - {*CALLS[name]}:
        answer = caller.generic(method, address(name, ids[name]), "{}", JSON)
        assert (answer.status_code, answer["Allow"]) == (405, ", ".join(sorted(CALLS[name])))
        if method != "HEAD":
            is_refused(answer, 405)
    assert state() == before


@pytest.mark.parametrize(("name", "method"), SCOPES)
def test_who_does_not_get_in(
    name: str, method: str, ids: dict[str, str], user: Any, agent: Any, administrator: Any, make_token: Any
) -> None:
    scope = SCOPES[name, method]
    ended = make_token(administrator, scopes=[*OWN_SCOPES])
    end_session(session=ended.token.session, reason=EndReason.LEAKED)
    others = [each for each in OWN_SCOPES if each != scope]
    narrow = make_token(administrator, scopes=others)
    powerless = make_token(permitted(agent, *codenames(*PERMISSIONS)), scopes=[*OWN_SCOPES])
    agent.user_permissions.clear()
    browser = Client()
    browser.force_login(administrator)
    path = address(name, ids[name])
    query = "?events=session.created" if name == "events" else ""
    before = state()
    for headers, status in [
        ({}, 401),
        ({"authorization": "Bearer"}, 400),
        ({"authorization": "Bearer a b"}, 400),
        ({"authorization": "Basic YTpi"}, 401),
        ({"authorization": "Bearer no"}, 401),
        ({"authorization": "Bearer sui_pat_" + "a" * 46}, 401),
        ({"authorization": "Bearer ü"}, 400),
        ({"authorization": "Bearer " + "a" * 9000}, 401),
        ({"authorization": f"Bearer {ended.value}"}, 401),
        ({"authorization": f"Bearer {narrow.value}"}, 403),
        ({"authorization": f"Bearer {powerless.value}"}, 403),
    ]:
        answer = browser.generic(method, path + query, "{}", JSON, headers=headers)
        assert answer.status_code == status, headers
        document = answer.json()
        assert isinstance(document["message"], str) and isinstance(document["code"], str)
        assert answer["X-Request-ID"] and "no-store" in answer["Cache-Control"]
        assert not answer.cookies
    after = state()
    # The first refusal of the token that has ended is written down.
    for rows in (before, after):
        for row in rows["sessions"]:
            row.pop("refused_at")
    assert after == before


@pytest.mark.parametrize(("name", "method"), SCOPES)
def test_the_scope_and_the_permission_are_enough(
    name: str, method: str, ids: dict[str, str], other_user: Any, make_token: Any, program: type[Program]
) -> None:
    scope = SCOPES[name, method]
    somebody = permitted(other_user, *codenames(scope))
    caller = program(make_token(somebody, scopes=[scope]))
    query = "?events=session.created" if name == "events" else ""
    answer = caller.generic(method, address(name, ids[name]) + query, "{}", JSON)
    assert answer.status_code not in (401, 403), answer.content


@pytest.mark.parametrize("name", [name for name in FOR_PROGRAMS if "IDENTITY" in address(name, "IDENTITY")])
def test_ids_that_name_nothing(caller: Program, ids: dict[str, str], name: str) -> None:
    before = state()
    for method in CALLS[name]:
        for identity in STRANGE_IDS:
            is_refused(caller.generic(method, address(name, identity), "{}", JSON), 404)
    assert state() == before


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", FIELDS)
def test_bodies_that_cannot_be_understood(caller: Program, ids: dict[str, str], name: str, body: str) -> None:
    before = state()
    sent, content_type = BODIES[body]
    is_refused(caller.generic("POST", address(name, ids[name]), sent, content_type), 400, 422)
    assert state() == before


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path", ["", "organizations", "events/", "user_management/users", "api_keys/", "%0A", "%00"]
)
def test_addresses_that_are_not_there(path: str, method: str) -> None:
    answer = Client(enforce_csrf_checks=True).generic(method, f"/api/workos/{path}", "{}", JSON)
    if method != "HEAD":
        is_refused(answer, 404)
    assert answer.status_code == 404


def test_what_is_posted_to_the_address_for_signing_out_is_405_as_anywhere() -> None:
    answer = Client(enforce_csrf_checks=True).post(address("sign_out", ""))
    is_refused(answer, 405)


@pytest.mark.parametrize("name", [name for name, methods in CALLS.items() if "GET" in methods])
def test_more_parameters_than_django_reads(caller: Program, ids: dict[str, str], name: str) -> None:
    is_refused(caller.get(address(name, ids[name]) + "?" + "a=1&" * 1500), 400)


@pytest.mark.parametrize(
    ("error", "method", "status", "code"),
    [
        (OperationalError("the connection is lost"), "GET", 503, "unavailable"),
        (OperationalError("the connection is lost"), "POST", 503, "outcome_unknown"),
        (DataError("x"), "GET", 503, "unavailable"),
        (DataError("x"), "POST", 503, "outcome_unknown"),
        (ValueError(), "POST", 500, "mistake"),
        (PermissionDenied(), "GET", 403, "not_allowed"),
        (Http404(), "GET", 404, "not_found"),
        (OutOfRange(), "POST", 422, "out_of_range"),
    ],
)
def test_whatever_is_raised(
    error: Exception,
    method: str,
    status: int,
    code: str,
    caller: Program,
    ids: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def raises(*args: Any) -> Any:
        raise error

    monkeypatch.setattr(keys, "user_called", raises)
    caller.raise_request_exception = False
    answer = caller.generic(method, address("keys", ids["keys"]), "{}", JSON)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == JSON and answer["X-Request-ID"] and answer.json()["message"]
    assert answer.has_header("Retry-After") is (status == 503)
    is_reported = status == 500 or isinstance(error, DataError)
    assert is_reported is any(record.exc_info for record in caplog.records if record.levelname == "ERROR")


@pytest.mark.parametrize("name", FIELDS)
def test_bodies_that_django_does_not_read(caller: Program, ids: dict[str, str], name: str) -> None:
    """In chunks, or of no length that is one: to it they are empty, and `expire` without a body ends at once."""
    before = state()
    for more in (
        {"HTTP_TRANSFER_ENCODING": "chunked"},
        {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""},
        {"HTTP_TRANSFER_ENCODING": "gzip, chunked", "wsgi.input_terminated": True},
        {"CONTENT_LENGTH": "x"},
        {"CONTENT_LENGTH": "-1"},
    ):
        is_refused(caller.generic("POST", address(name, ids[name]), "", JSON, **more), 411)
    assert state() == before


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, each in FIELDS.items() for field in each]
)
def test_values_of_other_types(caller: Program, ids: dict[str, str], name: str, field: str) -> None:
    fine = {"name": "Exports", "organization_id": "acme", "permissions": ["sessions:read"]}
    usual = fine if name == "keys" else {}
    for value in VALUES:
        if name == "keys" and is_fine(field, value):
            continue
        if name == "expire" and value is None:
            continue  # that is an order
        before = state()
        answer = caller.post(address(name, ids[name]), {**usual, field: value}, JSON)
        if name == "validate" and answer.status_code == 200:
            assert answer.json() == {"api_key": None}
        else:
            is_refused(answer)
        assert state() == before, value


def is_fine(field: str, value: Any) -> bool:
    """Whether this is a name, an organization or an end that somebody could choose."""
    if field in ("name", "organization_id"):
        is_text = isinstance(value, str) and 0 < len(value) < 100
        return is_text and "\0" not in value and "\ud800" not in value
    return field == "expires_at" and value is None


@pytest.mark.parametrize(("name", "parameter"), [(name, each) for name in LISTS for each in LISTS[name]])
def test_parameters_of_lists(caller: Program, ids: dict[str, str], name: str, parameter: str) -> None:
    for value in PARAMETERS[parameter]:
        usual = {"events": "session.created"} if name == "events" else {}
        before = state()
        is_refused(caller.get(address(name, ids[name]), {**usual, parameter: value}), 422)
        assert state() == before


@pytest.mark.parametrize("name", LISTS)
def test_both_cursors_at_once(caller: Program, ids: dict[str, str], name: str) -> None:
    asked = {"events": "session.created", "after": "a", "before": "b"}
    is_refused(caller.get(address(name, ids[name]), asked), 422)


def test_more_than_a_token_may_ask_within_a_minute(
    caller: Program,
    ids: dict[str, str],
    settings: Any,
    make_token: Any,
    administrator: Any,
    program: Any,
    time_machine: Any,
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "API_RATE_LIMIT": 2}
    path = address("sessions", ids["sessions"])
    time_machine.move_to(timezone.now().replace(second=20, microsecond=0), tick=False)
    assert [caller.get(path).status_code for _ in range(3)] == [200, 200, 429]
    answer = caller.get(path)
    is_refused(answer, 429)
    assert answer["Retry-After"] == "40"
    assert program(make_token(administrator, scopes=["sessions:admin:read"])).get(path).status_code == 200
    time_machine.shift(timedelta(seconds=40))
    assert caller.get(path).status_code == 200
