"""Words for places, times, methods and endings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.staticfiles import finders
from django.utils import timezone
from django.utils.translation import override

from sessions_ui.assurance import Authentication, Step
from sessions_ui.client import Place
from sessions_ui.wording import sessions
from tests.models import Device, EndReason, Session

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
YOU, SOMEBODY = SimpleNamespace(pk=1), 2


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (None, "Place unavailable"),
        (Place(), "Place unavailable"),
        (Place(private=True), "Private network"),
        (Place(city="Lagos", region="Lagos State", country="Nigeria"), "Near Lagos, Nigeria (approximate)"),
        (Place(region="Jilin Sheng", country="China"), "Near Jilin Sheng, China (approximate)"),
        (Place(country="Sweden"), "In Sweden (approximate)"),
        (Place(city="Lagos"), "Near Lagos (approximate)"),
    ],
)
def test_a_place_is_never_more_exact_than_it_is(place: Place | None, text: str) -> None:
    assert sessions.place_text(place) == text


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("", ""),
        ("passkey", "with a passkey"),
        ("password+totp", "with a password and an authenticator code"),
        ("password+recovery_code", "with a password and a recovery code"),
        ("google", "with Google"),
    ],
)
def test_methods_in_words(method: str, text: str) -> None:
    assert sessions.method_text(method) == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=3, minutes=40), "3 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=31), "on 24 October"),
        (timedelta(days=365), "on 24 November 2025"),
    ],
)
def test_how_long_ago(passed: timedelta, text: str) -> None:
    assert sessions.ago(NOW - passed, NOW) == text


def test_the_absolute_time_names_its_zone() -> None:
    with timezone.override(UTC):
        assert sessions.moment_text(NOW) == "24 November 2026, 12:00 UTC"


@pytest.mark.parametrize(
    ("reason", "by", "text"),
    [
        (EndReason.SIGNED_OUT_REMOTELY, YOU.pk, "by you, from another device"),
        (EndReason.SIGNED_OUT, YOU.pk, "by you, on the device itself"),
        (EndReason.PASSWORD_CHANGED, YOU.pk, "by you, because the password was changed"),
        (EndReason.PASSWORD_RESET, None, "because the password was reset"),
        (EndReason.SUPERSEDED, YOU.pk, "because of a newer sign-in in the same browser"),
        (EndReason.IDLE_TIMEOUT, None, "because it was unused for too long"),
        (EndReason.UNUSED, None, "because it was unused for months"),
        (EndReason.ADMINISTRATOR, SOMEBODY, "by an administrator"),
        (EndReason.ADMINISTRATOR, None, "by an administrator"),
        (EndReason.HELP_DESK, SOMEBODY, "by the help desk"),
        (EndReason.ACCOUNT_DISABLED, SOMEBODY, "by an administrator, because the account was disabled"),
    ],
)
def test_who_ended_it_and_why(reason: EndReason, by: int | None, text: str) -> None:
    assert sessions.ended_text(Session(end_reason=reason, ended_by_id=by), YOU) == text


@pytest.mark.parametrize("reason", EndReason.values)
def test_there_is_something_to_say_for_every_reason(reason: str) -> None:
    assert sessions.ended_text(Session(end_reason=reason), YOU)


@pytest.mark.parametrize("kind", [*Device.Kind.values, "something new"])
def test_every_kind_has_an_icon_in_the_sprite(kind: str) -> None:
    sprite = Path(finders.find("sessions_ui/sprite.svg")).read_text(encoding="utf-8")
    assert f'id="{sessions.kind_icon(kind)}"' in sprite


@pytest.mark.parametrize(
    ("language", "place", "text"),
    [
        ("de", Place(country_code="GB", city="London"), "London, Vereinigtes Königreich"),
        ("ar", Place(country_code="GB"), "المملكة المتحدة"),
        # Some other file's idea of a country, without a code.
        ("de", Place(country="Atlantis"), "Atlantis"),
        ("en", Place(network="Quad9"), "Place unavailable"),
    ],
)
def test_countries_are_named_in_the_language_of_the_page(language: str, place: Place, text: str) -> None:
    with override(language):
        assert sessions.place_name(place) == text


def test_a_list_has_the_comma_of_its_language() -> None:
    with override("ar"):
        assert "London، " in sessions.place_name(
            Place(city="London", country="United Kingdom", country_code="GB")
        )


def test_a_moment_is_worded_in_any_format(monkeypatch: pytest.MonkeyPatch) -> None:
    with timezone.override(UTC):
        assert sessions.moment_text(NOW) == "24 November 2026, 12:00 UTC"
        with override("de"):
            assert sessions.moment_text(NOW) == "24. November 2026, 12:00 UTC"
        monkeypatch.setattr(sessions, "_", lambda text: "P, j F Y" if text == "j F Y, H:i" else text)
        assert sessions.moment_text(NOW) == "noon, 24 November 2026 UTC"


SHOWN = [
    Authentication.of("password", at=NOW),
    Authentication.of("totp", at=NOW, credential="totp:7"),
    Authentication.of("passkey", at=NOW + timedelta(hours=1), step=Step.REAUTHENTICATION),
    Authentication.of("code", at=NOW + timedelta(hours=2), step=Step.STEP_UP),
]


def test_a_sign_in_is_described_by_what_was_shown_then() -> None:
    session = Session(method="password", authentication=[one.to_dict() for one in SHOWN])
    assert sessions.sign_in_text(session) == "with a password and an authenticator code"
    assert sessions.level_text(session) == "AAL2 (NIST SP 800-63B)"


def test_a_sign_in_of_which_only_the_name_is_known_is_described_by_that() -> None:
    session = Session(method="passkey")
    assert (sessions.sign_in_text(session), sessions.level_text(session)) == ("with a passkey", "")
    assert sessions.sign_in_text(Session()) == ""


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (SHOWN[0], "a password, at the sign-in, 24 November 2026, 12:00 UTC"),
        (SHOWN[1], "an authenticator code (totp:7), at the sign-in, 24 November 2026, 12:00 UTC"),
        (SHOWN[2], "a passkey, to confirm who it is, 24 November 2026, 13:00 UTC"),
        (SHOWN[3], "an emailed code, as a further proof, 24 November 2026, 14:00 UTC"),
    ],
)
def test_administrators_read_what_was_shown_when_and_what_for(one: Authentication, text: str) -> None:
    with timezone.override(UTC):
        assert sessions.shown_text(one) == text
