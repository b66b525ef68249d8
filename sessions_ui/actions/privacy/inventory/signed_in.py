"""Who is signed in: sessions, their devices, access tokens and service accounts."""

from __future__ import annotations

from sessions_ui.actions.privacy.inventory.columns import NAMES, Columns, Data, Table

SESSION = Table(
    "Session",
    "who is signed in where, so that the person, staff and rules can end it; ended ones are the history",
    owner="user",
    erased="ended and deleted; what staff used somebody's account from is emptied",
    columns=(
        NAMES,
        Columns(
            "digest previous_digest auth_hash next_auth_hash",
            Data.SECRET,
            "to find the row of a session key, and to notice a new password; the key itself is stored nowhere",
        ),
        Columns("payload", Data.SECRET, "what the site keeps in `request.session`; it may hold anything"),
        Columns("metadata", Data.PERSONAL, "what a program of the site keeps with the sign-in"),
        Columns(
            "sid",
            Data.SECRET,
            "by which a sign-in provider names the session when it signs somebody out there",
        ),
        Columns("user device", Data.PERSONAL, "whose it is, and on which device"),
        Columns("kind backend rotated_at", Data.TECHNICAL, "how the session works"),
        Columns(
            "created_at signed_in_at last_seen_at expires_at latest_end_at unused_told_at",
            Data.PERSONAL,
            "for the list of devices, and to end what is unused or too old",
        ),
        Columns(
            "access_flags",
            Data.PERSONAL,
            "which rights the account had, to end the session when one is taken",
        ),
        Columns(
            "method authentication",
            Data.PERSONAL,
            "how somebody signed in and what they have shown since, for what a page may ask",
        ),
        Columns(
            "provider iss sub organization_id",
            Data.PERSONAL,
            "who the person is at the sign-in provider, so that signing out there signs out here",
        ),
        Columns("impersonator", Data.ACTOR, "which member of staff used the account"),
        Columns("impersonation_reason", Data.PERSONAL, "why; the person reads it, too"),
        Columns("impersonated_from", Data.TECHNICAL, "the session of that member of staff, to end with it"),
        Columns(
            "first_address address",
            Data.ADDRESS,
            "for the person's list, mails and the administration's search; no rule decides by it",
        ),
        Columns(
            "first_user_agent user_agent browser_version system_version",
            Data.USER_AGENT,
            "to name browser and system, and to notice that a session goes on in another one",
        ),
        Columns(
            "first_place place first_country",
            Data.PERSONAL,
            "country, city and network that the address belonged to, for the list and for sign-ins that look wrong",
        ),
        Columns(
            "verdict verdict_reasons reviewed_at",
            Data.PERSONAL,
            "whether the sign-in looked wrong and why, and that its owner has answered",
        ),
        Columns(
            "ended_at end_reason act", Data.PERSONAL, "that it is over, since when, and by which decision"
        ),
        Columns("ended_by", Data.ACTOR, "who decided it"),
        Columns("refused_at tabs_told_at", Data.TECHNICAL, "the proof that the ending was in force"),
        Columns(
            "untrusted_since untrusted_act",
            Data.PERSONAL,
            "since when it should have been over, and by which decision",
        ),
        Columns("generation", Data.TECHNICAL, "so that no sign-in under way outlives an incident"),
    ),
)

DEVICE = Table(
    "Device",
    "what sign-ins in one browser or app have in common, so that a known one is not taken for a stranger's",
    owner="user",
    erased="deleted with its sessions",
    columns=(
        NAMES,
        Columns("user", Data.PERSONAL, "whose it is"),
        Columns("cookie_digest", Data.SECRET, "to recognise the browser by its device cookie"),
        Columns(
            "cookie_issued cookie_seen cookie_set_at",
            Data.TECHNICAL,
            "to notice that the device cookie was copied",
        ),
        Columns("name", Data.PERSONAL, "what its owner calls it"),
        Columns(
            "kind maker model browser system", Data.PERSONAL, "what it says it is, to name it in the list"
        ),
        Columns(
            "first_seen_at from_start confirmed_at",
            Data.PERSONAL,
            "since when it is known, and that its owner vouched for it",
        ),
        Columns(
            "lost_at copied_at not_me_at",
            Data.PERSONAL,
            "that it was lost, copied or somebody else's, so that its return is noticed",
        ),
    ),
)

ACCESS_TOKEN = Table(
    "AccessToken",
    "what an access token is called and may do; that it exists, ends and was used is in its session",
    owner="session__user",
    erased="deleted with its session",
    columns=(
        Columns("session", Data.TECHNICAL, "the session that the token is"),
        Columns("name agent", Data.PERSONAL, "what its owner calls it, and the program that acts by it"),
        Columns("scopes", Data.PERSONAL, "what it may do"),
        Columns("hint", Data.PERSONAL, "four of its characters, so that people tell theirs apart"),
        Columns("made_by", Data.ACTOR, "who made it"),
        Columns("made_in", Data.PERSONAL, "the session in which it was made"),
        Columns(
            "overlap_ends_at former_used_at warned_at",
            Data.PERSONAL,
            "until when the value before the last one is valid, and what was told about its end",
        ),
    ),
)

SERVICE_ACCOUNT = Table(
    "ServiceAccount",
    "an account that no person signs in to, and who answers for it",
    owner="user",
    erased="deleted where the account is gone; else it stays, without its purpose",
    columns=(
        Columns("user", Data.PERSONAL, "the account"),
        Columns("owner", Data.ACTOR, "who answers for it"),
        Columns("purpose", Data.NOTE, "what it is there for"),
        Columns("created_at orphaned_at", Data.PERSONAL, "since when, and since when without an owner"),
        Columns("created_by", Data.ACTOR, "who made it"),
    ),
)

IDEMPOTENT_REQUEST = Table(
    "IdempotentRequest",
    "requests of programs that may be sent again, so that none is carried out twice",
    owner="user",
    erased="deleted",
    columns=(
        Columns("id key fingerprint", Data.TECHNICAL, "to know the request again"),
        Columns("user session", Data.PERSONAL, "who asked, and by which token or sign-in"),
        Columns("created_at answered_at", Data.TECHNICAL, "whether it is under way, and how long it is kept"),
        Columns("status answer", Data.PERSONAL, "what was answered, to answer the same again"),
    ),
)
