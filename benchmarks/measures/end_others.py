"""One user with 1,000 sessions, each on a device of its own, signs out all the others; each in its own way: the peers'
pages post a form, for django-qsessions it is one DELETE of a queryset, for Django's own engine there is no way at all.
Ours is the whole action: locks, the UPDATE, an event for each session, the mail in the outbox, one transaction.
The sessions lie among nine times as many of somebody else, as those of a real table lie among other people's; *side by
side* they fill pages of their own, as if one program had signed in a thousand times in a row.
Milliseconds, the median of the rounds and the fastest, since there is no ratio here that a busy machine would spare.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import ALLAUTH, OURS, QSESSIONS_CACHED_DB, QSESSIONS_DB, USER_SESSIONS
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import Sample, median, paired, workers

SESSIONS = 1_000
AMONG = 10  # each tenth session is the user's
PEERS = [USER_SESSIONS, QSESSIONS_DB, QSESSIONS_CACHED_DB, ALLAUTH, OURS]


def work() -> dict[str, Any]:
    from itertools import count
    from typing import cast

    from celery import current_app
    from django.conf import settings
    from django.contrib.auth import get_user_model

    from benchmarks import fill
    from benchmarks.requests import executed, signed_in_client
    from benchmarks.urls import USERNAME

    current_app.conf.broker_url = "memory://"  # an ending asks a worker to hurry
    user = cast(Any, get_user_model())._default_manager.get(username=USERNAME)
    rounds = count()
    client = signed_in_client()
    own = client.cookies[settings.SESSION_COOKIE_NAME].value

    def end_others() -> None:
        if settings.PEER.name == "sessions_ui":
            from sessions_ui.actions.endings.end import end_user_sessions
            from sessions_ui.models import EndReason, Session, digest_of

            receipt = end_user_sessions(
                user=user,
                reason=EndReason.SIGNED_OUT_REMOTELY,
                actor=user,
                keep=Session.objects.get(digest=digest_of(own)).pk,
            )
            assert receipt.ended == SESSIONS, receipt
        elif settings.PEER.name.startswith("qsessions"):
            user.session_set.exclude(session_key=own).delete()
        else:
            path = (
                "/accounts/sessions/"
                if settings.PEER.name == "allauth"
                else "/account/sessions/other/delete/"
            )
            response = client.post(path)
            assert response.status_code == 302, response.status_code

    other = cast(Any, get_user_model())._default_manager.create_user(username="somebody-else")
    others = {"user_id": f"CASE WHEN mod(i, {AMONG}) = 0 THEN t.user_id ELSE {other.pk} END"}

    def sample(among: int) -> dict[str, float]:
        count = SESSIONS * among
        fill.sessions(own, count, others if among > 1 else None, first=next(rounds) * SESSIONS * AMONG + 1)
        fill.analyze()
        with executed() as statements:
            start = time.perf_counter()
            end_others()
            total = time.perf_counter() - start
        updates = [
            took for sql, took in statements if sql.startswith("UPDATE") and "sessions_ui_session" in sql
        ]
        return {"total": total * 1e3, "sql": len(statements), "update": max(updates, default=0.0) * 1e3}

    return {"sample": sample}


def measure(scale: Scale) -> Result:
    with workers(PEERS, sys.modules[__name__], postgres) as those:
        samples = paired(those, scale.endings, "sample", among=AMONG)
        ours = {"among others": samples[OURS.name]}
        ours["side by side"] = [those[OURS.name].ask("sample", among=1) for _ in range(scale.endings)]
    return Result(
        title=f"Signing out {SESSIONS:,} other sessions",
        text=(__doc__ or "").strip(),
        head=["engine", "SQL", "ms", "fastest", "the UPDATE alone", "fastest"],
        rows=[
            *([peer.label, *figures(samples[peer.name]), "", ""] for peer in PEERS if peer is not OURS),
            *(
                [
                    f"{OURS.label}, {where}",
                    *figures(those),
                    f"{median(those, 'update'):.1f}",
                    f"{fastest(those, 'update'):.1f}",
                ]
                for where, those in ours.items()
            ),
        ],
        targets=[
            target("1,000 sessions of one user ended: the UPDATE", ours["among others"], "update", most=12),
            target("the same with events and deliveries", ours["among others"], "total", most=45),
        ],
    )


def figures(samples: list[Sample]) -> list[str]:
    return [
        f"{median(samples, 'sql'):,.0f}",
        f"{median(samples, 'total'):,.0f}",
        f"{fastest(samples, 'total'):,.0f}",
    ]


def target(what: str, samples: list[Sample], key: str, *, most: float) -> Target:
    note = f"fastest round {fastest(samples, key):.0f} ms"
    return Target(what, median(samples, key), most=most, unit="ms", note=note)


def fastest(samples: list[Sample], key: str) -> float:
    return min(sample[key] for sample in samples)
