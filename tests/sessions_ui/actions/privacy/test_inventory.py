"""Every column that there is stands in the inventory, with what it is and why it is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from sessions_ui.actions.privacy import inventory
from sessions_ui.actions.privacy.inventory import INVENTORY, Columns, Data, problems
from tests.sessions_ui.actions.privacy.filled import is_secret

COLUMNS = [
    (model, field)
    for model in apps.get_app_config("sessions_ui").get_models()
    if not model._meta.proxy
    for field in model._meta.concrete_fields
]


def data_of(model: Any, field: Any) -> Data:
    """What the inventory says of a column."""
    (table,) = (table for table in INVENTORY if table.model == model.__name__)
    (data,) = (columns.data for columns in table.columns if field.name in columns.names.split())
    return data


def test_every_column_is_in_the_inventory() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ((), "Cursor.name: say what it is and why"),
        ((Columns("name position more", Data.TECHNICAL, "x"),), "Cursor.more is no column"),
        ((Columns("name name position", Data.TECHNICAL, "x"),), "Cursor.name is there twice"),
    ],
)
def test_a_column_that_nobody_explains_is_a_problem(
    change: tuple[Columns, ...], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tuple(
        replace(table, columns=change) if table.model == "Cursor" else table for table in INVENTORY
    )
    monkeypatch.setattr(inventory, "INVENTORY", changed)
    assert problem in problems()


def test_a_model_that_nobody_explains_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "INVENTORY", INVENTORY[1:])
    assert problems() == ["Session is in no table of the inventory"]


def test_whatever_holds_an_address_or_a_user_agent_is_known_as_such() -> None:
    """By the type and the name of the column, so that a new one is forgotten like the others."""
    for model, field in COLUMNS:
        if isinstance(field, models.GenericIPAddressField):
            assert data_of(model, field) is Data.ADDRESS, f"{model.__name__}.{field.name}"
        elif "user_agent" in field.name:
            assert data_of(model, field) is Data.USER_AGENT, f"{model.__name__}.{field.name}"


def test_whatever_is_called_a_secret_is_known_as_one() -> None:
    wrong = [
        f"{model.__name__}.{field.name}"
        for model, field in COLUMNS
        if is_secret(field.name) and data_of(model, field) is not Data.SECRET
    ]
    assert wrong == []


def test_whoever_acted_is_known_as_such() -> None:
    """Each key of a user but the one that says whose the row is."""
    wrong = [
        f"{model.__name__}.{field.name}"
        for model, field in COLUMNS
        if field.is_relation and field.related_model._meta.label == "accounts.User" and field.name != "user"
        if data_of(model, field) is not Data.ACTOR
    ]
    assert wrong == []


def test_what_is_about_a_user_says_so() -> None:
    about = {model.__name__ for model, field in COLUMNS if field.name == "user"}
    assert about | {"EventDetail", "CaseReceipt", "AccessToken"} == {
        table.model for table in INVENTORY if table.owner
    }
