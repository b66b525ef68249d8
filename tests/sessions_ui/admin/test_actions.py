"""What the actions of every change list do with keys that no row can have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from tests.models import Act, Event, Session

pytestmark = pytest.mark.django_db
NO_KEYS = {"a letter": "x", "NUL": "\0", "beyond every column": "9" * 30, "a NUL within": "1\0"}
LISTS = {
    model._meta.model_name: registered
    for model, registered in admin.site._registry.items()
    if model._meta.app_label == "sessions_ui"
}


@pytest.fixture
def office(browser: Any, administrator: Any) -> Any:
    client = browser()
    client.force_login(administrator)
    return client


def actions_of(registered: admin.ModelAdmin, request: Any) -> Iterator[str]:
    yield from registered.get_actions(request)


def test_there_are_lists_with_actions(rf: Any, administrator: Any) -> None:
    request = rf.get("/")
    request.user = administrator
    found = {name for name, registered in LISTS.items() if list(actions_of(registered, request))}
    assert {"session", "device", "accesstoken", "ending", "delivery"} <= found


@pytest.mark.parametrize("name", LISTS)
def test_a_key_that_no_row_can_have_does_nothing(
    name: str, office: Any, rf: Any, administrator: Any, user: Any, browser: Any
) -> None:
    browser().sign_in(user)
    request = rf.get("/")
    request.user = administrator
    page = reverse(f"admin:sessions_ui_{name}_changelist")
    before = Event.objects.count()
    confirmations: list[dict[str, str]] = [{}, {"confirmed": "1", "note": "x", "post": "yes"}]
    for action, key, confirmed in product(actions_of(LISTS[name], request), NO_KEYS, confirmations):
        if is_a_key(LISTS[name], key):
            continue
        chosen = {"action": action, "_selected_action": [NO_KEYS[key]], **confirmed}
        answer = office.post(page, chosen, follow=True)
        assert answer.status_code == 200, (action, key)
        assert "Nothing was done." in answer.content.decode(), (action, key)
    assert Session.objects.of(user).living().count() == 1
    assert (Act.objects.count(), Event.objects.count()) == (0, before)


def is_a_key(registered: admin.ModelAdmin, key: str) -> bool:
    """Return whether a text is the key of this model: then these are keys, but for NUL."""
    is_text = registered.model._meta.pk.get_internal_type() in ("CharField", "SlugField")
    return is_text and "NUL" not in key
