"""`manage.py rotate_factor_keys`: secrets of second factors under the current key (docs/production.md)."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import router

from accounts.credentials.factor_secrets import reseal


class Command(BaseCommand):
    help = (
        "Encrypts the secrets of second factors with the first of FACTOR_KEYS, whatever has encrypted them. "
        "It may be interrupted and run again; nobody is signed out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = reseal(Authenticator.objects.using(router.db_for_write(Authenticator)))
        self.stdout.write(f"{done.changed} second factors were encrypted with the current key.")
        if done.undecipherable:
            ids = ", ".join(map(str, done.undecipherable))
            raise CommandError(f"These have a key that is not among FACTOR_KEYS any more: {ids}.")
