"""What staff must have shown, and how lately, before something is done in Django's admin."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from sessions_ui.actions.credentials.guard import is_enforced
from sessions_ui.actions.step_up.codes import is_proven
from sessions_ui.actions.step_up.factors import shown_in
from sessions_ui.actions.step_up.policy import acting_session, is_settled
from sessions_ui.assurance import MAILED_CODE, Authentication, Step
from sessions_ui.conf import conf
from sessions_ui.credentials import CredentialKind
from sessions_ui.database import moments
from sessions_ui.models import VerificationCode
from sessions_ui.web.step_up.reauthentication import reauthentication

# What can be shown again whenever it is asked for; a recovery code is not.
FACTORS = (CredentialKind.TOTP, CredentialKind.PASSKEY)


def is_fresh(request: HttpRequest, *, within: timedelta) -> bool:
    """Return whether this session has shown no longer ago than `within` what counts for this person."""
    if needs_factor(request):
        return is_within(conf.second_factor_at(request), within)
    return is_within(reauthentication(request).confirmed_at(), within) and not needs_proof(request, within)


def is_within(shown_at: datetime | None, within: timedelta) -> bool:
    return shown_at is not None and timezone.now() - moments.stored(shown_at) <= within


def needs_proof(request: HttpRequest, within: timedelta) -> bool:
    """Return whether this session has to show more than the password, where no factor is asked for: a thief of the
    password has that, too. It vouches for itself, or has given a further proof no longer ago than `within`."""
    session = acting_session()
    if session is None or not is_enforced() or is_settled(session, timezone.now()):
        return False
    if any(is_mailed_code(one) and is_within(one.at, within) for one in shown_in(session.pk)):
        return False
    return not is_proven(user=request.user, session=session, purpose=VerificationCode.Purpose.ADMINISTRATION)


def is_mailed_code(one: Authentication) -> bool:
    return one.method == MAILED_CODE and one.step is Step.STEP_UP


def needs_factor(request: HttpRequest) -> bool:
    """Return whether only a second factor counts: where the site asks for one, or where there is one and a page to show
    it."""
    if conf.admin_factor_required:
        return True
    return bool(conf.help_desk_factor_url) and has_factor(request.user)


def has_factor(user: Any) -> bool:
    """Return whether the account has had a second factor for long enough that it could count: a young one does not,
    because whoever has the password alone could have set it up."""
    settled = timezone.now() - conf.young_session
    return any(
        credential.kind in FACTORS
        and (credential.since is None or moments.stored(credential.since) <= settled)
        for credential in conf.credentials().of(user)
    )
