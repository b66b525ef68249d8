"""Words for access tokens: how many end or stay, and why one is not made."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sessions_ui.exceptions import OwnerRefusal, TokenRefusal

REFUSALS: dict[TokenRefusal, Any] = {
    TokenRefusal.NO_NAME: gettext_lazy("Give it a name, so that you can recognise it."),
    TokenRefusal.NO_SCOPE: gettext_lazy("Say what it may do."),
    TokenRefusal.UNKNOWN_SCOPE: gettext_lazy("There is no such permission."),
    TokenRefusal.WITHHELD_SCOPE: gettext_lazy(
        "The account isn’t allowed to do that itself, so no token of it is."
    ),
    TokenRefusal.IN_THE_PAST: gettext_lazy("It would already have ended: choose a day in the future."),
    TokenRefusal.TOO_LONG: gettext_lazy("It would be valid for too long: choose an earlier day."),
    TokenRefusal.TOO_MANY: gettext_lazy(
        "The account already has as many valid tokens as it’s allowed. End one of them first."
    ),
    TokenRefusal.NO_OWNER: gettext_lazy("Nobody answers for this service account. It needs an owner first."),
    TokenRefusal.MADE_BEFORE: gettext_lazy("It has already been created."),
    TokenRefusal.BY_TOKEN: gettext_lazy("A token can’t create a token: sign in to create one."),
    TokenRefusal.BY_PROGRAM: gettext_lazy("A program isn’t allowed to create this token."),
    TokenRefusal.NOT_A_MEMBER: gettext_lazy("The account does not belong to this organization."),
}

NO_OWNER: dict[OwnerRefusal, Any] = {
    OwnerRefusal.ITSELF: gettext_lazy("An account can’t answer for itself."),
    OwnerRefusal.GONE: gettext_lazy("This account no longer exists."),
    OwnerRefusal.DISABLED: gettext_lazy("This account is switched off."),
    OwnerRefusal.LEFT: gettext_lazy("This person’s access has ended."),
    OwnerRefusal.SERVICE_ACCOUNT: gettext_lazy("A service account can’t answer for another account."),
    OwnerRefusal.ANSWERS_FOR_OTHERS: gettext_lazy(
        "This account answers for others: give them another owner first."
    ),
}


def tokens_text(count: int) -> str:
    """Return "2 access tokens"."""
    return ngettext("%(count)d access token", "%(count)d access tokens", count) % {"count": count}


def sign_ins_text(count: int) -> str:
    """Return "2 sign-ins"."""
    return ngettext("%(count)d sign-in", "%(count)d sign-ins", count) % {"count": count}


def ended_count(sign_ins: int, tokens: int) -> str:
    """Return how many of both have ended, as "2 sign-ins and 1 access token"; those there are none of are left out,
    unless it is both."""
    if not tokens:
        return sign_ins_text(sign_ins)
    if not sign_ins:
        return tokens_text(tokens)
    return _("%(sign_ins)s and %(tokens)s") % {
        "sign_ins": sign_ins_text(sign_ins),
        "tokens": tokens_text(tokens),
    }


def ended_tokens_text(count: int) -> str:
    """Return "2 access tokens have ended, too." """
    text = ngettext(
        "%(count)d access token has ended, too.", "%(count)d access tokens have ended, too.", count
    )
    return text % {"count": count}


def ends_too_text(count: int) -> str:
    """Return what a page says beforehand where access tokens end with what it is about; empty for none."""
    if not count:
        return ""
    text = ngettext("%(count)d access token ends, too.", "%(count)d access tokens end, too.", count)
    return text % {"count": count}


def stay_text(count: int) -> str:
    """Return what a page says beforehand where access tokens stay; empty for none."""
    if not count:
        return ""
    text = ngettext("%(count)d access token stays valid.", "%(count)d access tokens stay valid.", count)
    return text % {"count": count}


def ended_subject(sign_ins: int, tokens: int) -> str:
    """Return the subject of the mail about them, in one line."""
    if not tokens:
        return ngettext(
            "A device was signed out of your account", "Devices were signed out of your account", sign_ins
        )
    if not sign_ins:
        return ngettext(
            "An access token of your account has ended", "Access tokens of your account have ended", tokens
        )
    return _("Ended in your account: %(what)s") % {"what": ended_count(sign_ins, tokens)}
