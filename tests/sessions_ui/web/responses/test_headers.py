"""What an answer that replaces another one takes over of it."""

from __future__ import annotations

import pytest
from django.http import HttpResponse

from sessions_ui.web.responses.headers import keep_headers

OF_THE_SITE = {
    "Access-Control-Allow-Origin": "https://app.example",
    "Content-Security-Policy": "default-src 'self'",
    "Content-Security-Policy-Report-Only": "default-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=()",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=3600",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
OF_THE_CONTENT = {"Content-Encoding": "gzip", "ETag": '"1"', "Location": "/", "X-Robots-Tag": "none"}


@pytest.mark.parametrize("name", OF_THE_SITE)
def test_what_a_middleware_of_the_site_adds_to_every_answer_is_kept(name: str) -> None:
    answer = HttpResponse()
    keep_headers(HttpResponse(headers={name: OF_THE_SITE[name]}), answer)
    assert answer.headers[name] == OF_THE_SITE[name]


def test_nothing_that_is_about_the_content_is_kept() -> None:
    answer = HttpResponse()
    before = dict(answer.items())
    keep_headers(HttpResponse(headers=OF_THE_CONTENT), answer)
    assert dict(answer.items()) == before


def test_what_the_answer_says_itself_stays() -> None:
    answer = HttpResponse(headers={"X-Frame-Options": "SAMEORIGIN"})
    keep_headers(HttpResponse(headers={"X-Frame-Options": "DENY"}), answer)
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
