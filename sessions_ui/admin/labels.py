"""What the fields of the app's models are called in the administration, in the language of whoever looks.

One table instead of a name at each field: names like "signed_in_at" stand in several models, and a model says what a
column means, not what a page calls it.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.utils.translation import pgettext_lazy

LABELS: dict[str, Any] = {
    "act": pgettext_lazy("field", "act"),
    "address": pgettext_lazy("field", "address"),
    "at": pgettext_lazy("field", "time"),
    "attempts": pgettext_lazy("field", "attempts"),
    "channel": pgettext_lazy("field", "channel"),
    "closed_at": pgettext_lazy("field", "closed at"),
    "confirmed_at": pgettext_lazy("field", "confirmed at"),
    "copied_at": pgettext_lazy("field", "copied at"),
    "count": pgettext_lazy("field", "count"),
    "created_at": pgettext_lazy("field", "created at"),
    "data": pgettext_lazy("field", "data"),
    "device": pgettext_lazy("field", "device"),
    "done_at": pgettext_lazy("field", "done at"),
    "ended_at": pgettext_lazy("field", "ended at"),
    "error": pgettext_lazy("field", "error"),
    "expires_at": pgettext_lazy("field", "expires at"),
    "first_address": pgettext_lazy("field", "first address"),
    "first_seen_at": pgettext_lazy("field", "first seen at"),
    "first_user_agent": pgettext_lazy("field", "first user agent"),
    "former_used_at": pgettext_lazy("field", "former value used at"),
    "happened_at": pgettext_lazy("field", "happened at"),
    "held_at": pgettext_lazy("field", "held back at"),
    "hint": pgettext_lazy("field", "last characters"),
    "id": pgettext_lazy("field", "number"),
    "impersonation_reason": pgettext_lazy("field", "reason of support"),
    "impersonator": pgettext_lazy("field", "used by"),
    "kind": pgettext_lazy("field", "kind"),
    "last_seen_at": pgettext_lazy("field", "last active"),
    "leased_until": pgettext_lazy("field", "leased until"),
    "lost_at": pgettext_lazy("field", "reported lost at"),
    "made_by": pgettext_lazy("field", "made by"),
    "maker": pgettext_lazy("field", "maker"),
    "metadata": pgettext_lazy("field", "metadata"),
    "model": pgettext_lazy("field", "model"),
    "note": pgettext_lazy("field", "note"),
    "organization_id": pgettext_lazy("field", "organization"),
    "overlap_ends_at": pgettext_lazy("field", "overlap ends at"),
    "owner": pgettext_lazy("field", "owner"),
    "parked_at": pgettext_lazy("field", "parked at"),
    "provider": pgettext_lazy("field", "provider"),
    "public_id": pgettext_lazy("field", "reference"),
    "reason": pgettext_lazy("field", "reason"),
    "refused_at": pgettext_lazy("field", "refused at"),
    "request_id": pgettext_lazy("field", "request"),
    "session": pgettext_lazy("field", "session"),
    "signed_in_at": pgettext_lazy("field", "signed in at"),
    "tabs_told_at": pgettext_lazy("field", "tabs told at"),
    "ticket": pgettext_lazy("field", "ticket"),
    "user_agent": pgettext_lazy("field", "user agent"),
}


def label_fields() -> None:
    """Give the fields their names, but those that have one of their own. Migrations know nothing of it: they ask what a
    field was made with."""
    for model in apps.get_app_config("sessions_ui").get_models():
        for field in model._meta.fields:
            if field.name in LABELS and getattr(field, "_verbose_name", "") is None:
                field.verbose_name = LABELS[field.name]
