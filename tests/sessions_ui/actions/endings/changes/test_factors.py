"""Sessions that end because of a changed second factor."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui import factor_changed
from tests.models import Act, EndReason, Session

pytestmark = pytest.mark.django_db


def test_the_ending_names_who_changed_the_factor(user: Any, administrator: Any, browser: Any) -> None:
    """Outside of a request nobody acts who could be named else."""
    browser().sign_in(user)
    factor_changed(user=user, actor=administrator)
    assert Act.objects.get(reason=EndReason.FACTOR_CHANGED).actor_id == administrator.pk
    assert Session.objects.get(user=user).ended_by_id == administrator.pk
