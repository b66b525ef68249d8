"""`make screenshots`: the devices page as a person sees it, from real sign-ins on a throw-away database."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
# Name of the file, width, colour scheme.
SHOTS = [
    ("devices", 1280, "light"),
    ("devices-dark", 1280, "dark"),
    ("devices-390", 390, "light"),
    ("devices-390-dark", 390, "dark"),
    ("devices-320", 320, "light"),
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
    with tempfile.TemporaryDirectory(prefix="devices-screenshots-") as folder:
        var = Path(folder)
        prepare(var)
        from tests.browser.server import serve

        with serve() as url:
            sign_in_devices(url, var)
            for path in take(url):
                print(f"docs/screenshots/{path.name}")  # noqa: T201
    return 0


def prepare(var: Path) -> None:
    """Not in demo mode, so that no picture has the demo's banner; DEBUG only allows plain HTTP."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        DJANGO_ALLOW_ASYNC_UNSAFE="true",
        DEBUG="1",
        DEMO="0",
        VAR_DIR=str(var),
        SECRET_KEY="only for screenshots",  # noqa: S106
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
    call_command("createcachetable", verbosity=0)

    from allauth.account.models import EmailAddress
    from django.contrib.auth import get_user_model

    from config.demo.people import PASSWORD, PEOPLE
    from config.demo.places import write_places

    write_places(var / "places.mmdb")
    for person in PEOPLE:
        user = get_user_model().objects.create_user(email=person.email, password=PASSWORD, name=person.name)
        EmailAddress.objects.create(user=user, email=person.email, verified=True, primary=True)


def sign_in_devices(url: str, var: Path) -> None:
    """Over HTTP, like the demo's. Only the clock is turned back: a page where all happened today shows little."""
    from django.db.models import F

    from config.demo.browsers import DemoBrowsers
    from config.demo.devices import DEVICES
    from sessions_ui.models import Device, Session

    DemoBrowsers(url, var).sign_in_all(afresh=True)
    for device in DEVICES:
        sessions = Session.objects.filter(user__email=device.person.email, first_address=device.address)
        if device.key == "laptop":
            sessions.filter(user__isnull=False).delete()  # the browser that takes the pictures is the laptop
        if device.key not in STORY:
            continue
        name, signed_in, active = STORY[device.key]
        Device.objects.filter(sessions__in=sessions).update(name=name)
        sessions.update(
            signed_in_at=F("signed_in_at") - signed_in,
            expires_at=F("expires_at") - signed_in,
            last_seen_at=F("last_seen_at") - active,
        )
        sessions.filter(ended_at__isnull=False).update(ended_at=F("ended_at") - active)


def take(url: str) -> list[Path]:
    from playwright.sync_api import sync_playwright

    from config.demo.devices import DEVICES
    from config.demo.people import PASSWORD
    from tests import chromium
    from tests.browser.launch import launch

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
        page.goto(f"{url}/account/devices/")  # without the greeting
        for name, width, scheme in SHOTS:
            made.append(shoot(page, HERE / f"{name}.png", width, scheme))
        browser.close()
    return made


def shoot(page: Any, path: Path, width: int, scheme: str) -> Path:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.screenshot(path=path, full_page=True, animations="disabled")
    return path


if __name__ == "__main__":
    sys.exit(main())
