"""Readers of other session engines' tables, one module each. What happens to the rows: `actions/adoption/adopt.py`.

Engines that keep nothing which can be listed (`cache`, `file`, `signed_cookies`) have no reader.
"""

from __future__ import annotations

from sessions_ui.adopt.allauth import ALLAUTH
from sessions_ui.adopt.db import DB
from sessions_ui.adopt.qsessions import QSESSIONS
from sessions_ui.adopt.source import OldSession, Source
from sessions_ui.adopt.user_sessions import USER_SESSIONS

SOURCES: dict[str, Source] = {source.name: source for source in (DB, ALLAUTH, USER_SESSIONS, QSESSIONS)}

__all__ = ["SOURCES", "OldSession", "Source", "present"]


def present(using: str) -> list[Source]:
    """Return the sources that have living rows. allauth's list only describes rows of Django's table: where it is
    there, it stands for both."""
    found = [source for source in SOURCES.values() if source.is_present(using) and source.has_living(using)]
    return [source for source in found if source is not DB or ALLAUTH not in found]
