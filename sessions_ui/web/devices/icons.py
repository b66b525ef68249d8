"""Icons of `static/sessions_ui/sprite.svg`, as the pages name them: `{% icon "clock" %}`."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.utils.safestring import SafeString

TEMPLATE = "sessions_ui/_icon.html"
TURNING = frozenset({"login", "logout"})  # doors that open the other way where one reads from right to left


class Icons(dict[str, SafeString]):
    """The icons of one page. A page shows few icons, each many times, so what was rendered is kept; but no longer than
    the page, because the address of the sprite is the storage's, which may sign or move it."""

    def __init__(self, context: Any) -> None:
        super().__init__()
        self._template = context.template.engine.get_template(TEMPLATE)
        self._context = context.new({"sprite": static("sessions_ui/sprite.svg")})

    def __missing__(self, name: str) -> SafeString:
        with self._context.push(icon=name, turns=name in TURNING):
            self[name] = self._template.render(self._context)
        return self[name]


def icon(context: Any, name: str) -> SafeString:
    """Return the markup of an icon, by the id of its symbol."""
    request = context.get("request")
    if request is None:
        return Icons(context)[name]
    if not hasattr(request, "_sessions_ui_icons"):
        request._sessions_ui_icons = Icons(context)
    markup: SafeString = request._sessions_ui_icons[name]
    return markup
