"""The table of docs/risk.md ("Who the owner is"), row by row, in real requests: what is asked, what leads out, how many
clicks it takes, with the rule and without it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings as site
from django.contrib.auth import get_user_model
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.models import VerifiedAddress
from sessions_ui import mark_lost
from sessions_ui.actions.endings.require_password import require_new_password
from tests.accounts.conftest import SECRET
from tests.accounts.journeys import (
    NEW_PASSWORD,
    NOTHING,
    Person,
    add_app,
    change_password,
    has_password,
    remove_app,
    set_password,
    signed_in_by,
)
from tests.accounts.test_password import choose, reset_link
from tests.accounts.test_sign_up import FORM, NEW, link_in
from tests.aging import long_ago
from tests.conftest import PASSWORD
from tests.models import Device, EndReason

pytestmark = pytest.mark.django_db

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
HEAD = "| who | wants to | is asked for | ways out | clicks before | clicks now |"
ACTS: dict[str, Callable[[Person], bool]] = {
    "add an authenticator app": add_app,
    "remove the authenticator app": remove_app,
    "change the password": change_password,
    "set a password": set_password,
}


@dataclass(frozen=True, slots=True)
class Row:
    who: str
    act: str
    asked: str
    ways: frozenset[str]
    before: str
    now: str


def table() -> Iterator[Row]:
    _text, rest = (site.BASE_DIR / "docs/risk.md").read_text().split(HEAD + "\n")
    for line in rest.splitlines()[1:]:
        if not line.startswith("|"):
            return
        who, act, asked, ways, before, now = (cell.strip() for cell in line.strip("|").split("|"))
        yield Row(who, act, asked, frozenset(re.split(", ", ways)) - {""}, before, now)


ROWS = list(table())


class World:
    """What the scenarios need, and who is in them."""

    def __init__(self, browser: Any, settings: Any, user: Any) -> None:
        self.browser, self.settings, self.user = browser, settings, user
        self.password = PASSWORD

    def phone(self) -> Any:
        """The first device of the account, in use for weeks."""
        client = self.browser(user_agent=IPHONE)
        client.sign_in(self.user)
        long_ago(self.user)
        return client

    def laptop(self) -> Any:
        client = self.browser()
        client.sign_in(self.user)
        return client

    def by(self, **record: Any) -> Any:
        return signed_in_by(self.browser(), self.user, **record)


def signed_up(world: World) -> Any:
    here = world.browser()
    here.post(reverse("account_signup"), FORM)
    here.post(link_in(mail.outbox[-1]))
    world.user = get_user_model().objects.get(email=NEW)
    here.sign_in(world.user)
    return here


def invited(world: World) -> Any:
    world.user.set_unusable_password()
    world.user.save()
    return after_reset(world)


def after_reset(world: World) -> Any:
    here = world.browser()
    choose(here, reset_link(world.browser, world.user.email))
    world.password = NEW_PASSWORD
    here.sign_in(world.user, NEW_PASSWORD)
    return here


def confirmed_and_signed_in_again(world: World) -> Any:
    world.phone()
    here = world.laptop()
    device = Device.objects.filter(user=world.user).latest("pk")
    Device.objects.filter(pk=device.pk).update(confirmed_at=timezone.now() - timedelta(days=2))
    here.post(reverse("account_logout"))
    here.sign_in(world.user)
    return here


def first_of_several(world: World) -> Any:
    first = world.phone()
    world.laptop()
    return first


def new_laptop(world: World) -> Any:
    world.phone()
    return world.laptop()


def lost_phone(world: World) -> Any:
    TOTP.activate(world.user, SECRET)
    here = world.by(method="password")
    long_ago(world.user)
    world.by(method="password")
    mark_lost(device=Device.objects.filter(user=world.user).latest("pk"), actor=world.user)
    return here


def lost_all(world: World) -> Any:
    TOTP.activate(world.user, SECRET)
    codes = RecoveryCodes.activate(world.user).get_unused_codes()
    world.by(method="password")
    long_ago(world.user)
    mark_lost(device=Device.objects.get(user=world.user), actor=world.user)
    here = world.laptop()
    here.post(reverse("mfa_authenticate"), {"code": codes[0]})
    return here


def reset_on_a_laptop(world: World) -> Any:
    world.phone()
    return after_reset(world)


def reset_by_the_help_desk(world: World) -> Any:
    world.phone()
    require_new_password(user=world.user, reason=EndReason.PASSWORD_REQUIRED, actor=None)
    return after_reset(world)


def provider_only(world: World) -> Any:
    world.user.set_unusable_password()
    world.user.save()
    record = {"method": "socialaccount", "provider": "corp", "uid": "7"}
    world.by(**record)
    long_ago(world.user)
    return world.by(**record)


def passkey_only(world: World) -> Any:
    world.user.set_unusable_password()
    world.user.save()
    record = {"method": "mfa", "type": "webauthn", "passwordless": True}
    world.by(**record)
    long_ago(world.user)
    return world.by(**record)


def young_addresses(world: World) -> Any:
    here = new_laptop(world)
    EmailAddress.objects.create(user=world.user, email="newer@people.example", verified=True)
    own = VerifiedAddress.objects.filter(user=world.user, email=world.user.email)
    own.update(verified_at=timezone.now() - timedelta(days=3))
    return here


def nowhere(user: Any) -> list[tuple[str, None]]:
    return []


def no_address(world: World) -> Any:
    given = {"ALERT_ADDRESSES": f"{__name__}.nowhere", "HELP_URL": "https://help.example/"}
    world.settings.SESSIONS_UI = {**world.settings.SESSIONS_UI, **given}
    return new_laptop(world)


def older_factor(world: World) -> Any:
    TOTP.activate(world.user, SECRET)
    Authenticator.objects.filter(user=world.user).update(created_at=timezone.now() - timedelta(days=60))
    world.by(method="password")
    long_ago(world.user)
    return world.by(method="password")


SCENARIOS: dict[str, Callable[[World], Any]] = {
    "signed up just now": signed_up,
    "invited by an administrator": invited,
    "on the only device": World.phone,
    "on the first of several devices": first_of_several,
    "on a confirmed device, signed in again": confirmed_and_signed_in_again,
    "on a new laptop": new_laptop,
    "lost the phone, one settled device left": lost_phone,
    "lost the last device, with a recovery code": lost_all,
    "reset the password just now, on a new laptop": reset_on_a_laptop,
    "after a reset by the help desk, on a new laptop": reset_by_the_help_desk,
    "signs in by a provider only, on a new laptop": provider_only,
    "signs in by a passkey only, on a new laptop": passkey_only,
    "has only young addresses, on a new laptop": young_addresses,
    "has no address, on a new laptop": no_address,
    "has an older factor, on a new laptop": older_factor,
}
# Which are no page after a sign-in, and have a test of their own here or in test_headless.py.
OTHERS = {"reset the password by a link", "an app that uses the headless API"}
JOURNEYS = [row for row in ROWS if row.who in SCENARIOS]


@pytest.fixture
def world(browser: Any, settings: Any, user: Any) -> Iterator[World]:
    with time_machine.travel(
        timezone.now(), tick=False
    ):  # codes of authenticator apps are over in 30 seconds
        yield World(browser, settings, user)


def test_every_row_of_the_table_happens_here() -> None:
    assert {row.who for row in ROWS} == SCENARIOS.keys() | OTHERS


def go(world: World, row: Row) -> tuple[Person, bool]:
    person = Person(SCENARIOS[row.who](world), world.user)
    person.password = world.password
    if row.who.startswith("has an older factor"):
        person.by_factor = SECRET
    return person, ACTS[row.act](person)


@pytest.mark.parametrize("row", JOURNEYS, ids=lambda row: row.who)
def test_who_is_asked_for_what_and_how_it_goes_on(row: Row, world: World) -> None:
    person, is_done = go(world, row)
    assert person.asked == row.asked
    assert person.ways == {way.removesuffix(" to the oldest") for way in row.ways}
    assert (str(person.clicks) if is_done else "") == row.now
    assert is_done == bool(row.now)


@pytest.mark.parametrize("row", JOURNEYS, ids=lambda row: row.who)
def test_without_the_rule_it_took_fewer_clicks(row: Row, world: World) -> None:
    world.settings.SESSIONS_UI = {**world.settings.SESSIONS_UI, "CREDENTIAL_GUARD": False}
    person, is_done = go(world, row)
    assert is_done and person.asked == NOTHING
    assert str(person.clicks) == row.before


def test_a_reset_by_a_link_asks_nothing_of_a_session_that_is_not_settled(world: World) -> None:
    (row,) = [row for row in ROWS if row.who == "reset the password by a link"]
    here = new_laptop(world)
    person = Person(here, world.user)
    form = person.click("get", reset_link(world.browser, world.user.email))
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    person.click("post", form.request["PATH_INFO"], new)
    assert has_password(world.user)
    assert (person.asked, str(person.clicks)) == (row.asked, row.now)
