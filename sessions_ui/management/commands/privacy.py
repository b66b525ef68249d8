"""`manage.py privacy …`: what is stored about somebody, to hand it out and to erase it (docs/privacy.md)."""

from __future__ import annotations

import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from sessions_ui.actions.help_desk.find_user import users_exactly
from sessions_ui.actions.privacy.erase import erase
from sessions_ui.actions.privacy.export import export, note_export
from sessions_ui.management.migrated import MigratedCommand

ERASE = "erase"  # what has to be typed


class Command(MigratedCommand):
    help = "Exports or erases what is stored about somebody."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        out = commands.add_parser("export", help="Write all that is stored about somebody as JSON.")
        gone = commands.add_parser(
            "erase",
            help="Sign somebody out, and erase what is stored about them; the events stay without details.",
        )
        for each in (out, gone):
            whom = each.add_mutually_exclusive_group(required=True)
            whom.add_argument("--user", metavar="U", help="The whole email address or user name.")
            whom.add_argument(
                "--key", metavar="K", help="The primary key, also of an account that was deleted."
            )
        out.add_argument(
            "--output", metavar="FILE", help="A new file that only you can read; otherwise standard output."
        )
        out.add_argument(
            "--for-owner",
            action="store_true",
            help="As the person would get it: without the notes of staff and without who else acted.",
        )
        gone.add_argument("--ticket", default="", help="Number of the ticket; kept in the history.")
        gone.add_argument(
            "--no-input", dest="interactive", action="store_false", help="Do not ask for confirmation."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = _account(options["user"], options["key"])
        if options["subcommand"] == "export":
            self.export(user, options)
        else:
            self.erase(user, options)

    def export(self, user: Any, options: dict[str, Any]) -> None:
        pieces = export(user=user, for_owner=options["for_owner"])
        if not options["output"]:
            note_export(user=user, actor=None)
            for piece in pieces:
                self.stdout.write(piece, ending="")
            return
        try:
            descriptor = os.open(options["output"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"--output: {error.strerror}: {options['output']}") from None
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            note_export(user=user, actor=None)
            file.writelines(pieces)
        self.stderr.write(f"Written: {options['output']}")

    def erase(self, user: Any, options: dict[str, Any]) -> None:
        if options["interactive"]:
            self.confirm(user)
        done = erase(user=user, actor=None, ticket=options["ticket"])
        self.stdout.write(f"Sessions ended: {done.receipt.ended:,}")
        for model, count in sorted(done.rows.items()):
            self.stdout.write(f"{model}: {count:,}")
        self.stdout.write(f"Rows erased: {done.total:,} (event {done.event.pk})")

    def confirm(self, user: Any) -> None:
        """Ask for a word that nobody types by mistake. Raises `CommandError` for any other, and where nobody can be
        asked."""
        self.stdout.write(
            f"This signs out the account {user.pk}, and erases its devices, sign-ins and messages. This "
            f"cannot be undone."
        )
        try:
            answer = input(f"Type “{ERASE}” to go on: ")
        except EOFError:
            raise CommandError(
                "There is nobody to ask. Use --no-input to go on without asking. Nothing was done."
            ) from None
        if answer.strip() != ERASE:
            raise CommandError("Not confirmed. Nothing was done.")


def _account(name: str | None, key: str | None) -> Any:
    """Return an instance of the user model with the primary key of whom is meant, which may be of nobody any more.
    Raises `CommandError` for a name that is not one account's, and for what is no key."""
    model: Any = get_user_model()
    if name is not None:
        found = users_exactly(name)
        if len(found) != 1:
            raise CommandError(f"--user: no account matches {name!r} exactly.")
        return model(pk=found[0])
    try:
        return model(pk=model._meta.pk.to_python(key))
    except ValidationError:
        raise CommandError(f"--key: {key!r} is no primary key of an account.") from None
