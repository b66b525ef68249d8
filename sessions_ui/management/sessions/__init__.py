"""The subcommands of `manage.py sessions`, a module each.

A module has `HELP`, `add_arguments(parser)` and `handle(command, options)`; `commands/sessions.py` names it.
"""
