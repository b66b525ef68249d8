"""Whether the history can prove anything."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from sessions_ui.audit.keys import public_keys
from sessions_ui.conf import conf
from sessions_ui.models import Event


def seal_key(**kwargs: Any) -> list[checks.CheckMessage]:
    try:
        public_keys()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), hint="manage.py seal_keys --new makes one.", id="sessions_ui.E111")]
    return []


def unsigned(**kwargs: Any) -> list[checks.CheckMessage]:
    if conf.seal_key:
        return []
    return [
        checks.Warning(
            "SEAL_KEY is empty: the history is sealed, but not signed. Whoever can write to the database can "
            "make it up.",
            hint="manage.py seal_keys --new makes a key, for a file outside of the database (docs/evidence.md). If "
            "nobody will ever ask for evidence, put sessions_ui.W110 into SILENCED_SYSTEM_CHECKS.",
            id="sessions_ui.W110",
        )
    ]


def detail_retention(**kwargs: Any) -> list[checks.CheckMessage]:
    unknown = [kind for kind in conf.event_detail_retention if kind not in Event.Kind.values]
    if not unknown:
        return []
    return [
        checks.Error(
            f"EVENT_DETAIL_RETENTION names kinds of events that there are none of: {', '.join(map(str, unknown))}.",
            id="sessions_ui.E112",
        )
    ]
