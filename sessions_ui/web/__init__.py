"""The pages of people, and what the URLs and settings of a host project name of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessions_ui.lazy import lazy_names

__all__ = [
    "PasswordForm",
    "Reauthentication",
    "Way",
    "account_held",
    "ask_for_hints",
    "busy",
    "healthz",
    "metrics",
    "passive",
    "server_error",
    "settled_required",
    "staff_confirmed",
]

if TYPE_CHECKING:
    from sessions_ui.web.administration.gate import staff_confirmed
    from sessions_ui.web.health import healthz
    from sessions_ui.web.presence.client_hints import ask_for_hints
    from sessions_ui.web.presence.decorators import passive
    from sessions_ui.web.prometheus import metrics
    from sessions_ui.web.responses.errors.later import busy
    from sessions_ui.web.responses.errors.outages import server_error
    from sessions_ui.web.step_up.credentials import settled_required
    from sessions_ui.web.step_up.held import account_held
    from sessions_ui.web.step_up.reauthentication import PasswordForm, Reauthentication, Way
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "administration.gate": ("staff_confirmed",),
            "health": ("healthz",),
            "prometheus": ("metrics",),
            "presence.client_hints": ("ask_for_hints",),
            "presence.decorators": ("passive",),
            "responses.errors.outages": ("server_error",),
            "responses.errors.later": ("busy",),
            "step_up.credentials": ("settled_required",),
            "step_up.held": ("account_held",),
            "step_up.reauthentication": ("PasswordForm", "Reauthentication", "Way"),
        },
    )
