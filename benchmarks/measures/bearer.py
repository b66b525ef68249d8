"""A GET with a token in the header, on PostgreSQL, against the token packages of Django REST framework and Django db
with its cookie, in process. What is compared is who asks, alone: *alone* is wall time without that of the same view
when nobody is asked for, which REST framework has one of its own for. × is that against the cheapest of the others,
round by round. Ours with its defaults: the middlewares, the scope checked, the use noted once a minute.
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import DJANGO_DB, DRF_FLOOR, DRF_TOKEN, FLOOR, KNOX, OURS_BEARER, OURS_DRF
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import Sample, median, paired, workers

FLOORS = [
    (DJANGO_DB, FLOOR),
    (DRF_TOKEN, DRF_FLOOR),
    (KNOX, DRF_FLOOR),
    (OURS_BEARER, FLOOR),
    (OURS_DRF, DRF_FLOOR),
]
MEASURED = [*(peer for peer, _ in FLOORS), FLOOR, DRF_FLOOR]
OTHERS = [DJANGO_DB, DRF_TOKEN, KNOX]
MOST = 0.6


def work() -> dict[str, Any]:
    from datetime import timedelta

    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from benchmarks.peers import WITH_TOKEN
    from benchmarks.requests import Requests, cookie_header, sign_in

    user: Any = get_user_model()._default_manager.get()
    headers = {}
    match settings.PEER.name:
        case "drf_token":
            from rest_framework.authtoken.models import Token

            headers["authorization"] = f"Token {Token.objects.create(user=user).key}"
        case "knox":
            from knox.models import AuthToken

            headers["authorization"] = f"Token {AuthToken.objects.create(user)[1]}"
        case "sessions_ui_bearer" | "sessions_ui_drf":
            from sessions_ui import create_token

            ends = timezone.now() + timedelta(days=1)
            made = create_token(user=user, name="bench", scopes=["sessions:read"], expires_at=ends)
            headers["authorization"] = f"Bearer {made.value}"
    if settings.PEER in WITH_TOKEN:
        requests = Requests([""], path="/with-token", headers=headers)
    else:
        requests = Requests([cookie_header(sign_in())])

    def warm() -> list[str]:
        requests.warm()
        return requests.sql()

    return {"warm": warm, "sample": requests.sample}


def measure(scale: Scale) -> Result:
    return measured(postgres, scale, "PostgreSQL", (__doc__ or "").strip())


def measured(database: Any, scale: Scale, name: str, text: str) -> Result:
    with workers(MEASURED, sys.modules[__name__], database) as those:
        statements = {peer: worker.ask("warm") for peer, worker in those.items()}
        samples = paired(those, scale.rounds, "sample", count=scale.requests)
    alone = {peer.name: less(samples[peer.name], samples[floor.name], "wall") for peer, floor in FLOORS}
    cheapest = min(OTHERS, key=lambda peer: statistics.median(alone[peer.name]))
    against = {peer: ratio(own, alone[cheapest.name]) for peer, own in alone.items()}
    rows = [
        [
            peer.label,
            str(len(statements[peer.name])),
            f"{median(samples[peer.name], 'wall'):.0f}",
            f"{median(samples[peer.name], 'cpu'):.0f}",
            f"{statistics.median(alone[peer.name]):.0f}" if peer.name in alone else "",
            f"{against[peer.name]:.2f}" if peer.name in against else "",
        ]
        for peer in MEASURED
    ]
    return Result(
        title=f"An access token, {name}",
        text=text,
        head=["who asks", "SQL", "wall µs", "CPU µs", "alone, µs", "alone ×"],
        rows=rows,
        targets=[
            Target(
                f"{name}: bearer authentication alone, {peer.label}, against {cheapest.label}",
                against[peer.name],
                most=MOST,
            )
            for peer in (OURS_BEARER, OURS_DRF)
        ],
    )


def less(own: list[Sample], floor: list[Sample], key: str) -> list[float]:
    """What each round took beyond the floor of the same round."""
    return [one[key] - other[key] for one, other in zip(own, floor, strict=True)]


def ratio(own: list[float], base: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(own, base, strict=True))
