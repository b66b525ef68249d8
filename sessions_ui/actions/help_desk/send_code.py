"""A code to an address of the account, for the caller to read back."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.db import router, transaction
from django.utils import timezone

from sessions_ui.actions.find_user import address_of
from sessions_ui.actions.help_desk.open import note_step
from sessions_ui.actions.help_desk.rights import verify_case
from sessions_ui.exceptions import HelpDeskRefused
from sessions_ui.hasten import hasten_deliveries
from sessions_ui.models import Case, Delivery

RESEND_AFTER = timedelta(seconds=60)


def send_code(*, case: Case, agent: Any) -> None:
    """A fresh code; the one before is void. `HelpDeskRefused`: `not_verified`, `no_address`, or `too_many` within a
    minute of the last one. The mail goes out by the outbox, like every other."""
    user = verify_case(case, agent)
    if not case.is_verified:
        raise HelpDeskRefused("not_verified")
    address = address_of(user)
    if not address:
        raise HelpDeskRefused("no_address")
    now = timezone.now()
    using = router.db_for_write(Case)
    with transaction.atomic(using=using):
        lately = case.code_sent_at is not None and now < case.code_sent_at + RESEND_AFTER
        if lately or case.is_proven:
            raise HelpDeskRefused("too_many")
        case.code_salt, case.code_sent_at, case.code_tries = secrets.token_urlsafe(16), now, 0
        case.save(update_fields=["code_salt", "code_sent_at", "code_tries"])
        event = note_step(case, agent, "code sent")
        Delivery.objects.create(event=event, user_id=user.pk, channel="mail", receiver=address)
        transaction.on_commit(hasten_deliveries, using=using)
