"""What the link in a mail to a former address does: it ends sessions, and nothing else.

The owner removed that address, and may not be the one who reads it any more. So it starts no recovery, takes no trust
from a device and answers no "Was that you?": a wrong click costs a sign-in, and that is all.
"""

from __future__ import annotations

from typing import Any

from django.db import router
from django.db.models import Q

from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.endings.end import Receipt, end_sessions, end_user_sessions
from sessions_ui.audit import events
from sessions_ui.database.transactions import atomically
from sessions_ui.models import AccessToken, EndReason, Event, Session


@atomically
def end_by_former_address(*, session: Session, everywhere: bool = False) -> Receipt:
    """End this session with reason NOT_ME, whatever else is signed in on its device, and the access tokens that were
    made there; or all of the account's.

    One transaction and one act; idempotent, except for the event, which says that the address was a former one.
    """
    user_id: Any = session.user_id
    if everywhere:
        receipt = end_user_sessions(user=session.user, reason=EndReason.NOT_ME)
    else:
        lock_users([user_id])  # so that none of them makes another token meanwhile
        chosen = Session.objects.filter(pk__in=_with_tokens(session), user_id=user_id)
        receipt = end_sessions(sessions=chosen, reason=EndReason.NOT_ME, of_user=user_id)
    events.append(
        Event.Kind.NOT_ME,
        user_id=user_id,
        session=session,
        device_id=session.device_id,
        act=receipt.act,
        data={"everywhere": everywhere, "former_address": True},
    )
    return receipt


def _with_tokens(session: Session) -> list[int]:
    """Return this session, those that live on its device, and the tokens that were made in one of them.

    The mail may be about such a token. One that was made there in a sign-in that is long over stays: the owner may have
    clicked by mistake.
    """
    using = router.db_for_write(Session)
    there = Q(pk=session.pk)
    if session.device_id is not None:
        there |= Q(device_id=session.device_id, ended_at__isnull=True)
    user_id: Any = session.user_id
    keys = list(Session.objects.using(using).filter(there, user_id=user_id).values_list("pk", flat=True))
    made = AccessToken.objects.using(using).filter(made_in__in=keys, session__user_id=user_id)
    return [*keys, *made.values_list("pk", flat=True)]
