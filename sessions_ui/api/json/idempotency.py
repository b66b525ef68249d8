"""A request that is sent again with its `Idempotency-Key` does nothing twice: it is answered as the first one was.

The row is there before the operation begins, and is committed by itself, since two requests may come at once, to two
servers. What was refused is not kept: it has changed nothing, and may be put right and sent again. Of any other
failure nobody knows how far the operation came, so its key is good for nothing any more.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial, wraps
from typing import Any

from django.db import router
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.sessions.purge import ANSWERS_KEPT
from sessions_ui.api.json.problems import Answered, Problem
from sessions_ui.database.transactions import noted
from sessions_ui.models import IdempotentRequest

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# After so long without an answer nobody is at work on it any more.
LOST_AFTER = timedelta(minutes=2)
# Of the answers from 500 on, those that say that nothing was changed; of those from 400 on, those that do not.
NOT_DONE, MAYBE_DONE = {"busy"}, {"session-key-rotated", "stale-session"}


def once(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate an operation of the API, which is asked when it is known who asks and what."""

    @wraps(operation)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method in UNSAFE and (key := request.headers.get(HEADER)) is not None:
            begin(request, key)
        return operation(request, *args, **kwargs)

    return asked


def begin(request: HttpRequest, key: str) -> None:
    """Note that the request is under way. Raises `Answered` where it was answered before, `Problem` where it cannot be
    told from another one, or another one is at work on it."""
    now = context.current()
    if KEY.fullmatch(key) is None:
        raise Problem(
            400, "invalid-idempotency-key", f"{HEADER} takes up to 255 printable characters of ASCII."
        )
    if now is None or now.session_id is None:
        return
    key = digest_of(key)
    rows = IdempotentRequest.objects.using(router.db_for_write(IdempotentRequest))
    mine = rows.filter(session_id=now.session_id, key=key)
    mine.filter(created_at__lte=timezone.now() - ANSWERS_KEPT).delete()
    fingerprint = fingerprint_of(request)
    row, is_new = rows.get_or_create(
        session_id=now.session_id, key=key, defaults={"user_id": now.user_id, "fingerprint": fingerprint}
    )
    if is_new:
        request.sessions_ui_idempotent = row  # type: ignore[attr-defined]
        return
    if row.fingerprint != fingerprint:
        raise Problem(
            422, "idempotency-key-reused", f"This {HEADER} was already used for a different request."
        )
    if row.answered_at is None:
        raise under_way(row)
    raise Answered(replayed(row))


def digest_of(key: str) -> str:
    """Return the key as the row has it: to MariaDB `INC-8` and `inc-8` would be one text."""
    return hashlib.sha256(key.encode()).hexdigest()


def fingerprint_of(request: HttpRequest) -> str:
    head = f"{request.method} {request.get_full_path()}\n"
    return hashlib.sha256(head.encode() + request.body).hexdigest()


def under_way(row: IdempotentRequest) -> Problem:
    if row.status is not None or row.created_at <= timezone.now() - LOST_AFTER:
        title = (
            "We do not know what became of the first of these requests. Check whether it was done, "
            "then use another key."
        )
        return Problem(409, "outcome-unknown", title)
    return Problem(
        409, "request-in-progress", "The first of these requests is under way.", headers={"Retry-After": "1"}
    )


def replayed(row: IdempotentRequest) -> HttpResponse:
    assert row.status is not None, "it was answered"
    response = HttpResponse(row.answer, status=row.status, content_type="application/json; charset=utf-8")
    response.headers[REPLAYED] = "true"
    return response


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Keep the answer for whoever sends the request again, or let it be asked again where nothing was done."""
    row = getattr(request, "sessions_ui_idempotent", None)
    if row is None:
        return
    rows = IdempotentRequest.objects.using(router.db_for_write(IdempotentRequest)).filter(pk=row.pk)
    if is_not_done(response):
        noted(rows.delete, using=rows.db)
        return
    if response.status_code >= 300:  # whether it was done is not known: nor will it be the next time
        noted(partial(rows.update, status=response.status_code), using=rows.db)
        return
    answer = response.content.decode()  # type: ignore[attr-defined]
    keep = partial(rows.update, answered_at=timezone.now(), status=response.status_code, answer=answer)
    noted(keep, using=rows.db)


def is_not_done(response: HttpResponseBase) -> bool:
    """Return whether the answer says that nothing was done. A mistake of ours, or an error of the database, may come
    after the commit."""
    kind = getattr(response, "kind", "")
    return kind in NOT_DONE or (400 <= response.status_code < 500 and kind not in MAYBE_DONE)
