"""Large endings end what other packages have let in, batch by batch, too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui.actions.endings.bridged import batches as bridged_batches
from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.bulk.stop import retry_failed
from sessions_ui.actions.endings.end import sessions_of
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from tests.keys import Broken, Elsewhere, Keys, Unwilling, bridged, keys_of, make_keys
from tests.models import Act, Ending, EndingBatch, EndReason, Event, Session

pytestmark = pytest.mark.django_db

ENDED = Event.Kind.CREDENTIALS_ENDED


@pytest.fixture(autouse=True)
def _broken() -> Any:
    Broken.is_broken, Elsewhere.alias = True, "elsewhere"
    yield
    Broken.is_broken, Elsewhere.alias = True, "elsewhere"


def later(*people: Any, reason: EndReason = EndReason.ADMINISTRATOR) -> Ending:
    users = get_user_model().objects.filter(pk__in=[person.pk for person in people])
    return end_later(
        sessions=sessions_of(users), reason=reason, of_users=users, unadopted=True, ticket="T-1", note="why"
    )


def test_a_worker_ends_the_keys_of_the_people_that_an_ending_names(
    user: Any, other_user: Any, browser: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    browser().force_login(user)
    make_keys(user, 2)
    make_keys(other_user)
    ending = later(user)
    assert keys_of(user) == 2
    assert end_batches() == 1
    assert (keys_of(user), keys_of(other_user)) == (0, 1)
    event = Event.objects.get(kind=ENDED)
    assert (event.act.ending, event.reason, event.ticket, event.data) == (
        ending,
        "administrator",
        "T-1",
        {"package": "keys", "count": 2},
    )
    ending.refresh_from_db()
    assert ending.done_at is not None


def test_its_act_says_what_the_ending_says(user: Any, administrator: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    ending = later(user)
    happened_at = timezone.now() - timedelta(hours=1)
    Ending.objects.filter(pk=ending.pk).update(happened_at=happened_at, actor_id=administrator.pk)
    end_batches()
    act = Event.objects.get(kind=ENDED).act
    assert (act.reason, act.actor_id, act.note) == ("administrator", administrator.pk, "why")
    assert act.happened_at == happened_at


def test_a_batch_that_finds_nothing_is_done_and_makes_no_act(user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    ending = later(user)
    EndingBatch.objects.filter(ending=ending).update(error="RuntimeError")
    acts = Act.objects.count()
    end_batches()
    batch = EndingBatch.objects.get(ending=ending)
    assert (batch.done_at is not None, batch.error, Act.objects.count()) == (True, "", acts)


def test_a_bridge_that_was_taken_out_of_the_settings_fails_for_everybody_to_see(
    user: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    make_keys(user)
    ending = later(user)
    bridged(settings)
    end_batches()
    batch = EndingBatch.objects.get(ending=ending)
    assert (batch.done_at, batch.error, keys_of(user)) == (None, "LookupError", 1)


def test_it_is_not_done_before_the_keys_are_though_nobody_is_signed_in(user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    ending = later(user)
    assert ending.done_at is None
    end_batches()
    ending.refresh_from_db()
    assert ending.done_at is not None and keys_of(user) == 0


def test_a_reason_that_leaves_tokens_leaves_keys(user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    ending = later(user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    assert ending.done_at is not None
    end_batches()
    assert keys_of(user) == 1


def test_many_people_come_in_several_batches(
    user: Any, other_user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridged(settings, Keys)
    monkeypatch.setattr(bridged_batches, "USERS", 1)
    make_keys(user)
    make_keys(other_user)
    ending = later(user, other_user)
    assert EndingBatch.objects.filter(ending=ending, bridge="keys").count() == 2
    end_batches()
    assert (keys_of(user), keys_of(other_user)) == (0, 0)


def test_what_was_made_since_the_order_stays(user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    later(user)
    make_keys(user)
    end_batches()
    assert keys_of(user) == 1


def test_a_bridge_that_raises_is_tried_again_and_holds_up_no_session(
    user: Any, browser: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bridged(settings, Broken)
    browser().force_login(user)
    make_keys(user)
    ending = later(user)
    assert end_batches() == 1
    batch = EndingBatch.objects.get(ending=ending, bridge="broken")
    assert (batch.attempts, batch.error, batch.done_at, keys_of(user)) == (1, "RuntimeError", None, 1)
    assert "the secret" not in caplog.text
    Broken.is_broken = False
    EndingBatch.objects.filter(pk=batch.pk).update(leased_until=None)
    end_batches()
    assert keys_of(user) == 0


def test_one_that_has_failed_for_good_is_tried_again_by_an_administrator(user: Any, settings: Any) -> None:
    bridged(settings, Broken)
    make_keys(user)
    ending = later(user)
    EndingBatch.objects.filter(ending=ending).update(attempts=7)
    end_batches()
    assert EndingBatch.objects.get(ending=ending).failed_at is not None
    Broken.is_broken = False
    assert retry_failed(Ending.objects.filter(pk=ending.pk)) == 1
    end_batches()
    assert keys_of(user) == 0


def test_rows_of_another_database_end_by_the_worker(user: Any, settings: Any) -> None:
    bridged(settings, Elsewhere)
    make_keys(user)
    later(user)
    Elsewhere.alias = "default"
    end_batches()
    assert keys_of(user) == 0


def order(**criteria: Any) -> None:
    order_incident(criteria=Criteria(**criteria), note="cookies were copied")


@pytest.mark.no_bystander("it is about everyone")
def test_an_incident_about_everyone_ends_the_keys_of_everyone(
    user: Any, administrator: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    make_keys(user)
    make_keys(administrator)
    order(everyone=True)
    end_batches()
    assert (keys_of(user), keys_of(administrator)) == (0, 0)
    assert {event.reason for event in Event.objects.filter(kind=ENDED)} == {"incident"}


def test_an_incident_about_staff_ends_those_of_staff(user: Any, administrator: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    make_keys(administrator)
    order(staff=True)
    end_batches()
    assert (keys_of(user), keys_of(administrator)) == (1, 0)


def test_an_incident_about_named_people_ends_theirs(user: Any, other_user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    make_keys(other_user)
    order(users=(str(user.pk),))
    end_batches()
    assert (keys_of(user), keys_of(other_user)) == (0, 1)


@pytest.mark.no_bystander("it is about everyone")
def test_an_incident_about_sessions_leaves_keys(user: Any, browser: Any, settings: Any) -> None:
    bridged(settings, Keys)
    browser().force_login(user)
    make_keys(user)
    order(before=Session.objects.get().signed_in_at)
    order(country="GB")
    end_batches()
    assert keys_of(user) == 1


@pytest.mark.no_bystander("it is about everyone")
def test_a_bridge_that_cannot_say_who_has_keys_is_asked_again(user: Any, settings: Any, browser: Any) -> None:
    bridged(settings, Unwilling, Keys)
    browser().force_login(user)
    make_keys(user)
    order(everyone=True)
    assert end_batches() == 1
    assert keys_of(user) == 0
    assert EndingBatch.objects.get(bridge="unwilling").error == "RuntimeError"
