"""Refuse to change who the owner of an account is, where the session that asks does not vouch for itself.

It is asked where a credential is written, not in views: HTML, an API, the administration and a host's own view write
the same rows. `QuerySet.update()` and raw SQL send no signal, and whoever writes so asks first.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.actions.recovery.freeze import verify_account_not_frozen
from sessions_ui.actions.sessions.rules.kinds import rules_for
from sessions_ui.actions.step_up.codes import is_proven
from sessions_ui.actions.step_up.policy import is_settled
from sessions_ui.conf import conf
from sessions_ui.credentials import CredentialKind
from sessions_ui.exceptions import FurtherProofNeeded
from sessions_ui.models import Session, VerificationCode
from sessions_ui.protocols import HasPk

PROOF_PAGE = "sessions_ui:prove"


def require_settled(*, user: HasPk, kind: CredentialKind) -> None:
    """Raise `FurtherProofNeeded` before a credential of `user` is added, changed or removed by a session of theirs that
    neither vouches for itself nor has given a further proof.

    For whatever keeps credentials, before it writes anything. Not asked are a session of somebody else (staff has rules
    of its own, a sign-up has no session yet), staff that uses the account (`require_owner()` refuses that), a password
    reset by a mailed link, the steps of a recovery, and whatever is no request.

    In a transaction the account is held from then on: write there what is changed, then nobody ends the session in
    between (`sessions_ui.web.account_held`). Raises `SessionEnded` where it has ended.
    """
    verify_settled(user.pk, kind)


def verify_settled(user_pk: Any, kind: CredentialKind) -> None:
    """Do the same for the user with this primary key."""
    if not is_acting_user(user_pk):
        return
    session = hold_acting_session(user_pk)
    if session is not None and needs_proof(session):
        verify_account_not_frozen(user_pk)  # then no proof helps
        raise FurtherProofNeeded(kind)


def needs_proof(session: Session) -> bool:
    """Return whether this session has to prove something before it changes a credential of its own user. A token has to
    in any case, and cannot: whoever made it did not mean that."""
    if not rules_for(session.kind).may_vouch:
        return True
    if not is_enforced() or is_settled(session, timezone.now()):
        return False
    # The user as stored: one who is about to be saved may have another address, and the owner's is told.
    return not is_proven(user=session.user, session=session, purpose=VerificationCode.Purpose.CREDENTIAL)


def is_acting_user(user_pk: Any) -> bool:
    """Return whether the user acts in a session of their own, and neither resets the password nor does a step of
    a recovery: what leads to either has shown more than a session."""
    now = context.current()
    if context.is_own_step() or now is None or now.user_id is None or now.user_id != user_pk:
        return False
    return now.impersonator_id is None and not now.resets_password


def is_enforced() -> bool:
    """Return whether the rule is in force: not where a site has no page on which somebody could give a proof."""
    return conf.credential_guard and has_proof_page()


def has_proof_page() -> bool:
    """Return whether the site has the page, whichever URLs this request is served by."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return False
    try:
        reverse(PROOF_PAGE, urlconf=settings.ROOT_URLCONF)
    except NoReverseMatch:
        return False
    return True
