"""Whether decisions are committed as the site wants them."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router

from sessions_ui.conf import conf
from sessions_ui.models import Session


def synchronous_commit(**kwargs: Any) -> list[checks.CheckMessage]:
    try:
        level = conf.synchronous_commit
    except ImproperlyConfigured as error:
        hint = "What each of them means: PostgreSQL's documentation of synchronous_commit."
        return [checks.Error(str(error), hint=hint, id="sessions_ui.E045")]
    vendor = connections[router.db_for_write(Session)].vendor
    if not level or vendor == "postgresql":
        return []
    return [
        checks.Warning(
            f"SYNCHRONOUS_COMMIT does nothing on {vendor}: it is a setting of PostgreSQL.",
            hint="Take it out. docs/scaling.md says what to set on MariaDB and Galera.",
            id="sessions_ui.W046",
        )
    ]
