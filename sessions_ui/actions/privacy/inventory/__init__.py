"""What is stored, column by column, and why: the export, the erasure, the forgetting and docs/privacy.md go by it.

A column that is not here fails a test (tests/sessions_ui/actions/privacy/test_inventory.py), so that nobody adds one
without saying what it is for. The tables of docs/privacy.md are made from it (`python -m tools.privacy`).
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from sessions_ui.actions.privacy.inventory.accounts import (
    ACCOUNT_STATE,
    CASE,
    CASE_RECEIPT,
    OFFBOARDING,
    RECOVERY,
    VERIFICATION_CODE,
)
from sessions_ui.actions.privacy.inventory.columns import Columns, Data, Table
from sessions_ui.actions.privacy.inventory.history import ACT, CHECKPOINT, EVENT, EVENT_DETAIL, SEAL
from sessions_ui.actions.privacy.inventory.many import (
    ACCESS_REVIEW,
    ACCESS_REVIEW_ITEM,
    CONTAINMENT,
    ENDING,
    ENDING_BATCH,
    INCIDENT,
)
from sessions_ui.actions.privacy.inventory.outgoing import ADOPTION, DELIVERY, ENDPOINT, PROVIDER_SIGN_OUT
from sessions_ui.actions.privacy.inventory.signed_in import (
    ACCESS_TOKEN,
    DEVICE,
    IDEMPOTENT_REQUEST,
    SERVICE_ACCOUNT,
    SESSION,
)
from sessions_ui.actions.privacy.inventory.upkeep import CURSOR, DURATION, HEARTBEAT

__all__ = ["INVENTORY", "Columns", "Data", "Table", "problems", "table_of"]

# In the order in which docs/privacy.md has them.
INVENTORY: tuple[Table, ...] = (
    SESSION,
    DEVICE,
    EVENT,
    EVENT_DETAIL,
    ACT,
    DELIVERY,
    VERIFICATION_CODE,
    CASE,
    CASE_RECEIPT,
    ACCESS_TOKEN,
    IDEMPOTENT_REQUEST,
    SERVICE_ACCOUNT,
    RECOVERY,
    OFFBOARDING,
    ACCOUNT_STATE,
    PROVIDER_SIGN_OUT,
    ADOPTION,
    ENDING,
    ENDING_BATCH,
    INCIDENT,
    CONTAINMENT,
    ACCESS_REVIEW,
    ACCESS_REVIEW_ITEM,
    SEAL,
    CHECKPOINT,
    ENDPOINT,
    CURSOR,
    DURATION,
    HEARTBEAT,
)


def table_of(model: str) -> Table:
    """Return the entry of the model with this name."""
    return next(table for table in INVENTORY if table.model == model)


def problems() -> list[str]:
    """Return what the inventory lacks, or has and should not, a sentence each."""
    known = {table.model: table for table in INVENTORY}
    models = [model for model in apps.get_app_config("sessions_ui").get_models() if not model._meta.proxy]
    found = {model.__name__: model for model in models}
    return [
        *(f"{name} is in no table of the inventory" for name in sorted(found.keys() - known.keys())),
        *(f"{name} is in the inventory, and is no model" for name in sorted(known.keys() - found.keys())),
        *(what for name, table in known.items() if name in found for what in _wrong(table, found[name])),
    ]


def _wrong(table: Table, model: type[models.Model]) -> Iterator[str]:
    """Yield what is wrong with one table: every column stands in it once, and no other does."""
    told = table.fields(*Data)
    fields = [field.name for field in model._meta.concrete_fields]
    yield from (f"{table.model}.{name}: say what it is and why" for name in fields if name not in told)
    yield from (f"{table.model}.{name} is no column" for name in told if name not in fields)
    yield from (f"{table.model}.{name} is there twice" for name in sorted({*told}) if told.count(name) > 1)
