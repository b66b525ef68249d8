"""The script of open pages, as a page names it: `{% sessions_ui_live %}`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.forms.utils import flatatt
from django.shortcuts import resolve_url
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from sessions_ui.conf import conf
from sessions_ui.store import store_of
from sessions_ui.stream.mount import stream_url
from sessions_ui.web.presence.alive import mark_of


def live_script(context: dict[str, Any], clear: str = "") -> SafeString | str:
    """Return the script that empties the page once its person is signed out (docs/live.md); nothing for anybody else.

    `clear`: keys of the session storage to remove then, separated by spaces; `drafts-*` for all that begin so. The
    script appears once on a page, even where several of its templates name it.
    """
    request = context.get("request")
    store = store_of(request)
    if store is None or getattr(request, "_sessions_ui_live", False):
        return ""
    # Whose session it is, not who is shown: somebody who acts as another person stays signed in as themselves.
    if not store.get_user().is_authenticated:
        return ""
    request._sessions_ui_live = True  # type: ignore[union-attr]
    attributes = {
        "data-alive": reverse("sessions_ui:alive"),
        "data-stream": stream_url(),
        "data-mark": mark_of(store.user_id),
        "data-poll": int(conf.live_poll_interval.total_seconds()),
        "data-clear": clear,
        "data-sign-in": resolve_url(settings.LOGIN_URL),
        "data-next": REDIRECT_FIELD_NAME,
        "data-ended": _("You were signed out"),
        "data-again": _("Sign in again"),
        "data-reconnecting": _("Reconnecting…"),
    }
    return format_html(
        '<script type="module" src="{}" data-sui-live{}></script>',
        static("sessions_ui/live.js"),
        flatatt(attributes),
    )
