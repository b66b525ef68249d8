"""What is asked of a user, whatever the user model of the host project is."""

from __future__ import annotations

from typing import Any, Protocol


class HasPk(Protocol):
    """Somebody who is known by the primary key: an instance of the user model, or a reference to one.

    Enough for whom something is about, and for who decided it: the rest is read from the database, under a lock.
    """

    @property
    def pk(self) -> Any: ...


class UserLike(HasPk, Protocol):
    """Somebody in a request (`request.user`): an instance of the user model, or Django's `AnonymousUser`."""

    @property
    def is_authenticated(self) -> bool: ...
