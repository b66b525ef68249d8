"""The forms by which people act on the pages: they work by themselves, and with htmx without leaving the page.

In Python and not in templates, because a page has two of them for every device.
"""

from __future__ import annotations

from html import escape
from typing import Any

from django.template.defaulttags import CsrfTokenNode
from django.utils.safestring import SafeString

from sessions_ui.web.devices import icons

FORM = 'method="post" action="{0}" hx-post="{0}" hx-target="#{1}" hx-swap="outerHTML" hx-sync="this:drop"'
ACT = """<form {form}>
  {token}{page}{place}{tick}
  <button class="sui-button {style}" type="submit"{spoken}{described_by}>
    {icon}{label}
  </button>
</form>"""
TICK = '<label class="sui-tick"><input type="checkbox" name="tokens"> {}</label>'
PLACE = '<input type="hidden" name="place" value="{}">'
DEVICE_PAGE = '<input type="hidden" name="page" value="device">'


def posts_to(action: str, target: str = "") -> SafeString:
    """Return the attributes of a form whose answer htmx puts in the place of the element `target`, by default the
    list."""
    return SafeString(FORM.format(escape(action), escape(target or "devices")))


def act_form(
    context: Any,
    action: str,
    label: str,
    *,
    described_by: str = "",
    spoken: str = "",
    style: str = "",
    icon: str = "logout",
    target: str = "",
    tick: str = "",
    place: str = "",
) -> SafeString:
    """Return a form of one button.

    `action`: the address; `spoken`: what a screen reader says in place of the label; `described_by`: the id of the
    element that says what follows; `target`: "device" on the page of one device, or of one token; `tick`: the text of a
    box to tick for what the act may end beside sign-ins (`tokens`); `icon`: empty for none; `place`: the query of the
    page's address, to which a plain form leads back.
    """
    return SafeString(
        ACT.format(
            form=posts_to(action, target),
            token=CsrfTokenNode().render(context),
            tick=TICK.format(_text(tick)) if tick else "",
            page=DEVICE_PAGE if target == "device" else "",
            place=PLACE.format(escape(place)) if place else "",
            style=escape(style),
            spoken=f' aria-label="{_text(spoken)}"' if spoken else "",
            described_by=f' aria-describedby="{escape(described_by)}"' if described_by else "",
            icon=icons.icon(context, icon) if icon else "",
            label=_text(label),
        )
    )


def _text(text: str) -> str:
    """Return the text escaped, except what a translator wrote as HTML (`{% blocktranslate asvar %}` has escaped its
    parts), which stays as it is."""
    return text if isinstance(text, SafeString) else escape(str(text))
