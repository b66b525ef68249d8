"""Reads from the database that is written to.

What a read here decides is whether somebody is signed in, refused or told. On a replica that lags behind, an ended
session still lives and a used code is still good. So every model of the app reads where it writes, whatever the host's
router says of reads; only a caller's own `.using()` reads elsewhere.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.db import models, router

Row = TypeVar("Row", bound=models.Model, covariant=True)


class PrimaryQuerySet(models.QuerySet[Row]):
    _db: str | None
    _hints: dict[str, Any]

    @property
    def db(self) -> str:
        return self._db or router.db_for_write(self.model, **self._hints)


class PrimaryManager(models.Manager[Row]):
    _queryset_class = PrimaryQuerySet
    _hints: dict[str, Any]

    @property
    def db(self) -> str:
        return self._db or router.db_for_write(self.model, **self._hints)


class PrimaryModel(models.Model):
    """The base of every model of the app. Django follows foreign keys by the base manager, which is this one too."""

    objects = PrimaryManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"


def are_users_beside(model: type[models.Model]) -> bool:
    """Return whether the users live in the database of this model of ours."""
    return router.db_for_write(get_user_model()) == router.db_for_write(model)


def with_users(rows: models.QuerySet[Any], *names: str) -> models.QuerySet[Any]:
    """Return these rows with the users whom their keys `names` refer to.

    They are joined, or read by one more statement for each key where the users live in another database.
    """
    return rows.select_related(*names) if are_users_beside(rows.model) else rows.prefetch_related(*names)


def all_users() -> models.QuerySet[Any]:
    """Return the users, including those whom the host's default manager hides."""
    model = get_user_model()
    return model._base_manager.using(router.db_for_write(model))


def visible_users() -> models.QuerySet[Any]:
    """Return the users whom the host's default manager shows."""
    model = get_user_model()
    return model._default_manager.using(router.db_for_write(model))
