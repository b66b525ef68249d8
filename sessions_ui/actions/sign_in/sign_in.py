"""Sign a user in: the session becomes theirs, and learns its device and place."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.auth.views import LoginView
from django.db import router
from django.db.models import F, Value
from django.db.models.functions import Least
from django.http import HttpRequest
from django.utils import timezone

from sessions_ui import signals
from sessions_ui.actions.endings.changes.access import flags_of
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.endings.offboard import latest_end_of
from sessions_ui.actions.endings.reconcile.unlawful import end_if_unlawful
from sessions_ui.actions.recovery.sign_in import verify_credentials, verify_still_there
from sessions_ui.actions.sessions.rules.kinds import held_to, rules_for
from sessions_ui.actions.sign_in.assess_risk import Assessment, FollowUp, assess, columns, flag
from sessions_ui.actions.sign_in.attempt import SignInAttempt
from sessions_ui.actions.sign_in.identify_device import IdentifiedDevice, identify_device
from sessions_ui.actions.sign_in.limit import keep_to_limit
from sessions_ui.actions.sign_in.pending import first_step, generation_of, verify_begun
from sessions_ui.actions.sign_in.provider import NOBODY, catch_up, verify_not_signed_out
from sessions_ui.actions.sign_in.verify_account import hold_for_sign_in, verify_account
from sessions_ui.assurance import Authentication, amr_of, bounded, level_of
from sessions_ui.audit import events
from sessions_ui.client import ClientInfo
from sessions_ui.conf import conf
from sessions_ui.database.transactions import after_commit, atomically
from sessions_ui.exceptions import KeyRotated, SessionEnded, SignInChallenged, SignInRefused
from sessions_ui.models import Device, EndReason, Event, Session
from sessions_ui.models.containment import contained
from sessions_ui.models.locking import locked
from sessions_ui.models.session import SessionQuerySet


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a sign-in made.

    `device_cookie` is what the browser should keep; None where device cookies are switched off.
    """

    session: Session
    device: Device
    new_device: bool
    device_cookie: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """The row that becomes the user's, as its store has read it: a copy of it, and the digest of its key.

    `new_digest` is that of the key that it gets now, where it is somebody's already; empty where it was nobody's.
    """

    session: Session
    digest: str
    new_digest: str

    def unchanged(self) -> SessionQuerySet:
        """Return the row, as long as it is still as it was read."""
        rows = Session.objects.using(router.db_for_write(Session))
        rows = rows.filter(pk=self.session.pk, digest=self.digest, ended_at__isnull=True)
        # One that was nobody's: another request may have signed somebody in meanwhile.
        return rows if self.new_digest else rows.filter(user__isnull=True)

    def is_living(self) -> bool:
        """Return whether the session goes on, whoever is signed in there and whatever its key is by now.

        The read locks, because a plain read in a transaction of the host sees what was there when that began (MariaDB).
        """
        rows = Session.objects.using(router.db_for_write(Session))
        living = locked(rows.filter(pk=self.session.pk, ended_at__isnull=True))
        return living.values_list("pk").first() is not None

    def new_key_columns(self, now: datetime) -> dict[str, Any]:
        if not self.new_digest:
            return {}
        return {"digest": self.new_digest, "previous_digest": self.digest, "rotated_at": now}


@dataclass(frozen=True, slots=True)
class VerifiedAccount:
    """What the account says of itself under its lock.

    `pending` is the mark that the sign-in goes on from, should more be asked for first; `latest_end` is when access
    ends, None where it is open-ended; `sign_ins` how many there were before this one. `generation` is that of the
    incidents in which it began (`Containment`), and `has_incidents` says whether there was ever one.
    """

    auth_hash: str
    pending: dict[str, Any]
    latest_end: datetime | None
    sign_ins: int
    generation: int
    has_incidents: bool


@atomically
def sign_in(*, attempt: SignInAttempt, row: ReadRow) -> SignIn:
    """Make the living session of `row` one of the user of `attempt`.

    The account is locked and read again first, so that a sign-in which was under way while the account was disabled or
    got a new password does not outlive that. What looks wrong is flagged (`assess_risk.py`) and mailed.

    Raises `SignInRefused` where the account may not be signed in to any more; `SessionEnded` where the row is gone;
    `KeyRotated` where another request of this browser has signed in there, or replaced the key; `SignInChallenged`
    where the settings ask for a further proof first.
    """
    now = timezone.now()
    account = verify(attempt, now)
    is_first = account.sign_ins == 0 and attempt.last_login is None
    found = identify_device(attempt.user, attempt.client, attempt.device_cookie, from_start=is_first)
    assessment = assess(attempt, found, sign_ins=account.sign_ins, session_pk=row.session.pk, now=now)
    if assessment.follow_up is FollowUp.CHALLENGE:
        raise SignInChallenged(EndReason.SUSPICIOUS, assessment.verdict, begun=account.pending)
    fields = {**columns_of(attempt, account, found.device, now), **columns(assessment.verdict)}
    session = write_session(row, {**fields, **row.new_key_columns(now)}, latest_end=account.latest_end)
    if account.has_incidents:
        write_ends_of_incidents(attempt.user, but=session.pk)
    if assessment.follow_up is not FollowUp.END:
        make_room(attempt, None if found.new else found.device, new=session.pk, begun=account.pending)
    announce(attempt, session, found, assessment)
    return SignIn(session=session, device=found.device, new_device=found.new, device_cookie=found.cookie)


def verify(attempt: SignInAttempt, now: datetime) -> VerifiedAccount:
    """Lock the account, and raise `SignInRefused` unless it may be signed in to as it is now."""
    user = attempt.user
    users, states = hold_for_sign_in([user.pk])
    auth_hash = verify_account(users.get(user.pk), user, attempt.backend)
    state = states[user.pk]
    if state.is_service:
        raise SignInRefused(EndReason.SERVICE_ACCOUNT)
    verify_begun(attempt.pending, users[user.pk], state)
    verify_not_signed_out(attempt.identity)
    verify_credentials(user, attempt.method, state)
    verify_still_there(user, attempt.shown)
    generation = generation_of(attempt.pending, user, state)
    return VerifiedAccount(
        auth_hash,
        first_step(user, auth_hash, state.epoch, generation),
        latest_end_of(state, now),
        sign_ins=state.sign_ins - 1,
        generation=generation,
        has_incidents=state.generation > 0,
    )


def columns_of(
    attempt: SignInAttempt, account: VerifiedAccount, device: Device, now: datetime
) -> dict[str, Any]:
    """Return what the session keeps of its sign-in."""
    return {
        "user_id": attempt.user.pk,
        "kind": attempt.kind,
        "backend": attempt.backend,
        "auth_hash": account.auth_hash,
        "next_auth_hash": "",
        "device": device,
        "signed_in_at": now,
        "last_seen_at": now,
        "method": attempt.method[:32],
        "authentication": [one.to_dict() for one in bounded(attempt.shown)] or None,
        "access_flags": flags_of(attempt.user),
        "generation": account.generation,
        "organization_id": attempt.organization_id,
        **(attempt.identity.columns() if attempt.identity else NOBODY),
        **seen(attempt.client),
    }


def write_session(row: ReadRow, fields: dict[str, Any], *, latest_end: datetime | None) -> Session:
    """Write `fields` into the row; return a copy of what was read of it, as it is then.

    Another statement to read it again would say no more. Raises `SessionEnded` or `KeyRotated` where nothing was
    written.
    """
    fields = {**fields, "latest_end_at": latest_end}
    earlier = {"expires_at": Least(F("expires_at"), Value(latest_end))} if latest_end else {}
    if not row.unchanged().update(**fields, **earlier):
        raise KeyRotated if row.is_living() else SessionEnded
    session = copy(row.session)
    for name, value in fields.items():
        setattr(session, name, value)
    if latest_end:
        session.expires_at = min(session.expires_at, latest_end)
    return session


def write_ends_of_incidents(user: Any, *, but: int) -> None:
    """Write into the rows of this user what an incident has ended and its sweep has not reached yet.

    What would be ended by this sign-in otherwise, as replaced by a newer one, would keep that reason.
    """
    mine = Session.objects.using(router.db_for_write(Session)).filter(contained(), user_id=user.pk)
    keys = list(mine.filter(ended_at__isnull=True).exclude(pk=but).values_list("pk", flat=True))
    if keys:
        end_if_unlawful(keys)


def make_room(attempt: SignInAttempt, device: Device | None, *, new: int, begun: dict[str, Any]) -> None:
    """End what the new session takes the place of; an app's takes nobody's.

    That is an older one in the same browser (`device`, where it was known before), and what is over the limit. `begun`
    is what the sign-in goes on from where the limit refuses it.
    """
    user, rules = attempt.user, rules_for(attempt.kind)
    if rules.is_superseded and conf.supersede and device is not None:
        older = Session.objects.filter(
            held_to("is_superseded"), device=device, user_id=user.pk, ended_at__isnull=True
        )
        end_sessions(
            sessions=older.exclude(pk=new),
            reason=EndReason.SUPERSEDED,
            actor=user,
            of_user=user.pk,
            all_living=True,
        )
    if rules.is_limited:
        keep_to_limit(user, new=new, begun=begun)


def seen(client: ClientInfo) -> dict[str, Any]:
    """Return what the session keeps of its client: as it was at sign-in and, for now the same, as it is."""
    place = client.place.to_dict() if client.place else None
    return {
        "first_address": client.address,
        "address": client.address,
        "first_user_agent": client.user_agent,
        "user_agent": client.user_agent,
        "first_place": place,
        "first_country": client.place.country_code if client.place else "",
        "place": place,
        "browser_version": client.client.browser_version,
        "system_version": client.client.system_version,
    }


def announce(
    attempt: SignInAttempt, session: Session, found: IdentifiedDevice, assessment: Assessment
) -> None:
    """Record the sign-in, tell whom it concerns, and end it again where that follows from how it looks."""
    using = router.db_for_write(Session)
    append_signed_in(attempt, session, found)
    if attempt.identity is not None:
        after_commit(partial(catch_up, session, attempt.identity), using=using)
    flag(session, attempt.user, attempt.client, assessment.verdict, tell=assessment.is_news)
    if assessment.follow_up is FollowUp.END:
        # The request that signed in learns it at its end, like any whose session ended meanwhile.
        end_sessions(sessions=Session.objects.filter(pk=session.pk), reason=EndReason.SUSPICIOUS)
    else:
        after_commit(partial(send_signed_in, session, attempt.user, new_device=found.new), using=using)


def append_signed_in(attempt: SignInAttempt, session: Session, found: IdentifiedDevice) -> Event:
    return events.append(
        Event.Kind.SIGNED_IN,
        user_id=attempt.user.pk,
        actor_id=attempt.user.pk,
        session_id=session.pk,
        device=found.device,
        data={"method": session.method, "new_device": found.new, **in_short(attempt.shown)},
        address=attempt.client.address,
        user_agent=attempt.client.user_agent,
    )


def in_short(shown: Sequence[Authentication]) -> dict[str, Any]:
    """Return what the event keeps of what was shown: its level, its methods, and which credentials they were."""
    said = {
        "assurance_level": int(level_of(shown)),
        "amr": amr_of(shown),
        "credentials": [one.credential for one in shown if one.credential],
    }
    return {name: value for name, value in said.items() if value}


def send_signed_in(session: Session, user: Any, *, new_device: bool) -> None:
    """Tell the receivers of a host project, where there are any.

    They get a whole session: an asynchronous one would otherwise ask for what was not read of it before, where Django
    raises.
    """
    if not signals.signed_in.has_listeners(Session):
        return
    if unread := session.get_deferred_fields():
        session.refresh_from_db(using=router.db_for_write(Session), fields=unread)
    signals.signed_in.send_robust(Session, session=session, user=user, new_device=new_device)


def default_method(request: HttpRequest, user: Any) -> str:
    """Return "password" behind Django's own sign-in view, otherwise "": any other view may mean anything."""
    view = getattr(getattr(request, "resolver_match", None), "func", None)
    view_class = getattr(view, "view_class", None)
    return "password" if view_class is not None and issubclass(view_class, LoginView) else ""
