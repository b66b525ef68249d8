"""What follows when a second factor or a passkey is added, changed or removed (ASVS 5.0 7.4.3)."""

from __future__ import annotations

from functools import partial

from sessions_ui.actions.credentials.changed import credential_changed, end_and_tell
from sessions_ui.actions.endings.end import Receipt, end_user_sessions, own_session_of
from sessions_ui.actor import current_actor
from sessions_ui.conf import conf
from sessions_ui.credentials import CredentialChange, CredentialKind
from sessions_ui.models import Act, EndReason
from sessions_ui.protocols import HasPk


def factor_changed(
    *,
    user: HasPk,
    actor: HasPk | None = None,
    kind: CredentialKind | None = None,
    change: CredentialChange = CredentialChange.CHANGED,
    label: str = "",
) -> Receipt:
    """End the sessions that should end when a second factor or a passkey is added, changed or removed (ASVS 5.0 7.4.3),
    and tell the owner of the change.

    For whatever keeps the factors, in the transaction of the change (accounts/credentials/factors.py calls it for
    allauth). A change by the person in one of their own sessions ends the others where `FACTOR_CHANGE_ENDS` says
    so; otherwise it ends nothing, and the page that follows offers it (`offer_to_sign_out_others()`). A change by
    anybody else, or outside of a request, ends all. `kind`, `change` and `label` are what is told, as in
    `credential_changed()`; without `kind` the change itself is not told. `actor` is whoever acts now, if it is left
    out. Raises what `end_sessions()` does.
    """
    ends = partial(_end, user, actor)
    if kind is None:
        return ends()

    def tell(act: Act | None) -> None:
        credential_changed(user=user, kind=kind, change=change, label=label, actor=actor, act=act)

    return end_and_tell(ends, tell)


def _end(user: HasPk, actor: HasPk | None) -> Receipt:
    own = own_session_of(user)
    if own is not None and conf.factor_change_ends == "offer":
        return Receipt(act=None, ended=0, already_ended=0)
    return end_user_sessions(
        user=user, reason=EndReason.FACTOR_CHANGED, actor=actor or current_actor(), keep=own
    )
