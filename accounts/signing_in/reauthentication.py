"""Confirming who somebody is, by what allauth has: the password on the spot, the other factors on allauth's own
pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.core.ratelimit import consume
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.signing_in.method import moment_of
from sessions_ui import acts_settled
from sessions_ui.web import PasswordForm, Reauthentication, Way


class AllauthPasswordForm(PasswordForm):
    def is_right(self, password: str) -> bool:
        return bool(get_adapter(self.request).reauthenticate(self.request.user, password))


class AllauthReauthentication(Reauthentication):
    """Reauthentication together with allauth: what was confirmed here counts on its pages, and the other way round."""

    def confirmed_at(self) -> datetime | None:
        """Return the last confirmation, also from allauth's records, which are in the session."""
        records = get_authentication_records(self.request, self.request.user)
        times = [moment_of(record) for record in records[-1:]]
        return max((at for at in (super().confirmed_at(), *times) if at), default=None)

    def form(self, data: Any = None) -> forms.Form | None:
        user: Any = self.request.user
        return AllauthPasswordForm(data, request=self.request) if user.has_usable_password() else None

    def ways(self, next_url: str) -> list[Way]:
        back = urlencode({REDIRECT_FIELD_NAME: next_url})
        labels = {
            "mfa_reauthenticate": (_("Use your authenticator app"), "totp"),
            "mfa_reauthenticate:webauthn": (_("Use a passkey or security key"), "passkey"),
        }
        methods = get_adapter(self.request).get_reauthentication_methods(self.request.user)
        ways = [
            Way(f"{way['url']}?{back}", label, method=method)
            for way in methods
            for label, method in [labels.get(way["id"], ("", ""))]
            if label
        ]
        if is_mfa_enabled(self.request.user, [Authenticator.Type.RECOVERY_CODES]):
            url = f"{reverse('mfa_reauthenticate')}?{back}"
            ways.append(
                Way(url, _("Use one of your recovery codes"), without_phone=True, method="recovery_code")
            )
        return ways

    def may_try(self) -> bool:
        """Return whether another try is allowed; counted together with the tries on allauth's pages, except in a
        session that vouches for itself: whoever tries in another one must not use up the owner's."""
        if not super().may_try():
            return False
        user: Any = self.request.user
        return bool(acts_settled(user=user) or consume(self.request, action="reauthenticate", user=user))

    def confirm(self, form: forms.Form) -> None:
        """Tell allauth that the form was right. `accounts.receivers.rotate_on_reauthentication` then rotates the key
        and writes the event."""
        reauthenticate_by_password(self.request)
