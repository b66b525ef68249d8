"""What an error report hides of one request, field by field. Wherever the error is: ../test_error_reports.py."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from django.test import RequestFactory

from sessions_ui.web.responses.errors.error_reports import filter_over
from tests.conftest import PASSWORD


@pytest.mark.parametrize(
    ("called_sensitive", "hidden"),
    [(("answer",), {"answer"}), ("__ALL__", {"answer", "note"}), ((), set())],
    ids=["by its name", "all", "nothing"],
)
def test_what_a_view_calls_sensitive_is_hidden_wherever_it_went(
    called_sensitive: Any, hidden: set[str], settings: Any
) -> None:
    """Fields whose names say nothing."""
    request = RequestFactory().post("/", {"answer": "forty-two", "note": "hello"})
    request.sensitive_post_parameters = called_sensitive  # type: ignore[attr-defined]
    answer, note = "forty-two", "hello"
    filter_ = filter_over(settings.DEFAULT_EXCEPTION_REPORTER_FILTER)
    shown = dict(filter_.get_traceback_frame_variables(request, sys._getframe()))
    assert {name for name in ("answer", "note") if shown[name] == "*" * 20} == hidden and answer and note


def test_while_debugging_the_fields_and_variables_are_shown_too(settings: Any) -> None:
    settings.DEBUG = True
    request = RequestFactory().post("/", {"password": PASSWORD})
    filter_ = filter_over(settings.DEFAULT_EXCEPTION_REPORTER_FILTER)
    assert filter_.get_post_parameters(request)["password"] == PASSWORD
    assert dict(filter_.get_traceback_frame_variables(request, sys._getframe()))["request"] is request
    assert filter_.get_safe_request_meta(request)["REMOTE_ADDR"] == "127.0.0.1"


def test_a_report_without_a_request_or_a_form_is_as_django_makes_it(settings: Any) -> None:
    filter_ = filter_over(settings.DEFAULT_EXCEPTION_REPORTER_FILTER)
    assert filter_.get_post_parameters(None) == {} and not filter_.get_post_parameters(
        RequestFactory().get("/")
    )
    given = "hello"
    assert dict(filter_.get_traceback_frame_variables(None, sys._getframe()))["given"] == given


@pytest.mark.parametrize(("value", "hidden"), [("abc", False), ("abcd", True)])
def test_what_is_shorter_than_a_secret_hides_nothing(value: str, hidden: bool, settings: Any) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theirs"] = value
    text = f"a value, {value}, in a text"
    filter_ = filter_over(settings.DEFAULT_EXCEPTION_REPORTER_FILTER)
    shown = dict(filter_.get_traceback_frame_variables(request, sys._getframe()))
    assert (shown["text"] == "*" * 20) is hidden and text
