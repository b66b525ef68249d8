"""What the link in a mail to a former address does: it ends sessions, and nothing else.

The owner removed that address, and may not be the one who reads it any more. So it starts no recovery, takes no trust
from a device and answers no "Was that you?": a wrong click costs a sign-in, and that is all.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from sessions_ui.actions.endings.end import Receipt, end_sessions, end_user_sessions
from sessions_ui.audit import events
from sessions_ui.database.transactions import atomically
from sessions_ui.models import EndReason, Event, Session


@atomically
def end_by_former_address(*, session: Session, everywhere: bool = False) -> Receipt:
    """End this session with reason NOT_ME and whatever else is signed in on its device, or all of the account's.

    One transaction and one act; idempotent, except for the event, which says that the address was a former one.
    """
    user_id: Any = session.user_id
    if everywhere:
        receipt = end_user_sessions(user=session.user, reason=EndReason.NOT_ME)
    else:
        there = Q(pk=session.pk)
        if session.device_id is not None:
            there |= Q(device_id=session.device_id)
        on_device = Session.objects.filter(there, user_id=user_id)
        receipt = end_sessions(sessions=on_device, reason=EndReason.NOT_ME, of_user=user_id)
    events.append(
        Event.Kind.NOT_ME,
        user_id=user_id,
        session=session,
        device_id=session.device_id,
        act=receipt.act,
        data={"everywhere": everywhere, "former_address": True},
    )
    return receipt
