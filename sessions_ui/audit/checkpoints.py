"""Checkpoints leave the site: whoever rewrites the log afterwards is contradicted by what others have.

Each goes to the log, to the endpoints that ask for it (in the transaction that makes it, `outbox.py`) and to
`CHECKPOINT_FILE`.
"""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sessions_ui.audit.keys import SigningKey
from sessions_ui.conf import conf
from sessions_ui.database.transactions import retried
from sessions_ui.models import Checkpoint, Cursor
from sessions_ui.verify import Malformed, read_checkpoints

logger = logging.getLogger("sessions_ui.checkpoints")

LOGGED = "seal: logged"  # the last checkpoint that went to the log
TAIL = 64 * 1024  # bytes: more than a line of the file has


def signed(text: str, key: SigningKey | None) -> str:
    """Return the signature of a checkpoint as it is kept and shown; empty where the site has no key."""
    return base64.b64encode(key.sign(text)).decode() if key else ""


def line_of(checkpoint: Checkpoint) -> str:
    """Return a checkpoint as everybody gets it: one JSON object, in one line."""
    return json.dumps({"checkpoint": checkpoint.text, "signature": checkpoint.signature})


def emit() -> None:
    """Log the checkpoints that were not logged yet, and append those to `CHECKPOINT_FILE` that it has not.

    Called after commit, without a transaction: what a process that died has not done the next run does. Never raises
    for a file that cannot be written.
    """
    logged = before = Cursor.read(LOGGED)
    for checkpoint in _after(logged):
        logger.info("%s", line_of(checkpoint))
        logged = checkpoint.number
    if logged > before:
        # Two sealers may be here at once, and then both have logged it.
        Cursor.objects.get_or_create(name=LOGGED)
        retried(partial(Cursor.objects.filter(name=LOGGED, position__lt=logged).update, position=logged))
    if conf.checkpoint_file is not None:
        try:
            _append(conf.checkpoint_file)
        except (OSError, Malformed) as error:
            logger.error("CHECKPOINT_FILE: %s", error)


def _append(file: Path) -> None:
    known = last_number(file)
    newest = Checkpoint.objects.order_by("-number").values_list("number", flat=True).first() or 0
    if known > newest:
        logger.error(
            "CHECKPOINT_FILE ends at checkpoint %s, and the log at %s: what was sealed is gone "
            "(docs/evidence.md, “A cut tail”). Nothing is added to the file.",
            known,
            newest,
        )
        return
    lines = [line_of(checkpoint) + "\n" for checkpoint in _after(known)]
    if lines:
        with file.open("a") as opened:
            # A process that was killed may have left a part of a line.
            opened.writelines(lines if ends_a_line(file) else ["\n", *lines])
            opened.flush()
            os.fsync(opened.fileno())


def last_number(file: Path) -> int:
    """Return the number of the last checkpoint in the file; 0 where it has none. Raises `Malformed`, `OSError`."""
    if not file.exists():
        return 0
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - TAIL))
        tail = opened.read().decode(errors="replace").splitlines()
    return max((checkpoint.number for checkpoint in read_checkpoints(tail)), default=0)


def ends_a_line(file: Path) -> bool:
    with file.open("rb") as opened:
        if not opened.seek(0, os.SEEK_END):
            return True
        opened.seek(-1, os.SEEK_END)
        return opened.read() == b"\n"


def _after(number: int) -> Iterator[Checkpoint]:
    return Checkpoint.objects.filter(number__gt=number).order_by("number").iterator()
