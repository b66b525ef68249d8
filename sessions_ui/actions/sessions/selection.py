"""A selection of sessions by what an operator knows of them, to list or to end them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import router
from django.db.models import Q
from django.utils import timezone

from sessions_ui.actions.sessions.conditions import in_network, signed_in_by
from sessions_ui.models import AccessToken, EndReason, Session
from sessions_ui.models.session import SessionQuerySet

# What opens a session, or could be tried out against it, is not even read.
SECRETS = ("digest", "previous_digest", "auth_hash", "next_auth_hash", "payload")


class State(StrEnum):
    LIVING = "living"
    ENDED = "ended"
    EXPIRED = "expired"  # run out; its row does not say so yet
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which sessions. What is None or empty does not count; of the rest a session meets every one.

    `users` are primary keys, `devices` those of devices; a session of any of them is meant. `since` and `before`: when
    it was signed in; `seen_since` and `seen_before`: when it was last seen. All four are as rows hold moments.
    `network`: an address, or a network (CIDR), of the sign-in or now. `country`: of the sign-in (ISO 3166-1 alpha-2).
    `method`: how it was signed in, one of several steps, or the provider.
    """

    users: tuple[Any, ...] = ()
    devices: tuple[int, ...] = ()
    kind: str = ""
    since: datetime | None = None
    before: datetime | None = None
    seen_since: datetime | None = None
    seen_before: datetime | None = None
    network: str = ""
    country: str = ""
    method: str = ""

    @property
    def is_about_whole_accounts(self) -> bool:
        """Whether it names people and nothing else."""
        return bool(self.users) and self == Selection(users=self.users)

    def sessions(self) -> SessionQuerySet:
        """Return them, ended ones and those of deleted accounts included; anonymous ones are nobody's."""
        rows: SessionQuerySet = Session.objects.using(router.db_for_write(Session))
        rows = rows.filter(signed_in_at__isnull=False, **self._columns())
        if self.method:
            rows = rows.filter(signed_in_by(self.method))
        return rows.filter(in_network(rows, self.network)) if self.network else rows

    def _columns(self) -> dict[str, Any]:
        columns = {
            "user_id__in": self.users,
            "device_id__in": self.devices,
            "kind": self.kind,
            "signed_in_at__gte": self.since,
            "signed_in_at__lt": self.before,
            "last_seen_at__gte": self.seen_since,
            "last_seen_at__lt": self.seen_before,
            "first_country": self.country,
        }
        return {name: value for name, value in columns.items() if value}


def listed(
    *,
    selection: Selection,
    state: State = State.LIVING,
    reason: EndReason | None = None,
    after: Session | None = None,
) -> SessionQuerySet:
    """Return the sessions of a selection for a list, the newest sign-in first, without their `SECRETS`.

    `reason` is why they ended. `after` is the last one of the page before. Each row has `is_contained`: whether an
    incident has ended it, whose rows may say so only later. It is ended then, whatever its row says.
    """
    rows = in_state(selection.sessions(), state)
    if reason is not None:
        by_rule = (
            Q(ended_at__isnull=True, is_contained=True) if reason is EndReason.INCIDENT else Q(pk__in=())
        )
        rows = rows.filter(Q(end_reason=reason) | by_rule)
    if after is not None:
        # The first condition alone can be looked up in an index.
        rows = rows.filter(
            Q(signed_in_at__lt=after.signed_in_at) | Q(pk__lt=after.pk), signed_in_at__lte=after.signed_in_at
        )
    return (
        rows.select_related("device")
        .defer(*SECRETS, "device__cookie_digest")
        .order_by("-signed_in_at", "-pk")
    )


def state_of(session: Session | AccessToken) -> State:
    """Return the state of a session as `in_state()` has read it."""
    if session.is_over:
        return State.ENDED
    return State.LIVING if session.is_living else State.EXPIRED


def in_state(rows: Any, state: State, *, session: str = "") -> Any:
    """Return those of the rows that are in this state, read `with_containment()`. `session` leads to it from rows of
    another model, such as "session__"."""
    rows = rows.with_containment()
    if state is State.ALL:
        return rows
    ended = Q((f"{session}ended_at__isnull", False)) | Q(is_contained=True)
    if state is State.ENDED:
        return rows.filter(ended)
    living = Q((f"{session}user__isnull", False), (f"{session}expires_at__gt", timezone.now()))
    return rows.filter(~ended, living if state is State.LIVING else ~living)
