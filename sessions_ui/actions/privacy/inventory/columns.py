"""What the inventory is made of: what a column holds, why it is there, and the table that has it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.apps import apps


class Data(StrEnum):
    """What a column holds, as far as it makes a difference to what is done with it."""

    ADDRESS = "network address"  # goes after FORGET_CLIENTS_AFTER
    USER_AGENT = "user agent"  # likewise
    PERSONAL = "about the person"
    ACTOR = "who acted"  # the key of a user, who may be somebody else
    NOTE = "text by staff"  # in the export for staff only
    TECHNICAL = "technical"
    SECRET = "secret"  # noqa: S105  in no export


@dataclass(frozen=True, slots=True)
class Columns:
    """Fields of one model that are there for the same reason. `names`: separated by spaces."""

    names: str
    data: Data
    why: str


@dataclass(frozen=True, slots=True)
class Table:
    """A model of the app. `owner` is the lookup that leads to the user whom a row is about; empty where it is about
    nobody. `erased`: what erasing somebody does to their rows."""

    model: str
    why: str
    columns: tuple[Columns, ...]
    owner: str = ""
    erased: str = "nothing: it is about nobody"

    @property
    def rows(self) -> Any:
        """The model itself."""
        return apps.get_model("sessions_ui", self.model)

    @property
    def is_exported(self) -> bool:
        """Whether an export has rows of it: those about the person, and the decisions that ended their sessions."""
        return self.owner != "" or self.model == "Act"

    def fields(self, *data: Data) -> list[str]:
        """Return the names of the fields that hold this data, in the order of the table."""
        return [name for each in self.columns if each.data in data for name in each.names.split()]


NAMES = Columns(
    "id public_id",
    Data.TECHNICAL,
    "to refer to the row: in the database, in addresses of pages and to the help desk",
)
