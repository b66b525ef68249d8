"""Support at work in somebody's account, through views as a host project would write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from tests.conftest import Browser, make_person
from tests.models import Session


@pytest.fixture(autouse=True)
def _support_page(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.sessions_ui.impersonation.urls"


@pytest.fixture
def support(db: None) -> Any:
    """Staff that may use accounts, and nothing else."""
    person = make_person("sam@staff.example", name="Sam Support", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="impersonate"))
    return person


@pytest.fixture
def desk(support: Any, browser: Callable[..., Browser]) -> Browser:
    """The browser of support, signed in."""
    desk = browser(address="89.160.20.112")
    desk.sign_in(support)
    return desk


@pytest.fixture
def inside(desk: Browser, user: Any) -> Browser:
    """The same, using the account of `user`."""
    response = desk.post("/support/use/", {"user": user.pk, "reason": "Your invoice of May"})
    assert response.status_code == 302, response.content.decode()
    return desk


@pytest.fixture
def used(inside: Browser) -> Session:
    """The session in which they do."""
    return Session.objects.get(impersonated_from__isnull=False)
