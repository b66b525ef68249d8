"""`manage.py seal_keys`: the public keys of the sealed log, and new ones (docs/evidence.md)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions_ui.audit.keys import new_key, public_keys, public_pem


class Command(BaseCommand):
    help = (
        "Prints the public keys whose signatures the site trusts, in PEM, the current one first. Publish them where "
        "an auditor can find them without this site."
    )
    requires_system_checks = []  # it makes what they miss

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--new", action="store_true", help="Print a new private key, for SEAL_KEY. Nothing else is done."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(new_key() if options["new"] else self.public(), ending="")
        except (ImproperlyConfigured, ImportError) as error:
            raise CommandError(str(error)) from error

    def public(self) -> str:
        keys = public_keys()
        if not keys:
            raise CommandError("There is no key: SEAL_KEY is empty.")
        return "\n".join(f"{name}\n{public_pem(key)}" for name, key in keys.items())
