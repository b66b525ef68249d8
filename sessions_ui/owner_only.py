"""What only the owner of an account may do, refused to staff that uses it, whatever asks for it: page, API, own view.

In front of the rows and not of the views, since the host project has views of its own. `QuerySet.update()` and raw SQL
send no signal and are not seen.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models.signals import m2m_changed, pre_delete, pre_save

from sessions_ui.acting import is_impersonated, require_owner
from sessions_ui.conf import conf
from sessions_ui.exceptions import NotTheOwner

# Beside the fields that the user model itself names: how to sign in, and what somebody may do.
GUARDED = ("password", "is_active", "is_staff", "is_superuser")
RIGHTS = ("groups", "user_permissions")


def connect() -> None:
    pre_save.connect(before_save, dispatch_uid="sessions_ui.owner_only.save")
    pre_delete.connect(before_delete, dispatch_uid="sessions_ui.owner_only.delete")
    m2m_changed.connect(before_rights_change, dispatch_uid="sessions_ui.owner_only.rights")


def before_save(sender: Any, instance: Any, using: str, update_fields: Any = None, **kwargs: Any) -> None:
    if instance._meta.label in conf.owner_only_models:
        require_owner()
    elif isinstance(instance, get_user_model()) and not instance._state.adding and is_impersonated():
        names = [name for name in _guarded_fields() if update_fields is None or name in update_fields]
        rows = get_user_model()._base_manager.using(using).filter(pk=instance.pk)
        stored = rows.values(*names).first() or {}
        if any(getattr(instance, name) != value for name, value in stored.items()):
            raise NotTheOwner


def before_delete(sender: Any, instance: Any, **kwargs: Any) -> None:
    if instance._meta.label in conf.owner_only_models or isinstance(instance, get_user_model()):
        require_owner()


def before_rights_change(sender: Any, action: str, **kwargs: Any) -> None:
    if action.startswith("pre_") and is_impersonated():
        fields = get_user_model()._meta.many_to_many
        if any(field.name in RIGHTS and field.remote_field.through is sender for field in fields):
            raise NotTheOwner


def _guarded_fields() -> list[str]:
    user_model = get_user_model()
    named = {*GUARDED, user_model.USERNAME_FIELD, getattr(user_model, "EMAIL_FIELD", "email")}
    return [field.name for field in user_model._meta.concrete_fields if field.name in named]
