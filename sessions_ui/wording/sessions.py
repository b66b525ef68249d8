"""Words for people: places, times, ways to sign in, and who ended what and why. Pure functions of what is stored."""

from __future__ import annotations

from datetime import date as date_of
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, localize
from django.utils.text import get_text_list
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from sessions_ui.assurance import Authentication, Step
from sessions_ui.client import Place
from sessions_ui.client.country import country_name
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.models import Device, EndReason, Session
from sessions_ui.models.end_reason import AUTOMATIC

# Clocks of servers and databases differ by seconds; what is further ahead is no moment that has been.
CLOCK_SKEW = timedelta(minutes=5)

KIND_ICONS: dict[str, str] = {
    Device.Kind.COMPUTER: "device-desktop",
    Device.Kind.PHONE: "device-mobile",
    Device.Kind.TABLET: "device-tablet",
    Device.Kind.TV: "device-tv",
    Device.Kind.CONSOLE: "device-gamepad",
    Device.Kind.WATCH: "device-watch",
    Device.Kind.APP: "apps",
    Device.Kind.TOOL: "terminal-2",
    Device.Kind.BOT: "robot",
}


def kind_icon(kind: str) -> str:
    """Return the id of a symbol in sprite.svg."""
    return KIND_ICONS.get(kind, "device-unknown")


def place_text(place: Place | None) -> str:
    """Return the place, never more exactly than it is known: the file names a city, the truth may be far from it."""
    name = place_name(place)
    if place is None or place.private or not place.is_known:
        return name
    if not (place.city or place.region):
        return _("In %(country)s (approximate)") % {"country": name}
    return _("Near %(place)s (approximate)") % {"place": name}


def place_short(place: Place | None) -> str:
    """Return the place as `place_text()` does, for a line that has room for little: "Near Lagos, Nigeria"."""
    name = place_name(place)
    if place is None or place.private or not place.is_known:
        return name
    if not (place.city or place.region):
        return _("In %(country)s") % {"country": name}
    return _("Near %(place)s") % {"place": name}


def place_with_radius(place: Place | None) -> str:
    """Return the place as `place_text()` does, and how far off it may be where the file says so."""
    text = place_text(place)
    if place is None or not place.radius_km:
        return text
    within = ngettext("within about %(km)s km", "within about %(km)s km", place.radius_km)
    return text + _(", ") + within % {"km": localize(place.radius_km)}


def place_name(place: Place | None) -> str:
    """Return the bare name of the place, for tables."""
    if place is None:
        return _("Place unavailable")
    if place.private:
        return _("Private network")
    # A region only where there is no city: three names of one place help nobody.
    country = country_name(place.country_code, get_language()) or place.country
    names = [name for name in (place.city or place.region, country) if name]
    return _(", ").join(names) or _("Place unavailable")


def place_icon(place: Place | None) -> str:
    if place is None or not (place.private or place.is_known):
        return "map-pin-off"
    return "home" if place.private else "map-pin"


METHODS: dict[str, Any] = {
    "password": gettext_lazy("a password"),
    "passkey": gettext_lazy("a passkey"),
    "totp": gettext_lazy("an authenticator code"),
    "recovery_code": gettext_lazy("a recovery code"),
    "code": gettext_lazy("an emailed code"),
    "api": gettext_lazy("an access key"),
}


def method_text(method: str) -> str:
    """Return "with a password and an authenticator code" for `password+totp`; empty where the method is not known."""
    # Anything else is a provider: "google", "okta".
    words = [str(METHODS.get(step) or conf.provider_name(step)) for step in method.split("+") if step]
    return _("with %(steps)s") % {"steps": get_text_list(words, _("and"))} if words else ""


def sign_in_text(session: Session) -> str:
    """Return the same of a session: by what it has shown to sign in, where that is known, else by its method."""
    steps = [one.method for one in session.shown if one.step is Step.SIGN_IN]
    return method_text("+".join(dict.fromkeys(steps)) or session.method)


def level_text(session: Session) -> str:
    """Return the assurance level of a session; empty where it is unknown."""
    level = session.assurance_level
    return f"{level.name} (NIST SP 800-63B)" if level else ""


STEPS: dict[Step, Any] = {
    Step.SIGN_IN: gettext_lazy("at the sign-in"),
    Step.REAUTHENTICATION: gettext_lazy("to confirm who it is"),
    Step.STEP_UP: gettext_lazy("as a further proof"),
}


def shown_text(one: Authentication) -> str:
    """Return what was shown, when and what for, as administrators read it: "an authenticator code (totp:7), at
    the sign-in, 2 November 2026, 14:02 UTC"."""
    what = str(METHODS.get(one.method) or conf.provider_name(one.method))
    named = f"{what} ({one.credential})" if one.credential else what
    return _(", ").join([named, str(STEPS[one.step]), moment_text(moments.stored(one.at))])


def devices_text(count: int) -> str:
    """Return "2 devices and apps": whatever is one row of the devices page."""
    return ngettext("%(count)d device or app", "%(count)d devices and apps", count) % {"count": count}


def provider_text(providers: list[str]) -> str:
    """Return "This doesn’t sign you out of Google."; empty for people who sign in here."""
    names = [conf.provider_name(key) for key in providers]
    if not names:
        return ""
    return _("This doesn’t sign you out of %(providers)s.") % {"providers": get_text_list(names, _("or"))}


def is_wrong_clock(moment: datetime, now: datetime | None = None) -> bool:
    """Return whether a moment in the past is so far in the future that a wrong clock must have given it."""
    return moment > (now or timezone.now()) + CLOCK_SKEW


def ago(moment: datetime, now: datetime | None = None) -> str:
    """Return "just now", "5 min ago", "3 h ago" or "2 days ago"; from a month on the day itself says more, and of a
    moment that has not come yet nothing else is so."""
    passed = (now or timezone.now()) - moment
    if is_wrong_clock(moment, now):
        return _("on %(day)s") % {"day": day(moment, now)}
    if passed < timedelta(minutes=1):
        return _("just now")
    if passed < timedelta(hours=1):
        return _("%(minutes)d min ago") % {"minutes": passed // timedelta(minutes=1)}
    if passed < timedelta(days=1):
        return _("%(hours)d h ago") % {"hours": passed // timedelta(hours=1)}
    if passed < timedelta(days=30):
        days = passed.days
        return ngettext("%(days)d day ago", "%(days)d days ago", days) % {"days": days}
    return _("on %(day)s") % {"day": day(moment, now)}


def day(moment: datetime, now: datetime | None = None) -> str:
    """Return "2 November", with the year where it is another one."""
    local, today = moments.local(moment), moments.local(now or timezone.now())
    # Translators: Django date formats, https://docs.djangoproject.com/en/stable/ref/templates/builtins/#date
    return _date_text(local.date(), _("j F") if local.year == today.year else _("j F Y"), get_language())


def moment_text(moment: datetime) -> str:
    """Return "2 November 2026, 14:02 UTC": the absolute time with its zone."""
    local = moments.local(moment)
    # Translators: Django date formats, https://docs.djangoproject.com/en/stable/ref/templates/builtins/#date
    style = _("j F Y, H:i")
    date_style, clock, rest = style.partition("H:i")
    if clock and not rest:
        text = f"{_date_text(local.date(), date_style, get_language())}{local.hour:02}:{local.minute:02}"
    else:
        text = date_format(local, style)
    return f"{text} {local.tzname()}"


def clock_text(moment: datetime) -> str:
    """Return "14:02", in the zone of the reader."""
    return f"{moments.local(moment):%H:%M}"


@lru_cache(maxsize=1024)
def _date_text(date: date_of, style: str, language: str | None) -> str:
    """Return a date in a format of Django's. The pages of everybody name the same few hundred days: each is put into
    words once for each language, where a devices page would do it 28 times."""
    return date_format(date, style)


def ended_by(session: Session, viewer: Any) -> str:
    """Return who ended it, as its owner may read it: never a name of staff. Empty where nobody decided."""
    if session.end_reason == EndReason.HELP_DESK:
        return _("by the help desk")
    if session.end_reason in AUTOMATIC:
        return ""
    if session.ended_by_id is not None and session.ended_by_id == viewer.pk:
        return _("by you")
    if session.ended_by_id is not None or session.end_reason == EndReason.ADMINISTRATOR:
        return _("by an administrator")
    return ""


# One phrase for each reason there is. Those that say who ended it need no other.
ENDED_WHY: dict[str, Any] = {
    EndReason.SIGNED_OUT: gettext_lazy("on the device itself"),
    EndReason.SIGNED_OUT_REMOTELY: gettext_lazy("from another device"),
    EndReason.SIGNED_OUT_EVERYWHERE: gettext_lazy("with all the others"),
    EndReason.SUPERSEDED: gettext_lazy("because of a newer sign-in in the same browser"),
    EndReason.PASSWORD_CHANGED: gettext_lazy("because the password was changed"),
    EndReason.PASSWORD_RESET: gettext_lazy("because the password was reset"),
    EndReason.FACTOR_CHANGED: gettext_lazy("because a second factor was changed"),
    EndReason.EMAIL_CHANGED: gettext_lazy("because the email address was changed"),
    EndReason.ACCESS_CHANGED: gettext_lazy("because the permissions of the account changed"),
    EndReason.ACCOUNT_DISABLED: gettext_lazy("because the account was disabled"),
    EndReason.ACCOUNT_DELETED: gettext_lazy("because the account was deleted"),
    EndReason.OFFBOARDED: gettext_lazy("because access ended on the agreed date"),
    EndReason.DEVICE_LOST: gettext_lazy("because the device was reported lost"),
    EndReason.NOT_ME: gettext_lazy("because the sign-in was not recognised"),
    EndReason.SUSPICIOUS: gettext_lazy("because the sign-in looked suspicious"),
    EndReason.HELP_DESK: "",
    EndReason.ADMINISTRATOR: "",
    EndReason.INCIDENT: gettext_lazy("as a security measure"),
    EndReason.IDLE_TIMEOUT: gettext_lazy("because it was unused for too long"),
    EndReason.ABSOLUTE_TIMEOUT: gettext_lazy("because the sign-in reached its time limit"),
    EndReason.EXPIRED: gettext_lazy("because it expired"),
    EndReason.UNUSED: gettext_lazy("because it was unused for months"),
    EndReason.SESSION_LIMIT: gettext_lazy("because too many devices were signed in"),
    EndReason.PROVIDER_SIGN_OUT: gettext_lazy("at the sign-in provider"),
    EndReason.OWNER_ENDED: gettext_lazy("because what it depended on ended"),
    EndReason.PASSWORD_REQUIRED: gettext_lazy("because a new password is needed first"),
    EndReason.RECOVERING: gettext_lazy("because the account is being recovered"),
    EndReason.LEAKED: gettext_lazy("because it was found where others can read it"),
    EndReason.SERVICE_ACCOUNT: gettext_lazy("because nobody can sign in to a service account"),
    EndReason.API: gettext_lazy("by an application"),
}


# What an access token is told in other words: it is on no device.
TOKEN_ENDED_WHY: dict[str, Any] = {
    EndReason.SIGNED_OUT_REMOTELY: "",
    EndReason.SIGNED_OUT_EVERYWHERE: gettext_lazy("with all sign-ins"),
}


def ended_why(session: Session) -> str:
    """Return why it ended, in words that follow "Signed out 5 min ago by you"."""
    reason = session.end_reason
    if session.kind == Session.Kind.TOKEN and reason in TOKEN_ENDED_WHY:
        return str(TOKEN_ENDED_WHY[reason])
    return str(ENDED_WHY.get(reason, ""))


def ended_text(session: Session, viewer: Any) -> str:
    """Return who ended it and why, as "by you, from another device"."""
    return _(", ").join(part for part in (ended_by(session, viewer), ended_why(session)) if part)
