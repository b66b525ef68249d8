"""Only who is settled changes what allauth keeps of how people sign in (docs/risk.md, "Who the owner is").

It is asked before a row is written or removed, whoever does it.

The password and the user's own address are guarded by sessions_ui itself.
"""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models.signals import pre_delete, pre_save

from accounts.credentials import KINDS, PROVIDERS, goes_with_account, model_of
from accounts.factors import secrets_of
from sessions_ui import require_settled
from sessions_ui.credentials import CredentialKind


def connect() -> None:
    pre_save.connect(before_factor_save, sender=Authenticator, dispatch_uid="accounts.guard.factor_save")
    pre_delete.connect(
        before_factor_delete, sender=Authenticator, dispatch_uid="accounts.guard.factor_delete"
    )
    pre_save.connect(before_address_save, sender=EmailAddress, dispatch_uid="accounts.guard.address_save")
    pre_delete.connect(
        before_address_delete, sender=EmailAddress, dispatch_uid="accounts.guard.address_delete"
    )
    if apps.is_installed(PROVIDERS):
        accounts = model_of(CredentialKind.PROVIDER)
        pre_save.connect(before_provider_save, sender=accounts, dispatch_uid="accounts.guard.provider_save")
        pre_delete.connect(
            before_provider_delete, sender=accounts, dispatch_uid="accounts.guard.provider_delete"
        )


def before_factor_save(
    sender: Any, instance: Any, raw: bool = False, update_fields: Any = None, **kwargs: Any
) -> None:
    if raw or (update_fields is not None and {"data", "user", "user_id", "type"}.isdisjoint(update_fields)):
        return  # a use of it
    before = stored(instance, "data", "type", "user_id")
    if (
        before is None
        or is_another(instance, before)
        or secrets_of(before["data"]) != secrets_of(instance.data)
    ):
        ask(instance, before, factor_kind(instance))


def before_factor_delete(sender: Any, instance: Any, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_account(origin):
        ask(instance, None, factor_kind(instance))


def before_address_save(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    """Ask before an address is added, becomes the main one or ceases to be it. That one is verified takes the mail with
    the link, and that one is added which the account has already (a superuser's, say) changes nothing."""
    if raw:
        return
    before = stored(instance, "email", "primary", "user_id")
    if before is None:
        changed = instance.email.lower() != own_address(instance.user_id)
    else:
        moved = before["email"].lower() != instance.email.lower() or is_another(instance, before)
        changed = moved or before["primary"] != instance.primary
    if changed:
        ask(instance, before, CredentialKind.ADDRESS)


def before_address_delete(sender: Any, instance: Any, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_account(origin):
        ask(instance, None, CredentialKind.ADDRESS)


def before_provider_save(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    """Ask before an account at a provider is connected; allauth writes what the provider says at every sign-in."""
    if raw:
        return
    before = stored(instance, "provider", "uid", "user_id")
    same = before is not None and (before["provider"], before["uid"]) == (instance.provider, instance.uid)
    if before is None or not same or is_another(instance, before):
        ask(instance, before, CredentialKind.PROVIDER)


def before_provider_delete(sender: Any, instance: Any, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_account(origin):
        ask(instance, None, CredentialKind.PROVIDER)


def ask(instance: Any, before: dict[str, Any] | None, kind: CredentialKind) -> None:
    """Ask for whom the row is, and for whom it was."""
    owners = {instance.user_id, before["user_id"] if before else instance.user_id}
    for owner in owners - {None}:
        require_settled(user=get_user_model()(pk=owner), kind=kind)


def stored(instance: Any, *names: str) -> dict[str, Any] | None:
    """Return what the row was, whether or not the instance was fetched; None where there is none yet."""
    if instance.pk is None:
        return None
    row: dict[str, Any] | None = type(instance)._default_manager.filter(pk=instance.pk).values(*names).first()
    return row


def is_another(instance: Any, before: dict[str, Any]) -> bool:
    """Return whether the row changes its owner, or becomes another kind of factor."""
    return before["user_id"] != instance.user_id or before.get("type", "") != getattr(instance, "type", "")


def own_address(user_pk: Any) -> str:
    emails = get_user_model()._default_manager.filter(pk=user_pk).values_list("email", flat=True)
    return (emails.first() or "").lower()


def factor_kind(instance: Any) -> CredentialKind:
    return KINDS[Authenticator.Type(instance.type)]
