"""Which session an incident has ended: one table for both forms of the rule, the request's in Python and the SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from sessions_ui.models import Containment
from sessions_ui.models.containment import contained, containing_generation, is_contained
from sessions_ui.models.incident import Limits
from tests.models import Session, digest_of

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("they would be signed out, too")]

MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Order:
    """What is over, by generation. `before` is about whoever was signed in before the time of the test."""

    everyone: int = 0
    staff: int = 0
    before: int = 0

    def limits(self, now: datetime) -> Limits:
        return Limits(self.everyone, self.staff, self.before, now if self.before else None)


@dataclass(frozen=True)
class SignIn:
    """`since` the time of the test; None where nobody knows when that was. `was` and `is_now` name rights."""

    generation: int
    since: timedelta | None = -MOMENT
    was: str = ""
    is_now: str = ""


EARLY, AT_ONCE, LATE = -MOMENT, timedelta(0), MOMENT

# What is over, who is signed in, and the generation of the order that has ended it (0: none has).
TABLE: dict[str, tuple[Order, SignIn, int]] = {
    "nothing is over": (Order(), SignIn(0, was="is_staff", is_now="is_staff"), 0),
    # Everyone
    "everyone, before the order": (Order(everyone=2), SignIn(1), 2),
    "everyone, after it": (Order(everyone=2), SignIn(2), 0),
    "everyone, after a later one": (Order(everyone=2), SignIn(3), 0),
    "everyone, staff after it": (Order(everyone=2), SignIn(2, was="is_staff", is_now="is_staff"), 0),
    # Staff
    "staff, before the order": (Order(staff=2), SignIn(1, was="is_staff", is_now="is_staff"), 2),
    "staff, after it": (Order(staff=2), SignIn(2, was="is_staff", is_now="is_staff"), 0),
    "staff, after a later one": (Order(staff=2), SignIn(3, was="is_staff", is_now="is_staff"), 0),
    "staff then, not any more": (Order(staff=2), SignIn(1, was="is_staff"), 2),
    "superuser then, not any more": (Order(staff=2), SignIn(1, was="is_superuser"), 2),
    "staff since": (Order(staff=2), SignIn(1, is_now="is_staff"), 2),
    "superuser since": (Order(staff=2), SignIn(1, is_now="is_superuser"), 2),
    "staff since, signed in after the order": (Order(staff=2), SignIn(2, is_now="is_staff"), 0),
    "nobody of the staff": (Order(staff=2), SignIn(1), 0),
    "a right that is not staff's": (Order(staff=2), SignIn(1, was="is_staff_of_old"), 0),
    # Signed in before a time
    "a moment before the time": (Order(before=2), SignIn(1, EARLY), 2),
    "at the time": (Order(before=2), SignIn(1, AT_ONCE), 0),
    "a moment after the time": (Order(before=2), SignIn(1, LATE), 0),
    "before the time, after the order": (Order(before=2), SignIn(2, EARLY), 0),
    "before the time, after a later order": (Order(before=2), SignIn(3, EARLY), 0),
    "nobody knows when": (Order(before=2), SignIn(1, None), 0),
    # Several: the first that concerns it is named
    "everyone and staff": (Order(everyone=1, staff=2), SignIn(0, was="is_staff"), 1),
    "everyone and a time": (Order(everyone=1, before=2), SignIn(0, EARLY), 1),
    "a time and staff": (Order(before=1, staff=2), SignIn(0, EARLY, was="is_staff"), 1),
    "staff between the two orders": (Order(everyone=1, staff=2), SignIn(1, was="is_staff"), 2),
    "somebody between the two orders": (Order(everyone=1, staff=2), SignIn(1), 0),
    "staff who came after the time": (Order(before=1, staff=2), SignIn(0, LATE, was="is_staff"), 2),
}


def signed_in(user: Any, one: SignIn, now: datetime) -> Session:
    return Session.objects.create(
        digest=digest_of("k" * 32),
        user=user,
        backend=settings.AUTHENTICATION_BACKENDS[0],
        generation=one.generation,
        signed_in_at=None if one.since is None else now + one.since,
        access_flags=f",{one.was}," if one.was else "",
        expires_at=now + timedelta(days=1),
    )


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.mark.parametrize(("order", "one", "expected"), TABLE.values(), ids=TABLE)
def test_an_incident_ends_what_was_signed_in_before_it_and_nothing_else(
    order: Order, one: SignIn, expected: int, user: Any, now: datetime
) -> None:
    """Whoever reads the rows must say the same as the request that is refused."""
    if one.is_now:
        setattr(user, one.is_now, True)
        user.save()
    session = signed_in(user, one, now)
    limits = order.limits(now)
    Containment.objects.create(generation=3, **limits._asdict())
    assert containing_generation(session, user, limits) == expected
    rows = Session.objects.filter(pk=session.pk)
    assert rows.filter(contained(limits)).exists() is bool(expected), "by limits that were read before"
    assert rows.filter(contained()).exists() is bool(expected), "by the statement that reads them"
    assert rows.annotate(over=is_contained()).get().over is bool(expected), "as a column"


def test_without_an_order_nothing_is_over(user: Any, now: datetime) -> None:
    session = signed_in(user, SignIn(0, was="is_staff"), now)
    assert containing_generation(session, user, None) == 0
    assert not Session.objects.filter(contained()).exists()
    assert Session.objects.annotate(over=is_contained()).get().over is False


@pytest.mark.parametrize("order", [Order(everyone=1), Order(staff=1), Order(before=1)])
def test_a_session_of_nobody_is_never_over(order: Order, now: datetime) -> None:
    """What an anonymous visitor has in it stays."""
    session = signed_in(None, SignIn(0, was="is_staff"), now)
    limits = order.limits(now)
    Containment.objects.create(generation=1, **limits._asdict())
    rows = Session.objects.filter(pk=session.pk)
    assert not rows.filter(contained(limits)).exists() and not rows.filter(contained()).exists()
    assert rows.annotate(over=is_contained()).get().over is False


def test_whom_nobody_knows_yet_counts_by_what_they_were_at_sign_in(user: Any, now: datetime) -> None:
    """Users who are in another database come after the session (`validate.py`)."""
    limits = Order(staff=2).limits(now)
    assert containing_generation(signed_in(user, SignIn(1, is_now="is_staff"), now), None, limits) == 0
    Session.objects.all().delete()
    assert containing_generation(signed_in(user, SignIn(1, was="is_staff"), now), None, limits) == 2
