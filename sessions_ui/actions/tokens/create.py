"""Make an access token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import load_backend
from django.db import router
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.actions.credentials.changed import credential_changed
from sessions_ui.actions.credentials.guard import is_acting_user, verify_settled
from sessions_ui.actions.endings.changes.access import flags_of
from sessions_ui.actions.endings.offboard import latest_end_of
from sessions_ui.actions.recovery.freeze import verify_account_not_frozen
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sessions.rules.kinds import rules_for
from sessions_ui.actions.sign_in.verify_account import hold_for_sign_in
from sessions_ui.actions.tokens.scopes import withheld
from sessions_ui.actor import actor_of, current_actor
from sessions_ui.client.text import one_line
from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.credentials import CredentialChange, CredentialKind
from sessions_ui.database import moments
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import SessionEnded, SignInRefused, TokenRefusal, TokenRefused
from sessions_ui.models import AccessToken, AccountState, EndReason, ServiceAccount, Session, digest_of
from sessions_ui.models.fields import new_public_id
from sessions_ui.models.locking import locked
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.protocols import HasPk
from sessions_ui.token_value import TokenKind, hint_of, new_value
from sessions_ui.user_model import is_active

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
    public_id: str = "",
    actor: HasPk | None = None,
    organization_id: str = "",
) -> NewToken:
    """Make an access token that acts as `user`, and return it with its value.

    `name` is what people know it by, `scopes` what it may do (`SCOPES`; those of `PROGRAM_SCOPES` are not for
    everybody), `agent` the program that acts for the person by it, empty where they run it themselves (each at most 100
    characters, and without control characters). It ends at `expires_at`, or when the account's access does
    (`offboard()`), should that be earlier. `public_id` is by what pages name it, one that `new_public_id()` has made
    for a form, so that the form makes one token however often it is sent; left out, a new one. Whoever sends the form
    must not choose it: it could be that of a token that was purged. `actor` is whoever makes it, if that is not whoever
    acts now.

    The caller checks that `actor` may make one of somebody else, and asks staff who they are where the scopes are those
    of the administration (`staff_confirmed`). It changes who may act as the user, so the session that asks has to vouch
    for itself as for a new factor; a token makes no token. Raises `TokenRefused` for what is missing or out of bounds,
    `FurtherProofNeeded`, `AccountFrozen` while the account is being recovered, `SignInRefused` where it is gone or
    disabled, `SessionEnded` where the session that asks has ended, `NotTheOwner` where staff uses the account,
    `ValueError` for a moment without a time zone or out of range, `TryAgain` or `OutcomeUnknown` as
    `end_sessions()` does.
    """
    context.require_owner()
    name, granted = said(name), known_scopes(scopes)
    return insert_token(
        user=user,
        name=name,
        scopes=granted,
        expires_at=expires_at,
        agent=agent,
        public_id=public_id,
        actor=actor,
        organization_id=organization_id,
        acting=verify_may_make(user),
    )


def insert_token(
    *,
    user: HasPk,
    name: str,
    scopes: list[str],
    expires_at: datetime,
    agent: str = "",
    public_id: str = "",
    actor: HasPk | None = None,
    organization_id: str = "",
    acting: Session | None,
) -> NewToken:
    """Make the token, once somebody has found that whoever asks may: `acting` is their session. To be run in a
    transaction."""
    now = timezone.now()
    agent = one_line(agent)[:MOST_CHARACTERS]
    account, backend, state = hold_account(user, acting)
    if withheld(account, scopes, is_service=state.is_service):
        raise TokenRefused(TokenRefusal.WITHHELD_SCOPE)
    ends_at = allowed_end(expires_at, account, now)
    latest_end = latest_end_of(state, now)
    verify_not_made(public_id)
    verify_room(account)
    value = new_value(kind_of(state, agent))
    context.conceal(value)
    client = client_of(current.meta) if (current := context.current()) is not None else None
    session = Session.objects.create(
        kind=Session.Kind.TOKEN,
        public_id=public_id or new_public_id(),
        digest=digest_of(value, Session.Kind.TOKEN),
        user_id=account.pk,
        backend=backend,
        created_at=now,
        signed_in_at=now,
        last_seen_at=now,
        expires_at=ends_at if latest_end is None else min(ends_at, latest_end),
        latest_end_at=latest_end,
        access_flags=flags_of(account),
        generation=state.generation,
        organization_id=organization_id or (acting.organization_id if acting is not None else None),
        first_address=client.address if client is not None else None,
        first_user_agent=client.user_agent if client is not None else "",
    )
    token = AccessToken.objects.create(
        session=session,
        name=name,
        scopes=" ".join(scopes),
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
    """Raise unless whoever acts may make a token that acts as `user`, who may be somebody else than they are; return
    the session that acts, None where none does."""
    now = context.current()
    asks = None if now is None else now.user_id
    lock_users({user.pk, user.pk if asks is None else asks})  # in one order, whoever asks for whom
    verify_account_not_frozen(user.pk)
    if asks is None or not is_acting_user(asks):
        return None
    verify_settled(asks, CredentialKind.TOKEN)
    session = hold_acting_session(asks)
    if session is not None and not rules_for(session.kind).may_vouch:
        raise TokenRefused(TokenRefusal.BY_TOKEN)
    return session


def hold_session(token: AccessToken) -> tuple[SessionQuerySet, Session]:
    """Hold the session of a token whose account is held; return its row, to write to, and as it is now. Raises
    `SessionEnded` where it is over."""
    rows: SessionQuerySet = Session.objects.using(router.db_for_write(Session)).filter(pk=token.pk)
    session = locked(rows.with_containment()).first()
    if session is None or not session.is_living:
        raise SessionEnded(EndReason(session.why_over) if session and session.why_over else "")
    return rows, session


def hold_account(user: HasPk, acting: Session | None) -> tuple[Any, str, AccountState]:
    """Hold the account that a token is for, and who answers for it; return it, the backend that the token goes by, and
    its state.

    Raises `SignInRefused` where the account is gone or disabled, `TokenRefused` where it is a service account for which
    nobody answers.
    """
    owner: Any = ServiceAccount.objects.filter(pk=user.pk).values_list("owner_id", flat=True).first()
    keys = {user.pk} if owner is None else {user.pk, owner}
    users, states = hold_for_sign_in(keys, counts=False)
    account = users.get(user.pk)
    if account is None:
        raise SignInRefused(EndReason.ACCOUNT_DELETED)
    is_own = acting is not None and acting.user_id == account.pk
    backend = acting.backend if acting is not None and is_own else settings.AUTHENTICATION_BACKENDS[0]
    may_sign_in = getattr(load_backend(backend), "user_can_authenticate", None)
    if may_sign_in is not None and not may_sign_in(account):
        raise SignInRefused(EndReason.ACCOUNT_DISABLED)
    state = states[account.pk]
    if state.is_service:
        answers_until = verify_answered_for(account.pk, users, states)
        ends = [date for date in (state.ends_at, answers_until) if date is not None]
        state.ends_at = min(ends, default=None)
    return account, backend, state


def verify_answered_for(
    pk: Any, held: Mapping[Any, Any], states: Mapping[Any, AccountState]
) -> datetime | None:
    """Return until when the owner of this service account has access, None where that is open-ended; raise
    `TokenRefused` where nobody who may sign in answers for it. The owner is among those who are held."""
    row = locked(ServiceAccount.objects.filter(pk=pk, orphaned_at__isnull=True)).first()
    owner = held.get(row.owner_id) if row is not None else None
    if owner is None or not is_active(owner) or states[owner.pk].is_service:
        raise TokenRefused(TokenRefusal.NO_OWNER)
    ends_at = states[owner.pk].ends_at
    if ends_at is not None and ends_at <= timezone.now():
        raise TokenRefused(TokenRefusal.NO_OWNER)
    return ends_at


def said(name: str) -> str:
    """Return the name as it is kept; raise `TokenRefused` where there is none."""
    if not (name := one_line(name)[:MOST_CHARACTERS].strip()):
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


def verify_not_made(public_id: str) -> None:
    """Raise `TokenRefused` where the form of this token was sent before. The account is held, so nobody is making it at
    the same moment."""
    rows = Session.objects.using(router.db_for_write(Session))
    if public_id and locked(rows.filter(public_id=public_id)).exists():
        raise TokenRefused(TokenRefusal.MADE_BEFORE)


def verify_room(account: Any) -> None:
    """Raise `TokenRefused` where the account, which is held, has as many tokens as it may."""
    limit = for_user(conf.token_limit, account)
    rows = Session.objects.using(router.db_for_write(Session))
    if limit is not None and rows.of(account).living().tokens().count() >= limit:
        raise TokenRefused(TokenRefusal.TOO_MANY)


def kind_of(state: AccountState, agent: str) -> TokenKind:
    if state.is_service:
        return TokenKind.SERVICE
    return TokenKind.AGENT if agent else TokenKind.PERSONAL
