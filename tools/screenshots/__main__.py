"""`make screenshots`: the pages as a person sees them, from real sign-ins on a throw-away database.

`python -m tools.screenshots [FOLDER]` makes those few that the documentation shows, in docs/screenshots by default;
`--all FOLDER` every state in every width and scheme, to be looked at.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from tools.screenshots import states
from tools.screenshots.states import ODD

SHOWN_IN = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
WIDTHS = {1280: "", 390: "-390", 320: "-320"}
SCHEMES = {"light": "", "dark": "-dark"}
# State (a function of states.py), width, scheme: what the documentation shows.
SHOWN = [
    ("devices", 1280, "light"),
    ("devices", 1280, "dark"),
    ("devices", 390, "dark"),
    ("device", 1280, "light"),
    ("lost", 390, "light"),
    ("ask", 390, "dark"),
    ("proof", 1280, "light"),
    ("mail_alert", 390, "light"),
    ("mail_reset", 390, "dark"),
    ("mail_arabic", 390, "light"),
]
# Device of the demo: the name its owner gave it, when it signed in and when it was last active.
STORY = {
    "phone": ("Phone", timedelta(days=22, hours=3), timedelta(hours=3)),
    "tablet": ("", timedelta(days=9), timedelta(days=2)),
    "work": ("Work computer", timedelta(days=4, hours=6), timedelta(minutes=24)),
    "linux": ("", timedelta(days=16), timedelta(days=6)),
    "old-phone": ("", timedelta(days=19), timedelta(days=12)),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="docs/screenshots by default")
    parser.add_argument("--all", action="store_true", help="every state in every width and scheme")
    options = parser.parse_args()
    if options.all and not options.folder:
        parser.error("name a folder for so many")
    with tempfile.TemporaryDirectory(prefix="devices-screenshots-") as folder:
        var = Path(folder)
        prepare(var)
        from tests.browser.server import serve

        with serve() as url:
            sign_in_devices(url, var)
            for path in take(url, options.folder or SHOWN_IN, everything() if options.all else SHOWN):
                print(path)
    return 0


def prepare(var: Path) -> None:
    """Not in demo mode, so that no picture has the demo's banner; DEBUG only allows plain HTTP."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        DJANGO_ALLOW_ASYNC_UNSAFE="true",
        DEBUG="1",
        DEMO="0",
        VAR_DIR=str(var),
        SECRET_KEY="only for screenshots",
        FACTOR_KEYS="only for screenshots, and as long as such a key has to be",
        TRUSTED_PROXIES="127.0.0.0/8",
        GEOIP_PATH=str(var / "places.mmdb"),
        DATABASE_URL=f"sqlite:///{var / 'site.sqlite3'}",
        EMAIL_URL="dummymail://",
    )
    for service in ("REDIS_URL", "CELERY_BROKER_URL"):
        os.environ.pop(service, None)
    (var / "static").mkdir()

    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)

    from django.test import override_settings

    from config.demo.people import create_people
    from config.demo.places import write_places

    write_places(var / "places.mmdb")
    with override_settings(DEMO=True):  # their passwords are known: only a demo has them
        create_people()


def sign_in_devices(url: str, var: Path) -> None:
    """Over HTTP, like the demo's. Only the clock is turned back: a page where all happened today shows little."""
    from django.db.models import QuerySet
    from django.test import override_settings
    from django.utils import timezone

    from config.demo.browsers import DemoBrowsers
    from config.demo.devices import DEVICES
    from sessions_ui.models import Device, Event, Session

    # The agents' devices type the code before the current one, as the demo tolerates and a real site does not.
    with override_settings(MFA_TOTP_TOLERANCE=1):
        DemoBrowsers(url, var).sign_in_all(afresh=True)
    now = timezone.now()
    for device in DEVICES:
        # The app on the phone has the phone's address.
        sessions = Session.objects.filter(
            user__email=device.person.email,
            first_address=device.address,
            first_user_agent=device.user_agent,
        )
        if device.key == "laptop":
            sessions.filter(user__isnull=False).delete()  # the browser that takes the pictures is the laptop
        if device.key not in STORY:
            continue
        name, signed_in, active = STORY[device.key]
        Device.objects.filter(sessions__in=sessions).update(name=name, first_seen_at=now - signed_in)
        sessions.update(
            signed_in_at=now - signed_in,
            expires_at=now - signed_in + timedelta(days=30),
            last_seen_at=now - active,
        )
        sessions.filter(ended_at__isnull=False).update(ended_at=now - active)
        # No query set of theirs would change events.
        QuerySet(Event).filter(session__in=sessions).update(at=now - signed_in)
    # Each was new once; its owner has looked at all but one.
    Session.objects.exclude(first_address=ODD).update(reviewed_at=now)
    Session.objects.filter(first_address=ODD).update(
        reviewed_at=None, verdict="suspicious", verdict_reasons=["new_device", "new_country"]
    )
    Device.objects.filter(sessions__first_address=ODD).update(confirmed_at=None)


def take(url: str, folder: Path, shots: list[tuple[str, int, str]]) -> list[Path]:
    from django.utils import timezone
    from playwright.sync_api import sync_playwright

    from config.demo.devices import DEVICES
    from config.demo.people import PASSWORD
    from sessions_ui.models import Session
    from tests.browser.launch import launch
    from tools import chromium

    laptop = next(device for device in DEVICES if device.key == "laptop")
    path = chromium.find()
    made = []
    with sync_playwright() as playwright:
        browser = launch(playwright, path)
        context = browser.new_context(
            user_agent=laptop.user_agent, extra_http_headers={"X-Forwarded-For": laptop.address}
        )
        page = context.new_page()
        page.goto(f"{url}/account/login/")
        page.locator("input[name=login]").fill(laptop.person.email)
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/account/devices/")
        Session.objects.exclude(first_address=ODD).update(reviewed_at=timezone.now())
        for state, width, scheme in shots:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            getattr(states, state)(page, url)
            name = f"{state}{WIDTHS[width]}{SCHEMES[scheme]}.png"
            made.append(shoot(page, folder / name, whole=state not in states.DIALOGS))
        browser.close()
    return made


def shoot(page: Any, path: Path, *, whole: bool) -> Path:
    page.screenshot(path=path, full_page=whole, animations="disabled")
    return path


def everything() -> list[tuple[str, int, str]]:
    return [(state, width, scheme) for state in states.STATES for width in WIDTHS for scheme in SCHEMES]


if __name__ == "__main__":
    sys.exit(main())
