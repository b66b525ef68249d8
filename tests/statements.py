"""What statements are, for tests that count them or ask whether any of them writes."""

from __future__ import annotations


def verb(sql: str) -> str:
    """The first word of a statement. The look-up of a request reads, also where PostgreSQL has it prepared: that
    depends on what the connection has done before, and so on which tests came before."""
    return "SELECT" if "EXECUTE sessions_ui_" in sql else sql.split()[0]
