"""Sign the links of mails: "This wasn't me", the steps of a recovery, "Choose a new password". So they need no rows of
their own, and are good for a while."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing

SALT = "sessions_ui.not_me"
RECOVERY_SALT = "sessions_ui.recovery"
AGAIN_SALT = "sessions_ui.recovery.again"
RESET_SALT = "sessions_ui.reset"


def not_me_token(delivery_pk: int) -> str:
    """Return a token that names the mail it is in. SECRET_KEY_FALLBACKS verify it, too."""
    return signing.dumps(delivery_pk, salt=SALT)


def read_not_me_token(token: str, *, age: timedelta) -> int | None:
    """Return the delivery's primary key; None for what is forged, broken or older than `age`."""
    return _read(token, salt=SALT, age=age)


def recovery_token(delivery_pk: int) -> str:
    """Return the same for the link to a recovery. It hashes nothing of the account, which a thief could change."""
    return signing.dumps(delivery_pk, salt=RECOVERY_SALT)


def read_recovery_token(token: str, *, age: timedelta) -> int | None:
    return _read(token, salt=RECOVERY_SALT, age=age)


def reset_token(delivery_pk: int) -> str:
    """Return a token for the link that asks for a reset by the mail it is in, whatever the account says by then."""
    return signing.dumps(delivery_pk, salt=RESET_SALT)


def read_reset_token(token: str, *, age: timedelta) -> int | None:
    return _read(token, salt=RESET_SALT, age=age)


def again_token(user_pk: object) -> str:
    """Return a token for the button that has the link to a recovery mailed again. It names the account to somebody who
    was about to change it, and does no more than that."""
    return signing.dumps(str(user_pk), salt=AGAIN_SALT)


def read_again_token(token: str, *, age: timedelta) -> str | None:
    """Return the account's primary key as text; None for what is forged, broken or older than `age`."""
    try:
        pk = signing.loads(token, salt=AGAIN_SALT, max_age=age)
    except signing.BadSignature:
        return None
    return pk if isinstance(pk, str) else None


def _read(token: str, *, salt: str, age: timedelta) -> int | None:
    try:
        pk = signing.loads(token, salt=salt, max_age=age)
    except signing.BadSignature:
        return None
    return pk if isinstance(pk, int) else None
