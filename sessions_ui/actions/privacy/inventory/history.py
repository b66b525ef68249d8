"""What happened: events, the decisions that ended sessions, and the sealed log."""

from __future__ import annotations

from sessions_ui.actions.privacy.inventory.columns import Columns, Data, Table

EVENT = Table(
    "Event",
    "what happened, to prove it later; it holds no personal details",
    owner="user",
    erased="stays, without its detail: whom the number refers to, only the account's own row says",
    columns=(
        Columns("id kind at", Data.PERSONAL, "what happened and when"),
        Columns("user session device", Data.PERSONAL, "whom, and what of theirs, it is about"),
        Columns("actor", Data.ACTOR, "who did it"),
        Columns("act reason data", Data.PERSONAL, "by which decision, why, and how, in words of the app"),
        Columns("ticket", Data.NOTE, "the number of the ticket; it is sealed with the event, so it stays"),
        Columns("request_id", Data.TECHNICAL, "by which name the site's own log knows the request"),
    ),
)

EVENT_DETAIL = Table(
    "EventDetail",
    "what of an event is personal; deleting it forgets the person and leaves the event",
    owner="event__user",
    erased="deleted; so are the details with the person's address where they acted as staff",
    columns=(
        Columns("event", Data.TECHNICAL, "which event it belongs to"),
        Columns("address", Data.ADDRESS, "from where"),
        Columns("user_agent", Data.USER_AGENT, "with which browser or program"),
        Columns(
            "salt",
            Data.SECRET,
            "so that what the sealed log keeps of a detail tells nothing when the detail is gone",
        ),
        Columns(
            "text",
            Data.PERSONAL,
            "the name of a credential, a former e-mail address, why staff did it, what the help desk searched for",
        ),
    ),
)

ACT = Table(
    "Act",
    "one decision that ended sessions",
    erased="stays; its note is emptied where it ended nobody else's sessions",
    columns=(
        Columns(
            "id at happened_at reason count ending",
            Data.TECHNICAL,
            "what was decided, since when it should have been so, and how many sessions it ended",
        ),
        Columns("actor", Data.ACTOR, "who decided"),
        Columns("ticket note", Data.NOTE, "why, in the words of whoever decided"),
    ),
)

SEAL = Table(
    "Seal",
    "at which place an event is in the sealed log, and its digest",
    columns=(
        Columns("position event", Data.TECHNICAL, "which event, and where"),
        Columns("commitment leaf", Data.TECHNICAL, "digests; of an erased detail they tell nothing"),
    ),
)

CHECKPOINT = Table(
    "Checkpoint",
    "what vouches for the sealed log",
    columns=(
        Columns("number at last newest_at greatest_event", Data.TECHNICAL, "which events it is about"),
        Columns("text signature", Data.TECHNICAL, "what was signed, and the signature"),
    ),
)
