"""Scopes that not everybody's token may have: what is about others takes the permission that its page takes, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sessions_ui.actions.tokens.rights import MANAGE
from sessions_ui.conf import conf
from sessions_ui.models import ServiceAccount

# Of each scope about everybody: all of these. They are asked when a token is made, and again at each request that needs
# the scope.
PERMISSIONS: dict[str, tuple[str, ...]] = {
    "sessions:admin:read": ("sessions_ui.view_session", "sessions_ui.view_device"),
    "sessions:admin:write": ("sessions_ui.change_session",),
    "sessions:admin:end": ("sessions_ui.change_session",),
    "tokens:admin": (MANAGE,),
    "tokens:introspect": (MANAGE,),
    "incidents:order": ("sessions_ui.order_incident",),
    "events:read": ("sessions_ui.view_event", "sessions_ui.view_eventdetail"),
    "webhooks:read": ("sessions_ui.view_endpoint", "sessions_ui.view_delivery"),
}
# These a service account has without the permission, which would let it do much more: an administrator gives them to a
# resource server, and somebody answers for it. It is told whose a token is by which somebody has called it.
OF_SERVICES = frozenset({"tokens:introspect"})


def may_hold(user: Any, scope: str) -> bool:
    """Return whether a token of this user may have the scope: what somebody may not do, no program does for them."""
    needed = PERMISSIONS.get(scope, ())
    if not needed or user.has_perms(needed):
        return True
    return scope in OF_SERVICES and ServiceAccount.objects.filter(pk=user.pk).exists()


def offered_scopes(user: Any) -> dict[str, Any]:
    """Return the scopes that a token of this user may have, with what people read of each."""
    return {name: text for name, text in conf.scopes.items() if may_hold(user, name)}


def refused_scopes(user: Any, scopes: Iterable[str]) -> list[str]:
    return [name for name in scopes if not may_hold(user, name)]
