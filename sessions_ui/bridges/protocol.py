"""What a bridge is, and what it tells of a credential."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from django.db.models import Model, QuerySet

from sessions_ui.models import EndReason


class BridgedKind(StrEnum):
    """What whoever holds it can do with it."""

    TOKEN = "token"  # noqa: S105  # acts, until it is ended or runs out
    REFRESH = "refresh"  # acts, and renews itself without the person
    ACCESS = "access"  # acts for a short time, and is not renewed
    GRANT = "grant"  # is exchanged for one of the others, within minutes


@dataclass(frozen=True, slots=True)
class BridgedCredential:
    """One credential of another package, without its secret.

    `package` is the name of the bridge, `id` an opaque name that is unique among the credentials of a bridge, stays the
    same, and is neither the secret nor a part of it. `label`: what people may know it by, the name of an app, say;
    empty where the package keeps none. `last_used_at` is None where the package does not know; `expires_at` is None
    where it never runs out. `lives_on`: how long what was made from it may still be accepted after it has ended (JWTs,
    which nobody looks up); zero where its end is the end.
    """

    package: str
    id: str
    user_id: Any
    kind: BridgedKind
    label: str = ""
    made_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    lives_on: timedelta = timedelta()

    def lives_until(self, ended_at: datetime) -> datetime:
        """Return until when something made from it may still be accepted, if it ends at this moment."""
        return ended_at + self.lives_on


@dataclass(frozen=True, slots=True)
class BridgedPage:
    """A part of everything that a bridge knows of. `following` is what the next part is asked for with; None after the
    last one."""

    credentials: tuple[BridgedCredential, ...]
    following: str | None = None


class Bridge(Protocol):
    """What the app asks of a bridge. `users` are primary keys, unless it says queryset.

    All of it is about credentials that live: those that were ended or have run out are none. It may raise whatever the
    package or its database raises: sessions end all the same, and the bridge is called again later (docs/bridges.md).
    No method asks the database once for each user.
    """

    # Short and lasting: it stands in events and in the outbox. At most 32 characters.
    name: str
    # The apps (as in INSTALLED_APPS) whose credentials these are. The bridge is used where one of them is installed;
    # one without any is always used.
    apps: Collection[str]

    def database(self) -> str:
        """Return the alias of the database that the credentials are written to."""

    def models(self) -> Collection[type[Model]]:
        """Return the models whose new rows are new credentials, each with a field `user`; none where there are none."""

    def list(self, user: Any) -> Sequence[BridgedCredential]:
        """Return the credentials of this user (a primary key), the newest first."""

    def list_of(self, users: Collection[Any]) -> Sequence[BridgedCredential]:
        """Return the credentials of all these users, the newest first."""

    def count_of(self, users: Collection[Any]) -> Mapping[Any, int]:
        """Return how many credentials each of these users has; who has none is left out."""

    def holders(self, users: QuerySet[Any] | None = None) -> Collection[Any]:
        """Return the primary keys of those of these users who have a credential; of everybody, if it is left out. The
        queryset may be of another database."""

    def end(self, user: Any, ids: Collection[str] | None, reason: EndReason) -> int:
        """End these credentials of the user (a primary key), all of them where `ids` is None; return how many ended.

        Ids of other users, and of what has ended, end nothing.
        """

    def end_of(
        self, users: Collection[Any], reason: EndReason, *, made_before: datetime | None = None
    ) -> Mapping[Any, int]:
        """End all credentials of these users; return how many of each ended, without those who had none.

        `made_before` says when that was decided, where it is done later: what was made since then stays, unless it may
        have been made from one that was there before.
        """

    def describe(self, id: str) -> BridgedCredential | None:
        """Return the credential of this id; None where it does not live."""


class PagedBridge(Bridge, Protocol):
    """A bridge that also goes through the credentials of everybody, part by part. Nobody has to: one that does not is
    asked for its holders and for what a few of them have (`pages.py`), which reads the keys of all holders each time.
    """

    def page(
        self,
        *,
        after: str | None,
        limit: int,
        never_ending: bool = False,
        users: Collection[Any] | None = None,
    ) -> BridgedPage:
        """Return up to `limit` credentials of everybody, in an order in which a new one moves no other.

        `after`: None for the first part, and then `following` of the part before; what was never given out may get any
        part, and no error. `never_ending`: only those without `expires_at`. `users`: only of these, up to `MANY` (500).
        A fixed number of statements, each of which reads no more rows than it returns where the database has an index
        to its order.
        """
