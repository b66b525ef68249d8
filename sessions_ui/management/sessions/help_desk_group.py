"""`manage.py sessions help-desk-group`: make the group of the agents."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions_ui.actions.help_desk.group import GroupIsTaken, make_agents_group

HELP = "Create the group whose members are agents of the help desk. It starts empty."


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("--name", default="Help desk", help="The name of the group: %(default)s.")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    name = options["name"]
    try:
        made = make_agents_group(name)
    except GroupIsTaken as error:
        raise CommandError(
            f"{error} Take another name (--name), or give it the permission sessions_ui.help_desk yourself."
        ) from None
    command.stdout.write(f"Group created: {name}" if made else f"The group already exists: {name}")
