"""Sign the "This wasn't me" link in a mail, so that it needs no row of its own, and is good for a while."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing

SALT = "sessions_ui.not_me"


def not_me_token(delivery_pk: int) -> str:
    """Return a token that names the mail it is in. SECRET_KEY_FALLBACKS verify it, too."""
    return signing.dumps(delivery_pk, salt=SALT)


def read_not_me_token(token: str, *, age: timedelta) -> int | None:
    """Return the delivery's primary key; None for what is forged, broken or older than `age`."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=age)
    except signing.BadSignature:
        return None
    return pk if isinstance(pk, int) else None
