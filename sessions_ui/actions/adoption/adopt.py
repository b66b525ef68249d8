"""Adopt sessions of another engine: same cookie, same user, now a row of ours.

In bulk (`manage.py adopt_sessions`) and, while ADOPT_FROM is in effect, one by one when a key is unknown here. Both put
the old row to the same proof as a request (`validate.py`), under the lock of the user's row: what was ended, or signed
in with an earlier password, is not brought back (docs/adoption.md).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DatabaseError, IntegrityError, connections, router, transaction
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.adoption.adoptable import Draft, Skip, describe, draft, session_from
from sessions_ui.actions.adoption.window import adopting_from
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sign_in.verify_account import hold_for_sign_in
from sessions_ui.adopt import SOURCES, OldSession, Source
from sessions_ui.audit.events import append_adopted
from sessions_ui.database.transactions import in_transaction
from sessions_ui.exceptions import TryAgain
from sessions_ui.models import AccountState, Adoption, Containment, Device, EndReason, Session

logger = logging.getLogger(__name__)

LONGEST_KEY = 40  # characters
BATCH = 100  # sessions a transaction: 30 ms of SQLite, which has one writer
ATTEMPTS = 3  # for a batch whose anonymous sessions somebody else adopts at the same moment


@dataclass(slots=True)
class Report:
    """What became of the rows that were looked at."""

    users: int = 0
    anonymous: int = 0
    skipped: Counter[Skip] = field(default_factory=Counter)

    @property
    def adopted(self) -> int:
        return self.users + self.anonymous

    def add(self, other: Report) -> None:
        self.users += other.users
        self.anonymous += other.anonymous
        self.skipped.update(other.skipped)


@dataclass(frozen=True, slots=True)
class Run:
    """What is the same for every batch: `at` is when it began, `present` that the sessions are in use right now."""

    source: Source
    using: str
    at: datetime
    dry: bool = False
    mark: bool = False
    present: bool = False


def adopt_all(
    *,
    source: Source,
    batch_size: int = BATCH,
    dry_run: bool = False,
    mark: bool = False,
    progress: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Adopt every living session of `source` that was not adopted before; it can be interrupted and run again.

    One transaction a batch, constant memory. `dry_run` decides the same and writes nothing. `mark` records which
    adopted sessions are still in the old table, for `end_missing()`.
    """
    run = Run(source, router.db_for_write(Session), timezone.now(), dry=dry_run, mark=mark)
    report = Report()
    report.skipped[Skip.EXPIRED] = source.count_expired(run.using)
    for rows in source.batches(run.using, batch_size):
        report.add(_adopt(rows, run))
        progress(report)
    return report


def adopt_missing(key: str) -> bool:
    """Adopt the session of an unknown key from ADOPT_FROM; return whether the key is worth looking up again.

    It costs nothing where that is not set, and one statement for a key that is unknown there too.
    """
    name = adopting_from()
    if not name or name not in SOURCES or not can_be_a_key(key):
        return False
    run = Run(SOURCES[name], router.db_for_write(Session), timezone.now(), present=True)
    try:
        with transaction.atomic(using=run.using):
            row = run.source.find(run.using, key)
    except DatabaseError:
        if run.source.is_present(run.using):
            raise
        # An operator dropped the table before the setting: no reason to fail every request with a dead cookie.
        logger.warning("SESSIONS_UI['ADOPT_FROM'] is %r, but its table is not there.", name)
        return False
    if row is None:
        return False
    report = _adopt([row], run)
    # "Before" can be a moment ago, by another request of the same browser.
    return bool(report.adopted or report.skipped[Skip.ADOPTED])


def can_be_a_key(key: str) -> bool:
    """Return whether an engine can have made this key: letters and digits, no more than its column holds.

    A cookie can hold anything, such as the zero byte that PostgreSQL accepts in no text.
    """
    return key.isascii() and key.isalnum() and len(key) <= LONGEST_KEY


def end_missing(*, source: Source, since: datetime) -> int:
    """End what was adopted and has left the old table since: somebody signed it out on a server of the old release.

    Call it after a whole walk with `mark` that began at `since`. Keys that were rotated here are left alone, because
    the old table has nothing to say about them.
    """
    using = router.db_for_write(Session)
    gone = Adoption.objects.using(using).filter(
        source=source.name, seen_at__lt=since, expires_at__gt=timezone.now()
    )
    ended, after = 0, ""
    while digests := list(
        gone.filter(digest__gt=after).order_by("digest").values_list("digest", flat=True)[:BATCH]
    ):
        sessions = Session.objects.using(using).filter(digest__in=digests, ended_at__isnull=True)
        ended += end_sessions(sessions=sessions, reason=EndReason.SIGNED_OUT).ended
        sessions.filter(user__isnull=True).delete()
        after = digests[-1]
    return ended


def _adopt(rows: Sequence[OldSession], run: Run) -> Report:
    """Adopt one batch of old rows. They are parsed first, so that nobody waits for it with a lock."""
    report = Report()
    drafts = []
    for row in rows:
        made = draft(row, run.source)
        if isinstance(made, Skip):
            report.skipped[made] += 1
        else:
            drafts.append(made)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            report.add(in_transaction(partial(_write, drafts, run), using=run.using))
            break
        except IntegrityError as error:
            if attempt < ATTEMPTS:
                continue
            if connections[
                run.using
            ].in_atomic_block:  # its snapshot may never show what somebody else has adopted
                raise TryAgain from error
            raise
    return report


def _write(drafts: Sequence[Draft], run: Run) -> Report:
    report = Report()
    users, states = _accounts(drafts, run)
    known = _known(drafts, run)
    limits = Containment.read().limits
    sessions, devices = [], []
    for made in drafts:
        if made.digest in known:
            report.skipped[Skip.ADOPTED] += 1
            continue
        state = states.get(made.user_pk)
        session = session_from(
            made,
            users.get(made.user_pk),
            run.at,
            run.present,
            is_cut=state is not None and bool(state.cut_at),
            limits=limits,
        )
        if isinstance(session, Skip):
            report.skipped[session] += 1
            continue
        sessions.append(session)
        if session.user_id is None:
            report.anonymous += 1
            continue
        report.users += 1
        if state is not None and state.ends_at is not None:
            session.latest_end_at = state.ends_at
            session.expires_at = min(session.expires_at, state.ends_at)
        _describe_from_request(session, run)
        devices.append(session.device)
    if sessions and not run.dry:
        _insert(sessions, devices, drafts, run)
    return report


def _accounts(drafts: Sequence[Draft], run: Run) -> tuple[dict[Any, Any], dict[Any, AccountState]]:
    """Return the users as they are now and what was decided about them, both held as by a sign-in.

    An ending of theirs either came before, and is seen, or waits and finds what is adopted here.
    """
    keys = {made.user_pk for made in drafts if made.user_pk is not None}
    if not keys:
        return {}, {}
    if not run.dry:
        return hold_for_sign_in(keys)
    model = get_user_model()
    users = model._base_manager.using(router.db_for_write(model)).in_bulk(keys)
    return users, AccountState.objects.using(run.using).in_bulk(keys)


def _known(drafts: Sequence[Draft], run: Run) -> set[str]:
    digests = [made.digest for made in drafts]
    adopted = Adoption.objects.using(run.using).filter(digest__in=digests)
    if run.mark and not run.dry:
        adopted.update(seen_at=timezone.now())
    living = Session.objects.using(run.using).filter(digest__in=digests)
    return {*adopted.values_list("digest", flat=True), *living.values_list("digest", flat=True)}


def _describe_from_request(session: Session, run: Run) -> None:
    """Describe the session by the request that brought its key.

    Django's own engine knows nothing of the client. Nothing is recorded as the state at sign-in, because that may have
    been elsewhere.
    """
    now = context.current() if run.present else None
    if now is not None and now.meta and not session.user_agent and not session.address:
        client = client_of(now.meta)
        describe(session, client)


def _insert(sessions: list[Session], devices: list[Any], drafts: Sequence[Draft], run: Run) -> None:
    Device.objects.using(run.using).bulk_create(devices)
    # Not every database says which keys it gave.
    names = [device.public_id for device in devices]
    keys = dict(Device.objects.using(run.using).filter(public_id__in=names).values_list("public_id", "pk"))
    for session in sessions:
        if session.device is not None:
            session.device.pk = keys[session.device.public_id]
            session.device_id = session.device.pk
    Session.objects.using(run.using).bulk_create(sessions)
    written = {session.digest for session in sessions}
    Adoption.objects.using(run.using).bulk_create(
        Adoption(
            digest=made.digest,
            source=run.source.name,
            expires_at=made.old.expires_at,
            seen_at=timezone.now(),
        )
        for made in drafts
        if made.digest in written
    )
    rows = Session.objects.using(run.using).filter(digest__in=written, user__isnull=False)
    append_adopted(rows, run.source.name, at=run.at)
