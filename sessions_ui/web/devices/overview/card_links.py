"""What leads from the row of a device to its name and its page. In Python and not in a template, as `act_form.py`,
because a page has them for every device."""

from __future__ import annotations

from html import escape
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from sessions_ui.web.devices import icons
from sessions_ui.web.devices.overview.cards import Card

LINK = """<a class="sui-more-link" href="{url}"{htmx}>
  {icon}<span>{label}<span class="sui-hidden"> {title}</span></span>
</a>"""
INTO_DIALOG = ' hx-get="{}" hx-target="#sui-dialog"'


def card_links(context: Any, card: Card) -> SafeString:
    """Return the links "Rename", which htmx opens in the page's dialog, and "Lost, or not yours?"."""
    title = escape(card.title)
    rename, page = escape(card.rename_url), escape(card.url)
    links = (
        (rename, INTO_DIALOG.format(rename), "pencil", _("Rename")),
        (page, "", "info-circle", card.more_label),
    )
    return SafeString(
        "\n".join(
            LINK.format(url=url, htmx=htmx, icon=icons.icon(context, icon), label=escape(label), title=title)
            for url, htmx, icon, label in links
        )
    )
