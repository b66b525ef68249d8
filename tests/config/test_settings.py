"""The settings are safe where nothing is set. Each case is a process of its own: settings are read once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.cache import caches

import config.settings as site

ROOT = Path(__file__).resolve().parents[2]
# What tests/environment.py sets, or whoever started the tests.
OURS = {
    "ALLOWED_HOSTS",
    "CELERY_BROKER_URL",
    "DATABASE_URL",
    "DEBUG",
    "DEMO",
    "DJANGO_SETTINGS_MODULE",
    "REDIS_URL",
    "SECRET_KEY",
    "SECURE_SSL_REDIRECT",
    "TRUSTED_PROXIES",
    "VAR_DIR",
}


def run(arguments: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**environment, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def setting(expression: str, **variables: str) -> str:
    done = run(["-c", f"from config import settings; print({expression})"], **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_without_a_secret_the_site_does_not_start(tmp_path: Path) -> None:
    done = run(["manage.py", "check"], VAR_DIR=str(tmp_path))
    assert done.returncode != 0
    assert "ImproperlyConfigured: Set SECRET_KEY" in done.stderr
    assert not list(tmp_path.iterdir()), "the demo's secret is made in a demo only"


@pytest.mark.control("SP 800-63B 5.1")
def test_the_defaults_are_those_of_a_real_site(tmp_path: Path) -> None:
    expected = {
        "DEBUG": False,
        "DEMO": False,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "SECURE_SSL_REDIRECT": True,
        "ALLOWED_HOSTS": [],
        "TRUSTED_PROXIES": [],
    }
    shown = setting(
        f"{{name: getattr(settings, name) for name in {list(expected)}}}",
        SECRET_KEY="x" * 60,
        VAR_DIR=str(tmp_path),
    )
    assert shown == str(expected)


@pytest.mark.parametrize("variable", ["DEMO", "DEBUG"])
def test_over_plain_http_no_cookie_has_a_name_that_browsers_refuse_there(
    variable: str, tmp_path: Path
) -> None:
    """`__Host-` is for Secure cookies only, and http://localhost has none (Safari)."""
    expression = "(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)"
    shown = setting(expression, SECRET_KEY="x" * 60, VAR_DIR=str(tmp_path), **{variable: "1"})
    assert shown == "('sessionid', 'csrftoken')"


def test_the_cache_of_rate_limits_has_room_for_everybody_who_is_counted() -> None:
    """Django's default is 300 rows: whoever makes 301 would make the cache forget who has failed how often."""
    assert caches["rows" if "rows" in site.CACHES else "default"]._max_entries == 50_000  # type: ignore[attr-defined]


def test_a_real_site_has_no_demo_in_it(tmp_path: Path) -> None:
    expression = '[app for app in settings.INSTALLED_APPS if "demo" in app]'
    assert setting(expression, SECRET_KEY="x" * 60, VAR_DIR=str(tmp_path)) == "[]"
    done = run(["manage.py", "demo"], SECRET_KEY="x" * 60, VAR_DIR=str(tmp_path))
    assert done.returncode != 0
    assert "Unknown command: 'demo'" in done.stderr


def test_the_demo_keeps_its_own_secret(tmp_path: Path) -> None:
    first = setting("settings.SECRET_KEY", DEMO="1", VAR_DIR=str(tmp_path))
    assert first.startswith("demo-")
    assert setting("settings.SECRET_KEY", DEMO="1", VAR_DIR=str(tmp_path)) == first
    assert (tmp_path / "demo-secret").stat().st_mode & 0o077 == 0


def test_the_demo_keeps_a_key_of_its_own_for_second_factors(tmp_path: Path) -> None:
    given = {"DEMO": "1", "VAR_DIR": str(tmp_path), "FACTOR_KEYS": ""}
    first = setting("settings.FACTOR_KEYS", **given)
    assert setting("settings.FACTOR_KEYS", **given) == first
    assert first != str([setting("settings.SECRET_KEY", **given)])
    assert (tmp_path / "demo-factor-key").stat().st_mode & 0o077 == 0


def test_without_a_key_for_second_factors_a_real_site_is_told_so(tmp_path: Path) -> None:
    done = run(["manage.py", "check"], SECRET_KEY="x" * 60, VAR_DIR=str(tmp_path), FACTOR_KEYS="")
    assert done.returncode != 0 and "accounts.E001" in done.stderr


@pytest.mark.parametrize("broker", ["redis://cache:6379/1", "amqp://guest:guest@broker:5672//"])
def test_a_broker_of_its_own_needs_no_folders(broker: str, tmp_path: Path) -> None:
    shown = setting(
        '(settings.CELERY_BROKER_URL, hasattr(settings, "CELERY_BROKER_TRANSPORT_OPTIONS"))',
        SECRET_KEY="x" * 60,
        VAR_DIR=str(tmp_path),
        CELERY_BROKER_URL=broker,
    )
    assert shown == str((broker, False))


def test_every_variable_that_the_settings_read_is_documented() -> None:
    code = (ROOT / "config" / "settings.py").read_text()
    read = set(re.findall(r"\benv(?:\.\w+)?\(\s*\"([A-Z_]+)\"", code))
    page = (ROOT / "docs" / "production.md").read_text()
    rows = page.split("## Environment variables")[1].split("\n## ")[0]
    told = {
        name for row in re.findall(r"^\| (`[^|]+) \|", rows, re.M) for name in re.findall(r"`([A-Z_]+)`", row)
    }
    of_the_demo = {"PORT"}
    assert read - of_the_demo == told
