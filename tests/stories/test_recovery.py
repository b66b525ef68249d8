"""Somebody has the password and adds ways in of their own; the owner says "This wasn't me", and gets the account back.

What the thief does to the account is written without signals, as by a way that nobody thought of: what keeps a thief
from it is tested elsewhere, and here it has happened.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.utils import timezone

from accounts.models import User, VerifiedAddress
from config.demo.factor import current_code
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.recovery.expire import expire_recoveries
from sessions_ui.actions.trusted_addresses import recovers_by
from sessions_ui.delivery import deliver_due
from tests.conftest import PASSWORD
from tests.models import AccountState, Delivery, EndReason, Event, Recovery, Session, VerificationCode
from tests.passkeys import Passkey

pytestmark = pytest.mark.django_db

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0"
NEW = "a horse of another colour"
EVIL = "evil@elsewhere.example"
PAGE = "/account/devices/recovery/"
LONG_AGO = timedelta(days=90)


@pytest.fixture
def owner(browser: Any, user: Any) -> Any:
    VerifiedAddress.objects.filter(user=user).update(verified_at=timezone.now() - LONG_AGO)
    client = browser()
    client.sign_in(user)
    return client


@pytest.fixture
def old_passkey(user: Any, thief: Any) -> Passkey:
    """Of a way in that the owner had before, and that the thief somehow did without."""
    return Passkey(user, "The owner's", timezone.now() - LONG_AGO)


@pytest.fixture
def thief(browser: Any, user: Any, owner: Any) -> Any:
    client = windows(browser)
    client.sign_in(user)
    return client


@pytest.fixture
def alert(thief: Any) -> str:
    """The path of the link in the mail that the owner got about the thief's sign-in."""
    return newest_link("not-me")


def windows(browser: Any) -> Any:
    return browser(user_agent=WINDOWS, address="89.160.20.112")


def newest_link(name: str, *, to: str = "") -> str:
    """The path of such a link in the newest mail that has one, to this address."""
    deliver_due()
    for message in reversed(mail.outbox):
        found = re.search(rf"https://devices\.example(/account/devices/{name}/[^/\s]{{20,}}/)", message.body)
        if found and to in ("", *message.to):
            return found[1]
    raise AssertionError(f"no mail to {to or 'anybody'} has such a link")


def report(browser: Any, link: str, **fields: str) -> Any:
    return browser().post(link, fields)


def steps(browser: Any, *, to: str = "") -> Any:
    """A browser that is signed in nowhere, with the link to the steps open."""
    client = browser()
    assert client.get(newest_link("recovery", to=to)).url == PAGE
    return client


def ticked(html: str) -> list[str]:
    return re.findall(r'name="credential" value="([^"]+)" checked', html)


def listed(html: str) -> list[str]:
    return re.findall(r'name="credential" value="([^"]+)"', html)


def finish(client: Any, *, password: str = NEW) -> str:
    """Do what the page proposes; returns it as it is then."""
    html = client.get(PAGE).content.decode()
    if "new_password1" in html:
        client.post(f"{PAGE}password/", {"new_password1": password, "new_password2": password})
    client.post(f"{PAGE}credentials/", {"credential": ticked(html)})
    return str(client.get(PAGE).content.decode())


def is_in(client: Any) -> bool:
    return client.get("/account/devices/").status_code == 200


def refused(response: Any) -> bool:
    """Whether a sign-in led nowhere."""
    return response.status_code == 302 and response.url.startswith("/account/login/")


def try_password(client: Any, user: Any, password: str = PASSWORD) -> Any:
    return client.post("/account/login/", {"login": user.email, "password": password})


def test_the_thiefs_passkey_signs_in_neither_before_nor_after_and_the_owners_stays(
    browser: Any, user: Any, owner: Any, old_passkey: Passkey, thief: Any, alert: str
) -> None:
    """H2 as it is told: a passkey is added, everything is ended, the password is reset, and the thief is in again."""
    theirs = Passkey(user, "My laptop", timezone.now())
    assert report(browser, alert, everywhere="on").status_code == 200
    assert not is_in(thief) and not is_in(owner)
    again = windows(browser)
    assert refused(theirs.sign_in(again)) and not is_in(again)
    here = browser()
    old_passkey.sign_in(here)
    assert is_in(here), "what was there before goes on working"

    client = steps(browser)
    html = client.get(PAGE).content.decode()
    assert "My laptop" in html and "The owner" not in html
    assert "Your account is yours again" in finish(client)
    assert [row.wrap().name for row in Authenticator.objects.filter(user=user)] == ["The owner's"]
    theirs.sign_in(again)
    assert not is_in(again)
    here = browser()
    old_passkey.sign_in(here)
    assert is_in(here)
    user.refresh_from_db()
    assert user.check_password(NEW)


def is_in_with(browser: Any, user: Any, password: str) -> bool:
    client = browser()
    try_password(client, user, password)
    return is_in(client)


def test_the_thiefs_authenticator_app_does_not_lock_the_owner_out(
    browser: Any, user: Any, thief: Any, alert: str
) -> None:
    data = {"secret": generate_totp_secret()}
    Authenticator.objects.bulk_create([Authenticator(user=user, type="totp", data=data)])
    report(browser, alert)
    finish(steps(browser))
    assert is_in_with(browser, user, NEW)


def test_the_owners_authenticator_app_is_asked_for_as_before(
    browser: Any, user: Any, owner: Any, thief: Any, alert: str
) -> None:
    secret = generate_totp_secret()
    row = Authenticator(user=user, type="totp", data={"secret": secret}, created_at=timezone.now() - LONG_AGO)
    Authenticator.objects.bulk_create([row])
    report(browser, alert)
    html = finish(steps(browser))
    assert "Your account is yours again" in html
    here = browser()
    try_password(here, user, NEW)
    assert not is_in(here)
    here.post("/account/2fa/authenticate/", {"code": current_code(secret)})
    assert is_in(here)


def take_over(user: Any) -> None:
    """As H3 tells it: another address, made the main one, the owner's removed, another password."""
    EmailAddress.objects.bulk_create([EmailAddress(user=user, email=EVIL, verified=True, primary=False)])
    VerifiedAddress.objects.create(user=user, email=EVIL, verified_at=timezone.now())
    EmailAddress.objects.filter(user=user).exclude(email=EVIL).delete()
    # A session did that, and none that vouches for itself.
    VerifiedAddress.objects.filter(user=user).exclude(email=EVIL).update(removed_by_settled=False)
    EmailAddress.objects.filter(email=EVIL).update(primary=True)
    User.objects.filter(pk=user.pk).update(email=EVIL, password=make_password("the thief's own"))


def test_an_account_whose_address_was_taken_comes_back_through_the_former_one(
    browser: Any, user: Any, owner: Any, thief: Any, alert: str
) -> None:
    former = user.email
    take_over(user)
    assert report(browser, alert).status_code == 200
    client = steps(browser, to=former)
    user.refresh_from_db()
    assert not is_in_with(browser, user, "the thief's own"), "it is void at once"

    # The thief asks for a new one. The link to the steps goes to the owner instead, and to nobody else.
    mail.outbox.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        windows(browser).post("/account/password/reset/", {"email": EVIL})
        deliver_due()
    assert [message.to for message in mail.outbox] == [[former]]
    assert "/password/reset/key/" not in mail.outbox[0].body

    html = client.get(PAGE).content.decode()
    assert EVIL in html and former not in html
    finish(client)
    user.refresh_from_db()
    assert user.email == former
    rows = EmailAddress.objects.filter(user=user)
    assert [(row.email, row.verified, row.primary) for row in rows] == [(former, True, True)]
    assert is_in_with(browser, user, NEW)
    windows(browser).post("/account/password/reset/", {"email": EVIL})
    deliver_due()
    assert not any("/password/reset/key/" in message.body for message in mail.outbox)


def test_a_reset_link_that_the_thief_has_kept_sets_no_password(
    browser: Any, user: Any, thief: Any, alert: str
) -> None:
    thief.post("/account/password/reset/", {"email": user.email})
    path = next(
        found[0]
        for message in mail.outbox
        if (found := re.search(r"/account/password/reset/key/\S+", message.body))
    )
    report(browser, alert)
    here = windows(browser)
    form = here.get(path, follow=True)
    response = here.post(form.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    assert response.status_code == 403 and "being secured" in response.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert AccountState.objects.get(pk=user.pk).password_required_at is not None


def test_nobody_changes_how_the_account_is_signed_in_to_before_it_is_back(
    browser: Any, user: Any, owner: Any, thief: Any, alert: str
) -> None:
    """The thief has another session left, older than the one that was reported."""
    report(browser, alert)
    assert is_in(owner)
    owner.post("/account/reauthenticate/", {"password": PASSWORD})
    added = owner.post("/account/email/", {"action_add": "", "email": "one-more@elsewhere.example"})
    assert added.status_code == 403
    html = added.content.decode()
    assert "being secured" in html and PAGE in html
    changed = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert owner.post("/account/password/change/", changed).status_code == 403
    answer = owner.post(
        "/account/password/change/", changed, headers={"Accept": "application/json", "X-Requested-With": ""}
    )
    assert answer.status_code == 403 and answer.json()["type"] == "urn:sessions-ui:account-frozen"
    assert not EmailAddress.objects.filter(email__startswith="one-more").exists()


def test_recovery_codes_that_the_thief_made_go(browser: Any, user: Any, thief: Any, alert: str) -> None:
    data = {"secret": generate_totp_secret()}
    mine = Authenticator(user=user, type="totp", data=data, created_at=timezone.now() - LONG_AGO)
    codes = Authenticator(user=user, type="recovery_codes", data={"seed": "seed", "used_mask": 0})
    Authenticator.objects.bulk_create([mine, codes])
    report(browser, alert)
    finish(steps(browser))
    assert list(Authenticator.objects.filter(user=user).values_list("type", flat=True)) == ["totp"]


def test_an_address_that_nobody_confirmed_goes_because_mail_to_it_resets_the_password(
    browser: Any, user: Any, thief: Any, alert: str
) -> None:
    EmailAddress.objects.bulk_create([EmailAddress(user=user, email=EVIL, verified=False)])
    report(browser, alert)
    client = steps(browser)
    assert len(ticked(client.get(PAGE).content.decode())) == 1
    finish(client)
    assert [row.email for row in EmailAddress.objects.filter(user=user)] == [user.email]


def test_what_is_unticked_stays(browser: Any, user: Any, thief: Any, alert: str) -> None:
    mine = Passkey(user, "Mine", timezone.now())
    report(browser, alert)
    client = steps(browser)
    client.post(f"{PAGE}password/", {"new_password1": NEW, "new_password2": NEW})
    client.post(f"{PAGE}credentials/", {})
    here = browser()
    mine.sign_in(here)
    assert is_in(here)


def test_what_was_there_before_cannot_be_chosen(
    browser: Any, user: Any, old_passkey: Passkey, thief: Any, alert: str
) -> None:
    report(browser, alert)
    client = steps(browser)
    pk = Authenticator.objects.get(user=user).pk
    client.post(f"{PAGE}credentials/", {"credential": [f"passkey:{pk}"]})
    assert Authenticator.objects.filter(pk=pk).exists()


def test_a_case_that_nobody_finishes_ends_as_it_was_ticked(
    browser: Any, user: Any, old_passkey: Passkey, owner: Any, thief: Any, alert: str
) -> None:
    theirs = Passkey(user, "My laptop", timezone.now())
    take_over(user)
    report(browser, alert)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert expire_recoveries() == 1
        assert expire_recoveries() == 0
        case = Recovery.objects.get()
        assert case.closed_why == Recovery.ClosedWhy.EXPIRED
        assert [row.wrap().name for row in Authenticator.objects.filter(user=user)] == ["The owner's"]
        user.refresh_from_db()
        assert user.email != EVIL and not EmailAddress.objects.filter(email=EVIL).exists()
        again = windows(browser)
        theirs.sign_in(again)
        assert not is_in(again)
        assert not is_in_with(browser, user, "the thief's own"), "a void password does not come back"
        state = AccountState.objects.get(pk=user.pk)
        assert (state.recovering_since, state.frozen_until) == (None, None)


def test_two_reports_are_one_case_and_the_earlier_sign_in_counts(
    browser: Any, user: Any, owner: Any, thief: Any, alert: str
) -> None:
    first = Session.objects.latest("pk")
    other = browser(
        user_agent=WINDOWS.replace("Windows NT 10.0", "X11; CrOS x86_64"), address="89.160.20.112"
    )
    other.sign_in(user)
    second = newest_link("not-me")
    assert second != alert
    report(browser, second)
    case = Recovery.objects.get()
    assert case.since > first.signed_in_at
    ends = case.expires_at
    report(browser, alert)
    case = Recovery.objects.get()
    assert (case.since, case.expires_at) == (first.signed_in_at, ends)
    assert Event.objects.filter(kind=Event.Kind.RECOVERY_OPENED).count() == 2


def test_a_sign_in_that_was_dealt_with_opens_no_second_case_and_voids_no_new_password(
    browser: Any, user: Any, owner: Any, thief: Any, alert: str
) -> None:
    other = browser(
        user_agent=WINDOWS.replace("Windows NT 10.0", "X11; CrOS x86_64"), address="89.160.20.112"
    )
    other.sign_in(user)
    second = newest_link("not-me")
    report(browser, alert)
    finish(steps(browser))
    html = report(browser, second).content.decode()
    assert "dealt with" in html
    assert Recovery.objects.count() == 1
    assert is_in_with(browser, user, NEW)


def test_the_link_in_the_alert_works_once_and_the_one_to_the_steps_until_they_are_done(
    browser: Any, user: Any, thief: Any, alert: str
) -> None:
    report(browser, alert)
    assert report(browser, alert).status_code == 410
    client = steps(browser)
    finish(client)
    for step in ("password", "credentials"):
        data = {"new_password1": "yet another one 7", "new_password2": "yet another one 7"}
        assert client.post(f"{PAGE}{step}/", data).status_code == 302
    assert is_in_with(browser, user, NEW)


def test_the_alert_sets_no_password_whoever_it_was_passed_on_to(
    browser: Any, user: Any, thief: Any, alert: str
) -> None:
    """It is up to a week old, and people show it to others. What sets one is mailed to the owner now."""
    client = browser()
    html = client.post(alert).content.decode()
    assert "new_password1" not in html and user.email not in html
    assert client.get(PAGE).status_code == 410
    data = {"new_password1": NEW, "new_password2": NEW}
    assert client.post(f"{PAGE}password/", data).status_code == 410
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_removed_address_ends_sessions_and_does_nothing_else(
    browser: Any, user: Any, owner: Any, thief: Any, alert: str
) -> None:
    """The owner's own doing: who reads that mailbox by now may be anybody."""
    former = "former@elsewhere.example"
    VerifiedAddress.objects.create(
        user=user,
        email=former,
        verified_at=timezone.now() - LONG_AGO,
        removed_at=timezone.now(),
        removed_by_settled=True,
    )
    Delivery.objects.filter(link_used_at__isnull=True).update(receiver=former)
    html = report(browser, alert, everywhere="on").content.decode()
    assert "no longer belongs to the account" in html
    assert not is_in(thief)
    assert not Recovery.objects.exists()
    assert is_in_with(browser, user, PASSWORD)


def test_a_thief_does_not_void_the_owners_password_by_a_report(
    browser: Any, user: Any, owner: Any, thief: Any
) -> None:
    """Though the thief's session is older than the one that it reports."""
    Session.objects.filter(device__system="Linux").update(ended_at=timezone.now(), end_reason="signed_out")
    here = browser()
    here.sign_in(user)
    theirs = Session.objects.latest("pk")
    url = f"/account/devices/{theirs.device.public_id}/not-mine/"
    html = thief.post(url, follow=True).content.decode()
    assert "One more step" in html
    assert not Recovery.objects.exists() and is_in(here)
    assert is_in_with(browser, user, PASSWORD)


def test_a_stolen_session_sees_nothing_of_the_steps_and_does_none(
    browser: Any, user: Any, owner: Any, thief: Any, alert: str
) -> None:
    """A session that was there before goes on living; it has to prove more before it decides who gets in."""
    Passkey(user, "My laptop", timezone.now())
    report(browser, alert)
    html = owner.get(PAGE).content.decode()
    assert "First confirm it’s you" in html and "My laptop" not in html and "new_password1" not in html
    data = {"new_password1": NEW, "new_password2": NEW}
    assert owner.post(f"{PAGE}password/", data).status_code == 403
    assert owner.post(f"{PAGE}credentials/").status_code == 403
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert "One more step" in owner.post(f"{PAGE}prove/").content.decode()


def test_the_thief_reads_on_the_screen_only_that_the_account_is_made_safe(
    browser: Any, user: Any, thief: Any, alert: str
) -> None:
    theirs = Passkey(user, "My laptop", timezone.now())
    report(browser, alert)
    client = windows(browser)
    response = theirs.sign_in(client)
    assert response.headers["Session-Ended"] == EndReason.RECOVERING
    assert "being secured" in client.get("/account/login/").content.decode()


def test_what_the_steps_take_away_recovers_nothing_whatever_session_does_them(
    browser: Any, user: Any, owner: Any, thief: Any, alert: str
) -> None:
    """A session that is not settled, but has proved more: its own removals would let the thief's address back in."""
    EmailAddress.objects.create(user=user, email=EVIL, verified=True)
    report(browser, alert)
    owner.post("/account/reauthenticate/", {"password": PASSWORD})
    assert "One more step" in owner.post(f"{PAGE}prove/").content.decode()
    VerificationCode.objects.filter(user=user).update(given_at=timezone.now())
    finish(owner)
    assert Recovery.objects.get().closed_why == Recovery.ClosedWhy.DONE
    gone = VerifiedAddress.objects.get(user=user, email=EVIL)
    assert gone.removed_at is not None and not gone.recovers
    assert recovers_by(user, EVIL) is False


def test_what_the_sweep_takes_away_is_told_in_one_mail(
    browser: Any, user: Any, thief: Any, alert: str
) -> None:
    for name in ("One", "Two", "Three"):
        Passkey(user, name, timezone.now())
    report(browser, alert)
    deliver_due()
    mail.outbox.clear()
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        expire_recoveries()
        deliver_due()
    (changes,) = [message for message in mail.outbox if "passkey" in message.body]
    assert changes.to == [user.email] and changes.body.count("A passkey was removed") == 3
    assert Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED).count() == 3


def test_a_reset_that_was_ordered_before_leads_to_the_steps_and_there_is_no_second_way(
    browser: Any, user: Any, owner: Any, thief: Any, alert: str
) -> None:
    require_new_password(user=user, reason=EndReason.HELP_DESK, actor=None)
    ordered = newest_link("choose-password")
    report(browser, alert)
    deliver_due()
    mail.outbox.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        html = browser().post(ordered).content.decode()
        assert "address used to recover the account" in html
        deliver_due()
    assert not any("/password/reset/key/" in message.body for message in mail.outbox)
    assert "Your account is yours again" in finish(steps(browser))
    assert browser().get(ordered).status_code == 410, "no new password is required any more"


def test_a_new_password_that_is_ordered_meanwhile_is_chosen_in_the_steps(
    browser: Any, user: Any, owner: Any, thief: Any, alert: str
) -> None:
    report(browser, alert)
    client = steps(browser)
    client.post(f"{PAGE}password/", {"new_password1": NEW, "new_password2": NEW})
    deliver_due()
    mail.outbox.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        require_new_password(user=user, reason=EndReason.HELP_DESK, actor=None)
        deliver_due()
        assert not any("choose-password" in message.body for message in mail.outbox)
        again = steps(browser)
        assert "new_password1" in again.get(PAGE).content.decode()
        finish(again, password="and a cart of another")
        assert is_in_with(browser, user, "and a cart of another")
