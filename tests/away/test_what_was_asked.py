"""With cache, broker, worker and mail server away at once, everything that a page is asked for is done."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from config.demo.factor import current_code
from sessions_ui.actions.devices.lost import mark_lost
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.help_desk.caller import verify_caller
from sessions_ui.actions.recovery.open import open_recovery
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.exceptions import BearerRefused
from sessions_ui.not_me_link import again_token
from sessions_ui.web.tokens.forms import new_once
from tests.aging import age_sign_ins, settle
from tests.an_app import App
from tests.away.addresses import addresses
from tests.bystander import Bystander
from tests.conftest import PASSWORD, make_person
from tests.models import AccountState, Case, Delivery, Device, EndReason, Recovery, Session

pytestmark = pytest.mark.django_db(transaction=True)

NEW, NEW_PASSWORD = "new@people.example", "seven brown cows on a hill"
PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _all_away(take_away: Callable[..., None]) -> None:
    take_away("all of them")


@pytest.fixture
def phone(browser: Any, user: Any) -> Any:
    client = browser(user_agent=PHONE)
    client.sign_in(user)
    return client


@pytest.fixture
def laptop(browser: Any, user: Any, phone: Any) -> Any:
    """Signed in after the phone; both have been the owner's for long, and confirmed nothing lately."""
    client = browser()
    client.sign_in(user)
    settle(user)
    age_sign_ins(user)
    return client


def is_in(client: Any) -> bool:
    return bool(client.get(reverse("sessions_ui:devices")).status_code == 200)


def device_of(client: Any) -> Device:
    return Device.objects.get(sessions=client.session.session_id)


def ask(client: Any, page: str, *args: Any, **fields: Any) -> Any:
    """Post to a page of the devices; where it asks for the password it gets it, as from a person."""
    response = client.post(reverse(page, args=args), fields)
    if response.status_code == 200 and (
        act := re.search(r'name="act" value="([^"]+)"', response.content.decode())
    ):
        response = client.post(reverse("sessions_ui:confirm"), {"act": act[1], "password": PASSWORD})
    assert response.status_code < 400, response.content.decode()
    return response


def link_in(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", text)
    assert found, text
    return found[1]


# --- Signing in and out, signing up, passwords


def test_signing_in_and_out(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    assert is_in(here)
    here.post(reverse("account_logout"))
    assert not is_in(here)


def test_signing_up_waits_for_its_mail(browser: Any, mail_comes: Callable[[], str]) -> None:
    here = browser()
    here.post(reverse("account_signup"), {"email": NEW, "password1": PASSWORD, "password2": PASSWORD})
    there = browser()
    there.post(link_in(mail_comes()))
    assert EmailAddress.objects.get(email=NEW).verified
    there.sign_in(get_user_model().objects.get(email=NEW))
    assert is_in(there)


def test_resetting_the_password_waits_for_its_mail(
    browser: Any, user: Any, laptop: Any, mail_comes: Callable[[], str]
) -> None:
    here = browser()
    assert here.post(reverse("account_reset_password"), {"email": user.email}).status_code == 302
    assert "s3cret" not in repr(Delivery.objects.values())
    form = here.get(link_in(mail_comes()), follow=True)
    here.post(form.request["PATH_INFO"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD) and not is_in(laptop)


def test_changing_the_password_signs_the_others_out(user: Any, laptop: Any, phone: Any) -> None:
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    laptop.post(reverse("account_change_password"), form)
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD) and is_in(laptop) and not is_in(phone)


def test_setting_a_first_password(browser: Any, user: Any) -> None:
    user.set_unusable_password()
    user.save()
    here = browser()
    here.force_login(user)
    here.post(reverse("account_set_password"), {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


def test_adding_an_address(laptop: Any, user: Any) -> None:
    laptop.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    laptop.post(reverse("account_email"), {"email": NEW, "action_add": ""})
    assert EmailAddress.objects.filter(user=user, email=NEW).exists()


# --- Second factors


def test_setting_up_a_factor_using_it_and_taking_it_away(browser: Any, user: Any, laptop: Any) -> None:
    laptop.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = laptop.get(reverse("mfa_activate_totp"))
    laptop.post(reverse("mfa_activate_totp"), {"code": current_code(page.context["form"].secret)})
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
    laptop.post(reverse("mfa_generate_recovery_codes"))
    factor = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    here = browser()
    here.sign_in(user)
    here.post(reverse("mfa_authenticate"), {"code": RecoveryCodes(factor).get_unused_codes()[0]})
    assert here.session[SESSION_KEY] == str(user.pk)
    laptop.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


@pytest.fixture
def factor(user: Any) -> None:
    """The account has had an authenticator app for long."""
    TOTP.activate(user, SECRET)
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=300))


@pytest.fixture
def desktop(factor: None, user: Any, browser: Any) -> Any:
    """As `laptop`, of an account with a factor."""
    client = browser(user_agent="Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0")
    client.force_login(user)
    settle(user)
    return client


def test_confirming_with_a_factor(desktop: Any) -> None:
    desktop.post(reverse("mfa_reauthenticate"), {"code": current_code(SECRET)})
    assert desktop.get(reverse("mfa_generate_recovery_codes")).status_code == 200


# --- Devices


@pytest.mark.parametrize(
    "name", ["sign_out_others", "sign_out_device", "sign_out_session", "lost", "not_mine"]
)
def test_signing_out_the_other_device(name: str, laptop: Any, phone: Any) -> None:
    """Invariant 2, from the page: nobody has confirmed anything in the last ten minutes."""
    whose = {
        "sign_out_others": [],
        "sign_out_session": [Session.objects.get(pk=phone.session.session_id).public_id],
    }.get(name, [device_of(phone).public_id])
    ask(laptop, f"sessions_ui:{name}", *whose)
    assert is_in(laptop) and not is_in(phone)


def test_signing_out_everywhere(laptop: Any, phone: Any) -> None:
    ask(laptop, "sessions_ui:sign_out_everywhere")
    assert not is_in(laptop) and not is_in(phone)


def test_signing_out_what_was_not_used_for_long(laptop: Any, phone: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": None, "ABSOLUTE_TIMEOUT": None}
    row = Session.objects.filter(pk=phone.session.session_id)
    row.update(
        last_seen_at=timezone.now() - timedelta(days=40), signed_in_at=timezone.now() - timedelta(days=50)
    )
    row.update(expires_at=timezone.now() + timedelta(days=10))
    pk = row.get().pk
    ask(laptop, "sessions_ui:sign_out_unused")
    assert Session.objects.get(pk=pk).end_reason == EndReason.SIGNED_OUT_REMOTELY


def test_choosing_when_unused_devices_are_signed_out(laptop: Any, user: Any) -> None:
    ask(laptop, "sessions_ui:choose_unused", months="6")
    assert AccountState.objects.get(pk=user.pk).unused_months == 6


def test_signing_out_a_program_that_signs_in_anew_each_time(laptop: Any, user: Any, browser: Any) -> None:
    for _ in range(2):
        program = browser(user_agent="curl/8.14.1")
        program.sign_in(user)
    last = Session.objects.get(pk=program.session.session_id)
    ask(laptop, "sessions_ui:sign_out_folded", last.public_id)
    assert not is_in(program) and Session.objects.of(user).living().count() == 2, "laptop and phone"


def test_naming_a_device(laptop: Any, phone: Any) -> None:
    ask(laptop, "sessions_ui:rename", device_of(phone).public_id, name="Old phone")
    assert device_of(phone).name == "Old phone"


def test_saying_that_a_device_is_found_and_whose_it_is(desktop: Any, user: Any, browser: Any) -> None:
    phone = browser(user_agent=PHONE)
    phone.force_login(user)
    device = device_of(phone)
    mark_lost(device=device, actor=user)
    desktop.post(reverse("mfa_reauthenticate"), {"code": current_code(SECRET)})
    ask(desktop, "sessions_ui:found", device.public_id)
    device.refresh_from_db()
    assert device.lost_at is None
    ask(desktop, "sessions_ui:mine", device.public_id)
    device.refresh_from_db()
    assert device.confirmed_at is not None
    other = browser(user_agent=PHONE)
    other.force_login(user)
    ask(desktop, "sessions_ui:all_mine", device=device_of(other).public_id)
    assert device_of(other).confirmed_at is not None


def test_a_code_that_is_mailed_comes_with_the_mail_server(
    browser: Any, user: Any, laptop: Any, mail_comes: Callable[[], str]
) -> None:
    """A young sign-in has to show more before it ends an older one."""
    young = browser(user_agent=PHONE.replace("145", "144"))
    young.sign_in(user)
    page = young.post(reverse("sessions_ui:sign_out_others")).content.decode()
    act = re.search(r'name="act" value="([^"]+)"', page)
    code = re.search(r"^    (\d{6})$", mail_comes(), re.MULTILINE)
    assert act and code and is_in(laptop)
    young.post(reverse("sessions_ui:prove"), {"act": act[1], "code": code[1]})
    assert not is_in(laptop) and is_in(young)


def test_a_suspicious_sign_in_goes_on_with_its_code(
    browser: Any, user: Any, laptop: Any, settings: Any, mail_comes: Callable[[], str]
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SUSPICIOUS_SIGN_INS": "challenge"}
    here = browser(user_agent=PHONE.replace("Android", "Windows"), address="89.160.20.112")
    challenge = here.sign_in(user).url
    assert challenge == reverse("sessions_ui:challenge")
    here.get(challenge)
    code = re.search(r"^    (\d{6})$", mail_comes(), re.MULTILINE)
    assert code
    here.post(challenge, {"code": code[1]})
    assert is_in(here)


def test_this_was_not_me(browser: Any, user: Any, laptop: Any, mail_comes: Callable[[], str]) -> None:
    thief = browser(user_agent=PHONE.replace("Android", "Windows"), address="89.160.20.112")
    thief.sign_in(user)
    link = re.search(r"https://devices\.example(/account/devices/not-me/\S+)", mail_comes())
    assert link
    assert browser().post(link[1], {"everywhere": "on"}).status_code == 200
    assert not is_in(thief) and not is_in(laptop)
    steps = re.search(r"https://devices\.example(/account/devices/recovery/\S+)", mail_comes())
    assert steps
    here, page = browser(), "/account/devices/recovery/"
    here.get(steps[1])
    here.post(f"{page}password/", {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD})
    here.post(f"{page}credentials/")
    assert "Your account is yours again" in here.get(page).content.decode()


def test_the_link_to_the_steps_is_mailed_again(user: Any, browser: Any) -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=2)):
        open_recovery(user=user, since=timezone.now(), opened_by=Recovery.OpenedBy.HELP_DESK)
    before = Delivery.objects.count()
    browser().post(reverse("sessions_ui:recovery_again"), {"account": again_token(user.pk)})
    assert Delivery.objects.count() == before + 1


def test_getting_the_account_back_on_a_device_that_is_signed_in(laptop: Any, phone: Any) -> None:
    ask(laptop, "sessions_ui:not_mine", device_of(phone).public_id)
    assert not is_in(phone) and is_in(laptop)
    assert laptop.post(reverse("sessions_ui:recovery_prove")).url == reverse("sessions_ui:recovery")


def test_signing_in_again_where_the_answer_with_a_new_key_was_lost(browser: Any, user: Any) -> None:
    here, other_tab = browser(), browser()
    here.sign_in(user)
    other_tab.cookies["sessionid"] = here.cookies["sessionid"].value
    other_tab.session.cycle_key()
    assert here.post(reverse("sessions_ui:sign_in_again")).url == reverse("account_login")
    assert not Session.objects.of(user).living().exists()
    here.sign_in(user)
    assert is_in(here)


# --- The help desk


@pytest.fixture
def desk(agent: Any, browser: Any) -> Any:
    TOTP.activate(agent, SECRET)
    Authenticator.objects.update(created_at="2020-01-01T00:00Z")
    client = browser()
    client.sign_in(agent)
    client.post(reverse("mfa_authenticate"), {"code": current_code(SECRET)})
    return client


def test_a_call_from_the_first_page_to_the_receipt(
    desk: Any, user: Any, laptop: Any, phone: Any, mail_comes: Callable[[], str]
) -> None:
    opened = desk.post(reverse("help_desk:search"), {"term": user.email})
    case = Case.objects.get()
    assert opened.url == reverse("help_desk:case", args=[case.public_id])

    def step(name: str, *args: str, **fields: Any) -> Any:
        response = desk.post(reverse(f"help_desk:{name}", args=[case.public_id, *args]), fields)
        assert response.status_code in (200, 302), response.content.decode()
        return response

    step("verify", ticket="INC-7", reason="lost", ways=["call_back"])
    assert "81.2.69.142" in step("network").content.decode()
    step("send_code")
    code = re.search(r"\b(\d{6})\b", mail_comes())
    assert code
    step("check_code", code=code[1])
    case.refresh_from_db()
    assert case.proven_at is not None
    lost = device_of(phone)
    page = step("review", device=device_of(phone).public_id).content.decode()
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce
    step("carry_out", device=device_of(phone).public_id, nonce=nonce[1])
    assert not is_in(phone) and is_in(laptop)
    mark_lost(device=lost, actor=user)
    step("found", lost.public_id)
    lost.refresh_from_db()
    assert lost.lost_at is None


def test_choosing_the_password_that_the_help_desk_asked_for(
    browser: Any, user: Any, administrator: Any, mail_comes: Callable[[], str]
) -> None:
    require_new_password(user=user, reason=EndReason.HELP_DESK, actor=administrator)
    link = re.search(r"https://devices\.example(/account/devices/choose-password/\S+)", mail_comes())
    assert link
    assert browser().post(link[1]).status_code == 302
    here = browser()
    form = here.get(link_in(mail_comes()), follow=True)
    here.post(form.request["PATH_INFO"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


def test_a_second_agent_does_not_agree_and_then_does(desk: Any, agent: Any, user: Any, browser: Any) -> None:
    colleague = make_person("colleague@staff.example", is_staff=True)
    colleague.groups.set(agent.groups.all())
    desk.post(reverse("help_desk:search"), {"term": user.email})
    case = Case.objects.get()
    verify_caller(case=case, agent=agent, ticket="INC-7", reason=Case.Reason.LOST, ways=["call_back"])
    desk.post(reverse("help_desk:ask_approval", args=[case.public_id]))
    TOTP.activate(colleague, SECRET)
    Authenticator.objects.update(created_at="2020-01-01T00:00Z")
    second = browser()
    second.sign_in(colleague)
    second.post(reverse("mfa_authenticate"), {"code": current_code(SECRET)})
    second.post(reverse("help_desk:refuse_approval", args=[case.public_id]))
    case.refresh_from_db()
    assert (case.approval_asked_at, case.proven_at) == (None, None)
    desk.post(reverse("help_desk:ask_approval", args=[case.public_id]))
    second.post(reverse("help_desk:approve", args=[case.public_id]))
    case.refresh_from_db()
    assert case.proven_at is not None


def test_the_help_desk_mails_the_link_to_a_recovery_and_lifts_it(desk: Any, agent: Any, user: Any) -> None:
    desk.post(reverse("help_desk:search"), {"term": user.email})
    case = Case.objects.get()
    verify_caller(case=case, agent=agent, ticket="INC-7", reason=Case.Reason.UNKNOWN, ways=["call_back"])
    Case.objects.update(proven_at=timezone.now())
    since = timezone.now() - timedelta(hours=1)
    open_recovery(user=user, since=since, opened_by=Recovery.OpenedBy.HELP_DESK)
    for name in ("recovery_link", "recovery_lift"):
        assert desk.post(reverse(f"help_desk:{name}", args=[case.public_id])).status_code == 302
    assert Recovery.objects.get().closed_why == Recovery.ClosedWhy.LIFTED


# --- The administration


def test_an_administrator_signs_somebody_out(browser: Any, administrator: Any, user: Any, phone: Any) -> None:
    boss = browser()
    boss.sign_in(administrator)
    row = Session.objects.get(pk=phone.session.session_id)
    url = reverse("admin:sessions_ui_session_changelist")
    page = boss.post(url, {"action": "sign_out_selected", "_selected_action": [row.pk]})
    assert page.status_code == 200
    boss.post(
        url,
        {
            "action": "sign_out_selected",
            "_selected_action": [row.pk],
            "confirmed": "1",
            "note": "Case 7",
        },
    )
    assert not is_in(phone)


# --- Access tokens


def is_valid(value: str) -> bool:
    try:
        authenticate_token(value)
    except BearerRefused:
        return False
    return True


def new_token(client: Any, **fields: Any) -> tuple[str, str]:
    """Create an access token as a person does; return its value, and by what pages name it."""
    once = new_once()
    form = {"name": "Backup", "scopes": ["sessions:read"], "ends": "30", "once": once, **fields}
    shown = ask(client, "sessions_ui:new_token", **form).content.decode()
    return re.findall(r"sui_[a-z]{3}_\w{46}", shown)[0], once.partition(":")[0]


def test_making_an_access_token_renewing_and_ending_it(laptop: Any) -> None:
    value, public_id = new_token(laptop)
    assert is_valid(value)
    page = laptop.get(reverse("sessions_ui:renew_token", args=[public_id]))
    hint = page.context["key"].token.hint
    shown = ask(laptop, "sessions_ui:renew_token", public_id, ends="keep", hint=hint).content.decode()
    renewed = re.findall(r"sui_pat_\w{46}", shown)[0]
    assert is_valid(renewed) and is_valid(value)
    ask(laptop, "sessions_ui:end_token", public_id)
    assert not is_valid(renewed) and not is_valid(value)


def test_ending_what_nobody_uses_and_all_agents(laptop: Any) -> None:
    (unused, public_id), (agents, _id) = new_token(laptop), new_token(laptop, agent="Assistant")
    Session.objects.filter(public_id=public_id).update(last_seen_at=timezone.now() - timedelta(days=100))
    ask(laptop, "sessions_ui:end_unused_tokens")
    assert [is_valid(unused), is_valid(agents)] == [False, True]
    ask(laptop, "sessions_ui:end_agents")
    assert not is_valid(agents)


def test_a_leaked_access_token_ends(laptop: Any, browser: Any) -> None:
    value, _public_id = new_token(laptop)
    assert browser().post(reverse("sessions_ui:leaked_token"), {"token": value}).status_code == 200
    assert not is_valid(value)


# --- Nothing is forgotten


# Each address that takes a POST, and the test above that asks it for something.
def test_a_token_is_asked_about_and_revoked(browser: Any, user: Any) -> None:
    ends = timezone.now() + timedelta(days=1)
    scopes = ["tokens:introspect"]
    user.user_permissions.add(Permission.objects.get(codename="manage_tokens"))
    user.is_staff = True
    user.save()
    asking, other = (
        create_token(user=user, name=name, scopes=scopes, expires_at=ends).value for name in "ab"
    )
    program = browser(headers={"authorization": f"Bearer {asking}"})
    form = {"data": f"token={other}", "content_type": "application/x-www-form-urlencoded"}
    assert program.post(reverse("sessions_ui_api:introspect"), **form).json()["active"] is True
    assert program.post(reverse("sessions_ui_api:revoke"), **form).status_code == 200
    assert program.post(reverse("sessions_ui_api:introspect"), **form).json() == {"active": False}


def test_a_program_of_workos_ends_a_session_and_makes_and_ends_a_key(
    browser: Any, user: Any, laptop: Any, administrator: Any
) -> None:
    ends = timezone.now() + timedelta(days=1)
    scopes = ["sessions:admin:end", "tokens:admin", "tokens:introspect"]
    value = create_token(user=administrator, name="a", scopes=scopes, expires_at=ends).value
    program = browser(headers={"authorization": f"Bearer {value}"})

    def ask(name: str, body: dict[str, Any], **of: Any) -> Any:
        return program.post(reverse(f"sessions_ui_workos:{name}", kwargs=of), body, "application/json")

    session = Session.objects.of(user).sign_ins().living().latest("pk")
    assert ask("revoke", {"session_id": session.public_id}).status_code == 200
    assert not Session.objects.get(pk=session.pk).is_living
    said = {"name": "Key", "organization_id": "acme", "permissions": ["sessions:read"]}
    key = ask("keys", said, user_id=user.pk).json()
    assert ask("validate", {"value": key["value"]}).json()["api_key"]["id"] == key["id"]
    assert ask("expire", {}, key_id=key["id"]).status_code == 200
    assert ask("validate", {"value": key["value"]}).json() == {"api_key": None}


STORIES: dict[str, Callable[..., None]] = {
    "account_login": test_signing_in_and_out,
    "account_logout": test_signing_in_and_out,
    "account_signup": test_signing_up_waits_for_its_mail,
    "account_confirm_email": test_signing_up_waits_for_its_mail,
    "account_reset_password": test_resetting_the_password_waits_for_its_mail,
    "account_reset_password_from_key": test_resetting_the_password_waits_for_its_mail,
    "account_change_password": test_changing_the_password_signs_the_others_out,
    "account_set_password": test_setting_a_first_password,
    "account_email": test_adding_an_address,
    "account_reauthenticate": test_adding_an_address,
    "mfa_activate_totp": test_setting_up_a_factor_using_it_and_taking_it_away,
    "mfa_generate_recovery_codes": test_setting_up_a_factor_using_it_and_taking_it_away,
    "mfa_authenticate": test_setting_up_a_factor_using_it_and_taking_it_away,
    "mfa_deactivate_totp": test_setting_up_a_factor_using_it_and_taking_it_away,
    "mfa_reauthenticate": test_confirming_with_a_factor,
    "sessions_ui:sign_out_others": test_signing_out_the_other_device,
    "sessions_ui:sign_out_device": test_signing_out_the_other_device,
    "sessions_ui:sign_out_session": test_signing_out_the_other_device,
    "sessions_ui:lost": test_signing_out_the_other_device,
    "sessions_ui:not_mine": test_signing_out_the_other_device,
    "sessions_ui:confirm": test_signing_out_the_other_device,
    "sessions_ui:sign_out_everywhere": test_signing_out_everywhere,
    "sessions_ui:sign_out_unused": test_signing_out_what_was_not_used_for_long,
    "sessions_ui:choose_unused": test_choosing_when_unused_devices_are_signed_out,
    "sessions_ui:sign_out_folded": test_signing_out_a_program_that_signs_in_anew_each_time,
    "sessions_ui:rename": test_naming_a_device,
    "sessions_ui:new_token": test_making_an_access_token_renewing_and_ending_it,
    "sessions_ui:renew_token": test_making_an_access_token_renewing_and_ending_it,
    "sessions_ui:end_token": test_making_an_access_token_renewing_and_ending_it,
    "sessions_ui:end_unused_tokens": test_ending_what_nobody_uses_and_all_agents,
    "sessions_ui:end_agents": test_ending_what_nobody_uses_and_all_agents,
    "sessions_ui:leaked_token": test_a_leaked_access_token_ends,
    "sessions_ui:found": test_saying_that_a_device_is_found_and_whose_it_is,
    "sessions_ui:mine": test_saying_that_a_device_is_found_and_whose_it_is,
    "sessions_ui:sign_in_again": test_signing_in_again_where_the_answer_with_a_new_key_was_lost,
    "sessions_ui:all_mine": test_saying_that_a_device_is_found_and_whose_it_is,
    "sessions_ui:prove": test_a_code_that_is_mailed_comes_with_the_mail_server,
    "sessions_ui:challenge": test_a_suspicious_sign_in_goes_on_with_its_code,
    "sessions_ui:not_me": test_this_was_not_me,
    "sessions_ui:recovery_password": test_this_was_not_me,
    "sessions_ui:recovery_credentials": test_this_was_not_me,
    "sessions_ui:recovery_again": test_the_link_to_the_steps_is_mailed_again,
    "sessions_ui:recovery_prove": test_getting_the_account_back_on_a_device_that_is_signed_in,
    "sessions_ui:choose_password": test_choosing_the_password_that_the_help_desk_asked_for,
    "sessions_ui_api:introspect": test_a_token_is_asked_about_and_revoked,
    "sessions_ui_api:revoke": test_a_token_is_asked_about_and_revoked,
    "sessions_ui_workos:revoke": test_a_program_of_workos_ends_a_session_and_makes_and_ends_a_key,
    "sessions_ui_workos:keys": test_a_program_of_workos_ends_a_session_and_makes_and_ends_a_key,
    "sessions_ui_workos:validate": test_a_program_of_workos_ends_a_session_and_makes_and_ends_a_key,
    "sessions_ui_workos:expire": test_a_program_of_workos_ends_a_session_and_makes_and_ends_a_key,
    "help_desk:search": test_a_call_from_the_first_page_to_the_receipt,
    "help_desk:verify": test_a_call_from_the_first_page_to_the_receipt,
    "help_desk:network": test_a_call_from_the_first_page_to_the_receipt,
    "help_desk:send_code": test_a_call_from_the_first_page_to_the_receipt,
    "help_desk:check_code": test_a_call_from_the_first_page_to_the_receipt,
    "help_desk:review": test_a_call_from_the_first_page_to_the_receipt,
    "help_desk:carry_out": test_a_call_from_the_first_page_to_the_receipt,
    "help_desk:found": test_a_call_from_the_first_page_to_the_receipt,
    "help_desk:recovery_link": test_the_help_desk_mails_the_link_to_a_recovery_and_lifts_it,
    "help_desk:recovery_lift": test_the_help_desk_mails_the_link_to_a_recovery_and_lifts_it,
    "help_desk:ask_approval": test_a_second_agent_does_not_agree_and_then_does,
    "help_desk:approve": test_a_second_agent_does_not_agree_and_then_does,
    "help_desk:refuse_approval": test_a_second_agent_does_not_agree_and_then_does,
}
# Those that test_every_address.py alone looks at, and why.
# What an app asks for is what the pages do, of which each has its story; one of an app is below.
APPS = "headless:app:"
# What a program asks for is what the pages do, too; each operation has its tests in tests/sessions_ui/api/json.
JSON_API = "sessions_ui_json"
NO_STORY = {
    "home": "a redirect",
    "theme": "remembered by the browser alone",
    "language": "remembered by the browser; that of mails is a column (tests/accounts/test_preferences.py)",
    "healthz": "answers a POST as it does a GET",
    "sessions_ui:unlock_data": "asks who is there, and changes nothing",
    "sessions_ui:download_data": "hands out what is there, and asks nothing",
    "sessions_ui:unlock_log": "asks who is there, and changes nothing",
    "sessions_ui:download_log": "hands out what is there, and asks nothing",
    "sessions_ui:end_credential": "this site has no other package (tests/sessions_ui/web/test_bridged_keys.py)",
    "sessions_ui:stay": "writes down that somebody is there, as every request does",
    "sessions_ui:leave_account": "nobody of this site can be in somebody's account (tests/stories/test_support.py)",
    "sessions_ui:provider_sign_out": "asked by a provider's server, and this site has no provider",
    "account_confirm_login_code": "signing in by code is not switched on",
    "account_request_reauthentication_code": "confirming by code is not switched on",
    "account_confirm_reauthentication_code": "confirming by code is not switched on",
    "sessions_ui:not_me_opened": "the page behind the link, whose story is that of sessions_ui:not_me",
    "mfa_download_recovery_codes": "only reads",
    "mfa_view_recovery_codes": "only reads",
    "sessions_ui:go_on": "a redirect",
    "forgot_password": "a redirect",
    "sessions_ui_workos:unknown": "answers 404 whatever is asked",
    # A key signs what it is asked, which takes a browser; the pages around it are asked without one.
    "mfa_add_webauthn": "takes a key",
    "mfa_edit_webauthn": "takes a key",
    "mfa_login_webauthn": "takes a key",
    "mfa_reauthenticate_webauthn": "takes a key",
    "mfa_remove_webauthn": "takes a key",
}


@pytest.mark.no_bystander("it makes one of its own, for the addresses")
def test_each_address_that_takes_a_post_has_its_story(browser: Any, agent: Any) -> None:
    here = browser()
    takes = set()
    for name, path in addresses(Bystander()).items():
        if not name.startswith(("admin:", APPS, JSON_API)):
            here.force_login(agent)
            if here.post(path).status_code != 405:
                takes.add(name)
    assert takes == STORIES.keys() | NO_STORY.keys()


def test_an_app_signs_in_changes_the_password_and_signs_out(user: Any) -> None:
    phone = App()
    phone.sign_in(user)
    settle(user)
    changed = phone.call(
        "post", "account/password/change", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    )
    assert changed.status_code == 200
    phone.call("delete", "auth/session")
    assert phone.call("get", "auth/session").status_code == 410
