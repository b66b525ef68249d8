"""Who somebody is at their sign-in provider, as django-allauth tells it."""

from __future__ import annotations

from typing import Any


def identity(sociallogin: Any) -> dict[str, str]:
    """Return the arguments of `remember_provider()`. `iss` and `sid` are empty for providers without an ID token."""
    account = sociallogin.account
    data = account.extra_data if isinstance(account.extra_data, dict) else {}
    claims = data.get("id_token") or data  # openid_connect keeps it beside `userinfo`, Google nothing else
    return {
        "provider": account.provider,
        "iss": str(claims.get("iss") or ""),
        "sub": str(claims.get("sub") or account.uid),
        "sid": str(claims.get("sid") or ""),
    }
