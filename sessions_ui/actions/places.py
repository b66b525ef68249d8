"""Replace the place files by new ones, after checking them; and run MaxMind's program that downloads them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sessions_ui.client.place.check import UnusableFile, checked
from sessions_ui.client.place.files import SUFFIX, DataFile
from sessions_ui.client.place.schema import Content
from sessions_ui.client.place.unpack import unpack
from sessions_ui.conf import conf
from sessions_ui.exceptions import SessionsUIError

PROGRAM = "geoipupdate"
STAGING = f".{PROGRAM}"  # a folder beside the files, where it finds what it has loaded already
PATIENCE = 1800  # seconds for a download


class PlacesNotUpdated(SessionsUIError):
    """Nothing was replaced by the file that this is about; the text says why."""


@dataclass(frozen=True, slots=True)
class Installed:
    """`file` as it is now, at its path. `before`: what was there; None for nothing, or nothing that could be read."""

    file: DataFile
    before: DataFile | None

    @property
    def is_new(self) -> bool:
        return self.before is None or _is_another(self.file, self.before)


@dataclass(frozen=True, slots=True)
class Update:
    """What an update did. `skipped`: names of files that came along, for which the settings have no place."""

    installed: list[Installed]
    skipped: list[str]


def update_places(*, source: Path, allow_older: bool = False) -> Update:
    """Unpack `source`, check every file in it, and only then move them to where the settings look for them.

    Raises `PlacesNotUpdated`, `NothingThere` and `UnusableFile`; what was there before stays then. Raises `OSError`
    where a folder cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="places-") as folder:
        files = [checked(path) for path in unpack(source, Path(folder))]
        networks = [file for file in files if file.content == Content.NETWORKS]
        places = [file for file in files if file.content != Content.NETWORKS]
        plan = [*destinations(places, conf.geoip_path), *destinations(networks, conf.geoip_asn_path)]
        if not plan:
            name = "GEOIP_PATH" if places else "GEOIP_ASN_PATH"
            raise PlacesNotUpdated(f"{source}: SESSIONS_UI['{name}'] does not say where this belongs.")
        before = [_current(target) for _, target in plan]
        for (file, _), old in zip(plan, before, strict=True):
            if old is not None and old.built_at > file.built_at and not allow_older:
                raise PlacesNotUpdated(
                    f"{file.path.name} was built on {file.built_at:%Y-%m-%d}; the one in use, {old.path}, is newer "
                    f"({old.built_at:%Y-%m-%d})."
                )
        for (file, target), old in zip(plan, before, strict=True):
            if old is None or _is_another(file, old):
                replace(target, file.path)
        taken = {file.path for file, _ in plan}
        return Update(
            installed=[
                Installed(DataFile.open(target), old) for (_, target), old in zip(plan, before, strict=True)
            ],
            skipped=[file.path.name for file in files if file.path not in taken],
        )


def destinations(files: Sequence[DataFile], settings: Sequence[str]) -> list[tuple[DataFile, Path]]:
    """Return where each file belongs: in the folder that the setting names, or at the path with its name.

    A single path takes the best file, whatever its name. What has no place is left out.
    """
    paths = [Path(path) for path in settings]
    if not files or not paths:
        return []
    for folder in paths:
        if not is_file_path(folder):
            return [(file, folder / file.path.name) for file in files]
    if named := [(file, path) for file in files for path in paths if path.name == file.path.name]:
        return named
    best = max(file.content for file in files)
    candidates = [file for file in files if file.content == best]
    if len(paths) == len(candidates) == 1:
        return [(candidates[0], paths[0])]
    raise PlacesNotUpdated(
        f"{', '.join(file.path.name for file in files)}: none of the paths in the settings ends so "
        f"({', '.join(map(str, paths))}). Name a folder in the settings: it takes them all."
    )


def is_file_path(path: Path) -> bool:
    return path.suffix == SUFFIX and not path.is_dir()


def replace(target: Path, new: Path) -> None:
    """Replace `target` by `new` atomically. Whoever reads the old one goes on with it.

    The new file is copied beside the target first, so that both are on one file system, then moved over it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as copy, new.open("rb") as content:
            shutil.copyfileobj(content, copy)
            copy.flush()
            os.fsync(copy.fileno())
        # As the umask would have it, or as the old one was: web processes may run as somebody else.
        Path(beside).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def run_geoipupdate(program: str, *, config: str = "") -> Path:
    """Let MaxMind's program download what is new into a folder beside our files; return that folder."""
    paths = [Path(path) for path in conf.geoip_path + conf.geoip_asn_path]
    if not paths:
        raise PlacesNotUpdated("SESSIONS_UI['GEOIP_PATH'] is not set.")
    base = paths[0].parent if is_file_path(paths[0]) else paths[0]
    folder = base / STAGING
    folder.mkdir(parents=True, exist_ok=True)
    command = [program, "-d", str(folder), *(["-f", config] if config else [])]
    try:
        done = subprocess.run(  # noqa: S603 -- the operator's program, no shell, nothing from a request
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlacesNotUpdated(f"{PROGRAM} did not finish: {error}") from error
    if done.returncode:
        raise PlacesNotUpdated(f"{PROGRAM} failed: {last_lines(done.stderr or done.stdout)}")
    return folder


def last_lines(text: str, *, lines: int = 5) -> str:
    return " / ".join(line.strip() for line in text.strip().splitlines()[-lines:]) or "it said nothing"


def _is_another(file: DataFile, old: DataFile) -> bool:
    return (file.built_at, file.database_type) != (old.built_at, old.database_type)


def _current(target: Path) -> DataFile | None:
    try:
        return checked(target)
    except UnusableFile:
        return None  # none there, or one that is unusable: any is better
