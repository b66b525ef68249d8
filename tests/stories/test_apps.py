"""One person with two browsers and an app: what is signed out on a page is over in the app."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse

from tests.aging import settle
from tests.an_app import App
from tests.conftest import PASSWORD
from tests.models import Device, EndReason, Event, Session

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "seven brown cows on a hill"
PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"


@pytest.fixture
def laptop(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


@pytest.fixture
def tablet(browser: Any, user: Any) -> Any:
    client = browser(user_agent=PHONE)
    client.sign_in(user)
    return client


@pytest.fixture
def app(user: Any, laptop: Any, tablet: Any) -> App:
    phone = App()
    phone.sign_in(user)
    settle(user)
    return phone


def is_in(client: Any) -> bool:
    return bool(client.get(reverse("sessions_ui:devices")).status_code == 200)


def is_over(app: App, status: int = 410) -> bool:
    """The next request of the app is refused, in words of allauth's API."""
    answer = app.call("get", "account/email")
    body = answer.json()
    assert (answer.status_code, body["status"], bool(body["meta"]["is_authenticated"])) == (
        status,
        status,
        False,
    )
    assert {"id": "login"} in body["data"]["flows"] and "user" not in body["data"]
    return True


def act(client: Any, url: str) -> Any:
    """Press a button, and confirm with the password where that is asked for."""
    page = client.post(url, follow=True)
    if "password" in page.content.decode() and page.context and page.context.get("act"):
        page = client.post(
            reverse("sessions_ui:confirm"), {"act": page.context["act"], "password": PASSWORD}, follow=True
        )
    assert page.status_code == 200
    return page


def test_the_app_is_a_line_of_the_page_and_its_sign_out_leaves_the_browsers(
    app: App, laptop: Any, tablet: Any, user: Any
) -> None:
    page = laptop.get(reverse("sessions_ui:devices")).content.decode()
    assert "Example App on iPhone 15 Pro" in page
    device = app.session.device
    assert device is not None
    act(laptop, reverse("sessions_ui:sign_out_device", args=[device.public_id]))
    assert is_over(app)
    assert is_in(laptop) and is_in(tablet)
    session = Session.objects.get(device=device)
    assert session.end_reason == EndReason.SIGNED_OUT_REMOTELY and session.refused_at is not None
    page = laptop.get(reverse("sessions_ui:device", args=[device.public_id])).content.decode()
    assert "Example App" in page and "Signed out" in page


def test_signing_out_everywhere_signs_the_app_out(app: App, laptop: Any, tablet: Any) -> None:
    act(laptop, reverse("sessions_ui:sign_out_everywhere"))
    assert is_over(app)
    assert not is_in(tablet)


def test_signing_out_the_others_signs_the_app_out(app: App, laptop: Any, tablet: Any) -> None:
    act(laptop, reverse("sessions_ui:sign_out_others"))
    assert is_over(app)
    assert is_in(laptop) and not is_in(tablet)


def test_a_password_reset_signs_all_of_them_out_and_the_app_signs_in_again(
    app: App, laptop: Any, tablet: Any, user: Any, browser: Any
) -> None:
    before = app.session.device_id
    user.refresh_from_db()
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    answer = App().call("post", "auth/password/reset", {"key": key, "password": NEW_PASSWORD})
    assert answer.status_code in (200, 401)
    assert is_over(app)
    assert not is_in(laptop) and not is_in(tablet)
    reasons = set(Session.objects.of(user).values_list("end_reason", flat=True))
    assert reasons == {EndReason.PASSWORD_RESET}
    app.token = ""
    app.sign_in(user, NEW_PASSWORD)
    assert app.session.device_id == before


def test_the_app_signs_itself_out_and_nobody_else(app: App, laptop: Any, tablet: Any, user: Any) -> None:
    session = app.session
    assert app.call("delete", "auth/session").status_code == 401
    assert is_over(app)
    assert is_in(laptop) and is_in(tablet)
    event = Event.objects.get(kind=Event.Kind.ENDED, session=session)
    assert event.actor_id == user.pk


def test_a_new_password_in_the_app_keeps_the_app_alone(app: App, laptop: Any, tablet: Any, user: Any) -> None:
    Device.objects.filter(user=user).update(from_start=False)
    answer = app.call(
        "post", "account/password/change", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    )
    assert answer.status_code == 200
    assert app.call("get", "auth/session").status_code == 200
    assert not is_in(laptop) and not is_in(tablet)
