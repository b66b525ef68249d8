"""How somebody signed in, in a word or two: what the devices page says after "Signed in with"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils import timezone

MAX_LENGTH = 32
SETTLED = timedelta(days=1)
SECOND_FACTORS = {"totp": "totp", "recovery_codes": "recovery_code", "webauthn": "passkey"}


def method(request: HttpRequest, user: AbstractBaseUser) -> str:
    """Return `password`, `password+totp`, `passkey`, ...; empty where it is not known (`force_login`, another
    backend)."""
    session = getattr(request, "session", None)
    if session is None:
        return ""
    steps: list[str] = []
    for record in get_authentication_records(request, user):
        if record.get("reauthenticated"):
            continue  # confirms a sign-in, begins none
        step, first = step_of(record)
        if first:
            # allauth keeps the steps of an earlier sign-in that stopped half-way, too.
            steps = []
        if step and step not in steps:
            steps.append(step)
    return _joined(steps)


def second_factor_at(request: HttpRequest) -> datetime | None:
    """Return when a second factor or a passkey was last shown in this session, at sign-in or to confirm it.

    Only where the account has had one for a day: whoever has just the password of somebody without a factor can set one
    up, and would be as good as two proofs. By then the owner has had the mail about it.
    """
    settled = timezone.now() - SETTLED
    if not Authenticator.objects.filter(user=request.user, created_at__lte=settled).exists():
        return None
    times = [
        moment_of(record)
        for record in get_authentication_records(request, request.user)
        if record.get("method") == "mfa" and "at" in record
    ]
    return max(times, default=None)


def moment_of(record: Mapping[str, Any]) -> datetime:
    """Return when that was, aware or naive as USE_TZ says."""
    at = datetime.fromtimestamp(record["at"], UTC)
    return at if settings.USE_TZ else timezone.make_naive(at)


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
