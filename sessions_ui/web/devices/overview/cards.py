"""A card of the devices page: one device with its sign-ins."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext as _

from sessions_ui.client import Place
from sessions_ui.conf import conf
from sessions_ui.models import Device, Session
from sessions_ui.web.devices.overview.addresses import Addresses
from sessions_ui.wording.names import distinct_title, version_text
from sessions_ui.wording.sessions import is_wrong_clock, kind_icon, place_name

ACTIVE_NOW = timedelta(minutes=5)
# What a card shows at once: a client that signs in at every call must not fill the page.
SIGN_INS = 10


@dataclass
class Card:
    """One device with its sign-ins, the most recently used first. `device` is None where device cookies are off and
    the session was taken over from elsewhere. `current` is the sign-in that asks, if it is one of these."""

    device: Device | None
    sessions: list[Session] = field(default_factory=list)
    current: Session | None = None
    # Several devices of one program that keeps no cookies (folding.py).
    is_folded: bool = False
    # What distinguishes it from others of the same name (wording/names.py).
    beside: str = ""
    # Shared by all cards of a page.
    addresses: Addresses = field(default_factory=Addresses, repr=False, compare=False)

    @property
    def latest(self) -> Session:
        return self.sessions[0]

    @property
    def public_id(self) -> str:
        return self.device.public_id if self.device else self.latest.public_id

    @property
    def icon(self) -> str:
        return kind_icon(self.device.kind if self.device else "")

    @cached_property
    def title(self) -> str:
        """First read when the page is rendered: `beside` is known by then."""
        return distinct_title((self.device or Device()).title, self.beside)

    @property
    def told_title(self) -> str:
        """What the device told of itself, for where people say whether it is theirs: whoever is signed in there can
        name it "Your own laptop"."""
        return distinct_title((self.device or Device()).derived_name, self.beside)

    @property
    def has_page(self) -> bool:
        return self.device is not None and not self.is_folded

    @property
    def url(self) -> str:
        """The page of the device."""
        return self.addresses.of("device", self.public_id)

    @property
    def rename_url(self) -> str:
        return self.addresses.of("rename", self.public_id)

    @property
    def sign_out_url(self) -> str:
        """The address that ends all its sign-ins."""
        if self.is_folded:
            return self.addresses.of("sign_out_folded", self.latest.public_id)
        return self.addresses.of("sign_out_device" if self.device else "sign_out_session", self.public_id)

    @property
    def sign_out_label(self) -> str:
        return _("Sign out here") if self.is_current else _("Sign out")

    @property
    def sign_out_spoken(self) -> str:
        """What a screen reader says in place of the label."""
        if self.is_current:
            return _("Sign out here, on this device")
        return _("Sign out %(name)s") % {"name": self.title}

    @property
    def more_label(self) -> str:
        """The label of the link to the page of the device."""
        return _("Details") if self.is_current else _("Lost, or not yours?")

    @property
    def about(self) -> str:
        """What stands in the line under the title beside activity and place: the derived name where the title is the
        user's own, the model, and the version of an app. What is in the derived name and unknown parts are left
        out."""
        device = self.device or Device()
        parts = [
            device.derived_name if device.name else "",
            "" if device.is_named_by_model else device.make,
            version_text(self.device, self.latest),
            _("signs in again each time") if self.is_folded else "",
        ]
        return " · ".join(part for part in parts if part)

    @property
    def what_it_is(self) -> str:
        """The kind of the device in words, for whom the icon says nothing; empty where it is unknown."""
        return str(Device.Kind(self.device.kind).label) if self.device and self.device.kind else ""

    @property
    def searched(self) -> list[str]:
        """All that people may know it by."""
        device = self.device or Device()
        texts = [device.name, device.derived_name, device.make, self.what_it_is]
        for session in self.sessions:
            texts += [place_name(session.current_place), session.address or ""]
        return texts

    @property
    def is_current(self) -> bool:
        return self.current is not None

    @property
    def last_seen_at(self) -> datetime:
        return self.latest.last_seen_at

    @property
    def is_active_now(self) -> bool:
        """Whether it is in use. A moment that only a wrong clock can have given says nothing of that."""
        now = timezone.now()
        is_recent = self.last_seen_at > now - ACTIVE_NOW and not is_wrong_clock(self.last_seen_at, now)
        return self.is_current or is_recent

    @cached_property
    def is_unused(self) -> bool:
        return not self.is_current and self.last_seen_at < timezone.now() - conf.unused_after

    @property
    def is_app(self) -> bool:
        """Whether every sign-in is an app's, and none a browser's."""
        return all(session.kind != Session.Kind.BROWSER for session in self.sessions)

    @property
    def flagged(self) -> Session | None:
        """The most recently used sign-in that nobody has looked at yet; all of them are signed in."""
        flagged = (one for one in self.sessions if one.verdict and one.reviewed_at is None)
        return next(flagged, None)

    @property
    def can_be_confirmed_here(self) -> bool:
        """Whether its own row asks whose it is: of the device in hand, which stands nowhere else."""
        return self.is_current and self.device is not None and self.flagged is not None

    def is_newer_than(self, moment: datetime) -> bool:
        """Return whether nobody was signed in on the device at that moment."""
        return all((session.signed_in_at or session.created_at) > moment for session in self.sessions)

    @cached_property
    def place(self) -> Place | None:
        return self.latest.current_place

    @property
    def several(self) -> bool:
        return len(self.sessions) > 1

    @property
    def shown_sessions(self) -> list[Session]:
        return self.sessions[:SIGN_INS]

    @property
    def more_sessions(self) -> int:
        return max(len(self.sessions) - SIGN_INS, 0)
