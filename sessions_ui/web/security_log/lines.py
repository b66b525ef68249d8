"""What the security log says of one event, on the page and in a file alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sessions_ui.actions.privacy.export import SOMEBODY_ELSE, YOU
from sessions_ui.models import Device, Event
from sessions_ui.wording.security_log import by_text, log_text, name_text, told_address


@dataclass(frozen=True, slots=True)
class Line:
    """One event, as its owner `viewer` may read it."""

    event: Event
    viewer: Any

    @property
    def text(self) -> str:
        return log_text(self.event, self.viewer)

    @property
    def name(self) -> str:
        """What the credential or access token is called that it is about."""
        return name_text(self.event, self.viewer)

    @property
    def device(self) -> str:
        """What the device is; empty where there is none, or it is no longer kept.

        Whoever is signed in on a device gives it its name, a thief that of another one of the owner's. So what the app
        found out stands behind it.
        """
        device = self.event.device
        if device is None:
            return ""
        found = device.derived_name
        says_more = device.name and found not in (device.name, Device().derived_name)
        return f"{device.name} ({found})" if says_more else device.title

    @property
    def by(self) -> str:
        return by_text(self.event, self.viewer)

    @property
    def by_whom(self) -> str:
        """Who did it, for programs; empty where nobody did who is known."""
        actor = self.event.actor_id
        return "" if actor is None else YOU if actor == self.viewer.pk else SOMEBODY_ELSE

    @property
    def address(self) -> str:
        return told_address(self.event, self.viewer)


def lines_of(events: list[Event], viewer: Any) -> list[Line]:
    return [Line(event, viewer) for event in events]
