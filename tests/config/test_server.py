"""The server that is installed is the one that docs/performance.md measures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import uvicorn
from django.conf import settings

SITE = Path(settings.BASE_DIR) / "config" / "requirements" / "site.txt"


@pytest.mark.parametrize("name", ["uvloop", "httptools"])
def test_what_makes_uvicorn_fast_is_pinned_for_the_site(name: str) -> None:
    """With asyncio's own loop and several workers every answer on a kept connection is 40 ms late."""
    assert any(line.startswith(f"{name}==") for line in SITE.read_text(encoding="utf-8").splitlines())


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop is not for Windows")
def test_uvicorn_takes_them_by_itself() -> None:
    config = uvicorn.Config("config.asgi:application")
    config.load()
    assert config.http_protocol_class.__module__ == "uvicorn.protocols.http.httptools_impl"
    factory = config.get_loop_factory()
    assert factory is not None and factory.__module__.startswith("uvloop")
