"""Who may read the metrics, and whether they can be made."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from sessions_ui.conf import conf

SHORTEST = 16  # characters; what is shorter can be guessed


def metrics(**kwargs: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    token = conf.metrics_token
    if not isinstance(token, str) or (token and len(token) < SHORTEST):
        text = f"METRICS_TOKEN must have {SHORTEST} characters or more, or be empty."
        found.append(checks.Error(text, id="sessions_ui.E120"))
    try:
        is_read = bool(token or conf.metrics_networks)
    except ImproperlyConfigured as error:
        return [*found, checks.Error(str(error), id="sessions_ui.E122")]
    if is_read and find_spec("prometheus_client") is None:
        text = "METRICS_TOKEN or METRICS_NETWORKS is set, but prometheus_client is not installed."
        hint = "Install sessions-ui[prometheus]."
        found.append(checks.Error(text, hint=hint, id="sessions_ui.E121"))
    return found
