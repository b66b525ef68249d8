"""Sign the links in mails, "This wasn't me" and "Choose a new password": they need no row of their own, and are good
for a while."""

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


RESET_SALT = "sessions_ui.reset"


def reset_token(delivery_pk: int) -> str:
    """Return a token for the link that asks for a reset by the mail it is in, whatever the account says by then."""
    return signing.dumps(delivery_pk, salt=RESET_SALT)


def read_reset_token(token: str, *, age: timedelta) -> int | None:
    """Return the delivery's primary key, as `read_not_me_token()` does."""
    try:
        pk = signing.loads(token, salt=RESET_SALT, max_age=age)
    except signing.BadSignature:
        return None
    return pk if isinstance(pk, int) else None
