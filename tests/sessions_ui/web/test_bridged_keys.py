"""What other packages keep for somebody, on the devices page."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from tests.keys import Keys, Unwilling, bridged, keys_of, make_keys
from tests.models import Act, Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def laptop(user: Any, browser: Any, settings: Any) -> Any:
    bridged(settings, Keys)
    client = browser()
    client.sign_in(user)
    return client


def address_of(user: Any) -> str:
    entry = LogEntry.objects.get(user_id=user.pk)
    return reverse("sessions_ui:end_credential", args=["keys", str(entry.pk)])


def test_it_is_listed_among_apps_and_keys(laptop: Any, user: Any) -> None:
    make_keys(user)
    page = laptop.get("/account/devices/").content.decode()
    assert "API key" in page and "Never ends by itself" in page
    assert address_of(user) in page


def test_one_is_ended(laptop: Any, user: Any, other_user: Any) -> None:
    make_keys(user)
    make_keys(other_user)
    url = address_of(user)
    assert "The app or key has ended." in laptop.post(url, follow=True).content.decode()
    assert (keys_of(user), keys_of(other_user)) == (0, 1)
    act = Act.objects.get(reason="signed_out_remotely")
    event = Event.objects.get(kind="credentials_ended")
    assert (event.act_id, event.user_id, event.actor_id) == (act.pk, user.pk, user.pk)
    assert "The app or key had already ended." in laptop.post(url, follow=True).content.decode()


def test_somebody_elses_is_ended_by_nobody(laptop: Any, other_user: Any) -> None:
    make_keys(other_user)
    assert (
        "The app or key had already ended."
        in laptop.post(address_of(other_user), follow=True).content.decode()
    )
    assert keys_of(other_user) == 1


@pytest.mark.parametrize("credential", ["0", "nonsense", "9" * 40, "%00"])
def test_what_there_is_not_ends_nothing(laptop: Any, user: Any, credential: str) -> None:
    make_keys(user)
    url = reverse("sessions_ui:end_credential", args=["keys", credential])
    assert laptop.post(url, follow=True).status_code == 200
    assert keys_of(user) == 1


def test_an_unknown_package_does_not_exist(laptop: Any) -> None:
    assert laptop.post(reverse("sessions_ui:end_credential", args=["nothing", "1"])).status_code == 404


def test_a_package_that_cannot_say_is_named(laptop: Any, settings: Any) -> None:
    bridged(settings, Unwilling)
    assert "We can’t show what unwilling keeps for you" in laptop.get("/account/devices/").content.decode()
