"""Access tokens beside what ends them: used, given another value, made and touched at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.actions.recovery.open import open_recovery
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.create import NewToken, create_token
from sessions_ui.actions.tokens.leaked import report_leaked
from sessions_ui.actions.tokens.revoke import revoke_token
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.used import note_use
from sessions_ui.client import client_info
from sessions_ui.exceptions import AccountFrozen, BearerRefused, FurtherProofNeeded, SessionEnded
from sessions_ui.store import SessionStore
from tests.aging import long_ago
from tests.models import Event, Recovery, Session
from tests.races.people import administrator, disable, ended_of, fresh, living, sign_in
from tests.races.race import Race
from tests.races.test_incidents import order, staff


def make(person: Any) -> NewToken:
    ends = timezone.now() + timedelta(days=1)
    return create_token(user=person, name="Script", scopes=["sessions:read"], expires_at=ends)


def make_in_browser(person: Any, store: SessionStore) -> NewToken:
    """As the request of a session that vouches for itself makes one."""
    token = context.begin(context.Acting(store))
    try:
        return make(person)
    finally:
        context.finish(token)


def is_valid(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(authenticate_token(value))
    except BearerRefused:
        return False


def touch(made: NewToken) -> None:
    """As a request that was let in a moment ago, with a use to be noted."""
    client = client_info({}, trusted=(), geoip_path=())
    note_use(bearer=authenticate_token(made.value), client=client, now=timezone.now() + timedelta(minutes=2))


def rotate(made: NewToken) -> str:
    return rotate_token(token=made.token).value


def revoke(made: NewToken) -> None:
    bearer = authenticate_token(made.value)
    revoke_token(bearer=bearer, by=bearer)


def refusable(action: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    """What the ending, which came first, has refused is None, as a refused sign-in is in every race."""

    def act() -> Any:
        try:
            return action(*args)
        except (BearerRefused, AccountFrozen, FurtherProofNeeded) as refused:
            raise SessionEnded from refused

    return act


# --- What ends all tokens of an account


def leaver(person: Any) -> None:
    offboard(user=person, ends_at=timezone.now() - timedelta(seconds=1))


def incident(person: Any) -> None:
    order()


def recovery(person: Any) -> None:
    open_recovery(
        user=fresh(person),
        since=timezone.now() - timedelta(hours=1),
        opened_by=Recovery.OpenedBy.DEVICES,
    )


ENDINGS = [administrator, disable, leaver, incident, recovery]


def test_no_use_of_a_token_lets_it_outlive_an_ending(race: Race) -> None:
    for use, ending in race.turns([touch, rotate, revoke], ENDINGS):
        person = staff(known=False)
        made = make(person)
        new, *_ = race.run(refusable(use, made), endings=[partial(ending, person)])
        race.is_over(is_valid(made.value) or is_valid(new), "a token")
        assert Session.objects.get(pk=made.token.pk).refused_at is not None, "the refusal was recorded"


def test_two_new_values_at_once_are_one_after_the_other(race: Race) -> None:
    for _ in race.times():
        person = staff(known=False)
        made = make(person)
        values = race.run(*[partial(rotate, made)] * 2)
        valid = [value for value in (made.value, *values) if is_valid(value)]
        assert all(values), "both were given"
        race.stays(sorted(valid) == sorted(values), "one of the two, or nothing but these,")
        race.stays(living(person).count() == 1, "the token")


def test_what_is_reported_as_leaked_is_over_whatever_value_it_gets_meanwhile(race: Race) -> None:
    for _ in race.times():
        person = staff(known=False)
        made = make(person)
        new, _receipt = race.run(refusable(rotate, made), endings=[partial(report_leaked, value=made.value)])
        race.is_over(is_valid(made.value) or is_valid(new), "a token")


def test_a_token_that_is_made_is_ended_with_the_others_or_came_after_them(race: Race) -> None:
    for ending in race.turns([administrator, incident]):
        person = staff()
        made, *_ = race.run(refusable(make, person), endings=[partial(ending, person)])
        race.is_over(is_valid(made and made.value) and was_made_before_an_ending(person), "a token")


def was_made_before_an_ending(person: Any) -> bool:
    """Whether the log, which both write while they hold the account, has the ending of a token after its making."""
    made = Event.objects.filter(user_id=person.pk, kind=Event.Kind.CREDENTIAL_CHANGED).latest("pk")
    ended = Event.objects.filter(user_id=person.pk, kind=Event.Kind.ENDED, pk__gt=made.pk)
    return ended.exists() and made.session_id in ended_of(person)


def test_no_token_is_made_for_whom_it_was_decided_that_there_is_none(race: Race) -> None:
    for ending in race.turns([disable, leaver, recovery]):
        person = staff()
        store = SessionStore(sign_in(person))
        long_ago(person)  # else making one takes a further proof
        race.stays(store.get_user() == person)
        made, *_ = race.run(refusable(make_in_browser, person, store), endings=[partial(ending, person)])
        race.is_over(is_valid(made and made.value), "a token")
