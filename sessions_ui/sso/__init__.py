"""What a sign-in provider says by itself, verified by its keys. Needs the extra `sso` (PyJWT)."""

from sessions_ui.sso.logout_token import LogoutToken, LogoutTokenRefused, verify_logout_token

__all__ = ["LogoutToken", "LogoutTokenRefused", "verify_logout_token"]
