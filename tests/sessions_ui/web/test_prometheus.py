"""Who may read the metrics: whoever has the token, or comes from a network of the site's; for others they are not
there."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sessions_ui.checks.metrics import metrics as check
from tests.models import Session

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("it counts everybody's")]
TOKEN = "a token of the monitoring"
PAGE = "/metrics"


@pytest.fixture
def allow(settings: Any) -> Any:
    def set_options(**options: Any) -> None:
        settings.SESSIONS_UI = {**settings.SESSIONS_UI, **options}

    return set_options


def get(token: str = "", address: str = "203.0.113.7", **headers: str) -> Any:
    if token:
        headers["HTTP_AUTHORIZATION"] = token
    return Client(REMOTE_ADDR=address).get(PAGE, **headers)


@pytest.mark.parametrize("options", [{}, {"METRICS_TOKEN": "", "METRICS_NETWORKS": []}])
@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer None", f"Bearer {TOKEN}"])
def test_without_a_setting_nobody_reads_them(options: dict[str, Any], token: str, allow: Any) -> None:
    allow(**options)
    assert get(token).status_code == 404


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"])
def test_without_the_token_they_are_not_there(token: str, allow: Any) -> None:
    allow(METRICS_TOKEN=TOKEN)
    assert get(token).status_code == 404


@pytest.mark.parametrize("address", ["198.51.100.1", "2001:db8::1", "junk"])
def test_from_another_network_they_are_not_there(address: str, allow: Any) -> None:
    allow(METRICS_NETWORKS=["10.0.0.0/8", "fd00::/8"])
    assert get(address=address).status_code == 404


def test_what_a_client_says_of_its_own_address_counts_for_nothing(allow: Any) -> None:
    allow(METRICS_NETWORKS=["10.0.0.0/8"], TRUSTED_PROXIES=[])
    assert get(HTTP_X_FORWARDED_FOR="10.1.2.3").status_code == 404


@pytest.mark.parametrize(
    ("options", "request_"),
    [
        ({"METRICS_TOKEN": TOKEN}, {"token": f"Bearer {TOKEN}"}),
        ({"METRICS_TOKEN": TOKEN}, {"token": f"bearer  {TOKEN}"}),
        ({"METRICS_NETWORKS": ["10.0.0.0/8"]}, {"address": "10.1.2.3"}),
        ({"METRICS_NETWORKS": ["10.0.0.0/8"], "METRICS_TOKEN": TOKEN}, {"address": "10.1.2.3"}),
        (
            {"METRICS_NETWORKS": ["10.0.0.0/8"], "TRUSTED_PROXIES": ["192.0.2.1/32"]},
            {"address": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "10.1.2.3"},
        ),
    ],
)
def test_they_are_read(options: dict[str, Any], request_: dict[str, str], allow: Any) -> None:
    pytest.importorskip("prometheus_client")
    allow(**options)
    answer = get(**request_)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    assert "no-store" in answer["Cache-Control"]
    assert b"sessions_ui_debt_seconds" in answer.content
    assert not answer.cookies and not Session.objects.exists()


def test_nothing_is_sent_to_them(allow: Any) -> None:
    allow(METRICS_TOKEN=TOKEN)
    assert Client().post(PAGE, headers={"authorization": f"Bearer {TOKEN}"}).status_code in (403, 405)


def test_a_token_that_can_be_guessed_is_an_error(allow: Any) -> None:
    allow(METRICS_TOKEN="short")
    assert "sessions_ui.E120" in [found.id for found in check()]


def test_metrics_need_their_library(allow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(METRICS_TOKEN=TOKEN)
    monkeypatch.setattr("sessions_ui.checks.metrics.find_spec", lambda name: None)
    assert [found.id for found in check()] == ["sessions_ui.E121"]
    allow(METRICS_TOKEN="")
    assert check() == []
