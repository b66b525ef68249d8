"""Whether an account may be signed in to at all, asked once more under its lock."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model, load_backend
from django.db import router, transaction
from django.utils.crypto import constant_time_compare

from sessions_ui.exceptions import SignInRefused
from sessions_ui.models import EndReason
from sessions_ui.models.locking import locked


def verify_under_lock(user: Any, backend_path: str) -> str:
    """Lock the user's row and read it anew; returns the session auth hash of today (empty where there is none)."""
    user_model = get_user_model()
    using = router.db_for_write(user_model)
    with transaction.atomic(using=using, savepoint=False):
        current = locked(user_model._base_manager.using(using).filter(pk=user.pk)).first()
    if current is None:
        raise SignInRefused(EndReason.ACCOUNT_DELETED)
    may_sign_in = getattr(load_backend(backend_path), "user_can_authenticate", None)
    if may_sign_in is not None and not may_sign_in(current):
        raise SignInRefused(EndReason.ACCOUNT_DISABLED)
    if not hasattr(current, "get_session_auth_hash"):
        return ""
    auth_hash = current.get_session_auth_hash()
    if not constant_time_compare(auth_hash, user.get_session_auth_hash()):
        raise SignInRefused(EndReason.PASSWORD_CHANGED)
    return auth_hash
