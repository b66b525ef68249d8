"""What is stored, column by column, and why: the export, the erasure, the forgetting and docs/privacy.md go by it.

A column that is not here fails a test (tests/sessions_ui/actions/privacy/test_inventory.py), so that nobody adds one
without saying what it is for. The tables of docs/privacy.md are made from it (`python -m tools.privacy`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.db import models


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

INVENTORY: tuple[Table, ...] = (
    Table(
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
            Columns(
                "sid",
                Data.SECRET,
                "by which a sign-in provider names the session when it signs somebody out there",
            ),
            Columns("user device", Data.PERSONAL, "whose it is, and on which device"),
            Columns("kind backend rotated_at", Data.TECHNICAL, "how the session works"),
            Columns(
                "created_at signed_in_at last_seen_at expires_at latest_end_at",
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
            Columns(
                "impersonated_from", Data.TECHNICAL, "the session of that member of staff, to end with it"
            ),
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
    ),
    Table(
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
    ),
    Table(
        "Event",
        "what happened, to prove it later; it holds no personal details",
        owner="user",
        erased="stays, without its detail: whom the number refers to, only the account's own row says",
        columns=(
            Columns("id kind at", Data.PERSONAL, "what happened and when"),
            Columns("user session device", Data.PERSONAL, "whom, and what of theirs, it is about"),
            Columns("actor", Data.ACTOR, "who did it"),
            Columns("act reason data", Data.PERSONAL, "by which decision, why, and how, in words of the app"),
            Columns(
                "ticket", Data.NOTE, "the number of the ticket; it is sealed with the event, so it stays"
            ),
            Columns("request_id", Data.TECHNICAL, "by which name the site's own log knows the request"),
        ),
    ),
    Table(
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
    ),
    Table(
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
    ),
    Table(
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
            Columns("sealed", Data.SECRET, "a mail of the site that waits for the mail server, encrypted"),
            Columns(
                "created_at due_at leased_until held_at attempts done_at parked_at error link_used_at",
                Data.TECHNICAL,
                "when it is sent again, that it arrived, and that its link was used",
            ),
        ),
    ),
    Table(
        "VerificationCode",
        "codes that were mailed: they are derived, and stored nowhere",
        owner="user",
        erased="deleted",
        columns=(
            Columns("id purpose", Data.TECHNICAL, "what the code is for"),
            Columns("user session", Data.PERSONAL, "who asked for it, and where"),
            Columns("nonce", Data.SECRET, "what the code is derived from"),
            Columns(
                "asked_by", Data.SECRET, "a keyed digest of device or network, to slow down whoever guesses"
            ),
            Columns("created_at expires_at tries given_at", Data.TECHNICAL, "how long it is good"),
        ),
    ),
    Table(
        "Case",
        "one call at the help desk: nothing is done for a caller who was not verified",
        owner="user",
        erased="deleted; what was done stays as events",
        columns=(
            NAMES,
            Columns(
                "user opened_at expires_at reason ways verified_at", Data.PERSONAL, "who called, when and why"
            ),
            Columns("agent approver", Data.ACTOR, "who took the call, and who agreed"),
            Columns("ticket", Data.NOTE, "the number of the ticket"),
            Columns("code_salt", Data.SECRET, "what the caller's code is derived from"),
            Columns(
                "code_sent_at code_tries approval_asked_at proof proven_at",
                Data.TECHNICAL,
                "how the caller was verified",
            ),
        ),
    ),
    Table(
        "CaseReceipt",
        "what was done in a call",
        owner="case__user",
        erased="deleted with the case",
        columns=(
            NAMES,
            Columns("case", Data.TECHNICAL, "which call"),
            Columns("nonce", Data.SECRET, "so that a second click does nothing twice"),
            Columns(
                "at lines everything lost new_password recovery", Data.PERSONAL, "what was ended or ordered"
            ),
        ),
    ),
    Table(
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
    ),
    Table(
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
    ),
    Table(
        "Recovery",
        "an account on its way back to its owner after “This wasn’t me”",
        owner="user",
        erased="deleted; an open one, when it is closed",
        columns=(
            NAMES,
            Columns(
                "user session since", Data.PERSONAL, "whose account it is, and which sign-in was reported"
            ),
            Columns(
                "opened_at opened_by expires_at closed_at closed_why",
                Data.PERSONAL,
                "when it began and ended",
            ),
            Columns("actor closed_by", Data.ACTOR, "who reported it, and who closed it"),
            Columns("address", Data.PERSONAL, "the e-mail address that the link goes to"),
            Columns("needs_password password_at credentials_at", Data.PERSONAL, "which steps are done"),
            Columns("ticket", Data.NOTE, "the number of the ticket"),
        ),
    ),
    Table(
        "Offboarding",
        "the date at which somebody's access ends",
        owner="user",
        erased="deleted where it was cancelled or the account is gone; else it stays, without its note",
        columns=(
            Columns("id", Data.TECHNICAL, "to refer to the row"),
            Columns(
                "user ends_at happened_at created_at cancelled_at",
                Data.PERSONAL,
                "whose access, and until when",
            ),
            Columns("actor cancelled_by", Data.ACTOR, "who decided"),
            Columns("ticket note", Data.NOTE, "why"),
        ),
    ),
    Table(
        "AccountState",
        "what was decided about an account: without it an ended sign-in could come back",
        owner="user",
        erased="stays as long as there is an account, then it is deleted",
        columns=(
            Columns("user", Data.PERSONAL, "whose account"),
            Columns(
                "epoch sign_ins changed_at",
                Data.TECHNICAL,
                "so that no sign-in under way outlives a decision",
            ),
            Columns(
                "reason decided_at cut_at password_required_at recovering_since frozen_until ends_at",
                Data.PERSONAL,
                "who may sign in, and after what",
            ),
            Columns("password_required_by", Data.ACTOR, "who asked for a new password"),
            Columns(
                "password_changed_at password_kept_id",
                Data.PERSONAL,
                "since when the password is this one, and which session has chosen it: none older should live",
            ),
        ),
    ),
    Table(
        "ProviderSignOut",
        "sign-outs at a sign-in provider: each is accepted once, and outlives sign-ins that were under way",
        erased="nothing: it goes after two days",
        columns=(
            Columns("id at done_at", Data.TECHNICAL, "when it came, and that it was carried out"),
            Columns("token_digest sid", Data.SECRET, "which message, and which session there"),
            Columns("iss sub", Data.PERSONAL, "whom the provider has signed out"),
        ),
    ),
    Table(
        "Adoption",
        "what was taken over from another session engine, so that nothing is taken over twice",
        columns=(
            Columns("digest", Data.SECRET, "which old key"),
            Columns("source expires_at seen_at", Data.TECHNICAL, "from where, and until when it counts"),
        ),
    ),
    Table(
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
    ),
    Table(
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
    ),
    Table(
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
        ),
    ),
    Table(
        "Containment",
        "which sign-ins are over because of an incident: the one row that each request asks",
        columns=(
            Columns(
                "id generation everyone staff before before_at decided_at",
                Data.TECHNICAL,
                "from which sign-in on somebody is not concerned",
            ),
        ),
    ),
    Table(
        "AccessReview",
        "a list of who has access, for a reviewer to sign off",
        columns=(
            NAMES,
            Columns("organization_id", Data.TECHNICAL, "of which organization; empty for all"),
            Columns("created_at closed_at", Data.TECHNICAL, "when it was made and finished"),
            Columns("actor closed_by", Data.ACTOR, "who made it, and who has finished it"),
            Columns("ticket note", Data.NOTE, "why"),
        ),
    ),
    Table(
        "AccessReviewItem",
        "a line of it: somebody's access, and what the reviewer decided",
        owner="user",
        erased="stays: whom the number refers to, only the account's own row says",
        columns=(
            Columns("id review act", Data.TECHNICAL, "of which review, and what it has ended"),
            Columns(
                "kind user device session sign_ins last_seen_at",
                Data.PERSONAL,
                "whose access, and how it is used",
            ),
            Columns("decision decided_at", Data.PERSONAL, "whether it was kept or ended"),
            Columns("decided_by", Data.ACTOR, "who decided"),
        ),
    ),
    Table(
        "Seal",
        "at which place an event is in the sealed log, and its digest",
        columns=(
            Columns("position event", Data.TECHNICAL, "which event, and where"),
            Columns("commitment leaf", Data.TECHNICAL, "digests; of an erased detail they tell nothing"),
        ),
    ),
    Table(
        "Checkpoint",
        "what vouches for the sealed log",
        columns=(
            Columns("number at last newest_at greatest_event", Data.TECHNICAL, "which events it is about"),
            Columns("text signature", Data.TECHNICAL, "what was signed, and the signature"),
        ),
    ),
    Table(
        "Endpoint",
        "receivers of webhooks",
        columns=(
            Columns(
                "id url description types addresses created_at disabled_at disabled_why",
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
    ),
    Table(
        "Cursor",
        "how far a sweep has come",
        columns=(Columns("name position", Data.TECHNICAL, "which sweep, and where"),),
    ),
    Table(
        "Duration",
        "how long look-ups and endings take, by bucket",
        columns=(
            Columns("name number seconds", Data.TECHNICAL, "of which length, how many, and how long in all"),
        ),
    ),
    Table(
        "Heartbeat",
        "when each background process was last at work",
        columns=(
            Columns("name seen_at number", Data.TECHNICAL, "which process, when, and what it has counted"),
        ),
    ),
)


def table_of(model: str) -> Table:
    """Return the entry of the model with this name."""
    return next(table for table in INVENTORY if table.model == model)


def problems() -> list[str]:
    """Return what the inventory lacks, or has and should not, a sentence each."""
    known = {table.model: table for table in INVENTORY}
    found = {model.__name__: model for model in apps.get_app_config("sessions_ui").get_models()}
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
