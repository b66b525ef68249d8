"""Where the demo of a folder runs, and whether what answers there is it.

The demo writes its address beside its database while it runs. Another server may answer there by now, another demo for
instance: so each start has an id of its own, which only that demo tells.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class DemoAddress(NamedTuple):
    url: str
    id: str


@contextmanager
def written_address(folder: Path, url: str) -> Iterator[None]:
    """Keep the address in the folder for as long as the demo runs."""
    file = _file(folder)
    file.write_text(json.dumps({"url": url, "id": secrets.token_hex(16)}))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def read_address(folder: Path) -> DemoAddress | None:
    """Return the address of the demo that runs on the folder; None where none does."""
    try:
        stored = json.loads(_file(folder).read_text())
    except FileNotFoundError:
        return None
    return DemoAddress(str(stored["url"]), str(stored["id"]))


def _file(folder: Path) -> Path:
    return folder / "demo-address.json"
