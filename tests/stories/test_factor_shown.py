"""A thief has an agent's cookie and password, and no factor of the agent's. Whatever factor they make of that opens no
help desk, and is no further proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.urls import reverse
from django.utils import timezone

from config.demo.factor import current_code
from sessions_ui.actions.step_up.codes import other_factor
from tests.conftest import PASSWORD
from tests.models import Device, Event, Session

pytestmark = pytest.mark.django_db

OWNERS = "JBSWY3DPEHPK3PXP"
THIEFS = "KRUGKIDUNBUWKZRA"
DESK = "/help-desk/"
LAGOS = "102.89.32.1"


class Clock:
    """Time that goes on when it is told to: no half minute ends before a code is used, and none comes twice."""

    def __init__(self, traveller: Any) -> None:
        self.traveller = traveller

    def wait(self, **time: float) -> None:
        self.traveller.shift(timedelta(**time))

    def code(self, secret: str) -> str:
        self.wait(minutes=1)
        return current_code(secret)


@pytest.fixture
def clock() -> Iterator[Clock]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture
def owner(agent: Any, browser: Any, clock: Clock) -> Any:
    """The agent, at work: an authenticator app of a year ago was shown at the sign-in, on a device of long ago."""
    TOTP.activate(agent, OWNERS)
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=365))
    client = browser()
    sign_in(client, agent, clock.code(OWNERS))
    Device.objects.filter(user=agent).update(confirmed_at=timezone.now() - timedelta(days=30))
    return client


def sign_in(client: Any, person: Any, code: str) -> None:
    client.sign_in(person)
    client.post(reverse("mfa_authenticate"), {"code": code})


def stolen(owner: Any, browser: Callable[..., Any]) -> Any:
    """Another browser with the same cookies, where the password was typed in: the owner's is known."""
    thief = browser(address=LAGOS)
    thief.cookies.update(owner.cookies)
    assert thief.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302
    return thief


def codes_of(client: Any) -> list[str]:
    """As the page shows them, to whoever is signed in and has confirmed it."""
    page = client.get(reverse("mfa_view_recovery_codes"))
    return list(page.context["unused_codes"])


def is_open(client: Any) -> bool:
    return client.get(DESK).status_code == 200


def add_of_a_year_ago(agent: Any, kind: str, data: dict[str, Any]) -> None:
    """Without signals, which would end what is signed in."""
    there_since = timezone.now() - timedelta(days=365)
    factor = Authenticator(user=agent, type=kind, data=data, created_at=there_since)
    Authenticator.objects.bulk_create([factor])


def add_old_passkey(agent: Any) -> None:
    """The owner has it, and the thief does not."""
    add_of_a_year_ago(agent, "webauthn", {"name": "Key", "credential": {}})


def with_a_passkey_instead(agent: Any) -> None:
    apps = Authenticator.objects.filter(user=agent)
    apps._raw_delete(apps.db)
    add_old_passkey(agent)


def test_recovery_codes_made_with_a_stolen_cookie_and_the_password_open_no_help_desk(
    owner: Any, agent: Any, browser: Any, clock: Clock
) -> None:
    assert is_open(owner)
    clock.wait(hours=5)
    thief = stolen(owner, browser)
    assert not is_open(thief), "what the owner has shown is too old"
    thief.post(reverse("mfa_generate_recovery_codes"))
    first, second = codes_of(thief)[:2]
    thief.post(reverse("mfa_reauthenticate"), {"code": first})
    assert Event.objects.filter(kind="reauthenticated", data__method="recovery_code").exists()
    assert not is_open(thief)
    elsewhere = browser(address=LAGOS)
    sign_in(elsewhere, agent, second)
    assert elsewhere.get("/account/devices/").status_code == 200
    assert not is_open(elsewhere)
    sign_in(owner, agent, clock.code(OWNERS))
    assert is_open(owner), "who has the old factor, at once"


def test_recovery_codes_that_were_there_for_a_year_are_read_and_open_no_help_desk_either(
    owner: Any, agent: Any, browser: Any, clock: Clock
) -> None:
    add_of_a_year_ago(agent, "recovery_codes", {"seed": RecoveryCodes.generate_seed(), "used_mask": 0})
    clock.wait(hours=5)
    thief = stolen(owner, browser)
    first, second = codes_of(thief)[:2]
    thief.post(reverse("mfa_reauthenticate"), {"code": first})
    elsewhere = browser(address=LAGOS)
    sign_in(elsewhere, agent, second)
    assert [is_open(client) for client in (thief, elsewhere)] == [False, False]


def add_app(client: Any, clock: Clock) -> None:
    """Through allauth's page, with the thief's own secret in place of the one that it makes up."""
    client.get(reverse("mfa_activate_totp"))
    session = client.session
    session["mfa.totp.secret"] = THIEFS
    session.save()
    client.post(reverse("mfa_activate_totp"), {"code": clock.code(THIEFS)})
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()


@pytest.mark.parametrize("hours", [5, 30])
def test_an_app_that_was_added_today_is_not_as_old_as_the_passkey_of_the_account(
    hours: int, owner: Any, agent: Any, browser: Any, clock: Clock
) -> None:
    """Also where the stolen session is one that vouches for itself (after 30 hours): it is the one that was stolen."""
    with_a_passkey_instead(agent)
    clock.wait(hours=hours)
    thief = stolen(owner, browser)
    add_app(thief, clock)
    thief.post(reverse("mfa_reauthenticate"), {"code": clock.code(THIEFS)})
    assert Event.objects.filter(kind="reauthenticated", data__method="totp").exists()
    elsewhere = browser(address=LAGOS)
    sign_in(elsewhere, agent, clock.code(THIEFS))
    assert Session.objects.latest("pk").method == "password+totp"
    assert [is_open(client) for client in (thief, elsewhere)] == [False, False]


def test_an_app_counts_once_its_owner_had_a_day_to_read_the_mail_about_it(
    owner: Any, agent: Any, browser: Any, clock: Clock
) -> None:
    with_a_passkey_instead(agent)
    here = stolen(owner, browser)
    add_app(here, clock)
    clock.wait(hours=24)
    there = browser()
    sign_in(there, agent, clock.code(THIEFS))
    assert is_open(there)


def test_another_secret_in_the_row_of_an_old_app_makes_it_a_new_one(
    owner: Any, agent: Any, browser: Any, clock: Clock
) -> None:
    """By code of the host, say: the row is a year old, and what is in it is not."""
    app = Authenticator.objects.get(user=agent)
    app.data = {"secret": THIEFS}
    app.save()
    clock.wait(hours=5)
    thief = browser(address=LAGOS)
    sign_in(thief, agent, clock.code(THIEFS))
    assert Session.objects.latest("pk").method == "password+totp"
    assert not is_open(thief)


def test_the_help_desk_closes_when_the_factor_that_was_shown_is_removed(
    owner: Any, agent: Any, clock: Clock
) -> None:
    """Because the phone was stolen, say, whose thief has just shown it."""
    add_old_passkey(agent)
    owner.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert is_open(owner)
    owner.post(reverse("mfa_deactivate_totp"))
    assert owner.get("/account/devices/").status_code == 200
    assert not is_open(owner)


def test_the_last_hour_counts_from_when_the_old_factor_was_shown(owner: Any, clock: Clock) -> None:
    clock.wait(minutes=50)
    assert is_open(owner)
    owner.post(reverse("mfa_reauthenticate"), {"code": clock.code(OWNERS)})
    clock.wait(minutes=50)
    assert is_open(owner)
    clock.wait(minutes=11)
    assert not is_open(owner)


def test_a_thief_of_the_password_makes_no_further_proof_by_factors_of_their_own(
    user: Any, browser: Any, clock: Clock, settings: Any
) -> None:
    """They add an app, sign in again by another way, and show it: it was there before that sign-in. As where the guard
    is off, which refuses that they add one."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIAL_GUARD": False}
    browser().sign_in(user)
    thief = browser(address=LAGOS)
    thief.sign_in(user)
    thief.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    add_app(thief, clock)
    codes = codes_of(thief)
    clock.wait(minutes=5)
    again = browser(address=LAGOS)
    sign_in(again, user, codes[0])
    session = Session.objects.living().latest("pk")
    assert session.method == "password+recovery_code"
    again.post(reverse("mfa_reauthenticate"), {"code": clock.code(THIEFS)})
    assert Event.objects.filter(session=session, kind="reauthenticated", data__method="totp").exists()
    assert other_factor(session) == ""


def test_an_app_that_the_owner_adds_where_they_are_known_is_a_further_proof_at_once(
    user: Any, browser: Any, clock: Clock
) -> None:
    """On a device of theirs, confirmed and signed in for long; then on a new one."""
    known = browser()
    known.sign_in(user)
    Device.objects.filter(user=user).update(confirmed_at=timezone.now())
    clock.wait(hours=30)
    known.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    add_app(known, clock)
    new = browser(address=LAGOS)
    sign_in(new, user, codes_of(known)[0])
    session = Session.objects.living().latest("pk")
    new.post(reverse("mfa_reauthenticate"), {"code": clock.code(THIEFS)})
    assert other_factor(session) == "totp"
