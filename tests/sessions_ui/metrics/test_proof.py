"""The proof of an act: what the rows say that it did, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.actions.sessions.tabs_told import note_tabs_told
from sessions_ui.delivery import deliver_due
from sessions_ui.metrics import proof as proofs
from sessions_ui.metrics.proof import Told, proof_of
from tests.models import Act, Delivery, Ending, EndReason, Session

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def laptop(user: Any, browser: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


def test_right_after_the_act_nobody_was_turned_away_yet(user: Any, laptop: Any, browser: Any) -> None:
    browser().sign_in(user)
    end_user_sessions(user=user, reason=EndReason.HELP_DESK)
    act = Act.objects.get()
    proof = proof_of(act)
    assert (proof.ordered_at, proof.in_force_at, proof.ended) == (act.at, act.at, 2)
    assert (proof.refused, proof.first_refused_at, proof.tabs, proof.first_tabs_told_at) == (0, None, 0, None)
    assert proof.containment == timedelta(0)
    [mail] = proof.told
    assert (mail.channel, mail.number, mail.done, mail.still_open) == ("mail", 1, 0, 1)


def test_the_first_refusal_the_tabs_and_the_messages_are_in_it(user: Any, laptop: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.HELP_DESK)
    laptop.get("/account/devices/")
    told_at = timezone.now()
    note_tabs_told(session_ids=[Session.objects.get().pk], at=told_at)
    deliver_due()
    proof = proof_of(Act.objects.get())
    session = Session.objects.get()
    assert (proof.refused, proof.first_refused_at) == (1, session.refused_at)
    assert session.refused_at is not None
    assert (proof.tabs, proof.first_tabs_told_at) == (1, told_at)
    assert proof.told == [Told("mail", 1, 1, 0, Delivery.objects.get(act__isnull=False).done_at)]
    assert list(proof.sessions) == [session]


def test_it_is_of_this_act_alone(user: Any, other_user: Any, laptop: Any, browser: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.HELP_DESK)
    mine = Act.objects.get()
    browser().sign_in(other_user)
    end_user_sessions(user=other_user, reason=EndReason.HELP_DESK)
    proof = proof_of(mine)
    assert proof.ended == 1
    assert {session.user_id for session in proof.sessions} == {user.pk}
    assert {delivery.user_id for delivery in proof.deliveries} == {user.pk}


def test_a_batch_was_ordered_with_its_ending(user: Any, laptop: Any) -> None:
    end_later(sessions=Session.objects.all(), reason=EndReason.INCIDENT)
    Ending.objects.update(created_at=timezone.now() - HOUR)
    end_batches()
    proof = proof_of(Act.objects.get())
    assert proof.ordered_at == Ending.objects.get().created_at
    assert proof.containment is not None and proof.containment >= HOUR


def test_containment_counts_from_the_end_of_trust(user: Any, laptop: Any) -> None:
    left = timezone.now() - 3 * HOUR
    Session.objects.update(signed_in_at=left - HOUR)
    offboard(user=user, ends_at=left)
    act = Act.objects.get()
    assert proof_of(act).containment == act.at - left


def test_what_lives_on_is_not_contained(user: Any, laptop: Any) -> None:
    now = timezone.now()
    Session.objects.update(signed_in_at=now - 9 * HOUR)
    offboard(user=user, ends_at=now + HOUR, happened_at=now - HOUR)
    proof = proof_of(Act.objects.get())
    assert (proof.ended, proof.lived_on, proof.living, proof.containment) == (0, 1, 1, None)


def test_a_few_are_named_and_all_are_counted(
    user: Any, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "MOST", 1)
    for _ in range(3):
        browser().sign_in(user)
    end_user_sessions(user=user, reason=EndReason.HELP_DESK)
    proof = proof_of(Act.objects.get())
    assert (proof.ended, len(proof.sessions)) == (3, 1)


@pytest.mark.parametrize("sessions", [1, 5])
def test_the_number_of_statements_is_fixed(
    sessions: int, user: Any, browser: Any, django_assert_num_queries: Any
) -> None:
    for _ in range(sessions):
        browser().sign_in(user)
    end_user_sessions(user=user, reason=EndReason.HELP_DESK)
    act = Act.objects.get()
    with django_assert_num_queries(4):
        proof_of(act)
