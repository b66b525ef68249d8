"""What statements are, for tests that count them or ask whether any of them writes."""

from __future__ import annotations

import re

from django.test.utils import CaptureQueriesContext

# By the first table that it names.
ABOUT = re.compile(r"(?:FROM|INTO|UPDATE|IGNORE INTO)\s+[`\"](\w+)")
# What one statement reads besides.
SUBQUERY = re.compile(r"\(SELECT (?:[^()]|\([^()]*\))*\)")
TRANSACTION = ("BEGIN", "SAVEPOINT", "RELEASE", "SET TRANSACTION", "SET LOCAL")


def verb(sql: str) -> str:
    """The first word of a statement. The look-up of a request reads, also where PostgreSQL has it prepared: that
    depends on what the connection has done before, and so on which tests came before."""
    return "SELECT" if "EXECUTE sessions_ui_" in sql else sql.split()[0]


def gist(queries: CaptureQueriesContext) -> list[str]:
    """ "UPDATE sessions_ui_session" and the like, in their order; without what begins, ends or shapes a transaction,
    which each database does in its own way."""
    statements = [query["sql"] for query in queries.captured_queries]
    # The look-up that is prepared comes with a savepoint in the same message.
    return [
        about(sql) for sql in statements if "EXECUTE sessions_ui_" in sql or not sql.startswith(TRANSACTION)
    ]


def about(sql: str) -> str:
    sql = SUBQUERY.sub("", sql)
    if "EXECUTE sessions_ui_" in sql:
        return "SELECT sessions_ui_session"
    found = ABOUT.search(sql)
    return f"{verb(sql)} {found[1] if found else '?'}"
