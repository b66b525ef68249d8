"""Django REST framework's own tokens (`rest_framework.authtoken`): one for each user, good until it is deleted."""

from __future__ import annotations

from sessions_ui.bridges.rows import RowBridge


class AuthTokenBridge(RowBridge):
    """Ends by deletion, as the package's own administration does. A token is named by its user, whose only one it is:
    its primary key is the secret itself."""

    name = "authtoken"
    apps = ("rest_framework.authtoken",)
    model = "authtoken.Token"
    id = "user_id"
    made = "created"
