"""Answers to what is raised while a request with an access token is at work: problem details, never a page.

Nobody can be asked for a proof here, or sent to sign in, and no cookie is set. Titles are English: programs read
`type`, their authors the title.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from django.http import HttpResponse

from sessions_ui import exceptions
from sessions_ui.api.bearer import refused
from sessions_ui.exceptions import BearerError, BearerRefused, SessionEnded
from sessions_ui.web.responses.errors.exceptions import is_failed_commit, is_lost_commit
from sessions_ui.web.responses.errors.later import OUTAGE_SECONDS, RETRY_SECONDS
from sessions_ui.web.responses.programs import problem


class Answer(NamedTuple):
    """`retry_after`: seconds, None where trying again does not help; `tells`: whether the reason is for everybody."""

    status: int
    kind: str
    title: str
    retry_after: int | None = None
    tells: bool = False


BUSY = Answer(503, "busy", "Nothing was changed. Please try again.", RETRY_SECONDS)
UNKNOWN = Answer(
    503,
    "outcome-unknown",
    "We do not know whether this was done. Please check, then try again.",
    OUTAGE_SECONDS,
)
NOT_ALLOWED, NOT_NOW = "This is not allowed.", "This is no longer possible."
ANSWERS: dict[type[Exception], Answer] = {
    exceptions.TryAgain: BUSY,
    exceptions.OutcomeUnknown: UNKNOWN,
    exceptions.DoneInPart: Answer(
        503, "done-in-part", "This was saved, but not all that follows from it was done.", RETRY_SECONDS
    ),
    exceptions.SignInRefused: Answer(403, "sign-in-refused", "Nobody can sign in to this account now."),
    exceptions.FurtherProofNeeded: Answer(
        403, "further-proof-needed", "This needs a proof that only a person can give, in a browser."
    ),
    exceptions.CannotVouch: Answer(
        403, "cannot-vouch", "The proof that was given does not vouch for the device."
    ),
    exceptions.NotTheOwner: Answer(403, "owner-only", "Only the owner of the account may do this."),
    exceptions.AccountFrozen: Answer(403, "account-frozen", "The account is being recovered."),
    exceptions.SamePassword: Answer(403, "same-password", "A new password has to be chosen."),
    exceptions.ImpersonationRefused: Answer(403, "impersonation-refused", NOT_ALLOWED, tells=True),
    exceptions.ReviewRefused: Answer(403, "review-refused", NOT_ALLOWED, tells=True),
    exceptions.HelpDeskRefused: Answer(403, "help-desk-refused", NOT_ALLOWED, tells=True),
    exceptions.IncidentRefused: Answer(403, "incident-refused", NOT_ALLOWED, tells=True),
    exceptions.ProofRefused: Answer(403, "proof-refused", NOT_ALLOWED, tells=True),
    exceptions.RecoveryClosed: Answer(409, "recovery-closed", NOT_NOW),
    exceptions.KeyRotated: Answer(
        409, "session-key-rotated", "The session was renewed in the meantime.", RETRY_SECONDS
    ),
    exceptions.StaleSession: Answer(
        409, "stale-session", "The session was changed in the meantime.", RETRY_SECONDS
    ),
    exceptions.TokenRefused: Answer(422, "token-refused", "No token was made.", tells=True),
    exceptions.OwnerRefused: Answer(
        422, "owner-refused", "This account cannot be a service account, or answer for one."
    ),
    exceptions.NoReceipt: Answer(404, "no-receipt", "There is no receipt for this."),
    exceptions.NoSuchBridge: Answer(404, "no-such-package", "No package of this name is used here."),
    exceptions.NotYetHappened: Answer(422, "not-yet-happened", "The moment is in the future."),
    exceptions.OutOfRange: Answer(422, "out-of-range", "The moment is out of range."),
}


def answer_to(exception: BaseException) -> HttpResponse | None:
    """Return the response to `exception` for a program; None for an exception that is not ours to answer.

    Neither are those that only a mistake in the site's code can raise (`AppendOnly`, `Undecipherable`).
    """
    if isinstance(exception, BearerRefused):
        return refused(exception)
    if isinstance(
        exception, SessionEnded
    ):  # while the view was at work; the next request would hear the same
        return refused(BearerRefused(BearerError.INVALID_TOKEN))
    found = answer_for(exception)
    return None if found is None else response_of(found, getattr(exception, "reason", None))


def answer_for(exception: BaseException) -> Answer | None:
    """Return what a program is told of `exception`, in whatever words; None for one that is not ours to answer."""
    found = next((ANSWERS[kind] for kind in type(exception).__mro__ if kind in ANSWERS), None)
    if found is None and is_failed_commit(exception):
        return BUSY
    if found is None and is_lost_commit(exception):
        return UNKNOWN
    return found


def not_allowed(allow: str) -> HttpResponse:
    """Return the answer to another method than these."""
    response = problem(405, "method-not-allowed", "This method is not allowed here.")
    response.headers["Allow"] = allow
    return response


def response_of(answer: Answer, reason: object) -> HttpResponse:
    members = {"reason": str(reason)} if answer.tells and isinstance(reason, StrEnum) else {}
    response = problem(answer.status, answer.kind, answer.title, **members)
    if answer.retry_after is not None:
        response.headers["Retry-After"] = str(answer.retry_after)
    return response
