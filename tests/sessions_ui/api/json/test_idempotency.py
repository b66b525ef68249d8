"""A request that is sent again with its key is answered as before, and carried out once."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.db import DataError, connections
from django.utils import timezone

from sessions_ui import exceptions
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.api.json.own import sessions
from tests.models import Event, IdempotentRequest, Session
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.json.conftest import is_problem, send

pytestmark = pytest.mark.django_db

URL = "/api/sessions/end-others"


def asks(client: Program, body: Any = None, key: str = "k1", url: str = URL) -> Any:
    return send(client, "post", url, {} if body is None else body, **{"Idempotency-Key": key})


@pytest.fixture
def client(user: Any, make_token: Any, browser: Any) -> Program:
    browser().sign_in(user)
    return Program(make_token(user, scopes=["sessions:end"]))


def test_the_second_is_answered_as_the_first(client: Program, user: Any, browser: Any) -> None:
    first = asks(client)
    browser().sign_in(user)
    second = asks(client)
    assert (first.status_code, first.json()["ended"]) == (200, 1)
    assert second.json() == first.json() and second["Content-Type"] == first["Content-Type"]
    assert (first.has_header("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (False, "true")
    assert Session.objects.living().sign_ins().count() == 1
    assert asks(client, key="k2").json()["ended"] == 1


@pytest.mark.parametrize("body", [{"tokens": True}, {"tokens": False}])
def test_the_same_key_with_another_body_is_422_and_changes_nothing(
    body: Any, client: Program, user: Any, browser: Any
) -> None:
    asks(client)
    browser().sign_in(user)
    assert is_problem(asks(client, body), 422, "idempotency-key-reused")
    assert Session.objects.living().sign_ins().count() == 1


def test_the_same_key_for_another_address_is_422(client: Program) -> None:
    asks(client)
    assert is_problem(asks(client, url="/api/sessions/end-all"), 422, "idempotency-key-reused")


def test_the_key_of_another_token_is_another_key(client: Program, user: Any, make_token: Any) -> None:
    asks(client)
    other = Program(make_token(user, scopes=["sessions:end"]))
    assert not asks(other, {"tokens": False}).has_header("Idempotency-Replayed")


def test_while_the_first_is_under_way_the_second_is_409(client: Program, user: Any, browser: Any) -> None:
    asks(client)
    browser().sign_in(user)
    IdempotentRequest.objects.update(answered_at=None, status=None)
    answer = asks(client)
    assert is_problem(answer, 409, "request-in-progress") and answer["Retry-After"] == "1"
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert is_problem(asks(client), 409, "outcome-unknown")
    assert Session.objects.living().sign_ins().count() == 1


def test_after_a_day_the_key_is_new(client: Program) -> None:
    asks(client)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert not asks(client, {"tokens": False}).has_header("Idempotency-Replayed")
    assert IdempotentRequest.objects.count() == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "x" * 256, "a\x7f"])
def test_a_key_that_is_none_is_400(key: str, client: Program) -> None:
    assert is_problem(asks(client, key=key), 400, "invalid-idempotency-key")
    assert Session.objects.living().sign_ins().count() == 1


def test_what_was_refused_may_be_put_right_under_the_same_key(client: Program) -> None:
    assert is_problem(asks(client, {"token": 1}), 422, "invalid")
    assert asks(client).json()["ended"] == 1


def test_what_could_not_be_done_now_is_done_when_it_is_sent_again(
    client: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**options: Any) -> Any:
        raise exceptions.TryAgain

    with monkeypatch.context() as patched:
        patched.setattr(sessions, "end_user_sessions", busy)
        assert is_problem(asks(client), 503, "busy")
    assert asks(client).json()["ended"] == 1


def test_of_what_nobody_knows_nobody_knows_the_next_time(
    client: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(**options: Any) -> Any:
        raise exceptions.OutcomeUnknown

    with monkeypatch.context() as patched:
        patched.setattr(sessions, "end_user_sessions", lost)
        assert is_problem(asks(client), 503, "outcome-unknown")
    assert is_problem(asks(client), 409, "outcome-unknown")


@pytest.mark.parametrize("raised", [ValueError, DataError, exceptions.DoneInPart, exceptions.KeyRotated])
def test_what_fails_after_the_commit_is_not_carried_out_again(
    raised: type[Exception], client: Program, user: Any, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(receipt: Any) -> Any:
        raise raised

    client.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr(sessions, "receipt_shape", fails)
        assert asks(client).status_code in (409, 500, 503)
    browser().sign_in(user)
    assert is_problem(asks(client), 409, "outcome-unknown")
    assert Session.objects.living().sign_ins().count() == 1
    assert asks(client, key="k2").json()["ended"] == 1


@pytest.mark.parametrize("said", ["outcome-unknown", "done-in-part", "session-key-rotated"])
def test_what_a_client_says_itself_is_no_answer(said: str, administrator: Any, make_token: Any) -> None:
    client = Program(make_token(administrator, scopes=["incidents:order"]))
    url = "/api/admin/incidents/preview"
    answer = asks(client, {"users": [said]}, url=url)
    assert is_problem(answer, 422, "no-such-account") and said in answer.content.decode()
    assert asks(client, {"staff": True}, url=url).status_code == 200


def test_keys_that_differ_in_case_are_two(client: Program, user: Any, browser: Any) -> None:
    assert asks(client, key="INC-8").json()["ended"] == 1
    browser().sign_in(user)
    assert not asks(client, key="inc-8").has_header("Idempotency-Replayed")
    assert Session.objects.living().sign_ins().count() == 0
    assert asks(client, key="INC-8").has_header("Idempotency-Replayed")


def test_the_key_is_the_same_when_the_token_gets_another_value(
    user: Any, make_token: Any, browser: Any
) -> None:
    made = make_token(user, scopes=["sessions:end"])
    asks(Program(made))
    browser().sign_in(user)
    assert asks(Program(rotate_token(token=made.token))).has_header("Idempotency-Replayed")


def test_a_request_that_only_reads_keeps_nothing(user: Any, make_token: Any) -> None:
    Program(make_token(user)).get("/api/sessions", headers={"Idempotency-Key": "k1"})
    assert not IdempotentRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.databases("postgresql", "mysql")
def test_two_at_once_are_carried_out_once(client: Program) -> None:
    answers: list[Any] = []
    barrier = Barrier(2)

    def asking() -> None:
        barrier.wait()
        try:
            answers.append(asks(client))
        finally:
            connections.close_all()

    threads = [Thread(target=asking) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [
        answer for answer in answers if answer.status_code == 200 and "Idempotency-Replayed" not in answer
    ]
    assert len(done) == 1 and {answer.status_code for answer in answers} <= {200, 409}
    assert Event.objects.filter(kind="ended").count() == 1
