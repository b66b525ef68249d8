"""Starts the Chromium that tools/chromium.py found."""

from __future__ import annotations

from playwright.sync_api import Browser, Playwright

from tools import chromium

# No sandbox: containers have none. sRGB: pictures look the same on every machine.
ARGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"]


def launch(playwright: Playwright, path: str | None = None) -> Browser:
    """`path`: what `chromium.find()` said, where that was asked before: it starts a Playwright of its own."""
    return playwright.chromium.launch(executable_path=path or chromium.find(), args=ARGS)
