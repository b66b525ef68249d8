"""What people sign in with on this site beside the password: what django-allauth keeps, as sessions_ui lists it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps

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


def name_of(authenticator_type: str, pk: int) -> str:
    """Return how a session calls this factor in what it has shown: kind and id, as above."""
    return f"{KINDS[Authenticator.Type(authenticator_type)]}:{pk}"


def model_of(kind: CredentialKind) -> Any:
    if kind is CredentialKind.PROVIDER:
        return apps.get_app_config("socialaccount").get_model("SocialAccount")
    return EmailAddress if kind is CredentialKind.ADDRESS else Authenticator


def factors_of(user: Any) -> Iterator[Credential]:
    for row in Authenticator.objects.filter(user_id=user.pk).order_by("pk"):
        kind = KINDS[Authenticator.Type(row.type)]
        name = row.wrap().name if kind is CredentialKind.PASSKEY else ""
        yield Credential(kind, str(row.pk), name, row.created_at)


def addresses_of(user: Any) -> Iterator[Credential]:
    """Yield the account's addresses; one that was never verified is there since nobody knows when."""
    verified = dict(
        VerifiedAddress.objects.filter(user_id=user.pk, removed_at__isnull=True).values_list(
            "email", "verified_at"
        )
    )
    for row in EmailAddress.objects.filter(user_id=user.pk).order_by("pk"):
        yield Credential(CredentialKind.ADDRESS, str(row.pk), row.email, verified.get(row.email.lower()))


def providers_of(user: Any) -> Iterator[Credential]:
    if not apps.is_installed(PROVIDERS):
        return
    for row in model_of(CredentialKind.PROVIDER).objects.filter(user_id=user.pk).order_by("pk"):
        yield Credential(CredentialKind.PROVIDER, str(row.pk), str(row.provider), row.date_joined)
