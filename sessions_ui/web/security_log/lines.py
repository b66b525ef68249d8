"""What the security log says of one event, on the page and in a file alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sessions_ui.actions.privacy.export import SOMEBODY_ELSE, YOU
from sessions_ui.models import Event
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
        """The title of the device; empty where there is none, or it is no longer kept."""
        return self.event.device.title if self.event.device else ""

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
