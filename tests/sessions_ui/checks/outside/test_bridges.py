"""Tokens that no ending reaches, and bridges that cannot be used."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps

from tests.keys import Keys, Unpaged, bridged
from tests.sessions_ui.checks.project.test_setup import ids

# Stands for an installed app of the table; importing those takes packages that are not here.
KNOX = "knox"


class OfKnox(Keys):
    apps = (KNOX,)


class WithoutName(Keys):
    name = ""


class Nothing:
    name = "nothing"
    apps = ()


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`installed("knox")`: as if these apps were installed besides."""
    really = apps.is_installed

    def install(*names: str) -> None:
        monkeypatch.setattr(apps, "is_installed", lambda name: name in names or really(name))

    return install


def test_a_site_without_such_packages_has_nothing_to_say() -> None:
    assert ids() == set()


@pytest.mark.parametrize("app", ["durin", "oidc_provider", "allauth.idp.oidc", "ninja_jwt"])
def test_a_token_app_without_a_bridge_is_named(app: str, installed: Any) -> None:
    installed(app)
    assert ids() == {"sessions_ui.W130"}


def test_one_whose_bridge_is_switched_off_is_named(installed: Any, settings: Any) -> None:
    bridged(settings)
    installed(KNOX)
    assert ids() == {"sessions_ui.W130"}


def test_one_with_a_bridge_is_covered(installed: Any, settings: Any) -> None:
    bridged(settings, OfKnox)
    installed(KNOX)
    assert ids() == set()


@pytest.mark.parametrize("known_by", ["app", "authentication"])
def test_simplejwt_without_its_list_is_named(known_by: str, installed: Any, settings: Any) -> None:
    if known_by == "app":
        installed("rest_framework_simplejwt")
    else:
        classes = ["rest_framework_simplejwt.authentication.JWTAuthentication"]
        settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": classes}
    assert ids() == {"sessions_ui.W131"}


def test_simplejwt_with_its_list_is_covered(installed: Any) -> None:
    installed("rest_framework_simplejwt", "rest_framework_simplejwt.token_blacklist")
    assert ids() == set()


@pytest.mark.parametrize(
    "path",
    [
        "nowhere.Bridge",
        "tests.keys.NoSuchClass",
        f"{__name__}.Nothing",
        f"{__name__}.WithoutName",
        "",
    ],
)
def test_a_bridge_that_cannot_be_used_is_an_error(path: str, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "BRIDGES": [path]}
    assert "sessions_ui.E132" in ids()


def test_a_bridge_needs_no_pages(settings: Any) -> None:
    bridged(settings, Unpaged)
    assert ids() == set()


def test_two_of_one_name_are_an_error(settings: Any) -> None:
    bridged(settings, Keys, OfNoApp)
    assert ids() == {"sessions_ui.E133"}


class OfNoApp(Keys):
    pass


def test_a_string_in_place_of_a_list_is_an_error(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "BRIDGES": "tests.keys.Keys"}
    assert "sessions_ui.E097" in ids()
