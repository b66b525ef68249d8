"""Record that a browser is in use with the new value of its device cookie: from then on the former one is a copy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import router
from django.views.decorators.debug import sensitive_variables

from sessions_ui.conf import conf
from sessions_ui.models import Device
from sessions_ui.models.device_cookie import series_digests, value_of

# How long after a sign-in it is waited for another one of the same browser, sent at the same moment with the same
# cookie, whose answer may still replace the value of this one. A request takes no longer: servers give up before.
SETTLING = timedelta(minutes=1)


def is_first_use(before: Mapping[str, Any], now: datetime) -> bool:
    """Return whether this is the first activity of a session that is written after its sign-in has settled.

    `before`: what its row said until now. So this costs a sign-in one statement, and no request after that anything.
    """
    if before["signed_in_at"] is None:
        return False
    settled_at: datetime = before["signed_in_at"] + SETTLING
    return bool(before["last_seen_at"] < settled_at <= now)


@sensitive_variables("cookie")
def note_cookie_seen(*, device_pk: int | None, user_pk: Any, cookie: str | None) -> bool:
    """Record that this cookie's value of the user was seen on the device; return whether it is the newest seen now.

    One conditional statement: only the successor of the value that was seen last takes its place.
    """
    value = value_of(cookie, user_pk) if conf.device_cookie else None
    if device_pk is None or value is None:
        return False
    devices = Device.objects.using(router.db_for_write(Device)).filter(
        pk=device_pk,
        cookie_digest__in=series_digests(user_pk, value.series),
        cookie_seen=value.parent,
        cookie_issued__gte=value.number,
    )
    return bool(devices.update(cookie_seen=value.number))
