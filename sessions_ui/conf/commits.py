"""How decisions are committed."""

from __future__ import annotations

from functools import cached_property
from typing import Literal, TypeAlias, cast, get_args

from django.core.exceptions import ImproperlyConfigured

from sessions_ui.conf.base import Section

SynchronousCommit: TypeAlias = Literal["", "local", "remote_write", "on", "remote_apply"]


class CommitSettings(Section):
    """How decisions are committed (docs/scaling.md)"""

    @cached_property
    def synchronous_commit(self) -> SynchronousCommit:
        """What PostgreSQL's `synchronous_commit` is set to (`SET LOCAL`) in each transaction that signs somebody in,
        ends sessions, decides something about an account or replaces a session key, the host project's transactions
        around them included: "on" (a synchronous standby has it on disk), "remote_apply" (it shows it, too),
        "remote_write" or "local". Everything else, such as "last seen" and the data of sessions, is committed as the
        server's own setting says, which may be cheaper then. Empty: decisions, too. "off" is refused: who was told
        that a device is signed out must not find it signed in after a crash."""
        level = self._given.get("SYNCHRONOUS_COMMIT", "")
        if level not in get_args(SynchronousCommit):
            known = ", ".join(filter(None, get_args(SynchronousCommit)))
            raise ImproperlyConfigured(f"SESSIONS_UI['SYNCHRONOUS_COMMIT']: one of {known}, not {level!r}")
        return cast("SynchronousCommit", level)
