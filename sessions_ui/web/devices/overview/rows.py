"""Reading somebody's sign-ins for the devices page: whole rows of a few, and of many only what every card is sorted,
counted and told apart by; of those that are shown the rest is read afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import models
from django.db.models.base import ModelState
from django.utils import timezone

from sessions_ui.actions.sessions.rules.timeouts import in_time
from sessions_ui.models import Device, Limits, Session
from sessions_ui.models.containment import containing_generation
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.web.devices.overview.addresses import Addresses
from sessions_ui.web.devices.overview.cards import Card

# More sign-ins than these are read in two steps: making instances of all columns takes most of the time by then.
FEW = 60
SUMMARY = (
    "id",
    "public_id",
    "kind",
    "device_id",
    "signed_in_at",
    "last_seen_at",
    "provider",
    "impersonated_from_id",
    "address",
    "place",
    "browser_version",
    "system_version",
    "verdict",
    "reviewed_at",
    "generation",
    "access_flags",
)
DEVICE_SUMMARY = (
    "id",
    "public_id",
    "name",
    "kind",
    "maker",
    "model",
    "browser",
    "system",
    "first_seen_at",
    "confirmed_at",
    "lost_at",
    "copied_at",
    "not_me_at",
)


def cards_of(user: Any, *, current_id: int | None) -> list[Card]:
    """Return the cards of everything that is signed in, in one SQL statement."""
    return group(signed_in(user), current_id=current_id)


def signed_in(user: Any) -> list[Session]:
    """Return the user's living sign-ins, the most recently used first, by the rule that refuses them: what the sweep
    has not reached yet is not listed as signed in. Access tokens are none (`keys_of()`)."""
    return by_activity(whole(living(user).sign_ins()))


def living_or_summaries(user: Any, limits: Limits | None) -> tuple[list[Session], bool]:
    """Return the same, and whether the user has access tokens beside them. In one SQL statement where sessions are few,
    else in two, and then as summaries (`complete()`). `limits`: what incidents have ended, as the request's own look-up
    has read it.

    Most people have no token: to ask for those by themselves takes as long as a third of everything that is read here.
    And what an incident has ended is found here instead of in SQL, by the rule that refuses it: to put that condition
    together takes a sixth of the time of a whole page.
    """
    unended = Session.objects.of(user).filter(in_time(user, timezone.now()), ended_at__isnull=True)
    rows = list(whole(unended)[: FEW + 1])
    if len(rows) > FEW:
        rows = list(summaries(unended))
    found = [session for session in rows if not containing_generation(session, user, limits)]
    sign_ins = [session for session in found if session.kind != Session.Kind.TOKEN]
    return by_activity(sign_ins), len(sign_ins) < len(found)


def living(user: Any) -> SessionQuerySet:
    """Return the sessions of every kind that the user can be signed in by now."""
    return Session.objects.of(user).living().filter(in_time(user, timezone.now()))


def whole(rows: SessionQuerySet) -> models.QuerySet[Session]:
    return rows.select_related("device").defer("payload")


def by_activity(sessions: Iterable[Session]) -> list[Session]:
    """Sort here, because all are read anyway: ORDER BY makes the statement half as long again to put together."""
    return sorted(sessions, key=lambda session: (session.last_seen_at, session.pk), reverse=True)


def summaries(rows: SessionQuerySet) -> Iterator[Session]:
    """Yield sessions, with their devices, that know the columns of a summary; any other is read when it is asked for.

    `QuerySet.only()` yields the same, and takes five times as long for a thousand: `Model.from_db()` goes through all
    fields of the model for each row. Nothing here listens to `pre_init` or `post_init`, which are not sent.
    """
    using = rows.db
    columns = (*SUMMARY, *(f"device__{name}" for name in DEVICE_SUMMARY))
    devices: dict[int, Device] = {}
    for row in rows.values_list(*columns):
        session = _instance(Session, zip(SUMMARY, row, strict=False), using)
        about = row[len(SUMMARY) :]
        key = about[0]
        if key is not None and key not in devices:
            devices[key] = _instance(Device, zip(DEVICE_SUMMARY, about, strict=True), using)
        session._state.fields_cache["device"] = devices.get(key)
        yield session


def _instance(model: Any, values: Iterable[tuple[str, Any]], using: str) -> Any:
    instance = model.__new__(model)
    instance.__dict__.update(values)
    instance._state = state = ModelState()
    state.adding, state.db, state.fields_cache = False, using, {}
    return instance


def complete(cards: Iterable[Card]) -> None:
    """Read the rest of what these cards show, in one SQL statement; none where all of it is known."""
    those = list(cards)
    missing = {s.pk for card in those for s in card.shown_sessions if "expires_at" not in s.__dict__}
    if not missing:
        return
    found = whole(Session.objects.all()).in_bulk(missing)
    for card in those:
        card.sessions = [found.get(session.pk, session) for session in card.sessions]
        if card.current is not None:
            card.current = found.get(card.current.pk, card.current)
        card.device = card.latest.device if card.device is not None else None


def group(sessions: Iterable[Session], *, current_id: int | None) -> list[Card]:
    """Group the sessions by device, which is known by its cookie only: two equal laptops stay two. What staff does in
    the account is on no device of its owner's."""
    cards: dict[object, Card] = {}
    addresses = Addresses()
    for session in sessions:
        if session.impersonated_from_id is not None:
            continue
        key = session.device_id or f"session {session.pk}"
        card = cards.get(key)
        if card is None:
            card = cards[key] = Card(device=session.device, addresses=addresses)
        card.sessions.append(session)
        if session.pk == current_id:
            card.current = session
    return list(cards.values())
