"""What distinguishes devices that would have the same name: "Chrome on Windows" and "Chrome on Windows"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sessions_ui.client.country import country_name
from sessions_ui.database import moments
from sessions_ui.models.device import Device
from sessions_ui.models.session import Session

# A device and its latest session, as far as there is either.
Line: TypeAlias = tuple[Device | None, Session | None]


class Feature(NamedTuple):
    """Something by which devices of one name differ. `key` is equal where `text` is, and empty where that is; it is
    compared for every device of the name, and only what is shown is put into words."""

    key: Callable[[Device | None, Session | None], Hashable]
    text: Callable[[Device | None, Session | None], str]


def tell_apart(lines: Sequence[Line], wanted: Collection[int] | None = None) -> list[str]:
    """Return for each line what has to stand beside its title; empty where the title is enough.

    What people know of a device comes first: its model, then system, place, and when it was first seen; a number, where
    none of these differs. Only what differs is named, and what is unknown is not. `wanted`: the numbers of the lines
    that somebody will read, where that is not all; the others stay empty.
    """
    read = range(len(lines)) if wanted is None else wanted
    beside: dict[int, list[str]] = {number: [] for number in read}
    alike: dict[str, list[int]] = defaultdict(list)
    for number, title in enumerate(_titles(lines)):
        alike[title].append(number)
    for group in alike.values():
        _split(lines, group, FEATURES, beside)
    between = _(", ")
    return [between.join(beside.get(number, ())) for number in range(len(lines))]


def _titles(lines: Sequence[Line]) -> list[str]:
    """Return the title of each line; what tells the same of itself is put into words once."""
    known: dict[tuple[str, ...], str] = {}
    titles = []
    for device, _session in lines:
        one = device or Device()
        told = (one.name, one.kind, one.maker, one.model, one.browser, one.system)
        if told not in known:
            known[told] = one.title
        titles.append(known[told])
    return titles


def version_text(device: Device | None, session: Session | None) -> str:
    """Return the version of an app, "version 3.2.1"; empty for browsers, which update themselves all the time."""
    if device is None or session is None or device.kind != Device.Kind.APP or not session.browser_version:
        return ""
    return _("version %(number)s") % {"number": session.browser_version}


def distinct_title(title: str, beside: str) -> str:
    return _("%(title)s (%(beside)s)") % {"title": title, "beside": beside} if title and beside else title


def distinct_titles(lines: Sequence[Line]) -> list[str]:
    """Return the title of each line, with what tells it apart from others of the same name."""
    besides = tell_apart(lines)
    return [
        distinct_title((device or Device()).title, beside)
        for (device, _session), beside in zip(lines, besides, strict=True)
    ]


def _split(
    lines: Sequence[Line],
    group: Sequence[int],
    features: Sequence[Feature],
    beside: dict[int, list[str]],
) -> None:
    """Divide `group` by the first feature, and what is still alike by the others, as far as it is read (those are in
    `beside`); in the end by a number."""
    if len(group) < 2 or not any(number in beside for number in group):
        return
    if not features:
        _number(lines, group, beside)
        return
    feature, *rest = features
    parts: dict[Hashable, list[int]] = defaultdict(list)
    for number in group:
        parts[feature.key(*lines[number])].append(number)
    for key, members in parts.items():
        if key and len(parts) > 1:
            for number in members:
                if number not in beside:
                    continue
                if feature.text is _first_minute and (day := _first_day(*lines[number])) in beside[number]:
                    beside[number].remove(day)  # which the minute says again
                beside[number].append(feature.text(*lines[number]))
        _split(lines, members, rest, beside)


def _number(lines: Sequence[Line], group: Sequence[int], beside: dict[int, list[str]]) -> None:
    """Number what nothing else tells apart, the oldest first, so that each keeps its number."""

    def age(number: int) -> tuple[int, ...]:
        device, session = lines[number]
        return (device.pk or 0) if device else 0, (session.pk or 0) if session else 0

    for place, number in enumerate(sorted(group, key=age), start=1):
        if number in beside:
            beside[number].append(_("number %(number)s") % {"number": place})


def _model(device: Device | None, session: Session | None) -> str:
    return device.make if device and device.model else ""


def _system(device: Device | None, session: Session | None) -> str:
    if device is None or session is None or not (device.system and session.system_version):
        return ""
    return f"{device.system} {session.system_version}"


def _place_key(device: Device | None, session: Session | None) -> str:
    """Return the name in the file. Of two countries no two have one name, so it stands for the translated one."""
    place = session.place if session else None
    if not place:
        return ""
    parts = (place.get(name) for name in ("city", "region", "country_code", "country"))
    return next((part for part in parts if part), "")


def _place(device: Device | None, session: Session | None) -> str:
    place = session.current_place if session else None
    if place is None:
        return ""
    return place.city or place.region or country_name(place.country_code, get_language()) or place.country


def _first_day_key(device: Device | None, session: Session | None) -> Hashable:
    moment = _first_seen(device, session)
    return moment and moments.local(moment).date()


def _first_minute_key(device: Device | None, session: Session | None) -> Hashable:
    moment = _first_seen(device, session)
    return moment and moments.local(moment).strftime("%H:%M")


def _first_day(device: Device | None, session: Session | None) -> str:
    return _first_seen_text(device, session, _("j F Y"))


def _first_minute(device: Device | None, session: Session | None) -> str:
    # Translators: Django's date format of a day and a time; a comma in it needs no escaping.
    return _first_seen_text(device, session, _("j F Y, H:i"))


def _first_seen(device: Device | None, session: Session | None) -> datetime | None:
    return device.first_seen_at if device else session.signed_in_at if session else None


def _first_seen_text(device: Device | None, session: Session | None, style: str) -> str:
    moment = _first_seen(device, session)
    return _("first seen %(when)s") % {"when": date_format(moments.local(moment), style)} if moment else ""


FEATURES: tuple[Feature, ...] = (
    Feature(_model, _model),
    Feature(_system, _system),
    Feature(_place_key, _place),
    Feature(_first_day_key, _first_day),
    Feature(_first_minute_key, _first_minute),
)
