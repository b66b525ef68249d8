"""The device cookie: one for a browser, with a value for each account that has signed in there.

The cookie is a row of pairs `tag.value`. The tag says whose the value is, to this site only; the value is signed for
that account, so nobody else can use it, and nobody can make one. Each sign-in gives out the next value
(`Device.accepts()` says which ones are good). In a value are the series, which stays and finds the device, the value's
number, and the number of the value that it was given out for (its parent). The database has a digest of the series and
two numbers: whoever reads it can neither make a value nor tell which accounts share a browser.
"""

from __future__ import annotations

import re
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.debug import sensitive_variables

from sessions_ui.conf.secret_keys import secrets_of_settings

MOST = 8  # accounts in one cookie
TAG_BYTES, SERIES_BYTES, SIGNATURE_BYTES = 6, 16, 16
CONTENT = struct.Struct(f">{SERIES_BYTES}sII")  # the series, the number, the parent's number
PAIR = r"[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{54}"
COOKIE = re.compile(rf"{PAIR}(?:\.{PAIR}){{0,{MOST - 1}}}")


@dataclass(frozen=True, slots=True)
class DeviceCookieValue:
    """What one value of the cookie says, once its signature was verified.

    `number`: how many values of the device's cookie there were, with this one. `parent`: the number of the value that
    the browser brought when it got this one; 0 where it brought none.
    """

    series: bytes
    number: int
    parent: int


def first_value() -> DeviceCookieValue:
    """Return the first value of a new device, with 128 random bits."""
    return DeviceCookieValue(secrets.token_bytes(SERIES_BYTES), number=1, parent=0)


@sensitive_variables("cookie", "texts")
def value_of(cookie: str | None, user_pk: object) -> DeviceCookieValue | None:
    """Return the value that the cookie has for this user; None where it has none that this site has given out.

    A browser may send anything: what is longer than a cookie of ours, or made of anything else, is none. Of several
    values for one user, which this site does not give out, the last counts.
    """
    tags = _tags(user_pk)
    texts = [text for tag, text in _pairs(cookie) if tag in tags]
    return _verified(texts[-1], user_pk) if texts else None


@sensitive_variables("cookie", "others", "pairs")
def with_value(cookie: str | None, user_pk: object, value: DeviceCookieValue) -> str:
    """Return the cookie with this value for this user, in the place of the former one.

    It comes last, so that the first is the one whose account has not signed in there for longest: that goes where there
    would be more than `MOST`.
    """
    tags = _tags(user_pk)
    others = [(tag, text) for tag, text in _pairs(cookie) if tag not in tags]
    pairs = [*others, (tags[0], _text(value, user_pk))]
    return ".".join(f"{tag}.{text}" for tag, text in pairs[-MOST:])


def series_digests(user_pk: object, series: bytes) -> list[str]:
    """Return the digests under which the series may be stored for this user, that of the current secret first."""
    return [_hmac("series", f"{user_pk}:{series.hex()}", secret).hex() for secret in secrets_of_settings()]


def _pairs(cookie: str | None) -> Iterator[tuple[str, str]]:
    if cookie is None or COOKIE.fullmatch(cookie) is None:
        return
    parts = cookie.split(".")
    yield from zip(parts[::2], parts[1::2], strict=True)


def _tags(user_pk: object) -> list[str]:
    """Return the tags that this user's value may have, that of the current secret first."""
    return [_base64(_hmac("tag", str(user_pk), secret)[:TAG_BYTES]) for secret in secrets_of_settings()]


@sensitive_variables("content")
def _text(value: DeviceCookieValue, user_pk: object) -> str:
    content = CONTENT.pack(value.series, value.number, value.parent)
    return _base64(content + _signatures(content, user_pk)[0])


def _verified(text: str, user_pk: object) -> DeviceCookieValue | None:
    raw = urlsafe_b64decode(text + "==")
    content, signature = raw[: CONTENT.size], raw[CONTENT.size :]
    if not any(constant_time_compare(signature, known) for known in _signatures(content, user_pk)):
        return None
    return DeviceCookieValue(*CONTENT.unpack(content))


def _signatures(content: bytes, user_pk: object) -> list[bytes]:
    """Return the signatures that a value may have, that of the current secret first."""
    signed = f"{user_pk}:{content.hex()}"
    return [_hmac("value", signed, secret)[:SIGNATURE_BYTES] for secret in secrets_of_settings()]


def _hmac(purpose: str, value: str, secret: str | bytes) -> bytes:
    salt = f"sessions_ui.device_cookie.{purpose}"
    return salted_hmac(salt, value, secret=secret, algorithm="sha256").digest()


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
