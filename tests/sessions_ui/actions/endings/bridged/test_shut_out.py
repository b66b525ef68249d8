"""What other packages still let in for people of whom no signal told that they may not act any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui import deliver_all, offboard
from sessions_ui.actions.endings.bridged import shut_out
from sessions_ui.actions.endings.bridged.shut_out import end_of_shut_out
from sessions_ui.actions.endings.reconcile.lingering import end_lingering
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.metrics.lingering import Kind, lingering
from tests.keys import Broken, Keys, Unwilling, bridged, keys_of, make_keys
from tests.models import Delivery, Event

pytestmark = pytest.mark.django_db

ENDED = Event.Kind.CREDENTIALS_ENDED


@pytest.fixture(autouse=True)
def _broken() -> Any:
    yield
    Broken.is_broken = True


def switch_off_unseen(user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)


def living() -> int | None:
    (found,) = (each for each in lingering(timezone.now()) if each.kind is Kind.BRIDGED)
    return found.number


def test_the_sweep_ends_the_keys_of_an_account_that_was_switched_off_unseen(
    user: Any, other_user: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    make_keys(user)
    make_keys(other_user)
    switch_off_unseen(user)
    end_unlawful()
    assert (keys_of(user), keys_of(other_user)) == (0, 1)
    assert Event.objects.get(kind=ENDED).reason == "account_disabled"


def test_the_sweep_ends_the_keys_of_a_leaver_at_the_agreed_date(user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    offboard(user=user, ends_at=timezone.now() + timedelta(days=1))
    end_unlawful()
    assert keys_of(user) == 1
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        end_unlawful()
    assert keys_of(user) == 0
    assert Event.objects.get(kind=ENDED).reason == "offboarded"


def test_one_who_was_let_in_again_meanwhile_keeps_theirs(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridged(settings, Keys)
    make_keys(user)
    monkeypatch.setattr(Keys, "holders", lambda self, users=None: {user.pk})
    assert end_of_shut_out() == 0
    assert keys_of(user) == 1


def test_what_the_outbox_is_about_to_end_is_left_to_it(user: Any, settings: Any) -> None:
    bridged(settings, Broken)
    make_keys(user)
    switch_off_unseen(user)
    end_unlawful()
    end_unlawful()
    assert Delivery.objects.filter(channel="bridge").count() == 1
    Broken.is_broken = False
    deliver_all()
    assert keys_of(user) == 0


@pytest.mark.parametrize(
    "changed",
    [{"channel": "mail"}, {"receiver": "another bridge"}, {"done_at": timezone.now()}],
    ids=lambda changed: next(iter(changed)),
)
def test_what_else_the_outbox_has_for_somebody_keeps_their_keys_from_ending_no_longer(
    changed: dict[str, Any], user: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    make_keys(user)
    switch_off_unseen(user)
    waiting: dict[str, Any] = {"channel": "bridge", "receiver": "keys", "done_at": None}
    Delivery.objects.create(user=user, **waiting)
    assert end_of_shut_out() == 0
    Delivery.objects.update(**changed)
    assert end_of_shut_out() == 1
    assert keys_of(user) == 0


def test_a_run_is_of_so_many_people_and_the_next_one_goes_on(
    user: Any, other_user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shut_out, "MOST", 1)
    bridged(settings, Keys)
    for person in (user, other_user):
        make_keys(person)
        switch_off_unseen(person)
    assert [end_of_shut_out() for _ in range(3)] == [1, 1, 0]
    assert (keys_of(user), keys_of(other_user)) == (0, 0)


def test_a_bridge_that_raises_holds_up_neither_the_sweep_nor_another_bridge(user: Any, settings: Any) -> None:
    bridged(settings, Unwilling, Keys)
    make_keys(user)
    switch_off_unseen(user)
    end_unlawful()
    assert keys_of(user) == 0


def test_what_lives_there_is_counted_as_what_should_not(user: Any, other_user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user, 2)
    make_keys(other_user)
    assert living() == 0
    switch_off_unseen(user)
    assert living() == 2


def test_a_bridge_that_cannot_say_is_unknown_there(user: Any, settings: Any) -> None:
    bridged(settings, Unwilling)
    assert living() is None


def test_the_button_of_the_page_ends_them(user: Any, administrator: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    switch_off_unseen(user)
    end_lingering(actor=administrator)
    assert keys_of(user) == 0
