"""All access tokens and who answers for them, for an auditor's spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from sessions_ui import context
from sessions_ui.actions.acting_session import verify_acting_session_without_lock
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.database import moments
from sessions_ui.models import AccessToken, Event, ServiceAccount
from sessions_ui.models.primary import all_users
from sessions_ui.protocols import HasPk
from sessions_ui.wording.spreadsheet import csv_text

PAGE = 500  # tokens that are read at a time
COLUMNS = (
    *("token", "account", "owner", "name", "agent", "scopes", "made_at", "last_used_at", "expires_at"),
    *("ended_at", "end_reason"),
)


def export_tokens(*, tokens: QuerySet[AccessToken], actor: HasPk | None) -> Iterator[str]:
    """Return a CSV file of these tokens with a heading, in pieces; an export is an event.

    Accounts and owners are named as the site names its users. Raises `NotTheOwner` where staff uses an
    account, and `SessionEnded` where the session of the request that asks has ended meanwhile.
    """
    context.require_owner()
    verify_acting_session_without_lock()
    events.append(Event.Kind.EXPORTED, actor_id=actor_of(actor).pk, data={"what": "access tokens"})
    return _pieces(tokens)


def _pieces(tokens: QuerySet[AccessToken]) -> Iterator[str]:
    yield csv_text([COLUMNS])
    rows = tokens.select_related("session").defer("session__payload").order_by("pk")
    after = 0
    while page := list(rows.filter(pk__gt=after)[:PAGE]):
        yield csv_text(_row(token, names) for names in [_names_of(page)] for token in page)
        after = page[-1].pk


def _names_of(page: list[AccessToken]) -> dict[Any, tuple[str, str]]:
    """Return, by the key of each account, what it is called, and whoever answers for it."""
    accounts = {token.session.user_id for token in page}
    owners: dict[Any, Any] = dict(
        ServiceAccount.objects.filter(pk__in=accounts).values_list("pk", "owner_id")
    )
    users = all_users().in_bulk(accounts | {*owners.values()} - {None})
    return {pk: (str(users.get(pk, pk)), str(users.get(owners.get(pk, pk), ""))) for pk in accounts}


def _row(token: AccessToken, names: dict[Any, tuple[str, str]]) -> list[Any]:
    session = token.session
    times = (session.signed_in_at, token.last_used_at, session.expires_at, session.ended_at)
    made, used, expires, ended = ("" if at is None else moments.in_utc(at).isoformat() for at in times)
    texts = [session.public_id, *names[session.user_id], token.name, token.agent, token.scopes]
    return [*texts, made, used, expires, ended, session.end_reason]
