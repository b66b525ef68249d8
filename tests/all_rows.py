"""All rows of the app, for what must change none of them."""

from __future__ import annotations

from typing import Any

from django.apps import apps

# Rows that say that somebody has asked, whatever came of it.
NOTED = {"IdempotentRequest"}


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the app but those of `NOTED`."""
    models = [each for each in apps.get_app_config("sessions_ui").get_models() if each.__name__ not in NOTED]
    return {model.__name__: sorted(model._base_manager.values_list(), key=repr) for model in models}
