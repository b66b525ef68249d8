"""Why sessions end."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class EndReason(models.TextChoices):
    """Why a session ended. The labels finish the sentence "Signed out: …" for people."""

    SIGNED_OUT = "signed_out", _("signed out on the device itself")
    SIGNED_OUT_REMOTELY = "signed_out_remotely", _("signed out from another device")
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere", _("signed out everywhere")
    SUPERSEDED = "superseded", _("replaced by a newer sign-in in the same browser")
    PASSWORD_CHANGED = "password_changed", _("the password was changed")
    PASSWORD_RESET = "password_reset", _("the password was reset")
    FACTOR_CHANGED = "factor_changed", _("a second factor was changed")
    EMAIL_CHANGED = "email_changed", _("the email address was changed")
    ACCESS_CHANGED = "access_changed", _("the permissions of the account changed")
    ACCOUNT_DISABLED = "account_disabled", _("the account was disabled")
    ACCOUNT_DELETED = "account_deleted", _("the account was deleted")
    OFFBOARDED = "offboarded", _("access ended on the agreed date")
    DEVICE_LOST = "device_lost", _("the device was reported lost")
    NOT_ME = "not_me", _("the sign-in was not recognised")
    SUSPICIOUS = "suspicious", _("the sign-in looked suspicious")
    HELP_DESK = "help_desk", _("signed out by the help desk")
    ADMINISTRATOR = "administrator", _("signed out by an administrator")
    INCIDENT = "incident", _("signed out as a security measure")
    IDLE_TIMEOUT = "idle_timeout", _("unused for too long")
    ABSOLUTE_TIMEOUT = "absolute_timeout", _("the sign-in reached its time limit")
    EXPIRED = "expired", _("it expired")
    UNUSED = "unused", _("unused for months")
    SESSION_LIMIT = "session_limit", _("too many devices were signed in")
    PROVIDER_SIGN_OUT = "provider_sign_out", _("signed out at the sign-in provider")
    OWNER_ENDED = "owner_ended", _("what it depended on ended")
    # Refuses sign-ins only: what it ends has the reason of whoever required it.
    PASSWORD_REQUIRED = "password_required", _("a new password is needed first")
    # Refuses sign-ins only, too: with what was added since the sign-in that the owner did not recognise.
    RECOVERING = "recovering", _("the account is being recovered")
    LEAKED = "leaked", _("it was found where others can read it")
    # Refuses sign-ins only, as well.
    SERVICE_ACCOUNT = "service_account", _("nobody can sign in to a service account")
    API = "api", _("signed out by an application")

    @classmethod
    def _missing_(cls, value: object) -> EndReason:
        """Read an unknown reason as ADMINISTRATOR, so that the session is refused like any other.

        Somebody's SQL has ended the row without a reason, or a later release for one that is not known here.
        """
        return cls.ADMINISTRATOR


# Endings that follow a rule: nobody decided them, whoever was signed in at that moment.
AUTOMATIC = frozenset(
    {
        EndReason.SUPERSEDED,
        EndReason.IDLE_TIMEOUT,
        EndReason.ABSOLUTE_TIMEOUT,
        EndReason.EXPIRED,
        EndReason.UNUSED,
        EndReason.SESSION_LIMIT,
        EndReason.OFFBOARDED,
        EndReason.OWNER_ENDED,
        EndReason.PROVIDER_SIGN_OUT,
    }
)

# What ends all sessions of an account for one of these ends its access tokens, too, and what other packages keep for it
# (`bridges/`), unless whoever ends them says otherwise (`ends_tokens()`): whoever is trusted no more, or may be another
# one, has none. Everything else leaves them, because a script has no browser and knows no password: somebody who
# changes theirs, or signs out everywhere, is still the owner.
ENDS_TOKENS = frozenset(
    {
        EndReason.PASSWORD_RESET,
        EndReason.ACCESS_CHANGED,
        EndReason.ACCOUNT_DISABLED,
        EndReason.ACCOUNT_DELETED,
        EndReason.OFFBOARDED,
        EndReason.NOT_ME,
        EndReason.HELP_DESK,
        EndReason.ADMINISTRATOR,
        EndReason.INCIDENT,
    }
)


def ends_tokens(reason: EndReason, said: bool | None = None) -> bool:
    """Return whether an end of everything of an account, for this reason, ends what acts for it without a browser, too.

    `said`: what whoever ends it has said about that; None where the reason says so.
    """
    return reason in ENDS_TOKENS if said is None else said
