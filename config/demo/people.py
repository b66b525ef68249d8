"""The demo's people. Their addresses end in `.example`, which no mail ever reaches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from config.demo.factor import SECRET

PASSWORD = "devices-demo"  # noqa: S105 - printed for everybody to see
HELP_DESK = "Help desk"


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str
    what: str
    staff: bool = False
    superuser: bool = False
    # Has an authenticator app, whose codes the demo shows at /demo/code/.
    factor: bool = False


ADA = Person("ada@demo.example", "Ada (demo)", "has several devices")
AGENT = Person("help@demo.example", "Help desk (demo)", "help-desk agent", factor=True)
SECOND_AGENT = Person("help2@demo.example", "Second agent (demo)", "second help-desk agent", factor=True)
ADMIN = Person("admin@demo.example", "Administrator (demo)", "administrator", staff=True, superuser=True)
PEOPLE = [ADA, AGENT, SECOND_AGENT, ADMIN]


def create_people() -> bool:
    """Create the demo's people, in an empty database of a demo only: known passwords on a real site would be an open
    door.

    Return True if they were created now.
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
            if person.factor:
                TOTP.activate(user, SECRET)
                # Not just now: a factor counts at the help desk when the account has had it for a day.
                long_ago = timezone.now() - timedelta(days=30)
                Authenticator.objects.filter(user=user).update(created_at=long_ago)
                user.groups.add(help_desk())
    return True


def help_desk() -> Any:
    """Return the group of agents, made as `manage.py sessions help-desk-group` makes it."""
    call_command("sessions", "help-desk-group", name=HELP_DESK, stdout=StringIO())
    return Group.objects.get(name=HELP_DESK)
