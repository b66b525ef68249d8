"""Every operation that there is, with every kind of bad input: a problem document, no 500, and nothing has changed.

The operations are those that the API itself has; one that is added is in the table by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.test import Client
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.api.json.application import api
from sessions_ui.api.json.dispatch import LARGEST
from sessions_ui.api.json.document import operations_of
from sessions_ui.api.json.idempotency import UNSAFE
from sessions_ui.conf.tokens import OWN_SCOPES
from tests.all_rows import everything
from tests.conftest import Browser, make_administrator, make_endpoint, make_person
from tests.models import EndReason, Session
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.json.conftest import send

pytestmark = pytest.mark.django_db

OPERATIONS = [*operations_of(api)]
NAMES = {operation.view_func.__name__: operation for operation in OPERATIONS}
UNSAFE_ONES = [name for name, operation in NAMES.items() if operation.methods[0] in UNSAFE]
WITH_BODY = [
    name
    for name, each in NAMES.items()
    if any(model.__ninja_param_source__ == "body" for model in each.models)
]
WITH_ID = [name for name, operation in NAMES.items() if "{" in operation.path]
# A user's key is no secret, and whoever may see everybody's sign-ins knows it; what is there of others is theirs alone.
OWN_WITH_ID = [name for name in WITH_ID if not NAMES[name].path.startswith("/admin/")]


class World(NamedTuple):
    """Who asks, and what there is of somebody else: `ids` by the name of the parameter."""

    client: Program
    ids: dict[str, str]


@pytest.fixture(scope="module")
def administrator(made_once: None) -> Any:
    return make_administrator()


@pytest.fixture(scope="module")
def made(administrator: Any, make_token: Any) -> World:
    other_user, endpoint = make_person("grace@people.example"), make_endpoint()
    Browser().sign_in(other_user)
    theirs = Session.objects.sign_ins().select_related("device").get(user=other_user)
    assert theirs.device is not None
    client = Program(make_token(administrator, scopes=[*OWN_SCOPES]))
    ids = {
        "session_id": theirs.public_id,
        "device_id": theirs.device.public_id,
        "token_id": make_token(other_user).token.session.public_id,
        "user_id": str(other_user.pk),
        "incident_id": "1",
        "endpoint_id": str(endpoint.pk),
    }
    return World(client, ids)


@pytest.fixture
def world(db: None, made: World) -> World:
    made.client.get("/api/sessions")  # notes the use
    return made


def address(name: str, ids: dict[str, str]) -> str:
    return "/api" + re.sub(r"{(?:\w+:)?(\w+)}", lambda found: ids[found[1]], NAMES[name].path)


def ask(name: str, client: Any, ids: dict[str, str], body: Any = None, **headers: str) -> Any:
    return send(client, NAMES[name].methods[0], address(name, ids), body, **headers)


@pytest.fixture
def unchanged(world: World) -> Iterator[None]:
    before = everything()
    yield
    assert everything() == before


def is_refused(answer: Any) -> None:
    assert 400 <= answer.status_code < 500, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code and answer["X-Request-ID"]


ANYTHING = [None, True, -1, 1.5, 2**70, "x", [], {}, [1], {"unknown": 1}, "x" * 1000]


@pytest.mark.parametrize("name", WITH_BODY)
def test_wrong_types(name: str, world: World, unchanged: None) -> None:
    for said in ANYTHING:
        if not isinstance(said, dict):
            is_refused(ask(name, world.client, world.ids, said if said is not None else b"null"))
        is_refused(ask(name, world.client, world.ids, {**right_body(name), "unknown": said}))
        for field in _taken(name):
            is_refused(ask(name, world.client, world.ids, {**right_body(name), field: {"wrong": [said]}}))


def _taken(name: str) -> set[str]:
    (model,) = [model for model in NAMES[name].models if model.__ninja_param_source__ == "body"]
    (field,) = model.model_fields.values()
    return {*getattr(field.annotation, "model_fields", {})}


BODIES = [b"{", b"\xff\xfe", b"[" * 10_000, b'{"a":"\\u0000"}', b'{"a":"\\ud800"}', b"{}" * 10, b"\0", b"NaN"]


@pytest.mark.parametrize("name", WITH_BODY)
def test_no_json(name: str, world: World, unchanged: None) -> None:
    for body in BODIES:
        is_refused(ask(name, world.client, world.ids, body))


@pytest.mark.parametrize("name", NAMES)
def test_huge_bodies(name: str, world: World, unchanged: None) -> None:
    answer = ask(name, world.client, world.ids, b'{"note": "' + b"x" * LARGEST + b'"}')
    assert answer.status_code == 413
    is_refused(answer)


@pytest.mark.parametrize("name", UNSAFE_ONES)
def test_bodies_in_chunks(name: str, world: World, unchanged: None) -> None:
    """Django takes one without a length for empty (`api/bodies.py`). `wsgi.input_terminated` makes no difference."""
    for more in ({}, {"wsgi.input_terminated": True}):
        answer = world.client.generic(
            NAMES[name].methods[0], address(name, world.ids), headers={"Transfer-Encoding": "chunked"}, **more
        )
        assert answer.status_code == 411 and answer.json()["type"].endswith("length-required")
        is_refused(answer)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_that_it_does_not_know_or_that_come_twice(
    name: str, world: World, unchanged: None
) -> None:
    queries = [
        "stat=all",
        "unknown=",
        "Limit=3",
        "limit=1&limit=2",
        "cursor=x&cursor=x",
        "state=all&state=all",
    ]
    for query in queries:
        answer = send(
            world.client, NAMES[name].methods[0], f"{address(name, world.ids)}?{query}", right_body(name)
        )
        assert answer.status_code == 422, (query, answer.content)
        assert answer.json()["errors"][0]["where"] == f"query/{query.partition('=')[0]}"
        is_refused(answer)


@pytest.fixture
def page(administrator: Any) -> Browser:
    """What a browser sends for an open page: its cookies, which are checked as on a real site."""
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(administrator)
    browser.cookies["csrftoken"] = "c" * 32
    return browser


@pytest.mark.parametrize("name", [name for name in UNSAFE_ONES if not NAMES[name].path.startswith("/admin/")])
def test_a_form_that_cannot_be_read_from_a_browser(
    name: str, world: World, page: Browser, unchanged: None
) -> None:
    """Django looks for the CSRF token in it, whatever the API takes."""
    address = f"/api{NAMES[name].path.format(**world.ids)}"
    answer = page.generic(NAMES[name].methods[0], address, b"x", "multipart/form-data")
    # Where no form is expected the token is missing in the header.
    assert answer.status_code == (400 if NAMES[name].methods[0] == "POST" else 403), answer.content.decode()
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITH_BODY])
def test_a_body_where_none_is_taken(name: str, world: World, unchanged: None) -> None:
    for body in (b'{"note": "x"}', b"[]", b"x", {"tokens": True}):
        answer = ask(name, world.client, world.ids, body)
        assert answer.status_code == 422 and answer.json()["errors"][0]["where"] == "body"
        is_refused(answer)


@pytest.mark.parametrize("note", ["", " ", "\t\n", "\u2003", "\x1f"])
@pytest.mark.parametrize("name", [name for name in WITH_BODY if "note" in _taken(name)])
def test_a_note_that_says_nothing(name: str, note: str, world: World, unchanged: None) -> None:
    answer = ask(name, world.client, world.ids, {**right_body(name), "note": note})
    assert answer.status_code == 422 and answer.json()["errors"][0]["where"].endswith("note")
    is_refused(answer)


STRANGE = [
    "0" * 16,
    "x",
    "-1",
    "9" * 19,
    "9" * 400,
    "%00",
    "%ff",
    "..",
    "a%2Fb",
    "null",
    "1e3",
    "%F0%9F%92%A9",
    "%0A",
    "1%0A",
    "'",
    "1 OR 1",
]


@pytest.mark.parametrize("name", WITH_ID)
def test_unknown_ids(name: str, world: World, unchanged: None) -> None:
    for strange in STRANGE:
        body = {"note": "x"} if name in WITH_BODY else None
        answer = ask(name, world.client, dict.fromkeys(world.ids, strange), body)
        assert answer.status_code in (400, 404, 405, 422), (strange, answer.content)
        is_refused(answer)


@pytest.mark.parametrize("name", OWN_WITH_ID)
def test_other_peoples_ids(name: str, world: World, unchanged: None) -> None:
    answer = ask(name, world.client, world.ids, {"name": "x"} if name in WITH_BODY else None)
    assert answer.status_code == 404
    is_refused(answer)


@pytest.mark.parametrize("name", NAMES)
def test_tokens_that_are_none(name: str, world: World, administrator: Any, make_token: Any) -> None:
    ended, expired, right = (make_token(administrator, scopes=[*OWN_SCOPES]) for _ in range(3))
    end_session(session=ended.token.session, reason=EndReason.LEAKED)
    refused_once = Program(ended)
    refused_once.get(
        "/api/sessions"
    )  # the first refusal is written down, and so is the end of one that has run out
    Session.objects.filter(pk=expired.token.pk).update(expires_at=timezone.now() - timedelta(days=1))
    Program(expired).get("/api/sessions")
    before = everything()
    values = [
        ended.value,
        expired.value,
        right.value[:-1],
        right.value + "a",
        right.value.swapcase(),
        "x",
        "ä",
        "a b",
    ]
    for value in values:
        answer = ask(name, Client(), world.ids, {}, Authorization=f"Bearer {value}")
        assert answer.status_code in (400, 401), value
        is_refused(answer)
        assert answer["WWW-Authenticate"].startswith("Bearer ")
    for header in ("", "Basic eDp5", "bearer", f"Token {right.value}"):
        answer = ask(name, Client(), world.ids, {}, Authorization=header)
        assert answer.status_code in (400, 401), header
        is_refused(answer)
    assert everything() == before


@pytest.mark.parametrize("name", NAMES)
def test_a_token_with_all_other_scopes(name: str, world: World, administrator: Any, make_token: Any) -> None:
    needed = next(each.scopes for each in NAMES[name].auth_callbacks if hasattr(each, "scopes"))
    client = Program(make_token(administrator, scopes=[*({*OWN_SCOPES} - {*needed})]))
    client.get("/api/history")
    client.get("/api/admin/health")
    before = everything()
    answer = ask(name, client, world.ids, {})
    assert answer.status_code == 403 and answer.json()["type"].endswith("insufficient-scope")
    is_refused(answer)
    assert everything() == before


def right_body(name: str) -> Any:
    bodies: dict[str, Any] = {
        "rename": {"name": "x"},
        "choose": {"months": 6},
        "preview": {"staff": True},
        "keep_metadata": {"metadata": {"a": 1}},
        "order": {"criteria": {"staff": True}, "note": "x"},
    }
    if name in ("end_others", "end_all"):
        return {}
    return bodies.get(name, {"note": "x"}) if name in WITH_BODY else None


@pytest.mark.parametrize("name", UNSAFE_ONES)
def test_the_same_idempotency_key_with_another_body_or_address(name: str, world: World) -> None:
    first = send(world.client, "post", "/api/sessions/end-others", {}, **{"Idempotency-Key": "once"})
    assert first.status_code == 200
    before = everything()
    answer = ask(name, world.client, world.ids, right_body(name), **{"Idempotency-Key": "once"})
    if name == "end_others":
        answer = ask(name, world.client, world.ids, {"tokens": False}, **{"Idempotency-Key": "once"})
    assert answer.status_code == 422 and answer.json()["type"].endswith("idempotency-key-reused"), (
        answer.content
    )
    is_refused(answer)
    assert everything() == before


@pytest.mark.parametrize("name", NAMES)
def test_nobody_at_all(name: str, world: World, unchanged: None) -> None:
    answer = ask(name, Client(), world.ids, {})
    assert answer.status_code == 401
    is_refused(answer)


def test_what_is_listed_here_is_what_there_is() -> None:
    assert len(NAMES) == len(OPERATIONS) > 20
    assert len(WITH_BODY) > 5 and len(UNSAFE_ONES) > 8 and len(OWN_WITH_ID) > 5
    kinds: Callable[[str], bool] = NAMES.__contains__
    assert all(map(kinds, ("end_all", "order", "events", "rename")))
