"""Who only looks makes no rows: every address of the site is opened by somebody who is not signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from sessions_ui.models import digest_of
from tests.models import Session

pytestmark = pytest.mark.django_db

# An app that asks how to sign in with a passkey gets a key, of a session that is over in five minutes.
GIVES_A_KEY = "/_allauth/app/v1/auth/webauthn/login"

# What a converter takes, or a regular expression of allauth's and the admin's.
VALUES = {
    "int": "1",
    "str": "x",
    "slug": "x",
    "path": "x",
    "workos_id": "x",
    "uuid": "0" * 8 + "-0000-4000-8000-" + "0" * 12,
}


def addresses(patterns: Any = None, before: str = "/") -> Iterator[str]:
    """All addresses that the site has, with something for every argument."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        path = before + filled(str(each.pattern))
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, path)
        elif isinstance(each, URLPattern):
            yield path


def filled(pattern: str) -> str:
    pattern = re.sub(r"<(?:(\w+):)?\w+>", lambda found: VALUES[found[1] or "str"], pattern)
    pattern = re.sub(r"\(\?P<\w+>([^()]|\([^()]*\))*\)", "x", pattern)
    return pattern.removeprefix("^").removesuffix("$").removesuffix("\\Z").replace("\\", "")


def rows() -> dict[str, int]:
    with connection.cursor() as cursor:
        counts = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")
            counts[table] = cursor.fetchone()[0]
        return counts


def test_no_address_makes_a_row_for_whoever_only_opens_it(browser: Any, user: Any) -> None:
    paths = [path for path in addresses() if path != GIVES_A_KEY]
    assert len(paths) > 100 and "/account/2fa/webauthn/login/" in paths
    before = rows()
    for path in paths:
        for accept in ("text/html", "application/json"):
            here = browser()
            here.raise_request_exception = False
            here.get(path, headers={"accept": accept})
            here.get(path, {"next": "/account/devices/"}, headers={"accept": accept})
            assert "sessionid" not in here.cookies, path
    assert rows() == before


def test_an_app_that_asks_for_a_passkey_gets_a_session_of_five_minutes(client: Any, user: Any) -> None:
    key = client.get(GIVES_A_KEY).json()["meta"]["session_token"]
    row = Session.objects.get(user=None)
    assert row.digest == digest_of(key, "app") and row.kind == "app"
    assert row.expires_at <= timezone.now() + timedelta(minutes=5)
