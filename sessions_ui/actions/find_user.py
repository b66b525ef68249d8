"""Finding people by exactly what they are called, and where to reach them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from sessions_ui.conf import conf


def exactly(term: str) -> Q:
    """The condition for users with this very user name, e-mail address (without regard to case) or value of one of
    the fields in `USER_LOOKUPS`, such as a staff number."""
    user_model = get_user_model()
    wanted = Q(**{user_model.USERNAME_FIELD: term})
    if email_field := getattr(user_model, "EMAIL_FIELD", ""):
        wanted |= Q(**{f"{email_field}__iexact": term})
    for name in conf.user_lookups:
        wanted |= Q(**{name: term})
    return wanted


def users_exactly(term: str) -> list[Any]:
    """Their primary keys."""
    return list(get_user_model()._base_manager.filter(exactly(term)).values_list("pk", flat=True))


def address_of(user: Any) -> str:
    """The account's e-mail address by Django's own rule, empty where there is none."""
    name = user.get_email_field_name() if hasattr(user, "get_email_field_name") else "email"
    return str(getattr(user, name, "") or "")
