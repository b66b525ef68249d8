"""What this site adds to the pages of the administration."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/sessions_ui/session/", "/admin/accounts/user/add/", "/admin/login/"]
)
def test_no_browser_has_to_look_for_an_icon_that_is_not_there(path: str, admin_client: Any) -> None:
    assert 'rel="icon"' in admin_client.get(path, follow=True).content.decode()
