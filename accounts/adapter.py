"""What this site tells django-allauth to do differently."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest, HttpResponse

from accounts.factor_secrets import seal, unseal
from accounts.provider import identity
from sessions_ui import begin_sign_in, client_network, remember_provider, send_or_keep


class AccountAdapter(DefaultAccountAdapter):
    def get_client_ip(self, request: HttpRequest) -> str:
        """Return what the rate limits count by: the client's address, not the proxy's, as the devices page shows it. Of
        IPv6 it is the /64, because a client can take any of its addresses for each try."""
        return client_network(request) or "unknown"

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Remember that the first step of a sign-in succeeded; a second factor or a mail may take minutes. What happens
        to the account meanwhile decides whether the last step still counts."""
        response = super().pre_login(request, user, **kwargs)
        begin_sign_in(request.session, user)
        if sociallogin := (kwargs.get("signal_kwargs") or {}).get("sociallogin"):
            remember_provider(request, user, **identity(sociallogin))
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail as allauth does, but keep what cannot be sent now: signing up and resetting a password need no
        mail server."""
        request = current.request
        about = {"request": request, "email": email, "current_site": get_current_site(request)}
        send_or_keep(self.render_mail(template_prefix, email, about | context))


class FactorAdapter(DefaultMFAAdapter):
    """What allauth stores of second factors is encrypted."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)
