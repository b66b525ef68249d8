"""Webhook endpoints in the admin: the secret is seen once, and who may only look does nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone

from sessions_ui.actions.webhooks.endpoints import save_endpoint
from tests.models import Delivery, Endpoint, Event, Session

pytestmark = pytest.mark.django_db

LIST = "/admin/sessions_ui/endpoint/"
FORM = {"url": "https://hooks.example/devices", "description": "SIEM", "types": ["sessions.ended"]}


@pytest.fixture
def viewer(browser: Any, agent: Any) -> Any:
    agent.groups.clear()
    codenames = ["view_endpoint", "view_delivery"]
    agent.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    client = browser()
    client.force_login(agent)
    return client


def secret_on(response: Any) -> str:
    [secret] = re.findall(r"whsec_[A-Za-z0-9+/=]+", response.content.decode())
    return secret


def test_the_format_is_chosen_with_a_new_one_and_stays(admin: Any) -> None:
    page = admin.get(f"{LIST}add/").content.decode()
    assert "Standard Webhooks" in page and "WorkOS format" in page
    refused = admin.post(
        f"{LIST}add/", {**FORM, "format": "workos", "types": ["sessions.ended", "device.lost"]}
    )
    assert "This format has no message about: device.lost." in refused.content.decode()
    assert admin.post(f"{LIST}add/", {**FORM, "format": "nothing"}).status_code == 200
    assert not Endpoint.objects.exists()
    admin.post(f"{LIST}add/", {**FORM, "format": "workos"})
    endpoint = Endpoint.objects.get()
    assert endpoint.format == "workos"
    url = f"{LIST}{endpoint.pk}/change/"
    assert "WorkOS format" in admin.get(url).content.decode()
    admin.post(url, {**FORM, "format": "standard", "description": "Other"})
    endpoint.refresh_from_db()
    assert (endpoint.format, endpoint.description) == ("workos", "Other")
    refused = admin.post(url, {**FORM, "types": ["session.not_me"]})
    assert "This format has no message about: session.not_me." in refused.content.decode()


def whats() -> list[str]:
    events = Event.objects.filter(kind=Event.Kind.ENDPOINT_CHANGED).order_by("pk")
    return [event.data["what"] for event in events]


@pytest.mark.control("NHI2:2025")
def test_a_new_one_shows_its_secret_once(admin: Any, administrator: Any) -> None:
    response = admin.post(f"{LIST}add/", FORM)
    secret = secret_on(response)
    assert "no-store" in response["Cache-Control"]
    endpoint = Endpoint.objects.get()
    assert endpoint.secrets(timezone.now()) == [secret]
    assert (endpoint.types, endpoint.created_by_id, endpoint.addresses) == (
        ["sessions.ended"],
        administrator.pk,
        False,
    )
    for page in (LIST, f"{LIST}{endpoint.pk}/change/", f"{LIST}{endpoint.pk}/history/"):
        assert "whsec_" not in admin.get(page).content.decode()
    assert whats() == ["created"]
    kept = [
        *LogEntry.objects.values_list("change_message", "object_repr"),
        *Event.objects.values_list("data"),
    ]
    assert secret not in str(kept)
    assert secret not in "".join(Session.objects.values_list("payload", flat=True))


def test_changing_it_changes_neither_secret_nor_state(admin: Any, endpoint: Endpoint) -> None:
    before = Endpoint.objects.values("secret", "disabled_at", "created_at").get()
    response = admin.post(
        f"{LIST}{endpoint.pk}/change/", {**FORM, "types": ["device.lost"], "addresses": "on"}
    )
    assert response.status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.types, endpoint.addresses) == (["device.lost"], True)
    assert Endpoint.objects.values("secret", "disabled_at", "created_at").get() == before
    assert whats() == ["created", "changed"]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/",
        "https://user:password@hooks.example/",
        "https://hooks.example/#here",
        "ftp://hooks.example/",
        "hooks.example",
        "https://hooks.example/a b",
        "https://[::1",
        "",
    ],
)
def test_an_address_that_cannot_be_good_is_refused_in_the_form(url: str, admin: Any) -> None:
    response = admin.post(f"{LIST}add/", {**FORM, "url": url})
    assert response.status_code == 200 and response.context["adminform"].form.errors["url"]
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://hooks.example:6379/", "Webhooks may go to these ports only: 443."),
        ("https://hooks.example:0/", "Webhooks may go to these ports only: 443."),
        ("https://[bad/", "Enter a valid URL."),
        ("https://192.0.0.8/", "in a network that webhooks may not go to"),
        ("https://[3fff::1]/", "in a network that webhooks may not go to"),
    ],
)
def test_the_form_says_what_is_wrong_with_an_address(url: str, why: str, admin: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "WEBHOOK_PORTS": [443]}
    response = admin.post(f"{LIST}add/", {**FORM, "url": url})
    assert why in str(response.context["adminform"].form.errors["url"])


def test_an_address_that_somebody_has_saved_without_the_form_breaks_no_page(
    admin: Any, endpoint: Endpoint
) -> None:
    Endpoint.objects.update(url="https://[bad/", description="")
    assert "https://[bad/" in admin.get(LIST).content.decode()


def test_a_test_message_is_sent_the_way_of_all_others(admin: Any, endpoint: Endpoint) -> None:
    response = admin.post(f"{LIST}{endpoint.pk}/test/")
    delivery = Delivery.objects.get()
    assert (delivery.endpoint_id, delivery.channel, delivery.act_id, delivery.event_id) == (
        endpoint.pk,
        "webhook",
        None,
        None,
    )
    assert response.url == f"/admin/sessions_ui/delivery/{delivery.pk}/change/"
    assert "SIEM" in admin.get(response.url).content.decode()
    assert whats() == ["created", "tried out"]


def test_a_new_secret_is_shown_once_and_the_former_one_signs_on_for_a_day(
    admin: Any, endpoint: Endpoint
) -> None:
    [former] = endpoint.secrets(timezone.now())
    secret = secret_on(admin.post(f"{LIST}{endpoint.pk}/renew/"))
    endpoint.refresh_from_db()
    assert endpoint.secrets(timezone.now()) == [secret, former]
    assert endpoint.secrets(timezone.now() + timedelta(hours=25)) == [secret]
    assert (
        "The former secret signs as well until" in admin.get(f"{LIST}{endpoint.pk}/change/").content.decode()
    )


def test_an_endpoint_is_switched_off_and_on_but_never_deleted(
    admin: Any, endpoint: Endpoint, administrator: Any
) -> None:
    admin.post(f"{LIST}{endpoint.pk}/switch/")
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None
    assert "Switched off: by an administrator" in admin.get(LIST).content.decode()
    admin.post(f"{LIST}{endpoint.pk}/switch/")
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    assert whats() == ["created", "switched off", "switched on"]
    assert set(Event.objects.values_list("actor_id", flat=True)) >= {administrator.pk}
    assert admin.post(f"{LIST}{endpoint.pk}/delete/", {"post": "yes"}).status_code == 403


def test_whoever_may_only_look_sees_it_and_does_nothing(viewer: Any, endpoint: Endpoint) -> None:
    before = Endpoint.objects.values().get()
    page = viewer.get(f"{LIST}{endpoint.pk}/change/")
    assert page.status_code == 200 and "hooks.example" in page.content.decode()
    assert "Create a new secret" not in page.content.decode()
    for act in ("test", "renew", "switch"):
        assert viewer.post(f"{LIST}{endpoint.pk}/{act}/").status_code == 403
    assert viewer.post(f"{LIST}{endpoint.pk}/change/", FORM).status_code == 403
    assert viewer.post(f"{LIST}add/", FORM).status_code == 403
    assert Endpoint.objects.values().get() == before and not Delivery.objects.exists()


def test_looking_changes_nothing(admin: Any, endpoint: Endpoint) -> None:
    for act in ("test", "renew", "switch"):
        assert admin.get(f"{LIST}{endpoint.pk}/{act}/").status_code == 302
    assert admin.post(f"{LIST}999/test/").status_code == 404


def test_the_log_is_filtered_by_endpoint_and_told_again_from_there(admin: Any, endpoint: Endpoint) -> None:
    other = Endpoint(url="https://other.example/", types=[])
    save_endpoint(endpoint=other, actor=None)
    for receiver in (endpoint, endpoint, other):
        Delivery.objects.create(
            endpoint=receiver, channel="webhook", receiver="x", attempts=3, done_at=timezone.now()
        )
    page = admin.get("/admin/sessions_ui/delivery/", {"endpoint": endpoint.pk})
    assert page.context["cl"].result_count == 2
    assert f"?endpoint={endpoint.pk}" in admin.get(f"{LIST}{endpoint.pk}/change/").content.decode()
    [first, *_] = Delivery.objects.all()
    admin.post("/admin/sessions_ui/delivery/", {"action": "retry", "_selected_action": [first.pk]})
    first.refresh_from_db()
    assert (first.done_at, first.attempts) == (None, 0)
    assert Delivery.objects.filter(done_at=None).count() == 1


@pytest.mark.parametrize("value", ["x", "", "9" * 30, "-1"])
def test_a_filter_that_makes_no_sense_is_no_crash(value: str, admin: Any, endpoint: Endpoint) -> None:
    assert admin.get("/admin/sessions_ui/delivery/", {"endpoint": value}).status_code == 200
