"""What other packages let in, credential by credential, for an auditor's spreadsheet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sessions_ui import context
from sessions_ui.actions.acting_session import verify_acting_session_without_lock
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.bridges.pages import everything
from sessions_ui.bridges.protocol import BridgedCredential
from sessions_ui.database import moments
from sessions_ui.models import Event
from sessions_ui.models.primary import all_users
from sessions_ui.protocols import HasPk
from sessions_ui.wording.spreadsheet import csv_text

PAGE = 500  # credentials that are read at a time
COLUMNS = (
    *("package", "credential", "kind", "account", "label", "scopes", "made_at", "last_used_at"),
    *("expires_at", "lives_on_seconds"),
)


def export_credentials(
    *,
    actor: HasPk | None,
    package: str | None = None,
    never_ending: bool = False,
    users: Collection[Any] | None = None,
) -> Iterator[str]:
    """Return a CSV file of these credentials with a heading, in pieces; an export is an event.

    `package`, `never_ending` and `users` are as for `part_of_all()`. Accounts are named as the site names its users.
    `expires_at` is "never" for what does not end by itself. The last rows name the packages that could not be asked, or
    not to the end. Raises `NotTheOwner` where staff uses an account, `SessionEnded` where the session of
    the request that asks has ended meanwhile.
    """
    context.require_owner()
    verify_acting_session_without_lock()
    data = {"what": "credentials of other packages"}
    events.append(Event.Kind.EXPORTED, actor_id=actor_of(actor).pk, data=data)
    return _pieces(package, never_ending, users)


def _pieces(package: str | None, never_ending: bool, users: Collection[Any] | None) -> Iterator[str]:
    yield csv_text([COLUMNS])
    unknown: list[str] = []
    for name, page in everything(limit=PAGE, package=package, never_ending=never_ending, users=users):
        if page is None:
            unknown.append(name)
        elif page.credentials:
            names = all_users().in_bulk({each.user_id for each in page.credentials})
            yield csv_text(_row(each, names.get(each.user_id)) for each in page.credentials)
    if unknown:
        rest = [""] * (len(COLUMNS) - 2)
        yield csv_text([name, "could not be asked", *rest] for name in unknown)


def _row(credential: BridgedCredential, user: Any) -> list[Any]:
    times = (credential.made_at, credential.last_used_at, credential.expires_at)
    made, used, expires = ("" if at is None else moments.in_utc(at).isoformat() for at in times)
    return [
        credential.package,
        credential.id,
        str(credential.kind),
        str(credential.user_id if user is None else user),
        credential.label,
        " ".join(credential.scopes),
        *(made, used, expires or "never"),
        int(credential.lives_on.total_seconds()),
    ]
