"""Which second factors the session of a request has shown."""

from __future__ import annotations

from django.http import HttpRequest

from sessions_ui.actions.step_up.factors import aged_factors
from sessions_ui.assurance import Authentication
from sessions_ui.store import store_of


def factors_shown(request: HttpRequest) -> list[Authentication]:
    """Return the second factors that the session of `request` has shown, at its sign-in or later, and that no thief can
    have set up lately: none that was younger than `YOUNG_SESSION` then, and no recovery code (docs/help-desk.md)."""
    store = store_of(request)
    row = store.resolve() if store is not None else None
    return aged_factors(row) if row is not None else []
