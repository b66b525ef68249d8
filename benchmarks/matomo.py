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

BEGIN, END = "<!-- benchmarks.matomo: begin -->", "<!-- benchmarks.matomo: end -->"
# Its words for a system, in ours.
SYSTEMS = {
    "Brew": "BREW",
    "Chromium OS": "Chrome OS",
    "GNU/Linux": "Linux",
    "HarmonyOS NEXT": "OpenHarmony",
    "Google TV": "GoogleTV",
    "Mac": "macOS",
    "Mint": "Linux Mint",
    "Roku OS": "Roku",
    "Sailfish OS": "Sailfish",
    "Symbian": "Symbian OS",
    "Symbian OS Series 40": "Nokia Series 40",
    "Symbian^3": "Symbian OS",
    "Windows IoT": "Windows",
}
# What is a variety of what: who says the one does not contradict who says the other.
VARIETIES = {
    "Android": {
        *("Android TV", "Baidu Yi", "COS", "Coolita OS", "CyanogenMod", "Fire OS", "FydeOS", "GridOS", "HarmonyOS"),
        *("HyperOS", "Leaf OS", "Lineage OS", "MIUI", "Meta Horizon", "MildWild", "MocorDroid", "MyOS", "News OS"),
        *("PICO OS", "Puffin OS", "RED OS", "RazoDroiD", "Remix OS", "Resurrection Remix OS", "Sirin OS"),
        *("Smartisan OS", "Wear OS", "YunOS", "Lenix"),
    },
    "Linux": {
        *("ALT Linux", "AOSC OS", "ASPLinux", "Alpine Linux", "Amazon Linux", "Arch Linux", "Armadillo OS"),
        "Astra Linux",
        *("BackTrack", "BrightSignOS", "CentOS", "Chrome OS", "Chromecast", "Clear Linux OS", "DSLinux", "Debian"),
        *("Deepin", "Fedora", "Fenix", "Gentoo", "Kanotix", "Knoppix", "KoboOS", "Kubuntu", "Linspire", "Linux Mint"),
        *("Lubuntu", "Maemo", "Mageia", "Mandriva", "MeeGo", "OpenVZ", "OpenWrt", "Ordissimo", "Orsay", "PCLinuxOS"),
        *("Pardus", "Plasma Mobile", "PureOS", "ROSA", "Raspberry Pi OS", "Red Hat", "RedOS", "Rocky Linux", "Roku"),
        *("SUSE", "Sabayon", "Sailfish", "Slackware", "SteamOS", "Tencent OS", "TencentOS", "TiVo OS", "Tizen"),
        *("Turbolinux", "Ubuntu", "VIDAA", "ViziOS", "VectorLinux", "Vega OS", "Xubuntu", "Zenwalk", "blackPanther OS"),
        *("openSUSE", "webOS", "Titan OS", "Whale OS", "Kobo", "Kindle", "PocketBook", "Ubuntu Touch", "Opera TV"),
    },
    "iOS": {"iPadOS", "tvOS", "watchOS"},
    "Windows": {"Windows CE", "Windows RT", "Xbox"},
    "Windows Mobile": {"Windows CE", "Windows Phone"},
    "PlayStation": {"PlayStation 2", "PlayStation 3", "PlayStation 4", "PlayStation 5"},
    "PlayStation Portable": {"PlayStation Portable", "PlayStation Vita", "PlayStation"},
    "Nintendo": {"Nintendo 3DS", "Nintendo Switch", "Nintendo Switch 2", "Nintendo Wii", "Nintendo Wii U"},
    "Nintendo Mobile": {"Nintendo 3DS", "Nintendo DS", "Nintendo DSi"},
    "BlackBerry OS": {"BlackBerry Tablet OS"},
    "BREW": {"Brew MP"},
    "Symbian OS": {"Symbian OS Series 60", "Nokia Series 40", "Symbian^3 Anna", "Symbian^3", "Symbian^3 Belle"},
    "Fuchsia": {"Chromecast"},
}  # fmt: skip
KINDS = {
    "desktop": {"computer"},
    "feature phone": {"phone"},
    "phablet": {"phone"},
    "smartphone": {"phone"},
    "tablet": {"tablet"},
}
# Not the product's own patterns: "TV" as a word, or at the end of one.
TV_WORD = re.compile(
    r"(?:(?<![A-Z])|4K|IP|HD)TV(?![A-Za-z])|Tv(?![a-z])|(?<![A-Za-z])tv(?![A-Za-z])|[Tt]elevision"
)
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
        hints = {
            f"HTTP_{name.upper().replace('-', '_')}": _quoted(name, text)
            for name, text in self.headers.items()
        }
        return client_info({"HTTP_USER_AGENT": self.user_agent, **hints}).client


@dataclass(slots=True)
class Result:
    fixtures: int = 0
    found: dict[str, list[tuple[Fixture, Client]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, part: str, fixture: Fixture, client: Client) -> None:
        self.found[part].append((fixture, client))


ROWS = {
    "told tv": ("a phone, tablet or computer told as a TV", None),
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
            print(
                f"{fixture.user_agent}\n    theirs {fixture.kind} {fixture.system} {fixture.system_version}, {client}"
            )
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
        if client.kind == "tv" and KINDS.get(fixture.kind, set()) & HELD:
            result.add("told tv", fixture, client)
        if fixture.kind == "tv" and client.kind in HELD:
            result.add("tv", fixture, client)
            if TV_WORD.search(fixture.user_agent):
                result.add("tv word", fixture, client)
    return result


def are_alike(theirs: str, ours: str) -> bool:
    theirs = SYSTEMS.get(theirs, theirs)
    return theirs == ours or ours in VARIETIES.get(theirs, ()) or theirs in VARIETIES.get(ours, ())


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
        headers={
            name: str(text)
            for name, text in (entry.get("headers") or {}).items()
            if name.lower().startswith("sec-ch-ua")
        },
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
