"""Pages whose acts are transactions of their own, whatever ATOMIC_REQUESTS says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connections, transaction


def own_transactions(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a view that acts by `actions/` alone: inside a transaction of the request nothing could be repeated that
    the database refuses once, and what a person has ended would be in force only after the page was drawn."""
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view
