"""Words for agents: why something is not allowed, and what a line of the timeline means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.models import CaseReceipt, Event

STATUS = {
    HelpDeskRefusal.TOO_MANY: 429,
    HelpDeskRefusal.CODE_SENT_LATELY: 429,
    HelpDeskRefusal.NOBODY: 404,
    HelpDeskRefusal.CASE_CLOSED: 409,
}


def refused_text(error: HelpDeskRefused) -> str:
    """Return the sentence for a `HelpDeskRefusal`."""
    texts = {
        HelpDeskRefusal.NOBODY: _("No account that you may help matches exactly."),
        HelpDeskRefusal.OWN_ACCOUNT: _(
            "This is your own account. Use your devices page, or ask a colleague."
        ),
        HelpDeskRefusal.TOO_MANY: _(
            "That was too many tries in a short time. Wait a little, then try again."
        ),
        HelpDeskRefusal.CASE_CLOSED: _("This case is closed, and nothing was done. Open a new case."),
        HelpDeskRefusal.NOT_VERIFIED: _("Verify the caller first. Nothing was done."),
        HelpDeskRefusal.NOT_PROVEN: _(
            "This needs a code that the caller reads back, or a second agent who agrees. Nothing was done."
        ),
        HelpDeskRefusal.NO_PASSWORD: _(
            "This account only signs in through a provider, so you can’t require a new password."
        ),
        HelpDeskRefusal.NOTHING_SELECTED: _("Select at least one device. Nothing was done."),
        HelpDeskRefusal.WRONG_CODE: _("That is not the code."),
        HelpDeskRefusal.CODE_OVER: _("This code is no longer valid. Send a new one."),
        HelpDeskRefusal.CODE_SENT_LATELY: _(
            "No new code was sent because the last one is less than a minute old."
        ),
        HelpDeskRefusal.ALREADY_PROVEN: _("Proof has already been given, so no code was sent."),
        HelpDeskRefusal.NO_ADDRESS: _(
            "This account has no address that a code could be sent to. Ask a second agent."
        ),
        HelpDeskRefusal.SERVICE_ACCOUNT: _(
            "Nobody signs in to a service account or reads its email. You can only sign it out. Nothing was done."
        ),
        HelpDeskRefusal.SAME_AGENT: _("A second agent has to agree: you can’t agree to your own request."),
    }
    return texts[error.reason]


def wrong_code_text(tries_left: int) -> str:
    """Return the sentence for a wrong code, with how many tries are left at it."""
    if tries_left <= 0:
        return _("That is not the code, and it was the last try. Send a new code.")
    left = ngettext("%(count)d try is left.", "%(count)d tries are left.", tries_left)
    return f"{_('That is not the code.')} {left % {'count': tries_left}}"


def refused_status(error: HelpDeskRefused) -> int:
    return STATUS.get(error.reason, 422)


def line_text(line: Mapping[str, Any], lost: bool = False) -> str:
    """Return a line of the review or the receipt: what becomes of a device by the order. `lost`: what is so of lines
    that do not say whether the device was marked, which older receipts have."""
    said = [str(CaseReceipt.Result(line["result"]).label)]
    if line.get("lost", lost):
        said.append(_("marked as lost"))
    return f"{line['title']}: {_(', ').join(said)}"


def step_text(event: Event) -> str:
    """Return a line of the account's timeline. What staff typed as free text is not repeated here."""
    step = str(event.data.get("step", ""))
    steps = {
        "opened": _("Help desk: case opened"),
        "verified": _("Help desk: caller verified"),
        "network details shown": _("Help desk: network details shown"),
        "code sent": _("Help desk: code sent"),
        "wrong code": _("Help desk: wrong code read back"),
        "approval asked for": _("Help desk: second agent asked"),
        "second agent looked": _("Help desk: a second agent looked at the request"),
        "approval refused": _("Help desk: a second agent refused"),
        "proven": _("Help desk: proof accepted"),
        "carried out": _("Help desk: actions carried out"),
        "recovery link sent": _("Help desk: recovery link sent"),
        "recovery lifted": _("Help desk: recovery ended"),
        "device found": _("Help desk: lost device found again"),
    }
    if event.kind == Event.Kind.HELP_DESK:
        return steps.get(step, _("Help desk: request refused"))
    kind = str(event.get_kind_display())
    return kind[:1].upper() + kind[1:]
