"""What Django's mail about an error says of a request to our pages: no password and no code."""

from __future__ import annotations

from typing import Any

import pytest
from django.views.debug import SafeExceptionReporterFilter

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/account/devices/confirm/", "password"),
        ("/account/devices/prove/", "code"),
        ("/account/devices/challenge/", "code"),
    ],
)
def test_a_secret_that_was_typed_in_is_in_no_error_report(
    path: str, field: str, user: Any, browser: Any
) -> None:
    client = browser()
    client.sign_in(user)
    response = client.post(path, {field: "123456", "act": "who knows"})
    reported = SafeExceptionReporterFilter().get_post_parameters(response.wsgi_request)
    assert reported[field] == "********************"
    assert reported["act"] == "who knows", "the rest helps whoever reads it"
