"""Refuse to staff that uses an account what only its owner may do, whatever asks for it: page, API, own view.

The guards are in front of the rows and not of the views, because the host project has views of its own.
`QuerySet.update()` and raw SQL send no signal and are not seen.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.signals import setting_changed
from django.db.models import Model
from django.db.models.signals import m2m_changed, pre_delete, pre_save

from sessions_ui.actions.endings.changes import memberships
from sessions_ui.conf import conf
from sessions_ui.context import is_impersonated, require_owner
from sessions_ui.exceptions import NotTheOwner
from sessions_ui.models.senders import (
    accounts_of,
    for_every_model,
    is_account,
    is_part_of_account,
    written_fields,
)

# Beside the fields that the user model itself names: how to sign in, and what somebody may do.
GUARDED = ("password", "is_active", "is_staff", "is_superuser")


def connect() -> None:
    for_every_model(bind)
    for table in memberships.tables_of_users():
        m2m_changed.connect(before_rights_change, sender=table)
    setting_changed.connect(bind_anew)


def bind(sender: type[Model], **kwargs: Any) -> None:
    """Connect what concerns this one model; nothing, for nearly every model."""
    if is_part_of_account(sender):
        pre_save.connect(before_user_save, sender=sender)
    if is_account(sender):
        pre_delete.connect(refuse, sender=sender, dispatch_uid="sessions_ui.impersonation.guards.user")
    for signal in (pre_save, pre_delete):
        if is_named(sender):
            signal.connect(refuse, sender=sender, dispatch_uid="sessions_ui.impersonation.guards.named")
        else:
            signal.disconnect(sender=sender, dispatch_uid="sessions_ui.impersonation.guards.named")


def bind_anew(setting: str, **kwargs: Any) -> None:
    """Bind every model again after a change of SESSIONS_UI.

    Only tests change a setting of a running site (`override_settings`).
    """
    if setting == "SESSIONS_UI":
        for model in apps.get_models():
            bind(sender=model)


def is_named(model: type[Model]) -> bool:
    """Return whether OWNER_ONLY_MODELS names the model, or what it is a proxy or a child of."""
    named = conf.owner_only_models
    return any(base._meta.label in named for base in model.__mro__ if hasattr(base, "_meta"))


def refuse(sender: Any, **kwargs: Any) -> None:
    require_owner()


def before_user_save(
    sender: Any, instance: Any, using: str, raw: bool = False, update_fields: Any = None, **kwargs: Any
) -> None:
    if not is_impersonated():
        return
    written = {field.name for field in written_fields(instance, raw=raw, update_fields=update_fields)}
    names = [name for name in _guarded_fields() if name in written]
    stored = accounts_of(instance, using).values("pk", *names).first()
    if stored and any(getattr(instance, name) != stored[name] for name in names):
        raise NotTheOwner


def before_rights_change(sender: Any, action: str, **kwargs: Any) -> None:
    if action.startswith("pre_") and is_impersonated():
        raise NotTheOwner


def _guarded_fields() -> list[str]:
    user_model = get_user_model()
    named = {*GUARDED, user_model.USERNAME_FIELD, getattr(user_model, "EMAIL_FIELD", "email")}
    return [field.name for field in user_model._meta.concrete_fields if field.name in named]
