"""Words for the credentials of other packages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from sessions_ui.bridges.protocol import BridgedCredential, BridgedKind

KINDS: dict[BridgedKind, Any] = {
    BridgedKind.TOKEN: _("API key"),
    BridgedKind.REFRESH: _("Connected app"),
    BridgedKind.ACCESS: _("App access"),
    BridgedKind.GRANT: _("App being connected"),
}


def title_of(credential: BridgedCredential) -> str:
    """Return what people know it by: its label, or else what it is."""
    return credential.label or str(KINDS[credential.kind])
