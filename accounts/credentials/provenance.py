"""What makes a second factor, since when it is there, and whether its owner has set it up, as its row says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.utils import timezone

from accounts.credentials.factor_secrets import same_for_both

# What of an authenticator makes the factor; the rest of it changes at every use, or is its name.
SECRETS = ("secret", "seed", "credential")
CODES = "migrated_codes"  # recovery codes of another app, one fewer after each use
PROVENANCE = "provenance"  # ours, in allauth's JSON: it goes where the row goes


def set_up_at(authenticator: Authenticator) -> datetime:
    """Return since when this factor is there, aware. The row may be older: it is as old as the first secret in it."""
    created_at: datetime = authenticator.created_at
    if timezone.is_aware(created_at):
        at = created_at
    else:  # in the zone of the rows, whoever reads
        at = timezone.make_aware(created_at, timezone.get_default_timezone())
    replaced_at = provenance_in(authenticator.data).get("replaced_at")
    return max(at, datetime.fromisoformat(replaced_at)) if replaced_at else at


def at_risk_since(authenticator: Authenticator) -> datetime:
    """Return since when somebody may have what this row holds: recovery codes were read after they were set up."""
    read_at = provenance_in(authenticator.data).get("read_at")
    at = set_up_at(authenticator)
    return max(at, datetime.fromisoformat(read_at)) if read_at else at


def is_by_settled(authenticator: Authenticator) -> bool:
    return bool(provenance_in(authenticator.data).get("by_settled"))


def provenance_in(data: Any) -> dict[str, Any]:
    found: dict[str, Any] = (data or {}).get(PROVENANCE, {})
    return found


def has_same_secret(was: Any, now: Any) -> bool:
    """Return whether the two values of `data` make the same factor."""
    return secrets_of(was) == secrets_of(now) and codes_of(now) <= codes_of(was)


def secrets_of(data: Any) -> dict[str, Any]:
    """Return what makes the factor, so that it compares equal after its secret was encrypted with another key."""
    return {name: same_for_both(data[name]) for name in SECRETS if name in (data or {})}


def codes_of(data: Any) -> set[Any]:
    return {same_for_both(code) for code in (data or {}).get(CODES) or ()}
