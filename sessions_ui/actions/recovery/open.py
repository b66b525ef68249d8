"""Open the recovery of an account, and mail the link to it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone

from sessions_ui.actions.account_lock import hold, write_states
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.one_time_codes import RESEND_AFTER, mail_code
from sessions_ui.actions.recovery.added import is_address, is_younger
from sessions_ui.actions.trusted_addresses import SETTLED, trusted_addresses
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Act, EndReason, Event, Recovery, Session
from sessions_ui.models.locking import locked
from sessions_ui.protocols import HasPk
from sessions_ui.user_model import has_usable_password

MOST_LINKS_AN_HOUR = 5


@atomically
def open_recovery(
    *,
    user: Any,
    since: datetime,
    opened_by: Recovery.OpenedBy,
    last: datetime | None = None,
    session: Session | None = None,
    actor: Any = None,
    address: str = "",
    ticket: str = "",
    act: Act | None = None,
) -> Recovery:
    """Open the case of this account, or add to the one that is open; return it.

    From now on the known password signs nobody in, nor does what was added since `since`, when the reported sign-in
    was; nobody changes how the account is signed in to (`freeze.py`); and no access token of it is valid any more.
    `last` is when whoever was reported signed in last; left out, nobody knows, and each password of before now counts
    as known to them. A link to the case is mailed: to `address` where the report came through a mail to it, else to
    those that can be trusted. Where there is none the password goes on signing in, because nobody could get to another
    one from outside. `act` is what ended where no session is named, for the page to tell of. Raises what
    `end_sessions()` does.
    """
    opened_at = timezone.now()
    hold([user.pk], decided=EndReason.NOT_ME)
    tokens = Session.objects.of(user).tokens()
    end_sessions(sessions=tokens, reason=EndReason.NOT_ME, actor=actor, of_user=user.pk, ticket=ticket)
    last = last or timezone.now()
    known = is_password_known(user, last)
    case = open_case_of(user)
    if case is None:
        case = _made(user, since, known, opened_by, session, actor, address, ticket, opened_at)
    else:
        _widen(case, since, last, known, address)
    required = {"password_required_at": timezone.now()} if case.waits_for_password and case.address else {}
    write_states([user.pk], recovering_since=case.since, frozen_until=case.expires_at, **required)
    events.append(
        Event.Kind.RECOVERY_OPENED,
        user_id=user.pk,
        actor_id=actor_of(actor).pk,
        session=session,
        device_id=session.device_id if session is not None else None,
        act=act,
        data={"recovery": case.public_id, "by": str(opened_by)} | ({"ticket": ticket} if ticket else {}),
    )
    _mail_link(case, [address] if address else safe_addresses(user, case.since))
    return case


def open_case_of(user: Any) -> Recovery | None:
    """Return the open case of this account. A locking read: the account is held, or nothing is decided by it."""
    return locked(Recovery.objects.of(user).open().order_by("pk")).first()


def _made(
    user: Any,
    since: datetime,
    known: bool,
    opened_by: Recovery.OpenedBy,
    session: Session | None,
    actor: Any,
    address: str,
    ticket: str,
    now: datetime,
) -> Recovery:
    return Recovery.objects.create(
        user_id=user.pk,
        opened_at=now,
        opened_by=opened_by,
        actor_id=actor_of(actor).pk,
        session=session,
        since=since,
        address=address or next(iter(safe_addresses(user, since)), ""),
        needs_password=known,
        expires_at=now + conf.recovery_freeze,
        ticket=ticket,
    )


def _widen(case: Recovery, since: datetime, last: datetime, known: bool, address: str) -> None:
    """Take another report into the case: the earlier sign-in counts, and what was done before the last one was is
    asked for again. Its time is not prolonged: whoever reports every day must not freeze the account for ever."""
    case.since = min(case.since, since)
    case.needs_password = case.needs_password or known
    if case.password_at is not None and case.password_at <= last:
        case.password_at = None
    case.credentials_at = None
    case.address = case.address or address
    case.save(update_fields=["since", "needs_password", "password_at", "credentials_at", "address"])


def is_password_known(user: Any, last: datetime) -> bool:
    """Return whether there is a password which whoever signed in last at that time may know: it was not chosen in a
    recovery since."""
    chosen = Recovery.objects.of(user).filter(password_at__gt=last)
    return has_usable_password(user) and not chosen.exists()


def was_dealt_with(user: Any, signed_in_at: datetime) -> bool:
    """Return whether a case that is done has covered a sign-in of this time: what it left behind was looked at."""
    return covered_until(user.pk, signed_in_at) is not None


def covered_until(user_id: Any, signed_in_at: datetime) -> datetime | None:
    """Return when the last case that is done and has covered a sign-in of this time was opened; None without one.

    Whoever signed in after that on the same device is somebody whom no case has dealt with yet.
    """
    done = Recovery.objects.filter(user_id=user_id, closed_why=Recovery.ClosedWhy.DONE)
    covering = done.filter(since__lte=signed_in_at, opened_at__gte=signed_in_at)
    until: datetime | None = covering.aggregate(until=Max("opened_at"))["until"]
    return until


def safe_addresses(user: Any, since: datetime) -> list[str]:
    """Return the trusted addresses of the account, without what was added to it since then.

    Where nothing else is left, all that can be trusted: an owner who has changed the address since, too, must not stand
    before a case to which nobody has a link.
    """
    added = [credential for credential in conf.credentials().of(user) if is_younger(credential, since)]
    trusted = trusted_addresses(user)
    older = [one for one in trusted if not any(is_address(credential, one) for credential in added)]
    return older or trusted


def since_of(sessions: Collection[Session]) -> datetime:
    """Return since when the account may have been somebody else's: the earliest of these sign-ins. Where none is
    named, what is younger than a trusted address."""
    times = [session.signed_in_at for session in sessions if session.signed_in_at is not None]
    return min(times, default=timezone.now() - SETTLED)


def mail_recovery_link(*, user: HasPk) -> bool:
    """Mail the link to the open recovery of this account again, to the address it belongs to; return whether the
    account is being recovered.

    For whatever mails password resets: none of them would be accepted now. At most one a minute, and five an hour; it
    is True as well where nothing was mailed for that.
    """
    return mail_link_again(user=user) is not None


@atomically
def mail_link_again(*, user: HasPk) -> bool | None:
    """Do as `mail_recovery_link()` does; return whether a link was mailed now, and None where the account is not being
    recovered. For pages that say so."""
    if not Recovery.objects.of(user).open().exists():
        return None
    hold([user.pk])
    case = open_case_of(user)
    if case is None:
        return None
    sent = Event.objects.filter(user_id=user.pk, kind=Event.Kind.RECOVERY_LINK)
    now = timezone.now()
    lately = sent.filter(at__gt=now - RESEND_AFTER).exists()
    if lately or sent.filter(at__gt=now - timedelta(hours=1)).count() >= MOST_LINKS_AN_HOUR:
        return False
    receivers = [case.address] if case.address else safe_addresses(user, case.since)
    if not receivers:
        return False
    _mail_link(case, receivers)
    return True


@atomically
def password_again(*, user: HasPk) -> bool:
    """Ask for a new password in the open recovery of this account, which is held, and mail the link to it again; return
    whether the account is being recovered."""
    case = open_case_of(user)
    if case is None:
        return False
    case.needs_password, case.password_at = True, None
    case.save(update_fields=["needs_password", "password_at"])
    return mail_recovery_link(user=user)


def _mail_link(case: Recovery, receivers: list[str]) -> None:
    event = events.append(Event.Kind.RECOVERY_LINK, user_id=case.user_id, data={"recovery": case.public_id})
    mail_code(event, receivers)
