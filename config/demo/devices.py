"""The demo's devices: what each browser says of itself, and from where."""

from __future__ import annotations

from dataclasses import dataclass, field

from config.demo.people import ADA, ADMIN, AGENT, Person


@dataclass(frozen=True, slots=True)
class DemoDevice:
    """A device of the demo. `hints` are sent with every request, `asked_hints` only to a site that asks for them
    (`Accept-CH`).

    `is_app`: not a browser but an app, which signs in by the API (docs/apps.md).
    Signed in `days` ago and last used `hours` ago, as far as the list is concerned; `known`: its owner said so.
    """

    key: str
    person: Person
    what: str
    address: str
    user_agent: str
    hints: dict[str, str] = field(default_factory=dict)
    asked_hints: dict[str, str] = field(default_factory=dict)
    signs_out: bool = False
    is_app: bool = False
    days: int = 0
    hours: int = 0
    known: bool = True


def _chromium(brand: str, platform: str, *, mobile: bool = False) -> dict[str, str]:
    return {
        "Sec-CH-UA": f'"Chromium";v="142", "{brand}";v="142", "Not_A Brand";v="99"',
        "Sec-CH-UA-Mobile": "?1" if mobile else "?0",
        "Sec-CH-UA-Platform": f'"{platform}"',
    }


def _asked(platform_version: str, model: str = "") -> dict[str, str]:
    return {"Sec-CH-UA-Platform-Version": f'"{platform_version}"', "Sec-CH-UA-Model": f'"{model}"'}


WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME_ON_MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Chrome/142.0.0.0 Safari/537.36"
CHROME_ON_WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/142.0.0.0 Safari/537.36"
CHROME_ON_ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/142.0.0.0"

DEVICES = [
    DemoDevice(
        key="drawer",
        person=ADA,
        what="old tablet in a drawer, not used for four months",
        address="81.2.69.142",
        user_agent="Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
        days=200,
        hours=130 * 24,
    ),
    DemoDevice(
        key="old-phone",
        person=ADA,
        what="old phone, signed out",
        address="175.16.199.24",
        user_agent=f"{CHROME_ON_ANDROID} Mobile Safari/537.36",
        hints=_chromium("Google Chrome", "Android", mobile=True),
        asked_hints=_asked("12.0.0", "SM-G991B"),
        signs_out=True,
        days=25,
        hours=50,
    ),
    DemoDevice(
        key="phone",
        person=ADA,
        what="phone",
        address="2.125.160.217",
        user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
        days=20,
    ),
    DemoDevice(
        key="tablet",
        person=ADA,
        what="tablet",
        address="89.160.20.113",
        user_agent=f"{CHROME_ON_ANDROID} Safari/537.36",
        hints=_chromium("Google Chrome", "Android"),
        asked_hints=_asked("15.0.0", "SM-X710"),
        days=12,
        hours=75,
    ),
    DemoDevice(
        key="app",
        person=ADA,
        what="app on the phone",
        address="2.125.160.217",
        user_agent="Example App/3.2.1 (iPhone16,1; iOS 18.6)",
        is_app=True,
        days=10,
        hours=1,
    ),
    DemoDevice(
        key="linux",
        person=ADA,
        what="desktop behind a VPN, place unknown",
        address="9.9.9.9",
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        days=6,
        hours=3,
    ),
    DemoDevice(
        key="laptop",
        person=ADA,
        what="laptop",
        address="81.2.69.142",
        user_agent=CHROME_ON_MAC,
        hints=_chromium("Google Chrome", "macOS"),
        asked_hints=_asked("26.1.0"),
        days=16,
    ),
    DemoDevice(
        key="work",
        person=ADA,
        what="computer at work",
        address="216.160.83.57",
        user_agent=f"{CHROME_ON_WINDOWS} Edg/142.0.0.0",
        hints=_chromium("Microsoft Edge", "Windows"),
        asked_hints=_asked("15.0.0"),
        days=1,
        hours=20,
        known=False,
    ),
    DemoDevice(
        key="help-desk",
        person=AGENT,
        what="help desk's computer",
        address="81.2.69.143",
        user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    ),
    DemoDevice(
        key="admin",
        person=ADMIN,
        what="administrator's computer",
        address="81.2.69.143",
        user_agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/26.1 Safari/605.1.15",
    ),
]
