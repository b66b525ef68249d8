"""Sequences of calls on sessions to which something happens in between, and what must hold afterwards.

Many sequences share the statements around them: each has a session of its own, what happens happens to all of them at
once. Where something is wrong they are run again in halves, down to the single one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.models.fields import new_public_id
from sessions_ui.store import SessionStore
from tests.models import Device, EndReason, Session, digest_of
from tests.session_methods import CART, Call

ABSOLUTE_TIMEOUT = timedelta(days=30)  # the test's setting; `TEN_DAYS` from now is later
# What may differ afterwards; everything else of a row stays as it is. How late `expires_at` may be is judged by itself.
MAY_CHANGE = {
    *("digest", "previous_digest", "rotated_at", "payload", "expires_at", "last_seen_at"),
    *("ended_at", "end_reason", "ended_by_id", "act_id", "refused_at", "tabs_told_at"),
}
ENDING = ("ended_at", "end_reason", "ended_by_id", "act_id")
# Whoever calls one of these in a living session may have signed out: emptied it, among others.
SIGN_OUTS = {"clear", "delete", "adelete", "flush", "aflush"}


# --- What is run ----------------------------------------------------------------------------------------------------

# What the request has done before: nothing, looked up its user, read its data.
LOOK_UPS: dict[str, Callable[[SessionStore], Any]] = {
    "nothing": lambda store: None,
    "user": lambda store: store.get_user(),
    "data": lambda store: store.items(),
}


@dataclass(frozen=True)
class Sequence:
    """`calls` on a session that is a `kind` (of `kinds_of()`), after a look-up; the change comes before the call at
    `moment`."""

    kind: str
    look_up: str
    calls: tuple[Call, ...]
    moment: int

    def told(self, change: str) -> str:
        steps = [str(call) for call in self.calls]
        steps.insert(self.moment, change)
        return f"{self.kind}: {', '.join([self.look_up, *steps])}"

    @property
    def head(self) -> tuple[Call, ...]:
        return self.calls[: self.moment]

    @property
    def tail(self) -> tuple[Call, ...]:
        return self.calls[self.moment :]


@dataclass(eq=False)
class Run:
    """A sequence under way."""

    sequence: Sequence
    key: str  # the browser's
    row: Session  # as it began
    at_most: datetime  # `expires_at` is never later
    origin: Session | None = None  # the staff's own, where they use the account from it
    store: SessionStore = field(init=False)
    rotated_to: list[str] = field(default_factory=list)  # the keys that another request got
    wrong: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.store = SessionStore(self.key)

    @property
    def keys(self) -> set[str]:
        """What the browser has, and what it would get."""
        return {key for key in (self.key, self.store.session_key) if key is not None}

    @property
    def may_sign_out(self) -> bool:
        """`save(must_create=True)` reads nothing: where it finds that the key is taken, the store is empty (Django's,
        too), and saving that is a sign-out."""
        return any(call.name in SIGN_OUTS or "must_create" in call.parameters for call in self.sequence.calls)

    async def perform(self, calls: Iterable[Call]) -> None:
        """Like a view that swallows what a session may raise, and goes on."""
        for call in calls:
            try:
                if call.is_asynchronous:
                    await call.on(self.store, self.key)
                else:
                    await sync_to_async(call.on)(self.store, self.key)
            except Exception as error:
                if not may_raise(call, error):
                    self.wrong.add(f"{call} raised {error!r}")

    def finish(self) -> None:
        """The end of the request: what the middleware does, also where somebody wrote nothing but says so."""
        try:
            if not self.store.modified:
                self.store.update({})
            if not self.store.is_empty():
                self.store.save()
        except UpdateError:
            pass


def may_raise(call: Call, error: Exception) -> bool:
    """KeyError where no such item is, UpdateError where the session is over or has another key, CreateError where one
    was to be made under a key that is taken."""
    if isinstance(error, KeyError):
        return error.args[0] in (CART, SessionBase.TEST_COOKIE_NAME)
    if isinstance(error, CreateError):
        return "must_create" in call.parameters
    return isinstance(error, UpdateError)


@async_to_sync
async def perform_each(runs: Iterable[Run], part: Callable[[Sequence], Iterable[Call]]) -> None:
    for run in runs:
        await run.perform(part(run.sequence))


# --- What happens to the sessions -----------------------------------------------------------------------------------


def end(runs: list[Run], user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)


def rotate(runs: list[Run], user: Any) -> None:
    """By another request with the same cookie."""
    for run in runs:
        for key in run.keys:
            other = SessionStore(key)
            if other.get_user().is_authenticated:
                other.cycle_key()
                assert other.session_key is not None
                run.rotated_to.append(other.session_key)


def expire(runs: list[Run], user: Any) -> None:
    past = timezone.now() - timedelta(minutes=1)
    Session.objects.of(user).filter(ended_at__isnull=True).update(expires_at=past)


def purge(runs: list[Run], user: Any) -> None:
    Session.objects.of(user).delete()


def contain(runs: list[Run], user: Any) -> None:
    """By an incident that is in force at once, and no row says so yet."""
    order_incident(criteria=Criteria(everyone=True), note="the cookies leaked")


def leave(runs: list[Run], user: Any) -> None:
    """Nothing happens: the control."""


CHANGES = {
    "ENDED": end,
    "ROTATED": rotate,
    "EXPIRED": expire,
    "PURGED": purge,
    "CONTAINED": contain,
    "LIVING": leave,
}


# --- What must hold -------------------------------------------------------------------------------------------------


def kinds_of(ordinary: Session, origin: Session) -> dict[str, tuple[dict[str, Any], datetime]]:
    """Columns of a row, and how late it may expire: an ordinary session, one with an agreed end, and one in which
    staff, signed in as `origin`, uses the account."""
    now = timezone.now()
    data = {**SessionStore().decode(ordinary.payload), CART: 1}
    names = [field.attname for field in Session._meta.concrete_fields if not field.primary_key]
    plain = {
        **{name: getattr(ordinary, name) for name in names},
        "payload": SessionStore().encode(data),
        "signed_in_at": now - timedelta(days=25),
        "expires_at": now + timedelta(days=2),
    }
    agreed = {**plain, "latest_end_at": now + timedelta(days=3)}
    support = {
        **plain,
        "device_id": None,
        "impersonator_id": origin.user_id,
        "impersonated_from_id": origin.pk,
        "signed_in_at": now - timedelta(minutes=5),
        "expires_at": now + timedelta(minutes=30),
    }
    return {
        "PLAIN": (plain, plain["signed_in_at"] + ABSOLUTE_TIMEOUT),
        "AGREED": (agreed, agreed["latest_end_at"]),
        "SUPPORT": (support, support["expires_at"]),
    }


class Trial:
    """A user with nothing but the sessions of some sequences, among people who have nothing to do with it."""

    def __init__(self, ordinary: Session, origin: Session) -> None:
        """The two sessions are patterns; `ordinary` is removed, since only copies of it are used."""
        self.user = ordinary.user
        self.origin = origin
        self.kinds = kinds_of(ordinary, origin)
        ordinary.delete()
        self.others = self._others()

    def failures(self, sequences: list[Sequence], change: str) -> list[tuple[str, str]]:
        """Of each sequence that fails: how it went, and what was wrong. What cannot be said of one of many is looked
        for in halves."""
        runs, among = self._run(sequences, change)
        found = [(run.sequence.told(change), "; ".join(sorted(run.wrong))) for run in runs if run.wrong]
        if among and not found and len(runs) > 1:
            half = len(runs) // 2
            found = self.failures(sequences[:half], change) + self.failures(sequences[half:], change)
        if among and not found:
            found = [(f"with {len(runs) - 1} others, {sequences[0].told(change)}", "; ".join(sorted(among)))]
        return found

    def tells(self, call: Call) -> bool:
        """Whether it asks the database or changes the store where the data was read before."""
        with self._begin([Sequence("PLAIN", "data", (call,), 0)]) as (run,):
            before = deepcopy(vars(run.store))
            with CaptureQueriesContext(connection) as queries:
                perform_each([run], lambda sequence: sequence.calls)
            return bool(queries.captured_queries) or vars(run.store) != before

    def signed_in_after(self, call: Call) -> tuple[bool, bool]:
        """Whether a living session in which this alone is called signs in by the key it had, and by the one it gets."""
        with self._begin([Sequence("PLAIN", "data", (call,), 0)]) as (run,):
            perform_each([run], lambda sequence: sequence.calls)
            run.finish()
            return signs_in(run.key), signs_in(run.store.session_key)

    def _run(self, sequences: list[Sequence], change: str) -> tuple[list[Run], set[str]]:
        """Each with what is wrong about it, and what is wrong about nobody knows which."""
        with self._begin(sequences) as runs:
            perform_each(runs, lambda sequence: sequence.head)
            CHANGES[change](runs, self.user)
            at_change = self._rows()
            perform_each(runs, lambda sequence: sequence.tail)
            among = self._judge(runs, change, at_change)
            sound = [run for run in runs if not run.wrong]
            for run in runs:
                run.finish()
            among |= self._judge(runs, change, at_change)
            for run in sound:
                run.wrong = {f"once saved, {problem}" for problem in run.wrong}
        return runs, among

    @contextmanager
    def _begin(self, sequences: list[Sequence]) -> Iterator[list[Run]]:
        with transaction.atomic():
            runs = [self._run_of(sequence) for sequence in sequences]
            self._give_origins([run for run in runs if run.row.impersonated_from_id is not None])
            Session.objects.bulk_create([run.row for run in runs])
            for run in runs:
                LOOK_UPS[run.sequence.look_up](run.store)
            yield runs
            transaction.set_rollback(True)

    def _run_of(self, sequence: Sequence) -> Run:
        columns, at_most = self.kinds[sequence.kind]
        key = SessionStore.new_key()
        row = Session(**{**columns, "digest": digest_of(key), "public_id": new_public_id()})
        return Run(sequence, key, row, at_most)

    def _give_origins(self, runs: list[Run]) -> None:
        """One each: whoever signs out is out of that, too."""
        copies = [deepcopy(self.origin) for _ in runs]
        for copy in copies:
            copy.pk, copy.digest, copy.public_id = None, digest_of(SessionStore.new_key()), new_public_id()
            copy._state.adding = True
        for run, origin in zip(runs, Session.objects.bulk_create(copies), strict=True):
            run.origin, run.row.impersonated_from_id = origin, origin.pk

    def _judge(self, runs: list[Run], change: str, at_change: dict[int, Session]) -> set[str]:
        rows, among = self._rows(), set()
        holders = {digest_of(key): run for run in runs for key in run.keys}
        for pk in rows.keys() - {run.row.pk for run in runs}:
            holder = holders.get(rows[pk].digest)
            problem = f"{'a living' if rows[pk].is_living else 'an ended'} row with the user was inserted"
            (holder.wrong if holder else among).add(problem)
        for run in runs:
            before, row = at_change.get(run.row.pk), rows.get(run.row.pk)
            run.wrong |= what_was_lost(run, before, row) | who_is_signed_in(run, change, before, row)
            run.wrong |= what_became_of_the_staff(run)
        if self._others(runs) != self.others:
            among.add("somebody else's row was changed")
        return among

    def _rows(self) -> dict[int, Session]:
        return {row.pk: row for row in Session.objects.of(self.user)}

    def _others(self, runs: Iterable[Run] = ()) -> list[Any]:
        """Everybody's devices, too: whose device is deleted has lost it."""
        origins = [run.origin.pk for run in runs if run.origin is not None]
        others = Session.objects.filter(user__isnull=False).exclude(user=self.user).exclude(pk__in=origins)
        return [*others.order_by("pk").values(), *Device.objects.order_by("pk").values()]


def what_was_lost(run: Run, before: Session | None, row: Session | None) -> set[str]:
    if row is None:
        return set() if before is None else {"the row is gone"}
    names = [field.attname for field in Session._meta.concrete_fields if field.attname not in MAY_CHANGE]
    wrong = {f"{name} was changed" for name in names if getattr(row, name) != getattr(run.row, name)}
    if before is None:
        wrong.add("the row came back")
    elif before.ended_at is not None:
        wrong |= {f"{name} was changed" for name in ENDING if getattr(row, name) != getattr(before, name)}
    elif not before.is_living and row.expires_at > before.expires_at:
        wrong.add("expires_at was put off once it was over")
    if row.expires_at > run.at_most:
        wrong.add("expires_at is later than it may be")
    return wrong


def what_became_of_the_staff(run: Run) -> set[str]:
    """Their own session is as it was, or they have signed out."""
    if run.origin is None:
        return set()
    now = Session.objects.get(pk=run.origin.pk)
    if now.ended_at is not None and not (run.may_sign_out and now.end_reason == EndReason.SIGNED_OUT):
        return {"the staff was signed out"}
    names = [field.attname for field in Session._meta.concrete_fields if field.attname not in ENDING]
    changed = [name for name in names if getattr(now, name) != getattr(run.origin, name)]
    return {f"{name} of the staff's session was changed" for name in changed}


def who_is_signed_in(run: Run, change: str, before: Session | None, row: Session | None) -> set[str]:
    """After an end, by whatever way: nobody. After another request got a new key: who has that."""
    lived, lives = (state is not None and state.is_living for state in (before, row))
    if change == "LIVING":
        return set() if lives or run.may_sign_out else {"a living session was ended"}
    wrong = {"a key signs in" for key in run.keys if signs_in(key)}
    if change == "ROTATED" and run.may_sign_out and not lives:
        return wrong  # whoever comes with the key of a moment ago may sign out, too
    if change == "CONTAINED":
        return wrong  # that its generation stays is looked at with the other columns
    wrong |= {"the new key signs nobody in" for key in run.rotated_to if not signs_in(key)}
    if lived != lives:
        wrong.add("the session lives again" if lives else "the session with the new key was ended")
    if lived and change != "ROTATED":
        wrong.add(f"{change} did not happen")
    return wrong


def signs_in(key: str | None) -> bool:
    return SessionStore(key).get_user().is_authenticated
