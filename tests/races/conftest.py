"""Real threads on a real database: each round lets two or more of them go at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS
from django.forms.models import model_to_dict

from tests.conftest import PASSWORD
from tests.models import Session
from tests.races import race as racing
from tests.races.people import is_signed_in, row_of, sign_in, somebody


@pytest.fixture
def at_once(transactional_db: None) -> Any:
    return racing.at_once


@pytest.fixture
def person(transactional_db: None) -> Any:
    return get_user_model().objects.create_user("ada@people.example", PASSWORD)


@pytest.fixture
def race(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[racing.Race]:
    """The counts of this race, which are all zero at its end; and somebody else who is signed in throughout."""
    passer_by = somebody(known=False)
    key = sign_in(passer_by)
    assert key is not None
    before = model_to_dict(row_of(key))
    counts = racing.Race(request.node.name)
    yield counts
    now = Session.objects.using(DEFAULT_DB_ALIAS).get(user_id=passer_by.pk)
    counts.stays(is_signed_in(key) and model_to_dict(now) == before, "somebody else")
    counts.verdict()
