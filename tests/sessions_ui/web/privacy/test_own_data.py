"""The page on which people download what is stored about them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.conftest import PASSWORD
from tests.models import Event
from tests.sessions_ui.actions.privacy.filled import SECRET_MARK, fill

pytestmark = pytest.mark.django_db
PAGE, UNLOCK, DOWNLOAD = (f"/account/devices/data/{name}" for name in ("", "unlock/", "download/"))


@pytest.fixture
def laptop(user: Any, browser: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


def later() -> Any:
    """When the sign-in is no longer fresh."""
    return time_machine.travel(timezone.now() + timedelta(hours=2), tick=False)


def test_the_devices_page_leads_there(laptop: Any) -> None:
    assert f'href="{PAGE}"' in laptop.get("/account/devices/").content.decode()
    html = laptop.get(PAGE).content.decode()
    assert f'action="{DOWNLOAD}"' in html and f'action="{UNLOCK}"' not in html
    assert "180 days" in html


def test_the_file_has_what_is_stored(laptop: Any, user: Any, other_user: Any, administrator: Any) -> None:
    fill(user, administrator)
    fill(other_user, administrator, mark="of Grace")
    answer = laptop.post(DOWNLOAD)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="your-data.json"'
    assert answer.headers["Cache-Control"] == "no-store, private"
    text = answer.content.decode()
    assert "of Grace" not in text and SECRET_MARK not in text and administrator.email not in text
    assert len(json.loads(text)["sessions_ui_session"]) == 2
    event = Event.objects.get(kind="data_exported")
    assert event.user == event.actor == user


def test_a_sign_in_that_is_not_fresh_is_asked_first_and_comes_back_to_the_page(laptop: Any) -> None:
    with later():
        html = laptop.get(PAGE).content.decode()
        assert f'action="{UNLOCK}"' in html and f'action="{DOWNLOAD}"' not in html
        answer = laptop.post(DOWNLOAD)
        assert (answer.status_code, answer.url) == (302, PAGE)
        question = laptop.post(UNLOCK)
        assert "Download what we store about you" in question.content.decode()
        act = question.context["act"]
        wrong = laptop.post("/account/devices/confirm/", {"act": act, "password": "wrong"})
        assert wrong.status_code == 422
        right = laptop.post("/account/devices/confirm/", {"act": act, "password": PASSWORD})
        assert (right.status_code, right.url) == (302, PAGE)
        assert laptop.post(DOWNLOAD).status_code == 200
    assert Event.objects.filter(kind="data_exported").count() == 1


def test_what_is_too_much_is_said(laptop: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "EXPORT_MAX_ROWS": 1}
    answer = laptop.post(DOWNLOAD)
    assert answer.status_code == 422
    assert "There’s too much for this page." in answer.content.decode()
    assert not Event.objects.filter(kind="data_exported").exists()


@pytest.mark.parametrize("address", [UNLOCK, DOWNLOAD])
def test_it_acts_by_post_with_a_token_only(address: str, user: Any, laptop: Any) -> None:
    assert laptop.get(address).url == PAGE
    strict = Client(enforce_csrf_checks=True, HTTP_USER_AGENT="Firefox")
    strict.cookies = laptop.cookies
    assert strict.post(address).status_code == 403
    assert not Event.objects.filter(kind="data_exported").exists()


@pytest.mark.parametrize("address", [PAGE, UNLOCK, DOWNLOAD])
def test_nobody_gets_it_without_a_sign_in(address: str, browser: Any) -> None:
    for answer in (browser().get(address), browser().post(address)):
        assert answer.status_code == 302 and "/account/login/" in answer.url
