"""What a channel is."""

from __future__ import annotations

from typing import Protocol

from sessions_ui.exceptions import SessionsUIError
from sessions_ui.models import Delivery


class DeliveryFailed(SessionsUIError):
    """`permanent`: trying again cannot help (no such address, nothing to tell)."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class Channel(Protocol):
    def deliver(self, delivery: Delivery) -> None:
        """Tell the receiver. Raises `DeliveryFailed`; any other exception counts as a passing failure."""
