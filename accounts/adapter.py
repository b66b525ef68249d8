"""What this site tells django-allauth to do differently."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from sessions_ui.client.address import client_address
from sessions_ui.conf import conf


class AccountAdapter(DefaultAccountAdapter):
    def get_client_ip(self, request: HttpRequest) -> str:
        """The rate limits count per client, not per proxy: the same address that the devices page shows."""
        return client_address(request.META, conf.trusted_proxies) or "unknown"
