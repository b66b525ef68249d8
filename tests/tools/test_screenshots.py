"""The site of `make screenshots` and `make lighthouse` can be made, and its story holds together. Both are run by
`make test-long` alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config.demo.devices import DEVICES
from config.demo.people import ADA
from tests.models import Device, Session
from tools.screenshots import states

SCRIPT = """
import sys
from pathlib import Path
from tools.screenshots.__main__ import prepare, sign_in_devices

var = Path(sys.argv[1])
prepare(var)
from tests.browser.server import serve
from config.demo.devices import DEVICES
from tests.models import Session

with serve() as url:
    sign_in_devices(url, var)
print(Session.objects.filter(user__isnull=False).count() >= len(DEVICES) - 1)
"""


@pytest.mark.long
def test_the_pictures_have_a_site_whose_devices_are_signed_in(tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith(("_URL", "_KEY", "_KEYS")) and name != "DJANGO_SETTINGS_MODULE"
    }
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip().splitlines()[-1:]) == (0, ["True"]), done.stderr


def test_the_device_that_the_pictures_report_lost_is_told_from_every_other_by_its_address() -> None:
    assert [device.key for device in DEVICES if device.address == states.ODD] == ["tablet"]
    assert ADA.email == states.ADA


@pytest.mark.django_db
@pytest.mark.no_bystander("everybody of the pictures signed in an hour before")
def test_no_device_of_the_pictures_was_first_signed_in_after_its_last_sign_in(
    browser: Any, user: Any
) -> None:
    browser().sign_in(user)
    session, device = Session.objects.of(user).get(), Device.objects.get(user=user)
    assert session.signed_in_at is not None
    together = device.first_seen_at - session.signed_in_at
    states.age()
    session.refresh_from_db()
    device.refresh_from_db()
    assert device.first_seen_at - session.signed_in_at == together
