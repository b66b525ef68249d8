"""Template tags for host projects and for our own pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape
from typing import Any

from django import template
from django.apps import apps
from django.db import DatabaseError
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions_ui.actions.help_desk.rights import is_granted
from sessions_ui.client import Place
from sessions_ui.client.place import places_in
from sessions_ui.client.place.licence import Attribution, attributions
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.models import Device, Session
from sessions_ui.store import store_of
from sessions_ui.user_model import is_active
from sessions_ui.web.devices.act_form import act_form, posts_to
from sessions_ui.web.devices.details import is_decided, proof_url
from sessions_ui.web.devices.icons import icon
from sessions_ui.web.devices.overview.card_links import card_links
from sessions_ui.web.devices.overview.cards import Card
from sessions_ui.web.devices.overview.folding import fold
from sessions_ui.web.devices.overview.rows import cards_of
from sessions_ui.web.devices.own import own_session
from sessions_ui.web.form_look import form_look
from sessions_ui.web.presence.idle import seconds_left
from sessions_ui.web.presence.script import live_script
from sessions_ui.web.responses.notice import read_notice
from sessions_ui.web.tokens.keys import Key, valid_tokens
from sessions_ui.wording import risk, sessions
from sessions_ui.wording.credentials import credential_text, masked
from sessions_ui.wording.events import event_text, token_event_text
from sessions_ui.wording.help_desk import line_text, step_text
from sessions_ui.wording.makers import find_pages
from sessions_ui.wording.tokens import ends_too_text, stay_text
from sessions_ui.wording.unused import not_used_text

register = template.Library()

GROUP = 4
ACTIVE = '<span class="sui-active">%s</span>'

register.simple_tag(live_script, takes_context=True, name="sessions_ui_live")
register.simple_tag(icon, takes_context=True)
register.simple_tag(posts_to)
register.simple_tag(form_look)
register.simple_tag(card_links, takes_context=True)
register.simple_tag(act_form, takes_context=True, name="act")
register.filter(proof_url)
register.filter(find_pages)
register.filter("kind_icon", sessions.kind_icon)
register.filter("place_text", sessions.place_text)
register.filter("place_short", sessions.place_short)
register.filter("place_with_radius", sessions.place_with_radius)
register.filter("place_name", sessions.place_name)
register.filter("place_icon", sessions.place_icon)
register.filter("method_text", sessions.method_text)
register.filter("sign_in_text", sessions.sign_in_text)
register.filter("level_text", sessions.level_text)
register.filter("provider_text", sessions.provider_text)
register.filter("ended_text", sessions.ended_text)
register.filter("devices_text", sessions.devices_text)
register.filter("moment_text", sessions.moment_text)
register.filter("step_text", step_text)
register.filter("line_text", line_text)
register.filter("masked", masked)
register.filter("event_text", event_text)
register.filter("token_event_text", token_event_text)
register.filter("ends_too_text", ends_too_text)
register.filter("stay_text", stay_text)
register.filter("credential_text", credential_text)
register.filter("reasons_text", risk.reasons_text)
register.filter("reasons_in_words", risk.reasons_in_words)


@register.simple_tag(takes_context=True)
def sessions_ui_notice(context: dict[str, Any]) -> str:
    """Return why the visitor was signed out, once, or an empty string: `{% sessions_ui_notice as notice %}`."""
    request = context.get("request")
    return read_notice(request) if request is not None else ""


@register.inclusion_tag("sessions_ui/_impersonating.html", takes_context=True)
def sessions_ui_impersonation(context: dict[str, Any]) -> dict[str, Any]:
    """Show staff that uses somebody's account whose it is, and the way out. Nothing for everybody else."""
    store = store_of(context.get("request"))
    if store is None or store.impersonator_id is None:
        return {}
    return {"person": store.user, "csrf_token": context.get("csrf_token")}


@register.simple_tag(takes_context=True)
def sessions_ui_token_count(context: dict[str, Any]) -> int:
    """Return how many access tokens of the visitor are valid, for a page of the host that says what a change ends and
    what it leaves: `{% sessions_ui_token_count as tokens %}`, then `{{ tokens|stay_text }}`. One SQL statement."""
    user = getattr(context.get("request"), "user", None)
    return valid_tokens(user) if user is not None and user.is_authenticated else 0


@register.simple_tag(takes_context=True)
def sessions_ui_is_agent(context: dict[str, Any]) -> bool:
    """Return whether the visitor is an agent of the help desk, for a link to it on every page: `{% sessions_ui_is_agent
    as is_agent %}`. One SQL statement; without an answer of the database (it is away, or the page says why a
    transaction was taken back) the link is left out, which is no reason for a page to fail. A host whose permissions
    come from elsewhere than Django's tables asks `perms.sessions_ui.help_desk`."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return False
    store = store_of(request)
    # Support in the account of an agent is no agent: the pages refuse it.
    if (store is not None and store.impersonator_id is not None) or not is_active(user):
        return False
    try:
        return is_granted(user)
    except DatabaseError:
        return False


@register.simple_tag
def sessions_ui_help_url() -> str:
    """Return `HELP_URL`, empty where the site has none."""
    return conf.help_url


@register.simple_tag
def sessions_ui_htmx() -> SafeString | str:
    """Return the script tag of htmx, where the host has it: without it the pages work as plain forms."""
    if not apps.is_installed("django_htmx"):
        return ""
    from django_htmx.jinja import htmx_script

    return htmx_script()


@register.inclusion_tag("sessions_ui/summary.html", takes_context=True)
def sessions_ui_summary(context: dict[str, Any]) -> dict[str, Any]:
    """Show "3 devices signed in. Review" on a page of the host, in one SQL statement. Nothing for somebody who is not
    signed in."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if request is None or user is None or not user.is_authenticated:
        return {"count": 0, "flagged": 0}
    cards = fold(cards_of(user, current_id=own_session(request)))
    # Whether this very device is one's own is no question to greet anybody with: its row says it.
    return {"count": len(cards), "flagged": sum(bool(card.flagged and not card.is_current) for card in cards)}


@register.inclusion_tag("sessions_ui/idle.html", takes_context=True)
def sessions_ui_idle(context: dict[str, Any]) -> dict[str, Any]:
    """Show the warning before the idle timeout, at the end of a page; nothing where there is no timeout to warn of."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if request is None or user is None or not user.is_authenticated:
        return {"seconds": None}
    return {
        "seconds": seconds_left(request, user),
        "warn": int(conf.idle_warning.total_seconds()),
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def in_groups(value: str) -> SafeString:
    """Return a key or code in groups of four characters. The gaps are drawn (`sui-group`): what somebody selects or
    copies has none."""
    groups = [value[start : start + GROUP] for start in range(0, len(value), GROUP)]
    drawn = format_html_join("", '<span class="sui-group">{}</span><wbr>', ([group] for group in groups))
    return format_html('<data value="{}">{}</data>', value, drawn)


@register.simple_tag
def place_sources() -> list[Attribution]:
    """Return whom the licences of the place files want named, with a link."""
    return attributions(places_in(conf.geoip_path, conf.geoip_asn_path).files())


@register.filter
def ago(moment: datetime) -> SafeString:
    """Return "3 h ago", with the absolute time and its zone on hover."""
    return _time(moment, sessions.ago(moment))


@register.filter
def day(moment: datetime) -> SafeString:
    """Return "2 November", with the year where it is another one, and the time and its zone on hover."""
    return _time(moment, sessions.day(moment))


@register.filter
def moment(at: datetime) -> SafeString:
    """Return the absolute time with its zone."""
    return format_html(
        '<time datetime="{}">{}</time>',
        moments.aware(at).isoformat(timespec="seconds"),
        sessions.moment_text(at),
    )


@register.filter
def clock(at: datetime) -> SafeString:
    """Return "11:02", with the day and the zone on hover: for what is over within the hour."""
    return _time(at, sessions.clock_text(at))


@register.filter
def last_active(session: Session) -> SafeString:
    """Return "Last active 3 h ago"; of a moment that is still to come, that it is unknown."""
    if sessions.is_wrong_clock(session.last_seen_at):
        return SafeString(escape(_("Last active at an unknown time")))
    return _sentence(_("Last active %(ago)s"), ago=ago(session.last_seen_at))


@register.filter
def facts_line(card: Card) -> SafeString:
    """Return the line under the title of a device: "Active now · Near Lagos, Nigeria · iPhone"."""
    return _line(card, card.about)


@register.filter
def facts(card: Card) -> SafeString:
    """Return the items of the list that a row shows when it is opened: how it signed in, until when, where, what it
    is."""
    session = card.latest
    place = escape(sessions.place_with_radius(card.place))
    if session.address:
        place = f'{place} <span class="sui-address" dir="ltr">{escape(session.address)}</span>'
    items = [signed_in(session), until(session.expires_at), place, escape(card.what_it_is)]
    return SafeString("".join(f"<li>{item}</li>" for item in items if item))


@register.filter
def flagged_line(card: Card) -> SafeString:
    """Return the same where the name that was given there counts for nothing: the title is the derived name."""
    return _line(card, (card.device or Device()).make)


def _line(card: Card, about: str) -> SafeString:
    active = ACTIVE % escape(_("Active now")) if card.is_active_now else _since(card)
    parts = [active, escape(sessions.place_short(card.place)), escape(about)]
    return SafeString(" · ".join(part for part in parts if part))


def _since(card: Card) -> str:
    """Return when the device was last active; in months where it stands among those that are not used any more."""
    at = card.latest.last_seen_at
    text = not_used_text(at) if card.is_unused else ""
    return _time(at, text) if text else last_active(card.latest)


@register.filter
def proof_label(session: Session) -> str:
    """Return what that link is called: what ended without anybody's decision needs no proof."""
    return _("See the proof") if is_decided(session) else _("Details")


@register.filter
def signed_in(session: Session) -> SafeString:
    """Return "Signed in 2 November with a passkey"."""
    at = session.signed_in_at or session.created_at
    return _sentence(_("Signed in %(day)s %(how)s"), day=day(at), how=sessions.sign_in_text(session))


@register.filter
def last_used(key: Key) -> SafeString | str:
    """Return "Last used 3 h ago", or "Never used"."""
    used = key.last_used_at
    return _sentence(_("Last used %(ago)s"), ago=ago(used)) if used is not None else _("Never used")


@register.filter
def made(key: Key) -> SafeString:
    """Return "Created 2 November on Firefox on Linux", or without the device where nobody knows it."""
    at = day(key.session.signed_in_at or key.session.created_at)
    if not key.made_on:
        return _sentence(_("Created %(day)s"), day=at)
    return _sentence(_("Created %(day)s on %(device)s"), day=at, device=key.made_on)


@register.filter
def ends(key: Key) -> SafeString:
    """Return "Ends in 3 days", or where that is not soon "Valid until 2 December"."""
    if not key.ends_soon:
        return _sentence(_("Valid until %(day)s"), day=last_day(key.session.expires_at))
    at = key.session.expires_at
    left = ngettext("Ends within a day", "Ends in %(days)d days", key.days_left) % {"days": key.days_left}
    return _time(at, left)


@register.filter
def until(moment: datetime) -> SafeString:
    """Return "Until 2 December at the latest"."""
    return _sentence(_("Until %(day)s at the latest"), day=last_day(moment))


def last_day(end: datetime) -> SafeString:
    """Return the last day before this end: what ends at midnight is not valid on the day that begins then."""
    return _time(end, sessions.day(end - timedelta(microseconds=1)))


@register.filter
def first_place(session: Session) -> Place | None:
    """Return where the sign-in came from, which may be another place than the current one."""
    return Place.from_dict(session.first_place)


def _sentence(text: str, **parts: str) -> SafeString:
    """Return the text with its parts, of which each is escaped. It is `{% blocktranslate %}` for what stands on every
    card, in a tenth of its time."""
    return SafeString(text % {name: conditional_escape(part) for name, part in parts.items()})


def _time(moment: datetime, text: str) -> SafeString:
    at = moments.aware(moment).isoformat(timespec="seconds")
    absolute = escape(sessions.moment_text(moment))
    return SafeString(f'<time datetime="{at}" title="{absolute}">{escape(text)}</time>')
