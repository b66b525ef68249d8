"""A sign-in: the session becomes its user's, and learns its device and place."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
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
from sessions_ui.actions.endings.access_change import flags_of
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.endings.offboard import latest_end_of
from sessions_ui.actions.endings.require_password import verify_no_password_is_required
from sessions_ui.actions.sign_in.assess_risk import columns, flag, history_of, what_follows
from sessions_ui.actions.sign_in.identify_device import recognise
from sessions_ui.actions.sign_in.limit import keep_to_limit
from sessions_ui.actions.sign_in.pending import first_step, verify_begun
from sessions_ui.actions.sign_in.provider import NOBODY, Identity, catch_up, verify_not_signed_out
from sessions_ui.actions.sign_in.verify_account import hold_for_sign_in, verify_account
from sessions_ui.audit import events
from sessions_ui.client import ClientInfo
from sessions_ui.conf import conf
from sessions_ui.database.transactions import after_commit, atomically
from sessions_ui.exceptions import SessionEnded, SignInChallenged
from sessions_ui.models import Device, EndReason, Event, Session
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.risk import ORDINARY, classify


@dataclass(frozen=True, slots=True)
class SignIn:
    """`device_cookie` is what the browser shall keep; None where device cookies are switched off."""

    session: Session
    device: Device
    new_device: bool
    device_cookie: str | None


@atomically
def sign_in(
    *,
    session: Session,
    digest: str,
    user: Any,
    backend: str,
    client: ClientInfo,
    new_digest: str,
    method: str,
    device_cookie: str | None,
    begun: dict[str, Any] | None,
    identity: Identity | None,
    judged: bool,
    proven: bool,
) -> SignIn:
    """Make the living row of `session`, whose key has this digest, a session of `user`.

    The account is locked and read anew first, so that a sign-in which was under way while the account was disabled or
    got a new password does not outlive that: `SignInRefused`. `new_digest`: of a new key, where the row is somebody's
    already. `begun` is the mark of its first step (`pending.py`), where it had several; `identity` who they are at
    their sign-in provider, where there is one. `SessionEnded` where the row is gone, or somebody's by now. What looks
    wrong is flagged (`assess_risk.py`) and mailed, unless nothing is known of the client at all (`judged=False`: no
    request brought it). `SignInChallenged` where the settings ask for a further proof first, which `proven` says has
    been given.
    """
    using = router.db_for_write(Session)
    now = timezone.now()
    users, states = hold_for_sign_in([user.pk])
    auth_hash = verify_account(users.get(user.pk), user, backend)
    state = states[user.pk]
    verify_begun(begun, users[user.pk], state)
    begun = first_step(user, auth_hash, state.epoch)
    verify_not_signed_out(identity)
    verify_no_password_is_required(state)
    latest_end = latest_end_of(state, now)
    found = recognise(user, client, device_cookie)
    device = found.device
    verdict = ORDINARY
    if judged:
        history = history_of(user, device, copied=found.copied, new=found.new, session_pk=session.pk)
        verdict = classify(history, client, now)
    follows = what_follows(verdict, method=method, proven=proven)
    if follows == "challenge":
        raise SignInChallenged(EndReason.SUSPICIOUS, verdict, begun=begun)
    as_read = Session.objects.using(using).filter(pk=session.pk, digest=digest, ended_at__isnull=True)
    if not new_digest:  # the row was nobody's, and another request may have signed somebody in meanwhile
        as_read = as_read.filter(user__isnull=True)
    session = taken_over(
        as_read,
        session,
        latest_end=latest_end,
        user_id=user.pk,
        backend=backend,
        auth_hash=auth_hash,
        next_auth_hash="",
        device=device,
        signed_in_at=now,
        last_seen_at=now,
        method=method[:32],
        access_flags=flags_of(user),
        **({"digest": new_digest, "previous_digest": digest, "rotated_at": now} if new_digest else {}),
        **(identity.columns() if identity else NOBODY),
        **seen(client),
        **columns(verdict),
    )
    if follows != "end":
        make_room(user, None if found.new else device, new=session.pk, begun=begun)
    events.append(
        Event.Kind.SIGNED_IN,
        user_id=user.pk,
        actor_id=user.pk,
        session_id=session.pk,
        device=device,
        data={"method": method[:32], "new_device": found.new},
        address=client.address,
        user_agent=client.user_agent,
    )
    if identity is not None:
        after_commit(partial(catch_up, session, identity), using=using)
    if verdict.level:
        flag(session, user, client, verdict, tell=verdict != history.unreviewed)
    if follows == "end":
        # The request that signed in learns it at its end, like any whose session ended meanwhile.
        end_sessions(sessions=Session.objects.filter(pk=session.pk), reason=EndReason.SUSPICIOUS)
    else:
        after_commit(partial(announce, session, user, new_device=found.new), using=using)
    return SignIn(session=session, device=device, new_device=found.new, device_cookie=found.cookie)


def taken_over(
    as_read: SessionQuerySet, session: Session, *, latest_end: datetime | None, **fields: Any
) -> Session:
    """Write `fields` into the row; returns `session`, a copy of what was read of it, as it is then. Another statement
    to read it again would say no more. `SessionEnded` where nothing was written."""
    fields["latest_end_at"] = latest_end
    earlier = {"expires_at": Least(F("expires_at"), Value(latest_end))} if latest_end else {}
    if not as_read.update(**fields, **earlier):
        raise SessionEnded
    session = copy(session)
    for name, value in fields.items():
        setattr(session, name, value)
    if latest_end:
        session.expires_at = min(session.expires_at, latest_end)
    return session


def make_room(user: Any, device: Device | None, *, new: int, begun: dict[str, Any]) -> None:
    """End what the new session takes the place of: an older one in the same browser (`device`, where it was known
    before), and what is over the limit. `begun`: what the sign-in goes on from where the limit refuses it."""
    if conf.supersede and device is not None:
        older = Session.objects.filter(
            device=device, user_id=user.pk, kind=Session.Kind.BROWSER, ended_at__isnull=True
        )
        end_sessions(
            sessions=older.exclude(pk=new),
            reason=EndReason.SUPERSEDED,
            actor=user,
            of_user=user.pk,
            all_living=True,
        )
    keep_to_limit(user, new=new, begun=begun)


def seen(client: ClientInfo) -> dict[str, Any]:
    """What the session keeps of its client: as it was at sign-in and, for now the same, as it is."""
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


def announce(session: Session, user: Any, *, new_device: bool) -> None:
    signals.signed_in.send_robust(Session, session=session, user=user, new_device=new_device)


def default_method(request: HttpRequest, user: Any) -> str:
    """ "password" behind Django's own sign-in view; any other view may mean anything."""
    view = getattr(getattr(request, "resolver_match", None), "func", None)
    view_class = getattr(view, "view_class", None)
    return "password" if view_class is not None and issubclass(view_class, LoginView) else ""
