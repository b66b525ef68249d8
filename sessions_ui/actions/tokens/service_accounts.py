"""Service accounts: make one, and give it to somebody else to answer for."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import router
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.account_lock import hold
from sessions_ui.actions.acting_session import verify_acting_session
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.offboard import shorten
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import OwnerRefusal, OwnerRefused
from sessions_ui.models import AccountState, EndReason, Event, ServiceAccount
from sessions_ui.models.locking import locked
from sessions_ui.models.primary import all_users
from sessions_ui.protocols import HasPk
from sessions_ui.user_model import has_usable_password, is_active


@atomically
def make_service_account(
    *, user: HasPk, owner: HasPk, purpose: str = "", actor: HasPk | None = None
) -> ServiceAccount:
    """Make `user` a service account for which `owner` answers; return it.

    From now on nobody signs in to it; whoever is signed in there is signed out, and its password is made unusable, by
    which other packages would give out tokens. Its access tokens stay (OWASP NHI1, NHI7: who answers for each is known,
    and what becomes of it when they leave). `purpose`: at most 255 characters.
    `actor` is the administrator, None for the system; the caller checks that they may. Raises `OwnerRefused` where the
    owner is the account itself, another service account, gone, disabled or offboarded, or where the account answers for
    others itself; else what `end_sessions()` does.
    """
    context.require_owner()
    hold([user.pk, owner.pk])
    verify_acting_session()
    if reason := why_no_service_account(user) or why_no_owner(user.pk, owner):
        raise OwnerRefused(reason)
    row, _made = ServiceAccount.objects.update_or_create(
        user_id=user.pk,
        defaults={"owner_id": owner.pk, "purpose": purpose[:255], "orphaned_at": None},
        create_defaults={
            "owner_id": owner.pk,
            "purpose": purpose[:255],
            "created_by_id": actor_of(actor).pk,
        },
    )
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR, actor=actor, tokens=False)
    _void_password(user)
    shorten_to(row.pk, owner)
    _note(row, "created", actor)
    return row


@atomically
def transfer_service_account(
    *, account: ServiceAccount, owner: HasPk, actor: HasPk | None = None
) -> ServiceAccount:
    """Let `owner` answer for the account from now on; return it as it is then.

    What ended with the former owner stays ended. `actor` and what is raised: as for `make_service_account()`.
    """
    context.require_owner()
    hold([key for key in (account.pk, account.owner_id, owner.pk) if key is not None])
    verify_acting_session()
    if reason := why_no_owner(account.pk, owner):
        raise OwnerRefused(reason)
    row = locked(ServiceAccount.objects.filter(pk=account.pk)).get()
    former: Any = row.owner_id
    row.owner_id, row.orphaned_at = owner.pk, None
    row.save(update_fields=["owner", "orphaned_at"])
    shorten_to(row.pk, owner)
    _note(row, "transferred", actor, former="" if former is None else str(former))
    return row


def why_no_owner(account: Any, owner: HasPk) -> OwnerRefusal | None:
    """Return why this user cannot answer for the account with the primary key `account`; None where they can.

    A form asks it to say so at its field, and the action again, when both are held.
    """
    if owner.pk == account:
        return OwnerRefusal.ITSELF
    person = all_users().filter(pk=owner.pk).first()
    if person is None:
        return OwnerRefusal.GONE
    if not is_active(person):
        return OwnerRefusal.DISABLED
    if ServiceAccount.is_one(owner.pk):
        return OwnerRefusal.SERVICE_ACCOUNT
    has_left = states_of(owner).filter(ends_at__lte=timezone.now()).exists()
    return OwnerRefusal.LEFT if has_left else None


def why_no_service_account(user: HasPk) -> OwnerRefusal | None:
    """Return why this user cannot become a service account, whoever is to answer for it; None where they can."""
    answers = ServiceAccount.objects.filter(owner_id=user.pk).exists()
    return OwnerRefusal.ANSWERS_FOR_OTHERS if answers else None


def _void_password(user: Any) -> None:
    """Make the password unusable, which is no change of it that somebody has to be told of, or that ends tokens."""
    if has_usable_password(user):
        user.password = make_password(None)
        all_users().filter(pk=user.pk).update(password=user.password)


def shorten_to(account: Any, owner: HasPk) -> None:
    """Let what the account is signed in with end with the access of its owner, where a date is agreed for that."""
    ends_at = states_of(owner).values_list("ends_at", flat=True).first()
    if ends_at is not None and conf.service_accounts_of_leavers == "end":
        shorten([account], ends_at, timezone.now())


def states_of(user: HasPk) -> Any:
    return AccountState.objects.using(router.db_for_write(AccountState)).filter(pk=user.pk)


def _note(row: ServiceAccount, step: str, actor: HasPk | None, **data: str) -> None:
    events.append(
        Event.Kind.SERVICE_ACCOUNT,
        user_id=row.pk,
        actor_id=actor_of(actor).pk,
        data={"step": step, "owner": str(row.owner_id), **data},
    )
