"""What a channel is, and how it says that it did not tell."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sessions_ui.database import moments
from sessions_ui.exceptions import SessionsUIError
from sessions_ui.models import Delivery


class DeliveryFailed(SessionsUIError):
    """`permanent`: trying again cannot help (no such address, nothing to tell)."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class NotWanted(SessionsUIError):
    """The receiver has switched this off: there is nothing to do, now or later."""


class NotNow(SessionsUIError):
    """There is nothing wrong, but it shall wait until this moment."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"not before {moments.aware(until).isoformat()}")
        self.until = until


class ServerAway(SessionsUIError):
    """The server that the whole channel goes through cannot be reached: it is no fault of this delivery's."""


class Channel(Protocol):
    def deliver(self, delivery: Delivery) -> None:
        """Tell the receiver. Raises one of the above; all else counts as a passing failure."""
