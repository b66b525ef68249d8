"""The steps of a recovery: a new password, and what was added goes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.db import router
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.actions.help_desk.find_user import address_of
from sessions_ui.actions.recovery.added import Added, added_since, is_address
from sessions_ui.actions.recovery.close import close
from sessions_ui.actor import current_actor
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import RecoveryClosed
from sessions_ui.models import Event, Recovery
from sessions_ui.models.locking import locked


@atomically
def choose_password(*, recovery: Recovery, user: Any, save: Callable[[], object]) -> Recovery:
    """Do step two: `save` saves the new password of `user`; return the case as it is then.

    All that is signed in ends by that, except the session that does it. The caller has checked the password, and who
    asks. Raises `RecoveryClosed` where the step was done before, or the case is over;
    `NotTheOwner` where staff uses an account.
    """
    context.require_owner()
    case = _locked(recovery)
    if not case.waits_for_password:
        raise RecoveryClosed
    # It was read before the account was held: who was disabled meanwhile stays so.
    user.refresh_from_db(using=router.db_for_write(type(user)))
    with context.own_step():
        save()
    case.password_at = timezone.now()
    case.save(update_fields=["password_at"])
    _note(case, "password")
    return _closed_if_done(case)


@atomically
def remove_added(*, recovery: Recovery, user: Any, chosen: Collection[str]) -> Recovery:
    """Do step three: remove those of the listed credentials whose keys (`Added.key`) were chosen; return the case.

    What was there before the reported sign-in cannot be chosen. Raises `RecoveryClosed` as `choose_password()` does.
    """
    context.require_owner()
    case = _locked(recovery)
    if not case.waits_for_credentials:
        raise RecoveryClosed
    going = [one for one in added_since(case, user) if one.key in chosen]
    take_away(case, user, going)
    case.credentials_at = timezone.now()
    case.save(update_fields=["credentials_at"])
    _note(case, "credentials", removed=[str(one.credential.kind) for one in going])
    return _closed_if_done(case)


def take_away(case: Recovery, user: Any, going: Collection[Added]) -> None:
    """Remove these credentials, which is told in one mail. Where they would leave the account without its own address,
    it gets that back first."""
    store = conf.credentials()
    with context.own_step(), context.told_together():
        if case.address and _loses_own_address(case, user, going):
            store.keep_address(user, case.address)
        for one in going:
            store.remove(user, one.credential)


def _loses_own_address(case: Recovery, user: Any, going: Collection[Added]) -> bool:
    """Return whether the address of the case is not the account's any more, or the account's main address goes."""
    known = conf.credentials().of(user)
    if not any(is_address(one, case.address) and one.verified for one in known):
        return True
    return any(is_address(one.credential, address_of(user)) for one in going)


def _locked(recovery: Recovery) -> Recovery:
    """Return the case as it is now, with its account held.

    Raises `SessionEnded` where a session asks that has ended: the step before ends what the thief has.
    """
    hold_acting_session(recovery.user_id)
    return locked(Recovery.objects.filter(pk=recovery.pk)).get()


def _note(case: Recovery, step: str, **data: Any) -> None:
    events.append(
        Event.Kind.RECOVERY_STEP,
        user_id=case.user_id,
        actor_id=current_actor().pk,
        data={"recovery": case.public_id, "step": step, **data},
    )


def _closed_if_done(case: Recovery) -> Recovery:
    if not case.waits_for_password and not case.waits_for_credentials:
        close(case, Recovery.ClosedWhy.DONE, actor=current_actor())
    return case
