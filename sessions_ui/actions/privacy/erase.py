"""Erase what is stored about somebody: all of it goes but the events, and these lose what is personal."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import router
from django.db.models import Exists, OuterRef, Q, QuerySet

from sessions_ui import context
from sessions_ui.actions.batches import delete_of_gone_accounts, delete_rows, update_rows
from sessions_ui.actions.endings.end import Receipt, end_user_sessions
from sessions_ui.actions.privacy.forget import OF_CLIENT
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.database.transactions import in_transaction
from sessions_ui.models import (
    AccessReviewItem,
    AccessToken,
    AccountState,
    Act,
    Case,
    CaseReceipt,
    Delivery,
    Device,
    EndReason,
    Event,
    EventDetail,
    IdempotentRequest,
    Offboarding,
    Recovery,
    ServiceAccount,
    Session,
    VerificationCode,
)
from sessions_ui.models.event import FREQUENT
from sessions_ui.protocols import HasPk

BATCH = 200  # people a statement
# A session that says from where or with what staff used somebody's account.
CLIENT_KNOWN = (
    Q(first_address__isnull=False)
    | Q(address__isnull=False)
    | ~Q(first_user_agent="")
    | ~Q(user_agent="")
    | Q(place__isnull=False)
    | Q(first_place__isnull=False)
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did: the event of it, what was ended, and how many rows of each model were removed or emptied."""

    event: Event
    receipt: Receipt
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def erase(*, user: HasPk, actor: HasPk | None, ticket: str = "") -> Erasure:
    """Erase what is stored about `user`, who may be deleted already: the primary key is all that is needed.

    First everything is signed out and the event of the erasure is appended, in one transaction; then the rows go, in
    batches. What was stored up to that event goes, and not what the person does from then on. It is idempotent: one
    that was interrupted is carried on by the next purge, or by being asked for again. What is still needed goes with a
    purge later: a mail that waits, when it is out, and an open recovery, when it is closed. The account itself is the
    host project's, and so is what that keeps (docs/privacy.md).

    `actor` is who decided it, None for the system; the caller checks that they may. `ticket`: at most 100 characters;
    it stays, with the event. Raises what `end_sessions()` does, and `NotTheOwner` where staff uses an account.
    """
    context.require_owner()
    receipt, event = in_transaction(partial(_begin, user, actor, ticket), decides=True)
    return Erasure(event, receipt, _erase_rows([user.pk]))


def finish_erasures() -> int:
    """Remove what erasures have left because it was still needed, or because they were interrupted; return how many
    rows that were."""
    erased = Event.objects.filter(kind=Event.Kind.DATA_ERASED, user__isnull=False)
    keys = list(erased.order_by("user_id").values_list("user_id", flat=True).distinct())
    return sum(sum(_erase_rows(keys[start : start + BATCH]).values()) for start in range(0, len(keys), BATCH))


def _begin(user: HasPk, actor: HasPk | None, ticket: str) -> tuple[Receipt, Event]:
    receipt = end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR, actor=actor, ticket=ticket)
    event = events.append(
        Event.Kind.DATA_ERASED,
        user_id=user.pk,
        actor_id=actor_of(actor).pk,
        act=receipt.act,
        data={"ticket": ticket} if ticket else {},
    )
    return receipt, event


def _erase_rows(users: Collection[Any]) -> dict[str, int]:
    """Remove what these people, who were erased, left before that; return how many rows of each model were removed or
    emptied."""
    counts = {
        EventDetail: delete_rows(_before(EventDetail, users, "event__at", user="event__user_id"))
        + delete_rows(
            # Where they acted as staff: from where is theirs. What else is said there is not.
            _before(EventDetail, users, "event__at", user="event__actor_id").filter(
                OF_CLIENT, ~Q(event__kind__in=FREQUENT)
            )
        ),
        CaseReceipt: delete_rows(_before(CaseReceipt, users, "case__opened_at", user="case__user_id")),
        Case: delete_rows(_before(Case, users, "opened_at")),
        Act: update_rows(_own_acts(users).exclude(note=""), note=""),
        Delivery: delete_rows(
            _before(Delivery, users, "created_at").filter(
                Q(done_at__isnull=False) | Q(parked_at__isnull=False)
            )
        ),
        # What the app of a credential is called: where people register apps, they have written it.
        AccessReviewItem: update_rows(
            _before(AccessReviewItem, users, "review__created_at").exclude(label=""), label=""
        ),
        VerificationCode: delete_rows(_before(VerificationCode, users, "created_at")),
        IdempotentRequest: delete_rows(_before(IdempotentRequest, users, "created_at")),
        AccessToken: delete_rows(_before(AccessToken, users, "session__ended_at", user="session__user_id")),
        ServiceAccount: delete_of_gone_accounts(_before(ServiceAccount, users, "created_at"))
        + update_rows(_before(ServiceAccount, users, "created_at").exclude(purpose=""), purpose=""),
        # What lives has begun since.
        Session: delete_rows(_before(Session, users, "ended_at"))
        + update_rows(
            _before(Session, users, "ended_at", user="impersonator_id").filter(
                CLIENT_KNOWN, impersonated_from__isnull=False
            ),
            **dict.fromkeys(("first_address", "address", "first_place", "place")),
            **dict.fromkeys(("first_user_agent", "user_agent", "browser_version", "system_version"), ""),
            first_country="",
        ),
        Recovery: delete_rows(_before(Recovery, users, "opened_at").filter(closed_at__isnull=False))
        + delete_of_gone_accounts(_before(Recovery, users, "opened_at")),
        Offboarding: delete_rows(_before(Offboarding, users, "created_at").filter(cancelled_at__isnull=False))
        + delete_of_gone_accounts(_before(Offboarding, users, "created_at"))
        + update_rows(_before(Offboarding, users, "created_at").exclude(note=""), note=""),
        AccountState: delete_of_gone_accounts(_before(AccountState, users, "changed_at"))
        + update_rows(
            _before(AccountState, users, "changed_at").filter(unused_months__isnull=False), unused_months=None
        ),
    }
    in_use = Exists(Session.objects.filter(device=OuterRef("pk")))
    counts[Device] = delete_rows(_before(Device, users, "first_seen_at").filter(~in_use))
    return {model.__name__: count for model, count in counts.items() if count}


def _before(model: Any, users: Collection[Any], at: str, *, user: str = "user_id") -> QuerySet[Any]:
    """Return the rows of these people that are older than the erasure of whoever they belong to.

    `user` and `at` are lookups of whose a row is, and when it was made.
    """
    rows = model.objects.using(router.db_for_write(model))
    erased = Event.objects.using(rows.db).filter(
        kind=Event.Kind.DATA_ERASED, user_id=OuterRef(user), at__gte=OuterRef(at)
    )
    return rows.filter(Exists(erased), **{f"{user}__in": users})


def _own_acts(users: Collection[Any]) -> QuerySet[Any]:
    """Return the acts that ended sessions of one of these people, and of nobody else.

    By the events, whose index of the act leads there, and which outlive the sessions.
    """
    ended = Event.objects.using(router.db_for_write(Event)).filter(kind=Event.Kind.ENDED)
    own = _before(Event, users, "at").filter(kind=Event.Kind.ENDED)
    of_others = ended.filter(act=OuterRef("pk")).exclude(user_id__in=users)
    acts = Act.objects.using(ended.db).filter(pk__in=own.values("act_id"))
    return acts.filter(~Exists(of_others))
