"""Why somebody was signed out, in words that are safe on a screen which a thief may be looking at."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_ui.models import EndReason

UNNAMED = "unnamed"

# The reasons that may be named on any screen; the others are told after the next sign-in only.
HARMLESS_WORDS: dict[EndReason, str | Promise] = {
    EndReason.IDLE_TIMEOUT: gettext_lazy("You were signed out because this device was not used for a while."),
    EndReason.ABSOLUTE_TIMEOUT: gettext_lazy(
        "You were signed out because the sign-in reached its time limit."
    ),
    EndReason.UNUSED: gettext_lazy("You were signed out because this device was unused for months."),
    EndReason.PASSWORD_CHANGED: gettext_lazy("You were signed out because the password was changed."),
    EndReason.PASSWORD_RESET: gettext_lazy("You were signed out because the password was reset."),
    EndReason.SUPERSEDED: gettext_lazy("You were signed out because of a newer sign-in in this browser."),
    EndReason.PROVIDER_SIGN_OUT: gettext_lazy("You were signed out at your sign-in provider."),
    EndReason.PASSWORD_REQUIRED: gettext_lazy(
        "You need a new password before you can sign in. Ask for one as if you’d forgotten yours."
    ),
    EndReason.RECOVERING: gettext_lazy(
        "This account is being secured. Until that’s done, you can sign in only with what it had before."
    ),
    EndReason.SERVICE_ACCOUNT: gettext_lazy("Nobody can sign in to this account: it’s for programs only."),
    EndReason.OFFBOARDED: gettext_lazy("Access to this account ended on the agreed date."),
    EndReason.SESSION_LIMIT: gettext_lazy("Too many devices are signed in to this account at the same time."),
}


def words(reason: str | None) -> str:
    """Return one sentence for the screen."""
    harmless = HARMLESS_WORDS.get(EndReason(reason)) if reason else None
    return str(harmless) if harmless else _("You were signed out.")


def nameable(reason: str | None) -> str:
    """Return the reason as a cookie or header may hold it, which can be read on the device."""
    return str(reason) if reason in HARMLESS_WORDS else UNNAMED
