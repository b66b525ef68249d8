"""What staff must have shown, and how lately, before something is done in Django's admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from sessions_ui.conf import conf
from sessions_ui.credentials import CredentialKind
from sessions_ui.database import moments
from sessions_ui.web.step_up.reauthentication import reauthentication

# What can be shown again whenever it is asked for; a recovery code is not.
FACTORS = (CredentialKind.TOTP, CredentialKind.PASSKEY)


def is_fresh(request: HttpRequest, *, within: timedelta) -> bool:
    """Return whether this session has shown no longer ago than `within` what counts for this person."""
    shown_at = (
        conf.second_factor_at(request) if needs_factor(request) else reauthentication(request).confirmed_at()
    )
    return shown_at is not None and timezone.now() - moments.stored(shown_at) <= within


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
