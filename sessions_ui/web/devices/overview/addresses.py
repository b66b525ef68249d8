"""Where the rows of a page lead: a page has three addresses for each device, and Django needs 25 µs for each."""

from __future__ import annotations

from django.urls import reverse

# It stands in an address where the id of a device or a session belongs. None has this one.
HOLE = "-" * 16


class Addresses:
    """The addresses of one page, of which all are reversed in the same language and under the same URLconf."""

    def __init__(self) -> None:
        self._patterns: dict[str, str] = {}

    def of(self, name: str, public_id: str) -> str:
        """Return the address called `sessions_ui:name` of this device or session."""
        if name not in self._patterns:
            self._patterns[name] = reverse(f"sessions_ui:{name}", args=[HOLE])
        return self._patterns[name].replace(HOLE, public_id)
