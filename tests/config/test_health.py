"""What a load balancer asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client, override_settings
from pytest_django import DjangoAssertNumQueries

from sessions_ui.database.servers import Weakness
from sessions_ui.web import health

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Weakness]:
    """What is wrong with the database server; that of the tests has what is fast."""
    weaknesses: list[Weakness] = []
    monkeypatch.setattr(health, "examine", lambda connection: weaknesses)
    return weaknesses


@pytest.mark.usefixtures("found")
def test_the_health_page_is_well(client: Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}
    assert not response.cookies
    assert "no-cache" in response["Cache-Control"]


def test_the_health_page_asks_on_a_connection_of_its_own(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The others may all be taken, or dead: that says nothing about whether a new one can be had."""
    with (
        django_assert_num_queries(0),
        patch.object(connection, "cursor", side_effect=OperationalError("gone")),
    ):
        assert client.get("/healthz").status_code == 200


def test_the_settings_of_the_others_stay_as_they_are(client: Client) -> None:
    options = connections["default"].settings_dict["OPTIONS"]
    client.get("/healthz")
    assert connections["default"].settings_dict["OPTIONS"] is options


def test_without_the_database_it_is_not(client: Client) -> None:
    with patch.object(
        type(connections["default"]), "get_new_connection", side_effect=OperationalError("gone")
    ):
        response = client.get("/healthz")
    assert response.status_code == 503
    assert b"gone" not in response.content


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> Iterator[threading.Event]:
    """A database that takes a connection and says nothing, until the test says so."""
    speak = threading.Event()

    def ask(alias: str) -> list[Weakness]:
        asked.append(alias)
        speak.wait()
        return []

    monkeypatch.setattr(health, "_ask", ask)
    monkeypatch.setattr(health, "SECONDS", 0.0)
    monkeypatch.setattr(health, "asking", ThreadPoolExecutor(max_workers=2))
    yield speak
    speak.set()


def test_a_database_that_says_nothing_is_not_waited_for(client: Client, silent: threading.Event) -> None:
    for _ in range(5):
        assert client.get("/healthz").status_code == 503


def test_questions_that_were_given_up_do_not_stand_in_the_way_later(
    client: Client, silent: threading.Event, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        client.get("/healthz")
    silent.set()
    monkeypatch.setattr(health, "SECONDS", 60.0)
    assert client.get("/healthz").status_code == 200
    assert len(asked) == 3, "by two threads, and once more: whoever has gone is asked for no longer"


def test_what_is_no_error_of_the_database_is_ours(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(alias: str) -> Any:
        raise ValueError

    monkeypatch.setattr(health, "_ask", wrong)
    with pytest.raises(ValueError):
        client.get("/healthz")


def test_the_health_page_names_what_is_weak_about_the_database_server_and_serves(
    client: Client, found: list[Weakness]
) -> None:
    found.append(Weakness.NO_SYNCHRONOUS_STANDBY)
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": ["no_synchronous_standby"]}


def test_a_database_that_only_reads_can_sign_nobody_out(client: Client, found: list[Weakness]) -> None:
    """What has ended at the primary may live there."""
    found.append(Weakness.ONLY_READS)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"status": "database only reads", "database": ["only_reads"]}


@override_settings(SECURE_SSL_REDIRECT=True)
def test_a_load_balancer_needs_no_tls(client: Client) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/account/login/").status_code == 301
