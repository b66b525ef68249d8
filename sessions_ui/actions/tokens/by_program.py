"""Make access tokens of somebody else by a token: what a program with the scope `tokens:admin` may."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.actions.credentials.changed import credential_changed
from sessions_ui.actions.endings.offboard import kept_to_latest_end
from sessions_ui.actions.recovery.freeze import verify_account_not_frozen
from sessions_ui.actions.sign_in.attempt import organization_of
from sessions_ui.actions.tokens.authenticate import Bearer
from sessions_ui.actions.tokens.create import (
    NewToken,
    allowed_end,
    hold_account,
    hold_session,
    insert_token,
    known_scopes,
    said,
)
from sessions_ui.actions.tokens.rights import may_speak_for
from sessions_ui.actions.tokens.scopes import of_administration, withheld
from sessions_ui.credentials import CredentialChange, CredentialKind
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import SessionEnded, TokenRefusal, TokenRefused
from sessions_ui.models import AccessToken, EndReason, Session
from sessions_ui.models.primary import all_users
from sessions_ui.protocols import HasPk

SCOPE = "tokens:admin"


@atomically
def create_token_by_program(
    *,
    bearer: Bearer,
    user: HasPk,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime,
    organization_id: str = "",
    public_id: str = "",
) -> NewToken:
    """Make an access token that acts as `user`, who is somebody else than the account of the program; return it with
    its value.

    A token makes no token: this is the exception, for a token with the scope `tokens:admin` whose account has the
    permission `manage_tokens`, of accounts that may no more than that one. It gives away no scope about everybody.
    `organization_id` (at most 255 characters) is kept with the token; where the setting `ORGANIZATION_ID` knows without
    a request to which one the user belongs, it has to be that. The other arguments, and what else is raised, are
    those of `create_token()`. Raises `TokenRefused` (`by_program`, `not_a_member`) for what a program may not make.
    """
    name, granted = said(name), known_scopes(scopes)
    acting = verify_program_may(bearer, user)
    if of_administration(granted):
        raise TokenRefused(TokenRefusal.BY_PROGRAM)
    if organization_id and organization_of(None, user) not in (None, organization_id):
        raise TokenRefused(TokenRefusal.NOT_A_MEMBER)
    return insert_token(
        user=user,
        name=name,
        scopes=granted,
        expires_at=expires_at,
        public_id=public_id,
        organization_id=organization_id,
        acting=acting,
    )


@atomically
def set_end_by_program(*, bearer: Bearer, token: AccessToken, expires_at: datetime) -> AccessToken:
    """Let the token end at another moment, or where the access of its account does, should that be earlier; return it
    as it is then.

    One with a scope that no program gives away only ends earlier: to renew it takes a person, who is asked.
    Its owner is told, as of every change of it. Raises `TokenRefused` as `create_token_by_program()` does,
    `SessionEnded` where the token is over, and what `create_token()` raises about its account.
    """
    now = timezone.now()
    user = token.session.user
    if user is None:
        raise SessionEnded(EndReason.ACCOUNT_DELETED)
    verify_program_may(bearer, user)
    account, _backend, _state = hold_account(user, None)
    rows, session = hold_session(token)
    ends_at = allowed_end(expires_at, account, now)
    if ends_at > session.expires_at and of_administration(token.scope_names):
        raise TokenRefused(TokenRefusal.BY_PROGRAM)
    rows.update(**kept_to_latest_end({"expires_at": ends_at}))
    AccessToken.objects.filter(pk=token.pk).update(warned_at=None)
    token = AccessToken.objects.select_related("session").get(pk=token.pk)
    credential_changed(
        user=account,
        kind=CredentialKind.TOKEN,
        change=CredentialChange.CHANGED,
        label=token.name,
        about=session,
        only_end=True,
    )
    return token


def verify_program_may(bearer: Bearer, user: HasPk) -> Session:
    """Raise unless the program may make tokens of this user; return its session. Both accounts are held from then
    on."""
    lock_users({user.pk, bearer.user_id})  # in one order, whoever asks for whom
    verify_account_not_frozen(user.pk)
    session = hold_acting_session(bearer.user_id)
    if session is None or session.pk != bearer.session_id:
        raise TokenRefused(TokenRefusal.BY_TOKEN)
    actor: Any = all_users().get(pk=bearer.user_id)
    account = all_users().filter(pk=user.pk).first()
    allowed = bearer.token.has_scopes(SCOPE) and not withheld(actor, [SCOPE])
    if not allowed or (account is not None and not may_speak_for(actor, account)):
        raise TokenRefused(TokenRefusal.BY_PROGRAM)
    return session
