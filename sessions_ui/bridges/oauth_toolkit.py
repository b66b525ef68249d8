"""django-oauth-toolkit: what people have allowed apps to do in their name, by access tokens, refresh tokens and grants.

What an app does in its own name (`client-credentials`) has no user, and is none of this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models, router, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from sessions_ui.bridges.protocol import BridgedCredential, BridgedKind, BridgedPage
from sessions_ui.bridges.rows import chunks, count_by, cut, holders_among, newest_first
from sessions_ui.models import EndReason
from sessions_ui.models.locking import locked

# In the order in which they are removed: whatever points to another one goes first.
DELETED_IN_ORDER = ("AccessToken", "RefreshToken", "IDToken", "Grant", "DeviceGrant")
SETTINGS = {
    "AccessToken": "OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL",
    "RefreshToken": "OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL",
    "IDToken": "OAUTH2_PROVIDER_ID_TOKEN_MODEL",
    "Grant": "OAUTH2_PROVIDER_GRANT_MODEL",
    "DeviceGrant": "OAUTH2_PROVIDER_DEVICE_GRANT_MODEL",
}


class OAuthToolkitBridge:
    """Ends by deletion, rows that were revoked before included.

    The package itself marks refresh tokens as revoked; but a refresh that is under way would make new ones out of a
    row that is only marked, and of one that is gone it cannot. A refresh token stands for what was made from it: with
    it go the access tokens of its family. ID tokens go, too; they are shown as no credential of their own.
    """

    name = "oauth"
    apps: Collection[str] = ("oauth2_provider",)

    def database(self) -> str:
        return router.db_for_write(model("AccessToken"))

    def models(self) -> Collection[type[models.Model]]:
        return [model(name) for name in SETTINGS if name != "IDToken" and is_there(name)]

    def list(self, user: Any) -> Sequence[BridgedCredential]:
        return self.list_of([user])

    def list_of(self, users: Collection[Any]) -> Sequence[BridgedCredential]:
        return newest_first(self._credentials(users))

    def _credentials(self, users: Collection[Any]) -> Iterator[BridgedCredential]:
        for chunk in chunks(users):
            for name, rows in shown():
                for row in rows.filter(user__in=chunk).select_related(*RELATED[name]):
                    yield credential(name, row)

    def count_of(self, users: Collection[Any]) -> Mapping[Any, int]:
        counts: Counter[Any] = Counter()
        for chunk in chunks(users):
            for _name, rows in shown():
                counts.update(count_by(rows.filter(user__in=chunk), "user_id"))
        return counts

    def holders(self, users: QuerySet[Any] | None = None) -> Collection[Any]:
        return set().union(*(holders_among(rows, "user_id", users) for _name, rows in shown()))

    def end(self, user: Any, ids: Collection[str] | None, reason: EndReason) -> int:
        if ids is None:
            return sum(self.end_of([user], reason).values())
        with transaction.atomic(using=self.database(), savepoint=False):
            return sum(self._end_one(user, id) for id in set(ids))

    def _end_one(self, user: Any, id: str) -> int:
        found = find(id)
        if found is None or found[1].user_id != user:
            return 0
        name, row = found
        if name == "RefreshToken":
            family = every("RefreshToken").filter(user=user)
            family = family.filter(
                Q(pk=row.pk) | Q(token_family=row.token_family, token_family__isnull=False)
            )
            keys = lock_refresh_tokens(family)
            access = every("AccessToken").filter(Q(refresh_token__in=keys) | Q(source_refresh_token__in=keys))
            remove_access(access)
            every("RefreshToken").filter(pk__in=keys).delete()
        elif name == "AccessToken":
            remove_access(every("AccessToken").filter(pk=row.pk))
        else:
            every(name).filter(pk=row.pk).delete()
        return 1

    def end_of(
        self, users: Collection[Any], reason: EndReason, *, made_before: datetime | None = None
    ) -> Mapping[Any, int]:
        """End everything of these users, whenever it was made: what is new may have come from a refresh token."""
        with transaction.atomic(using=self.database(), savepoint=False):
            counts = self.count_of(users)
            for chunk in chunks(counts):
                lock_refresh_tokens(every("RefreshToken").filter(user__in=chunk))
                for name in DELETED_IN_ORDER:
                    if is_there(name):
                        every(name).filter(user__in=chunk).delete()
        return counts

    def describe(self, id: str) -> BridgedCredential | None:
        found = find(id)
        return None if found is None else credential(*found)

    def page(
        self,
        *,
        after: str | None,
        limit: int,
        never_ending: bool = False,
        users: Collection[Any] | None = None,
    ) -> BridgedPage:
        """Return a part of all there is, model by model, the newest of each first."""
        place = None if after is None else place_of(after)
        if after is not None and place is None:
            return BridgedPage(())
        found: list[BridgedCredential] = []
        for name, rows in shown():
            if place is not None:
                if name != place[0]:
                    continue
                rows = rows.filter(pk__lt=place[1])
                place = None
            if never_ending:
                rows = never_ending_among(name, rows)
            if users is not None:
                rows = rows.filter(user__in=users)
            rows = rows.select_related(*RELATED[name]).order_by("-pk")[: limit + 1 - len(found)]
            found += [credential(name, row) for row in rows]
            if len(found) > limit:
                break
        return cut(found, limit)


def model(name: str) -> type[models.Model]:
    """Return the model that the project uses for this one of the package."""
    return apps.get_model(getattr(settings, SETTINGS[name], f"oauth2_provider.{name}"))


def is_there(name: str) -> bool:
    """Return whether this release of the package has the model: device grants came later."""
    try:
        return bool(model(name))
    except LookupError:
        return False


def every(name: str) -> QuerySet[Any]:
    of = model(name)
    return of._base_manager.using(router.db_for_write(of)).filter(user__isnull=False)


def shown() -> Iterator[tuple[str, QuerySet[Any]]]:
    """Yield what lives, by model: an access token only where it has no refresh token that stands for it."""
    now = timezone.now()
    unrevoked = every("RefreshToken").filter(revoked__isnull=True)
    if (unused := refreshed_within()) is not None:
        unrevoked = unrevoked.filter(Q(access_token=None) | Q(access_token__expires__gt=now - unused))
    yield "RefreshToken", unrevoked
    renewed = Q(refresh_token__isnull=False, refresh_token__revoked__isnull=True)
    yield "AccessToken", every("AccessToken").filter(expires__gt=now).exclude(renewed)
    yield "Grant", every("Grant").filter(expires__gt=now)
    if is_there("DeviceGrant"):
        yield "DeviceGrant", every("DeviceGrant").filter(expires__gt=now, status="authorized")


def find(id: str) -> tuple[str, Any] | None:
    """Return model and row of a credential that lives; None for any other id."""
    if (place := place_of(id)) is None:
        return None
    for name, rows in shown():
        if name == place[0]:
            row = rows.filter(pk=place[1]).first()
            return None if row is None else (name, row)
    return None


def place_of(id: str) -> tuple[str, int] | None:
    """Return the name of the model and the primary key that an id is made of; None where it is none."""
    name, _colon, key = id.partition(":")
    return (name, int(key)) if name in KINDS and key.isdecimal() and len(key) < 19 else None


def never_ending_among(name: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return those of the rows whose credential has no end: refresh tokens, unless the package ends unused ones."""
    if name != "RefreshToken":
        return rows.none()
    return rows if refreshed_within() is None else rows.filter(access_token__isnull=True)


KINDS = {
    "RefreshToken": BridgedKind.REFRESH,
    "AccessToken": BridgedKind.ACCESS,
    "Grant": BridgedKind.GRANT,
    "DeviceGrant": BridgedKind.GRANT,
}
# What the credential is told from, beside the row itself.
RELATED: dict[str, tuple[str, ...]] = {
    "RefreshToken": ("application", "access_token"),
    "AccessToken": ("application",),
    "Grant": ("application",),
    "DeviceGrant": (),
}


def credential(name: str, row: Any) -> BridgedCredential:
    """Return what there is to tell about a row."""
    application = None if name == "DeviceGrant" else row.application
    if name == "RefreshToken":
        access, unused = row.access_token, refreshed_within()
        scopes = access.scope if access else ""
        expires_at = access.expires + unused if access and unused is not None else None
    else:
        scopes, expires_at = row.scope, row.expires
    return BridgedCredential(
        package=OAuthToolkitBridge.name,
        id=f"{name}:{row.pk}",
        user_id=row.user_id,
        kind=KINDS[name],
        label=application.name if application is not None else "",
        made_at=getattr(row, "created", None),
        expires_at=expires_at,
        scopes=tuple(scopes.split()),
    )


def refreshed_within() -> timedelta | None:
    """Return how long after the end of its access token a refresh token is good; None for as long as it is there."""
    from oauth2_provider.settings import oauth2_settings

    unused = oauth2_settings.REFRESH_TOKEN_EXPIRE_SECONDS
    if not unused:
        return None
    return unused if isinstance(unused, timedelta) else timedelta(seconds=unused)


def lock_refresh_tokens(rows: QuerySet[Any]) -> list[Any]:
    """Lock these rows before any access token, as the package does where it refreshes; return their primary keys."""
    return [*locked(rows.order_by("pk")).values_list("pk", flat=True)]


def remove_access(tokens: QuerySet[Any]) -> None:
    """Delete these access tokens, and the ID tokens that came with them."""
    id_tokens = [*tokens.filter(id_token__isnull=False).values_list("id_token", flat=True)]
    tokens.delete()
    every("IDToken").filter(pk__in=id_tokens).delete()
