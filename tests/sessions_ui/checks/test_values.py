"""No setting takes any garbage: each says what it must be, and no check fails on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks

from sessions_ui.checks import register
from sessions_ui.checks.values import TYPES, declared, names

AT_THE_START = {"owner_only_models"}  # read before any check: the site does not start
# What nobody means by any setting, and what they may have meant by another one.
GARBAGE: dict[str, Any] = {"an object": object(), "a list of one": [object()], "minus one": -1.5}
WRONG: list[tuple[str, Any]] = [
    ("WEBHOOK_PORTS", "443"),
    ("WEBHOOK_PORTS", 443),
    ("WEBHOOK_PORTS", ["https"]),
    ("WEBHOOK_PORTS", [0]),
    ("WEBHOOK_PORTS", [65536]),
    ("WEBHOOK_PORTS", [True]),
    ("WEBHOOK_TIMEOUT", 20),
    ("WEBHOOK_ALLOW_HTTP", "0"),
    ("WEBHOOK_MAX_SESSIONS", "500"),
    ("ACCESS_FLAGS", "is_staff"),
    ("ACCESS_GROUPS", {"Editors": 1}),
    ("SIGN_IN_PAGES", "login"),
    ("YOUNG_SESSION", 24),
    ("YOUNG_SESSION", timedelta(hours=-1)),
    ("CREDENTIAL_GUARD", "False"),
    ("DEVICE_COOKIE", 1),
    ("IDLE_TIMEOUT", 3600),
    ("SESSION_LIMIT", "no.such.callable"),
    ("SESSION_LIMIT", -1),
    ("SIGN_OUT_UNUSED_MONTHS", "3"),
    ("SIGN_OUT_UNUSED_WARNING", 7),
    ("MAILS_PER_HOUR", True),
    ("DELIVERY_RETRIES", timedelta(seconds=5)),
    ("SITE_URL", None),
    ("ALERT_ADDRESSES", "no_such_module.addresses"),
    ("CREDENTIALS", "accounts.credentials.store.NoSuchStore"),
    ("HELP_DESK_WAYS", ["call_back"]),
    ("ADOPT_UNTIL", "2027-01-01"),
    ("GEOIP_PATH", 5),
]
RIGHT: list[tuple[str, Any]] = [
    ("WEBHOOK_PORTS", [443, 8443]),
    ("WEBHOOK_PORTS", ()),
    ("WEBHOOK_PORTS", {443}),
    ("ACCESS_FLAGS", ["is_staff"]),
    ("IDLE_TIMEOUT", None),
    ("IDLE_TIMEOUT", lambda user: None),
    ("MAIL_FROM", None),
    ("LAST_SEEN_EVERY", timedelta(0)),
    ("DELIVERY_RETRIES", [timedelta(seconds=5)]),
]


def errors(settings: Any, **values: Any) -> set[str]:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **values}
    found = run_checks(include_deployment_checks=True)
    return {str(each.id) for each in found if str(each.id).startswith("sessions_ui.E")}


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_of_another_type_is_named(name: str, value: Any, settings: Any) -> None:
    assert "sessions_ui.E097" in errors(settings, **{name: value})


@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_a_value_of_its_type_is_not(name: str, value: Any, settings: Any) -> None:
    assert "sessions_ui.E097" not in errors(settings, **{name: value})


@pytest.mark.parametrize("what", GARBAGE)
@pytest.mark.parametrize("name", sorted(declared().keys() - AT_THE_START))
def test_each_setting_refuses_garbage_and_no_check_fails_over_it(name: str, what: str, settings: Any) -> None:
    assert errors(settings, **{name.upper(): GARBAGE[what]})


def test_every_declaration_has_a_rule_or_is_read() -> None:
    """New ones show up here: those without a rule are dotted paths, choices and networks, which reading finds out."""
    unruled = {kind.removesuffix(" | None") for kind in declared().values()} - TYPES.keys()
    read = ("Callable[", "type[", "Literal[", "tuple[Network", "SynchronousCommit")
    assert [kind for kind in unruled if not kind.startswith(read)] == []


def test_a_name_that_is_misspelt_is_told_with_what_was_meant(settings: Any) -> None:
    assert names() == []
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMOUT": timedelta(hours=1)}
    (told,) = names()
    assert told.id == "sessions_ui.W098" and told.hint == "Did you mean IDLE_TIMEOUT?"


def test_to_register_the_checks_again_runs_none_twice(settings: Any) -> None:
    """As `ready()` does where somebody calls it again."""
    register()
    register()
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "WEBHOOK_PORTS": "443"}
    assert [found.id for found in run_checks()].count("sessions_ui.E097") == 1
