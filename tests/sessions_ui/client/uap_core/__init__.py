"""uap-core's fixtures: what ua-parser itself is held to, and how ours compares.

uap-core names a browser or a system for each header. We are no worse where we give the same name in people's words
(`client/names.py`), or another one for a reason that is listed here. Everything else is worse.

`sample.jsonl` is a part of uap-core's test_ua.yaml, test_os.yaml and additional_os_tests.yaml: a quarter by a hash of
the header, and all that we name otherwise. Their licence is in LICENSE beside this file.
`python -m benchmarks.uap_core` compares all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sessions_ui.client import Client, bots
from sessions_ui.client.names import BROWSERS, NAMELESS, SYSTEMS, known
from sessions_ui.client.plain import FALSE_NAMES
from sessions_ui.client.user_agent import parse


class Verdict(StrEnum):
    SAME = "the same name"
    NAMED = "a name where uap-core has none, or only the engine's, the library's or some robot's"
    ADDRESS = "a word of an address, which is no robot's name: another name, or unknown"
    ROBOT = "a robot's system, which is a disguise: unknown"
    SHARED = "CFNetwork since Darwin 20, the same on phones, tablets and Macs: unknown"
    FALSE = "a false name that is added to Chrome's header, by uap-core's own words: Chrome"
    MACHINE = "a TV, console or e-reader that names only itself or its engine: no browser"
    MAKER = "the maker of a TV, which is no system: Linux or unknown"
    MORE_EXACT = (
        "iPadOS, not iOS; Messenger, not Facebook; Adblock Browser, not Aloha; Nextcloud's desktop client; Android "
        "below a Cast receiver"
    )
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Fixture:
    """`part` is "browser" or "system"; `family` uap-core's name, "Other" for none."""

    part: str
    user_agent: str
    family: str


SHARED_CFNETWORK = re.compile(r"CFNetwork/\S+ Darwin/[2-9]\d")
SAMPLE = Path(__file__).parent / "sample.jsonl"
MORE_EXACT = {
    ("Aloha Browser", "Adblock Browser"),
    ("Facebook", "Facebook Messenger"),
    ("Nextcloud", "Nextcloud Desktop"),
    ("iOS", "iPadOS"),
    ("Chromecast Android", "Android"),
}
FILES = {"test_ua.yaml": "browser", "test_os.yaml": "system", "additional_os_tests.yaml": "system"}
FIELD = re.compile(r"^\s*(?:- )?(user_agent_string|family):\s*(.*?)\s*$")


def compare(fixture: Fixture) -> Verdict:
    client = parse(fixture.user_agent)
    words = BROWSERS if fixture.part == "browser" else SYSTEMS
    family = known(fixture.family)
    expected, said = words.get(family, family), getattr(client, fixture.part)
    if said == expected:
        return Verdict.SAME
    if family in FALSE_NAMES and said in ("Chrome", "Edge", "Opera"):
        return Verdict.FALSE
    if fixture.part == "browser" and bots.is_of_address(family, fixture.user_agent):
        return Verdict.ADDRESS
    if fixture.part == "system" and "HbbTV" in fixture.user_agent and said in ("", "Linux"):
        return Verdict.MAKER
    if said:
        if (expected, said) in MORE_EXACT:
            return Verdict.MORE_EXACT
        return Verdict.NAMED if family in NAMELESS else Verdict.WORSE
    return _why_unknown(fixture, client)


def _why_unknown(fixture: Fixture, client: Client) -> Verdict:
    if fixture.part == "browser":
        return (
            Verdict.MACHINE
            if client.kind in ("tv", "console") or client.system == "Kindle"
            else Verdict.WORSE
        )
    if client.kind == "bot":
        return Verdict.ROBOT
    return Verdict.SHARED if SHARED_CFNETWORK.search(fixture.user_agent) else Verdict.WORSE


def sample() -> list[Fixture]:
    return [Fixture(**json.loads(line)) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def read(folder: Path) -> Iterator[Fixture]:
    """The fixtures of a checkout of uap-core. Its YAML has one field a line; no more of YAML is read than that."""
    for name, part in FILES.items():
        path = next(folder.glob(f"**/{name}"))
        user_agent = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := FIELD.match(line):
                if match[1] == "user_agent_string":
                    user_agent = _scalar(match[2])
                else:
                    yield Fixture(part, user_agent, _scalar(match[2]))


def _scalar(text: str) -> str:
    if text[:1] == "'" and text[-1:] == "'":
        return text[1:-1].replace("''", "'")
    if text[:1] == '"' and text[-1:] == '"':
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return text
