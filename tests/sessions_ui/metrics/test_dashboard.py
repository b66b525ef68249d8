"""The dashboard in a real Prometheus, which reads the page of the metrics over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.stream.database import note_streams
from tests.browser.server import serve
from tests.models import Delivery, EndReason, Heartbeat, Session
from tests.servers import NotInstalled, Prometheus

pytest.importorskip("prometheus_client")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.no_bystander("it counts everybody's"),
]
DASHBOARD = Path(__file__).parents[3] / "docs/grafana/sessions.json"
PANELS = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
TOKEN = "a-token-of-the-tests"


@pytest.fixture
def prometheus(
    tmp_path: Path, settings: Any, user: Any, other_user: Any, browser: Any
) -> Iterator[Prometheus]:
    """A Prometheus that has read the page of a site on which something of each kind has happened."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "METRICS_TOKEN": TOKEN}
    there = browser()
    there.sign_in(user)
    browser().sign_in(other_user)
    now = timezone.now()
    Session.objects.filter(user=user).update(signed_in_at=now - timedelta(days=3))
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=now - timedelta(days=1))
    there.get("/account/devices/")
    Delivery.objects.create(channel="mail", receiver=user.email, done_at=now)
    note_streams("one", 3)
    Heartbeat.beat("worker")
    with serve() as site:
        try:
            server = Prometheus(tmp_path, target=site.removeprefix("http://"), token=TOKEN)
        except NotInstalled as why:
            pytest.skip(str(why))
        try:
            server.wait_until_scraped()
            yield server
        finally:
            server.close()


def test_prometheus_answers_every_question_of_the_dashboard(prometheus: Prometheus) -> None:
    queries = [target["expr"] for panel in PANELS for target in panel["targets"]]
    assert [query for query in queries if not prometheus.query(query)] == []
    [living] = prometheus.query("sum(max by (device) (sessions_ui_living_sessions))")
    assert living["value"][1] == "1"
    with pytest.raises(HTTPError, match="400"):
        prometheus.query("max by (device (sessions_ui_living_sessions)")
