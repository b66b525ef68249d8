"""django-rest-knox: any number of tokens for each user, which run out unless its `TOKEN_TTL` says otherwise."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Q

from sessions_ui.bridges.protocol import BridgedCredential
from sessions_ui.bridges.rows import RowBridge
from sessions_ui.models import EndReason

ID_LENGTH = 32  # hexadecimal digits: 128 bits of the digest
ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")


class KnoxBridge(RowBridge):
    """Ends by deletion, as the package's own sign-out does. A token is named by the beginning of its digest; the
    package's `token_key` is a part of the secret."""

    name = "knox"
    apps = ("knox",)
    made = "created"
    expiry = "expiry"

    def model_class(self) -> type[models.Model]:
        return apps.get_model(getattr(settings, "KNOX_TOKEN_MODEL", "knox.AuthToken"))

    def credential(self, row: Any) -> BridgedCredential:
        return BridgedCredential(
            package=self.name,
            id=row.digest[:ID_LENGTH],
            user_id=row.user_id,
            kind=self.kind,
            made_at=row.created,
            expires_at=row.expiry,
        )

    def end(self, user: Any, ids: Collection[str] | None, reason: EndReason) -> int:
        (rows,) = self._of([user])
        if ids is not None:
            named = [Q(digest__startswith=id) for id in ids if ID.fullmatch(id)]
            rows = rows.filter(reduce(or_, named)) if named else rows.none()
        return self._end(rows).total()

    def describe(self, id: str) -> BridgedCredential | None:
        row = self.living().filter(digest__startswith=id).first() if ID.fullmatch(id) else None
        return None if row is None else self.credential(row)
