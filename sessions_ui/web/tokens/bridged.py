"""What other packages let in for somebody: its rows on the devices page, and the button that ends one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sessions_ui.actions.endings.credentials import end_credentials
from sessions_ui.bridges.active import bridge_named
from sessions_ui.bridges.listing import credentials_of
from sessions_ui.bridges.protocol import BridgedCredential
from sessions_ui.protocols import HasPk
from sessions_ui.web.devices.views import done
from sessions_ui.web.step_up.confirm import ask_again
from sessions_ui.wording.bridges import title_of


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


@login_required
@require_POST
def end_credential(request: HttpRequest, package: str, credential: str) -> HttpResponseBase:
    """End one credential of another package. Somebody else's is ended by nobody, and looks like one that is over."""
    if bridge_named(package) is None:
        raise Http404("No such package.")
    if question := ask_again(request, _("End an app or key")):
        return question
    ended = end_credentials(user=request.user, package=package, ids=[credential], actor=request.user)
    return done(request, _("It has ended.") if ended else _("It had already ended."))
