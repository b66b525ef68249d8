"""Types of what is sent and answered. They take what they say and nothing like it: no number for a text, no moment
without a time zone, no name that nobody knows."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Path, Schema
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)

from sessions_ui.database import moments
from sessions_ui.models.fields import PUBLIC_ID_ALPHABET, PUBLIC_ID_LENGTH

PublicId = Annotated[
    str, Path(pattern=f"^[{PUBLIC_ID_ALPHABET}]{{{PUBLIC_ID_LENGTH}}}$", description="The id of the row.")
]
# The primary key of a user, which has another type in each project.
UserId = Annotated[
    str,
    Path(
        min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$", description="The primary key of the account."
    ),
]


def _as_text(said: Any) -> Any:
    if not isinstance(said, str):
        raise ValueError("a moment is a text, as RFC 3339 has it")
    return said


def _in_range(said: datetime) -> datetime:
    moments.verify_range(said)
    return said


def _not_blank(said: str) -> str:
    if not (said := said.strip()):
        raise ValueError("it says nothing")
    return said


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_as_text),
    AfterValidator(_in_range),
    Field(
        json_schema_extra={"pattern": r"^(19[7-9]\d|[2-8]\d{3})-"}
    ),  # the years of the range, for the document
]
# Of every text: no database keeps a NUL (`body.py`), and the document says so.
NO_NUL = r"^[^\x00]*$"
SAYS_SOMETHING = r"^[^\x00]*[^\x00\s][^\x00]*$"
Note = Annotated[
    str, StringConstraints(min_length=1, max_length=500, pattern=SAYS_SOMETHING), AfterValidator(_not_blank)
]
Ticket = Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)]


def _without_fraction(value: Any) -> Any:
    """Return 1.0 as 1: to JSON Schema it is a whole number, however it is written."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_without_fraction)  # the last one of a whole number


class Shape(BaseModel):
    """What is answered. Pydantic's own model: ninja's `Schema` looks at each value as if it came from a row, which made
    half of the time of a long list."""


class Body(Schema):
    """What is sent. Names that nobody knows are refused: a misspelled one would be left out in silence."""

    model_config = ConfigDict(extra="forbid")


class Tokens(Body):
    tokens: StrictBool = False


NO_TOKENS: Any = Tokens()  # what is meant where there is no body


def moment(at: datetime | None) -> datetime | None:
    """Return a moment of a row with its offset."""
    return None if at is None else moments.aware(at)
