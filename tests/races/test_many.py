"""Several people, several requests each (traps 7, 16 and 22)."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction

from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.exceptions import SessionEnded
from tests.models import EndReason, Session
from tests.races.people import everywhere, is_signed_in, living, outlived, sign_in, somebody
from tests.races.race import ROUNDS, Race


def test_two_people_in_four_threads_each_sign_in_and_sign_out_everywhere(race: Race) -> None:
    """Trap 22: SQLite as startproject leaves it raised "database is locked" in 209 of 812 endings."""
    people = [somebody(known=False), somebody(known=False)]

    def come_and_go(person: Any) -> None:
        for _ in range(2):
            with suppress(SessionEnded):  # somebody else was at "everywhere"
                race.request(partial(sign_in, person))
            race.request(partial(everywhere, person))

    for _ in race.times(ROUNDS // 4):
        race.send(endings=[partial(come_and_go, person) for person in people * 4])
        for person in people:
            race.is_over(
                living(person).exists(), "a session after everywhere, which each of them called last"
            )


def test_endings_of_the_same_people_in_another_order_all_succeed(race: Race) -> None:
    for _ in race.times(ROUNDS // 2):
        people = [somebody(known=False) for _ in range(3)]
        keys = [sign_in(person) for person in people]
        pks = [person.pk for person in people]
        one_way = Session.objects.filter(user_id__in=pks).order_by("pk")
        other_way = Session.objects.filter(user_id__in=pks[::-1]).order_by("-pk")
        end = partial(end_sessions, reason=EndReason.INCIDENT)
        receipts = race.run(
            endings=[
                partial(end, sessions=one_way),
                partial(end, sessions=other_way),
                *[partial(everywhere, person) for person in people],
            ]
        )
        race.is_over(any(map(is_signed_in, keys)))
        assert sum(receipt.ended for receipt in receipts if not isinstance(receipt, Exception)) == 3


def test_an_ending_succeeds_beside_a_host_that_locks_the_other_way_round(race: Race) -> None:
    """Trap 16: where the two wait for each other the database refuses one of them, which is repeated. PostgreSQL looks
    for that after a second only, so the rounds are few."""
    for _ in race.times(3 if connection.vendor == "postgresql" else ROUNDS // 4):
        person = somebody(known=False)
        key = sign_in(person)

        def host(person: Any = person) -> None:
            with transaction.atomic():
                Session.objects.of(person).update(payload="")
                get_user_model().objects.filter(pk=person.pk).update(is_active=True)

        race.run(
            endings=[partial(everywhere, person), partial(race.by_host, host), partial(everywhere, person)]
        )
        race.is_over(is_signed_in(key) or outlived(person))
