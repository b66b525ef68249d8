"""The help desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from sessions_ui.conf.base import Section
from sessions_ui.credentials import AddressBook


def everybody(agent: Any, users: QuerySet[Any]) -> QuerySet[Any]:
    return users


class HelpDeskSettings(Section):
    """The help desk (docs/help-desk.md)"""

    @cached_property
    def help_desk_scope(self) -> Callable[[Any, QuerySet[Any]], QuerySet[Any]]:
        """Dotted path of a callable `(agent, users) -> users` that narrows whom an agent may help, for example to the
        organisation that their sessions belong to: `users.filter(sessions__organization_id=agent.organization_id)`.
        The default narrows nothing."""
        return import_string(self._given.get("HELP_DESK_SCOPE", "sessions_ui.conf.help_desk.everybody"))

    @cached_property
    def help_desk_more_rights(self) -> Callable[[Any, Any], bool]:
        """Dotted path of a callable `(user, agent) -> bool`: whether the account has more rights than the agent, and
        is none of the help desk's. The default: superusers, staff where the agent is none, and whoever has a
        permission that the agent lacks."""
        return import_string(
            self._given.get("HELP_DESK_MORE_RIGHTS", "sessions_ui.actions.help_desk.rights.has_more_rights")
        )

    @cached_property
    def help_desk_ways(self) -> dict[str, Any]:
        """How a caller can have been verified: a dictionary of keys (kept) and texts (shown)."""
        return self._given.get(
            "HELP_DESK_WAYS",
            {
                "call_back": _("Called back on the number on file"),
                "in_person": _("Identity card shown in person or on video"),
                "manager": _("Confirmed by the person’s manager"),
                "staff_system": _("Confirmed in the staff system"),
            },
        )

    @cached_property
    def help_desk_case_age(self) -> timedelta:
        """A verified caller stays verified for so long; then a new case has to be opened."""
        return self._given.get("HELP_DESK_CASE_AGE", timedelta(minutes=30))

    @cached_property
    def help_desk_code_age(self) -> timedelta:
        """The code that is mailed to the account is good for so long."""
        return self._given.get("HELP_DESK_CODE_AGE", timedelta(minutes=10))

    @cached_property
    def help_desk_searches_per_hour(self) -> int:
        """More searches of one agent in an hour are refused."""
        return self._given.get("HELP_DESK_SEARCHES_PER_HOUR", 60)

    @cached_property
    def help_desk_acts_per_hour(self) -> int:
        """More acts of one agent in an hour are refused."""
        return self._given.get("HELP_DESK_ACTS_PER_HOUR", 30)

    @cached_property
    def second_factor_at(self) -> Callable[[HttpRequest], datetime | None]:
        """Dotted path of a callable `(request) -> datetime | None`: when a second factor (or a passkey) was last shown
        in this session. The help desk asks for one. The default goes by what the session has shown (`AUTHENTICATION`,
        `sessions_ui.note_reauthentication()`), and counts no factor that was younger than `YOUNG_SESSION` then, and
        none of which nobody knows since when it is there."""
        return import_string(
            self._given.get("SECOND_FACTOR_AT", "sessions_ui.help_desk.access.second_factor_at")
        )

    @cached_property
    def help_desk_factor_age(self) -> timedelta:
        """An agent's second factor counts for so long."""
        return self._given.get("HELP_DESK_FACTOR_AGE", timedelta(hours=1))

    @cached_property
    def help_desk_factor_url(self) -> str:
        """Name of the view (or a path) where an agent, or staff in Django's admin, shows a second factor again; it gets
        `next`. Empty: agents have to sign out and in again."""
        return self._given.get("HELP_DESK_FACTOR_URL", "")

    @cached_property
    def user_lookups(self) -> tuple[str, ...]:
        """Fields of the user model, besides user name and e-mail address, by which the help desk and the admin find
        somebody exactly: `("staff_number",)`."""
        return tuple(self._given.get("USER_LOOKUPS", ()))

    @cached_property
    def address_book(self) -> type[AddressBook]:
        """Dotted path of a class (`sessions_ui.credentials.AddressBook`) that knows the verified addresses of accounts,
        former ones included: a caller whose address a thief has removed is found by it. "This wasn't me" from an
        address that it does not have opens no recovery. The default knows none."""
        book: type[AddressBook] = import_string(
            self._given.get("ADDRESS_BOOK", "sessions_ui.credentials.AddressBook")
        )
        return book
