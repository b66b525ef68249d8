"""A moment that nobody can have meant is refused wherever somebody states one, and no row has changed.

A database may take one before the year 1, and give none back: every page with the row would be an error for good. So
what takes moments is looked for here: one that is added is in a table by itself, or the test says that it is missing.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings as site
from django.core.exceptions import ValidationError
from django.core.management import load_command_class
from django.utils import timezone

import sessions_ui
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.actions.endings.after_restore import end_restored
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.incidents.preview import preview_incident
from sessions_ui.api.json.application import api
from sessions_ui.api.json.document import operations_of
from sessions_ui.conf.tokens import OWN_SCOPES
from sessions_ui.database import moments
from sessions_ui.exceptions import OutOfRange
from tests.all_rows import everything
from tests.models import EndReason, Session
from tests.sessions_ui.actions.tokens.conftest import make_token
from tests.sessions_ui.api.conftest import Program

__all__ = ["make_token"]

pytestmark = pytest.mark.django_db

EXTREMES = (
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00-12:00",
    "1969-12-31T23:59:59Z",
    "9000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59+14:00",
    "9999-12-31T23:59:59-14:00",
)
ROOT = Path(site.BASE_DIR) / "sessions_ui"
BEYOND = [datetime.fromisoformat(text) for text in EXTREMES]
WHY = {"reason": EndReason.ADMINISTRATOR}


@pytest.fixture
def unchanged(laptop: Session) -> Iterator[None]:
    before = everything()
    yield
    assert everything() == before


@pytest.fixture
def laptop(user: Any, browser: Any) -> Session:
    """A session of somebody, and an access token."""
    browser().sign_in(user)
    return Session.objects.get(user=user)


@pytest.mark.parametrize("beyond", BEYOND, ids=EXTREMES)
def test_the_range_is_one(beyond: datetime, settings: Any) -> None:
    for use_tz in (True, False):
        settings.USE_TZ = use_tz
        with pytest.raises(OutOfRange, match="1970 to 8999"):
            moments.stated(beyond, "it")
        with pytest.raises(OutOfRange):
            moments.midnight(beyond.date())
        with pytest.raises(OutOfRange):
            moments.day_begins(beyond.date())


def test_its_ends_are_in_it_and_can_be_shown_in_every_zone(settings: Any) -> None:
    for year in (1970, 8999):
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            at = moments.stated(datetime.fromisoformat(f"{year}-06-01T00:00:00Z"), "it")
            with timezone.override(zone):
                assert moments.local(at).year == year


# What is called with `at`, a moment that nobody can have meant, for each parameter of a public verb that takes one.
VERBS: dict[tuple[str, str], Callable[[Any, Any], Any]] = {
    ("Criteria", "since"): lambda s, at: order_incident(criteria=Criteria(since=at), note="x"),
    ("Criteria", "before"): lambda s, at: preview_incident(criteria=Criteria(before=at)),
    ("access_changed", "happened_at"): lambda s, at: sessions_ui.access_changed(
        users=type(s.user).objects.all(), happened_at=at
    ),
    ("create_token", "expires_at"): lambda s, at: sessions_ui.create_token(
        user=s.user, name="x", scopes=["sessions:read"], expires_at=at
    ),
    ("end_later", "happened_at"): lambda s, at: sessions_ui.end_later(
        sessions=Session.objects.all(), **WHY, happened_at=at
    ),
    ("end_provider_sessions", "happened_at"): lambda s, at: sessions_ui.end_provider_sessions(
        iss="https://provider.example", sub="x", happened_at=at
    ),
    ("end_session", "happened_at"): lambda s, at: sessions_ui.end_session(session=s, **WHY, happened_at=at),
    ("end_sessions", "happened_at"): lambda s, at: sessions_ui.end_sessions(
        sessions=Session.objects.all(), **WHY, happened_at=at
    ),
    ("end_user_sessions", "happened_at"): lambda s, at: sessions_ui.end_user_sessions(
        user=s.user, **WHY, happened_at=at
    ),
    ("mark_lost", "happened_at"): lambda s, at: sessions_ui.mark_lost(
        device=s.device, actor=None, happened_at=at
    ),
    ("note_reauthentication", "since"): lambda s, at: sessions_ui.note_reauthentication(
        user=s.user, session_id=s.pk, succeeded=True, method="totp", since=at
    ),
    ("offboard", "ends_at"): lambda s, at: sessions_ui.offboard(user=s.user, ends_at=at),
    ("offboard", "happened_at"): lambda s, at: sessions_ui.offboard(
        user=s.user, ends_at=timezone.now() + timedelta(days=1), happened_at=at
    ),
    ("order_incident", "happened_at"): lambda s, at: order_incident(
        criteria=Criteria(staff=True), note="x", happened_at=at
    ),
    ("report_not_me", "happened_at"): lambda s, at: report_not_me(session=s, actor=s.user, happened_at=at),
    ("rotate_token", "expires_at"): lambda s, at: sessions_ui.rotate_token(
        token=Session.objects.tokens().get().token, expires_at=at
    ),
    ("end_restored", "before"): lambda s, at: end_restored(before=at),  # of a command
}


def test_every_public_verb_that_takes_a_moment_is_in_the_table() -> None:
    taken = {
        (name, parameter.name)
        for name in sessions_ui.__all__
        if callable(getattr(sessions_ui, name))
        for parameter in _parameters(getattr(sessions_ui, name))
        if "datetime" in str(parameter.annotation)
    }
    assert taken == VERBS.keys() - {("end_restored", "before")}


def _parameters(called: Any) -> list[inspect.Parameter]:
    try:
        return [*inspect.signature(called).parameters.values()]
    except (TypeError, ValueError):
        return []


@pytest.mark.parametrize(("verb", "parameter"), VERBS, ids=map(".".join, VERBS))
def test_verbs(
    verb: str, parameter: str, laptop: Session, user: Any, settings: Any, request: pytest.FixtureRequest
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_MAX_AGE": None, "ADOPT_FROM": ""}
    request.getfixturevalue("make_token")(user)
    before = everything()
    for at in BEYOND:
        with pytest.raises(OutOfRange):
            VERBS[verb, parameter](laptop, at)
    assert everything() == before


def moments_in(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The places of moments in a body of this type."""
    if str(getattr(kind, "__name__", "")).lower().endswith("datetime"):  # pydantic has several
        yield path
    for name, field in getattr(kind, "model_fields", {}).items():
        yield from moments_in(field.annotation, (*path, name))
    for part in typing.get_args(kind):
        yield from moments_in(part, path)


FIELDS = {
    (operation.view_func.__name__, path[1:])
    for operation in operations_of(api)
    for model in operation.models
    for path in moments_in(model)
}
# A right body of each operation that takes a moment.
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "end_of_user": ("/api/admin/users/{user}/end", {"note": "x"}),
    "end_any": ("/api/admin/sessions/{session}/end", {"note": "x"}),
    "end_of_device": ("/api/admin/devices/{device}/end", {"note": "x"}),
    "preview": ("/api/admin/incidents/preview", {"staff": True}),
    "order": ("/api/admin/incidents", {"criteria": {"staff": True}, "note": "x"}),
}


def test_the_operations_that_take_moments_are_known() -> None:
    assert {name for name, _path in FIELDS} == BODIES.keys()
    assert ("order", ("criteria", "since")) in FIELDS and ("end_any", ("happened_at",)) in FIELDS


@pytest.mark.parametrize(("name", "path"), sorted(FIELDS), ids=repr)
def test_the_json_api(
    name: str, path: tuple[str, ...], laptop: Session, administrator: Any, make_token: Any
) -> None:
    client = Program(make_token(administrator, scopes=[*OWN_SCOPES]))
    client.get("/api/sessions")  # notes the use
    assert laptop.device is not None
    url, right = BODIES[name]
    url = url.format(user=laptop.user_id, session=laptop.public_id, device=laptop.device.public_id)
    before = everything()
    for text in EXTREMES:
        body = {**right, path[0]: text if len(path) == 1 else {**right.get(path[0], {}), path[1]: text}}
        answer = client.post(url, body, "application/json")
        assert answer.status_code == 422 and answer.json()["type"] == "urn:sessions-ui:invalid", text
        assert answer.json()["errors"][0]["where"].endswith(path[-1])
    assert everything() == before


def test_the_lists_of_workos_events(administrator: Any, make_token: Any) -> None:
    """Their fields and parameters are walked in tests/sessions_ui/api/workos/test_bad_input.py."""
    client = Program(make_token(administrator, scopes=["events:read"]))
    for name in ("range_start", "range_end"):
        for text in EXTREMES:
            answer = client.get("/api/workos/events", {"events": "session.created", name: text})
            assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == name


def _forms() -> Iterator[tuple[str, forms.Field]]:
    for module in pkgutil.walk_packages([str(ROOT)], "sessions_ui."):
        if module.name.split(".")[1] in ("web", "admin", "help_desk", "templatetags"):
            import_module(module.name)
    waiting, seen = [*forms.BaseForm.__subclasses__()], set()
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        if not form.__module__.startswith("sessions_ui.") or form in seen:
            continue
        seen.add(form)
        for name, field in getattr(form, "base_fields", {}).items():
            if isinstance(field, forms.DateTimeField | forms.DateField | forms.SplitDateTimeField):
                yield f"{form.__module__}.{form.__name__}.{name}", field


FORMS = dict(_forms())


def test_the_forms_are_found() -> None:
    assert len(FORMS) > 6
    assert any(name.endswith("IncidentForm.since") for name in FORMS)
    assert any(name.endswith("OffboardingForm.ends_at") for name in FORMS)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_forms(name: str, zone: str) -> None:
    field = FORMS[name]
    with timezone.override(zone):
        for day in ("0001-01-01", "0001-01-02", "1969-12-30", "9000-01-02", "9999-12-30", "9999-12-31"):
            said: Any = f"{day}T12:00"
            if isinstance(field, forms.SplitDateTimeField):
                said = [day, "12:00"]
            elif isinstance(field, forms.DateField):
                said = day
            with pytest.raises(ValidationError):
                field.clean(said)


def _options() -> Iterator[tuple[str, Callable[[str], Any]]]:
    for module in pkgutil.iter_modules([str(ROOT / "management" / "commands")]):
        command = load_command_class("sessions_ui", module.name)
        waiting = [command.create_parser("manage.py", module.name)]
        while waiting:
            parser = waiting.pop()
            for action in parser._actions:
                if isinstance(action, argparse._SubParsersAction):
                    waiting += [*action.choices.values()]
                elif getattr(action.type, "__name__", "").endswith("moment") or action.metavar == "T":
                    yield f"{parser.prog} {action.option_strings[0]}", action.type  # type: ignore[misc]


OPTIONS = dict(_options())


def test_commands() -> None:
    assert len(OPTIONS) > 6
    for name, kind in OPTIONS.items():
        for text in EXTREMES:
            with pytest.raises(argparse.ArgumentTypeError, match="out of range"):
                kind(text)
                pytest.fail(name)


# What reads a moment that somebody wrote, and where that is looked after. What this app has written itself is not.
READS = {
    "actions/incidents/criteria.py",  # our own row
    "actions/sign_in/provider.py",  # our own mark
    "adopt/payload.py",  # signed by Django; what raises there is not adopted
    "admin/delivery/deliveries.py",  # of an attempt, which is our own record
    "help_desk/orders.py",  # signed here; the form before has looked after it
    "admin/filters.py",  # a day, by `moments.midnight()`
    "api/workos/fields.py",  # above
    "assurance.py",  # our own record
    "channels/emails/unused_soon.py",  # our own event
    "database/moments.py",
    "management/arguments.py",  # above
    "verify.py",  # an exported file, and no row
    "web/devices/everywhere.py",  # signed by ourselves, by `moments.from_timestamp()`
    "web/devices/views.py",  # by `moments.from_timestamp()`
    "web/step_up/reauthentication.py",  # allauth's record in the session
}
READERS = {"fromisoformat", "strptime", "parse_datetime", "parse_date", "fromtimestamp", "from_timestamp"}


def test_nothing_else_reads_a_moment() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in READERS
    }
    assert found == READS | {"client/place/files.py"}  # the date of a file


@pytest.mark.parametrize("since", ["-62135596800", "-1", "253402300799", "1e30", "nan", "inf"])
def test_when_a_page_was_made(since: str, user: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(user)
    with timezone.override("America/Los_Angeles"):
        client.cookies["sessions_ui_zone"] = "America/Los_Angeles"
        assert client.get("/account/devices/list/", {"since": since}).status_code in (200, 404)


@pytest.mark.parametrize("day", ["0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31"])
def test_a_day_of_the_administrations_filter_chooses_nothing(day: str, administrator: Any) -> None:
    from django.test import Client

    client = Client()
    client.force_login(administrator)
    answer = client.get("/admin/sessions_ui/session/", {"day": day})
    assert answer.status_code == 200
    with pytest.raises(OutOfRange):
        moments.midnight(date.fromisoformat(day))
