"""What distinguishes devices that would have the same name: "Chrome on Windows" and "Chrome on Windows"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeAlias

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sessions_ui.client.country import country_name
from sessions_ui.database import moments
from sessions_ui.models.device import Device
from sessions_ui.models.session import Session

# A device and its latest session, as far as there is either.
Line: TypeAlias = tuple[Device | None, Session | None]
Feature: TypeAlias = Callable[[Device | None, Session | None], str]


def tell_apart(lines: Sequence[Line]) -> list[str]:
    """Return for each line what has to stand beside its title; empty where the title is enough.

    What people know of a device comes first: its model, then system, place, and when it was first seen; a number, where
    none of these differs. Only what differs is named, and what is unknown is not.
    """
    beside: list[list[str]] = [[] for _line in lines]
    alike: dict[str, list[int]] = defaultdict(list)
    for number, (device, _session) in enumerate(lines):
        alike[(device or Device()).title].append(number)
    for group in alike.values():
        _split(lines, group, FEATURES, beside)
    return [", ".join(texts) for texts in beside]


def version_text(device: Device | None, session: Session | None) -> str:
    """Return the version of an app, "version 3.2.1"; empty for browsers, which update themselves all the time."""
    if device is None or session is None or device.kind != Device.Kind.APP or not session.browser_version:
        return ""
    return _("version %(number)s") % {"number": session.browser_version}


def distinct_title(title: str, beside: str) -> str:
    return _("%(title)s (%(beside)s)") % {"title": title, "beside": beside} if title and beside else title


def _split(
    lines: Sequence[Line], group: Sequence[int], features: Sequence[Feature], beside: list[list[str]]
) -> None:
    """Divide `group` by the first feature, and what is still alike by the others; in the end by a number."""
    if len(group) < 2:
        return
    if not features:
        _number(lines, group, beside)
        return
    feature, *rest = features
    parts: dict[str, list[int]] = defaultdict(list)
    for number in group:
        parts[feature(*lines[number])].append(number)
    for text, members in parts.items():
        if text and len(parts) > 1:
            for number in members:
                if feature is _first_minute and (day := _first_day(*lines[number])) in beside[number]:
                    beside[number].remove(day)  # which the minute says again
                beside[number].append(text)
        _split(lines, members, rest, beside)


def _number(lines: Sequence[Line], group: Sequence[int], beside: list[list[str]]) -> None:
    """Number what nothing else tells apart, the oldest first, so that each keeps its number."""

    def age(number: int) -> tuple[int, ...]:
        device, session = lines[number]
        return (device.pk or 0) if device else 0, (session.pk or 0) if session else 0

    for place, number in enumerate(sorted(group, key=age), start=1):
        beside[number].append(_("number %(number)s") % {"number": place})


def _model(device: Device | None, session: Session | None) -> str:
    return device.make if device and device.model else ""


def _system(device: Device | None, session: Session | None) -> str:
    if device is None or session is None or not (device.system and session.system_version):
        return ""
    return f"{device.system} {session.system_version}"


def _place(device: Device | None, session: Session | None) -> str:
    place = session.current_place if session else None
    if place is None:
        return ""
    return place.city or place.region or country_name(place.country_code, get_language()) or place.country


def _first_day(device: Device | None, session: Session | None) -> str:
    return _first_seen(device, session, _("j F Y"))


def _first_minute(device: Device | None, session: Session | None) -> str:
    # Translators: Django's date format of a day and a time; a comma in it needs no escaping.
    return _first_seen(device, session, _("j F Y, H:i"))


def _first_seen(device: Device | None, session: Session | None, style: str) -> str:
    signed_in_at = session.signed_in_at if session else None
    moment = device.first_seen_at if device else signed_in_at
    if moment is None:
        return ""
    return _("first seen %(when)s") % {"when": date_format(moments.local(moment), style)}


FEATURES: tuple[Feature, ...] = (_model, _system, _place, _first_day, _first_minute)
