"""Sessions as programs read them: public ids, times in UTC, the names of webhooks and of the exported history.

docs/commands.md has the list of the names; they do not change. Never a key, digest or hash.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model

from sessions_ui.actions.sessions.selection import state_of
from sessions_ui.audit.entries import utc
from sessions_ui.models import Session
from sessions_ui.models.primary import all_users


def session_record(session: Session) -> dict[str, Any]:
    """Return what `list` says of a session, which has its device joined."""
    device = session.device
    return {
        "session": session.public_id,
        "kind": session.kind,
        "state": str(state_of(session)),
        "user": key_text(session.user_id),
        "device": device.public_id if device else None,
        "device_name": device.name if device else "",
        "device_kind": device.kind if device else "",
        "browser": device.browser if device else "",
        "system": device.system if device else "",
        "address": session.address,
        "first_address": session.first_address,
        "country": session.first_country,
        "method": session.method,
        "provider": session.provider,
        "organization_id": session.organization_id or "",
        "impersonator": key_text(session.impersonator_id),
        "signed_in_at": moment_text(session.signed_in_at),
        "last_seen_at": moment_text(session.last_seen_at),
        "expires_at": moment_text(session.expires_at),
        "ended_at": moment_text(session.ended_at),
        "reason": session.why_over,
        "actor": key_text(session.ended_by_id),
        "act": key_text(session.act_id),
    }


def key_text(key: Any) -> str | None:
    return None if key is None else str(key)


def moment_text(moment: datetime | None) -> str | None:
    return None if moment is None else utc(moment)


def short(moment: str | None) -> str:
    """Return a moment of a record to the second, as tables have it and options take it."""
    return "" if moment is None else moment.partition(".")[0] + "Z"


def names_of(keys: Iterable[str | None]) -> dict[str, str]:
    """Return what the accounts with these primary keys are called: one statement, whatever their number."""
    wanted = {key for key in keys if key is not None}
    name: str = get_user_model().USERNAME_FIELD
    rows = all_users().filter(pk__in=wanted).values_list("pk", name) if wanted else ()
    return {str(pk): str(called) for pk, called in rows}


def person(key: str | None, names: dict[str, str]) -> str:
    """Return the name of an account for people; its primary key where it is gone."""
    return "" if key is None else names.get(key, f"deleted ({key})")
