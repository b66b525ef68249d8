"""Codes of six digits that are stored nowhere: whoever reads the database does not learn them."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

DIGITS = 6


def six_digits(purpose: str, value: str, *, secret: str | None = None) -> str:
    """Derived from the site's secret key (or `secret`, a fallback of it) and `value`, which holds a random salt."""
    digest = salted_hmac(purpose, value, secret=secret, algorithm="sha256").hexdigest()
    return f"{int(digest, 16) % 10**DIGITS:0{DIGITS}d}"
