"""Whatever the headers hold: no exception, nothing that does not fit its column, no control character, no markup."""

from __future__ import annotations

from dataclasses import astuple
from ipaddress import ip_network

from hypothesis import example, given
from hypothesis import strategies as st

from sessions_ui.client import ClientInfo, client_info, contradicts, improved
from sessions_ui.client.hints import FIELDS
from tests.models import Device, Session
from tests.sessions_ui.client.corpus import Entry, load

TRUSTED = (ip_network("10.0.0.0/8"),)
ENTRIES = load()
# WSGI hands bytes over as Latin-1.
ANYTHING = st.text(max_size=1200) | st.binary(max_size=1200).map(lambda sent: sent.decode("latin-1"))
WORDS = st.sampled_from(
    [
        *(
            "Android 10; K)",
            "Android 14; ",
            " Build/",
            "(KHTML, like Gecko) ",
            "Chrome/1.",
            "Version/",
            "Electron/",
        ),
        *(
            "CFNetwork/1 Darwin/",
            "9" * 40,
            "Mozilla/5.0 (",
            ")",
            "iPhone OS ",
            "FBAV/",
            "bot/",
            "\x00",
            "<b>",
        ),
        *("%3Cb%3E", "%00", "²"),
    ]
)
PIECES = st.lists(WORDS | st.text(max_size=20), max_size=20).map("".join)
REAL = st.sampled_from([entry.user_agent for entry in ENTRIES])
USER_AGENTS = ANYTHING | PIECES | st.tuples(REAL, PIECES, REAL).map("".join)
HINTS = st.fixed_dictionaries(
    {},
    optional={
        field: ANYTHING
        | PIECES
        | PIECES.map(lambda text: f'"{text}"')
        | PIECES.map(lambda text: f'"{text}";v="1"')
        for field in FIELDS
    },
)


def assert_harmless(info: ClientInfo) -> None:
    client = info.client
    for name, length in {"kind": 16, "maker": 64, "model": 64, "browser": 64, "system": 64}.items():
        assert Device._meta.get_field(name).max_length == length >= len(getattr(client, name))
    for name in ("browser_version", "system_version"):
        assert Session._meta.get_field(name).max_length == 32 >= len(getattr(client, name))
    assert len(info.user_agent) <= 512
    assert client.kind in Device.Kind.values
    for part in (*astuple(client), info.user_agent):
        assert part.isprintable()
    for part in astuple(client):
        assert not set(part) & set('<>"&')


@given(USER_AGENTS, HINTS)
@example("Version/٣", {"HTTP_SEC_CH_UA_PLATFORM": '"Windows"', "HTTP_SEC_CH_UA_PLATFORM_VERSION": '"²"'})
def test_user_agent_and_hints(user_agent: str, hints: dict[str, str]) -> None:
    assert_harmless(client_info({"HTTP_USER_AGENT": user_agent, **hints}))


@given(ANYTHING, ANYTHING, ANYTHING)
def test_forwarded_addresses_and_cookies(forwarded_for: str, forwarded: str, cookie: str) -> None:
    meta = {
        "REMOTE_ADDR": "10.0.0.1",
        "HTTP_X_FORWARDED_FOR": forwarded_for,
        "HTTP_FORWARDED": forwarded,
        "HTTP_COOKIE": cookie,
    }
    info = client_info(meta, trusted=TRUSTED)
    assert info.address is None or len(info.address) <= 39
    assert_harmless(info)


@given(st.sampled_from(ENTRIES), st.sampled_from(ENTRIES))
def test_improving_settles_and_loses_no_name(one: Entry, other: Entry) -> None:
    old, new = client_info(one.meta).client, client_info(other.meta).client
    better = improved(old, new)
    assert improved(better, new) == better
    assert contradicts(old, new) == contradicts(new, old)
    assert all(
        after or not before for before, after in zip(astuple(old)[:4], astuple(better)[:4], strict=True)
    )
