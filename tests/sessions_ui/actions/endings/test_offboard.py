"""Access that ends at a date: without a worker, without beat, whatever a request under way writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError
from django.utils import timezone

from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.database import moments
from sessions_ui.store import SessionStore
from tests.conftest import PASSWORD
from tests.models import AccountState, Act, EndReason, Event, Offboarding, Session

pytestmark = pytest.mark.django_db
PAGE = "/account/devices/"
AGREED = "Access to this account ended on the agreed date."


@pytest.fixture
def phone(user: Any, browser: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


@pytest.fixture
def friday() -> datetime:
    return timezone.now() + timedelta(days=3)


def later(moment: datetime) -> Any:
    return time_machine.travel(moment + timedelta(seconds=1), tick=False)


def test_nothing_happens_before_the_date(user: Any, phone: Any, friday: datetime) -> None:
    offboard(user=user, ends_at=friday)
    assert phone.get(PAGE).status_code == 200
    assert Session.objects.living().count() == 1


@pytest.mark.control("SP 800-53 AC-2(3)", "PCI DSS 8.2.5", "PCI DSS 8.2.7")
def test_at_the_date_a_request_is_refused_with_the_reason(user: Any, phone: Any, friday: datetime) -> None:
    """No sweep ran."""
    offboard(user=user, ends_at=friday)
    with later(friday):
        assert AGREED in phone.get(PAGE, follow=True).content.decode()
    assert Session.objects.get().end_reason == EndReason.OFFBOARDED


def test_who_is_signed_in_by_a_proxy_is_turned_away(user: Any, browser: Any, settings: Any) -> None:
    """`RemoteUserMiddleware` signs in outside of any view; that must be no error of the server."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.RemoteUserMiddleware"]
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]
    client = browser()
    assert client.get(PAGE, headers={"remote-user": user.email}, REMOTE_USER=user.email).status_code == 200
    offboard(user=user, ends_at=timezone.now())
    for _ in range(2):
        assert client.get(PAGE, REMOTE_USER=user.email).status_code == 403
    assert not Session.objects.living().filter(user=user).exists()


def test_the_sweep_ends_what_nobody_uses(
    user: Any, other_user: Any, phone: Any, browser: Any, friday: datetime
) -> None:
    browser().sign_in(other_user)
    offboard(user=user, ends_at=friday)
    with later(friday):
        assert end_unlawful() == 1
    assert Session.objects.of(user).get().end_reason == EndReason.OFFBOARDED


def test_a_request_that_began_before_makes_nothing_longer(user: Any, phone: Any, friday: datetime) -> None:
    """It read the row, access got its date, it writes the row."""
    store = SessionStore(phone.session.session_key)
    store["cart"] = 1
    offboard(user=user, ends_at=friday)
    store.save()
    assert Session.objects.get().expires_at == friday
    phone.get(PAGE)
    session = phone.session
    session["cart"] = 2
    session.save()
    assert Session.objects.get().expires_at == friday
    with later(friday):
        assert phone.get(PAGE).status_code == 302


def test_rotating_the_key_makes_nothing_longer(user: Any, phone: Any, friday: datetime) -> None:
    offboard(user=user, ends_at=friday)
    phone.post("/account/reauthenticate/", {"password": PASSWORD})
    row = Session.objects.get()
    assert (row.expires_at, row.latest_end_at) == (friday, friday)


@pytest.mark.control("PCI DSS 8.2.7")
def test_a_later_sign_in_gets_the_date_too(user: Any, browser: Any, friday: datetime) -> None:
    offboard(user=user, ends_at=friday)
    browser().sign_in(user)
    row = Session.objects.get()
    assert (row.expires_at, row.latest_end_at) == (friday, friday)


def test_a_sign_in_after_the_date_is_refused_and_says_why(user: Any, browser: Any, friday: datetime) -> None:
    offboard(user=user, ends_at=friday)
    with later(friday):
        client = browser()
        response = client.post("/account/login/", {"login": user.email, "password": PASSWORD}, follow=True)
    assert AGREED in response.content.decode()
    assert not Session.objects.of(user).exists()


def test_a_date_that_is_over_ends_everything_now(user: Any, administrator: Any, phone: Any) -> None:
    offboard(user=user, ends_at=timezone.now(), actor=administrator, ticket="HR-9")
    row = Session.objects.of(user).select_related("act").get()
    assert (row.end_reason, row.ended_by, row.act.ticket) == (EndReason.OFFBOARDED, administrator, "HR-9")
    assert phone.get(PAGE).status_code == 302


def test_cancelled_it_lets_people_sign_in_and_makes_nothing_longer(
    user: Any, administrator: Any, phone: Any, browser: Any, friday: datetime
) -> None:
    row = offboard(user=user, ends_at=friday, actor=administrator)
    assert cancel_offboarding(offboarding=row, actor=administrator)
    assert not cancel_offboarding(offboarding=row, actor=administrator)
    with later(friday):
        assert phone.get(PAGE).status_code == 302
        client = browser()
        client.sign_in(user)
        assert client.get(PAGE).status_code == 200
    assert list(Session.objects.order_by("pk").values_list("end_reason", flat=True)) == [
        EndReason.OFFBOARDED,
        "",
    ]


@pytest.mark.parametrize("days", [0, 3])
def test_what_had_ended_before_keeps_its_place_in_history(
    days: int, user: Any, phone: Any, browser: Any, other_user: Any
) -> None:
    browser().sign_in(other_user)
    phone.post("/account/logout/")
    browser().sign_in(user)
    living = Session.objects.latest("pk")
    others = Session.objects.exclude(pk=living.pk).order_by("pk")
    before = list(others.values())
    offboard(user=user, ends_at=timezone.now() + timedelta(days=days))
    assert len(before) == 2 and list(others.values()) == before
    living.refresh_from_db()
    assert living.latest_end_at is not None


def test_an_earlier_date_takes_the_place_of_a_later_one(user: Any, phone: Any, friday: datetime) -> None:
    offboard(user=user, ends_at=friday + timedelta(days=9))
    offboard(user=user, ends_at=friday)
    assert Session.objects.get().latest_end_at == friday
    assert list(Offboarding.objects.filter(cancelled_at__isnull=True).values_list("ends_at", flat=True)) == [
        friday
    ]


def test_a_later_date_counts_for_new_sign_ins_only(
    user: Any, phone: Any, browser: Any, friday: datetime
) -> None:
    later_on = friday + timedelta(days=9)
    offboard(user=user, ends_at=friday)
    offboard(user=user, ends_at=later_on)
    browser().sign_in(user)
    assert list(Session.objects.order_by("pk").values_list("latest_end_at", flat=True)) == [friday, later_on]


def test_an_end_of_access_is_in_the_history(user: Any, administrator: Any, friday: datetime) -> None:
    row = offboard(user=user, ends_at=friday, actor=administrator, ticket="HR-9", note="resigned")
    cancel_offboarding(offboarding=row, actor=administrator)
    data = {"ends_at": moments.aware(friday).isoformat(), "ticket": "HR-9"}
    kinds = [Event.Kind.OFFBOARDING_SET, Event.Kind.OFFBOARDING_CANCELLED]
    found = Event.objects.filter(kind__in=kinds).order_by("pk")
    assert [(event.kind, event.user_id, event.actor_id, event.data) for event in found] == [
        (kind, user.pk, administrator.pk, data) for kind in kinds
    ]


def test_a_time_without_a_zone_is_refused(user: Any, settings: Any) -> None:
    settings.USE_TZ = True
    with pytest.raises(ValueError, match="time zone"):
        offboard(user=user, ends_at=datetime(2026, 12, 1))
    assert not Offboarding.objects.exists()


def test_a_session_that_came_past_the_sign_in_ends_with_the_sweep(user: Any, friday: datetime) -> None:
    offboard(user=user, ends_at=friday)
    with later(friday):
        Session.objects.create(
            digest="d", user=user, expires_at=timezone.now() + timedelta(days=1), signed_in_at=friday
        )
        assert end_unlawful() == 1
    assert Session.objects.get().end_reason == EndReason.OFFBOARDED


@pytest.mark.no_bystander("everybody's history is too old by then")
def test_only_cancelled_ends_of_access_are_ever_purged(user: Any, other_user: Any, friday: datetime) -> None:
    offboard(user=user, ends_at=friday)
    cancel_offboarding(offboarding=offboard(user=other_user, ends_at=friday))
    with later(friday + timedelta(days=200)):
        purge_old()
    assert Offboarding.objects.get().user_id == user.pk


def test_who_took_an_offboarding_back_is_on_its_row(user: Any, administrator: Any) -> None:
    row = offboard(user=user, ends_at=timezone.now() + timedelta(days=3), actor=administrator)
    assert cancel_offboarding(offboarding=row, actor=administrator)
    row.refresh_from_db()
    assert row.cancelled_by_id == administrator.pk


def test_without_a_ticket_the_history_names_none(user: Any, friday: datetime) -> None:
    offboard(user=user, ends_at=friday)
    event = Event.objects.get(kind=Event.Kind.OFFBOARDING_SET)
    assert (event.actor_id, event.data) == (None, {"ends_at": moments.aware(friday).isoformat()})


def test_no_date_is_set_or_taken_back_where_the_event_cannot_be_written(
    user: Any, phone: Any, friday: datetime, request: pytest.FixtureRequest
) -> None:
    row = offboard(user=user, ends_at=friday)
    models = (Session, AccountState, Offboarding)
    before = [list(model.objects.values()) for model in models]
    request.getfixturevalue("failing_events")
    with pytest.raises(DatabaseError):
        offboard(user=user, ends_at=friday - timedelta(days=1))
    with pytest.raises(DatabaseError):
        cancel_offboarding(offboarding=row)
    assert [list(model.objects.values()) for model in models] == before


def test_a_date_that_is_over_ends_sessions_in_the_name_of_whoever_set_it(
    user: Any, administrator: Any, phone: Any
) -> None:
    now = timezone.now()
    offboard(user=user, ends_at=now, actor=administrator, ticket="HR-9", note="resigned")
    act = Act.objects.get()
    assert (act.reason, act.actor_id) == (EndReason.OFFBOARDED, administrator.pk)
    assert (act.ticket, act.note) == ("HR-9", "resigned")
    row = Offboarding.objects.get()
    assert (row.actor_id, row.ticket, row.note) == (administrator.pk, "HR-9", "resigned")


def test_who_sets_another_date_is_on_the_row_of_the_one_before(
    user: Any, administrator: Any, friday: datetime
) -> None:
    first = offboard(user=user, ends_at=friday)
    second = offboard(user=user, ends_at=friday + timedelta(days=1), actor=administrator)
    first.refresh_from_db()
    assert (first.cancelled_by_id, first.cancelled_at) == (administrator.pk, second.created_at)
