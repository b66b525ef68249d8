"""Record every step of an incident as an event."""

from __future__ import annotations

from typing import Any

from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.models import Event, Incident


def note_step(
    step: str, *, actor: Any, incident: Incident | None = None, text: str = "", **data: Any
) -> Event:
    """Append the event. What it is about may name people, so it belongs to the detail (`text`), which can be erased."""
    about: dict[str, Any] = {"step": step}
    if incident is not None:
        about["incident"] = incident.pk
        about |= {"ticket": incident.ticket} if incident.ticket else {}
        about |= {"rule": str(incident.rule)} if incident.rule else {}
    return events.append(Event.Kind.INCIDENT, actor_id=actor_of(actor).pk, data=about | data, text=text)


def as_text(words: list[tuple[str, str]]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in words)
