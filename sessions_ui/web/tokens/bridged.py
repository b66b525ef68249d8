"""What the devices page shows of what other packages let in for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from sessions_ui.bridges.listing import credentials_of
from sessions_ui.bridges.protocol import BridgedCredential
from sessions_ui.protocols import HasPk
from sessions_ui.wording.bridges import title_of
from sessions_ui.wording.sessions import ago


@dataclass(frozen=True, slots=True)
class BridgedKey:
    """One credential of another package, as its row shows it. Nobody knows from where it was used."""

    credential: BridgedCredential

    @property
    def title(self) -> str:
        return title_of(self.credential)

    @property
    def made_at(self) -> datetime | None:
        return self.credential.made_at

    @property
    def expires_at(self) -> datetime | None:
        return self.credential.expires_at

    @property
    def last_used_at(self) -> datetime | None:
        return self.credential.last_used_at

    @property
    def line(self) -> str:
        """When it was last used, if anybody knows, and what it may do."""
        used = self.last_used_at
        parts = [_("Last used %(ago)s") % {"ago": ago(used)} if used else "", *self.credential.scopes]
        return " · ".join(part for part in parts if part)

    @property
    def minutes_it_lives_on(self) -> int:
        """For how many minutes something made from it is accepted after it has ended; 0 where its end is the end."""
        return -(-int(self.credential.lives_on.total_seconds()) // 60)

    @property
    def end_url(self) -> str:
        return reverse("sessions_ui:end_credential", args=[self.credential.package, self.credential.id])


@dataclass(frozen=True, slots=True)
class BridgedKeys:
    """Those of one person; `unknown` are the packages that could not say."""

    rows: tuple[BridgedKey, ...] = ()
    unknown: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rows or self.unknown)


def bridged_keys_of(user: HasPk) -> BridgedKeys:
    """Return what other packages keep for the user: one SQL statement for each, none without any."""
    found = credentials_of([user.pk])
    return BridgedKeys(tuple(BridgedKey(each) for each in found.credentials), found.unknown)
