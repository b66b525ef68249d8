"""Who may change what allauth keeps of how people sign in: only who is settled, and nobody while it is being recovered.

It is asked before a row is written or removed, whoever does it (docs/risk.md, "Who the owner is" and "Getting the
account back"). The password and the user's own address are guarded by sessions_ui itself.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connections
from django.db.models import Model
from django.db.models.signals import post_save, pre_delete, pre_save

from accounts.credentials import stored
from accounts.credentials.store import KINDS, PROVIDERS, goes_with_account, model_of
from sessions_ui import require_settled, verify_not_frozen
from sessions_ui.credentials import CredentialKind
from sessions_ui.exceptions import SessionsUIError, TryAgain

ASKED = "_accounts_asked"  # what the save that is under way was asked
WAS_READ = "_accounts_was_read"  # whether it is that of a row which was read before


def connect() -> None:
    models: list[type[Model]] = [Authenticator, EmailAddress]
    if apps.is_installed(PROVIDERS):
        models.append(model_of(CredentialKind.PROVIDER))
    for model in models:
        uid = f"accounts.guard.{model._meta.model_name}"
        pre_save.connect(before_save, sender=model, dispatch_uid=f"{uid}.save")
        post_save.connect(after_save, sender=model, dispatch_uid=f"{uid}.saved")
        pre_delete.connect(before_delete, sender=model, dispatch_uid=f"{uid}.delete")


def before_save(
    sender: Any, instance: Any, using: str, raw: bool = False, update_fields: Any = None, **kwargs: Any
) -> None:
    """Ask whether the row may be written. One that was read, and deleted since, is not written again: what somebody has
    removed does not come back by being renamed."""
    instance.__dict__.pop(ASKED, None)
    stored.remember(instance, update_fields)
    if not raw and stored.is_gone(instance, using, update_fields):
        raise TryAgain
    instance.__dict__[WAS_READ] = not instance._state.adding and instance.pk is not None
    if raw or not (changed := stored.changed(instance, update_fields)):
        return
    if isinstance(instance, EmailAddress):
        before_address_save(instance, changed)
    else:
        guard_save(instance)


def guard_save(instance: Any, *, asks: bool = True) -> None:
    guard(instance, asks=asks)
    instance.__dict__[ASKED] = partial(guard, instance, asks=asks)


def before_address_save(instance: EmailAddress, changed: set[str]) -> None:
    """Guard an address that is added, becomes the main one or ceases to be it. Nobody is asked for more where one is
    verified, because that takes the mail with the link, nor where one is added which the account has already (a
    superuser's, say). The row that allauth misses of that one lets nobody in, and is made at any time."""
    is_own = stored.before(instance) is None and is_own_address(instance)
    if is_own and not instance.verified:
        return
    guard_save(instance, asks=not is_own and changed != {"verified"})


def before_delete(sender: Any, instance: Any, origin: Any = None, **kwargs: Any) -> None:
    instance.__dict__.pop(stored.BEFORE, None)
    if not goes_with_account(origin):
        guard(instance)


def after_save(
    sender: Any, instance: Any, created: bool, using: str, raw: bool = False, **kwargs: Any
) -> None:
    """Take back a row that somebody has deleted meanwhile.

    Of a new row that was written without a transaction ask once more, and take it back where the answer is another one
    by now: it waits for whoever ends the session, or begins a recovery, and is written afterwards.
    """
    ask = instance.__dict__.pop(ASKED, None)
    was_read = instance.__dict__.pop(WAS_READ, False)
    if created and was_read and not raw:  # it was deleted between the question and the statement
        take_back(instance, using)
        raise TryAgain
    if ask is None or not created or raw or connections[using].in_atomic_block:
        return
    try:
        ask()
    except SessionsUIError:
        take_back(instance, using)
        raise


def take_back(instance: Any, using: str) -> None:
    """Delete a row that nobody has heard of yet, without asking the guard, which would refuse that as well."""
    rows = type(instance)._base_manager.using(using).filter(pk=instance.pk)
    rows._raw_delete(using)


def guard(instance: Any, *, asks: bool = True) -> None:
    """Raise where this row may not be changed now. It is asked for whom the row is, and for whom it was; whether the
    account is frozen comes first, because then no proof helps."""
    before = stored.before(instance)
    owners = {instance.user_id, before["user_id"] if before else instance.user_id} - {None}
    users = [get_user_model()(pk=owner) for owner in owners]
    for user in users:
        verify_not_frozen(user)
    for user in users if asks else ():
        require_settled(user=user, kind=kind_of(instance))


def is_own_address(instance: EmailAddress) -> bool:
    """Return whether it is the account's own address, as stored."""
    emails = get_user_model()._default_manager.filter(pk=instance.user_id).values_list("email", flat=True)
    return instance.email.lower() == (emails.first() or "").lower()


def kind_of(instance: Any) -> CredentialKind:
    if isinstance(instance, Authenticator):
        return KINDS[Authenticator.Type(instance.type)]
    return CredentialKind.ADDRESS if isinstance(instance, EmailAddress) else CredentialKind.PROVIDER
