"""INSERT … SELECT."""

from __future__ import annotations

import pytest
from django.db.models import F, Value

from sessions_ui.models.bulk import insert_from
from tests.models import Event, Session

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("rows", ["none()", "of an empty list"])
def test_nothing_is_inserted_from_rows_that_django_knows_to_be_none(rows: str) -> None:
    nobodys = Session.objects.none() if rows == "none()" else Session.objects.filter(user_id__in=[])
    columns = {"kind": Value("ended"), "user_id": F("user_id")}
    assert insert_from(Event._model, nobodys, columns) == 0
    assert not Event.objects.exists()
