"""How somebody signed in: in a word or two, which the devices page says after "Signed in with", and as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils import timezone

from accounts.credentials.provenance import is_by_settled, set_up_at
from accounts.credentials.store import name_of
from sessions_ui import factors_shown
from sessions_ui.assurance import Authentication

MAX_LENGTH = 32
SECOND_FACTORS = {"totp": "totp", "recovery_codes": "recovery_code", "webauthn": "passkey"}


def method(request: HttpRequest, user: AbstractBaseUser) -> str:
    """Return `password`, `password+totp`, `passkey`, ...; empty where it is not known (`force_login`, another
    backend)."""
    return _joined(list(dict.fromkeys(step_of(record)[0] for record in records_of(request, user))))


def authentication(request: HttpRequest, user: AbstractBaseUser) -> list[Authentication]:
    """Return the same as data, for `SESSIONS_UI["AUTHENTICATION"]`."""
    return [shown_by(record) for record in records_of(request, user)]


def second_factor_at(request: HttpRequest) -> datetime | None:
    """Return when a second factor or a passkey was last shown in this session, at sign-in or to confirm it.

    Only one that a thief of the sign-in cannot have set up (`sessions_ui.factors_shown()`), and that is still there:
    the owner may have removed it meanwhile, because it was stolen.
    """
    rows = Authenticator.objects.filter(user=request.user.pk).values_list("type", "pk")
    there = {name_of(kind, pk) for kind, pk in rows}
    times = [moment(shown.at) for shown in factors_shown(request) if shown.credential in there]
    return max(times, default=None)


def records_of(request: HttpRequest, user: AbstractBaseUser) -> list[dict[str, Any]]:
    """Return allauth's records of the steps of this sign-in; of those that it names the same way, all."""
    session = getattr(request, "session", None)
    if session is None:
        return []
    records: list[dict[str, Any]] = []
    for record in get_authentication_records(request, user):
        if record.get("reauthenticated"):
            continue  # confirms a sign-in, begins none
        name, first = step_of(record)
        if first:
            # allauth keeps the steps of an earlier sign-in that stopped half-way, too.
            records = []
        if name:
            records.append(record)
    return records


def shown_by(record: Mapping[str, Any]) -> Authentication:
    """Return what one of allauth's records says was shown. A passkey signs in alone only where a PIN or a biometric has
    unlocked it; beside a password nobody asked whether one has."""
    since = record.get("since")
    return Authentication.of(
        step_of(record)[0],
        at=datetime.fromtimestamp(record["at"], UTC),
        credential=name_of(record["type"], record["id"]) if "id" in record else "",
        since=None if since is None else datetime.fromtimestamp(since, UTC),
        by_settled=bool(record.get("by_settled")),
        user_verified=bool(record.get("passwordless")),
    )


def complete_record(request: HttpRequest, authenticator: Authenticator, **kwargs: Any) -> None:
    """Add to allauth's record of this factor since when it is there. Called at `authenticator_used`, where the row is
    at hand: a sign-in takes no statement for it."""
    records = get_authentication_records(request, authenticator.user)
    if records and records[-1].get("id") == authenticator.pk:
        records[-1].update(provenance(authenticator))
        request.session[AUTHENTICATION_METHODS_SESSION_KEY] = records


def provenance(authenticator: Authenticator) -> dict[str, Any]:
    """Return since when this factor is there (seconds since 1970), and whether a session has set it up that vouched
    for itself. Nothing of recovery codes: whoever is signed in and confirms it reads them on allauth's page, so that
    one proves no more than that."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        return {}
    return {"since": set_up_at(authenticator).timestamp(), "by_settled": is_by_settled(authenticator)}


def moment_of(record: Mapping[str, Any]) -> datetime:
    """Return when that was, aware or naive as USE_TZ says."""
    return moment(datetime.fromtimestamp(record["at"], UTC))


def moment(at: datetime) -> datetime:
    """Return an aware moment as the rows hold it, whoever reads."""
    return at if settings.USE_TZ else timezone.make_naive(at, timezone.get_default_timezone())


def step_of(record: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the step's name, and whether a sign-in begins with it."""
    name = str(record.get("method", ""))
    if name == "mfa":
        return SECOND_FACTORS.get(str(record.get("type")), ""), bool(record.get("passwordless"))
    if name == "socialaccount":
        return str(record.get("provider") or "provider"), True
    return name, True


def _joined(steps: list[str]) -> str:
    """Join the steps, whole ones only: half a name would be a wrong one."""
    while steps and len("+".join(steps)) > MAX_LENGTH:
        steps = steps[:-1]
    return "+".join(steps)
