"""Many devices are read in two steps, and look as those that are read in one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.web.devices.overview import rows
from sessions_ui.web.devices.overview.cards import Card
from sessions_ui.web.devices.overview.listing import listing
from sessions_ui.wording import names
from tests.models import Device, Session
from tests.sessions_ui.web.test_page_size import PAGE, sign_in_many

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    client.get(PAGE)  # the greeting
    return client


def statements_of(client: Any, query: dict[str, str] | None = None) -> int:
    with CaptureQueriesContext(connection) as statements:
        assert client.get(PAGE, query or {}).status_code == 200
    return len(statements)


def test_many_take_two_statements_more_and_no_others(here: Any, user: Any) -> None:
    sign_in_many(user, rows.FEW - 1)
    few = statements_of(here)
    sign_in_many(user, 60)
    Device.objects.update(name="")
    assert statements_of(here) == few + 2
    Session.objects.filter(user=user).update(verdict="new", verdict_reasons=["new_device"])
    assert statements_of(here) == few + 2
    assert statements_of(here, {"q": "android", "page": "2"}) == few + 2


def test_what_is_shown_of_many_is_what_is_shown_of_few(
    here: Any, user: Any, signed_in: Any, monkeypatch: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "IDLE_TIMEOUT": timedelta(days=60),
        "ABSOLUTE_TIMEOUT": None,
    }
    now = timezone.now()
    signed_in(user, verdict="suspicious", verdict_reasons=["new_country"])
    first = signed_in(
        user, device={"name": "Phone", "kind": "phone"}, place={"city": "Lagos", "country_code": "NG"}
    )
    signed_in(user, device=first.device, last_seen_at=now - timedelta(days=3))
    signed_in(user, device={"kind": "tool", "browser": "curl"}, kind=Session.Kind.APP)
    signed_in(user, last_seen_at=now - timedelta(days=40))
    signed_in(user, last_seen_at=now - timedelta(days=61))
    alone = signed_in(user)
    Session.objects.filter(pk=alone.pk).update(device=None)

    def page() -> str:
        html = here.get(PAGE).content.decode()
        return "\n".join(line for line in html.splitlines() if "csrf" not in line and "data-at" not in line)

    whole = page()
    monkeypatch.setattr(rows, "FEW", 1)
    assert page() == whole


@pytest.mark.parametrize("fields", [{"last_seen_at": 15}, {"signed_in_at": 31}, {"expires_at": 1}])
def test_of_many_as_well_what_would_be_refused_is_not_listed(
    user: Any, signed_in: Any, monkeypatch: Any, fields: dict[str, int]
) -> None:
    monkeypatch.setattr(rows, "FEW", 0)
    now = timezone.now()
    unknown = signed_in(user, signed_in_at=None, last_seen_at=now - timedelta(minutes=1))
    signed_in(user, **{name: now - timedelta(days=days) for name, days in fields.items()})
    shown = signed_in(user)
    assert [card.latest.pk for card in listing(user, current=None).cards] == [shown.pk, unknown.pk]


def test_only_what_is_shown_is_put_into_words(user: Any, monkeypatch: Any) -> None:
    """Of a thousand devices of one name a page has twenty, and the map a few."""
    sign_in_many(user, 200)
    Device.objects.update(name="")
    said: list[Any] = []

    def counted(feature: names.Feature) -> names.Feature:
        def text(*line: Any) -> str:
            said.append(line)
            return feature.text(*line)

        return names.Feature(feature.key, text)

    monkeypatch.setattr(names, "FEATURES", tuple(counted(feature) for feature in names.FEATURES))
    found = listing(user, current=None)
    assert found.shown_others[0].title != found.shown_others[1].title
    assert len(said) <= 20 + 12 * 3


def test_the_parts_of_the_page_are_made_once(user: Any, monkeypatch: Any, here: Any) -> None:
    sign_in_many(user, 100)
    asked: list[Any] = []
    is_app = Card.is_app.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(Card, "is_app", property(lambda card: asked.append(card) or is_app(card)))
    here.get(PAGE)
    assert len(asked) <= 2 * 101, "once for where it stands, once for how they are counted"


def test_a_summary_reads_the_rest_when_it_is_asked_for(user: Any, signed_in: Any) -> None:
    session = signed_in(user, device={"name": "Phone"})
    (summary,) = rows.summaries(rows.living(user))
    assert summary == session and summary.device == session.device
    assert summary.method == "password" and summary._state.adding is False
    with pytest.raises(TypeError):
        summary.save(force_insert=True, nothing=True)
