"""Second factors and passkeys, wherever they change: allauth's pages, the admin, a shell, other code."""

from __future__ import annotations

from functools import partial
from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.db.models.signals import post_delete, post_save, pre_save
from django.http import HttpRequest

from sessions_ui import factor_changed, follow, offer_to_sign_out_others

# What of an authenticator makes the factor; the rest of it changes at every use, or is its name.
SECRETS = ("secret", "seed", "credential")
BEFORE = "_accounts_before"


def connect() -> None:
    # The rows say what changed, whoever did it; allauth's signals know the request of those who did it themselves.
    pre_save.connect(before_save, sender=Authenticator, dispatch_uid="accounts.factors.before_save")
    post_save.connect(after_save, sender=Authenticator, dispatch_uid="accounts.factors.after_save")
    post_delete.connect(after_delete, sender=Authenticator, dispatch_uid="accounts.factors.after_delete")
    for signal in (
        signals.authenticator_added,
        signals.authenticator_removed,
        signals.authenticator_reset,
    ):
        signal.connect(offer, dispatch_uid="accounts.factors.offer")


def before_save(sender: Any, instance: Any, update_fields: Any = None, **kwargs: Any) -> None:
    if update_fields is not None and "data" not in update_fields:
        return
    if instance.pk is None:
        return
    # Read whether or not the instance was fetched: one with the key of a row overwrites that row.
    stored = Authenticator.objects.filter(pk=instance.pk).values_list("data", flat=True).first()
    instance.__dict__[BEFORE] = secrets_of(stored)


def after_save(sender: Any, instance: Any, created: bool, raw: bool, using: str, **kwargs: Any) -> None:
    before = instance.__dict__.pop(BEFORE, None)
    if created and raw:  # a fixture may bring a factor before its account
        return
    if created or (before is not None and before != secrets_of(instance.data)):
        follow([partial(factor_changed, user=instance.user)], using=using)


def after_delete(sender: Any, instance: Any, origin: Any = None, **kwargs: Any) -> None:
    if not deletes_user(origin):
        factor_changed(user=instance.user)


def deletes_user(origin: Any) -> bool:
    """Return whether the factor is deleted with its account, whose sessions have ended already."""
    model = getattr(origin, "model", type(origin))
    return model is not Authenticator


def offer(request: HttpRequest, **kwargs: Any) -> None:
    offer_to_sign_out_others(request)


def secrets_of(data: Any) -> dict[str, Any]:
    return {name: data[name] for name in SECRETS if name in (data or {})}
