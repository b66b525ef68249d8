"""Old and unreadable place files, and proxies that nobody named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage

from sessions_ui.checks.outside.places import place_files, unnamed_proxies
from sessions_ui.checks.project.setup import clients
from tests.sessions_ui.client.place.written import LONDON, asn, nested, uninstall_geoip2, write

CITY, NETWORK = {f"{LONDON}/32": nested()}, {f"{LONDON}/32": asn("Quad9")}
OLD = datetime.now(UTC) - timedelta(days=31)


def messages(settings: Any, **given: Any) -> list[CheckMessage]:
    settings.SESSIONS_UI = given
    return place_files()


def test_new_files_and_none_at_all_have_nothing_to_say(tmp_path: Path, settings: Any) -> None:
    city, network = (
        write(tmp_path / "city.mmdb", CITY),
        write(tmp_path / "asn.mmdb", NETWORK, kind="GeoLite2-ASN"),
    )
    assert messages(settings) == []
    assert messages(settings, GEOIP_PATH=city, GEOIP_ASN_PATH=network) == []
    assert messages(settings, GEOIP_PATH=tmp_path, GEOIP_ASN_PATH=tmp_path) == []


@pytest.mark.parametrize(("kind", "has_to_go"), [("GeoLite2-City", True), ("DBIP-City-Lite", False)])
def test_old_data_is_named_and_what_the_licence_says(
    tmp_path: Path, settings: Any, kind: str, has_to_go: bool
) -> None:
    [message] = messages(settings, GEOIP_PATH=write(tmp_path / "city.mmdb", CITY, kind=kind, built_at=OLD))
    assert message.id == "sessions_ui.W017" and "31 days old" in message.msg
    assert ("has to be deleted" in message.msg) is has_to_go


def test_what_cannot_be_read_is_named(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "junk.mmdb").write_bytes(b"junk")
    (tmp_path / "empty").mkdir()
    network = write(tmp_path / "asn.mmdb", NETWORK, kind="GeoLite2-ASN")
    for path in (tmp_path / "junk.mmdb", tmp_path / "gone.mmdb", tmp_path / "empty", network):
        [message] = messages(settings, GEOIP_PATH=path)
        assert message.id == "sessions_ui.W018" and str(path) in message.msg


def test_a_package_that_is_not_installed_is_named_for_the_files_that_need_it(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall_geoip2(monkeypatch)
    city, network = tmp_path / "city", tmp_path / "asn"
    city.mkdir()
    network.mkdir()
    write(city / "city.mmdb", CITY, kind="GeoLite2-City")
    write(network / "asn.mmdb", NETWORK, kind="asn ipv4")  # flat: maxminddb reads it
    [message] = messages(settings, GEOIP_PATH=city, GEOIP_ASN_PATH=network)
    assert message.id == "sessions_ui.W018" and str(city / "city.mmdb") in message.msg
    assert message.hint is not None and 'pip install "sessions-ui[places]"' in message.hint


def test_proxies_that_nobody_named(settings: Any) -> None:
    settings.SESSIONS_UI = {}
    assert unnamed_proxies() == []
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert [message.id for message in unnamed_proxies()] == ["sessions_ui.W019"]
    settings.SESSIONS_UI = {"TRUSTED_PROXIES": ["10.0.0.0/8"]}
    assert unnamed_proxies() == []


@pytest.mark.parametrize("given", [{"STORE_ADDRESSES": "some"}, {"PROXY_HEADER": "X-Real-IP"}])
def test_settings_about_addresses_that_make_no_sense(settings: Any, given: dict[str, str]) -> None:
    settings.SESSIONS_UI = given
    assert [message.id for message in clients()] == ["sessions_ui.E005"]
