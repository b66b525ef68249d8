# ruff: noqa: E501 -- user agents are as long as they are
"""The package user-agents is asked last, without its slow parsing, and gives the same answers as with it."""

from __future__ import annotations

import subprocess
import sys

import pytest
import ua_parser
import user_agents

from sessions_ui.client import Client, parse_user_agent
from sessions_ui.client.last_resort import KINDS, ParsedUserAgent, kind
from sessions_ui.client.text import cut
from tests.sessions_ui.client.corpus import load
from tests.sessions_ui.client.uap_core import sample

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36"
PLAYBOOK = "Mozilla/5.0 (PlayBook; U; RIM Tablet OS 2.1.0; en-US) AppleWebKit/536.2+ (KHTML like Gecko) Version/7.2.1.0 Safari/536.2+"
ANSWERS = ("browser", "os", "device", "is_touch_capable", *(answer for answer, _ in KINDS))
# ua-parser's patterns look for these words in the first 100 characters; its Rust matcher, in all of the header.
FURTHER_IN = (
    *(
        "Applebot/",
        "ChatGPT-User/",
        "Claude-User/",
        "ExampleAI-User/",
        "Gemini-Deep-Research/",
        "Kagi-Fetcher/",
    ),
    *("MistralAI-User/", "OAI-SearchBot/", "Perplexity-User/", "RSScrawler/"),
)


def answers(agent: user_agents.parsers.UserAgent) -> list[object]:
    return [str(agent), *(getattr(agent, answer) for answer in ANSWERS)]


def test_filled_from_the_rust_result_it_answers_as_the_package_does_by_itself() -> None:
    corpus = {cut(entry.user_agent) for entry in load()}
    headers = corpus | {fixture.user_agent for fixture in sample()}
    differing = [
        header
        for header in sorted(headers)
        if answers(ParsedUserAgent(ua_parser.parse(header))) != answers(user_agents.parse(header))
    ]
    assert len(corpus) > 500 and len(headers) > 1000
    assert len(differing) >= len(FURTHER_IN)
    for header in differing:
        assert any(robot in header for robot in FURTHER_IN), header
        assert ParsedUserAgent(ua_parser.parse(header)).is_bot and not user_agents.parse(header).is_bot


@pytest.mark.parametrize(
    ("header", "expected", "system"),
    [
        (PLAYBOOK, "tablet", "BlackBerry Tablet OS"),
        ("Mozilla/5.0 (Linux; U; en-US) AppleWebKit/528.5+ (KHTML, like Gecko, Safari/528.5+) Version/4.0 Kindle/3.0 (screen 600x800; rotate)", "tablet", "Kindle"),
        ("Appcelerator Titanium/2.1.2.GA (iPhone/6.1.2; iPhone OS; de_DE;)", "phone", "iOS"),
        ("Opera/9.80 (SunOS i86pc; U; en) Presto/2.2", "computer", "Solaris"),
        ("ExampleCli/1.4.2 (Windows NT 10.0; Win64; x64)", "computer", "Windows"),
        ("The Bat! 4.0.0.22", "app", ""),
        # Nor does the package know these.
        ("ExampleCli/1.4.2 (Linux)", "", "Linux"),
        ("junk", "", ""),
        # It takes the headset for a tablet, and a program whose name begins like an old phone's for a phone.
        (f"Mozilla/5.0 (X11; Linux x86_64; Quest 3) {WEBKIT} OculusBrowser/35.0.0 Chrome/126.0.0.0 VR Safari/537.36", "", "Android"),
        ("fakeLuminary/1.0", "", ""),
    ],
)  # fmt: skip
def test_a_header_that_no_rule_of_ours_knows_has_the_kind_of_the_package(
    header: str, expected: str, system: str
) -> None:
    client = parse_user_agent(header)
    assert (client.kind, client.system) == (expected, system)


def test_where_a_rule_of_ours_knows_the_kind_the_package_is_not_believed() -> None:
    """It takes Firefox's tablets for phones, and apps for tablets."""
    tablet = "Mozilla/5.0 (Android 15; Tablet; rv:145.0) Gecko/145.0 Firefox/145.0"
    assert kind(ua_parser.parse(tablet)) == "phone"
    assert parse_user_agent(tablet).kind == "tablet"


def test_the_package_knows_robots_too() -> None:
    assert kind(ua_parser.parse("Mozilla/5.0 (compatible; Googlebot/2.1)")) == "bot"
    assert kind(ua_parser.parse("")) == Client().kind == ""


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("import sessions_ui, sessions_ui.client", False),
        ("from sessions_ui.client import warm_up; warm_up()", False),
        (f"from sessions_ui.client import parse_user_agent; parse_user_agent({CHROME!r})", False),
        (f"from sessions_ui.client import parse_user_agent; parse_user_agent({PLAYBOOK!r})", True),
    ],
    ids=["import", "warm-up", "Chrome", "PlayBook"],
)
def test_the_package_is_loaded_only_where_the_last_resort_is_reached(statement: str, loaded: bool) -> None:
    script = f"import sys; {statement}; print('user_agents' in sys.modules, 'ua_parser' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    package, base = run.stdout.split()
    assert package == str(loaded)
    assert base == str("import sessions_ui" not in statement)
