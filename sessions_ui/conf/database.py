"""How the database is asked."""

from __future__ import annotations

from functools import cached_property

from sessions_ui.conf.base import Section


class DatabaseSettings(Section):
    """How the database is asked (docs/performance.md)"""

    @cached_property
    def prepare_look_up(self) -> bool | None:
        """Whether the one statement of a request is prepared on PostgreSQL (`PREPARE`, `EXECUTE`), from the third
        request of a connection on. None: where the connection is PostgreSQL's own; a pooler in between is noticed.
        True: also through a pooler, which is right for one that keeps a connection of PostgreSQL for as long as the
        client's lasts (PgBouncer with `pool_mode = session`). False: never."""
        return self._given.get("PREPARE_LOOK_UP")
