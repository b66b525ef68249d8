"""django-hijack's own views are named, ours are not."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.urls import include, path

from sessions_ui.checks import impersonation as checks


@pytest.mark.parametrize(
    ("module", "found"), [("hijack.urls", ["sessions_ui.W025"]), ("sessions_ui.web.impersonation.hijack", [])]
)
def test_the_check_names_the_views_that_sign_staff_in(
    module: str, found: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = ModuleType("urls")
    urls.urlpatterns = [path("hijack/", include(module))]  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = urls
    monkeypatch.setattr(checks.apps, "is_installed", lambda name: True)
    assert [message.id for message in checks.hijack()] == found
