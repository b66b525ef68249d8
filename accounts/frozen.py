"""Addresses and connected providers stay as they are while an account is being recovered, whoever would change them."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.apps import apps
from django.db.models import Model
from django.db.models.signals import pre_delete, pre_save

from accounts.credentials import PROVIDERS, goes_with_account, model_of
from sessions_ui import verify_not_frozen
from sessions_ui.credentials import CredentialKind

# What of a row says how the account is signed in to; the rest of it changes at a sign-in.
WATCHED: dict[str, tuple[str, ...]] = {
    "emailaddress": ("user_id", "email", "verified", "primary"),
    "socialaccount": ("user_id", "provider", "uid"),
}


def connect() -> None:
    models: list[type[Model]] = [EmailAddress]
    if apps.is_installed(PROVIDERS):
        models.append(model_of(CredentialKind.PROVIDER))
    for model in models:
        uid = f"accounts.frozen.{model._meta.model_name}"
        pre_save.connect(before_save, sender=model, dispatch_uid=f"{uid}.save")
        pre_delete.connect(before_delete, sender=model, dispatch_uid=f"{uid}.delete")


def before_save(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    if not raw and is_changed(sender, instance) and not is_own_address(instance):
        verify_not_frozen(instance.user)


def is_changed(sender: Any, instance: Any) -> bool:
    if instance.pk is None:
        return True
    names = WATCHED[sender._meta.model_name]
    stored = sender.objects.filter(pk=instance.pk).values(*names).first()
    return stored is None or any(stored[name] != getattr(instance, name) for name in names)


def is_own_address(instance: Any) -> bool:
    """Return whether allauth makes the row that is missing for the user's own address, which lets nobody in."""
    if not isinstance(instance, EmailAddress) or instance.pk is not None or instance.verified:
        return False
    return instance.email.lower() == instance.user.email.lower()


def before_delete(sender: Any, instance: Any, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_account(origin):
        verify_not_frozen(instance.user)
