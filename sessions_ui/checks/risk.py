"""Judging sign-ins."""

from __future__ import annotations

from typing import Any

from django.core import checks

from sessions_ui.actions.credentials.guard import has_proof_page
from sessions_ui.checks.project.setup import common_timeout
from sessions_ui.conf import conf

WAYS = ("flag", "challenge", "end")


def suspicious_sign_ins(**kwargs: Any) -> list[checks.CheckMessage]:
    if conf.suspicious_sign_ins in WAYS:
        return []
    return [
        checks.Error(f"SUSPICIOUS_SIGN_INS must be one of {', '.join(WAYS)}.", id="sessions_ui.E026"),
    ]


def young_session(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check that a session can become old enough to vouch for itself; timeouts by user are believed."""
    timeouts = (common_timeout("absolute_timeout"), common_timeout("not_remembered_timeout"))
    shortest = min((one for one in timeouts if one is not None), default=None)
    if shortest is None or conf.young_session < shortest:
        return []
    return [
        checks.Error(
            f"YOUNG_SESSION ({conf.young_session}) is no shorter than the shortest absolute timeout ({shortest}): no "
            "session becomes old enough to need no further proof.",
            hint="Make YOUNG_SESSION shorter than ABSOLUTE_TIMEOUT and NOT_REMEMBERED_TIMEOUT.",
            id="sessions_ui.E090",
        )
    ]


def credential_guard(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check that there is a page for the proof that CREDENTIAL_GUARD asks for."""
    if not conf.credential_guard or has_proof_page():
        return []
    return [
        checks.Warning(
            "CREDENTIAL_GUARD is not in force, because sessions_ui.web.urls is not included: whoever knows a password "
            "can change it, and the e-mail address and the second factor with it.",
            hint="Include sessions_ui.web.urls in ROOT_URLCONF, or set CREDENTIAL_GUARD to False.",
            id="sessions_ui.W091",
        )
    ]
