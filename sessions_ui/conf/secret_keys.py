"""The secrets of the site, the current one and the former ones that still count."""

from __future__ import annotations

from django.conf import settings


def secrets_of_settings() -> list[str | bytes]:
    """`SECRET_KEY` first, with which everything new is made, then `SECRET_KEY_FALLBACKS`, under which what was made
    before is still right. Text or bytes, as Django takes both."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
