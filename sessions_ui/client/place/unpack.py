"""Unpacking place files from what was downloaded: `.mmdb`, `.mmdb.gz` (DB-IP), `.tar.gz` (MaxMind), `.tgz` (npm), a
folder of any of these."""

from __future__ import annotations

import gzip
import re
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from sessions_ui.client.place.files import SUFFIX

# "dbip-city-lite-2026-11.mmdb": with the month in its name each update would be another file beside the old ones.
RELEASE = re.compile(r"[-_]\d{4}-?\d{2}(-?\d{2})?(?=\.mmdb$)")

MOST_BYTES = 2 * 1024**3  # the largest of MaxMind's files has less than half of it; a bomb has more
CHUNK = 1024**2


class NothingThere(Exception):
    """What was given holds no place file, or cannot be read; the text says why."""


def unpack(source: Path, into: Path) -> list[Path]:
    """Copy every place file of `source` to the folder `into`, under its name without a date. Raises `NothingThere`."""
    try:
        if source.is_dir():
            found = [_copy(path, into) for path in sorted(source.glob(f"*{SUFFIX}"))]
        elif source.name.endswith(SUFFIX):
            found = [_copy(source, into)]
        elif source.name.endswith(f"{SUFFIX}.gz"):
            found = [_gunzip(source, into)]
        elif source.name.endswith((".tar.gz", ".tgz")):
            found = _untar(source, into)
        else:
            raise NothingThere(
                f"{source} is neither {SUFFIX}, {SUFFIX}.gz, .tar.gz, .tgz nor a folder of {SUFFIX}."
            )
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise NothingThere(f"{source} cannot be read: {error}") from error
    if not found:
        raise NothingThere(f"{source} holds no {SUFFIX} file.")
    return found


def _copy(path: Path, into: Path) -> Path:
    return Path(shutil.copyfile(path, _target(path.name, into)))


def _gunzip(source: Path, into: Path) -> Path:
    target = _target(source.name.removesuffix(".gz"), into)
    with gzip.open(source) as packed, target.open("wb") as plain:
        _write(packed, plain)
    return target


def _untar(source: Path, into: Path) -> list[Path]:
    """Extract only plain files, and of their paths only the name: nothing in an archive decides where it is written."""
    found = []
    with tarfile.open(source, "r:gz") as archive:
        for member in archive:
            content = (
                archive.extractfile(member) if member.name.endswith(SUFFIX) and member.isfile() else None
            )
            if content is None:
                continue
            target = _target(PurePosixPath(member.name).name, into)
            with content, target.open("wb") as plain:
                _write(content, plain)
            found.append(target)
    return found


def _write(packed: IO[bytes] | gzip.GzipFile, plain: IO[bytes]) -> None:
    written = 0
    while chunk := packed.read(CHUNK):
        written += len(chunk)
        if written > MOST_BYTES:
            raise NothingThere(f"A file in it unpacks to more than {MOST_BYTES:,} bytes.")
        plain.write(chunk)


def _target(name: str, into: Path) -> Path:
    return into / RELEASE.sub("", name)
