"""Tell the owner of an account whenever what somebody signs in with changes: the rows of django-allauth say what."""

from __future__ import annotations

from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from accounts.credentials import stored
from accounts.credentials.store import KINDS, PROVIDERS, goes_with_account, model_of
from sessions_ui import credential_changed, factor_changed
from sessions_ui.credentials import CredentialChange, CredentialKind


def connect() -> None:
    """Connect what nothing else listens to: accounts at sign-in providers, where the site has them."""
    if apps.is_installed(PROVIDERS):
        account = model_of(CredentialKind.PROVIDER)
        post_save.connect(provider_saved, sender=account, dispatch_uid="accounts.provider_saved")
        post_delete.connect(provider_deleted, sender=account, dispatch_uid="accounts.provider_deleted")


def factor_told(instance: Any, change: CredentialChange) -> Any:
    """Return the step that ends what a changed factor ends, and tells of it."""
    kind = KINDS[Authenticator.Type(instance.type)]
    label = instance.wrap().name if kind is CredentialKind.PASSKEY else ""
    return partial(factor_changed, user=instance.user, kind=kind, change=change, label=label)


def address_told(instance: EmailAddress, change: CredentialChange) -> None:
    """Tell of an address that was added or removed, verified or not: allauth resets the password by either.

    The row that allauth makes of the address an account has anyway, at its sign-up for instance, is no change.
    """
    is_the_accounts_own = instance.email.lower() == instance.user.email.lower()
    if change is CredentialChange.ADDED and is_the_accounts_own:
        return
    credential_changed(user=instance.user, kind=CredentialKind.ADDRESS, change=change, label=instance.email)


def provider_saved(
    sender: Any, instance: Any, created: bool, raw: bool, update_fields: Any = None, **kwargs: Any
) -> None:
    """Tell of an account that was connected. A row that is another account by now is as old as that."""
    if created and not raw:
        provider_told(instance, CredentialChange.ADDED)
    elif stored.before(instance) is not None and stored.changed(instance, update_fields):
        instance.date_joined = timezone.now()
        sender.objects.filter(pk=instance.pk).update(date_joined=instance.date_joined)
        provider_told(instance, CredentialChange.CHANGED)


def provider_deleted(sender: Any, instance: Any, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_account(origin):
        provider_told(instance, CredentialChange.REMOVED)


def provider_told(instance: Any, change: CredentialChange) -> None:
    credential_changed(
        user=instance.user, kind=CredentialKind.PROVIDER, change=change, label=str(instance.provider)
    )
