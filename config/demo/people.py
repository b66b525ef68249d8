"""The demo's people. Their addresses end in `.example`, which no mail ever reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

PASSWORD = "devices-demo"  # noqa: S105 - printed for everybody to see
HELP_DESK = "Help desk"


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str
    what: str
    staff: bool = False
    superuser: bool = False


ADA = Person("ada@demo.example", "Ada (demo)", "has several devices")
AGENT = Person("help@demo.example", "Help desk (demo)", "help-desk agent", staff=True)
ADMIN = Person("admin@demo.example", "Administrator (demo)", "administrator", staff=True, superuser=True)
PEOPLE = [ADA, AGENT, ADMIN]


def create_people() -> bool:
    """Into an empty database of a demo only: known passwords on a real site would be an open door.

    True if they were created now.
    """
    if not settings.DEMO:
        raise ImproperlyConfigured("The demo's people exist in a demo only (DEMO=1).")
    users = get_user_model().objects
    with transaction.atomic():
        if users.exists():
            return False
        for person in PEOPLE:
            user = users.create_user(
                email=person.email,
                password=PASSWORD,
                name=person.name,
                is_staff=person.staff,
                is_superuser=person.superuser,
            )
            EmailAddress.objects.create(user=user, email=person.email, verified=True, primary=True)
            if person is AGENT:
                user.groups.add(help_desk())
    return True


def help_desk() -> Any:
    """The group of the help desk: sees sessions and devices, ends sessions, changes nothing else."""
    group, _created = Group.objects.get_or_create(name=HELP_DESK)
    group.permissions.set(
        Permission.objects.filter(
            content_type__app_label="sessions_ui",
            codename__in=["view_session", "view_device", "end_session"],
        )
    )
    return group
