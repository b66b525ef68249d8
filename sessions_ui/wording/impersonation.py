"""Words for staff: why they may not use an account."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sessions_ui.exceptions import ImpersonationRefusal


def refused_text(reason: ImpersonationRefusal) -> str:
    """Return the sentence for an `ImpersonationRefusal`."""
    texts = {
        ImpersonationRefusal.NOT_SIGNED_IN: _("You are no longer signed in. Nothing was done."),
        ImpersonationRefusal.NESTED: _("You are using an account already. Leave it first."),
        ImpersonationRefusal.NOT_ALLOWED: _("You may not use this account."),
        ImpersonationRefusal.ONESELF: _("This is your own account."),
        ImpersonationRefusal.DISABLED: _("The account is disabled, so nobody can use it."),
        ImpersonationRefusal.OFFBOARDED: _("Access to this account has ended, so nobody can use it."),
        ImpersonationRefusal.MORE_RIGHTS: _("This account may do something that you may not."),
        ImpersonationRefusal.SERVICE_ACCOUNT: _("Nobody signs in to a service account."),
        ImpersonationRefusal.NO_REASON: _("Say why: the person reads it."),
        ImpersonationRefusal.NOT_IMPERSONATING: _("You are not using anybody’s account."),
    }
    return texts[reason]
