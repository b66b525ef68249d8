"""Where addresses are, and whose they are: place files and proxies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core import checks

from sessions_ui.conf import conf

if TYPE_CHECKING:  # below in the functions: a server that starts looks at no file
    from sessions_ui.client.place.files import DataFile
    from sessions_ui.client.place.schema import Content

UPDATE = "Run manage.py update_places; docs/places.md names the sources."
INSTALL = 'pip install "sessions-ui[places]": it brings geoip2. Flat files, those of npm, are read without.'


def place_files(**kwargs: Any) -> list[checks.CheckMessage]:
    """Warn of what cannot be read (W018) and of what is old (W017). Without a file every place is unavailable, and
    nothing fails: hence warnings."""
    from sessions_ui.client.place.schema import Content

    return [
        *_of("GEOIP_PATH", conf.geoip_path, lambda content: content >= Content.COUNTRIES),
        *_of("GEOIP_ASN_PATH", conf.geoip_asn_path, lambda content: content == Content.NETWORKS),
    ]


def unnamed_proxies(**kwargs: Any) -> list[checks.CheckMessage]:
    """Warn of proxies that no setting names. At run time the middleware warns too, at the first `X-Forwarded-For` that
    nobody is trusted to send."""
    is_behind_proxy = settings.SECURE_PROXY_SSL_HEADER or settings.USE_X_FORWARDED_HOST
    # Not by `conf`: networks that cannot be read are E005's.
    if getattr(settings, "SESSIONS_UI", {}).get("TRUSTED_PROXIES") or not is_behind_proxy:
        return []
    return [
        checks.Warning(
            "The site is behind a proxy, but TRUSTED_PROXIES is empty: every device has the proxy's address and place.",
            hint="Name the networks of every proxy in front of the site in SESSIONS_UI['TRUSTED_PROXIES'].",
            id="sessions_ui.W019",
        )
    ]


def _of(
    name: str, paths: tuple[str, ...], is_wanted: Callable[[Content], bool]
) -> Iterator[checks.CheckMessage]:
    if not paths:
        return
    from sessions_ui.client.place.files import SUFFIX, DataFile
    from sessions_ui.client.place.reader import MissingPackage, UnreadableFile

    for path in map(Path, paths):
        found = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
        usable = 0
        for file_path in found:
            try:
                file = DataFile.open(file_path)
            except MissingPackage as error:
                usable += 1  # where it is installed
                yield _unreadable(name, f"{file_path} cannot be read: {error}", hint=INSTALL)
                continue
            except UnreadableFile as error:
                yield _unreadable(name, f"{file_path} cannot be read: {error}")
                continue
            if is_wanted(file.content):
                usable += 1
                yield from _old(file)
            elif not path.is_dir():
                yield _unreadable(name, f'{path} is of the type "{file.database_type}".')
        if path.is_dir() and not usable:
            yield _unreadable(name, f"{path} holds no file of the right kind.")


def _unreadable(name: str, what: str, *, hint: str = UPDATE) -> checks.CheckMessage:
    return checks.Warning(
        f"SESSIONS_UI['{name}']: {what}",
        hint=hint,
        id="sessions_ui.W018",
    )


def _old(file: DataFile) -> Iterator[checks.CheckMessage]:
    from sessions_ui.client.place.licence import OLD_AFTER, is_geolite

    age = datetime.now(UTC) - file.built_at  # aware whatever USE_TZ says: another check names that
    if age <= OLD_AFTER:
        return
    licence = (
        " By its licence GeoLite2 data has to be deleted 30 days after a newer release."
        if is_geolite(file)
        else ""
    )
    yield checks.Warning(
        f"{file.path} is {age.days} days old: places are less and less right.{licence}",
        hint="Run manage.py update_places every week.",
        id="sessions_ui.W017",
    )
