"""What nobody asks for: reconciling, timing out, purging."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db.models import QuerySet
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.reconcile import sweep
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.delivery import deliver_due
from tests.models import Act, Delivery, EndReason, Event, EventDetail, Session

pytestmark = pytest.mark.django_db


@pytest.mark.control("ASVS 7.4.2")
def test_the_sweep_ends_the_sessions_of_users_disabled_without_a_signal(user: Any, browser: Any) -> None:
    browser().force_login(user)
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    assert end_unlawful() == 1
    assert Session.objects.get().end_reason == EndReason.ACCOUNT_DISABLED
    assert end_unlawful() == 0


def test_the_sweep_ends_the_sessions_of_users_that_are_gone(user: Any, browser: Any) -> None:
    browser().force_login(user)
    user.emailaddress_set.all().delete()
    get_user_model().objects.filter(pk=user.pk)._raw_delete("default")
    end_unlawful()
    assert Session.objects.get().end_reason == EndReason.ACCOUNT_DELETED


@pytest.mark.parametrize(
    ("column", "days", "reason"),
    [
        ("expires_at", 31, EndReason.IDLE_TIMEOUT),
        ("last_seen_at", 15, EndReason.IDLE_TIMEOUT),
        ("signed_in_at", 31, EndReason.ABSOLUTE_TIMEOUT),
    ],
)
def test_the_sweep_ends_what_ran_out_of_time(
    column: str, days: int, reason: EndReason, user: Any, browser: Any
) -> None:
    browser().force_login(user)
    Session.objects.update(**{column: getattr(Session.objects.get(), column) - timedelta(days=days)})
    assert end_unlawful() == 1
    assert Session.objects.get().end_reason == reason
    assert not Delivery.objects.exists()


def test_a_sweep_that_runs_out_of_time_goes_on_where_it_stopped_and_begins_anew_at_the_end(
    user: Any, other_user: Any, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in (user, other_user, user):
        browser().force_login(person)
    first, second, third = Session.objects.order_by("pk").values_list("pk", flat=True)
    monkeypatch.setattr(sweep, "RANGE", first)  # the first sweep sees the first session only
    Session.objects.update(last_seen_at=timezone.now() - timedelta(days=15))

    def ended() -> list[int]:
        end_unlawful(seconds=-1)
        return list(Session.objects.exclude(end_reason="").order_by("pk").values_list("pk", flat=True))

    assert ended() == [first]
    monkeypatch.setattr(sweep, "RANGE", 1)
    assert ended() == [first, second]
    assert ended() == [first, second, third]
    monkeypatch.setattr(sweep, "RANGE", first)
    browser().force_login(user)
    Session.objects.filter(pk=first).update(ended_at=None, end_reason="")
    assert end_unlawful() == 0, "what lies before is looked at by the next round"
    assert end_unlawful() == 1


def test_the_sweep_leaves_living_and_anonymous_sessions_alone(user: Any, browser: Any) -> None:
    client = browser()
    client.force_login(user)
    session = browser().session
    session["cart"] = 1
    session.save()
    assert end_unlawful() == 0 and purge_old() == 0
    assert client.get("/account/devices/").status_code == 200


def test_the_sweep_purges_history_past_the_retention_time_and_nothing_younger(
    user: Any, other_user: Any, browser: Any
) -> None:
    browser().sign_in(user)
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    deliver_due()
    assert purge_old() == 0
    long_ago = timezone.now() - timedelta(days=200)
    Session.objects.update(ended_at=long_ago)
    Delivery.objects.update(done_at=long_ago)
    Act.objects.update(at=long_ago)
    QuerySet(Event).filter(user_id=user.pk).update(at=long_ago)
    browser().sign_in(other_user)
    mail.outbox.clear()
    purge_old()
    assert Session.objects.count() == 1
    assert Event.objects.count() == 1 and EventDetail.objects.count() == 1
    assert not Delivery.objects.exists() and not Act.objects.exists()


def test_an_old_act_stays_as_long_as_a_session_or_a_delivery_names_it(
    user: Any, other_user: Any, browser: Any
) -> None:
    """Or the history would have an ending without who and why, and a mail that waits nothing to say."""
    long_ago = timezone.now() - timedelta(days=200)
    for person in (user, other_user):
        browser().force_login(person)
    told = end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR).act
    named = end_user_sessions(user=other_user, reason=EndReason.SIGNED_OUT).act
    assert told is not None and named is not None
    Act.objects.update(at=long_ago)
    Session.objects.of(user).update(ended_at=long_ago)
    Delivery.objects.exclude(act=told).delete()
    assert Delivery.objects.filter(act=told, done_at=None).count() == 1
    purge_old()
    assert set(Act.objects.values_list("pk", flat=True)) == {told.pk, named.pk}
    assert Session.objects.get().act_id == named.pk
    Session.objects.update(ended_at=long_ago)
    Delivery.objects.update(done_at=long_ago)
    purge_old()
    assert not Act.objects.exists() and not Session.objects.exists()
