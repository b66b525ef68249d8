"""Mails to the people whose devices they are about."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from sessions_ui.conf.base import PerUser, Section


class MailSettings(Section):
    """Mails"""

    @cached_property
    def mail_from(self) -> str | None:
        """Sender of the app's mails. None: `DEFAULT_FROM_EMAIL`."""
        return self._given.get("MAIL_FROM")

    @cached_property
    def site_url(self) -> str:
        """Scheme and host for links in mails ("https://example.org"), which no request can tell. Empty: mails
        have no links."""
        return str(self._given.get("SITE_URL", "")).rstrip("/")

    @cached_property
    def mail_language(self) -> PerUser[str]:
        """A callable `user -> "de"`, or its dotted path: the language of the mails to this user. None, and whatever
        is not in `LANGUAGES`: `LANGUAGE_CODE`. The user is None where the account is gone."""
        return self._per_user("MAIL_LANGUAGE")

    @cached_property
    def mail_time_zone(self) -> PerUser[str]:
        """A callable `user -> "Europe/Berlin"`, or its dotted path: the zone of the times in mails, which always say
        their zone. None, and whatever is no zone: UTC. The user is None where the account is gone."""
        return self._per_user("MAIL_TIME_ZONE")

    @cached_property
    def mail_preference(self) -> Callable[[Any, str], bool] | None:
        """A callable `(user, kind) -> bool`, or its dotted path: False where the user has switched such mails off. It
        is asked for what is not about the safety of the account only (docs/mails.md). None: nobody has."""
        return self._per_user("MAIL_PREFERENCE")

    @cached_property
    def mails_per_hour(self) -> int:
        """So many mails of one kind go to a person within an hour; what is over that waits, and then comes as one."""
        return self._given.get("MAILS_PER_HOUR", 5)
