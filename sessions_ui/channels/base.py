"""What a channel is, and the exceptions by which it says that nothing was delivered."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sessions_ui.database import moments
from sessions_ui.exceptions import SessionsUIError
from sessions_ui.models import Delivery


class DeliveryFailed(SessionsUIError):
    """The delivery failed. `permanent`: trying again cannot help (no such address, nothing to tell)."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class NotWanted(SessionsUIError):
    """The receiver has switched this off, or it is over: there is nothing to do, now or later."""


class NotNow(SessionsUIError):
    """Nothing is wrong, but the delivery should wait until this moment."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"not before {moments.aware(until).isoformat()}")
        self.until = until


class ServerAway(SessionsUIError):
    """The server that the whole channel goes through cannot be reached: this delivery is not at fault."""


class Channel(Protocol):
    def deliver(self, delivery: Delivery) -> None:
        """Tell the receiver. Raises one of the above; any other exception counts as a passing failure."""
