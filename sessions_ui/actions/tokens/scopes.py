"""Which scopes a token may have, by whose it is: the one place for that rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sessions_ui.actions.tokens.rights import MANAGE
from sessions_ui.conf import conf
from sessions_ui.models import ServiceAccount
from sessions_ui.user_model import account_key, enters_administration

# What somebody may not do, no program does for them: of each scope about everybody, the permissions of its page,
# all of them. They are asked when a token is made, and again at each request that needs the scope. All these pages are
# in Django's admin, so whoever may not enter that has none of these scopes. A scope for a page elsewhere, as those of
# the help desk are, would need another rule.
PERMISSIONS: dict[str, tuple[str, ...]] = {
    "sessions:admin:read": ("sessions_ui.view_session", "sessions_ui.view_device"),
    "sessions:admin:write": ("sessions_ui.change_session",),
    "sessions:admin:end": ("sessions_ui.change_session",),
    "tokens:admin": (MANAGE,),
    "incidents:order": ("sessions_ui.order_incident",),
    "events:read": ("sessions_ui.view_event", "sessions_ui.view_eventdetail"),
    "webhooks:read": ("sessions_ui.view_endpoint", "sessions_ui.view_delivery"),
}


def withheld(account: Any, scopes: Iterable[str], *, is_service: bool | None = None) -> frozenset[str]:
    """Return those of the scopes that no token of this account may have, or act by.

    Scopes about everybody take permissions (`PERMISSIONS`), and an account that may enter the administration, where
    people do the same; a service account enters no page. Those for programs of the site (`PROGRAM_SCOPES`) are for
    service accounts, and for whoever may manage tokens there: by `tokens:introspect` anybody could read whose token it
    is that they have found. `is_service` says what the caller knows already. No SQL statement for other scopes.
    """
    asked = of_administration(scopes)
    of_programs = asked & conf.program_scopes
    enters = enters_administration(account)
    if asked and is_service is None and (of_programs or not enters):
        is_service = ServiceAccount.is_one(account_key(account))
    if asked and not enters and not is_service:
        return asked
    lacking = {name for name in asked & PERMISSIONS.keys() if not may(account, *PERMISSIONS[name])}
    if of_programs and not is_service and not may(account, MANAGE):
        lacking |= of_programs
    return frozenset(lacking)


def of_administration(scopes: Iterable[str]) -> frozenset[str]:
    """Return those of the scopes that are not for everybody: a token with them does what takes a page of the
    administration otherwise."""
    return frozenset((*PERMISSIONS, *conf.program_scopes)) & frozenset(scopes)


def offered_scopes(account: Any) -> dict[str, Any]:
    """Return the scopes that a token of this account may have, with what people read of each."""
    not_theirs = withheld(account, conf.scopes)
    return {name: text for name, text in conf.scopes.items() if name not in not_theirs}


def may(account: Any, *permissions: str) -> bool:
    """Return whether the account has all of these permissions; a user model need not know any."""
    has_perm = getattr(account, "has_perm", None)
    return has_perm is not None and all(has_perm(permission) for permission in permissions)
