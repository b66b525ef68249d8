"""The overview: numbers, the pictures of them, and the same as a table."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.admin.figures.pictures import bars, columns
from sessions_ui.database import moments
from sessions_ui.metrics import statistics
from sessions_ui.metrics.statistics import count
from tests.models import Delivery, Device, EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("it counts everybody")]
OVERVIEW = "/admin/sessions_ui/session/overview/"


@pytest.fixture
def ada(browser: Any, user: Any) -> Any:
    client = browser(address="89.160.20.113")
    client.sign_in(user)
    return client


def test_the_overview_counts_by_kind_and_country(ada: Any) -> None:
    numbers = count(timezone.now())
    assert numbers.living == 1
    assert numbers.by_kind == {Device.Kind.COMPUTER: 1}
    assert numbers.by_country == {"SE": 1}


def test_the_overview_counts_by_day_and_reason(ada: Any, user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.HELP_DESK)
    ada.get("/account/devices/")
    numbers = count(timezone.now())
    today = moments.day_of(timezone.now())
    assert numbers.living == 0
    assert numbers.sign_ins_by_day[today] == 1
    assert numbers.endings_by_day[today] == {EndReason.HELP_DESK: 1}
    assert numbers.refusals_by_day[today] == 1
    assert numbers.until_refused is not None and numbers.until_refused < timedelta(minutes=1)
    assert len(numbers.sign_ins_by_day) == 14


def test_the_overview_knows_how_long_messages_take(ada: Any, user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.HELP_DESK)
    Delivery.objects.update(done_at=timezone.now() + timedelta(seconds=30))
    numbers = count(timezone.now())
    assert numbers.delivery_lag is not None
    assert 29 < numbers.delivery_lag.total_seconds() < 60
    assert numbers.longest_delivery_lag == numbers.delivery_lag


def test_every_picture_is_there_as_a_table_too(ada: Any, browser: Any, administrator: Any) -> None:
    client = browser()
    client.force_login(administrator)
    html = client.get(OVERVIEW).content.decode()
    assert html.count('role="img"') == 5
    assert html.count("As a table") == 5
    assert "Sweden" in html
    assert "style=" not in re.sub(r"(?s)<head>.*?</head>", "", html)


def test_the_numbers_are_kept_for_a_minute(ada: Any, browser: Any, administrator: Any) -> None:
    client = browser()
    client.force_login(administrator)
    living = Session.objects.living().count()
    assert client.get(OVERVIEW).context["sign_ins"][0].value == living
    end_user_sessions(user=administrator, reason=EndReason.ADMINISTRATOR)
    client.force_login(administrator)
    assert client.get(OVERVIEW).context["sign_ins"][0].value == living


def test_a_host_whose_cache_is_away_counts_each_time(
    ada: Any, browser: Any, administrator: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Django's own backend raises then, whatever the site of this repository has."""
    away = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = {"default": {**away, "OPTIONS": {"retry": None}}}
    client = browser()
    client.force_login(administrator)
    for _ in range(2):
        assert client.get(OVERVIEW).status_code == 200
    assert [message for message in caplog.messages if "cache" in message] == [
        "The cache cannot be reached (ConnectionError): what it would keep is "
        "counted each time, and forms for everybody are not limited."
    ]


def test_nothing_asks_the_cache_but_the_overview_limits_and_the_form_for_everybody() -> None:
    """Who asks it has to do without it: docs/production.md has the table."""
    sources = Path(statistics.__file__).parents[1].rglob("*.py")
    asking = {source.stem for source in sources if "django.core.cache" in source.read_text()}
    assert asking == {"request_limit", "site_cache", "statistics"}


def test_what_does_not_fit_is_one_bar_more() -> None:
    chart = bars("t", "h", [(str(n), 10 - n) for n in range(6)], most=4, rest="Others")
    assert [(bar.label, bar.number) for bar in chart.bars] == [
        ("0", 10),
        ("1", 9),
        ("2", 8),
        ("Others", 7 + 6 + 5),
    ]
    assert chart.bars[3].width == 300 and chart.bars[1].width == 150


def test_parts_of_a_column_stand_on_each_other() -> None:
    today = moments.day_of(timezone.now())
    [column] = columns("t", ["a", "b"], [(today, [3, 1])]).columns
    assert [(part.y, part.height) for part in column.parts] == [(30, 90), (0, 30)]


def test_nothing_to_draw_is_no_error() -> None:
    assert bars("t", "h", [], most=4, rest="Others").bars == []
    assert columns("t", ["a"], []).columns == []
