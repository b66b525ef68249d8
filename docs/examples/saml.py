"""SAML 2.0 single logout: the identity provider ends what was signed in by it.

Your SAML library verifies signatures, audience and times; this is what you do with what it gives you.
"""

from collections.abc import Sequence

from django.contrib.auth import login
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest

from sessions_ui import end_provider_sessions, remember_provider


def signed_in(
    request: HttpRequest, user: AbstractBaseUser, *, issuer: str, name_id: str, session_index: str
) -> None:
    """After a verified Response: entity id, NameID and SessionIndex of its assertion stay on the session."""
    remember_provider(request, user, provider="saml", iss=issuer, sub=name_id, sid=session_index)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")


def logged_out(*, issuer: str, name_id: str, session_indexes: Sequence[str]) -> int:
    """After a verified LogoutRequest; returns how many sessions ended. Without an index all of them are meant."""
    with transaction.atomic():
        return sum(
            end_provider_sessions(iss=issuer, sub=name_id, sid=index).ended
            for index in session_indexes or [""]
        )
