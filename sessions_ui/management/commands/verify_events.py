"""`manage.py verify_events`: whether the log is what was sealed (docs/evidence.md)."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from sessions_ui.audit.keys import public_keys
from sessions_ui.audit.log import CutMeanwhile, records
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.management.migrated import MigratedCommand
from sessions_ui.management.progress import Progress
from sessions_ui.verify import (
    Checkpoint,
    Emitted,
    Keys,
    Malformed,
    Verifier,
    duration,
    read_files,
    read_public_keys,
)

TRIES = 3  # while the retention task is at work


class Command(MigratedCommand):
    help = (
        "Reads the whole sealed log and says which events were changed, removed, put in or swapped, and which "
        "checkpoints are missing or not signed. The exit code is 1 when something was found."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--checkpoints",
            type=Path,
            action="append",
            metavar="FILE",
            help="Checkpoints that left the site when they were made, one a line, such as the log or what a "
            "receiver of webhooks has kept. May be given more than once. Default: CHECKPOINT_FILE, where there is one.",
        )
        parser.add_argument(
            "--public-key",
            type=Path,
            metavar="FILE",
            help="PEM file of the public keys that are believed. Default: those of the settings.",
        )
        parser.add_argument(
            "--retention",
            type=duration,
            metavar="TIME",
            help="How long events had to be kept, in seconds (86400) or days (180d): a log that was cut after less has "
            "lost its head. Default: RETENTION. What was cut while that was less needs the former one.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keys = self.keys(options["public_key"])
            emitted = Emitted(self.emitted(options["checkpoints"]))
        except (OSError, Malformed, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        if keys is None:
            self.stderr.write("No public key is known (SEAL_KEY, --public-key): no signature is checked.")
        for _try in range(TRIES):
            try:
                self.verify(keys, emitted, retention=options["retention"], quiet=not options["verbosity"])
            except CutMeanwhile:
                self.stderr.write("Old events were removed in the meantime, so verification starts again.")
                continue
            return
        raise CommandError("The log is being cut. Try again when the retention task is done.")

    def verify(
        self, keys: Keys | None, emitted: Emitted, *, retention: timedelta | None, quiet: bool
    ) -> None:
        # An event says whole seconds.
        least = timedelta(seconds=int(conf.retention.total_seconds())) if retention is None else retention
        verifier = Verifier(keys=keys, emitted=emitted, now=moments.in_utc(timezone.now()), retention=least)
        progress = Progress(self.stdout.write, quiet=quiet)
        began, found = time.monotonic(), 0
        try:
            for finding in verifier.check(self.told(verifier, progress)):
                found += 1
                self.stdout.write(_printable(str(finding)))
        except Malformed as error:
            raise CommandError(f"A checkpoint cannot be read: {error}") from error
        seen, seconds = verifier.seen, time.monotonic() - began
        partly = f" (of {seen.partly:,} something is left, which nothing proves)" if seen.partly else ""
        self.stdout.write(
            f"{seen.events:,} events and {seen.checkpoints:,} checkpoints in {seconds:.1f} s "
            f"({seen.events / max(seconds, 0.001):,.0f} events a second). Signed: {seen.signed:,}. Details as they "
            f"were sealed: {seen.opened:,}, erased: {seen.erased:,}{partly}. Sealed more than an hour after their "
            f"time: {seen.late:,}."
        )
        for note in seen.notes():
            self.stdout.write(_printable(note))
        if found:
            raise CommandError(f"{found:,} found.")
        self.stdout.write("Nothing is wrong.")

    def told(self, verifier: Verifier, progress: Progress) -> Any:
        for record in records():
            if isinstance(record, Checkpoint):
                progress.say(f"  {verifier.seen.events:,} events")
            yield record

    def keys(self, file: Path | None) -> Keys | None:
        if file is None:
            return public_keys() or None
        keys = read_public_keys(file.read_text())
        if not keys:
            raise CommandError(f"{file} has no public key.")
        return keys

    def emitted(self, files: list[Path] | None) -> list[Checkpoint]:
        if files is not None:
            return read_files(files)
        written = conf.checkpoint_file
        return read_files([written]) if written and written.exists() and written.stat().st_size else []


def _printable(line: str) -> str:
    """What stands in a row is for a terminal, which takes control characters as orders."""
    return "".join(each if each.isprintable() else "�" for each in line)
