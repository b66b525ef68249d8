"""`manage.py receipt`: a file that proves what an act or a call at the help desk did (docs/evidence.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from sessions_ui.audit.receipt import receipt_of_act, receipt_of_case
from sessions_ui.exceptions import NoReceipt
from sessions_ui.management.migrated import MigratedCommand
from sessions_ui.models import Act, Case


class Command(MigratedCommand):
    help = (
        "Prints a receipt, which `python -m sessions_ui.verify FILE --key PUB` checks anywhere, without this database. "
        "It contains keys of users, sessions and devices; with --details also addresses, user agents and texts."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        about = parser.add_mutually_exclusive_group(required=True)
        about.add_argument(
            "--act", type=UUID, metavar="ID", help="The id of an act, as the administration shows it."
        )
        about.add_argument("--case", metavar="REFERENCE", help="The reference of a call at the help desk.")
        parser.add_argument("--details", action="store_true", help="Include what can be erased.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for piece in self.receipt(options):
                self.stdout.write(piece, ending="")
        except (Act.DoesNotExist, Case.DoesNotExist):
            raise CommandError("There is no act or call with this id.") from None
        except NoReceipt as error:
            raise CommandError(str(error)) from error

    def receipt(self, options: dict[str, Any]) -> Iterator[str]:
        if options["act"] is not None:
            return receipt_of_act(Act.objects.get(pk=options["act"]), details=options["details"])
        return receipt_of_case(Case.objects.get(public_id=options["case"]), details=options["details"])
