"""`manage.py clearsessions`, as in `django.contrib.sessions`, which this app takes the place of."""

from __future__ import annotations

from django.contrib.sessions.management.commands.clearsessions import Command

__all__ = ["Command"]
