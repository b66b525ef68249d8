"""Which Chromium the browser tests drive. `python -m tools.chromium` gets one where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a Chromium: the one CHROMIUM names, the system's, or Playwright's own."""
    if given := os.environ.get("CHROMIUM"):
        return given
    for name in NAMES:
        if found := shutil.which(name):
            return found
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def get() -> int:
    """Says what it found or did; not having one is no error of the suite."""
    if found := find():
        print(f"Browser tests use {found}")
        return 0
    print("No Chromium here: asking Playwright for one…", flush=True)
    code = subprocess.call(
        [sys.executable, "-m", "playwright", "install", "chromium"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if code:
        print("None to be had: the browser tests are skipped. Install Chromium or name one: CHROMIUM=/path")
    return code


if __name__ == "__main__":
    sys.exit(get())
