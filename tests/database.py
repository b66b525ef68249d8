"""The test database for processes that a test starts."""

from __future__ import annotations

from django.db import connection


def database_url() -> str:
    """As in production's variable DATABASE_URL."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    account = f"{at['USER']}:{at['PASSWORD']}@" if at["USER"] else ""
    port = f":{at['PORT']}" if at["PORT"] else ""
    return f"{connection.vendor}://{account}{at['HOST']}{port}/{at['NAME']}"
