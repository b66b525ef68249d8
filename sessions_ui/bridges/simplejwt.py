"""djangorestframework-simplejwt with its app `token_blacklist`: refresh tokens, each with a row, and access tokens.

Nobody looks up an access token: it is good until the `exp` in it, whatever becomes of the refresh token it came from.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.utils import timezone

from sessions_ui.bridges.protocol import BridgedCredential, BridgedKind
from sessions_ui.bridges.rows import RowBridge


class SimpleJWTBridge(RowBridge):
    """Puts outstanding tokens on the package's own blacklist: none is refreshed any more, and a sliding one is refused.

    Access tokens that were made before live on until their `exp`, for `ACCESS_TOKEN_LIFETIME` at most: each credential
    says so (`lives_on`).
    """

    name = "simplejwt"
    apps = ("rest_framework_simplejwt.token_blacklist",)
    model = "token_blacklist.OutstandingToken"
    blacklist: str = "token_blacklist.BlacklistedToken"
    kind = BridgedKind.REFRESH
    made = "created_at"

    def living(self) -> QuerySet[Any]:
        rows = super().living().filter(blacklistedtoken__isnull=True)
        return rows.filter(expires_at__gt=timezone.now() - slid_for())

    def remove(self, rows: QuerySet[Any]) -> None:
        blacklisted: Any = apps.get_model(self.blacklist)
        ended = [blacklisted(token_id=pk) for pk in rows.values_list("pk", flat=True)]
        # Somebody else may be doing the same: a refresh that rotates, a sign-out.
        blacklisted._base_manager.using(rows.db).bulk_create(ended, ignore_conflicts=True, batch_size=500)

    def made_up_to(self, rows: QuerySet[Any], moment: datetime | None) -> QuerySet[Any]:
        """All of them: with `ROTATE_REFRESH_TOKENS` a new one may have come of one that was there before."""
        return rows

    def never_ending(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """None of them: each has an `exp`."""
        return rows.none()

    def credential(self, row: Any) -> BridgedCredential:
        is_sliding = token_type(row.token) == "sliding"
        return BridgedCredential(
            package=self.name,
            id=str(row.pk),
            user_id=row.user_id,
            kind=BridgedKind.TOKEN if is_sliding else BridgedKind.REFRESH,
            made_at=row.created_at,
            expires_at=row.expires_at + slid_for() if is_sliding else row.expires_at,
            lives_on=timedelta() if is_sliding else access_lifetime(),
        )


def access_lifetime() -> timedelta:
    """Return how long an access token of the package is good from its making on."""
    from rest_framework_simplejwt.tokens import RefreshToken

    return RefreshToken.access_token_class.lifetime


def slid_for() -> timedelta:
    """Return how much longer than its row says a sliding token can be good: it keeps its row where it is refreshed.
    Zero where the project authenticates by none."""
    from rest_framework_simplejwt.settings import api_settings
    from rest_framework_simplejwt.tokens import SlidingToken

    if not any(issubclass(each, SlidingToken) for each in api_settings.AUTH_TOKEN_CLASSES):
        return timedelta()
    return api_settings.SLIDING_TOKEN_REFRESH_LIFETIME


def token_type(token: str) -> str:
    """Return what the token says that it is; empty where that cannot be read. The row is the package's own, so nobody
    asks for its signature."""
    try:
        payload = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(said.get("token_type", ""))
    except (ValueError, IndexError, AttributeError):
        return ""
