"""Make an access token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import load_backend
from django.db import router
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.actions.credentials.changed import credential_changed
from sessions_ui.actions.credentials.guard import is_acting_user, verify_settled
from sessions_ui.actions.endings.access_change import flags_of
from sessions_ui.actions.endings.offboard import latest_end_of
from sessions_ui.actions.recovery.freeze import verify_account_not_frozen
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sessions.kinds import rules_of
from sessions_ui.actions.sign_in.verify_account import hold_for_sign_in
from sessions_ui.actor import actor_of, current_actor
from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.credentials import CredentialChange, CredentialKind
from sessions_ui.database import moments
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import SignInRefused, TokenRefusal, TokenRefused
from sessions_ui.models import AccessToken, AccountState, EndReason, ServiceAccount, Session
from sessions_ui.protocols import HasPk
from sessions_ui.token_value import TokenKind, hint_of, new_value, token_digest

MOST_CHARACTERS = 100  # of a name, and of an agent's


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made or rotated, and its value, which nobody can be shown again."""

    token: AccessToken
    value: str = field(repr=False)


@atomically
def create_token(
    *,
    user: HasPk,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime,
    agent: str = "",
    actor: HasPk | None = None,
) -> NewToken:
    """Make an access token that acts as `user`, and return it with its value.

    `name` is what people know it by, `scopes` what it may do (`SCOPES`), `agent` the program that acts for the person
    by it, empty where they run it themselves (each at most 100 characters). It ends at `expires_at`, or when the
    account's access does (`offboard()`), should that be earlier. `actor` is whoever makes it, if that is not whoever
    acts now.

    It changes who may act as the user, so the session that asks has to vouch for itself as for a new factor; a token
    makes no token. Raises `TokenRefused` for what is missing or out of bounds, `FurtherProofNeeded`, `AccountFrozen`
    while the account is being recovered, `SignInRefused` where nobody may sign in to it, `SessionEnded` where the
    session that asks has ended, `NotTheOwner` where staff uses the account, `ValueError` for a moment without a time
    zone, `TryAgain` or `OutcomeUnknown` as `end_sessions()` does.
    """
    context.require_owner()
    now = timezone.now()
    name, agent, granted = said(name), agent.strip()[:MOST_CHARACTERS], known_scopes(scopes)
    acting = verify_may_make(user)
    users, states = hold_for_sign_in([user.pk], counts=False)
    account, backend = verify_usable(users.get(user.pk), acting)
    state: AccountState = states[account.pk]
    ends_at = allowed_end(expires_at, account, now)
    latest_end = latest_end_of(state, now)
    verify_room(account)
    value = new_value(kind_of(account, agent))
    client = client_of(current.meta) if (current := context.current()) is not None else None
    session = Session.objects.create(
        kind=Session.Kind.TOKEN,
        digest=token_digest(value),
        user_id=account.pk,
        backend=backend,
        created_at=now,
        signed_in_at=now,
        last_seen_at=now,
        expires_at=ends_at if latest_end is None else min(ends_at, latest_end),
        latest_end_at=latest_end,
        access_flags=flags_of(account),
        generation=state.generation,
        organization_id=acting.organization_id if acting is not None else None,
        first_address=client.address if client is not None else None,
        first_user_agent=client.user_agent if client is not None else "",
    )
    token = AccessToken.objects.create(
        session=session,
        name=name,
        scopes=" ".join(granted),
        hint=hint_of(value),
        agent=agent,
        made_by_id=(actor_of(actor) if actor is not None else current_actor()).pk,
        made_in=acting,
    )
    credential_changed(
        user=account,
        kind=CredentialKind.TOKEN,
        change=CredentialChange.ADDED,
        label=name,
        actor=actor,
        about=session,
    )
    return NewToken(token, value)


def verify_may_make(user: HasPk) -> Session | None:
    """Raise unless whoever acts may make a token that acts as `user`; return the session that acts for them, None where
    none does."""
    verify_account_not_frozen(user.pk)
    verify_settled(user.pk, CredentialKind.TOKEN)
    if not is_acting_user(user.pk):
        return None
    session = hold_acting_session(user.pk)
    if session is not None and not rules_of(session).may_vouch:
        raise TokenRefused(TokenRefusal.BY_TOKEN)
    return session


def verify_usable(account: Any, acting: Session | None) -> tuple[Any, str]:
    """Return the account, locked, and the backend that a token of it goes by; raise `SignInRefused` where nobody may
    sign in to it."""
    if account is None:
        raise SignInRefused(EndReason.ACCOUNT_DELETED)
    backend = acting.backend if acting is not None else settings.AUTHENTICATION_BACKENDS[0]
    may_sign_in = getattr(load_backend(backend), "user_can_authenticate", None)
    if may_sign_in is not None and not may_sign_in(account):
        raise SignInRefused(EndReason.ACCOUNT_DISABLED)
    return account, backend


def said(name: str) -> str:
    """Return the name as it is kept; raise `TokenRefused` where there is none."""
    if not (name := " ".join(name.split())[:MOST_CHARACTERS]):
        raise TokenRefused(TokenRefusal.NO_NAME)
    return name


def known_scopes(scopes: Iterable[str]) -> list[str]:
    """Return these scopes, sorted, each once; raise `TokenRefused` where there is none, or one that nobody knows."""
    asked = {*scopes}
    if not asked:
        raise TokenRefused(TokenRefusal.NO_SCOPE)
    if asked - {*conf.scopes}:
        raise TokenRefused(TokenRefusal.UNKNOWN_SCOPE)
    return sorted(asked)


def allowed_end(expires_at: datetime, account: Any, now: datetime) -> datetime:
    """Return the end as the row holds it; raise `TokenRefused` where it is over already, or too far away."""
    ends_at = moments.stated(expires_at, "expires_at")
    longest = for_user(conf.token_max_age, account)
    if ends_at <= now:
        raise TokenRefused(TokenRefusal.IN_THE_PAST)
    if longest is not None and ends_at > now + longest:
        raise TokenRefused(TokenRefusal.TOO_LONG)
    return ends_at


def verify_room(account: Any) -> None:
    """Raise `TokenRefused` where the account, which is held, has as many tokens as it may."""
    limit = for_user(conf.token_limit, account)
    rows = Session.objects.using(router.db_for_write(Session))
    if limit is not None and rows.of(account).living().tokens().count() >= limit:
        raise TokenRefused(TokenRefusal.TOO_MANY)


def kind_of(account: Any, agent: str) -> TokenKind:
    if ServiceAccount.objects.filter(pk=account.pk).exists():
        return TokenKind.SERVICE
    return TokenKind.AGENT if agent else TokenKind.PERSONAL
