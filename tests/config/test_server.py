"""The server that is installed is the one that docs/performance.md measures."""

from __future__ import annotations

import subprocess
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


def test_a_static_file_puts_no_warning_into_the_log() -> None:
    """WhiteNoise answers with a `FileResponse`. In a process of its own: pytest keeps the warnings of this one."""
    program = """
import asyncio, io
import config.asgi
from django.http import FileResponse

async def read():
    return [part async for part in FileResponse(io.BytesIO(b"a"))]

assert asyncio.run(read()) == [b"a"]
"""
    command = [sys.executable, "-W", "default", "-c", program]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "must consume synchronous" in done.stderr) == (0, False), done.stderr
