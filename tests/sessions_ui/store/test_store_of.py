"""Which store is ours: of a request, and of the request that acts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore as SignedCookieStore

from sessions_ui import context
from sessions_ui.store import SessionStore, acting_store, store_of

OURS = SessionStore()
STORES = [(OURS, OURS), (SignedCookieStore(), None), (None, None)]


@pytest.mark.parametrize(("store", "expected"), STORES, ids=["ours", "of another engine", "none"])
def test_only_a_store_of_ours_is_the_store_of_a_request_or_of_whoever_acts(store: Any, expected: Any) -> None:
    assert store_of(SimpleNamespace(session=store)) is expected
    token = context.begin(context.Acting(store))
    try:
        assert acting_store() is expected
    finally:
        context.finish(token)


def test_a_request_without_a_session_has_no_store_and_nobody_acts_outside_of_one() -> None:
    assert store_of(SimpleNamespace()) is None
    assert acting_store() is None
