"""Invariant 1, whatever is called: every public method of Django's `SessionBase`, alone and in sequences of two and
three, on a session that is ended, gets another key, expires or is purged before any of the calls.

`PLAIN: user, get(key), ENDED, save()` in a failure reads: in an ordinary session the user was looked up and `get()`
called, then it was ended, then `save()` was called. Each is judged after its calls, and again after it was saved as at
the end of a request.

What is not run under each change, at each moment, in each kind of session, synchronously and asynchronously is drawn
by lot, always the same. With `SEQUENCES=all` all is run, and of three methods each sequence once under each change.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import random
from collections import Counter
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    aupdate_session_auth_hash,
    update_session_auth_hash,
)
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.store import SessionStore
from tests.conftest import Browser
from tests.models import EndReason, Session
from tests.session_methods import Call, every_call, plain_form, twins
from tests.session_sequences import ABSOLUTE_TIMEOUT, CHANGES, LOOK_UPS, Sequence, Trial, signs_in

pytestmark = pytest.mark.django_db

ALL = os.environ.get("SEQUENCES") == "all"
THREES = 75  # of the sequences of three, for each change
TOGETHER = 250  # sequences that share the statements around them
KINDS = ("PLAIN", "AGREED", "SUPPORT")
TELLING: set[tuple[Call, ...]] = set()


@pytest.fixture
def trial(user: Any, other_user: Any, administrator: Any, settings: Any) -> Trial:
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "ABSOLUTE_TIMEOUT": ABSOLUTE_TIMEOUT,
        "SESSION_LIMIT": None,
    }
    for person in (user, other_user, administrator):
        Browser().sign_in(person)
    return Trial(ordinary=Session.objects.get(user=user), origin=Session.objects.get(user=administrator))


@pytest.mark.parametrize("change", CHANGES)
def test_no_method_alone_revives_a_session_or_takes_from_it(trial: Trial, change: str) -> None:
    chance = random.Random(change)
    judge(
        trial,
        [
            sequence
            for call, look_up in product(every_call(), LOOK_UPS)
            for sequence in drawn([Sequence(kind, look_up, (call,), 0) for kind in KINDS], chance)
        ],
        change,
    )


@pytest.mark.parametrize("change", CHANGES)
def test_no_two_methods_revive_a_session_or_take_from_it(trial: Trial, change: str) -> None:
    """Those that tell under half of the changes; what merely reads what is known, before or after any other, under
    one."""
    telling = telling_forms(trial)
    lots, chance = random.Random("changes for each pair"), random.Random(change)
    sequences = []
    for forms in product(forms_of(every_call()), repeat=2):
        changes = lots.sample(list(CHANGES), len(CHANGES) // 2)
        if ALL or change in (changes if telling.issuperset(forms) else changes[:1]):
            for pair in product(*forms) if ALL else [in_some_form(forms, chance)]:
                sequences += drawn(at_every_moment(pair), chance)
    judge(trial, sequences, change)


@pytest.mark.parametrize("change", CHANGES)
def test_no_three_methods_revive_a_session_or_take_from_it(trial: Trial, change: str) -> None:
    """Those that tell."""
    chance = random.Random(change)
    threes = list(product(sorted(telling_forms(trial), key=str), repeat=3))
    chosen = threes if ALL else chance.sample(threes, THREES)
    judge(trial, [chance.choice(at_every_moment(in_some_form(forms, chance))) for forms in chosen], change)


def drawn(sequences: list[Sequence], chance: random.Random) -> list[Sequence]:
    return sequences if ALL else [chance.choice(sequences)]


def at_every_moment(calls: tuple[Call, ...]) -> list[Sequence]:
    moments = range(len(calls))
    return [Sequence(kind, look_up, calls, at) for kind, look_up, at in product(KINDS, LOOK_UPS, moments)]


def forms_of(calls: list[Call]) -> list[tuple[Call, ...]]:
    """Each in its synchronous and its asynchronous form."""
    forms: dict[Call, list[Call]] = {}
    for call in calls:
        forms.setdefault(plain_form(call), []).append(call)
    return [tuple(same) for same in forms.values()]


def telling_forms(trial: Trial) -> set[tuple[Call, ...]]:
    """Those of which a form does more than read what is known; found once, because every trial finds the same."""
    if not TELLING:
        TELLING.update(forms for forms in forms_of(every_call()) if any(map(trial.tells, forms)))
    return TELLING


def in_some_form(forms: tuple[tuple[Call, ...], ...], chance: random.Random) -> tuple[Call, ...]:
    return tuple(chance.choice(calls) for calls in forms)


def judge(trial: Trial, sequences: list[Sequence], change: str) -> None:
    """What sweeps everybody's expired sessions is run by itself: it would end those of the other sequences."""
    parts: tuple[list[Sequence], list[Sequence]] = ([], [])
    for sequence in dict.fromkeys(sequences):
        parts[any(call.is_about_everybody for call in sequence.tail)].append(sequence)
    failures = [
        failure
        for part in parts
        for start in range(0, len(part), TOGETHER)
        for failure in trial.failures(part[start : start + TOGETHER], change)
    ]
    if failures:
        kinds = Counter(wrong for _sequence, wrong in failures).most_common()
        lines = [
            f"{len(failures)} of {len(sequences)} sequences fail:",
            *(f"  {count} × {wrong}" for wrong, count in kinds),
            *(f"{sequence} -> {wrong}" for sequence, wrong in failures[:40]),
        ]
        pytest.fail("\n".join(lines), pytrace=False)


def test_a_living_session_goes_on_under_its_key_unless_that_is_what_was_asked(trial: Trial) -> None:
    """The control of the tests above: a store that refused everything would pass them."""
    completed = [call for call in every_call() if "must_create" not in call.parameters]
    signed_in = {call: trial.signed_in_after(call) for call in completed}
    signed_out = {str(plain_form(call)) for call, by in signed_in.items() if by == (False, False)}
    rotated = {str(plain_form(call)) for call, by in signed_in.items() if by == (False, True)}
    left = {str(plain_form(call)) for call, by in signed_in.items() if by == (True, False)}
    assert signed_out == {"flush()", "delete()", "delete(session_key)", "clear()"}
    assert rotated == {"cycle_key()"}
    assert left == {"create()"}


@pytest.mark.parametrize("load", [SessionStore.load, lambda store: async_to_sync(store.aload)()])
def test_loading_an_ended_session_again_forgets_what_was_read_before(
    load: Callable[[SessionStore], Any], user: Any, other_user: Any
) -> None:
    for person in (other_user, user):
        browser = Browser()
        browser.sign_in(person)
    store = SessionStore(browser.cookies["sessionid"].value)
    assert store[SESSION_KEY] == str(user.pk)
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert load(store) == {}
    assert SESSION_KEY not in store
    assert Session.objects.of(other_user).living().count() == 1


# --- A session that no row was read for -----------------------------------------------------------------------------


def by_hand(user: Any) -> dict[str, str]:
    return {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }


@pytest.fixture
def model_backend(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]


@pytest.mark.usefixtures("model_backend")
def test_a_user_written_into_a_fresh_session_is_signed_in_by_it(user: Any, other_user: Any) -> None:
    """Django's own tests do this."""
    store = SessionStore()
    for name, value in by_hand(user).items():
        store[name] = value
    store.save()
    assert SessionStore(store.session_key).get_user() == user
    assert not Session.objects.of(other_user).exists()


@pytest.mark.usefixtures("model_backend")
def test_a_user_written_into_a_fresh_session_asynchronously_is_signed_in_by_it(
    user: Any, other_user: Any
) -> None:
    @async_to_sync
    async def write() -> str | None:
        store = SessionStore()
        await store.acreate()
        await store.aupdate(by_hand(user))
        await store.asave()
        return store.session_key

    assert SessionStore(write()).get_user() == user
    assert not Session.objects.of(other_user).exists()


# --- Asynchronous methods -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", twins())
def test_an_asynchronous_method_is_our_own(name: str) -> None:
    """What Django's base class does in its place is not what our synchronous method does (`acycle_key()`)."""
    owner = next(cls for cls in SessionStore.__mro__ if name in vars(cls))
    assert owner.__module__.partition(".")[0] == "sessions_ui"


@pytest.mark.parametrize("name", twins())
def test_an_asynchronous_method_runs_the_synchronous_one(name: str) -> None:
    plain, asked, result = twins()[name], [], object()

    def instead(*args: Any, **kwargs: Any) -> object:
        asked.append(plain)
        return result

    is_of_class = inspect.ismethod(getattr(SessionStore, plain))
    watched = type("Watched", (SessionStore,), {plain: classmethod(instead) if is_of_class else instead})
    call = next(call for call in every_call() if call.name == name)

    @async_to_sync
    async def run() -> object:
        return await call.on(watched(), "0" * 32)

    assert run() in (result, None)
    assert asked == [plain]


# --- Django's own ways that rotate the key --------------------------------------------------------------------------


def rotate_asynchronously(request: HttpRequest, user: Any) -> None:
    async_to_sync(aupdate_session_auth_hash)(request, user)


ROTATIONS = pytest.mark.parametrize("rotate", [update_session_auth_hash, rotate_asynchronously])


@pytest.fixture
def request_under_way(user: Any, other_user: Any) -> HttpRequest:
    """Of a signed-in user, who was looked up; somebody else is signed in, too."""
    for person in (other_user, user):
        browser = Browser()
        browser.sign_in(person)
    request = HttpRequest()
    request.session = SessionStore(browser.cookies["sessionid"].value)  # type: ignore[assignment]
    request.user = signed_in = request.session.get_user()

    async def auser() -> Any:  # Django 6.1 asks for it
        return signed_in

    request.auser = auser
    return request


@ROTATIONS
def test_a_session_that_ended_during_its_password_change_stays_ended(
    rotate: Callable[[HttpRequest, Any], None], request_under_way: HttpRequest, user: Any, other_user: Any
) -> None:
    store, key = request_under_way.session, request_under_way.session.session_key
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    for step in (lambda: rotate(request_under_way, user), store.save):
        with contextlib.suppress(UpdateError):
            step()
        assert not signs_in(key) and not signs_in(store.session_key)
    assert [row.end_reason for row in Session.objects.of(user)] == [EndReason.ADMINISTRATOR]
    assert [row.is_living for row in Session.objects.of(other_user)] == [True]


@ROTATIONS
def test_a_session_keeps_its_row_and_gets_another_key_with_its_password_change(
    rotate: Callable[[HttpRequest, Any], None], request_under_way: HttpRequest, user: Any, other_user: Any
) -> None:
    store, key = request_under_way.session, request_under_way.session.session_key
    before = Session.objects.get(user=user)
    rotate(request_under_way, user)
    store.save()
    after = Session.objects.get(user=user)
    assert (after.pk, after.device, after.signed_in_at) == (before.pk, before.device, before.signed_in_at)
    assert not signs_in(key) and signs_in(store.session_key)
    assert Session.objects.of(other_user).living().count() == 1
