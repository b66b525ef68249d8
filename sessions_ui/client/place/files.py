"""Files in MaxMind's format, opened at the first look-up and again when they were replaced; without a restart."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from sessions_ui.client.address import Address
from sessions_ui.client.info import Place
from sessions_ui.client.place.reader import DamagedFile, MissingPackage, PlaceReader, UnreadableFile
from sessions_ui.client.place.schema import Content, content_of, geoip2_method

logger = logging.getLogger(__name__)

SUFFIX = ".mmdb"
NOTHING = Place()

# Which file it is (device, inode) and of when: another file that was moved over it, or written again, has another
# stamp.
Stamp = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class DataFile:
    """One open file and what its metadata says of it. Never closed: another thread may be reading; it goes with its
    last reference."""

    path: Path
    reader: PlaceReader
    database_type: str
    content: Content
    ip_version: int
    built_at: datetime

    @classmethod
    def open(cls, path: Path) -> DataFile:
        """Open the file, mapped into memory, so that all processes share its pages. Raises `UnreadableFile`."""
        import maxminddb  # here, not above: a site without place files never loads it

        try:
            with maxminddb.open_database(path) as file:
                metadata = file.metadata()
            built_at = datetime.fromtimestamp(metadata.build_epoch, UTC)
            database_type = str(metadata.database_type)
            reader = _reader(path, database_type)
        except (OverflowError, ValueError, OSError, maxminddb.InvalidDatabaseError) as error:
            raise UnreadableFile(str(error)) from error
        return cls(path, reader, database_type, content_of(database_type), metadata.ip_version, built_at)

    def find(self, address: Address) -> Place | None:
        """Return what it says of this address, None where nothing. A damaged file knows nothing, and is logged once."""
        if address.version > self.ip_version:
            return None
        try:
            place = self.reader.find(address)
        except DamagedFile as error:
            _warn_once(self.path, error)
            return None
        return None if place == NOTHING else place


def _reader(path: Path, database_type: str) -> PlaceReader:
    method = geoip2_method(database_type)
    if not method:
        from sessions_ui.client.place.flat import FlatReader

        return FlatReader(path)
    try:
        from sessions_ui.client.place.nested import NestedReader
    except ImportError as error:
        raise MissingPackage(
            f'Files of the type "{database_type}" need geoip2: pip install "sessions-ui[places]".'
        ) from error
    return NestedReader(path, method)


@dataclass(frozen=True, slots=True)
class _Opened:
    stamps: tuple[Stamp, ...]
    files: tuple[DataFile, ...]


class DataFiles:
    """What `paths` (files and folders of files) hold now of a content that is `wanted`, the best file first: cities
    before countries, IPv4-only before both, newest first.

    Every look-up asks the file system whether something was replaced: 5 µs for a file, 20 for a folder of two, of the
    milliseconds that a sign-in takes (`benchmarks/places.py`). Whoever sees a change first opens the new files and
    swaps the reference; the others go on with the old ones meanwhile.
    """

    def __init__(self, paths: Sequence[str], wanted: Callable[[Content], bool]) -> None:
        self.paths = tuple(Path(path) for path in paths)
        self._wanted = wanted
        self._lock = Lock()
        self._opened: _Opened | None = None

    def current(self) -> tuple[DataFile, ...]:
        opened = self._opened
        stamps = tuple(self._stamps())
        if opened is not None and opened.stamps == stamps:
            return opened.files
        # Only the very first look-up waits for another one's opening.
        if not self._lock.acquire(blocking=opened is None):
            assert opened is not None
            return opened.files
        try:
            if self._opened is opened:
                self._opened = _Opened(stamps, self._open(stamps, opened))
            assert self._opened is not None
            return self._opened.files
        finally:
            self._lock.release()

    def _stamps(self) -> Iterator[Stamp]:
        for path in self.paths:
            try:
                found = path.stat()
                if stat.S_ISDIR(found.st_mode):
                    with os.scandir(path) as entries:
                        inside = [entry for entry in entries if entry.name.endswith(SUFFIX)]
                    yield from sorted(_stamp(entry.path, entry.stat()) for entry in inside)
                else:
                    yield _stamp(str(path), found)
            except OSError:
                continue  # not there, or being replaced at this moment: a check names it (checks/outside/places.py)

    def _open(self, stamps: tuple[Stamp, ...], before: _Opened | None) -> tuple[DataFile, ...]:
        """Open the files. One that cannot be read leaves what was known from its path before: stale is better than
        nothing."""
        known = {str(file.path): (stamp, file) for stamp, file in _pairs(before)}
        files = []
        for stamp in stamps:
            path = stamp[0]
            if path in known and known[path][0] == stamp:
                files.append(known[path][1])
                continue
            try:
                files.append(DataFile.open(Path(path)))
            except UnreadableFile as error:
                logger.warning("The place file %s cannot be read: %s", path, error)
                if path in known:
                    files.append(known[path][1])
        return tuple(sorted(filter(self._is_wanted, files), key=_rank))

    def _is_wanted(self, file: DataFile) -> bool:
        return self._wanted(file.content)


def _pairs(opened: _Opened | None) -> Iterator[tuple[Stamp | None, DataFile]]:
    if opened is not None:
        stamps = {stamp[0]: stamp for stamp in opened.stamps}
        yield from ((stamps.get(str(file.path)), file) for file in opened.files)


def _stamp(path: str, found: os.stat_result) -> Stamp:
    return (path, found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)


def _rank(file: DataFile) -> tuple[int, int, float]:
    return (-file.content, file.ip_version, -file.built_at.timestamp())


_warned: set[Path] = set()


def _warn_once(path: Path, error: Exception) -> None:
    if path not in _warned:
        _warned.add(path)
        logger.warning("The place file %s is damaged: %s", path, error)
