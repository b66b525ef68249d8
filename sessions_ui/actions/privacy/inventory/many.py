"""What is decided about many people: large sign-outs, incidents and access reviews."""

from __future__ import annotations

from sessions_ui.actions.privacy.inventory.columns import NAMES, Columns, Data, Table

ENDING = Table(
    "Ending",
    "large sign-outs, in batches",
    columns=(
        Columns(
            "id reason rule generation before_at happened_at created_at stopped_at",
            Data.TECHNICAL,
            "what was decided",
        ),
        Columns("total position is_laid_out done_at", Data.TECHNICAL, "how far it is"),
        Columns("actor", Data.ACTOR, "who decided"),
        Columns("ticket note", Data.NOTE, "why"),
    ),
)

ENDING_BATCH = Table(
    "EndingBatch",
    "what a batch of it ends",
    columns=(
        Columns(
            "id ending keys bridge size leased_until attempts ended done_at failed_at error",
            Data.TECHNICAL,
            "keys of sessions, or of people whose tokens in another package end, and what became of them",
        ),
    ),
    erased="nothing: of people it has keys only",
)

INCIDENT = Table(
    "Incident",
    "an order that many people sign in again, and who gave it",
    columns=(
        Columns(
            "id criteria rule generation happened_at created_at ordered_at declined_at ending",
            Data.TECHNICAL,
            "whom it is about, since when, and what became of it",
        ),
        Columns("actor approved_by declined_by", Data.ACTOR, "who asked for it, and who decided"),
        Columns("ticket note", Data.NOTE, "why"),
        Columns(
            "kept sessions people", Data.TECHNICAL, "which sessions were left out, and how many were not"
        ),
        Columns("nonce", Data.SECRET, "so that a form that is sent twice orders once"),
    ),
)

CONTAINMENT = Table(
    "Containment",
    "which sign-ins are over because of an incident: the one row that each request asks",
    columns=(
        Columns(
            "id generation everyone staff before before_at decided_at",
            Data.TECHNICAL,
            "from which sign-in on somebody is not concerned",
        ),
    ),
)

ACCESS_REVIEW = Table(
    "AccessReview",
    "a list of who has access, for a reviewer to sign off",
    columns=(
        NAMES,
        Columns("organization_id", Data.TECHNICAL, "of which organization; empty for all"),
        Columns("created_at closed_at", Data.TECHNICAL, "when it was made and finished"),
        Columns("unasked", Data.TECHNICAL, "which packages could not say whom they let in"),
        Columns("actor closed_by", Data.ACTOR, "who made it, and who has finished it"),
        Columns("ticket note", Data.NOTE, "why"),
    ),
)

ACCESS_REVIEW_ITEM = Table(
    "AccessReviewItem",
    "a line of it: somebody's access, and what the reviewer decided",
    owner="user",
    erased="stays, without the label: whom the number refers to, only the account's own row says",
    columns=(
        Columns("id review act", Data.TECHNICAL, "of which review, and what it has ended"),
        Columns(
            "kind user device session sign_ins last_seen_at",
            Data.PERSONAL,
            "whose access, and how it is used",
        ),
        Columns(
            "package credential credential_kind label scopes expires_at",
            Data.PERSONAL,
            "of another package's credential: which one, of which app, what it may do and until when",
        ),
        Columns("decision decided_at", Data.PERSONAL, "whether it was kept or ended"),
        Columns("decided_by", Data.ACTOR, "who decided"),
    ),
)
