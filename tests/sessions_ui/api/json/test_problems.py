"""Whatever goes wrong, a program gets a problem document (RFC 9457), with the name of its request."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DataError, OperationalError
from django.test import Client, RequestFactory

from sessions_ui import exceptions
from sessions_ui.actions.endings.end import end_session
from sessions_ui.api.json import problems
from sessions_ui.api.json.dispatch import LARGEST, verify_readable
from sessions_ui.api.json.own import sessions
from tests.conftest import PAGE
from tests.models import EndReason, Session
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.json.conftest import Call, is_problem, send

pytestmark = pytest.mark.django_db

SESSIONS, END_ALL = "/api/sessions", "/api/sessions/end-all"


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize(
    "url", ["/api/", "/api/nothing", "/api/sessions/", "/api/sessions/a/b/c", "/api/%00"]
)
def test_what_is_not_there_is_404_for_everybody(method: str, url: str) -> None:
    answer = send(Client(), method, url)
    assert (
        is_problem(answer, 400, "malformed") if url.endswith("%00") else is_problem(answer, 404, "not-found")
    )


@pytest.mark.parametrize("method", ["delete", "put", "patch", "head", "options", "trace"])
def test_another_method_is_405_and_says_which_there_are(method: str) -> None:
    answer = send(Client(), method, SESSIONS)
    assert answer.status_code == 405 and answer["Allow"] == "GET"
    assert method == "head" or is_problem(answer, 405, "method-not-allowed")


def test_the_addresses_of_token_introspection_are_as_they_were(client: Client) -> None:
    assert client.post("/api/token/introspect").json()["type"] == "urn:sessions-ui:token-needed"


@pytest.mark.parametrize("accept", ["*/*", PAGE, "application/json"])
def test_nobody_gets_a_page_or_is_led_to_the_sign_in(accept: str) -> None:
    client = Client(HTTP_ACCEPT=accept, HTTP_SEC_FETCH_MODE="navigate")
    answer = client.get(SESSIONS)
    assert is_problem(answer, 401, "token-needed")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"' and not answer.cookies


@pytest.mark.parametrize("accept", ["*/*", PAGE])
def test_a_dead_cookie_is_401_and_the_reason_comes_beside_it(accept: str, user: Any, signed_in: Any) -> None:
    client = signed_in(user)
    end_session(session=Session.objects.get(), reason=EndReason.PASSWORD_CHANGED)
    answer = client.get(SESSIONS, headers={"Accept": accept, "Sec-Fetch-Mode": "navigate"})
    assert is_problem(answer, 401, "token-needed")
    assert answer["Session-Ended"] == "password_changed"


@pytest.mark.parametrize(
    ("header", "status", "kind"),
    [
        ("Bearer no", 401, "invalid-token"),
        ("Bearer sui_pat_3fQ9vB0mZk1tYw7RrXc2LdPs8JhTnGaEuK5MiVo64WyC1x", 401, "invalid-token"),
        ("Bearer a b", 400, "invalid-request"),
        ("Basic YTpi", 401, "token-needed"),
    ],
)
def test_a_bad_token(header: str, status: int, kind: str, client: Client) -> None:
    answer = client.get(SESSIONS, headers={"Authorization": header})
    assert is_problem(answer, status, kind) and answer["WWW-Authenticate"].startswith("Bearer ")


def test_a_token_without_the_scope_is_told_which_it_takes(user: Any, call: Call) -> None:
    answer = call(user, "post", END_ALL, {})
    assert is_problem(answer, 403, "insufficient-scope")
    assert 'scope="sessions:end"' in answer["WWW-Authenticate"]


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"\xff", b"nothing", b"[" * 60_000, b'{"tokens": NaN}', b'{"tokens": false, "tokens": true}',
        b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', b'{"\\ud800": 1}', b'{"a": [{"b": "\\u0000"}]}',
    ],
)  # fmt: skip
def test_what_is_no_json_is_400(body: bytes, user: Any, call: Call) -> None:
    assert is_problem(call(user, "post", END_ALL, body, scopes=["sessions:end"]), 400, "malformed")
    assert Session.objects.living().count() == 1  # the token itself


@pytest.mark.parametrize("body", [[], None, 1, "x", {"token": True}, {"tokens": 1}, {"tokens": "yes"}])
def test_what_says_something_else_is_422_and_names_the_place(body: Any, user: Any, call: Call) -> None:
    answer = call(user, "post", END_ALL, b"null" if body is None else body, scopes=["sessions:end"])
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["where"].startswith("body")


def test_another_content_type_is_415(user: Any, make_token: Any) -> None:
    client = Program(make_token(user, scopes=["sessions:end"]))
    answer = client.post(END_ALL, {"tokens": "1"})
    assert is_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize("size", [LARGEST + 1, 3_000_000])
def test_a_body_that_is_too_large_is_413_for_whoever_sends_it(size: int) -> None:
    assert is_problem(send(Client(), "post", END_ALL, b" " * size), 413, "too-large")


@pytest.mark.parametrize("length", ["abc", "²", "1e3"])
def test_a_body_that_lies_about_its_length_is_400(length: str) -> None:
    request = RequestFactory().post(END_ALL, b"{}", content_type="application/json")
    request.META["CONTENT_LENGTH"] = length
    with pytest.raises(problems.Problem) as caught:
        verify_readable(request)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=9e9", "state=some", "cursor=" + "x" * 65]
)
def test_a_query_that_says_something_else_is_422(query: str, user: Any, call: Call) -> None:
    assert is_problem(call(user, "get", f"{SESSIONS}?{query}"), 422, "invalid")


@pytest.mark.parametrize(
    "cursor", ["x", "azE=", "ajE", "MQ", "a2sx", "a" * 64, "ä", "LTE", "azk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"]
)
def test_a_cursor_that_no_list_has_given_out_is_422(cursor: str, user: Any, call: Call) -> None:
    assert is_problem(call(user, "get", f"{SESSIONS}?cursor={cursor}"), 422, "invalid-cursor")


@pytest.mark.parametrize("where", ["/api/sessions/%00", "/api/sessions?cursor=%00", "/api/sessions?%00=1"])
def test_a_nul_gets_nowhere(where: str, user: Any, call: Call) -> None:
    assert is_problem(call(user, "get", where), 400, "malformed")


def raises(error: Exception) -> Any:
    def operation(*args: Any, **options: Any) -> Any:
        raise error

    return operation


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (exceptions.TryAgain(), 503, "busy"),
        (exceptions.OutcomeUnknown(), 503, "outcome-unknown"),
        (exceptions.NotTheOwner(), 403, "owner-only"),
        (exceptions.FurtherProofNeeded("password"), 403, "further-proof-needed"),  # type: ignore[arg-type]
        (OperationalError("server closed the connection"), 503, "outcome-unknown"),
    ],
)
def test_what_an_action_raises_is_answered(
    error: Exception, status: int, kind: str, user: Any, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "end_user_sessions", raises(error))
    answer = call(user, "post", END_ALL, {}, scopes=["sessions:end"])
    assert is_problem(answer, status, kind)
    assert answer.has_header("Retry-After") is (status == 503)


def test_a_cookie_gets_the_same_answer_when_the_database_is_busy(
    user: Any, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "page_of", raises(exceptions.TryAgain()))
    assert is_problem(signed_in(user).get(SESSIONS), 503, "busy")


def test_a_session_that_ends_while_its_request_is_at_work_is_401(
    user: Any, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "page_of", raises(exceptions.SessionEnded(EndReason.PASSWORD_CHANGED)))
    assert is_problem(signed_in(user).get(SESSIONS), 401, "session-ended")


def test_what_only_reads_is_unavailable_while_the_database_is_away(
    user: Any, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "page_of", raises(OperationalError("the connection is lost")))
    assert is_problem(call(user, "get", SESSIONS), 503, "unavailable")


@pytest.mark.parametrize(
    ("error", "status", "kind"), [(DataError("x"), 503, "unavailable"), (ValueError(), 500, "mistake")]
)
def test_a_mistake_of_ours_is_reported_and_tells_nothing(
    error: Exception,
    status: int,
    kind: str,
    user: Any,
    make_token: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(sessions, "page_of", raises(error))
    client = Program(make_token(user), raise_request_exception=False)
    assert is_problem(client.get(SESSIONS), status, kind)
    assert [record.exc_info[1] for record in caplog.records if record.exc_info] == [error]


def test_no_answer_sets_a_cookie_for_a_token(user: Any, call: Call) -> None:
    answer = call(user, "get", SESSIONS)
    assert answer.status_code == 200 and not answer.cookies
    assert "Authorization" in answer["Vary"]
