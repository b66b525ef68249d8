"""The sweep of an incident is killed half-way: nobody is let in meanwhile, and the next one goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.store import SessionStore
from tests.faults.conftest import Start, kill, wait_until
from tests.models import Act, EndingBatch, EndReason, Event, Incident, Session, digest_of

PEOPLE, EACH = 400, 20


@pytest.mark.no_bystander("everyone is signed out")
def test_a_sweep_that_is_killed_half_way_is_finished_by_the_next_one(start: Start) -> None:
    users = get_user_model().objects
    people = users.bulk_create(
        get_user_model()(email=f"p{number}@people.example") for number in range(PEOPLE)
    )
    keys = [SessionStore.new_key() for _ in range(PEOPLE * EACH)]
    now = timezone.now()
    Session.objects.bulk_create(
        Session(
            digest=digest_of(key),
            user=people[number % PEOPLE],
            signed_in_at=now,
            expires_at=now + timedelta(days=1),
        )
        for number, key in enumerate(keys)
    )
    order_incident(criteria=Criteria(everyone=True), note="leaked")
    ended = Session.objects.filter(end_reason=EndReason.INCIDENT)
    sweep = start("django", "sessions", "carry-out")
    wait_until(ended.exists, "the first batch")
    kill(sweep)
    assert 0 < ended.count() < len(keys), "half-way"
    assert not SessionStore(keys[0]).get_user().is_authenticated
    assert not SessionStore(keys[-1]).get_user().is_authenticated

    EndingBatch.objects.filter(done_at__isnull=True).update(
        leased_until=None
    )  # its lease would be over by then
    end_batches()
    assert ended.count() == len(keys)
    assert Event.objects.filter(kind=Event.Kind.ENDED).count() == len(keys), "each of them once"
    assert sum(Act.objects.values_list("count", flat=True)) == len(keys)
    incident = Incident.objects.select_related("ending").get()
    assert incident.state == Incident.State.DONE
