"""What is stored about the owner of an account is not for support that uses it."""

from __future__ import annotations

import pytest

from tests.conftest import Browser
from tests.models import Event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("what", ["data", "log"])
@pytest.mark.parametrize("name", ["unlock", "download"])
def test_support_downloads_nothing(inside: Browser, name: str, what: str) -> None:
    assert inside.post(f"/account/devices/{what}/{name}/", {"format": "csv", "place": ""}).status_code == 403
    assert not Event.objects.filter(kind="data_exported").exists()
