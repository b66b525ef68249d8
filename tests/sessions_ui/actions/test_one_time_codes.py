"""One engine checks every code that is mailed: a person's own, and the one that a caller reads back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

import pytest
from django.utils import timezone

from sessions_ui import models
from sessions_ui.actions.one_time_codes import TRIES, Answer, try_code
from tests.interleaving import just_before
from tests.models import Case, Session, VerificationCode

pytestmark = pytest.mark.django_db

Row: TypeAlias = "models.VerificationCode | models.Case"


@pytest.fixture(params=["a person's own", "one that a caller reads back"])
def new_row(request: pytest.FixtureRequest, user: Any, agent: Any, browser: Any) -> Callable[[], Row]:
    """Makes a row with a code that is open."""
    in_an_hour = timezone.now() + timedelta(hours=1)
    if request.param == "one that a caller reads back":
        return lambda: Case.objects.create(user=user, agent=agent, expires_at=in_an_hour, code_salt="salt")
    browser().force_login(user)
    session = Session.objects.of(user).get()
    return lambda: VerificationCode.objects.create(
        user=user, session=session, purpose="confirm", nonce="salt", expires_at=in_an_hour
    )


@pytest.fixture
def row(new_row: Callable[[], Row]) -> Row:
    return new_row()


def tries_of(row: Row) -> int:
    row.refresh_from_db()
    return int(getattr(row, row.TRIES_FIELD))


def wrong(row: Row) -> str:
    return f"{(int(row.code()) + 1) % 10**6:06d}"


def test_each_try_is_counted_at_this_row_and_at_no_other(new_row: Callable[[], Row]) -> None:
    row, other = new_row(), new_row()
    assert try_code(row, wrong(row)) is Answer.WRONG
    assert try_code(row, other.code()) is Answer.WRONG
    assert try_code(row, row.code()) is Answer.RIGHT
    assert (tries_of(row), tries_of(other)) == (3, 0)


def test_after_five_tries_the_right_code_is_over(row: Row) -> None:
    answers = [try_code(row, wrong(row)) for _ in range(TRIES)]
    assert answers == [Answer.WRONG] * 5
    assert try_code(row, row.code()) is Answer.OVER
    assert tries_of(row) == 5


def test_the_fifth_try_still_counts(row: Row) -> None:
    for _ in range(TRIES - 1):
        try_code(row, wrong(row))
    assert try_code(row, row.code()) is Answer.RIGHT


def test_guesses_at_the_same_moment_get_no_more_tries_than_others(row: Row) -> None:
    """Five of them come between reading the row and counting this one."""
    rows = type(row).objects.filter(pk=row.pk)
    with just_before(f"UPDATE .{row._meta.db_table}.", lambda: rows.update(**{row.TRIES_FIELD: TRIES})):
        assert try_code(row, row.code()) is Answer.OVER
    assert tries_of(row) == TRIES


def test_a_code_that_was_replaced_meanwhile_is_over_and_costs_the_new_one_no_try(row: Row) -> None:
    type(row).objects.filter(pk=row.pk).update(**{row.NONCE_FIELD: "another"})
    assert try_code(row, row.code()) is Answer.OVER
    assert tries_of(row) == 0


def test_where_there_is_no_code_the_digits_that_would_follow_are_none(row: Row) -> None:
    type(row).objects.filter(pk=row.pk).update(**{row.NONCE_FIELD: ""})
    row.refresh_from_db()
    assert try_code(row, row.code()) is Answer.OVER
    assert tries_of(row) == 0


@pytest.mark.parametrize("typed", ["{} {}", " {}{}\n", "{}\u00a0{}"])
def test_spaces_are_no_part_of_a_code(typed: str, row: Row) -> None:
    code = row.code()
    assert try_code(row, typed.format(code[:3], code[3:])) is Answer.RIGHT


@pytest.mark.parametrize("former", ["a former one", b"and one of bytes"])
def test_a_code_that_was_mailed_under_a_former_secret_is_right(
    former: str | bytes, row: Row, settings: Any
) -> None:
    mailed = row.code(secret=former)
    assert try_code(row, mailed) is Answer.WRONG
    settings.SECRET_KEY_FALLBACKS = ["another one", former]
    assert try_code(row, mailed) is Answer.RIGHT
    settings.SECRET_KEY_FALLBACKS = ["another one"]
    assert try_code(row, mailed) is Answer.WRONG


def test_codes_that_the_release_before_has_mailed_are_right() -> None:
    """Each kind has digits of its own, also for the same key and nonce."""
    person = models.VerificationCode(pk=7, nonce="a nonce")
    caller = models.Case(pk=7, code_salt="a nonce")
    assert (person.code(secret="a secret"), caller.code(secret="a secret")) == ("795464", "967455")
