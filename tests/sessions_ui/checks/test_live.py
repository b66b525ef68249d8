"""What `manage.py check` says about open tabs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sessions_ui.checks import live
from sessions_ui.stream import mount


def ids(messages: list[Any]) -> list[str]:
    return [str(message.id) for message in messages]


@pytest.fixture
def nothing_mounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has imported no asgi.py yet."""
    monkeypatch.setattr(mount, "_mounted_at", "")


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, nothing_mounted: None
) -> Iterator[Any]:
    """`project(lines)`: one as `startproject` makes it, with this asgi.py and no ASGI_APPLICATION."""

    def make(asgi: str) -> None:
        package = tmp_path / "shop"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "asgi.py").write_text(asgi)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
        settings.ASGI_APPLICATION = None
        settings.ROOT_URLCONF = "shop.urls"

    yield make
    for name in ("shop", "shop.asgi"):
        sys.modules.pop(name, None)


def test_a_site_under_asgi_with_redis_has_nothing_to_hear(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REDIS_URL": "redis://cache.example"}
    assert [*live.stream(), *live.redis(), *live.clear_site_data()] == []


def test_the_asgi_file_of_a_new_project_is_asked(project: Any) -> None:
    project("from sessions_ui.stream import with_stream\napplication = with_stream(None)\n")
    assert live.stream() == []


@pytest.mark.parametrize("asgi", ["application = None\n", "raise RuntimeError\n"])
def test_the_check_names_a_site_that_has_no_stream(project: Any, settings: Any, asgi: str) -> None:
    project(asgi)
    (said,) = live.stream()
    assert said.id == "sessions_ui.W030"
    assert "(shop.asgi)" in said.msg
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "STREAM_URL": "/elsewhere"}
    assert live.stream() == []


def test_an_application_that_is_named_but_has_no_stream_is_no_excuse(project: Any, settings: Any) -> None:
    project("application = None\n")
    settings.ASGI_APPLICATION = "shop.asgi.application"
    assert ids(live.stream()) == ["sessions_ui.W030"]


def test_the_check_names_a_redis_that_nobody_can_reach(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REDIS_URL": "redis://cache.example"}
    monkeypatch.setattr(live, "find_spec", lambda name: None)
    assert ids(live.redis()) == ["sessions_ui.W031"]


def test_the_check_names_reasons_that_are_none(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CLEAR_SITE_DATA": ["device_lost", "stolen"]}
    assert ids(live.clear_site_data()) == ["sessions_ui.W032"]
