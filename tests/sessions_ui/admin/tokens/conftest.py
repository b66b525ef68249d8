"""Staff who may do nothing yet, and the account that becomes a service account."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def staff(django_user_model: Any) -> Any:
    """Somebody who may open the admin, and nothing else yet."""
    return django_user_model.objects.create_user(email="staff@staff.example", is_staff=True)


@pytest.fixture
def robot(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user(email="robot@people.example")
