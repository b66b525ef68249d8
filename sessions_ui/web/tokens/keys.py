"""What the devices page shows of somebody's access tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone

from sessions_ui.actions.endings.end import Receipt
from sessions_ui.bridges.listing import counts_of
from sessions_ui.client import Place
from sessions_ui.conf import conf
from sessions_ui.models import AccessToken, Session
from sessions_ui.models.access_token import AccessTokenQuerySet

# What is shown at once; the rest opens.
ROWS = 20


@dataclass(frozen=True, slots=True)
class Key:
    """One access token, as its row and its page show it."""

    token: AccessToken
    now: datetime

    @property
    def session(self) -> Session:
        return self.token.session

    @property
    def public_id(self) -> str:
        return self.session.public_id

    @property
    def title(self) -> str:
        return self.token.name

    @property
    def is_agent(self) -> bool:
        return bool(self.token.agent)

    @property
    def icon(self) -> str:
        return "robot" if self.is_agent else "terminal-2"

    @property
    def scopes(self) -> list[str]:
        """What it may do, in words; a scope that is in no settings any more goes by its name."""
        return [str(conf.scopes.get(name, name)) for name in self.token.scope_names]

    @property
    def is_living(self) -> bool:
        return self.token.is_living

    @property
    def made_on(self) -> str:
        """The device on which its owner made it; empty where that was none of theirs, or nobody knows."""
        made_in = self.token.made_in
        if made_in is None or made_in.user_id != self.session.user_id or made_in.device is None:
            return ""
        return made_in.device.title

    @property
    def last_used_at(self) -> datetime | None:
        return self.token.last_used_at

    @property
    def place(self) -> Place | None:
        return self.session.current_place

    @property
    def is_unused(self) -> bool:
        """Whether nobody has used it for `TOKEN_UNUSED_AFTER`, or ever since it was made so long ago."""
        return self.session.last_seen_at < self.now - conf.token_unused_after

    @property
    def unused_days(self) -> int:
        return (self.now - self.session.last_seen_at).days

    @property
    def ends_soon(self) -> bool:
        return self.session.expires_at - self.now < conf.token_warning

    @property
    def days_left(self) -> int:
        """How many days it is still valid, the one that has begun included."""
        return max(-(-(self.session.expires_at - self.now) // timedelta(days=1)), 0)

    @property
    def former_until(self) -> datetime | None:
        """Until when the value before the last rotation is valid as well, as long as the token at most; None where
        there is none."""
        overlap = self.token.overlap_ends_at
        if overlap is None or not self.token.accepts_former(self.now):
            return None
        return min(overlap, self.session.expires_at)

    @property
    def url(self) -> str:
        return self._address("token")

    @property
    def proof_url(self) -> str:
        return self._address("token_proof")

    @property
    def end_url(self) -> str:
        return self._address("end_token")

    @property
    def renew_url(self) -> str:
        return self._address("renew_token")

    def _address(self, name: str) -> str:
        return reverse(f"sessions_ui:{name}", args=[self.public_id])


@dataclass(frozen=True)
class Keys:
    """The valid access tokens of one person, the most recently used first. `all_of_them`: these are not just those that
    were searched for."""

    rows: list[Key] = field(default_factory=list)
    all_of_them: bool = True

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def own(self) -> list[Key]:
        """Those of what the person runs."""
        return [key for key in self.rows if not key.is_agent]

    @cached_property
    def agents(self) -> list[Key]:
        """Those of programs that act for the person."""
        return [key for key in self.rows if key.is_agent]

    @cached_property
    def unused(self) -> list[Key]:
        return [key for key in self.rows if key.is_unused]

    @property
    def several_unused(self) -> int:
        """How many end together: only where all of these are shown, and there is more than one."""
        return len(self.unused) if self.all_of_them and len(self.unused) > 1 else 0

    @property
    def several_agents(self) -> int:
        return len(self.agents) if self.all_of_them and len(self.agents) > 1 else 0

    @property
    def shown_own(self) -> list[Key]:
        return self.own[:ROWS]

    @property
    def more_own(self) -> list[Key]:
        return self.own[ROWS:]

    @property
    def shown_agents(self) -> list[Key]:
        return self.agents[:ROWS]

    @property
    def more_agents(self) -> list[Key]:
        return self.agents[ROWS:]


def keys_of(user: Any) -> Keys:
    """Return the valid access tokens of the user, in one SQL statement, and in one more where there are any."""
    now = timezone.now()
    rows = sorted(
        tokens_of(user).valid(), key=lambda token: (token.session.last_seen_at, token.pk), reverse=True
    )
    return Keys([Key(token, now) for token in rows])


def tokens_of(user: Any) -> AccessTokenQuerySet:
    """Return all access tokens of the user, with what a row shows; those that are over as well."""
    rows = AccessToken.objects.filter(session__user_id=user.pk).with_containment()
    # Read afterwards, because most people have none: joined, it makes the statement twice as long to put together.
    made_in = Prefetch("made_in", Session.objects.select_related("device").defer("payload"))
    return rows.select_related("session").defer("session__payload").prefetch_related(made_in)


def valid_tokens(user: Any) -> int:
    """Return how many access tokens of the user are valid, those that other packages keep included: one SQL statement,
    and one for each of these packages. What a package that raises has is not counted; ending it is tried again."""
    bridged = counts_of([user.pk]).by_user.get(user.pk, {})
    return Session.objects.of(user).living().tokens().count() + sum(bridged.values())


def tokens_ended_by(receipt: Receipt, user: Any) -> int:
    """Return how many access tokens of the user have just ended, those that other packages keep included."""
    if receipt.act is None:
        return 0
    return Session.objects.of(user).tokens().filter(act=receipt.act).count() + receipt.bridged
