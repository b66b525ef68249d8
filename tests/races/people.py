"""What people do in the races, by the functions that their requests call."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError
from django.db import transaction
from django.db.models import Max
from django.test import RequestFactory

from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.changes.access import access_changed
from sessions_ui.actions.endings.changes.factors import factor_changed
from sessions_ui.actions.endings.end import Receipt, end_sessions, end_user_sessions
from sessions_ui.exceptions import TryAgain
from sessions_ui.store import SessionStore
from tests.conftest import PASSWORD
from tests.models import EndReason, Event, Session, digest_of
from tests.operators import sessions_end

BACKEND = settings.AUTHENTICATION_BACKENDS[0]


def request_with(store: SessionStore) -> Any:
    request: Any = RequestFactory().post("/")
    request.session, request.user = store, AnonymousUser()
    return request


def sign_in(person: Any, store: SessionStore | None = None) -> str | None:
    """The key of the session."""
    request = request_with(store or SessionStore())
    login(request, person, backend=BACKEND)
    request.session.save()
    return request.session.session_key


def sign_in_with(email: str, password: str) -> str | None:
    person = authenticate(RequestFactory().post("/"), username=email, password=password)
    return sign_in(person) if person else None


def is_signed_in(key: Any) -> bool:
    return isinstance(key, str) and SessionStore(key).get_user().is_authenticated


def living(person: Any) -> Any:
    return Session.objects.of(person).living()


def outlived(person: Any, *, but: int | None = None) -> bool:
    """Whether a session that had signed in before others were ended is still signed in; `but` one that was kept.

    Both write their events while they hold the account, so these stand in the order in which they happened.
    """
    log = Event.objects.filter(user_id=person.pk)
    ended = log.filter(kind=Event.Kind.ENDED).aggregate(last=Max("pk"))["last"] or 0
    before = log.filter(kind=Event.Kind.SIGNED_IN, pk__lt=ended).values("session_id")
    return living(person).filter(pk__in=before).exclude(pk=but).exists()


def fresh(person: Any) -> Any:
    """As another request reads them."""
    return get_user_model().objects.get(pk=person.pk)


def somebody(*, known: bool = True) -> Any:
    """A new account; `known`: which has signed in once, and out again."""
    person = get_user_model().objects.create_user(f"{uuid.uuid4().hex}@people.example", PASSWORD)
    if known:
        sign_in(person)
        end_user_sessions(user=person, reason=EndReason.SIGNED_OUT)
    return person


def row_of(key: str | None) -> Session:
    assert key is not None
    return Session.objects.get(digest=digest_of(key))


def ended_of(person: Any) -> list[int | None]:
    """The sessions of which the log says that they ended."""
    log = Event.objects.filter(user_id=person.pk, kind=Event.Kind.ENDED)
    return list(log.values_list("session_id", flat=True))


# --- What can be decided about an account


def everywhere(person: Any) -> Receipt:
    return end_user_sessions(user=person, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=person)


def administrator(person: Any) -> Receipt:
    return end_user_sessions(user=person, reason=EndReason.ADMINISTRATOR)


def access(person: Any) -> Receipt:
    return access_changed(users=get_user_model().objects.filter(pk=person.pk))


def these_sessions(person: Any) -> Receipt:
    """Names sessions, and nobody: whose they are is looked up."""
    return end_sessions(sessions=Session.objects.of(person), reason=EndReason.INCIDENT)


def factor(person: Any) -> Receipt:
    return factor_changed(user=person)


def by_command(person: Any) -> None:
    try:
        sessions_end("--user", person.email)
    except CommandError as error:
        if isinstance(error.__cause__, TryAgain):  # which the command has put into words
            raise error.__cause__ from None
        raise


def by_worker(person: Any) -> None:
    people = get_user_model().objects.filter(pk=person.pk)
    chosen = Session.objects.of(person)
    ending = end_later(sessions=chosen, reason=EndReason.ADMINISTRATOR, of_users=people, unadopted=True)
    # A worker is in no transaction of a request's, and comes after it.
    transaction.on_commit(partial(end_batches, ending=ending))


ENDINGS = [everywhere, administrator, access, these_sessions, factor, by_command]


def disable(person: Any) -> None:
    changed = fresh(person)
    changed.is_active = False
    changed.save()


def save_password(person: Any, password: str) -> None:
    changed = fresh(person)
    changed.set_password(password)
    changed.save()
