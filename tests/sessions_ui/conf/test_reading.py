"""A setting is read once, and again when the settings of the project change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from sessions_ui.conf import SECTIONS, conf


def test_a_setting_is_computed_once() -> None:
    assert conf.trusted_proxies is conf.trusted_proxies
    assert "trusted_proxies" in vars(conf)


def test_a_change_of_the_settings_is_noticed_and_so_is_its_end() -> None:
    before = conf.young_session
    with override_settings(SESSIONS_UI={"YOUNG_SESSION": timedelta(hours=7)}):
        assert conf.young_session == timedelta(hours=7) != before
    assert conf.young_session == before


def test_a_change_of_a_setting_of_django_that_one_depends_on_is_noticed(settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = False
    assert not conf.device_cookie_name.startswith("__Host-")
    settings.SESSION_COOKIE_SECURE = True
    assert conf.device_cookie_name.startswith("__Host-")


def test_an_error_is_raised_each_time_until_the_setting_is_right(settings: Any) -> None:
    settings.SESSIONS_UI = {"TRUSTED_PROXIES": ["no network"]}
    for _ in range(2):
        with pytest.raises(ImproperlyConfigured):
            _ = conf.trusted_proxies
    settings.SESSIONS_UI = {}
    assert conf.trusted_proxies == ()


@pytest.mark.parametrize("section", SECTIONS)
def test_no_setting_is_computed_at_every_request(section: type) -> None:
    assert [name for name, member in vars(section).items() if isinstance(member, property)] == []
