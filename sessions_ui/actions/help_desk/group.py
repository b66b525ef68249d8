"""Make the group of agents, for hosts that want one."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import router, transaction

from sessions_ui.actions.help_desk.rights import CODENAME


class GroupIsTaken(Exception):
    """There is a group of this name without the permission: whoever is in it was never meant to be an agent."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a group {name!r} already, and its members are no agents.")


def make_agents_group(name: str) -> bool:
    """Make the group `name` with the one permission that makes its members agents; return False where it is there.

    Raises `GroupIsTaken`, so that nobody becomes an agent because a name is the same. A group may have further
    permissions.
    """
    using = router.db_for_write(Group)
    permission = Permission.objects.using(using).get(codename=CODENAME, content_type__app_label="sessions_ui")
    with transaction.atomic(using=using):
        group, created = Group.objects.using(using).get_or_create(name=name)
        if created:
            group.permissions.add(permission)
        elif not group.permissions.filter(pk=permission.pk).exists():
            raise GroupIsTaken(name)
    return created
