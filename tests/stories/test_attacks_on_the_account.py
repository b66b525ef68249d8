"""What somebody from outside tried against an account whose password they had, each as it once worked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core import mail
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.models import User, VerifiedAddress
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.help_desk.carry_out import recover
from sessions_ui.actions.recovery.added import added_since
from sessions_ui.actions.recovery.open import open_recovery, safe_addresses
from sessions_ui.actions.step_up.codes import send_code
from sessions_ui.actions.trusted_addresses import trusted_addresses
from sessions_ui.assurance import Authentication, Step
from sessions_ui.delivery import deliver_due
from tests.aging import age_sign_ins, long_ago
from tests.conftest import PASSWORD
from tests.models import Delivery, Device, EndReason, Event, Recovery, Session, VerificationCode, digest_of
from tests.passkeys import Passkey
from tests.stories.test_former_addresses import IPHONE
from tests.stories.test_recovery import (
    EVIL,
    LONG_AGO,
    NEW,
    WINDOWS,
    finish,
    is_in_with,
    newest_link,
    report,
    steps,
    take_over,
)

pytestmark = pytest.mark.django_db

EX = "ex@elsewhere.example"


@pytest.fixture
def owner(browser: Any, user: Any) -> Any:
    VerifiedAddress.objects.filter(user=user).update(verified_at=timezone.now() - LONG_AGO)
    client = browser()
    client.sign_in(user)
    long_ago(user)
    return client


@pytest.fixture
def thief(browser: Any, user: Any, owner: Any) -> Any:
    client = browser(user_agent=WINDOWS, address="89.160.20.112")
    client.sign_in(user)
    return client


def device_of(client: Any) -> Device:
    key = client.cookies["sessionid"].value
    device = Session.objects.get(digest=digest_of(key)).device
    assert device is not None
    return device


def act_in(page: Any) -> str:
    found = re.search(r'name="act" value="([^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


@pytest.mark.parametrize("page", ["confirm", "prove"])
def test_what_a_thief_has_begun_is_carried_on_in_no_session_of_the_owners(
    page: str, owner: Any, thief: Any
) -> None:
    """By a link on the real site, with the thief's own words for the device."""
    mine = device_of(thief)
    act = act_in(thief.post(reverse("sessions_ui:mine", args=[mine.public_id])))
    address = reverse(f"sessions_ui:{page}")
    answers = [owner.get(address, {"act": act}), owner.post(address, {"act": act, "password": PASSWORD})]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Device.objects.get(pk=mine.pk).confirmed_at is None


@pytest.mark.parametrize("signed_in_again", [True, False])
def test_a_thief_does_not_call_the_owners_device_lost_that_is_signed_out(
    signed_in_again: bool, owner: Any, thief: Any, user: Any
) -> None:
    device = device_of(owner)
    owner.post("/account/logout/")
    if signed_in_again:
        owner.sign_in(user)
    answer = thief.post(reverse("sessions_ui:lost", args=[device.public_id]))
    assert "One more step" in answer.content.decode()
    assert Device.objects.get(pk=device.pk).lost_at is None


def test_what_a_thief_added_goes_though_they_signed_in_again_before_the_report(
    browser: Any, owner: Any, thief: Any, user: Any
) -> None:
    device = device_of(thief)
    EmailAddress.objects.create(user=user, email=EVIL, verified=True)
    Session.objects.filter(device=device).update(signed_in_at=timezone.now() - timedelta(hours=2))
    VerifiedAddress.objects.filter(email=EVIL).update(verified_at=timezone.now() - timedelta(hours=1))
    thief.post("/account/logout/")
    thief.sign_in(user)
    owner.post("/account/reauthenticate/", {"password": PASSWORD})
    owner.post(reverse("sessions_ui:not_mine", args=[device.public_id]))
    page = owner.get("/account/devices/recovery/").content.decode()
    assert EVIL in page
    assert "First confirm it’s you" not in page, "the device that reports goes on to vouch"
    assert not is_in_with(browser, user, PASSWORD)


def test_a_stranger_who_signs_up_with_the_removed_address_does_not_keep_its_owner_out(
    browser: Any, user: Any, owner: Any, thief: Any
) -> None:
    link = newest_link("not-me")
    own = user.email
    take_over(user)
    before = User.objects.count()
    browser().post("/account/signup/", {"email": own, "password1": NEW, "password2": NEW})
    # One that came by another way, as an import.
    squatter = User.objects.filter(email__iexact=own).exclude(pk=user.pk).first()
    assert squatter is None and User.objects.count() == before
    User.objects.create_user(own, "x")
    report(browser, link)
    client = steps(browser, to=own)
    assert "yours again" in finish(client)
    user.refresh_from_db()
    assert user.email == own
    assert [row.email for row in EmailAddress.objects.filter(user=user)] == [own]
    assert is_in_with(browser, user, NEW)


def test_an_owner_who_changed_the_address_since_the_thief_came_gets_a_link(
    user: Any, owner: Any, thief: Any
) -> None:
    VerifiedAddress.objects.filter(user=user).update(removed_at=timezone.now(), removed_by_settled=True)
    EmailAddress.objects.filter(user=user).update(email="new@people.example")
    VerifiedAddress.objects.create(user=user, email="new@people.example", verified_at=timezone.now())
    since = Session.objects.filter(device=device_of(thief)).latest("pk").signed_in_at
    assert since is not None
    assert safe_addresses(user, since) == ["new@people.example"]


def test_a_hundred_sign_ins_elsewhere_make_no_past(browser: Any, user: Any, owner: Any, thief: Any) -> None:
    device = device_of(thief)
    other = Device.objects.create(user=user)
    Session.objects.bulk_create(
        Session(
            digest=f"{number:064}",
            user=user,
            device=other,
            signed_in_at=timezone.now(),
            expires_at=timezone.now(),
            verdict="new",
            verdict_reasons=["new_device"],
        )
        for number in range(101)
    )
    thief.post("/account/logout/")
    thief.sign_in(user)
    assert Session.objects.filter(device=device).latest("pk").verdict != ""


def test_wrong_passwords_of_a_thief_keep_the_owner_neither_from_confirming_nor_from_signing_in(
    browser: Any, user: Any, owner: Any, thief: Any, settings: Any
) -> None:
    age_sign_ins(user)
    settings.ACCOUNT_RATE_LIMITS = {"reauthenticate": "3/h/user", "login_failed_anywhere": "3/h/key"}
    for _ in range(5):
        thief.post("/account/reauthenticate/", {"password": "wrong"})
    device = device_of(thief)
    asked = owner.post(reverse("sessions_ui:sign_out_device", args=[device.public_id]))
    done = owner.post(reverse("sessions_ui:confirm"), {"act": act_in(asked), "password": PASSWORD})
    assert done.status_code in (200, 302) and not Session.objects.living().filter(device=device).exists()
    assert is_in_with(browser, user, PASSWORD)


@pytest.mark.parametrize("next_page", ["foo", "admin", "%", "?", "#", "\U0001f600", "a\nb"])
def test_a_page_that_there_is_not_to_go_on_to_is_no_error(next_page: str, owner: Any) -> None:
    assert owner.post(reverse("sessions_ui:go_on"), {"next": next_page}).status_code == 302


def test_a_second_report_gives_the_case_the_address_that_it_came_through(user: Any, thief: Any) -> None:
    case = Recovery.objects.create(
        user=user,
        opened_at=timezone.now(),
        opened_by=Recovery.OpenedBy.DEVICES,
        since=timezone.now(),
        expires_at=timezone.now() + timedelta(days=7),
    )
    open_recovery(user=user, since=timezone.now(), opened_by=Recovery.OpenedBy.MAIL, address=user.email)
    case.refresh_from_db()
    assert case.address == user.email


@pytest.fixture
def address_of_an_ex(user: Any, owner: Any) -> str:
    """A second address of the account, as old as its first; somebody else reads that mailbox by now."""
    EmailAddress.objects.create(user=user, email=EX, verified=True)
    VerifiedAddress.objects.filter(user=user).update(verified_at=timezone.now() - LONG_AGO)
    owner.post("/account/reauthenticate/", {"password": PASSWORD})
    return EX


@pytest.mark.parametrize("book", ["accounts.credentials.addresses.VerifiedAddresses", None])
def test_an_address_that_the_owner_removed_does_not_recover_after_it_was_forgotten(
    book: str | None, browser: Any, user: Any, owner: Any, address_of_an_ex: str, settings: Any
) -> None:
    """With an address book and without: then the mail itself says that it went to somebody who is told, and no more."""
    given = {name: value for name, value in settings.SESSIONS_UI.items() if name != "ADDRESS_BOOK"}
    settings.SESSIONS_UI = given | ({"ADDRESS_BOOK": book} if book else {})
    owner.post("/account/email/", {"action_remove": "", "email": EX})
    with time_machine.travel(timezone.now() + timedelta(days=27), tick=True):
        browser(user_agent=WINDOWS).sign_in(user)
        link = newest_link("not-me", to=EX)
        assert Delivery.objects.get(receiver=EX, event__kind=Event.Kind.FLAGGED).told_only
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=True):
        assert "no longer belongs to the account" in report(browser, link).content.decode()
        assert not Recovery.objects.exists() and is_in_with(browser, user, PASSWORD)


def test_an_address_that_a_thief_removed_recovers_as_long_as_the_link_in_its_mail_works(
    browser: Any, user: Any, owner: Any, thief: Any
) -> None:
    link = newest_link("not-me")
    take_over(user)
    VerifiedAddress.objects.filter(email=user.email).update(removed_at=timezone.now() - timedelta(days=31))
    report(browser, link)
    assert newest_link("recovery", to=user.email)


def test_an_address_that_no_book_has_lets_nobody_in(browser: Any, user: Any, owner: Any, thief: Any) -> None:
    link = newest_link("not-me")
    Delivery.objects.filter(link_used_at__isnull=True).update(receiver=EX)
    assert "no longer belongs to the account" in report(browser, link).content.decode()
    assert not Recovery.objects.exists()


@pytest.fixture
def laptop_with_a_code(browser: Any, user: Any, owner: Any, address_of_an_ex: str) -> Any:
    """A new device, on which the code was given that went to both mailboxes: by whoever reads one of them."""
    client = browser(user_agent=WINDOWS)
    client.sign_in(user)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    session = Session.objects.get(digest=digest_of(client.cookies["sessionid"].value))
    purpose = VerificationCode.Purpose.CREDENTIAL
    assert set(send_code(user=user, session_id=session.pk, purpose=purpose)) == {user.email, EX}
    VerificationCode.objects.update(given_at=timezone.now())
    return client


def test_an_address_that_the_owner_removed_by_a_mailed_code_lets_nobody_in(
    laptop_with_a_code: Any, browser: Any, user: Any
) -> None:
    laptop_with_a_code.post("/account/email/", {"action_remove": "", "email": EX})
    assert VerifiedAddress.objects.get(email=EX).removed_by_settled is True
    browser(user_agent=IPHONE).sign_in(user)
    report(browser, newest_link("not-me", to=EX))
    assert not Recovery.objects.exists()
    assert trusted_addresses(user) == [user.email]


def test_a_mailed_code_does_not_silence_the_oldest_address(
    laptop_with_a_code: Any, browser: Any, user: Any
) -> None:
    """It is the ex who has the password, and reads the code in the younger mailbox."""
    own = user.email
    laptop_with_a_code.post("/account/email/", {"action_primary": "", "email": EX})
    laptop_with_a_code.post("/account/email/", {"action_remove": "", "email": own})
    assert not EmailAddress.objects.filter(email=own).exists()
    assert VerifiedAddress.objects.get(email=own).removed_by_settled is False
    report(browser, newest_link("not-me", to=own))
    assert newest_link("recovery", to=own)


def test_another_factor_removes_the_oldest_address_too(
    browser: Any, user: Any, owner: Any, address_of_an_ex: str
) -> None:
    VerifiedAddress.objects.filter(email=EX).update(verified_at=timezone.now() - 2 * LONG_AGO)
    client = browser(user_agent=WINDOWS)
    client.sign_in(user)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    session = Session.objects.get(digest=digest_of(client.cookies["sessionid"].value))
    app = Authentication.of(
        "totp", at=timezone.now(), since=timezone.now() - LONG_AGO, step=Step.REAUTHENTICATION
    )
    Session.objects.filter(pk=session.pk).update(
        authentication=[*(one.to_dict() for one in session.shown), app.to_dict()]
    )
    client.post("/account/email/", {"action_remove": "", "email": EX})
    assert VerifiedAddress.objects.get(email=EX).removed_by_settled is True


@pytest.fixture
def only_the_users_own_address(settings: Any) -> None:
    """A host that knows nothing of addresses but what its user model says."""
    ours = {"ADDRESS_BOOK", "ALERT_ADDRESSES", "CREDENTIALS"}
    settings.SESSIONS_UI = {name: value for name, value in settings.SESSIONS_UI.items() if name not in ours}


def give_another_address(client: Any, user: Any) -> None:
    other = EmailAddress(user=user, email="new@people.example", verified=True)
    EmailAddress.objects.bulk_create([other])
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    client.post("/account/email/", {"action_primary": "", "email": other.email})
    assert User.objects.get(pk=user.pk).email == other.email


@pytest.mark.usefixtures("only_the_users_own_address")
@pytest.mark.parametrize("mail_of", ["the sign-in before", "the change itself"])
def test_an_address_that_the_owner_gave_up_lets_nobody_in_where_there_is_no_book(
    mail_of: str, browser: Any, user: Any, owner: Any
) -> None:
    browser(user_agent=WINDOWS).sign_in(user)
    link = newest_link("not-me", to=user.email)
    give_another_address(owner, user)
    if mail_of == "the change itself":
        link = newest_link("not-me", to=user.email)
        assert "or to reset the password" in mail.outbox[-1].body
    assert "no longer belongs to the account" in report(browser, link).content.decode()
    assert not Recovery.objects.exists()


@pytest.mark.usefixtures("only_the_users_own_address")
def test_an_address_that_the_first_to_sign_in_took_away_leads_its_owner_back(browser: Any, user: Any) -> None:
    """The app was installed today, and a thief comes before the owner does."""
    thief = browser(user_agent=WINDOWS)
    thief.sign_in(user)
    give_another_address(thief, user)
    link = newest_link("not-me", to=user.email)
    assert "or to reset the password" not in mail.outbox[-1].body
    report(browser, link)
    assert newest_link("recovery", to=user.email) and not is_in_with(browser, user, PASSWORD)


def test_the_steps_do_not_take_the_password_that_is_void(
    browser: Any, user: Any, owner: Any, thief: Any
) -> None:
    report(browser, newest_link("not-me"))
    client = steps(browser)
    same = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    answer = client.post("/account/devices/recovery/password/", same)
    assert answer.status_code == 422
    assert answer.content.decode().count("password can no longer be used to sign in") == 1
    assert Recovery.objects.get().password_at is None and not is_in_with(browser, user, PASSWORD)
    assert "yours again" in finish(client, password=NEW)


@pytest.mark.parametrize("has_validator", [True, False])
def test_a_reset_that_was_ordered_does_not_take_the_password_that_is_void(
    has_validator: bool, browser: Any, user: Any, owner: Any, settings: Any
) -> None:
    """Whatever form the host has: it is refused where it is written."""
    if not has_validator:
        settings.AUTH_PASSWORD_VALIDATORS = []
    require_new_password(user=user, reason=EndReason.HELP_DESK, actor=None)
    browser().post(newest_link("choose-password"))
    deliver_due()
    (path,) = re.findall(r"(/account/password/reset/key/\S+)", mail.outbox[-1].body)
    client = browser()
    form = client.get(path, follow=True).request["PATH_INFO"]
    answer = client.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    assert "password can no longer be used to sign in" in answer.content.decode()
    assert not is_in_with(browser, user, PASSWORD)
    client.post(form, {"password1": NEW, "password2": NEW})
    assert is_in_with(browser, user, NEW)


def as_if_days_had_passed(user: Any) -> None:
    """Since a recovery that is done."""
    days = timedelta(days=3)
    for name in ("since", "opened_at", "password_at", "credentials_at", "closed_at"):
        Recovery.objects.filter(user=user).update(**{name: F(name) - days})
    Session.objects.filter(user=user).update(signed_in_at=F("signed_in_at") - days)
    Device.objects.filter(user=user).update(first_seen_at=F("first_seen_at") - days)


@pytest.mark.parametrize("by", ["devices page", "mail"])
def test_a_thief_who_comes_again_on_the_same_device_is_reported_again(
    by: str, browser: Any, user: Any, owner: Any, thief: Any
) -> None:
    """With the new password, which they have phished, too."""
    device = device_of(thief)
    report(browser, newest_link("not-me"))
    finish(steps(browser))
    as_if_days_had_passed(user)
    thief.sign_in(user, NEW)
    assert device_of(thief) == device
    mine = Passkey(user, "My new one", timezone.now() - timedelta(days=1))
    if by == "mail":
        report(browser, newest_link("not-me"))
    else:
        report_not_me(session=Session.objects.filter(device=device).latest("pk"))
    case = Recovery.objects.latest("pk")
    assert case.is_open and case.waits_for_password
    assert not is_in_with(browser, user, NEW)
    assert added_since(case, user) == [], "what was added between the two is the owner's"
    here = browser()
    mine.sign_in(here)
    assert here.get("/account/devices/").status_code == 200


def test_the_help_desk_voids_a_password_that_was_chosen_in_a_recovery_of_last_week(
    browser: Any, user: Any, owner: Any, thief: Any, administrator: Any
) -> None:
    """The caller cannot say which device it is, so nobody knows who signed in last."""
    report(browser, newest_link("not-me"))
    finish(steps(browser))
    as_if_days_had_passed(user)
    browser(user_agent=IPHONE).sign_in(user, NEW)
    recover(user, [], {"actor": administrator, "ticket": "INC-8", "note": ""})
    assert Recovery.objects.latest("pk").waits_for_password
    assert not is_in_with(browser, user, NEW)


def test_another_report_while_the_steps_are_under_way_asks_for_a_password_that_is_known(
    browser: Any, user: Any, owner: Any, thief: Any
) -> None:
    report(browser, newest_link("not-me"))
    new = {"new_password1": NEW, "new_password2": NEW}
    steps(browser).post("/account/devices/recovery/password/", new)
    report_not_me(session=Session.objects.filter(device=device_of(thief)).latest("pk"))
    assert not Recovery.objects.get().waits_for_password, "nobody signed in there since"
    thief.sign_in(user, NEW)
    report_not_me(session=Session.objects.filter(device=device_of(thief)).latest("pk"))
    assert Recovery.objects.get().waits_for_password


def link_of_a_strangers_recovery(stranger: Any) -> str:
    open_recovery(
        user=stranger, since=timezone.now(), opened_by=Recovery.OpenedBy.MAIL, address=stranger.email
    )
    return newest_link("recovery", to=stranger.email)


@pytest.mark.parametrize("planted", ["before the report", "after it"])
def test_a_new_password_does_not_go_to_an_account_whose_link_was_planted(
    planted: str, user: Any, other_user: Any, owner: Any, thief: Any
) -> None:
    link = link_of_a_strangers_recovery(other_user)
    if planted == "before the report":
        owner.get(link)
    owner.post("/account/reauthenticate/", {"password": PASSWORD})
    owner.post(reverse("sessions_ui:not_mine", args=[device_of(thief).public_id]))
    if planted == "after it":
        owner.get(link)
    page = owner.get("/account/devices/recovery/").content.decode()
    assert "Account: a•••@people.example" in page
    new = {"new_password1": NEW, "new_password2": NEW}
    owner.post("/account/devices/recovery/password/", new)
    user.refresh_from_db()
    other_user.refresh_from_db()
    assert user.check_password(NEW) and not other_user.check_password(NEW)


def test_a_report_forgets_the_link_that_was_opened_before(
    browser: Any, other_user: Any, owner: Any, thief: Any
) -> None:
    client = browser()
    client.get(link_of_a_strangers_recovery(other_user))
    assert client.get("/account/devices/recovery/").status_code == 200
    client.post(newest_link("not-me"), {})
    assert client.get("/account/devices/recovery/").status_code == 410


def without_an_address(user: Any) -> None:
    EmailAddress.objects.all().delete()
    VerifiedAddress.objects.all().delete()
    User.objects.filter(pk=user.pk).update(email="")


def signs_in_by_name(client: Any, user: Any) -> None:
    """As on a host where people have one; on this site it is the address."""
    User.objects.filter(pk=user.pk).update(email=user.email)
    EmailAddress.objects.bulk_create([EmailAddress(user=user, email=user.email, verified=True, primary=True)])
    client.sign_in(user)
    without_an_address(user)
    assert client.get("/account/devices/").status_code == 200


def test_whoever_has_no_address_and_closes_the_browser_is_not_shut_out_by_the_own_report(
    browser: Any, user: Any, owner: Any, thief: Any
) -> None:
    without_an_address(user)
    owner.post("/account/reauthenticate/", {"password": PASSWORD})
    owner.post(reverse("sessions_ui:not_mine", args=[device_of(thief).public_id]))
    page = "/account/devices/recovery/"
    assert "We can’t email you" in owner.get(page).content.decode()
    assert thief.get("/account/devices/").status_code == 302
    owner.cookies.pop("sessionid")
    signs_in_by_name(owner, user)
    owner.post("/account/reauthenticate/", {"password": PASSWORD})
    same = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert owner.post(f"{page}password/", same).status_code == 422
    owner.post(f"{page}password/", {"new_password1": NEW, "new_password2": NEW})
    owner.post(f"{page}credentials/")
    assert Recovery.objects.get().closed_why == Recovery.ClosedWhy.DONE
    assert User.objects.get(pk=user.pk).check_password(NEW)


def test_whoever_knows_the_password_of_an_account_without_an_address_does_none_of_the_steps(
    user: Any, owner: Any, thief: Any
) -> None:
    without_an_address(user)
    report_not_me(session=Session.objects.filter(device=device_of(thief)).latest("pk"))
    signs_in_by_name(thief, user)
    thief.post("/account/reauthenticate/", {"password": PASSWORD})
    new = {"new_password1": NEW, "new_password2": NEW}
    assert thief.post("/account/devices/recovery/password/", new).status_code == 403
    assert thief.post("/account/devices/recovery/credentials/").status_code == 403
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


@pytest.fixture
def codes(user: Any, other_user: Any) -> Authenticator:
    for person in (user, other_user):
        RecoveryCodes.activate(person)
    Authenticator.objects.update(created_at=timezone.now() - LONG_AGO)
    return Authenticator.objects.get(user=user)


@pytest.mark.parametrize("read", [True, False])
def test_recovery_codes_that_were_read_since_the_report_are_at_risk(
    read: bool, user: Any, other_user: Any, codes: Authenticator, owner: Any, thief: Any
) -> None:
    """With the owner's own cookie, say, which was stolen."""
    RecoveryCodes(codes).validate_code(RecoveryCodes(codes).get_unused_codes()[0])
    if read:
        owner.post("/account/reauthenticate/", {"password": PASSWORD})
        shown = owner.get(reverse("mfa_download_recovery_codes"))
        assert len(shown.content.split()) == 9, "one was used"
    report_not_me(session=Session.objects.filter(device=device_of(thief)).latest("pk"))
    found = added_since(Recovery.objects.get(), user)
    assert [(str(one.credential.kind), one.ticked) for one in found] == [("recovery_codes", True)] * read
    codes.refresh_from_db()
    assert len(RecoveryCodes(codes).get_unused_codes()) == 9, "the one that was used stays used"
    assert "read_at" not in str(Authenticator.objects.get(user=other_user).data)
