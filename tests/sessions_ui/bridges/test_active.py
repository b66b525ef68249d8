"""Which bridges are used."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui.bridges.active import bridge_named, bridges, covered_apps
from sessions_ui.conf.bridges import DEFAULT_BRIDGES
from tests.keys import Keys, bridged


class OfAnApp(Keys):
    name = "of an app"
    apps = ("django.contrib.admin", "somewhere.else")


class OfAnAppThatIsNotThere(Keys):
    name = "of none"
    apps = ("somewhere.else",)


INSTANCE = OfAnApp()


def test_a_site_without_any_of_the_packages_uses_none() -> None:
    assert bridges() == []


def test_one_is_used_where_an_app_of_its_own_is_installed_or_where_it_names_none(settings: Any) -> None:
    bridged(settings, Keys, OfAnApp, OfAnAppThatIsNotThere)
    assert [bridge.name for bridge in bridges()] == ["keys", "of an app"]
    assert set(covered_apps()) == {"django.contrib.admin", "somewhere.else"}


def test_one_is_found_by_its_name(settings: Any) -> None:
    bridged(settings, Keys)
    assert isinstance(bridge_named("keys"), Keys)
    assert bridge_named("knox") is None


def test_an_instance_may_be_named_too(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "BRIDGES": [f"{__name__}.INSTANCE"]}
    assert bridges() == [INSTANCE]


def test_one_that_cannot_be_loaded_is_left_out_and_logged(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "BRIDGES": ["nowhere.Bridge", "tests.keys.Keys"]}
    assert [bridge.name for bridge in bridges()] == ["keys"]
    assert "nowhere.Bridge cannot be loaded: ModuleNotFoundError" in caplog.text


def test_every_default_bridge_can_be_loaded_without_its_package(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "BRIDGES": DEFAULT_BRIDGES}
    assert bridges() == []
