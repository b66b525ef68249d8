"""What `flat.py` and `nested.py` have in common: each loads another package, and only where a file needs it."""

from __future__ import annotations

from typing import Protocol

from sessions_ui.client.address import Address
from sessions_ui.client.info import Place


class UnreadableFile(Exception):
    """The file cannot be opened; the text says why."""


class MissingPackage(UnreadableFile):
    """A package that reads such files is not installed; the text says how to install it."""


class DamagedFile(Exception):
    """The file was opened, and what it has for an address is no record of its schema."""


class PlaceReader(Protocol):
    """One open file."""

    def find(self, address: Address) -> Place | None:
        """Return what the file says of this address, possibly nothing that is known; None where it has no record of it.
        In a file of networks only `network` is filled. Raises `DamagedFile`."""
