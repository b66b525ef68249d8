"""Accounts with sessions, made before a load, and what became of them, as the rows say."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in here and on another device, by the keys of these sessions."""

    user_id: int
    here: str
    elsewhere: str


def somebody(number: int) -> list[Person]:
    """So many people, whose browsers have been theirs for days and have not been seen for an hour: copies of one who
    has really signed in, since that takes many statements each."""
    from django.contrib.auth import get_user_model

    from tests.aging import settle
    from tests.races.people import sign_in

    model = get_user_model()
    first = model.objects.create_user(address(), None)
    keys = [sign_in(first), sign_in(first)]
    settle(first)
    # The same password, unusable as it is, so that the hash in the copied sessions is right.
    users = model.objects.bulk_create(model(email=address(), password=first.password) for _ in range(number))
    people = [Person(user.pk, new_key(), new_key()) for user in users]
    for key, name in zip(keys, ("here", "elsewhere"), strict=True):
        assert key is not None
        confirm(key)
        copy_session(key, {getattr(person, name): person.user_id for person in people})
    last_seen(people, timedelta(hours=1))
    return people


def confirm(key: str) -> None:
    """As if whoever is signed in there had just shown their password: nobody is asked again for ten minutes."""
    from sessions_ui.store import SessionStore
    from sessions_ui.web.step_up.reauthentication import CONFIRMED_AT

    store = SessionStore(key)
    store[CONFIRMED_AT] = time.time()
    store.save()


def address() -> str:
    return f"{uuid.uuid4().hex}@people.example"


def new_key() -> str:
    from sessions_ui.store import SessionStore

    return SessionStore.new_key()


def copy_session(key: str, owners: dict[str, int]) -> None:
    """The session of this key and its device, once for each new key and owner."""
    from sessions_ui.models import Device, Session
    from sessions_ui.models.session import digest_of

    row = Session.objects.get(digest=digest_of(key))
    devices = Device.objects.bulk_create(
        another(row.device, user_id=owner, cookie_digest=digest_of(key)) for key, owner in owners.items()
    )
    Session.objects.bulk_create(
        another(row, user_id=owner, digest=digest_of(key), device=device)
        for (key, owner), device in zip(owners.items(), devices, strict=True)
    )


def another(row: Any, **changes: Any) -> Any:
    """An unsaved copy with a public id of its own."""
    automatic = {"id", "public_id"}
    fields = [field for field in row._meta.concrete_fields if field.name not in automatic]
    return type(row)(**{field.attname: getattr(row, field.attname) for field in fields} | changes)


def last_seen(people: Iterable[Person], ago: timedelta) -> None:
    """So that the next request of each writes it down."""
    from django.utils import timezone

    from sessions_ui.models import Session

    keys = [person.user_id for person in people]
    Session.objects.filter(user_id__in=keys).update(last_seen_at=timezone.now() - ago)


def living(people: Iterable[Person]) -> int:
    """How many sessions of theirs have not ended."""
    from sessions_ui.models import Session

    keys = [person.user_id for person in people]
    return Session.objects.filter(user_id__in=keys).living().count()
