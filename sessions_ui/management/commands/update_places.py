"""`manage.py update_places`: bring the place files up to date (docs/places.md)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from sessions_ui.actions.places import (
    PROGRAM,
    Installed,
    PlacesNotUpdated,
    run_geoipupdate,
    update_places,
)
from sessions_ui.client.place.check import UnusableFile
from sessions_ui.client.place.licence import OLD_AFTER, is_geolite
from sessions_ui.client.place.unpack import NothingThere
from sessions_ui.conf import conf
from sessions_ui.database import moments


class Command(BaseCommand):
    help = (
        "Updates the place files (GEOIP_PATH, GEOIP_ASN_PATH): runs geoipupdate, or takes what was "
        "downloaded. Each file is checked first, then moved over the old one; running processes notice by themselves."
    )
    requires_system_checks = []  # it mends what they complain about

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source",
            nargs="?",
            type=Path,
            help="What was downloaded: .mmdb, .mmdb.gz (DB-IP), .tar.gz (MaxMind), .tgz (npm pack) or a folder of "
            f".mmdb files. Default: what {PROGRAM} loads.",
        )
        parser.add_argument(
            "--allow-older", action="store_true", help="Also take a file that is older than the one in use."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            source = options["source"] or run_geoipupdate(self.program(), config=conf.geoipupdate_config)
            update = update_places(source=source, allow_older=options["allow_older"])
        except (PlacesNotUpdated, NothingThere, UnusableFile) as error:
            raise CommandError(f"{error} Nothing was replaced.") from error
        except OSError as error:
            raise CommandError(f"A file could not be written: {error}") from error
        for installed in update.installed:
            self.tell(installed)
        for name in update.skipped:
            self.stdout.write(f"{name}: not needed by the settings")

    def program(self) -> str:
        found = shutil.which(PROGRAM)
        if found is None:
            raise CommandError(
                f"{PROGRAM} is not installed. Install it (it needs a MaxMind account), or give this command a file "
                "that was downloaded: docs/places.md, or manage.py help update_places."
            )
        return found

    def tell(self, installed: Installed) -> None:
        file, before = installed.file, installed.before
        age = timezone.now() - moments.stored(file.built_at)
        state = f"built {file.built_at:%Y-%m-%d}, {age.days} days ago" if installed.is_new else "as it was"
        instead = f", instead of one built {before.built_at:%Y-%m-%d}" if before and installed.is_new else ""
        size = file.path.stat().st_size / 1e6
        self.stdout.write(f"{file.path}: {file.database_type}, {size:.1f} MB, {state}{instead}")
        if age > OLD_AFTER:
            rest = (
                " GeoLite2 data has to be deleted 30 days after a newer release." if is_geolite(file) else ""
            )
            self.stderr.write(self.style.WARNING(f"{file.path} is older than {OLD_AFTER.days} days.{rest}"))
