"""The OpenAPI document says what is so: requests made from it, right ones and wrong ones, are answered as it says.

`SCHEMATHESIS_EXAMPLES=1000` for a long run; a fixed seed in both.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from django.utils import timezone
from ninja.operation import Operation

from sessions_ui.actions.tokens.create import create_token
from sessions_ui.api.json.application import api
from sessions_ui.api.json.document import operations_of
from sessions_ui.conf.tokens import OWN_SCOPES

# It is in the requirements of the tests; where an older environment is, the rest of the suite runs without.
schemathesis = pytest.importorskip("schemathesis")
checks = pytest.importorskip("schemathesis.specs.openapi.checks")
RIGHT, WRONG = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "5"))


def says_it_is_wrong(response: Any) -> bool:
    """Whether the answer denies that the request is as the document has it. A place that no list has given out, say,
    is refused as well, but not for that: schemathesis takes any 422 for it."""
    kind = response.json().get("type", "") if response.status_code in (400, 415, 422) else ""
    return kind.removeprefix("urn:sessions-ui:") in ("invalid", "malformed", "unsupported-media-type")


def path_of(operation: Operation) -> str:
    return "/api" + re.sub(r"{\w+:", "{", operation.path)


class UndoneError(Exception):
    """Takes back what an example has done."""


@pytest.fixture
def caller(administrator: Any, user: Any, browser: Any, endpoint: Any) -> Iterator[Any]:
    """Who may do everything, with a token for each example."""
    browser().force_login(user)
    browser().force_login(administrator)

    def made() -> str:
        ends = timezone.now() + timedelta(days=1)
        return create_token(user=administrator, name="x", scopes=OWN_SCOPES, expires_at=ends).value

    yield made


@pytest.fixture
def document(settings: Any, caller: Any) -> Iterator[Any]:
    """The document, and the site behind it. As with Django's test client, which `caller` has used and which sets this
    back, no request closes the connection."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "API_RATE_LIMIT": None}
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/openapi.json", get_wsgi_application())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


ROUTES = [(each.methods[0], path_of(each)) for each in operations_of(api)]


@pytest.mark.no_bystander("whoever is signed in may be ended")
@pytest.mark.django_db
@pytest.mark.parametrize("mode", [RIGHT, WRONG], ids=["right", "wrong"])
@pytest.mark.parametrize(("method", "url"), ROUTES)
def test_every_operation_answers_as_the_document_says(
    method: str, url: str, mode: Any, document: Any, caller: Any
) -> None:
    operation = document[url][method]

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        phases=[hypothesis.Phase.generate],  # a smaller example of what failed would take minutes
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(operation.as_strategy(generation_mode=mode))
    def answers(case: Any) -> None:
        with pytest.raises(UndoneError), transaction.atomic():
            headers = {"Authorization": f"Bearer {caller()}"}
            response = case.call(headers=headers)
            case.validate_response(
                response, headers=headers, excluded_checks=[checks.positive_data_acceptance]
            )
            if mode is RIGHT:
                assert not says_it_is_wrong(response), response.content
            raise UndoneError

    answers()


def test_every_operation_has_words_a_scope_and_refusals() -> None:
    said = json.loads(Client().get("/api/openapi.json").content)
    assert said["openapi"].startswith("3.1")
    told = [(url, method, each) for url, methods in said["paths"].items() for method, each in methods.items()]
    assert len(told) == len([*operations_of(api)]) > 20
    for url, method, each in told:
        assert each["summary"] and each["x-scopes"] and "503" in each["responses"], (url, method)
        assert {*each["x-scopes"]} <= {*OWN_SCOPES}


@pytest.mark.django_db
def test_its_page_takes_no_file_from_elsewhere(client: Client) -> None:
    page = client.get("/api/docs").content.decode()
    assert "/static/ninja/swagger-ui-bundle.js" in page and "//" not in page.replace("<!--", "")


# What only a scope to read says.
READ = re.compile(r":read$")
SHOWN = {"address", "first_address", "last_address", "user_agent", "place", "device", "browser", "data"}


def test_what_only_acts_shows_nothing_that_takes_a_scope_to_read() -> None:
    said = json.loads(Client().get("/api/openapi.json").content)
    schemas = said["components"]["schemas"]

    def names(schema: Any) -> Iterator[str]:
        if isinstance(schema, dict):
            if "$ref" in schema:
                yield from names(schemas[schema["$ref"].rpartition("/")[2]])
            yield from schema.get("properties", {})
            for each in schema.values():
                yield from names(each)
        elif isinstance(schema, list):
            for each in schema:
                yield from names(each)

    acting = {
        (method, url): {*names(told["responses"][status])} & SHOWN
        for url, methods in said["paths"].items()
        for method, told in methods.items()
        for status in told["responses"]
        if status.startswith("2") and not any(map(READ.search, told["x-scopes"]))
    }
    assert len(acting) > 10
    assert {where: shown for where, shown in acting.items() if shown} == {
        ("get", "/api/admin/incidents"): {"data"},  # the incidents themselves
    }


def test_it_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    first = client.get("/api/openapi.json").content
    monkeypatch.setattr("sessions_ui.api.json.application.completed", None)
    assert client.get("/api/openapi.json").content == first
