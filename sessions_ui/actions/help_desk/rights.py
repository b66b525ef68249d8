"""Decide who is an agent, and whom an agent may help."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.acting_session import verify_acting_session_without_lock
from sessions_ui.actions.tokens.same_person import is_same_person
from sessions_ui.conf import conf
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.models import Case, CaseReceipt
from sessions_ui.models.primary import visible_users
from sessions_ui.user_model import is_active

CODENAME = "help_desk"
HOUR = timedelta(hours=1)


def is_agent(user: Any) -> bool:
    """Return whether the user holds the permission, by a group or personally.

    A superuser, who has every permission there is, is not an agent by that: the right to look into people's accounts is
    given, not implied.
    """
    if not is_active(user):
        return False
    if not getattr(user, "is_superuser", False):
        return bool(user.has_perm(f"sessions_ui.{CODENAME}"))
    return is_granted(user)


def is_granted(user: Any) -> bool:
    """Return whether Django's own tables give the user the permission, in one statement."""
    granted = Permission.objects.filter(codename=CODENAME, content_type__app_label="sessions_ui")
    return granted.filter(Q(user=user.pk) | Q(group__user=user.pk)).exists()


def within_scope(agent: Any) -> QuerySet[Any]:
    """Return the accounts that the host project's `HELP_DESK_SCOPE` leaves to this agent."""
    return conf.help_desk_scope(agent, visible_users())


def may_help(agent: Any, user: Any) -> bool:
    """Return whether the agent may help the user: not oneself or one's own service account, not somebody with more
    rights, nobody out of scope."""
    return (
        not is_same_person(user.pk, agent.pk)
        and not conf.help_desk_more_rights(user, agent)
        and within_scope(agent).filter(pk=user.pk).exists()
    )


def has_more_rights(user: Any, agent: Any) -> bool:
    """Return whether the account can do anything that the agent cannot. A superuser always can."""
    if getattr(user, "is_superuser", False):
        return True
    if getattr(user, "is_staff", False) and not getattr(agent, "is_staff", False):
        return True
    theirs = user.get_all_permissions() if hasattr(user, "get_all_permissions") else set()
    return not theirs <= agent.get_all_permissions()


def verify_agent_acts() -> None:
    """Raise `NotTheOwner` where staff uses the account of an agent: two of them could be one person. Raise
    `SessionEnded` where the session of the request that asks has ended meanwhile."""
    context.require_owner()
    verify_acting_session_without_lock()


def verify_case(case: Case, agent: Any) -> Any:
    """Return the user of an open case of this agent's, who may still be helped; otherwise raise `HelpDeskRefused`, or
    what `verify_agent_acts()` raises."""
    verify_agent_acts()
    if case.agent_id != agent.pk or not case.is_open:
        raise HelpDeskRefused(HelpDeskRefusal.CASE_CLOSED)
    user = case.account()
    if user is None or not may_help(agent, user):
        raise HelpDeskRefused(HelpDeskRefusal.NOBODY)
    return user


def verify_known_caller(case: Case, agent: Any) -> Any:
    """Return the user of such a case, once the agent has verified who is calling; otherwise raise `HelpDeskRefused`."""
    user = verify_case(case, agent)
    if not case.is_verified:
        raise HelpDeskRefused(HelpDeskRefusal.NOT_VERIFIED)
    return user


def verify_pace(agent: Any, *, acts: bool) -> None:
    """Raise `HelpDeskRefused` where the agent has searched or acted too often within the hour.

    The limit keeps whoever has taken over an agent's account from leafing through everybody's.
    """
    since = timezone.now() - HOUR
    if acts:
        # No older case can have been open since: by its index, receipts have none of their time.
        opened_since = since - conf.help_desk_case_age
        done = CaseReceipt.objects.filter(
            case__agent_id=agent.pk, case__opened_at__gt=opened_since, at__gt=since
        )
        limit = conf.help_desk_acts_per_hour
    else:
        done = Case.objects.filter(agent_id=agent.pk, opened_at__gt=since)  # type: ignore[assignment]
        limit = conf.help_desk_searches_per_hour
    if done.count() >= limit:
        raise HelpDeskRefused(HelpDeskRefusal.TOO_MANY)
