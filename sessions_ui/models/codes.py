"""Codes of six digits that are stored nowhere: whoever reads the database does not learn them."""

from __future__ import annotations

import re
import secrets
from typing import ClassVar

from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.debug import sensitive_variables

from sessions_ui.conf.secret_keys import secrets_of_settings
from sessions_ui.models.primary import PrimaryModel

DIGITS = 6
BETWEEN_DIGITS = re.compile(r"[\s\u2010-\u2015-]+")  # spaces and dashes, as people write groups of digits


def new_nonce() -> str:
    """Return 128 random bits, which the next code is derived from."""
    return secrets.token_urlsafe(16)


class OneTimeCode(PrimaryModel):
    """A row with a code, which `actions/one_time_codes.py` sends and checks.

    The code is derived, when it is mailed and when it is checked, from the site's secret key, the row's key and a
    nonce.
    """

    # Tells the codes of these rows from those of others, and which fields have the nonce and the number of tries.
    CODE_SALT: ClassVar[str]
    NONCE_FIELD: ClassVar[str] = "nonce"
    TRIES_FIELD: ClassVar[str] = "tries"

    class Meta(PrimaryModel.Meta):
        abstract = True

    @property
    def code_nonce(self) -> str:
        """The nonce of the code; empty where there is no code."""
        return str(getattr(self, self.NONCE_FIELD))

    @sensitive_variables()
    def code(self, *, secret: str | bytes | None = None) -> str:
        """Return the six digits, under the current secret key or `secret`, a former one."""
        value = f"{self.pk}:{self.code_nonce}"
        digest = salted_hmac(self.CODE_SALT, value, secret=secret, algorithm="sha256").hexdigest()
        return f"{int(digest, 16) % 10**DIGITS:0{DIGITS}d}"

    @sensitive_variables()
    def is_code(self, given: str) -> bool:
        """Return whether `given` is the code, typed in with spaces and dashes or without.

        It may have been mailed under a former secret key.
        """
        typed = BETWEEN_DIGITS.sub("", given)
        return any(constant_time_compare(typed, self.code(secret=known)) for known in secrets_of_settings())
