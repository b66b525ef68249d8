"""End an access token that somebody has found where others can read it."""

from __future__ import annotations

from django.db import router
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from sessions_ui.actions.endings.end import Receipt, end_sessions
from sessions_ui.models import EndReason, Session, digest_of
from sessions_ui.protocols import HasPk
from sessions_ui.token_value import is_well_formed, without_tokens

NOTHING = Receipt(act=None, ended=0, already_ended=0)


@sensitive_variables("value")
def report_leaked(*, value: str, where: str = "", actor: HasPk | None = None) -> Receipt:
    """End the access token with this value, whoever reports it; return what ended. A value that was rotated away counts
    as long as it is valid.

    Its owner is told. `where` it was found is for administrators; `actor` is who reports it, None for nobody who is
    known. Whoever has the value can use it, so whoever has it may end it; whether there is such a token is not to be
    told to somebody who is not known. Raises `TryAgain` or `OutcomeUnknown` as `end_sessions()` does.
    """
    value = value.strip()
    if not is_well_formed(value):
        return NOTHING
    digest = digest_of(value, Session.Kind.TOKEN)
    rows = Session.objects.using(router.db_for_write(Session)).tokens()
    is_former = Q(previous_digest=digest, token__overlap_ends_at__gt=timezone.now())
    keys = list(rows.filter(Q(digest=digest) | is_former).values_list("pk", flat=True))
    if not keys:
        return NOTHING
    return end_sessions(
        sessions=rows.filter(pk__in=keys),
        reason=EndReason.LEAKED,
        actor=actor,
        note=without_tokens(where)[:255],
    )
