"""What allauth's records say, as data: which factor, of what kind, and since when it is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.credentials.provenance import is_by_settled, set_up_at
from accounts.models import User
from accounts.signing_in.method import authentication
from sessions_ui.assurance import Authentication
from sessions_ui.database import moments
from tests.accounts.conftest import SECRET
from tests.accounts.test_factors import activate_app
from tests.accounts.test_method import CODE, CONFIRMED, KEY, PASSKEY, PASSWORD, RECOVERY, TOTP, request_with
from tests.accounts.test_second_factor import second_step
from tests.conftest import PASSWORD as TYPED
from tests.models import Device, Event, Session
from tests.statements import gist

AT = 1_790_000_000.5
WHEN = datetime.fromtimestamp(AT, UTC)


def shown(*records: dict[str, Any]) -> list[Authentication]:
    return authentication(request_with([{**record, "at": AT} for record in records]), User(pk=7))


def test_each_step_of_a_sign_in_is_one_entry() -> None:
    password, app = shown(PASSWORD, {**TOTP, "since": AT - 60, "by_settled": True})
    assert password == Authentication.of("password", at=WHEN)
    assert app == Authentication.of(
        "totp", at=WHEN, credential="totp:1", since=WHEN - timedelta(minutes=1), by_settled=True
    )


def test_what_belongs_to_no_or_another_sign_in_is_left_out() -> None:
    assert [one.method for one in shown(CODE, TOTP, PASSWORD, RECOVERY, CONFIRMED)] == [
        "password",
        "recovery_code",
    ]
    assert shown({"method": "mfa", "type": "carrier pigeon"}) == []


def test_a_passkey_that_signs_in_alone_was_unlocked_and_beside_a_password_nobody_knows() -> None:
    [alone] = shown(PASSKEY)
    assert [str(kind) for kind in alone.kinds] == ["possession", "activation"]
    _password, beside = shown(PASSWORD, KEY)
    assert [str(kind) for kind in beside.kinds] == ["possession"]
    assert alone.credential == beside.credential == "passkey:3"


def signed_in(browser: Any, person: Any, code: str) -> Session:
    here = browser()
    here.sign_in(person)
    second_step(here, code)
    return Session.objects.living().latest("pk")


@pytest.mark.django_db
def test_a_sign_in_keeps_which_factor_was_shown_and_since_when_it_is_there(
    browser: Any, user_with_totp: Any, app_code: Callable[[], str]
) -> None:
    app = Authenticator.objects.get()
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=400))
    app.refresh_from_db()
    session = signed_in(browser, user_with_totp, app_code())
    assert session.authentication == [
        {
            "method": "password",
            "kinds": ["knowledge"],
            "at": session.shown[0].at.isoformat(),
            "step": "sign_in",
        },
        {
            "method": "totp",
            "kinds": ["possession"],
            "credential": f"totp:{app.pk}",
            "at": session.shown[1].at.isoformat(),
            "step": "sign_in",
            "since": app.created_at.astimezone(UTC).isoformat(),
        },
    ]
    assert (session.assurance_level, session.amr) == (2, ["pwd", "otp", "mfa"])
    assert SECRET not in str(session.authentication)


@pytest.mark.django_db
def test_since_when_a_recovery_code_is_there_is_not_kept(
    browser: Any, user_with_totp: Any, recovery_codes: list[str]
) -> None:
    session = signed_in(browser, user_with_totp, recovery_codes[0])
    assert [(one.method, one.since) for one in session.shown] == [("password", None), ("recovery_code", None)]
    assert recovery_codes[0] not in str(session.authentication)


@pytest.mark.django_db
def test_a_confirmation_is_added(browser: Any, user_with_totp: Any, app_code: Callable[[], str]) -> None:
    client = browser()
    client.force_login(user_with_totp)
    client.post(reverse("account_reauthenticate"), {"password": TYPED})
    client.post(reverse("mfa_reauthenticate"), {"code": app_code()})
    app = Authenticator.objects.get()
    assert [(one.method, str(one.step), one.credential) for one in Session.objects.get().shown] == [
        ("password", "reauthentication", ""),
        ("totp", "reauthentication", f"totp:{app.pk}"),
    ]
    event = Event.objects.filter(kind=Event.Kind.REAUTHENTICATED).latest("pk")
    assert event.data == {
        "method": "totp",
        "credential": f"totp:{app.pk}",
        "since": moments.in_utc(set_up_at(app)).isoformat(),
    }


@pytest.mark.django_db
def test_a_sign_in_asks_for_its_factor_once_more_only_whether_it_is_there(
    browser: Any, user_with_totp: Any, app_code: Callable[[], str]
) -> None:
    """The one that allauth has just checked is at hand; under the lock of the account it has to be there still."""
    here = browser()
    here.sign_in(user_with_totp)
    with CaptureQueriesContext(connection) as queries:
        second_step(here, app_code())
    before = [sql for sql in gist(queries) if "mfa_authenticator" in sql]
    assert before == [
        "SELECT mfa_authenticator",
        "SELECT mfa_authenticator",
        "UPDATE mfa_authenticator",
        "SELECT mfa_authenticator",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("hours", "confirmed", "is_settled"), [(30, True, True), (1, True, False), (30, False, True)]
)
def test_a_factor_keeps_whether_a_session_set_it_up_that_vouches_for_itself(
    hours: int,
    confirmed: bool,
    is_settled: bool,
    user: Any,
    browser: Any,
    app_code: Callable[[], str],
    settings: Any,
) -> None:
    """Of two that may write it: where the guard is off, any session may."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIAL_GUARD": False}
    client = browser()
    client.sign_in(user)
    client.post(reverse("account_reauthenticate"), {"password": TYPED})
    now = timezone.now()
    Session.objects.update(signed_in_at=now - timedelta(hours=hours))
    Device.objects.update(confirmed_at=now if confirmed else None)
    activate_app(client, app_code)
    assert is_by_settled(Authenticator.objects.get(type="totp")) is is_settled


@pytest.mark.django_db
def test_a_factor_that_nobody_sets_up_in_a_request_has_no_such_session(user_with_totp: Any) -> None:
    assert not is_by_settled(Authenticator.objects.get())


@pytest.mark.django_db
def test_a_factor_is_as_old_as_its_secret(user_with_totp: Any) -> None:
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=400))
    app = Authenticator.objects.get()
    created_at = moments.aware(app.created_at)
    assert set_up_at(app) == created_at
    app.record_usage()
    app.data = {"secret": SECRET}
    app.save()
    assert set_up_at(Authenticator.objects.get()) == created_at, "the same secret"
    app.data = {"secret": "KRUGKIDUNBUWKZRA"}
    app.save()
    replaced = Authenticator.objects.get()
    assert set_up_at(replaced) > moments.aware(timezone.now()) - timedelta(minutes=1)
    replaced.data = {"secret": "KRUGKIDUNBUWKZRA"}
    replaced.save()
    assert set_up_at(Authenticator.objects.get()) == set_up_at(replaced), "what is known of it stays"


@pytest.mark.django_db
def test_a_fixture_brings_a_factor_as_it_was(user: Any, tmp_path: Any) -> None:
    path = tmp_path / "factors.json"
    created_at = moments.stored(datetime(2020, 1, 1, tzinfo=UTC)).isoformat()
    fields = {"type": "totp", "data": {"secret": SECRET}, "created_at": created_at}
    row = {"model": "mfa.authenticator", "pk": 99, "fields": {"user": user.pk, **fields}}
    path.write_text(json.dumps([row]))
    call_command("loaddata", str(path), verbosity=0)
    app = Authenticator.objects.get(pk=99)
    assert (set_up_at(app).year, is_by_settled(app)) == (2020, False)
