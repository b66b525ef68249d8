"""Send a code to the addresses of the account, for the caller to read back."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils import timezone

from sessions_ui.actions.help_desk.open import note_step
from sessions_ui.actions.help_desk.rights import verify_known_caller
from sessions_ui.actions.one_time_codes import RESEND_AFTER, mail_code
from sessions_ui.actions.trusted_addresses import trusted_addresses
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.models import Case, ServiceAccount
from sessions_ui.models.codes import new_nonce


@atomically
def send_code(*, case: Case, agent: Any) -> None:
    """Send a fresh code; the one before is void.

    It goes where alerts go: not to an address that a thief has just entered, who would pass for the owner by it. Raises
    `HelpDeskRefused`: `not_verified`, `service_account`, `no_address`, `already_proven`, or `code_sent_lately` within a
    minute of the last one.
    """
    user = verify_known_caller(case, agent)
    if ServiceAccount.is_one(user.pk):
        raise HelpDeskRefused(HelpDeskRefusal.SERVICE_ACCOUNT)
    now = timezone.now()
    receivers = trusted_addresses(user)
    if not receivers:
        raise HelpDeskRefused(HelpDeskRefusal.NO_ADDRESS)
    not_lately = Q(code_sent_at__isnull=True) | Q(code_sent_at__lte=now - RESEND_AFTER)
    waiting = Case.objects.filter(not_lately, pk=case.pk, proven_at__isnull=True)
    if not waiting.update(code_salt=new_nonce(), code_sent_at=now, code_tries=0):
        case.refresh_from_db()
        proven = HelpDeskRefusal.ALREADY_PROVEN
        raise HelpDeskRefused(proven if case.is_proven else HelpDeskRefusal.CODE_SENT_LATELY)
    case.refresh_from_db()
    mail_code(note_step(case, agent, "code sent"), receivers)
