"""Sign-ins beside an incident that is in force at once: whoever has begun before it never stays signed in."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth import get_user_model

from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.models import Containment
from tests.models import Incident
from tests.races.people import is_signed_in, row_of, sign_in, somebody
from tests.races.race import Race
from tests.races.test_pending import first_step


def staff(*, known: bool = True) -> Any:
    """The passer-by of every race is none."""
    person = somebody(known=known)
    get_user_model().objects.filter(pk=person.pk).update(is_staff=True)
    person.refresh_from_db()
    return person


def order() -> Incident:
    return order_incident(criteria=Criteria(staff=True), note="leaked")


def test_no_sign_in_under_way_gets_round_an_incident(race: Race) -> None:
    for known in race.turns([True, False]):
        person = staff(known=known)
        key, _ = race.run(first_step(person), endings=[order])
        race.is_over(is_signed_in(key))


def test_a_sign_in_is_over_with_an_incident_or_came_after_it(race: Race) -> None:
    for known in race.turns([True, False]):
        person = staff(known=known)
        key, incident = race.run(partial(sign_in, person), endings=[order])
        came_after = row_of(key).generation >= incident.generation
        race.is_over(is_signed_in(key) and not came_after)
        race.stays(is_signed_in(key) or not came_after)


def test_two_incidents_at_once_are_both_in_force(race: Race) -> None:
    for _ in race.times():
        person = staff()
        key = sign_in(person)
        before = Containment.read().generation
        _, *orders = race.run(lambda: None, endings=[order, order])
        race.is_over(is_signed_in(key))
        assert {incident.generation for incident in orders} == {before + 1, before + 2}
