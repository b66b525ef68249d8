"""Remove what is old: docs/production.md, "What is kept how long", has every table."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import router
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from sessions_ui.actions.adoption.window import adopting_from
from sessions_ui.actions.batches import delete_of_gone_accounts, delete_rows
from sessions_ui.actions.privacy.erase import finish_erasures
from sessions_ui.actions.privacy.forget import forget_clients
from sessions_ui.audit.retention import cut_log
from sessions_ui.conf import conf
from sessions_ui.database.transactions import retried
from sessions_ui.models import (
    AccessReview,
    AccessReviewItem,
    AccessToken,
    AccountState,
    Act,
    Adoption,
    Case,
    CaseReceipt,
    Delivery,
    Device,
    Ending,
    EndingBatch,
    Event,
    EventDetail,
    Heartbeat,
    IdempotentRequest,
    Incident,
    Offboarding,
    ProviderSignOut,
    Recovery,
    Seal,
    ServiceAccount,
    Session,
    VerificationCode,
)
from sessions_ui.models.primary import PrimaryQuerySet

# Longer than any logout token is accepted (`LOGOUT_TOKEN_AGE`, at most a day), so that none is accepted twice.
SIGN_OUTS_KEPT = timedelta(days=2)
# So long a request of the API may be sent again with its `Idempotency-Key`.
ANSWERS_KEPT = timedelta(hours=24)


def purge_old() -> int:
    """Remove what nothing needs any more; return how many rows were removed.

    It works in batches (`batches.py`). Addresses and user agents may go sooner (`FORGET_CLIENTS_AFTER`), and so does
    what was still needed when somebody was erased.
    """
    now = timezone.now()
    forget_clients(now)
    finish_erasures()
    old = now - conf.retention
    _keep_time_of_cookies(old)
    removed = delete_rows(Session.objects.filter(user__isnull=True, expires_at__lte=now))
    removed += delete_rows(Session.objects.filter(ended_at__lte=old))
    is_there = Exists(Session.objects.filter(pk=OuterRef("pk")))
    removed += delete_rows(AccessToken.objects.filter(~is_there))
    removed += delete_of_gone_accounts(ServiceAccount.objects.filter(created_at__lte=old))
    removed += _delete_devices(now, old)
    removed += delete_rows(Delivery.objects.filter(Q(done_at__lte=old) | Q(parked_at__lte=old)))
    for kind, kept in conf.event_detail_retention.items():
        removed += delete_rows(EventDetail.objects.filter(event__kind=kind, event__at__lte=now - kept))
    removed += delete_rows(EventDetail.objects.filter(event__at__lte=old))
    removed += cut_log(old)
    # What was never sealed. The rest goes in whole batches, so that what stays can be verified.
    is_sealed = Exists(Seal.objects.filter(event=OuterRef("pk")))
    removed += delete_rows(PrimaryQuerySet(Event).filter(~is_sealed, at__lte=old))
    removed += delete_rows(Act.objects.filter(at__lte=old, sessions__isnull=True, deliveries__isnull=True))
    removed += delete_rows(VerificationCode.objects.filter(expires_at__lte=now - timedelta(days=1)))
    gone = Heartbeat.objects.filter(name__startswith=Heartbeat.STREAMS, seen_at__lte=now - timedelta(days=1))
    removed += delete_rows(gone)
    removed += delete_rows(CaseReceipt.objects.filter(at__lte=old))
    removed += delete_rows(Case.objects.filter(opened_at__lte=old, receipts__isnull=True))
    removed += delete_rows(ProviderSignOut.objects.filter(at__lte=now - SIGN_OUTS_KEPT))
    removed += delete_rows(IdempotentRequest.objects.filter(created_at__lte=now - ANSWERS_KEPT))
    removed += delete_rows(Recovery.objects.filter(closed_at__lte=old))
    removed += delete_of_gone_accounts(Recovery.objects.filter(opened_at__lte=old))
    over = Q(declined_at__lte=old) | Q(ordered_at__isnull=True, created_at__lte=old)
    removed += delete_rows(Incident.objects.filter(over | Q(ending__done_at__lte=old)))
    removed += delete_rows(EndingBatch.objects.filter(ending__done_at__lte=old))
    removed += delete_rows(Ending.objects.filter(done_at__lte=old))
    removed += delete_rows(AccessReviewItem.objects.filter(review__closed_at__lte=old))
    removed += delete_rows(AccessReview.objects.filter(closed_at__lte=old, items__isnull=True))
    removed += delete_rows(Offboarding.objects.filter(cancelled_at__lte=old))
    # What says who may sign in is kept as long as there is an account.
    removed += delete_of_gone_accounts(Offboarding.objects.filter(ends_at__lte=old))
    removed += delete_of_gone_accounts(AccountState.objects.filter(changed_at__lte=old))
    # An old server may extend a row of its table as long as both serve: these keep it from coming back.
    if not adopting_from():
        removed += delete_rows(Adoption.objects.filter(expires_at__lte=now))
    return removed


def _keep_time_of_cookies(old: datetime) -> None:
    """Record on each lost device when its cookie was last set, before the sessions that know it are removed.

    Each sign-in sets the device cookie again. The cookie may outlive the sessions, and its return has to be noticed.
    """
    sessions = Session.objects.filter(device=OuterRef("pk"), signed_in_at__isnull=False)
    last: Any = Subquery(sessions.order_by("-signed_in_at").values("signed_in_at")[:1])
    lost = Device.objects.using(router.db_for_write(Device)).filter(lost_at__isnull=False)
    forgotten = lost.filter(Exists(sessions.filter(ended_at__lte=old)))
    keep = partial(forgotten.update, cookie_set_at=Greatest(Coalesce("cookie_set_at", last), last))
    # At MariaDB's own REPEATABLE READ it locks what it reads of the sessions: a deadlock with a sign-in (raced).
    retried(keep, using=lost.db)


def _delete_devices(now: datetime, old: datetime) -> int:
    """Remove devices whose last session was purged, so that they were not used for the whole retention time.

    A lost one stays until its cookie has expired, except those of accounts that are gone: nobody signs in there.
    """
    sessions = Session.objects.filter(device=OuterRef("pk"))
    unused = Device.objects.filter(~Exists(sessions), first_seen_at__lte=old)
    expired = now - conf.device_cookie_age
    unrecognisable = (
        Q(lost_at__isnull=True)
        | Q(cookie_digest="")
        | Q(cookie_set_at__lte=expired)
        | Q(cookie_set_at__isnull=True, lost_at__lte=expired)
    )
    return delete_rows(unused.filter(unrecognisable)) + delete_of_gone_accounts(unused)
