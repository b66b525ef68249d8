"""Who is told, and what other systems told us: mails, webhooks, sign-in providers, other session engines."""

from __future__ import annotations

from sessions_ui.actions.privacy.inventory.columns import Columns, Data, Table

DELIVERY = Table(
    "Delivery",
    "mails and webhooks that have to go out, each once",
    owner="user",
    erased="deleted; one that still waits, when it is out",
    columns=(
        Columns("id act event checkpoint endpoint channel", Data.TECHNICAL, "what is told by which way"),
        Columns("user receiver", Data.PERSONAL, "who is told, and at which e-mail address"),
        Columns(
            "told_only",
            Data.TECHNICAL,
            "that the address is not theirs any more: its link leads nobody in",
        ),
        Columns(
            "attempt_log",
            Data.SECRET,
            "how each attempt of a webhook went, and what its receiver answered",
        ),
        Columns("sealed", Data.SECRET, "a mail of the site that waits for the mail server, encrypted"),
        Columns(
            "created_at due_at leased_until held_at attempts done_at parked_at error link_used_at",
            Data.TECHNICAL,
            "when it is sent again, that it arrived, and that its link was used",
        ),
    ),
)

ENDPOINT = Table(
    "Endpoint",
    "receivers of webhooks",
    columns=(
        Columns(
            "id url description format types addresses created_at disabled_at disabled_why",
            Data.TECHNICAL,
            "what is told to whom",
        ),
        Columns(
            "secret former_secret former_until",
            Data.SECRET,
            "what the messages are signed with, encrypted",
        ),
        Columns("created_by", Data.ACTOR, "who entered it"),
    ),
)

PROVIDER_SIGN_OUT = Table(
    "ProviderSignOut",
    "sign-outs at a sign-in provider: each is accepted once, and outlives sign-ins that were under way",
    erased="nothing: it goes after two days",
    columns=(
        Columns("id at done_at", Data.TECHNICAL, "when it came, and that it was carried out"),
        Columns("token_digest sid", Data.SECRET, "which message, and which session there"),
        Columns("iss sub", Data.PERSONAL, "whom the provider has signed out"),
    ),
)

ADOPTION = Table(
    "Adoption",
    "what was taken over from another session engine, so that nothing is taken over twice",
    columns=(
        Columns("digest", Data.SECRET, "which old key"),
        Columns("source expires_at seen_at", Data.TECHNICAL, "from where, and until when it counts"),
    ),
)
