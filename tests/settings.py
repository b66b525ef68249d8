"""The site's settings with the transactions of other hosts: for the whole suite, and the processes that it starts.

TRANSACTION_ISOLATION: "read committed", "repeatable read", "serializable", or "server default" (PostgreSQL, MariaDB).
SQLITE_TRANSACTIONS: "immediate" as this site, or "deferred" as `startproject` leaves it, with a rollback journal.
ATOMIC_REQUESTS: 1 for a transaction around every request.
USE_TZ: 0 for moments as the wall clock of TIME_ZONE shows them, as a host from before Django 5 may have them.

Nothing is limited by time: how often a test signs in within a minute is a matter of the machine.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import IsolationLevel

from config.settings import *  # noqa: F403
from config.settings import DATABASES, SESSIONS_UI, TIME_ZONE, env

# The fixture `rate_limits` puts them back where they are what is tested.
ACCOUNT_RATE_LIMITS = False
# A code of an authenticator app is typed in where the next one may have begun meanwhile.
MFA_TOTP_TOLERANCE = 1

# The tests and what they start speak plain HTTP, too; tests/config looks at the names of the site, and
# tests/stories/test_cookie_names.py signs in with them.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "sessionid", "csrftoken"
# Receivers of webhooks listen where the system has a free port.
SESSIONS_UI = {**SESSIONS_UI, "WEBHOOK_PORTS": ()}

ISOLATION = env.str("TRANSACTION_ISOLATION", default="")
SQLITE_TRANSACTIONS = env.str("SQLITE_TRANSACTIONS", default="immediate")


def set_isolation(database: dict[str, Any], level: str) -> None:
    """As a host names it in DATABASES; its server's own is what counts where it names none."""
    options = database.setdefault("OPTIONS", {})
    match database["ENGINE"].rpartition(".")[2], level:
        case "postgresql", "server default":
            options.pop("isolation_level", None)
        case "postgresql", _:
            options["isolation_level"] = IsolationLevel[level.replace(" ", "_").upper()]
        case "mysql", "server default":
            options["isolation_level"] = None  # left out, Django takes "read committed"
        case "mysql", _:
            options["isolation_level"] = level
        case engine, _:
            raise ImproperlyConfigured(f"TRANSACTION_ISOLATION: {engine} has no isolation levels.")


USE_TZ = env.bool("USE_TZ", default=True)
TIME_ZONE = env.str("TIME_ZONE", default=TIME_ZONE)

if ISOLATION:
    set_isolation(DATABASES["default"], ISOLATION)
match SQLITE_TRANSACTIONS:
    case "immediate":
        pass
    case "deferred" if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        del DATABASES["default"]["OPTIONS"]
    case other:
        raise ImproperlyConfigured(f"SQLITE_TRANSACTIONS={other}: immediate, or deferred on SQLite.")
DATABASES["default"]["ATOMIC_REQUESTS"] = env.bool("ATOMIC_REQUESTS", default=False)
# How long somebody waits for a connection is the site's policy, which tests/config looks at. Twenty threads at once on
# a machine that is slow just now wait for longer.
if "pool" in DATABASES["default"].get("OPTIONS", {}):
    DATABASES["default"]["OPTIONS"]["pool"].update(max_size=30, timeout=60)
