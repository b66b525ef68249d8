"""A validator for `AUTH_PASSWORD_VALIDATORS`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

__all__ = ["NotTheVoidPassword"]


class NotTheVoidPassword:
    """Where a new password is required, the one that signs nobody in any more is refused in the form.

    It is refused at the write in any case (`SamePassword`), with a page of its own.
    """

    def validate(self, password: str, user: Any = None) -> None:
        from sessions_ui.actions.endings.require_password import is_void_password

        pk = getattr(user, "pk", None)
        if pk is not None and is_void_password(pk, password, user.password):
            raise ValidationError(void_text(), code="void_password")

    def get_help_text(self) -> str:
        return _("Your password can’t be one that had to be replaced.")


def void_text() -> str:
    return _(
        "This password can no longer be used to sign in. Choose another one that you don’t use anywhere else."
    )
