"""Find people by exactly what they are called, and where to reach them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from sessions_ui.conf import conf
from sessions_ui.models.primary import all_users
from sessions_ui.user_model import email_field_name

LONGEST = 1_000  # characters; no name is longer, and SQLite refuses to look for one of 50,000


def called(term: str, users: QuerySet[Any]) -> list[Any]:
    """Return those of `users` with this very user name, e-mail address (without regard to case) or value of one of the
    fields in `USER_LOOKUPS`, such as a staff number.

    The database alone does not decide this: the usual collations of MariaDB take "jose" for "josé", who is somebody
    else.
    """
    if len(term) > LONGEST:
        return []
    user_model = get_user_model()
    wanted = Q(**{user_model.USERNAME_FIELD: term})
    names = [user_model.USERNAME_FIELD, *conf.user_lookups]
    if email_field := email_field_name():
        wanted |= Q(**{f"{email_field}__iexact": term})
        names.append(email_field)
    for name in conf.user_lookups:
        wanted |= Q(**{name: term})
    return [user for user in users.filter(wanted) if term.lower() in _values(user, names)]


def _values(user: Any, names: Iterable[str]) -> set[str]:
    """Return the user's values of these fields in lower case; a name may lead to another row ("person__number")."""
    found = (reduce(lambda row, part: getattr(row, part, ""), name.split("__"), user) for name in names)
    return {str(value).lower() for value in found}


def caller_of(term: str, users: QuerySet[Any]) -> tuple[list[Any], bool]:
    """Return those of `users` with exactly this name or address, and whether they were found by a former address.

    Whoever has removed the owner's address can sign up with it, but not verify it. So an account that has only claimed
    the address comes after one that has had it verified.
    """
    book = conf.address_book()
    found = called(term, users)
    if found and not any(is_address_of(user, term) for user in found):
        return found, False  # by a name, or a staff number
    owners = set(book.owners(term))
    if owners & {user.pk for user in found}:
        return found, False
    owned = list(users.filter(pk__in=owners)) if owners else []
    if has_now := [user for user in owned if is_verified_now(user, term)]:
        return has_now, False
    return (owned, True) if owned else (found, False)


def is_verified_now(user: Any, address: str) -> bool:
    known = conf.address_book().addresses(user)
    return any(each.address.lower() == address.lower() and each.removed_at is None for each in known)


def is_address_of(user: Any, term: str) -> bool:
    return address_of(user).lower() == term.lower()


def users_exactly(term: str) -> list[Any]:
    """Return the primary keys of the users with exactly this name, address or other field of `USER_LOOKUPS`."""
    return [user.pk for user in called(term, all_users())]


def address_of(user: Any) -> str:
    """Return the account's e-mail address by Django's own rule, empty where there is none."""
    name = user.get_email_field_name() if hasattr(user, "get_email_field_name") else "email"
    return str(getattr(user, name, "") or "")
