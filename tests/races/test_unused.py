"""A sign-in is used after months, at the very moment at which it is ended because nobody uses it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from sessions_ui.actions.endings.unused import end_unused
from sessions_ui.actions.sessions.activity import touch
from sessions_ui.actions.sessions.client import client_of
from tests.models import Session
from tests.races.people import is_signed_in, row_of, sign_in, somebody
from tests.races.race import Race
from tests.unused import chose, let_them_last


def use(session: Session) -> bool:
    return touch(session=session, digest=session.digest, client=client_of({}), now=timezone.now())


def test_what_is_used_at_that_moment_is_not_ended_for_not_being_used(race: Race, settings: Any) -> None:
    let_them_last(settings)
    for _ in race.times():
        person = somebody(known=False)
        key = sign_in(person)
        chose(person, 3)
        now = timezone.now()
        Session.objects.filter(user=person).update(
            last_seen_at=now - timedelta(days=100),
            unused_told_at=now - timedelta(days=8),
            expires_at=now + timedelta(days=100),
        )
        used, _ = race.run(partial(use, row_of(key)), tasks=[end_unused])
        if used:
            race.stays(is_signed_in(key))
        else:
            race.is_over(is_signed_in(key))
