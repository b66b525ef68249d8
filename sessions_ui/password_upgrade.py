"""A user mixin that tells a password hash upgrade from a new password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import check_password, make_password
from django.db import router

__all__ = ["HashUpgradeMixin"]


class HashUpgradeMixin:
    """Put it before `AbstractBaseUser`: signing in with a stronger hasher then signs out no other device.

    Django writes the upgraded hash with `save()`, which looks exactly like a new password, and the session auth hash
    of every living session stops matching. Here the upgrade is one conditional UPDATE that carries the new session
    auth hash to the living sessions in the same transaction. Without the mixin an upgrade counts as a password
    change (fail closed).
    """

    if TYPE_CHECKING:
        pk: Any
        password: Any

        def get_session_auth_hash(self) -> str: ...

    def check_password(self, raw_password: str | None) -> bool:
        return check_password(raw_password, self.password, self._upgrade_hash)

    async def acheck_password(self, raw_password: str | None) -> bool:
        return await sync_to_async(self.check_password)(raw_password)

    def _upgrade_hash(self, raw_password: str) -> None:
        from sessions_ui.database.transactions import in_transaction
        from sessions_ui.models import Session  # the user model is loaded before the app registry is ready

        before, old_auth_hash = self.password, self.get_session_auth_hash()
        model: Any = type(self)
        using = router.db_for_write(model, instance=self)
        row = model._base_manager.using(using).filter(pk=self.pk)
        upgraded = make_password(raw_password)

        def upgrade() -> bool:
            if not row.filter(password=before).update(password=upgraded):
                return False
            self.password = upgraded
            Session.objects.using(router.db_for_write(Session)).filter(
                user_id=self.pk, ended_at__isnull=True, auth_hash=old_auth_hash
            ).update(auth_hash=self.get_session_auth_hash())
            return True

        if in_transaction(upgrade, using=using):
            return
        # Somebody else was faster: an upgrade like ours, or a new password that this one must not pass for.
        current = row.values_list("password", flat=True).first() or ""
        if check_password(raw_password, current):
            self.password = current
