"""Providers that could be forged, or could not be verified at all."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui.checks.outside import sso
from tests.sessions_ui.checks.project.test_setup import ids

SOUND = {"issuer": "https://id.example", "audience": "devices"}


def configure(settings: Any, **providers: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "PROVIDERS": providers}


@pytest.mark.parametrize("options", [SOUND, {"name": "Google"}, {**SOUND, "algorithms": ["ES256", "EdDSA"]}])
def test_a_sound_provider_has_nothing_to_say(options: Any, settings: Any) -> None:
    configure(settings, example=options)
    assert ids(include_deployment_checks=True) == set()


@pytest.mark.parametrize(
    "options",
    [
        {**SOUND, "algorithms": ["none"]},
        {**SOUND, "algorithms": ["RS256", "HS256"]},
        {**SOUND, "audience": []},
        {**SOUND, "issuer": "http://id.example"},
        {**SOUND, "jwks_uri": "http://id.example/keys"},
        {**SOUND, "jwks_uri": "file:///etc/keys", "allow_http": True},
        {**SOUND, "audience": 7},
        "https://id.example",
    ],
)
def test_the_check_names_a_provider_that_anybody_could_be(options: Any, settings: Any) -> None:
    configure(settings, example=options)
    assert "sessions_ui.E023" in ids()


def test_the_check_names_an_issuer_that_is_there_twice(settings: Any) -> None:
    configure(settings, one=SOUND, two={**SOUND, "audience": "another"})
    assert "sessions_ui.E023" in ids()


def test_the_check_names_the_missing_library(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(settings, example=SOUND)
    monkeypatch.setattr(sso, "find_spec", lambda name: None)
    assert "sessions_ui.E024" in ids()
    configure(settings, example={"name": "Google"})
    assert "sessions_ui.E024" not in ids(), "who only names a provider needs none"


def test_the_check_names_plain_http(settings: Any) -> None:
    configure(settings, example={**SOUND, "issuer": "http://localhost:9000", "allow_http": True})
    assert "sessions_ui.E023" in ids(include_deployment_checks=True)
    assert ids() == set(), "on a developer's machine it is fine"
