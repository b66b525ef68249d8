"""Whether anybody may be let in to an account as it is now, where another package asks for itself.

A sign-in of ours is refused where its session is written (`actions/sign_in/`), and says why. Packages that give out
tokens for a password know of none of it: what they make is ended at once (`late_credentials.py`), and one that makes
what nobody can end asks `may_sign_in()` before.
"""

from __future__ import annotations

from typing import Any

from django.db import router
from django.utils import timezone

from sessions_ui.actions.endings.require_password import is_another_awaited
from sessions_ui.conf import conf
from sessions_ui.models import AccountState, EndReason, ServiceAccount
from sessions_ui.models.primary import all_users
from sessions_ui.protocols import HasPk
from sessions_ui.user_model import is_active


def may_sign_in(user: HasPk | None) -> bool:
    """Return whether somebody who shows the right password of this account, or a token, may be let in now.

    Not to an account that is gone, disabled or offboarded, nor to a service account for which nobody answers any more,
    nor where another password has to be chosen first. For packages whose tokens nobody looks up, such as simplejwt's
    `USER_AUTHENTICATION_RULE` (docs/bridges.md). `user`: None for nobody. Up to four SQL statements.
    """
    return user is not None and refusal_of(user.pk, by=None) is None


def refusal_of(user_id: Any, *, by: Any) -> EndReason | None:
    """Return why nobody is let in to the account of this user (a primary key) now; None where somebody may be.

    `by`: the primary key of whoever is signed in and asks for it, None for nobody. Whoever uses the account already has
    shown no void password.
    """
    user = all_users().filter(pk=user_id).first()
    if user is None:
        return EndReason.ACCOUNT_DELETED
    if not is_active(user):
        return EndReason.ACCOUNT_DISABLED
    state = AccountState.objects.using(router.db_for_write(AccountState)).filter(pk=user_id).first()
    if state is not None and state.ends_at is not None and state.ends_at <= timezone.now():
        return EndReason.OFFBOARDED
    if state is not None and by != user_id and is_another_awaited(state):
        return EndReason.PASSWORD_REQUIRED
    return EndReason.OWNER_ENDED if _is_orphaned(user_id) else None


def _is_orphaned(user_id: Any) -> bool:
    if conf.service_accounts_of_leavers != "end":
        return False
    accounts = ServiceAccount.objects.using(router.db_for_write(ServiceAccount))
    return accounts.filter(pk=user_id, orphaned_at__isnull=False).exists()
