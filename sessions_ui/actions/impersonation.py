"""Let staff use somebody's account: labelled, limited, told to the user, and over with the staff member's own session.

The row that this makes is no sign-in of the user: it has no device and no device cookie, replaces nothing, does not
count towards the limit and does not change "last sign-in". What its holder may not do is refused by
`context.require_owner()`.
"""

from __future__ import annotations

from typing import Any

from django.db import router
from django.utils import timezone

from sessions_ui import outbox
from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.acting_session import verify_acting_session
from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.help_desk.rights import within_scope
from sessions_ui.actions.sessions.rules.validate import IMPERSONATE, find_origin
from sessions_ui.actions.sign_in.attempt import organization_of
from sessions_ui.actions.sign_in.sign_in import seen
from sessions_ui.actions.sign_in.verify_account import hold_for_sign_in
from sessions_ui.actions.trusted_addresses import told_addresses
from sessions_ui.actor import actor_by_key
from sessions_ui.audit import events
from sessions_ui.client import ClientInfo
from sessions_ui.conf import conf
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import ImpersonationRefusal, ImpersonationRefused, SessionEnded
from sessions_ui.models import EndReason, Event, Session, digest_of
from sessions_ui.models.fields import new_public_id
from sessions_ui.models.locking import locked
from sessions_ui.protocols import HasPk
from sessions_ui.user_model import auth_hash_of, is_active


@atomically
def begin_impersonation(
    *, origin: Session, digest: str, user: HasPk, actor: HasPk, reason: str, client: ClientInfo
) -> Session:
    """Make a session as `user` whose key has this digest, from the living session `origin` of `actor`; return it. It is
    of the same kind, because it takes the other's place in a browser or app.

    `reason` is what the user reads; at most 255 characters. It lasts no longer than the account: where access is to end
    at a date (offboarding), this ends with it. Raises `ImpersonationRefused`, or `SessionEnded` where `origin` ended
    meanwhile. Both people's rows are locked: whatever ends a session of either comes before, and is seen, or after, and
    ends this one too.
    """
    reason = " ".join(reason.split())[:255]
    now = timezone.now()
    people, states = hold_for_sign_in([user.pk, actor.pk], counts=False)
    verify_acting_session()
    verify_may_impersonate(people.get(actor.pk), people.get(user.pk), reason)
    if states[user.pk].is_service:
        raise ImpersonationRefused(ImpersonationRefusal.SERVICE_ACCOUNT)
    latest_end = states[user.pk].ends_at
    if latest_end is not None and latest_end <= now:
        raise ImpersonationRefused(ImpersonationRefusal.OFFBOARDED)
    own = own_session(origin, actor)
    person = people[user.pk]
    limits = [now + conf.impersonation_timeout, own.expires_at, *([latest_end] if latest_end else [])]
    session = Session(
        digest=digest,
        kind=own.kind,
        user=person,
        backend=own.backend,
        auth_hash=auth_hash_of(person),
        impersonator_id=actor.pk,
        impersonated_from=own,
        generation=own.generation,
        organization_id=organization_of(None, person),
        impersonation_reason=reason,
        signed_in_at=now,
        expires_at=min(limits),
        latest_end_at=latest_end,
        **seen(client),
    )
    session.save(using=router.db_for_write(Session))
    tell_of_impersonation(session, person, client)
    return session


def own_session(origin: Session, actor: HasPk) -> Session:
    """Return the staff member's own session, read under the lock; raise `SessionEnded` where it is over, and
    `ImpersonationRefused` where it is somebody's account already."""
    rows = Session.objects.using(router.db_for_write(Session))
    living = rows.filter(pk=origin.pk, user_id=actor.pk, ended_at__isnull=True).uncontained()
    # A plain read in a transaction of the host may see what was there before the lock.
    own = locked(living).first()
    if own is None:
        raise SessionEnded
    if own.impersonated_from_id is not None:
        raise ImpersonationRefused(ImpersonationRefusal.NESTED)
    return own


def tell_of_impersonation(session: Session, person: Any, client: ClientInfo) -> None:
    event = events.append(
        Event.Kind.IMPERSONATED,
        user_id=session.user_id,
        actor_id=session.impersonator_id,
        session=session,
        text=session.impersonation_reason,
        address=client.address,
        user_agent=client.user_agent,
    )
    if conf.impersonation_mail:
        outbox.enqueue_event(event, told_addresses(person))


def verify_may_impersonate(actor: Any, user: Any, reason: str) -> None:
    """Raise `ImpersonationRefused` unless the staff member has the permission, and the user no right that they lack."""
    if actor is None or not is_active(actor) or not actor.has_perm(IMPERSONATE):
        raise ImpersonationRefused(ImpersonationRefusal.NOT_ALLOWED)
    if user is None or not is_active(user):
        raise ImpersonationRefused(ImpersonationRefusal.DISABLED)
    if user.pk == actor.pk:
        raise ImpersonationRefused(ImpersonationRefusal.ONESELF)
    if conf.help_desk_more_rights(user, actor):
        raise ImpersonationRefused(ImpersonationRefusal.MORE_RIGHTS)
    if not within_scope(actor).filter(pk=user.pk).exists():
        raise ImpersonationRefused(ImpersonationRefusal.NOT_ALLOWED)
    if not reason:
        raise ImpersonationRefused(ImpersonationRefusal.NO_REASON)


@atomically
def end_impersonation(*, session: Session, key: str, new_key: str) -> Session | None:
    """End the impersonation, and give the staff member's own session the new key; return that session with its user.

    Returns None where that session is over. `key` is the one of `session`. A request that is still under way with it is
    told to try again, like any after a change of keys; otherwise the browser would be told to forget the new one.
    """
    using = router.db_for_write(Session)
    now = timezone.now()
    lock_users(
        [session.user_id, session.impersonator_id]
    )  # before any session, like whoever ends one of theirs
    origin = find_origin(session, now)
    if origin is not None:
        living = Session.objects.using(using).filter(pk=origin.pk, ended_at__isnull=True)
        fields = {
            "digest": digest_of(new_key, origin.kind),
            "previous_digest": digest_of(key, origin.kind),
            "rotated_at": now,
            "last_seen_at": now,
        }
        if not living.update(**fields):
            origin = None
    end_session(session=session, reason=EndReason.SIGNED_OUT, actor=actor_by_key(session.impersonator_id))
    if origin is not None:
        Session.objects.using(using).filter(pk=session.pk).update(digest=digest_of(new_public_id()))
    return origin
