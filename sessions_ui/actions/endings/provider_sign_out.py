"""End sessions because a provider says that somebody signed out there (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

from django.utils import timezone

from sessions_ui.actions.endings.end import Receipt
from sessions_ui.actions.sign_in.provider import end_provider_sessions, fitting
from sessions_ui.database.transactions import atomically
from sessions_ui.models import ProviderSignOut
from sessions_ui.sso import LogoutToken, LogoutTokenRefused, verify_logout_token


def sign_out_by_token(token: str) -> Receipt:
    """Verify the logout token and end the sessions it speaks of. Raises `LogoutTokenRefused`; each token works once.

    Do not call this inside a transaction. The provider's message is committed first, so that a sign-in under way either
    sees it, or is committed before and ended here. If the ending fails, the token stays unused.
    """
    told = verify_logout_token(token)
    return _carry_out(told, remember(told))


@atomically
def _carry_out(told: LogoutToken, row: ProviderSignOut) -> Receipt:
    unused = ProviderSignOut.objects.filter(pk=row.pk, done_at__isnull=True)
    if not unused.update(done_at=timezone.now()):
        raise LogoutTokenRefused("used before")
    return end_provider_sessions(iss=told.iss, sub=told.sub, sid=told.sid, note=told.provider.name)


@atomically
def remember(told: LogoutToken) -> ProviderSignOut:
    names = {"iss": fitting(told.iss), "sub": fitting(told.sub), "sid": fitting(told.sid)}
    return ProviderSignOut.objects.get_or_create(token_digest=told.digest, defaults=names)[0]
