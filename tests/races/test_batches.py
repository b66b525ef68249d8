"""Two workers on one large ending."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui.actions.endings.bulk import lay_out
from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.bulk.progress import receipt_of
from tests.models import Act, EndReason, Event, Session
from tests.races.race import ROUNDS

PEOPLE = 12


def test_two_workers_end_everything_once(transactional_db: None, at_once: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(lay_out, "BATCH", 2)
    users = get_user_model().objects
    people = [users.create(email=f"p{number}@people.example") for number in range(PEOPLE)]
    expires_at = timezone.now() + timedelta(days=1)
    for _ in range(max(ROUNDS // 40, 1)):
        for model in (Event, Session):
            model.objects.all()._raw_delete("default")
        Session.objects.bulk_create(
            Session(digest=f"{person.pk}-{index}", user=person, expires_at=expires_at)
            for person in people
            for index in range(3)
        )
        ending = end_later(sessions=Session.objects.all(), reason=EndReason.INCIDENT)
        ended = at_once(end_batches, end_batches)
        end_batches()  # what the database refused to one of them waits for another try
        assert sum(ended) == PEOPLE * 3, ended
        assert receipt_of(ending).ended == PEOPLE * 3
        assert Event.objects.filter(kind=Event.Kind.ENDED).count() == PEOPLE * 3
        assert sum(Act.objects.filter(ending=ending).values_list("count", flat=True)) == PEOPLE * 3
        assert not Session.objects.living().exists()
