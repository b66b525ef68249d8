"""Ids that no bridge has given out name nothing, and none of them is put to the database, which may refuse it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import models

from sessions_ui.bridges import oauth_toolkit
from sessions_ui.bridges.drf_authtoken import AuthTokenBridge
from sessions_ui.bridges.knox import KnoxBridge
from sessions_ui.bridges.oauth_toolkit import OAuthToolkitBridge
from sessions_ui.bridges.rows import key_of
from sessions_ui.bridges.simplejwt import SimpleJWTBridge
from sessions_ui.models import EndReason

ODD = [
    "",
    "\0",
    "\0" * 32,
    "a" * 31 + "\0",
    "A" * 32,
    "g" * 32,
    "\N{ARABIC-INDIC DIGIT THREE}" * 32,
    "a" * 33,
    "a" * 31 + "%",
    "9" * 30,
    "-1",
    "nan",
    "AccessToken:",
    "AccessToken:\0",
    "AccessToken:-1",
    "AccessToken:" + "9" * 30,
    "Nothing:1",
    "\N{PILE OF POO}" * 32,
]
BRIDGES = [AuthTokenBridge, KnoxBridge, OAuthToolkitBridge, SimpleJWTBridge]


class Rows:
    """Rows of a package that is not installed here. Only an id that it could have given out may be looked for."""

    def filter(self, *conditions: Any, **columns: Any) -> Rows:
        looked_for = [
            value for name, value in columns.items() if name not in ("user__in", "user_id") and value != []
        ]
        assert not conditions and not looked_for, (conditions, looked_for)
        return self

    def none(self) -> Rows:
        return self

    def first(self) -> None:
        return None

    def order_by(self) -> Rows:
        return self

    def values_list(self, *names: str) -> Rows:
        return self

    def annotate(self, *names: Any) -> list[Any]:
        return []


@pytest.fixture(params=BRIDGES, ids=lambda bridge: bridge.name)
def bridge(request: Any, monkeypatch: Any) -> Any:
    monkeypatch.setattr(oauth_toolkit, "shown", lambda: [(name, Rows()) for name in oauth_toolkit.KINDS])
    for name in ("living", "_of"):
        if hasattr(request.param, name):
            rows = Rows() if name == "living" else [Rows()]
            monkeypatch.setattr(request.param, name, lambda self, *users, rows=rows: rows)
    monkeypatch.setattr(request.param, "_id_field", models.BigAutoField(), raising=False)
    monkeypatch.setattr(request.param, "_user_column", "user_id", raising=False)
    monkeypatch.setattr(request.param, "database", lambda self: "default")
    return request.param()


@pytest.mark.django_db
@pytest.mark.parametrize("id", ODD, ids=ascii)
def test_an_id_that_was_never_given_out_names_nothing(bridge: Any, id: str) -> None:
    assert bridge.describe(id) is None
    assert bridge.end(1, [id], EndReason.SIGNED_OUT_REMOTELY) == 0


@pytest.mark.parametrize("field", [models.CharField(), models.UUIDField(), LogEntry._meta.pk], ids=type)
@pytest.mark.parametrize("id", ["\0", "1\0", "\0" * 36])
def test_a_text_with_nul_is_the_key_of_no_column(field: Any, id: str) -> None:
    assert key_of(field, id) is None
