"""Decide whether two accounts are one person in effect: what "somebody else has to" means where programs act, too."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Q

from sessions_ui.models import AccessToken, Event, ServiceAccount


def is_same_person(one: Any, other: Any) -> bool:
    """Return whether the accounts with these primary keys are one person in effect: a service account does what whoever
    answers for it has it do. One statement, none where it is the same account."""
    if one == other:
        return True
    if one is None or other is None:
        return False
    behind = people_behind([one, other])
    return behind[one] == behind[other]


def people_behind(accounts: Collection[Any]) -> dict[Any, Any]:
    """Return for each of these primary keys that of whoever answers for the account, itself where nobody does."""
    rows = ServiceAccount.objects.filter(pk__in=accounts, owner__isnull=False)
    return {key: key for key in accounts} | dict(rows.values_list("pk", "owner_id"))


def could_act_by(person: Any, account: Any, *, at: datetime, sessions: Collection[int] = ()) -> bool:
    """Return whether this person could have had the account do something at that moment: they are the same in effect,
    or were it then, or they have seen the value of a token of the account. `sessions`: in which of the account it was
    done, where that is known."""
    if is_same_person(person, account) or str(person) in _former_owners(account, since=at):
        return True
    makers = _makers_of_tokens(account, at=at, sessions=sessions) - {None}
    behind = people_behind({person, *makers})
    return behind[person] in {behind[key] for key in makers}


def _former_owners(account: Any, *, since: datetime) -> set[str]:
    """Return who has answered for the account since then and no longer does, as events name them."""
    steps = Event.objects.filter(kind=Event.Kind.SERVICE_ACCOUNT, user_id=account, at__gte=since)
    return {str(data["former"]) for data in steps.values_list("data", flat=True) if data.get("former")}


def _makers_of_tokens(account: Any, *, at: datetime, sessions: Collection[int]) -> set[Any]:
    """Return who has made or renewed the tokens that could have acted: they were shown the values."""
    tokens = AccessToken.objects.filter(session__user_id=account)
    if sessions:
        tokens = tokens.filter(pk__in=sessions)
    else:
        lived = Q(session__ended_at__isnull=True) | Q(session__ended_at__gte=at)
        tokens = tokens.filter(lived, session__signed_in_at__lte=at)
    made_by = dict(tokens.values_list("pk", "made_by_id"))
    changed = Event.objects.filter(
        kind=Event.Kind.CREDENTIAL_CHANGED, user_id=account, session_id__in=made_by
    )
    return {*made_by.values(), *changed.values_list("actor_id", flat=True)}
