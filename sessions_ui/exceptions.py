"""The exceptions of this app. They have one root; subclasses carry what a handler needs to know."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from django.contrib.sessions.backends.base import UpdateError
from django.core.exceptions import PermissionDenied
from django.db import OperationalError

if TYPE_CHECKING:
    from datetime import datetime

    from sessions_ui.credentials import CredentialKind
    from sessions_ui.models.end_reason import EndReason

__all__ = [
    "AccountFrozen",
    "AppendOnly",
    "BearerError",
    "BearerRefused",
    "CannotVouch",
    "DoneInPart",
    "FurtherProofNeeded",
    "HelpDeskRefusal",
    "HelpDeskRefused",
    "ImpersonationRefusal",
    "ImpersonationRefused",
    "IncidentRefusal",
    "IncidentRefused",
    "KeyRotated",
    "NoReceipt",
    "NoSuchBridge",
    "NotTheOwner",
    "NotYetHappened",
    "OutcomeUnknown",
    "OwnerRefusal",
    "OwnerRefused",
    "ProofRefusal",
    "ProofRefused",
    "RecoveryClosed",
    "ReviewRefusal",
    "ReviewRefused",
    "SamePassword",
    "SessionEnded",
    "SessionsUIError",
    "SignInChallenged",
    "SignInRefused",
    "StaleSession",
    "TokenRefusal",
    "TokenRefused",
    "TryAgain",
    "Undecipherable",
]


class ProofRefusal(StrEnum):
    """Why a code was not sent or not accepted."""

    TOO_MANY = "too_many"
    NO_ADDRESS = "no_address"
    WRONG_CODE = "wrong_code"
    CODE_OVER = "code_over"


class ImpersonationRefusal(StrEnum):
    """Why staff may not use an account."""

    NOT_SIGNED_IN = "not_signed_in"
    NESTED = "nested"
    NOT_ALLOWED = "not_allowed"
    ONESELF = "oneself"
    DISABLED = "disabled"
    OFFBOARDED = "offboarded"
    MORE_RIGHTS = "more_rights"
    SERVICE_ACCOUNT = "service_account"
    NO_REASON = "no_reason"
    NOT_IMPERSONATING = "not_impersonating"


class HelpDeskRefusal(StrEnum):
    """Why an agent may not do now what they asked for."""

    CASE_CLOSED = "case_closed"
    NOT_VERIFIED = "not_verified"
    NOT_PROVEN = "not_proven"
    NO_PASSWORD = "no_password"  # noqa: S105  not a password
    NOBODY = "nobody"
    OWN_ACCOUNT = "own_account"
    WRONG_CODE = "wrong_code"
    CODE_OVER = "code_over"
    CODE_SENT_LATELY = "code_sent_lately"
    ALREADY_PROVEN = "already_proven"
    NO_ADDRESS = "no_address"
    SERVICE_ACCOUNT = "service_account"
    SAME_AGENT = "same_agent"
    NOTHING_SELECTED = "nothing_selected"
    TOO_MANY = "too_many"


class ReviewRefusal(StrEnum):
    """Why a step of an access review was not taken."""

    NOT_ALLOWED = "not_allowed"
    CLOSED = "closed"
    DECIDED = "decided"
    UNDECIDED = "undecided"
    PACKAGE_FAILED = "package_failed"


class IncidentRefusal(StrEnum):
    """Why an incident is not ordered, approved or stopped."""

    NOT_ALLOWED = "not_allowed"
    NO_REASON = "no_reason"
    NO_CRITERIA = "no_criteria"
    EVERYONE_AND_MORE = "everyone_and_more"
    IN_THE_FUTURE = "in_the_future"
    NO_TIME = "no_time"
    NO_NETWORK = "no_network"
    SAME_PERSON = "same_person"
    NOT_WAITING = "not_waiting"
    APPROVAL_OVER = "approval_over"
    ORDERER_LEFT = "orderer_left"
    ORDERED_BEFORE = "ordered_before"


class TokenRefusal(StrEnum):
    """Why an access token was not made or rotated."""

    NO_NAME = "no_name"
    NO_SCOPE = "no_scope"
    UNKNOWN_SCOPE = "unknown_scope"
    WITHHELD_SCOPE = "withheld_scope"
    IN_THE_PAST = "in_the_past"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    NO_OWNER = "no_owner"
    MADE_BEFORE = "made_before"
    BY_TOKEN = "by_token"  # noqa: S105  not a token
    BY_PROGRAM = "by_program"
    NOT_A_MEMBER = "not_a_member"


class OwnerRefusal(StrEnum):
    """Why somebody cannot answer for a service account, or an account cannot become one."""

    ITSELF = "itself"
    GONE = "gone"
    DISABLED = "disabled"
    LEFT = "left"
    SERVICE_ACCOUNT = "service_account"
    ANSWERS_FOR_OTHERS = "answers_for_others"


class BearerError(StrEnum):
    """Why a request with an access token was refused, in the words of RFC 6750, 3.1."""

    INVALID_REQUEST = "invalid_request"
    INVALID_TOKEN = "invalid_token"  # noqa: S105  not a token
    INSUFFICIENT_SCOPE = "insufficient_scope"


class SessionsUIError(Exception):
    """Root of every error of this app."""


class TryAgain(SessionsUIError, OperationalError):
    """Nothing was changed, and the same may work a moment later.

    The database refused a transaction of ours for as long as we tried (`transactions.py`), or once inside one of the
    host project; or it stopped a statement; or the connection was lost before the transaction was committed. An
    `OperationalError` too, so that a host project that repeats its own transactions repeats this one.
    """

    def __init__(self) -> None:
        super().__init__("the database is busy; nothing was changed")


class OutcomeUnknown(SessionsUIError, OperationalError):
    """The connection was lost while the database committed a transaction of ours, so nobody knows whether it did.

    What was asked for may be asked for again: an ending ends once, however often it is tried.
    """

    def __init__(self) -> None:
        super().__init__("the connection was lost at the commit; whether it was done is not known")


class DoneInPart(OutcomeUnknown):
    """A row was saved outside of a transaction, and what was to follow from it was refused (`transactions.follow()`).

    `__cause__` says why. The row stays saved: inside a transaction both would have been rolled back together.
    """

    def __init__(self) -> None:
        super(OutcomeUnknown, self).__init__("saved, but what follows from it could not be done")


class SignInRefused(SessionsUIError, PermissionDenied):
    """The sign-in lost a race: the account was disabled, or its password changed, after it began.

    `reason` is what the middleware puts into words. A `PermissionDenied`, because Django's `RemoteUserMiddleware` signs
    in where no view is: it answers 403 then.
    """

    def __init__(self, reason: EndReason) -> None:
        super().__init__(f"sign-in refused: {reason}")
        self.reason = reason


class SignInChallenged(SignInRefused):
    """The sign-in may go on after a further proof; nobody is signed in yet.

    It looked suspicious, or one device has to go first (`session_limit`). `verdict`: what was found, a `risk.Verdict`;
    None where nothing was. `begun`: the mark of what succeeded so far (`pending.py`), by the account as it was then.
    """

    def __init__(self, reason: EndReason, verdict: object = None, *, begun: dict[str, Any]) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.begun = begun


class CannotVouch(SessionsUIError):
    """What was shown does not vouch for the device: a thief of this browser would have it, too."""


class FurtherProofNeeded(SessionsUIError):
    """A session that does not vouch for itself tried to change how its account is signed in to; nothing was written.

    `kind` is what it wanted to change. The middleware asks for the proof. No `PermissionDenied`: allauth takes one, on
    the way back from a provider, for a sign-in that failed there.
    """

    def __init__(self, kind: CredentialKind) -> None:
        super().__init__(f"changing this takes a further proof: {kind}")
        self.kind = kind


class ProofRefused(SessionsUIError):
    """A code was not sent or not accepted."""

    def __init__(self, reason: ProofRefusal) -> None:
        super().__init__(f"no proof: {reason}")
        self.reason = reason


class SessionEnded(SessionsUIError, UpdateError):
    """A write to a session that has ended; nothing was written.

    An `UpdateError` too, so that code written for Django's own engines handles it.
    `reason` is empty where the session does not exist at all.
    """

    def __init__(self, reason: EndReason | Literal[""] = "") -> None:
        super().__init__(f"the session has ended: {reason or 'unknown'}")
        self.reason = reason


class KeyRotated(SessionsUIError, UpdateError):
    """A write with a session key that another request has just replaced. Not an ending: trying again works."""


class StaleSession(SessionsUIError, UpdateError):
    """`save()` of a `Session` instance that is not the row any more; nothing was written.

    Somebody rotated, changed or deleted the row after it was read.
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"this instance of the session is stale: {why}")


class AccountFrozen(SessionsUIError, PermissionDenied):
    """Somebody tried to change how an account is signed in to while it is being recovered; nothing was done.

    `until` is when that ends at the latest, an aware `datetime` (naive without `USE_TZ`); `account` the primary key.
    """

    def __init__(self, until: datetime, account: Any = None) -> None:
        super().__init__("the account is being recovered: nothing about how it is signed in to is changed")
        self.until = until
        self.account = account


class RecoveryClosed(SessionsUIError):
    """The recovery is over, or this step of it was done before; nothing was done."""


class SamePassword(SessionsUIError, PermissionDenied):
    """A new password is required, and somebody has set the one that signs nobody in; nothing was done."""

    def __init__(self) -> None:
        super().__init__("a new password is required, and this is the one that signs nobody in any more")


class NotTheOwner(SessionsUIError, PermissionDenied):
    """Staff that uses somebody's account tried what only the owner may do; nothing was done."""


class NoReceipt(SessionsUIError):
    """Nothing of an act or a call can be proven yet, or any more; the text says why."""


class NotYetHappened(SessionsUIError, ValueError):
    """Somebody said that trust ended at a moment that is still to come; nothing was done."""

    def __init__(self) -> None:
        super().__init__("happened_at is in the future: it is when trust ended")


class OutOfRange(SessionsUIError, ValueError):
    """Somebody stated a moment that nobody can have meant: before 1970, or from the year 9000 on; nothing was done."""

    def __init__(self) -> None:
        super().__init__("the moment is out of range: it has to be in the years 1970 to 8999")


class ImpersonationRefused(SessionsUIError, PermissionDenied):
    """Staff may not use this account; nothing was done."""

    def __init__(self, reason: ImpersonationRefusal) -> None:
        super().__init__(f"impersonation refused: {reason}")
        self.reason = reason


class IncidentRefused(SessionsUIError):
    """What was asked for about an incident is not possible, or not theirs to ask; nothing was done."""

    def __init__(self, reason: IncidentRefusal) -> None:
        super().__init__(f"incident refused: {reason}")
        self.reason = reason


class ReviewRefused(SessionsUIError, PermissionDenied):
    """What a reviewer asked for is not allowed, or not possible any more; nothing was done."""

    def __init__(self, reason: ReviewRefusal) -> None:
        super().__init__(f"access review: {reason}")
        self.reason = reason


class TokenRefused(SessionsUIError):
    """An access token was not made or rotated; nothing was done."""

    def __init__(self, reason: TokenRefusal) -> None:
        super().__init__(f"no token: {reason}")
        self.reason = reason


class BearerRefused(SessionsUIError):
    """The access token of a request does not let it pass.

    `error`: None where the request brought none. `reason` is why the token ended, empty where that is not it; it is for
    the log, and no client is told. `scopes` are those that were missing.
    """

    def __init__(
        self,
        error: BearerError | None,
        *,
        reason: EndReason | Literal[""] = "",
        scopes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"bearer refused: {error or 'no token'}")
        self.error = error
        self.reason = reason
        self.scopes = scopes


class OwnerRefused(SessionsUIError, PermissionDenied):
    """Nobody who could not sign in, and no service account, can answer for a service account; nothing was done."""

    def __init__(self, reason: OwnerRefusal) -> None:
        super().__init__(f"no owner of a service account: {reason}")
        self.reason = reason


class NoSuchBridge(SessionsUIError):
    """No bridge of this name is used in this project (docs/bridges.md)."""


class AppendOnly(SessionsUIError):
    """Somebody tried to change or delete an event."""


class HelpDeskRefused(SessionsUIError):
    """What an agent asked for is not allowed now; nothing was done."""

    def __init__(self, reason: HelpDeskRefusal) -> None:
        super().__init__(f"refused: {reason}")
        self.reason = reason


class Undecipherable(SessionsUIError):
    """None of the keys that are left has encrypted this."""
