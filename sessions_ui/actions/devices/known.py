"""Tell the packages of a host project whether a browser is one that has signed in to an account before."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sessions.rules.presented import device_value
from sessions_ui.actions.sign_in.identify_device import same_client
from sessions_ui.actions.step_up.policy import vouches_by_now
from sessions_ui.conf import conf
from sessions_ui.models import Device, Session
from sessions_ui.models.device_cookie import series_digests, value_of
from sessions_ui.protocols import HasPk


def known_device(request: HttpRequest, *, user: HasPk, vouching: bool = False) -> str | None:
    """Return the public id of the user's device that this browser is, by its device cookie, or an app by its device
    token; None where it is none.

    For limits that nobody else's tries should use up: whoever does not know the password has no such cookie. A device
    that was lost, copied or reported is none, nor is a value of the cookie that was replaced. Nothing is written.

    `vouching`: only a device that vouches for its sign-ins by now. Whoever has signed in once with somebody else's
    password has a device of the account, too.
    """
    kind = getattr(request.session, "kind", Session.Kind.BROWSER)
    brought = value_of(device_value(request, kind), user.pk) if conf.device_cookie else None
    if brought is None:
        return None
    digests = series_digests(user.pk, brought.series)
    devices = Device.objects.filter(user_id=user.pk, cookie_digest__in=digests)
    device = devices.filter(lost_at=None, copied_at=None, not_me_at=None).first()
    client = client_of(request.META, is_app=kind == Session.Kind.APP)
    if device is None or not device.accepts(brought) or not same_client(device, client):
        return None
    if vouching and not vouches_by_now(device, timezone.now()):
        return None
    return device.public_id
