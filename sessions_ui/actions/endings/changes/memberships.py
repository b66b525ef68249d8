"""Find who loses a right with a group or a permission, as querysets: whole groups in a fixed number of statements.

Rights are what `ACCESS_GROUPS` and `ACCESS_PERMISSIONS` name; a group that holds such a permission is one, too. They
are read before the change, because afterwards nobody knows whom it concerned; and from the database that is written to,
because a replica may not know yet who was given it a moment ago.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import FieldDoesNotExist
from django.db import router
from django.db.models import ManyToManyField, Q, QuerySet

from sessions_ui.conf import conf
from sessions_ui.models.primary import all_users

NOTHING = Q(pk__in=())


def are_watched() -> bool:
    """Return whether the settings name any rights; the user model may know neither groups nor permissions."""
    return bool(conf.access_groups or conf.access_permissions)


def tables_of_users() -> list[Any]:
    """Return the many-to-many tables that say which groups and permissions a user has."""
    fields = (_relation("groups"), _relation("user_permissions"))
    return [field.remote_field.through for field in fields if field is not None]


def tables() -> list[Any]:
    """Return the tables from which somebody can lose a right: the users' own, and that of the groups' permissions."""
    return [*tables_of_users(), Group.permissions.through]


def watched_permissions() -> QuerySet[Permission]:
    names = (name.partition(".") for name in conf.access_permissions)
    wanted = (Q(content_type__app_label=app, codename=codename) for app, _dot, codename in names)
    return _stored(Permission).filter(reduce(or_, wanted, NOTHING))


def watched_groups() -> QuerySet[Group]:
    holding = _stored(Group.permissions.through).filter(permission__in=watched_permissions())
    return _stored(Group).filter(Q(name__in=conf.access_groups) | Q(pk__in=holding.values("group_id")))


def members_of(groups: QuerySet[Group]) -> QuerySet[Any]:
    field = _relation("groups")
    return _users(field, groups) if field else all_users().none()


def holders_of(permissions: QuerySet[Permission]) -> QuerySet[Any]:
    """Return the users who have one of these permissions, directly or by a group."""
    holding = _stored(Group.permissions.through).filter(permission__in=permissions)
    users = members_of(_stored(Group).filter(pk__in=holding.values("group_id")))
    if field := _relation("user_permissions"):
        users = users | _users(field, permissions)
    return users


def losing(
    through: Any, instance: Any, *, reverse: bool, pk_set: Collection[Any] | None
) -> QuerySet[Any] | None:
    """Return who loses a right when `m2m_changed` removes from the table `through`; None for any other table.

    `instance`, `reverse` and `pk_set` are the signal's; a `pk_set` of None means all of them.
    """
    for field, rights in (
        (_relation("groups"), watched_groups()),
        (_relation("user_permissions"), watched_permissions()),
    ):
        if field is not None and through is field.remote_field.through:
            rows = _rows_removed(field, instance, reverse=reverse, pk_set=pk_set)
            rows = rows.filter(**{f"{field.m2m_reverse_field_name()}__in": rights})
            return all_users().filter(pk__in=rows.values(field.m2m_field_name()))
    permissions: Any = Group._meta.get_field("permissions")
    if through is permissions.remote_field.through:
        rows = _rows_removed(permissions, instance, reverse=reverse, pk_set=pk_set)
        rows = rows.filter(permission__in=watched_permissions())
        return members_of(_stored(Group).filter(pk__in=rows.values("group_id")))
    return None


def _stored(model: Any) -> QuerySet[Any]:
    return model._base_manager.using(router.db_for_write(model))


def _rows_removed(
    field: Any, instance: Any, *, reverse: bool, pk_set: Collection[Any] | None
) -> QuerySet[Any]:
    near, far = field.m2m_field_name(), field.m2m_reverse_field_name()
    if reverse:
        near, far = far, near
    rows = _stored(field.remote_field.through).filter(**{near: instance})
    return rows if pk_set is None else rows.filter(**{f"{far}__in": pk_set})


def _users(field: Any, rights: QuerySet[Any]) -> QuerySet[Any]:
    rows = _stored(field.remote_field.through).filter(**{f"{field.m2m_reverse_field_name()}__in": rights})
    return all_users().filter(pk__in=rows.values(field.m2m_field_name()))


def _relation(name: str) -> Any:
    """Return the user model's field of this name where it is one to groups or permissions, otherwise None."""
    try:
        field = get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, ManyToManyField) else None
