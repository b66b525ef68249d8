"""Links to the host's pages on which people secure their account, as far as there are any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from sessions_ui.models import Recovery
from sessions_ui.user_model import has_usable_password


@dataclass(frozen=True, slots=True)
class SecureLink:
    url: str
    label: str


def ways_to_secure(user: Any, *, after_not_me: bool = False) -> list[SecureLink]:
    """Return links for what this person has: the password, if there is one, and the second factors. They go by the
    names of allauth's URLs and of Django's own; a host with neither has no links, and adds its own in the block
    `secure`. `after_not_me`: a sign-in was reported, so the recovery may still be open, and all else waits for it."""
    if after_not_me and Recovery.objects.of(user).open().exists():
        return [SecureLink(reverse("sessions_ui:recovery"), _("Continue getting your account back"))]
    places = [
        ("account_change_password", _("Change your password"), has_usable_password(user)),
        ("password_change", _("Change your password"), has_usable_password(user)),
        ("mfa_index", _("Check your second factors"), True),
    ]
    found: dict[str, SecureLink] = {}
    for name, label, applies in places:
        if applies and label not in found and (url := _address(name)):
            found[label] = SecureLink(url, label)
    return list(found.values())


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
