"""Which models our receivers listen to: never all of them.

A receiver without a sender belongs to every model of the host. Django then deletes none of them in one statement any
more (`Collector.can_fast_delete()` asks whether anybody listens), and reads every many-to-many table before it adds
to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Model, QuerySet
from django.db.models.signals import class_prepared

from sessions_ui.user_model import account_key


def for_every_model(bind: Callable[..., None]) -> None:
    """Call `bind(sender=model)` for each model there is, and for each one that is defined later."""
    class_prepared.connect(bind, dispatch_uid=f"{bind.__module__}.{bind.__name__}")
    for model in apps.get_models():
        bind(sender=model)


def is_account(model: type[Model]) -> bool:
    """Return whether a row of `model` is a user: of the user model and its proxies, each of which sends its own
    class."""
    return model._meta.concrete_model is get_user_model()._meta.concrete_model


def is_part_of_account(model: type[Model]) -> bool:
    """Return whether a row of `model` can hold columns of a user.

    With multi-table inheritance the parents and children of the user model do as well, and so do the proxies of all
    these.
    """
    theirs: Any = model._meta.concrete_model
    users: Any = get_user_model()._meta.concrete_model
    return issubclass(theirs, users) or issubclass(users, theirs)


def accounts_of(instance: Model, using: str) -> QuerySet[Any]:
    """Return the user that this row is (a part of), as a queryset on the database `using`.

    It is empty where the row of a parent belongs to nobody who could sign in, and, without asking, for one that has no
    key yet.
    """
    user_model = get_user_model()
    users = user_model._base_manager.using(using)
    if isinstance(instance, user_model._meta.concrete_model):  # type: ignore[arg-type]
        key, value = "pk", account_key(instance)
    else:
        key, value = instance._meta.pk.name, instance.pk
    return users.none() if value is None else users.filter(**{key: value})


def written_fields(instance: Model, *, raw: bool, update_fields: Any) -> list[Any]:
    """Return the fields that a save writes, by the arguments of its signal.

    A fixture (`raw`) writes one table, and knows nothing of the parents' columns.
    """
    options: Any = instance._meta.concrete_model._meta  # type: ignore[union-attr]
    fields = options.local_concrete_fields if raw else options.concrete_fields
    return [
        field
        for field in fields
        if update_fields is None or field.name in update_fields or field.attname in update_fields
    ]
