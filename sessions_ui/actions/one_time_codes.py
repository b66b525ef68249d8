"""Send and check codes that are mailed and typed in: one engine for a person's (`step_up/codes.py`) and for those that
a caller reads back to the help desk (`help_desk/send_code.py`, `help_desk/prove.py`).

What they have in common is here: how a code is checked, when another one may be sent, and that its mail does not wait
for the sweep. How many may be sent or be wrong within an hour, how long one is good and what it proves differs, and is
defined with each of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from sessions_ui import outbox
from sessions_ui.database.transactions import after_commit
from sessions_ui.models import Event
from sessions_ui.models.codes import OneTimeCode

TRIES = 5  # at one code
RESEND_AFTER = timedelta(seconds=60)


class Answer(StrEnum):
    """What became of a code that was typed in. Each value but the first is the reason of a refusal."""

    RIGHT = "right"
    WRONG = "wrong_code"
    OVER = "code_over"


@dataclass(frozen=True, slots=True)
class CodeUnderWay:
    """A code that was mailed and can still be given, as pages tell of it."""

    sent_at: datetime
    good_until: datetime
    tries_left: int

    @property
    def wait(self) -> int:
        """In how many seconds another code can be sent; 0 where one can be sent now."""
        return wait_after(self.sent_at)


def wait_after(sent_at: datetime) -> int:
    """Return in how many seconds another code can be sent, if the last one was sent at that time."""
    return max(0, math.ceil((sent_at + RESEND_AFTER - timezone.now()).total_seconds()))


@sensitive_variables("given")
def try_code(row: OneTimeCode, given: str) -> Answer:
    """Use up one of the five tries, and return whether `given` is right, wrong or too late for this row as it was read.

    The try is counted before the code is compared, in one statement: parallel guesses get no more tries than others,
    and a code that was replaced meanwhile is over.
    """
    rows: Any = type(row).objects.filter(
        pk=row.pk, **{row.NONCE_FIELD: row.code_nonce, f"{row.TRIES_FIELD}__lt": TRIES}
    )
    if not row.code_nonce or not rows.update(**{row.TRIES_FIELD: F(row.TRIES_FIELD) + 1}):
        return Answer.OVER
    return Answer.RIGHT if row.is_code(given) else Answer.WRONG


def mail_code(event: Event, receivers: list[str]) -> None:
    """Mail the code that `event` is about to these addresses.

    Somebody waits for it: it is in the outbox like every mail, and sent once it is committed, by a worker, or by this
    request where none is at work.
    """
    outbox.enqueue_awaited(event, receivers)

    def deliver_now() -> None:
        # Here, not above: the channels are a worker's, and few other processes ever need them.
        from sessions_ui.delivery import deliver_awaited

        deliver_awaited(event)

    after_commit(deliver_now, using=str(event._state.db))
