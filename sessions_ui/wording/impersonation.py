"""Words for staff: why they may not use an account."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sessions_ui.exceptions import ImpersonationRefusal


def refused_text(reason: ImpersonationRefusal) -> str:
    """Return the sentence for an `ImpersonationRefusal`."""
    texts = {
        ImpersonationRefusal.NOT_SIGNED_IN: _("You are no longer signed in. Nothing was done."),
        ImpersonationRefusal.NESTED: _("You’re already using an account. Leave it first."),
        ImpersonationRefusal.NOT_ALLOWED: _("You may not use this account."),
        ImpersonationRefusal.ONESELF: _("This is your own account."),
        ImpersonationRefusal.DISABLED: _("The account is disabled, so nobody can use it."),
        ImpersonationRefusal.OFFBOARDED: _("Access to this account has ended, so nobody can use it."),
        ImpersonationRefusal.MORE_RIGHTS: _("This account has rights that you don’t have."),
        ImpersonationRefusal.SERVICE_ACCOUNT: _("Nobody can sign in to a service account."),
        ImpersonationRefusal.NO_REASON: _("Say why: the person will read it."),
        ImpersonationRefusal.NOT_IMPERSONATING: _("You are not using anybody’s account."),
    }
    return texts[reason]
