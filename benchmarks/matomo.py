"""`python -m benchmarks.matomo FOLDER [--show PART] [--write]`: what we say against matomo/device-detector's fixtures.

FOLDER is a checkout of matomo-org/device-detector. Nothing of it is in this repository (its licence is the LGPL); only
the counts are, in docs/clients.md. `--show` prints the fixtures of one row of the table.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from benchmarks.clients import PAGE
from benchmarks.tables import table
from sessions_ui.client import Client, client_info
from sessions_ui.client.hardware import OTHER_TV

BEGIN, END = "<!-- benchmarks.matomo: begin -->", "<!-- benchmarks.matomo: end -->"
# Its words for a system, in ours. What is no system of its own to us is its base: nobody is contradicted by that.
SYSTEMS = {
    "Mac": "macOS",
    "GNU/Linux": "Linux",
    "Chromium OS": "Chrome OS",
    "Symbian OS Series 40": "Nokia Series 40",
    "Windows IoT": "Windows",
}
FAMILIES = (
    # All Android below, whatever the maker calls it.
    {"Android", "Android TV", "Fire OS", "HarmonyOS", "Lineage OS", "MIUI", "YunOS", "Wear OS", "FydeOS", "MocorDroid",
     "Coolita OS", "Puffin OS", "Meta Horizon", "COS", "Leaf OS", "RED OS", "Baidu Yi", "Remix OS", "Cyanogen",
     "GridOS", "Sailfish", "Nova", "OpenHarmony", "Fuchsia", "News OS", "PICO OS", "Titan OS", "Whale OS", "Vega OS"},
    # All Linux below.
    {"Linux", "Ubuntu", "Debian", "Fedora", "Mint", "openSUSE", "SUSE", "Red Hat", "CentOS", "Gentoo", "Slackware",
     "Arch Linux", "Mandriva", "Kubuntu", "Xubuntu", "Lubuntu", "Knoppix", "VectorLinux", "Sabayon", "BackTrack",
     "Chrome OS", "webOS", "Tizen", "Maemo", "MeeGo", "Mageia", "Linspire", "Raspberry Pi OS", "Deepin", "Fenix",
     "Zenwalk", "Pardus", "ASPLinux", "ALT Linux", "Rocky Linux", "Alpine Linux", "Amazon Linux", "Tencent OS",
     "TencentOS", "Clear Linux OS", "Armadillo OS", "Astra Linux", "OpenVZ", "VIDAA", "TiVo OS", "Roku OS", "Roku",
     "Coolita OS", "Whale OS", "ClearOS Mobile", "PCLinuxOS", "Nova", "Turbolinux", "SteamOS", "blackPanther OS",
     "Kanotix", "DSLinux", "Ordissimo", "ROSA", "AOSC OS", "Ark OS", "OpenWrt", "Plasma Mobile", "Sailfish OS",
     "Fire OS", "Vega OS", "Chromecast", "Android", "Android TV", "PlayStation", "PlayStation 4", "Opera TV"},
    {"iOS", "iPadOS", "tvOS", "watchOS"},
    {"Windows", "Xbox", "Windows CE"},
    {"Windows Phone", "Windows Mobile", "Windows CE", "Windows RT"},
    {"Nintendo", "Nintendo Mobile", "Nintendo Switch", "Nintendo 3DS", "Nintendo Wii", "Nintendo Wii U",
     "Nintendo Switch 2"},
    {"PlayStation", "PlayStation 3", "PlayStation 4", "PlayStation 5", "PlayStation Portable", "PlayStation Vita"},
    {"BlackBerry OS", "BlackBerry Tablet OS"},
    {"Symbian OS", "Symbian", "Symbian^3", "Symbian OS Series 60", "Nokia Series 40", "Nokia Series 30", "S60"},
)  # fmt: skip
KINDS = {
    "desktop": {"computer"},
    "smartphone": {"phone"},
    "phablet": {"phone"},
    "feature phone": {"phone"},
    "tablet": {"tablet"},
    "tv": {"tv"},
    "console": {"console"},
    "wearable": {"watch", ""},
}
HELD = frozenset({"phone", "tablet", "computer"})


@dataclass(frozen=True, slots=True)
class Fixture:
    user_agent: str
    headers: dict[str, str]
    system: str
    system_version: str
    kind: str

    @property
    def client(self) -> Client:
        hints = {f"HTTP_{name.upper().replace('-', '_')}": _quoted(name, text) for name, text in self.headers.items()}
        return client_info({"HTTP_USER_AGENT": self.user_agent, **hints}).client


@dataclass(slots=True)
class Result:
    fixtures: int = 0
    found: dict[str, list[tuple[Fixture, Client]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, part: str, fixture: Fixture, client: Client) -> None:
        self.found[part].append((fixture, client))


ROWS = {
    "system": ("system contradicted", 100),
    "version": ("system version wrong", 30),
    "tv": ("a TV told as a phone, tablet or computer", None),
    "tv word": ("of these with a TV's word in the header", 0),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matomo", description=__doc__)
    parser.add_argument("folder", type=Path, help="a checkout of device-detector")
    parser.add_argument("--show", choices=ROWS, help="print the fixtures of this row")
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{PAGE.name}")
    options = parser.parse_args()
    result = judge(read(options.folder))
    if options.show:
        for fixture, client in result.found[options.show]:
            print(f"{fixture.user_agent}\n    theirs {fixture.kind} {fixture.system} {fixture.system_version}, {client}")
    rows = [
        [what, f"{len(result.found[part]):,}", "" if most is None else f"≤ {most}"]
        for part, (what, most) in ROWS.items()
    ]
    page = table([f"of {result.fixtures:,} fixtures", "count", "target"], rows)
    print(page)
    if options.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{page}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def judge(fixtures: Iterator[Fixture]) -> Result:
    result = Result()
    for fixture in fixtures:
        result.fixtures += 1
        client = fixture.client
        if client.kind == "bot":
            continue
        if fixture.system and client.system:
            if not are_alike(fixture.system, client.system):
                result.add("system", fixture, client)
            elif SYSTEMS.get(fixture.system, fixture.system) == client.system and not is_version_right(
                fixture.system_version, client.system_version
            ):
                result.add("version", fixture, client)
        if fixture.kind == "tv" and client.kind in HELD:
            result.add("tv", fixture, client)
            if OTHER_TV.search(fixture.user_agent):
                result.add("tv word", fixture, client)
    return result


def are_alike(theirs: str, ours: str) -> bool:
    theirs = SYSTEMS.get(theirs, theirs)
    return theirs == ours or any(theirs in family and ours in family for family in FAMILIES)


def is_version_right(theirs: str, ours: str) -> bool:
    """One may be less exact than the other; an unknown one is not wrong."""
    one, other = _tidy(theirs), _tidy(ours)
    return not one or not other or f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _tidy(version: str) -> str:
    match = re.match(r"\d+(?:\.\d+)*", version)
    return re.sub(r"(?:\.0)+$", "", match[0]) if match else ""


def read(folder: Path) -> Iterator[Fixture]:
    """The fixtures of whole headers; those of its single parsers have no kind."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted((folder / "Tests" / "fixtures").glob("*.yml")):
        for entry in yaml.load(path.read_text(encoding="utf-8"), Loader=loader):
            if "bot" not in entry:
                yield _fixture(entry)


def _fixture(entry: dict[str, Any]) -> Fixture:
    system = entry.get("os") or {}
    device = entry.get("device") or {}
    return Fixture(
        user_agent=str(entry["user_agent"]),
        headers={name: str(text) for name, text in (entry.get("headers") or {}).items() if name.lower().startswith("sec-ch-ua")},
        system=str(system.get("name") or "") if isinstance(system, dict) else "",
        system_version=str(system.get("version") or "") if isinstance(system, dict) else "",
        kind=str(device.get("type") or ""),
    )


def _quoted(name: str, text: str) -> str:
    """A structured header's string has quotes; the fixtures leave them out."""
    is_plain = name.lower() in ("sec-ch-ua-platform", "sec-ch-ua-platform-version", "sec-ch-ua-model")
    return f'"{text.strip(chr(34))}"' if is_plain else text


if __name__ == "__main__":
    main()
