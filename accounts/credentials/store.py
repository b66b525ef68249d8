"""What people sign in with on this site beside the password: what django-allauth keeps, as sessions_ui lists it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connections, router
from django.db.models import Q
from django.utils import timezone

from accounts.credentials.provenance import at_risk_since
from accounts.models import VerifiedAddress
from sessions_ui.credentials import Credential, CredentialKind, CredentialStore

KINDS = {
    Authenticator.Type.TOTP: CredentialKind.TOTP,
    Authenticator.Type.WEBAUTHN: CredentialKind.PASSKEY,
    Authenticator.Type.RECOVERY_CODES: CredentialKind.RECOVERY_CODES,
}
PROVIDERS = "allauth.socialaccount"  # a site without single sign-on goes without


class AllauthCredentials(CredentialStore):
    """For `SESSIONS_UI["CREDENTIALS"]`. The id is the primary key of allauth's row."""

    def of(self, user: Any) -> list[Credential]:
        return [*factors_of(user), *addresses_of(user), *providers_of(user)]

    def remove(self, user: Any, credential: Credential) -> None:
        # One by one, so that allauth's receivers and ours hear of it.
        for row in model_of(credential.kind).objects.filter(user_id=user.pk, pk=credential.id):
            row.delete()
            if credential.kind is CredentialKind.ADDRESS:
                leave_main_address(user, row.email)

    def shown(self, request: Any, user: Any) -> list[Credential] | None:
        records = get_authentication_records(request, user)
        known = {(one.kind, one.id): one for one in self.of(user)}
        if not records:
            return None
        found = (known.get(key) for record in records for key in keys_of(record, user))
        return [*(one for one in found if one is not None), *unconnected(records, user)]

    def are_gone(self, user: Any, shown: Collection[str]) -> bool:
        rows = Authenticator.objects.using(router.db_for_write(Authenticator)).filter(user_id=user.pk)
        if connections[rows.db].in_atomic_block:
            # At MariaDB's REPEATABLE READ a plain read would still see what was there before.
            rows = rows.select_for_update()
        there = {name_of(kind, pk) for kind, pk in rows.values_list("type", "pk")}
        ours = {name for name in shown if name.partition(":")[0] in KINDS.values()}
        return not there.issuperset(ours)

    def keep_address(self, user: Any, address: str) -> None:
        row = EmailAddress.objects.filter(user_id=user.pk, email__iexact=address).first()
        if (row is None and is_taken(user, address)) or is_of_staff(user, address):
            return  # by another account, since: that is for people to sort out
        remove_squatters(user, address)
        verified = VerifiedAddress.objects.filter(user_id=user.pk, email=address.lower())
        since = verified.values_list("verified_at", flat=True).first()
        row = row or EmailAddress(email=address)
        row.user, row.verified = user, True
        row.save()
        row.set_as_primary()
        if since is not None:  # it has been the owner's all the time
            verified.update(verified_at=since)


def keys_of(record: dict[str, Any], user: Any) -> Iterator[tuple[CredentialKind, str]]:
    """Yield kind and id of what one of allauth's records says was shown."""
    if record.get("method") == "mfa":
        yield KINDS[Authenticator.Type(record["type"])], str(record["id"])
    elif record.get("method") == "socialaccount" and apps.is_installed(PROVIDERS):
        accounts = model_of(CredentialKind.PROVIDER).objects.filter(user_id=user.pk)
        accounts = accounts.filter(provider=record.get("provider"), uid=record.get("uid"))
        yield from ((CredentialKind.PROVIDER, str(pk)) for pk in accounts.values_list("pk", flat=True))
    elif record.get("method") == "code":  # that was mailed
        rows = EmailAddress.objects.filter(user_id=user.pk, email__iexact=record.get("email") or "")
        yield from ((CredentialKind.ADDRESS, str(pk)) for pk in rows.values_list("pk", flat=True))


def unconnected(records: list[dict[str, Any]], user: Any) -> Iterator[Credential]:
    """Yield the accounts at a provider that sign in without being connected, by the address that the provider says
    (allauth's `SOCIALACCOUNT_EMAIL_AUTHENTICATION`): there is no row of them, so they are as old as this sign-in."""
    for record in records:
        if record.get("method") == "socialaccount" and not any(keys_of(record, user)):
            yield Credential(CredentialKind.PROVIDER, "", str(record.get("provider")), timezone.now())


def is_taken(user: Any, address: str) -> bool:
    """Return whether another account has this address, and its owner has shown that by a mailed link."""
    rows = EmailAddress.objects.filter(email__iexact=address, verified=True).exclude(user_id=user.pk)
    users = type(user).objects.filter(email__iexact=address, last_login__isnull=False).exclude(pk=user.pk)
    return rows.exists() or users.exists()


def is_of_staff(user: Any, address: str) -> bool:
    """Return whether another account with this address has rights: nobody gets these by signing up, so that somebody
    with more rights has made it, and it is no squatter's even if nobody has signed in to it."""
    rights = Q(is_staff=True) | Q(is_superuser=True) | Q(groups__isnull=False)
    others = type(user).objects.filter(email__iexact=address).exclude(pk=user.pk)
    return others.filter(rights | Q(user_permissions__isnull=False)).exists()


def remove_squatters(user: Any, address: str) -> None:
    """Remove what somebody else has entered of this address and never confirmed: an account that nobody has signed in
    to, or a row of one. Not called where `is_of_staff()`."""
    type(user).objects.filter(email__iexact=address, last_login__isnull=True).exclude(pk=user.pk).delete()
    EmailAddress.objects.filter(email__iexact=address, verified=False).exclude(user_id=user.pk).delete()


def leave_main_address(user: Any, removed: str) -> None:
    """Make another verified address the account's own, where it was the one that was removed: a password reset goes by
    that field, too."""
    current = type(user).objects.filter(pk=user.pk, email__iexact=removed)
    other = EmailAddress.objects.filter(user_id=user.pk, verified=True).order_by("-primary", "pk").first()
    if other is not None and current.exists():
        other.set_as_primary()


def name_of(authenticator_type: str, pk: int) -> str:
    """Return how a session calls this factor in what it has shown: kind and id, as above."""
    return f"{KINDS[Authenticator.Type(authenticator_type)]}:{pk}"


def model_of(kind: CredentialKind) -> Any:
    if kind is CredentialKind.PROVIDER:
        return apps.get_app_config("socialaccount").get_model("SocialAccount")
    return EmailAddress if kind is CredentialKind.ADDRESS else Authenticator


def goes_with_account(origin: Any) -> bool:
    """Return whether a row is deleted because its account is, whose sessions have ended already. `origin`: what
    somebody deletes, as Django's signals say it."""
    return issubclass(getattr(origin, "model", type(origin)), get_user_model())


def factors_of(user: Any) -> Iterator[Credential]:
    for row in Authenticator.objects.filter(user_id=user.pk).order_by("pk"):
        kind = KINDS[Authenticator.Type(row.type)]
        name = row.wrap().name if kind is CredentialKind.PASSKEY else ""
        yield Credential(kind, str(row.pk), name, at_risk_since(row))


def addresses_of(user: Any) -> Iterator[Credential]:
    """Yield the account's addresses; one that was never verified is there since nobody knows when."""
    verified = dict(
        VerifiedAddress.objects.filter(user_id=user.pk, removed_at__isnull=True).values_list(
            "email", "verified_at"
        )
    )
    for row in EmailAddress.objects.filter(user_id=user.pk).order_by("pk"):
        since = verified.get(row.email.lower())
        yield Credential(CredentialKind.ADDRESS, str(row.pk), row.email, since, verified=row.verified)


def providers_of(user: Any) -> Iterator[Credential]:
    if not apps.is_installed(PROVIDERS):
        return
    for row in model_of(CredentialKind.PROVIDER).objects.filter(user_id=user.pk).order_by("pk"):
        yield Credential(CredentialKind.PROVIDER, str(row.pk), str(row.provider), row.date_joined)
