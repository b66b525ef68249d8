"""Where makers help with a lost device: only where the device is one that they could know."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from sessions_ui.wording.makers import find_pages
from tests.models import Device, Session, digest_of


@pytest.mark.parametrize(
    ("system", "maker", "hosts"),
    [
        ("iOS", "Apple", ["www.icloud.com"]),
        ("macOS", "", ["www.icloud.com"]),
        ("Android", "Google", ["www.google.com"]),
        ("Android", "Samsung", ["smartthingsfind.samsung.com", "www.google.com"]),
        ("Windows", "Samsung", ["account.microsoft.com"]),
        ("Linux", "", []),
        ("", "Apple", []),
    ],
)
def test_each_system_has_the_pages_of_its_makers(system: str, maker: str, hosts: list[str]) -> None:
    pages = find_pages(Device(system=system, maker=maker))
    assert [urlsplit(page.url).hostname for page in pages] == hosts
    assert all(page.url.startswith("https://") for page in pages)


@pytest.mark.django_db
@pytest.mark.parametrize(("system", "known"), [("iOS", True), ("Linux", False)])
def test_whoever_lost_a_device_reads_of_them_before_and_after(
    browser: Any, user: Any, system: str, known: bool
) -> None:
    here = browser()
    here.sign_in(user)
    device = Device.objects.create(user=user, name="Phone", system=system)
    now = timezone.now()
    Session.objects.create(
        user=user, device=device, digest=digest_of("x"), signed_in_at=now, expires_at=now + timedelta(days=1)
    )
    before = here.get(reverse("sessions_ui:situation", args=[device.public_id, "lost"])).content.decode()
    Device.objects.filter(pk=device.pk).update(lost_at=now)
    after = here.get(reverse("sessions_ui:device", args=[device.public_id])).content.decode()
    for html in (before, after):
        assert ("https://www.icloud.com/find" in html) is known
        assert ("Its maker may be able to." in html) is not known
