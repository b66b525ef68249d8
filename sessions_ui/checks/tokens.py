"""What the settings say of access tokens."""

from __future__ import annotations

import re
from typing import Any

from django.core import checks

from sessions_ui.conf import conf
from sessions_ui.conf.tokens import FOR_LEAVERS

PREFIX = re.compile(r"[a-z0-9]{1,20}")
# RFC 6749, 3.3: printable ASCII without space, quotation mark and backslash.
SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")


def tokens(**kwargs: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    if not PREFIX.fullmatch(conf.token_prefix):
        text = "TOKEN_PREFIX must be up to 20 lower-case letters and digits: scanners look for it."
        found.append(checks.Error(text, id="sessions_ui.E140"))
    if wrong := [name for name in conf.scopes if not SCOPE.fullmatch(name)]:
        text = f"SCOPES: no name that a scope can have (RFC 6749, 3.3): {', '.join(map(repr, wrong))}."
        found.append(checks.Error(text, id="sessions_ui.E141"))
    if conf.service_accounts_of_leavers not in FOR_LEAVERS:
        text = f"SERVICE_ACCOUNTS_OF_LEAVERS must be one of {', '.join(FOR_LEAVERS)}."
        found.append(checks.Error(text, id="sessions_ui.E142"))
    return found
