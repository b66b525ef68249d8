"""A thief has an administrator's cookie, hours old, or the password. Nothing is done with it that anybody asked for."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.utils import timezone

from config.demo.factor import current_code
from tests.accounts.journeys import mailed_code
from tests.aging import age_sign_ins, long_ago
from tests.conftest import PASSWORD
from tests.models import Device, Endpoint, Event, Offboarding, Session
from tests.sessions_ui.web.administration.conftest import SECRET, asks, kept_in

pytestmark = pytest.mark.django_db
DEVICES = "/account/devices/"
NEW = "seven brown cows on a hill"


@pytest.fixture
def owner(administrator: Any, browser: Any) -> Any:
    """The administrator, who has had an authenticator app for long and signed in with it five hours ago."""
    TOTP.activate(administrator, SECRET)
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=30))
    client = browser()
    client.sign_in(administrator)
    client.post("/account/2fa/authenticate/", {"code": current_code(SECRET)})
    assert client.get("/admin/").status_code == 200
    age_sign_ins(administrator, timedelta(hours=5))
    return client


@pytest.fixture
def thief(owner: Any, browser: Any) -> Any:
    """The same browser in another hand: a copy of all its cookies."""
    client = browser()
    for name in ("sessionid", "__Host-device", "csrftoken"):
        if name in owner.cookies:
            client.cookies[name] = owner.cookies[name].value
    return client


@pytest.fixture
def ada(user: Any, browser: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


def test_a_cookie_of_hours_ago_changes_nobody(thief: Any, ada: Any, user: Any, administrator: Any) -> None:
    """Another one's password, rights and address, a superuser of the thief's own, the end of an account."""
    change = f"/admin/accounts/user/{user.pk}"
    before = get_user_model().objects.values().order_by("pk")
    rows = list(before)
    tries = {
        f"{change}/password/": {"usable_password": "true", "password1": NEW, "password2": NEW},
        f"{change}/change/": {"email": user.email, "is_active": "on", "is_staff": "on", "is_superuser": "on"},
        f"{change}/delete/": {"post": "yes"},
        "/admin/accounts/user/add/": {"email": "t@x.example", "usable_password": "false"},
        "/admin/accounts/user/": {"action": "delete_selected", "_selected_action": user.pk, "post": "yes"},
        "/admin/account/emailaddress/add/": {"user": user.pk, "email": "t@x.example", "verified": "on"},
        "/admin/password_change/": {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW},
    }
    for path, form in tries.items():
        assert asks(thief.post(path, form)), path
    assert list(before) == rows
    assert not EmailAddress.objects.filter(email="t@x.example").exists()
    assert ada.get(DEVICES).status_code == 200
    factor = Authenticator.objects.get(user=administrator)
    assert asks(thief.post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"}))
    assert Authenticator.objects.filter(pk=factor.pk).exists()


def test_a_cookie_of_hours_ago_changes_no_rights_endpoints_sessions_and_dates(
    thief: Any, ada: Any, user: Any, endpoint: Endpoint
) -> None:
    group = Group.objects.create(name="Editors")
    session, device = Session.objects.get(user=user), Device.objects.get(user=user)
    everything = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    was = Endpoint.objects.values().get()
    hook = "/admin/sessions_ui/endpoint"
    tomorrow = timezone.now() + timedelta(days=1)
    ends = {"action": "sign_out_users", "confirmed": "1", "note": "x"}
    tries = {
        f"/admin/auth/group/{group.pk}/change/": {"name": "Editors", "permissions": everything},
        f"{hook}/{endpoint.pk}/renew/": {},
        f"{hook}/{endpoint.pk}/switch/": {},
        f"{hook}/{endpoint.pk}/test/": {},
        f"{hook}/{endpoint.pk}/change/": {"url": "https://thief.example/", "types": ["sessions.ended"]},
        f"{hook}/add/": {"url": "https://thief.example/", "types": ["sessions.ended"]},
        "/admin/sessions_ui/session/": {**ends, "_selected_action": session.pk},
        "/admin/sessions_ui/device/": {**ends, "_selected_action": device.pk},
        "/admin/sessions_ui/packagecredential/": {"export": "1"},
        "/admin/sessions_ui/offboarding/add/": {
            "who": user.email,
            "ends_at_0": f"{tomorrow:%Y-%m-%d}",
            "ends_at_1": "08:00:00",
        },
    }
    for path, form in tries.items():
        answer = thief.post(path, form)
        assert asks(answer) and "whsec_" not in answer.content.decode(), path
    assert not group.permissions.exists()
    assert Endpoint.objects.values().get() == was
    assert not Offboarding.objects.exists()
    assert ada.get(DEVICES).status_code == 200


def test_a_cookie_of_hours_ago_changes_nothing_with_the_password_because_there_is_a_second_factor(
    thief: Any, user: Any
) -> None:
    path, form = f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"}
    kept = kept_in(thief.post(path, form))
    assert asks(thief.post(path, {**kept, "sessions_ui-password": PASSWORD}))
    assert asks(thief.post(path, {**form, "sessions_ui-answered": "1"}))
    assert get_user_model().objects.filter(pk=user.pk).exists()


def test_the_owner_shows_the_factor_and_goes_on_where_the_act_stopped(
    owner: Any, thief: Any, user: Any, ada: Any, administrator: Any
) -> None:
    session = Session.objects.get(user=user)
    path = "/admin/sessions_ui/session/"
    form = {"action": "sign_out_selected", "_selected_action": session.pk, "confirmed": "1", "note": "INC-7"}
    asked = owner.post(path, form)
    assert asks(asked) and ada.get(DEVICES).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):  # the app shows another code by then
        # In another tab of the same browser.
        page = owner.get("/account/second-factor/?next=/admin/", follow=True)
        assert page.status_code == 200
        owner.post(page.request["PATH_INFO"] + "?next=/admin/", {"code": current_code(SECRET)})
        assert owner.post(path, kept_in(asked)).status_code == 302
    assert ada.get(DEVICES).status_code == 302
    session.refresh_from_db()
    assert session.act is not None and session.act.note == "INC-7"
    confirmed = Event.objects.get(kind=Event.Kind.REAUTHENTICATED, user=administrator)
    assert confirmed.data["method"] == "totp"
    # The key was replaced: the copy of the cookie is of no use any more.
    answer = thief.post("/admin/auth/group/add/", {"name": "Thieves"})
    assert answer.status_code != 200 and not Group.objects.filter(name="Thieves").exists()


def test_reading_is_not_asked_for_again(owner: Any, user: Any) -> None:
    for path in ("/admin/", "/admin/accounts/user/", f"/admin/accounts/user/{user.pk}/change/"):
        assert owner.get(path).status_code == 200
    assert owner.get(f"/admin/accounts/user/{user.pk}/history/").status_code == 200


@pytest.fixture
def without_factor(administrator: Any, browser: Any) -> Any:
    """An administrator who has no second factor, on the device that the account began on, for weeks."""
    client = browser()
    client.sign_in(administrator)
    long_ago(administrator)
    return client


def test_a_thief_with_the_password_of_an_administrator_without_a_factor_changes_nobody(
    without_factor: Any, ada: Any, user: Any, administrator: Any, browser: Any
) -> None:
    thief = browser()
    thief.sign_in(administrator)
    path, form = f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"}
    asked = thief.post(path, form)
    assert asks(asked) and "Your password alone must not be enough" in asked.content.decode()
    assert asks(thief.post(path, {**kept_in(asked), "sessions_ui-password": PASSWORD}))
    assert asks(thief.get("/admin/password_change/"))
    assert get_user_model().objects.filter(pk=user.pk).exists()
    assert ada.get(DEVICES).status_code == 200
    # A factor of the thief's own: the guard of credentials refuses it, and a new one would not count.
    TOTP.activate(administrator, SECRET)
    thief.sign_in(administrator)
    thief.post("/account/2fa/authenticate/", {"code": current_code(SECRET)})
    assert asks(thief.post(path, form))


def test_an_administrator_without_a_factor_goes_on_with_a_mailed_code_on_a_new_laptop(
    without_factor: Any, administrator: Any, browser: Any
) -> None:
    laptop = browser()
    laptop.sign_in(administrator)
    asked = laptop.post("/admin/auth/group/add/", {"name": "Editors"})
    (way,) = re.findall(r'href="(/account/devices/prove/[^"]+)"', asked.content.decode())
    question = laptop.get(html.unescape(way))
    assert question.context["offers_code"] and not mail.outbox
    fields = {"act": question.context["act"]}
    laptop.post("/account/devices/prove/", {**fields, "again": "1"})
    proven = laptop.post("/account/devices/prove/", {**fields, "code": mailed_code(administrator)})
    assert proven.status_code == 302 and proven.url == "/admin/"
    assert laptop.post("/admin/auth/group/add/", kept_in(asked)).status_code == 302
    assert Group.objects.filter(name="Editors").exists()
    with time_machine.travel(timezone.now() + timedelta(minutes=50)):
        assert laptop.post("/admin/auth/group/add/", {"name": "Writers"}).status_code == 302, "for an hour"
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert asks(laptop.post("/admin/auth/group/add/", {"name": "Readers"}))


def test_on_a_device_of_long_the_password_is_enough(without_factor: Any) -> None:
    without_factor.post("/account/reauthenticate/", {"password": PASSWORD})
    assert without_factor.post("/admin/auth/group/add/", {"name": "Writers"}).status_code == 302
