"""`/healthz` says whether this process can serve, and leaves no trace."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test import Client, override_settings
from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db


def test_it_is_well(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}
    assert not response.cookies
    assert "no-cache" in response["Cache-Control"]


def test_without_the_database_it_is_not(client: Client) -> None:
    with patch.object(connection, "cursor", side_effect=OperationalError("gone")):
        response = client.get("/healthz")
    assert response.status_code == 503
    assert b"gone" not in response.content


@override_settings(SECURE_SSL_REDIRECT=True)
def test_a_load_balancer_needs_no_tls(client: Client) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/account/login/").status_code == 301
