"""A program asks for a token at the moment at which the account's tokens end: none lives. Takes a real database."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, connections

if not apps.is_installed("sessions_ui") or connection.vendor == "sqlite":
    pytest.skip("threads need one database", allow_module_level=True)

from sessions_ui import deliver_all, end_user_sessions
from sessions_ui.models import EndReason

from bridges.test_bridges import (  # isort: skip
    BRIDGES,
    Held,
    PASSWORD,
    an_authtoken,
    a_jwt,
    an_oauth_token,
    elsewhere,
    renew_jwt,
    renew_oauth,
)

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6


def at_once(*works: Callable[[], object]) -> None:
    barrier = Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except Exception as error:  # the package's own errors: it has found its row gone
            print(f"{work}: {type(error).__name__}: {error}")
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def left(package: str, person: User) -> int:
    """How many live. Where the database has chosen the ending as the victim of a deadlock with the package's refresh,
    the outbox has the rest of it."""
    deliver_all()
    return len(BRIDGES[package].list(person.pk))


@pytest.fixture
def people() -> list[User]:
    return [User.objects.create_user(f"p{n}", f"p{n}@example.org", PASSWORD) for n in range(ROUNDS)]


@pytest.mark.parametrize(
    ("package", "ask"), [("authtoken", an_authtoken), ("simplejwt", a_jwt)], ids=["authtoken", "simplejwt"]
)
def test_no_token_that_is_asked_for_outlives_a_reset(
    package: str, ask: Callable[[User], Held], people: list[User]
) -> None:
    living = 0
    for person in people:
        at_once(lambda person=person: ask(person), lambda person=person: elsewhere(person))
        living += left(package, person)
    assert living == 0


@pytest.mark.parametrize(
    ("package", "ask", "renew"),
    [("oauth", an_oauth_token, renew_oauth), ("simplejwt", a_jwt, renew_jwt)],
    ids=["oauth", "simplejwt"],
)
def test_no_token_that_is_renewed_outlives_an_ending(
    package: str, ask: Callable[[User], Held], renew: Callable[[str], object], people: list[User]
) -> None:
    living = 0
    for person in people:
        held = ask(person)
        at_once(
            lambda held=held: renew(held.refresh),
            lambda person=person: end_user_sessions(user=person, reason=EndReason.ADMINISTRATOR),
        )
        living += left(package, person)
    assert living == 0
