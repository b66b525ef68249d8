"""Help with a recovery that is open: mail its link again, or end it."""

from __future__ import annotations

from typing import Any

from sessions_ui.actions.help_desk.open import note_step
from sessions_ui.actions.help_desk.rights import verify_known_caller
from sessions_ui.actions.recovery.close import lift_recovery
from sessions_ui.actions.recovery.open import mail_link_again
from sessions_ui.actions.trusted_addresses import trusted_addresses
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.models import Case, Recovery


@atomically
def send_link(*, case: Case, agent: Any) -> bool | None:
    """Mail the link to the steps again, to the address that the recovery belongs to. Return False where none was
    mailed, because one was lately or there is no address, and None where the account is no longer being recovered."""
    user = verify_known_caller(case, agent)
    mailed = mail_link_again(user=user)
    if mailed:
        note_step(case, agent, "recovery link sent")
    return mailed


def has_address(case: Case) -> bool:
    """Return whether there is an address to which the link of the open recovery can go."""
    user = case.account()
    opened = Recovery.objects.of(user).open().first() if user is not None else None
    return opened is not None and bool(opened.address or trusted_addresses(user))


@atomically
def lift(*, case: Case, agent: Any) -> bool:
    """End the recovery before its steps are done; return whether there was one. It takes the proof that "sign out all"
    takes, because what was added to the account signs in again. Raises `HelpDeskRefused`: `not_verified`,
    `not_proven`."""
    user = verify_known_caller(case, agent)
    if not case.is_proven:
        raise HelpDeskRefused(HelpDeskRefusal.NOT_PROVEN)
    lifted = lift_recovery(user=user, actor=agent, ticket=case.ticket)
    if lifted:
        note_step(case, agent, "recovery lifted")
    return lifted
