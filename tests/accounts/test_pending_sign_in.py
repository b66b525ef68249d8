"""A sign-in that waits for its second factor does not outlive what happens to the account (trap J).

Through allauth's pages: somebody who has the password waits for the second factor, something happens to the account,
then comes the right code. A bystander waits too, and is let in whatever happened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from sessions_ui.actions.devices.lost import mark_lost
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.actions.endings.changes.access import access_changed
from sessions_ui.actions.endings.end import end_session, end_user_sessions
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.help_desk.caller import verify_caller
from sessions_ui.actions.help_desk.carry_out import carry_out
from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.order import Order
from sessions_ui.actions.sign_in.provider import end_provider_sessions
from tests.accounts.conftest import SECRET
from tests.accounts.test_password import change, choose, reset_link
from tests.aging import settle
from tests.conftest import PASSWORD
from tests.models import Case, EndReason, Session
from tests.operators import sessions_end

DEVICES = "/account/devices/"


def begin(browser: Any, user: Any) -> Any:
    """A browser that has shown the password and waits for the second factor."""
    here = browser()
    assert here.sign_in(user).url == reverse("mfa_authenticate")
    return here


def complete(here: Any, code: str) -> Any:
    return here.post(reverse("mfa_authenticate"), {"code": code}, follow=True)


def is_in(here: Any) -> bool:
    return bool(here.get(DEVICES).status_code == 200)


@pytest.fixture
def thief(browser: Any, user_with_totp: Any) -> Any:
    """Knows the password and stands before the second step."""
    return begin(browser, user_with_totp)


def test_a_waiting_sign_in_goes_on_where_nothing_happened(thief: Any, app_code: Callable[[], str]) -> None:
    complete(thief, app_code())
    assert is_in(thief)


def test_the_page_says_why_a_waiting_sign_in_is_refused(
    thief: Any, user_with_totp: Any, app_code: Callable[[], str]
) -> None:
    user_with_totp.set_password("a horse of another colour")
    user_with_totp.save()
    page = complete(thief, app_code())
    assert not is_in(thief)
    assert "You were signed out because the password was changed." in page.content.decode()


def test_an_account_disabled_without_a_signal_refuses_a_waiting_sign_in(
    thief: Any, user_with_totp: Any, app_code: Callable[[], str]
) -> None:
    get_user_model().objects.filter(pk=user_with_totp.pk).update(is_active=False)
    complete(thief, app_code())
    assert not Session.objects.living().exists()


# --- What somebody decides about the account


@dataclass(frozen=True)
class Account:
    """Whose password is known to a thief, one of their sign-ins, and who could do something about it."""

    user: Any
    phone: Session
    administrator: Any
    agent: Any
    browser: Any
    settings: Any


@pytest.fixture
def account(user_with_totp: Any, administrator: Any, agent: Any, browser: Any, settings: Any) -> Account:
    browser().force_login(user_with_totp)
    phone = Session.objects.select_related("user", "device").get(user=user_with_totp)
    return Account(user_with_totp, phone, administrator, agent, browser, settings)


def laptop(account: Account) -> Any:
    """The owner at a browser of long standing, who has just confirmed who they are."""
    here = account.browser()
    here.force_login(account.user)
    settle(account.user)
    here.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return here


def fresh(account: Account) -> Any:
    return get_user_model().objects.get(pk=account.user.pk)


def everywhere(account: Account) -> None:
    laptop(account).post(reverse("sessions_ui:sign_out_everywhere"))


def everywhere_else(account: Account) -> None:
    laptop(account).post(reverse("sessions_ui:sign_out_others"))


def one_device_from_another(account: Account) -> None:
    laptop(account).post(reverse("sessions_ui:sign_out_device", args=[account.phone.device.public_id]))  # type: ignore[union-attr]


def one_sign_in_from_another_device(account: Account) -> None:
    laptop(account).post(reverse("sessions_ui:sign_out_session", args=[account.phone.public_id]))


def device_lost(account: Account) -> None:
    assert account.phone.device is not None
    mark_lost(device=account.phone.device, actor=account.user)


def not_me(account: Account) -> None:
    report_not_me(session=account.phone)


def not_me_and_everywhere(account: Account) -> None:
    report_not_me(session=account.phone, everywhere=True)


def password_changed(account: Account) -> None:
    change(laptop(account))


def password_reset(account: Account) -> None:
    choose(account.browser(), reset_link(account.browser, account.user.email))


def email_changed(account: Account) -> None:
    account.settings.SESSIONS_UI = {**account.settings.SESSIONS_UI, "EMAIL_CHANGE_ENDS": "others"}
    user = fresh(account)
    user.email = "ada@new.example"
    user.save()


def factor_changed(account: Account) -> None:
    RecoveryCodes.activate(account.user)


def account_off_and_on_again(account: Account) -> None:
    user = fresh(account)
    for is_active in (False, True):
        user.is_active = is_active
        user.save()


def flag_of_access_lost(account: Account) -> None:
    get_user_model().objects.filter(pk=account.user.pk).update(is_staff=True)
    user = fresh(account)
    user.is_staff = False
    user.save()


def role_lost(account: Account) -> None:
    access_changed(users=get_user_model().objects.filter(pk=account.user.pk))


def administer(account: Account, action: str) -> None:
    admin = account.browser()
    admin.force_login(account.administrator)
    answer = admin.post(
        reverse("admin:sessions_ui_session_changelist"),
        {"action": action, "_selected_action": [account.phone.pk], "confirmed": "1", "note": "fraud"},
    )
    assert answer.status_code == 302, answer.content.decode()


def administrator_signs_out_one(account: Account) -> None:
    administer(account, "sign_out_selected")


def administrator_signs_out_all(account: Account) -> None:
    administer(account, "sign_out_users")


def help_desk(account: Account, order: Order) -> None:
    case = open_case(agent=account.agent, term=account.user.email)
    verify_caller(case=case, agent=account.agent, ticket="INC-7", reason=Case.Reason.LOST, ways=["call_back"])
    Case.objects.filter(pk=case.pk).update(proof=Case.Proof.CODE, proven_at=timezone.now())
    case.refresh_from_db()
    carry_out(case=case, agent=account.agent, order=order, nonce="n" * 32)


def help_desk_signs_out_one(account: Account) -> None:
    help_desk(account, Order(chosen=(account.phone.device.public_id,)))  # type: ignore[union-attr]


def help_desk_signs_out_all(account: Account) -> None:
    help_desk(account, Order(everything=True))


def help_desk_requires_a_password(account: Account) -> None:
    help_desk(account, Order(new_password=True))


def command(account: Account) -> None:
    sessions_end("--user", account.user.email)


def command_for_an_incident(account: Account) -> None:
    sessions_end("--user", account.user.email, "--reason", "incident")


def command_by_a_worker(account: Account) -> None:
    sessions_end("--user", account.user.email, "--async")
    call_command("sessions", "carry-out")


def after_a_restore(account: Account) -> None:
    call_command("sessions", "after-restore", "--before", timezone.now().isoformat(), verbosity=0)


def somebody_calls_an_incident(account: Account) -> None:
    end_user_sessions(user=account.user, reason=EndReason.INCIDENT)


# Each is one way to decide that what is signed in, or about to be, may not be the owner.
DECIDED = [
    everywhere,
    everywhere_else,
    one_device_from_another,
    one_sign_in_from_another_device,
    device_lost,
    not_me,
    not_me_and_everywhere,
    password_changed,
    password_reset,
    email_changed,
    factor_changed,
    account_off_and_on_again,
    flag_of_access_lost,
    role_lost,
    administrator_signs_out_one,
    administrator_signs_out_all,
    help_desk_signs_out_one,
    help_desk_signs_out_all,
    help_desk_requires_a_password,
    command,
    command_for_an_incident,
    command_by_a_worker,
    somebody_calls_an_incident,
]


@pytest.fixture
def onlooker(browser: Any, other_user: Any) -> Any:
    """Somebody else between password and second factor, at the same time."""
    TOTP.activate(other_user, SECRET)
    browser().force_login(other_user)
    return begin(browser, other_user)


EVERYBODY = pytest.mark.no_bystander("a restore ends everybody's sessions")


@pytest.mark.parametrize("decide", [*DECIDED, pytest.param(after_a_restore, marks=EVERYBODY)])
def test_what_was_decided_refuses_a_waiting_sign_in(
    decide: Callable[[Account], None], account: Account, thief: Any, app_code: Callable[[], str]
) -> None:
    decide(account)
    account.phone.refresh_from_db()
    assert account.phone.ended_at is not None
    complete(thief, app_code())
    assert not is_in(thief)


@pytest.fixture
def signed_out(account: Account) -> Account:
    """Nothing is signed in any more when the decision comes: there is nothing that it ends."""
    end_session(session=account.phone, reason=EndReason.SIGNED_OUT, actor=account.user)
    return account


@pytest.mark.parametrize("decide", DECIDED)
def test_what_was_decided_refuses_a_waiting_sign_in_also_where_there_is_nothing_to_end(
    decide: Callable[[Account], None], signed_out: Account, thief: Any, app_code: Callable[[], str]
) -> None:
    """Where the owner decides it, nothing but the browser in which they do is signed in."""
    decide(signed_out)
    complete(thief, app_code())
    assert not is_in(thief)


@pytest.mark.parametrize("decide", DECIDED)
def test_what_was_decided_about_one_account_lets_another_ones_sign_in_go_on(
    decide: Callable[[Account], None], account: Account, onlooker: Any, app_code: Callable[[], str]
) -> None:
    decide(account)
    complete(onlooker, app_code())
    assert is_in(onlooker)


# --- What nobody decided


def sign_in(here: Any, user: Any, code: str) -> None:
    here.sign_in(user)
    complete(here, code)
    assert is_in(here)


@pytest.fixture
def phone(browser: Any, user_with_totp: Any, recovery_codes: list[str]) -> Any:
    """The owner's, signed in before the other sign-in began."""
    phone = browser()
    sign_in(phone, user_with_totp, recovery_codes[0])
    return phone


def signed_out_there(phone: Any, user: Any, code: str) -> None:
    phone.post(reverse("account_logout"))


def signed_in_once_more_there(phone: Any, user: Any, code: str) -> None:
    del phone.cookies["sessionid"]
    sign_in(phone, user, code)


def not_used_for_long(phone: Any, user: Any, code: str) -> None:
    Session.objects.update(last_seen_at=F("last_seen_at") - timedelta(days=15))
    end_unlawful()


def signed_in_for_too_long(phone: Any, user: Any, code: str) -> None:
    Session.objects.update(signed_in_at=F("signed_in_at") - timedelta(days=31))
    end_unlawful()


def one_too_many(phone: Any, user: Any, code: str) -> None:
    sign_in(type(phone)(), user, code)


def signed_out_at_the_provider(phone: Any, user: Any, code: str) -> None:
    Session.objects.filter(user=user).update(iss="https://id.example", sid="s1")
    end_provider_sessions(iss="https://id.example", sid="s1")


@pytest.mark.parametrize(
    ("happen", "reason"),
    [
        (signed_out_there, "signed_out"),
        (signed_in_once_more_there, "superseded"),
        (not_used_for_long, "idle_timeout"),
        (signed_in_for_too_long, "absolute_timeout"),
        (one_too_many, "session_limit"),
        (signed_out_at_the_provider, "provider_sign_out"),
    ],
)
def test_what_nobody_decided_lets_a_waiting_sign_in_go_on(
    happen: Callable[[Any, Any, str], None],
    reason: str,
    user_with_totp: Any,
    recovery_codes: list[str],
    phone: Any,
    thief: Any,
    app_code: Callable[[], str],
    settings: Any,
) -> None:
    """Whoever waits here is the owner as well as anybody: nothing was said about the account."""
    if happen is one_too_many:
        settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SESSION_LIMIT": 1}
    happen(phone, user_with_totp, recovery_codes[1])
    assert Session.objects.filter(user=user_with_totp).earliest("pk").end_reason == reason
    complete(thief, app_code())
    assert is_in(thief)
