"""How the app itself is doing: it is about nobody."""

from __future__ import annotations

from sessions_ui.actions.privacy.inventory.columns import Columns, Data, Table

CURSOR = Table(
    "Cursor",
    "how far a sweep has come",
    columns=(Columns("name position", Data.TECHNICAL, "which sweep, and where"),),
)

DURATION = Table(
    "Duration",
    "how long look-ups and endings take, by bucket",
    columns=(
        Columns("name number seconds", Data.TECHNICAL, "of which length, how many, and how long in all"),
    ),
)

HEARTBEAT = Table(
    "Heartbeat",
    "when each background process was last at work",
    columns=(Columns("name seen_at number", Data.TECHNICAL, "which process, when, and what it has counted"),),
)
