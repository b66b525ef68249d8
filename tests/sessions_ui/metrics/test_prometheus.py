"""What Prometheus scrapes: every figure, read by the client's own parser; and the dashboard that asks for them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.metrics.durations import LABELS, Histogram, Measure, histograms
from sessions_ui.metrics.figures import Figures, count
from sessions_ui.stream.database import note_streams
from tests.models import EndReason, Heartbeat, Session

pytest.importorskip("prometheus_client")
from prometheus_client.parser import text_string_to_metric_families

from sessions_ui.metrics.prometheus import exposition, families

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("it counts everybody's")]
DASHBOARD = Path(__file__).parents[3] / "docs/grafana/sessions.json"
DOCS = Path(__file__).parents[3] / "docs/metrics.md"
NAME = re.compile(r"\bsessions_ui_\w+")
DAY = timedelta(days=1)


def scraped() -> dict[str, dict[tuple[str, ...], float]]:
    """The values by metric and labels."""
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(exposition().decode())
    }


def test_every_figure_is_in_it(user: Any, other_user: Any, browser: Any) -> None:
    there = browser()
    there.sign_in(user)
    browser().sign_in(other_user)
    Session.objects.filter(user=user).update(signed_in_at=timezone.now() - 3 * DAY)
    get_user_model().objects.filter(pk=other_user.pk).update(is_active=False)
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=timezone.now() - DAY)
    there.get("/account/devices/")
    note_streams("one", 3)
    note_streams("other", 4)
    Heartbeat.beat("worker")
    values = scraped()
    assert values["sessions_ui_living_sessions"] == {("computer",): 1}
    assert values["sessions_ui_sign_ins_last_hour"] == {(): 1}
    assert values["sessions_ui_endings_last_hour"] == {("offboarded",): 1}
    assert values["sessions_ui_refusals_last_hour"] == {(): 1}
    assert values["sessions_ui_streams"] == {(): 7}
    assert values["sessions_ui_debt_sessions"] == {(): 1}
    assert values["sessions_ui_debt_seconds"][("delayed",)] == pytest.approx(86400, abs=60)
    assert values["sessions_ui_debt_seconds"][("manual",)] == 0
    assert values["sessions_ui_containment_longest_seconds"][("leaver",)] == pytest.approx(86400, abs=60)
    assert values["sessions_ui_lingering_sessions"][("disabled",)] == 1
    assert values["sessions_ui_deliveries_given_up"] == {(): 0}
    seen = values["sessions_ui_worker_seen_timestamp_seconds"][()]
    assert seen == pytest.approx(values["sessions_ui_figures_timestamp_seconds"][()], abs=60)


def test_what_is_not_known_has_no_value(db: None) -> None:
    values = scraped()
    assert values["sessions_ui_worker_seen_timestamp_seconds"] == {}
    assert values["sessions_ui_delivery_lag_seconds"] == {}
    assert values["sessions_ui_streams"] == {(): 0}


def test_a_process_that_says_nothing_any_more_counts_no_more(db: None) -> None:
    note_streams("gone", 5)
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(seconds=76))
    assert count(timezone.now()).streams == 0
    Heartbeat.objects.update(seen_at=timezone.now() - 2 * DAY)
    Heartbeat.beat("worker")
    purge_old()
    assert [row.name for row in Heartbeat.objects.all()] == ["worker"]


def test_labels_that_need_it_are_escaped(db: None) -> None:
    odd = Figures(at=timezone.now(), endings={'a"b\\c\nd': 1})
    [family] = [each for each in families(odd) if each.name == "sessions_ui_endings_last_hour"]
    assert family.samples[0].labels == {"reason": 'a"b\\c\nd'}


def test_the_statements_are_fixed_and_none_within_the_minute(
    user: Any, browser: Any, django_assert_num_queries: Any, settings: Any
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    for _ in range(3):
        browser().sign_in(user)
    exposition()
    with django_assert_num_queries(0):
        exposition()


def test_the_dashboard_asks_for_nothing_that_is_not_there(db: None) -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = {name.removesuffix("_bucket") for query in queries for name in NAME.findall(query)}
    assert asked and asked <= scraped().keys()
    assert scraped().keys() - asked <= {"sessions_ui_debt_sessions", "sessions_ui_figures_timestamp_seconds"}
    labels = {
        name: set(re.findall(r"by \((\w+)\)", query)) for query in queries for name in NAME.findall(query)
    }
    found = {family.name: family for family in families(_with_labels())}
    for name, wanted in labels.items():
        family = found[name.removesuffix("_bucket")]
        known = {label for sample in family.samples for label in sample.labels}
        assert wanted <= known, name


def _with_labels() -> Figures:
    one = {"x": 1}
    return Figures(
        at=timezone.now(),
        living=one,
        endings=one,
        debt=one,
        containment=one,
        lingering=one,
        lag_average=1.0,
        durations=histograms(),
    )


def test_the_buckets_of_a_histogram_are_cumulative(db: None) -> None:
    taken = {Measure.LOOK_UP: Histogram((2, 0, 1, *[0] * (len(LABELS) - 4), 1), 11.5)}
    text = "\n".join(scrape_of(Figures(at=timezone.now(), durations=taken)))
    assert 'sessions_ui_look_up_seconds_bucket{le="0.0001"} 2.0' in text
    assert 'sessions_ui_look_up_seconds_bucket{le="0.00025"} 2.0' in text
    assert 'sessions_ui_look_up_seconds_bucket{le="0.0005"} 3.0' in text
    assert 'sessions_ui_look_up_seconds_bucket{le="+Inf"} 4.0' in text
    assert "sessions_ui_look_up_seconds_count 4.0" in text
    assert "sessions_ui_look_up_seconds_sum 11.5" in text


def scrape_of(found: Figures) -> list[str]:
    """The lines of a histogram as the client library writes them."""
    [family] = [each for each in families(found) if each.name == "sessions_ui_look_up_seconds"]
    return [f"{sample.name}{_labels(sample.labels)} {sample.value}" for sample in family.samples]


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}" if labels else ""


def test_the_dashboards_panels_have_their_place(db: None) -> None:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels)


def test_the_page_about_it_names_every_metric(db: None) -> None:
    _, _, section = DOCS.read_text(encoding="utf-8").partition("## Prometheus")
    assert set(NAME.findall(section)) == scraped().keys()
