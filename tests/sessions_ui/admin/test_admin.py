"""The admin: everything to look at, nothing to edit, nothing secret."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.admin.base import CappedPaginator
from tests.conftest import PASSWORD
from tests.models import Act, Delivery, Device, Event, Heartbeat, Session

MODELS = ["session", "device", "event", "delivery", "act"]
LIST = "/admin/sessions_ui/session/"


def allow(user: Any, *codenames: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))


@pytest.fixture
def ada(browser: Any, user: Any) -> Any:
    client = browser(address="89.160.20.113")
    client.sign_in(user)
    return client


@pytest.fixture
def admin(browser: Any, administrator: Any) -> Any:
    client = browser(address="2.125.160.217")
    client.force_login(administrator)
    return client


@pytest.fixture
def viewer(browser: Any, agent: Any) -> Any:
    """Staff who may look at all of it and do nothing."""
    agent.groups.clear()
    allow(agent, *(f"view_{model}" for model in MODELS))
    client = browser(address="216.160.83.57")
    client.force_login(agent)
    return client


@pytest.fixture
def delivery(user: Any) -> Delivery:
    act = Act.objects.create(reason="administrator", note="lost it")
    return Delivery.objects.create(act=act, user=user, channel="mail", receiver=user.email)


def rows(client: Any, **query: str) -> int:
    return client.get(LIST, query).context["cl"].result_count


def test_a_sign_in_is_listed_with_device_place_and_state(admin: Any, ada: Any, user: Any) -> None:
    html = admin.get(LIST).content.decode()
    for text in (user.email, "Firefox on Linux", "Linköping, Sweden", "89.160.20.113"):
        assert text in html, text


@pytest.mark.parametrize("model", MODELS)
def test_nobody_adds_changes_or_deletes(admin: Any, ada: Any, delivery: Delivery, model: str) -> None:
    first = {"session": Session, "device": Device, "event": Event, "delivery": Delivery, "act": Act}[model]
    pk = first.objects.order_by("pk").filter(**({"user__isnull": False} if model == "session" else {}))[0].pk
    base = f"/admin/sessions_ui/{model}/"
    assert admin.get(base).status_code == 200
    assert admin.get(f"{base}{pk}/change/").status_code == 200
    assert admin.get(f"{base}add/").status_code == 403
    assert admin.get(f"{base}{pk}/delete/").status_code == 403
    assert admin.post(f"{base}{pk}/change/", {"name": "x"}).status_code == 403
    answer = admin.post(base, {"action": "delete_selected", "_selected_action": [pk], "post": "yes"})
    assert answer.status_code in (200, 302)
    assert first.objects.filter(pk=pk).exists()


def test_no_secret_is_shown_anywhere(admin: Any, ada: Any, delivery: Delivery) -> None:
    ada.post("/account/devices/sign-out-others/")
    pages = [f"/admin/sessions_ui/{model}/" for model in MODELS]
    pages += [f"{LIST}{pk}/change/" for pk in Session.objects.values_list("pk", flat=True)]
    pages += [f"/admin/sessions_ui/device/{pk}/change/" for pk in Device.objects.values_list("pk", flat=True)]
    pages += [f"/admin/sessions_ui/event/{pk}/change/" for pk in Event.objects.values_list("pk", flat=True)]
    html = "".join(admin.get(page, follow=True).content.decode() for page in pages)
    secrets = {client.cookies["sessionid"].value for client in (admin, ada)}
    for session in Session.objects.all():
        secrets |= {session.digest, session.auth_hash, session.payload}
    secrets |= set(Device.objects.values_list("cookie_digest", flat=True))
    shown = [secret for secret in secrets if secret and secret in html]
    assert not shown
    assert not re.search(r"\b[0-9a-f]{64}\b", html)


def test_search_is_exact(admin: Any, ada: Any, user: Any) -> None:
    assert rows(admin, q=user.email) == 1
    assert rows(admin, q=user.email.upper()) == 1
    assert rows(admin, q="89.160.20.113") == 1
    assert rows(admin, q=Session.objects.get(user=user).public_id) == 1
    for part in ("ada", "@", "people.example", "89.160.20", "%", "89.160.20.11"):
        assert rows(admin, q=part) == 0, part


def test_an_address_is_found_in_any_way_to_write_it(admin: Any, ada: Any, user: Any) -> None:
    Session.objects.filter(user=user).update(address="2001:db8::1")
    assert rows(admin, q="2001:0db8:0:0:0:0:0:1") == 1


@pytest.mark.parametrize("model", MODELS)
def test_every_list_can_be_searched(admin: Any, delivery: Delivery, model: str) -> None:
    assert admin.get(f"/admin/sessions_ui/{model}/", {"q": "nobody@people.example"}).status_code == 200


@pytest.mark.parametrize("state", ["living", "ended", "expired"])
def test_filter_by_state(admin: Any, ada: Any, user: Any, state: str) -> None:
    session = Session.objects.get(user=user)
    if state == "ended":
        Session.objects.filter(pk=session.pk).update(ended_at=timezone.now(), end_reason="signed_out")
    if state == "expired":
        Session.objects.filter(pk=session.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    found = admin.get(LIST, {"state": state, "q": user.email}).context["cl"]
    assert [row.pk for row in found.result_list] == [session.pk]


def test_more_rows_cost_no_more_statements(admin: Any, ada: Any, user: Any, delivery: Delivery) -> None:
    def statements() -> list[int]:
        counts = []
        for model in MODELS:
            with CaptureQueriesContext(connection) as queries:
                admin.get(f"/admin/sessions_ui/{model}/")
            counts.append(len(queries))
        return counts

    few = statements()
    now = timezone.now()
    for number in range(20):
        device = Device.objects.create(user=user)
        session = Session.objects.create(
            user=user, device=device, digest=str(number), signed_in_at=now, expires_at=now + timedelta(days=1)
        )
        Event.objects.create(kind="signed_in", user=user, device=device, session=session, actor=user)
        act = Act.objects.create(reason="signed_out", actor=user)
        Delivery.objects.create(act=act, user=user, channel="mail", receiver=user.email)
    assert statements() == few


def test_counting_stops_where_nobody_leafs(ada: Any, monkeypatch: pytest.MonkeyPatch, user: Any) -> None:
    monkeypatch.setattr(CappedPaginator, "cap", 3)
    for _ in range(5):
        Device.objects.create(user=user)
    assert CappedPaginator(Device.objects.order_by("-pk"), 2).count == 3


def test_history_of_a_deleted_account_can_be_read(admin: Any, ada: Any, user: Any) -> None:
    pk = user.pk
    user.delete()
    html = admin.get(LIST).content.decode()
    assert f"deleted account {pk}" in html
    assert "the account was deleted" in html
    assert admin.get("/admin/sessions_ui/event/").status_code == 200


# --- Overview


@pytest.mark.no_bystander("it counts everybody")
def test_the_overview_counts(admin: Any, ada: Any, user: Any, delivery: Delivery) -> None:
    Heartbeat.beat("worker")
    Delivery.objects.create(
        act=delivery.act, user=user, channel="mail", receiver="x@x.example", parked_at=timezone.now()
    )
    ada.post("/account/devices/sign-out-everywhere/")
    html = admin.get(f"{LIST}overview/").content.decode()
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    for words in (
        "Signed in now 1",
        "Sign-ins today 2",
        "Sign-outs today, for any reason 1",
        "Worker last seen just now",
        "Messages still to be sent 2",
        "Messages given up 1",
    ):
        assert words in text, (words, text)
    assert "Is the worker running?" not in text


def test_a_worker_that_was_never_seen(admin: Any) -> None:
    assert "Is the worker running?" in admin.get(f"{LIST}overview/").content.decode()


def test_breadcrumbs_are_a_list_as_in_newer_admins_and_older_ones_get_its_look(admin: Any) -> None:
    html = admin.get(f"{LIST}overview/").content.decode()
    assert '<ol class="breadcrumbs">' in html and '<li aria-current="page">Overview</li>' in html
    assert "sessions_ui/admin.css" in html


def test_the_overview_is_linked(admin: Any) -> None:
    for page in (LIST, "/admin/sessions_ui/"):
        assert f"{LIST}overview/" in admin.get(page).content.decode()


def test_the_overview_is_for_those_who_may_look(browser: Any, agent: Any, viewer: Any) -> None:
    assert viewer.get(f"{LIST}overview/").status_code == 200
    agent.user_permissions.clear()
    assert viewer.get(f"{LIST}overview/").status_code == 403


# --- Deliveries


def test_what_was_given_up_can_be_tried_again(admin: Any, delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(parked_at=timezone.now(), attempts=10)
    admin.post("/admin/sessions_ui/delivery/", {"action": "retry", "_selected_action": [delivery.pk]})
    delivery.refresh_from_db()
    assert (delivery.parked_at, delivery.attempts) == (None, 0)


def test_whoever_may_only_look_retries_nothing(viewer: Any, delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(parked_at=timezone.now())
    viewer.post("/admin/sessions_ui/delivery/", {"action": "retry", "_selected_action": [delivery.pk]})
    delivery.refresh_from_db()
    assert delivery.parked_at is not None


def test_a_sign_in_says_what_was_shown_and_how_sure_that_is(admin: Any, ada: Any, user: Any) -> None:
    ada.post("/account/reauthenticate/", {"password": PASSWORD})
    page = admin.get(f"{LIST}{Session.objects.of(user).get().pk}/change/").content.decode()
    for text in ("AAL1 (NIST SP 800-63B)", "a password, at the sign-in", "a password, to confirm who it is"):
        assert text in page, text
