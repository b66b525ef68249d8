"""A credential that was removed while somebody saves it: Django would insert the row again."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps

from sessions_ui.exceptions import TryAgain
from tests.accounts.conftest import SECRET
from tests.accounts.credential_views import SECOND
from tests.interleaving import just_before

KEPT = {
    "mfa_authenticator": lambda user: TOTP.activate(user, SECRET).instance,
    "account_emailaddress": lambda user: EmailAddress.objects.create(user=user, email=SECOND, verified=True),
    "socialaccount_socialaccount": lambda user: provider_account(user),
}


# This site goes without providers, others need not.
THERE = [name for name in KEPT if apps.is_installed("allauth.socialaccount") or "social" not in name]


def provider_account(user: Any) -> Any:
    return apps.get_model("socialaccount", "SocialAccount").objects.create(
        user=user, provider="google", uid="1"
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", THERE)
@pytest.mark.parametrize("moment", ["before the save", "before its statement"])
def test_a_removed_credential_does_not_come_back_by_being_saved(moment: str, table: str, user: Any) -> None:
    """As allauth does where somebody renames a passkey, or makes an address the main one."""
    row = KEPT[table](user)
    removed = partial(type(row).objects.filter(pk=row.pk).delete)
    before = just_before(f"SELECT .*{table}" if moment == "before the save" else f"UPDATE .{table}.", removed)
    with before, pytest.raises(TryAgain):
        row.save()
    assert not type(row).objects.filter(pk=row.pk).exists()
