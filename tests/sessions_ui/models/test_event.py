"""The history is added to, and never changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from sessions_ui.exceptions import AppendOnly
from tests.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(user: Any) -> Any:
    return Event(kind=Event.Kind.SIGNED_IN, user_id=user.pk)


@pytest.mark.control("SP 800-53 AU-10")
def test_an_event_is_not_written_over_by_an_instance_that_was_not_fetched(event: Any) -> None:
    event.save()
    other = Event(pk=event.pk, kind=Event.Kind.ENDED)
    with pytest.raises(IntegrityError), transaction.atomic():
        other.save()
    with pytest.raises(AppendOnly):
        other.save(force_update=True)
    assert Event.objects.get().kind == Event.Kind.SIGNED_IN


@pytest.mark.control("SP 800-53 AU-10")
def test_an_event_is_not_saved_twice(event: Any) -> None:
    event.save()
    for save in (event.save, event.save_base):
        with pytest.raises(AppendOnly):
            save()
