"""Where people are sent afterwards, and by which way."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails, HtmxMiddleware

from sessions_ui.web.responses.navigation import htmx_of
from sessions_ui.web.responses.redirects import safe_next


@pytest.mark.control("SOC 2 CC6.6")
@pytest.mark.parametrize(
    ("wanted", "safe"),
    [
        ("/account/devices/?page=2", "/account/devices/?page=2"),
        ("https://testserver/x", "https://testserver/x"),
        ("http://testserver/x", ""),
        ("https://evil.example/x", ""),
        ("//evil.example/x", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_nobody_is_sent_to_another_site_afterwards(wanted: str, safe: str) -> None:
    assert safe_next(RequestFactory().post("/", {"next": wanted})) == safe
    assert safe_next(RequestFactory().get("/", {"next": wanted})) == safe


def test_only_a_site_over_plain_http_sends_back_to_plain_http(settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = False
    assert safe_next(RequestFactory().get("/", {"next": "http://testserver/x"})) == "http://testserver/x"


def test_over_https_nobody_is_sent_back_to_plain_http() -> None:
    assert safe_next(RequestFactory().get("/", {"next": "http://testserver/x"}, secure=True)) == ""
    assert safe_next(RequestFactory().get("/", {"next": "https://testserver/x"}, secure=True)) != ""


def test_what_was_posted_goes_before_the_address() -> None:
    assert safe_next(RequestFactory().post("/?next=/address/", {"next": "/posted/"})) == "/posted/"
    assert safe_next(RequestFactory().post("/?next=/address/")) == "/address/"


def test_htmx_is_known_before_its_middleware_had_its_turn_and_after_it() -> None:
    request = RequestFactory().get("/", headers={"HX-Request": "true", "HX-Target": "device"})
    assert htmx_of(request) and htmx_of(request).target == "device"
    HtmxMiddleware(lambda request: None)(request)  # type: ignore[arg-type, return-value]
    assert isinstance(request.htmx, HtmxDetails) and htmx_of(request) is request.htmx
    assert not htmx_of(RequestFactory().get("/"))
