"""The sealed log (docs/evidence.md)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from sessions_ui.conf.base import Section


class AuditSettings(Section):
    """The sealed log (docs/evidence.md)"""

    @cached_property
    def seal_key(self) -> str:
        """The private Ed25519 key that signs checkpoints: a PEM text, or the path of a file with one, which the sealer
        alone must be able to read. `manage.py seal_keys --new` makes one. Keep it out of the database and its backups.
        Empty: checkpoints are not signed, and whoever can write to the database can make up the log (W110). Needs the
        package `cryptography` (the extra `audit`)."""
        return str(self._given.get("SEAL_KEY") or "")

    @cached_property
    def seal_former_keys(self) -> str:
        """Public keys that have signed before: a PEM text or the path of a file, as `manage.py seal_keys` prints it.
        What they have signed is believed as long as they are here."""
        return str(self._given.get("SEAL_FORMER_KEYS") or "")

    @cached_property
    def checkpoint_file(self) -> Path | None:
        """A file to which each checkpoint is appended, a line each; best on storage that can be added to and not
        changed. `manage.py verify_events` compares the log with it. None: none is written."""
        given = self._given.get("CHECKPOINT_FILE")
        return Path(given) if given else None

    @cached_property
    def event_detail_retention(self) -> Mapping[str, timedelta]:
        """For how long the details (address, user agent, text) of some kinds of events are kept, where that is less
        than `RETENTION`: `{"signed_in": timedelta(days=30)}`. The events themselves stay, and can be verified."""
        return self._given.get("EVENT_DETAIL_RETENTION", {})

    @cached_property
    def request_id_header(self) -> str:
        """The header in which a trusted proxy names the request; the events of the request carry it. It is believed
        where the peer is one of `TRUSTED_PROXIES`, so these must set it, and may not pass on what a client sent.
        Otherwise, or if it is longer than 64 characters or has others than letters, digits and `._~:=/+-`, a name is
        made. Empty: always made."""
        return str(self._given.get("REQUEST_ID_HEADER", "X-Request-ID") or "")
