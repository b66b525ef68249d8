"""A list of 100 sign-ins from the JSON API, of an account that has all the sessions of a large table (PostgreSQL), in
process: one's own by a token, and as an administrator's program sees them. *deep* is a page from the middle, by its
cursor. The answer is made and checked by django-ninja; most of the time goes there.
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import OURS_API
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import Worker

MODULE = sys.modules[__name__]
MOST_MS, MOST_STATEMENTS = 60, 3
LABELS = {"own": "one's own", "deep": "one's own, deep", "any": "of anybody, for a program"}


def work() -> dict[str, Any]:
    from datetime import timedelta

    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from benchmarks import fill
    from benchmarks.requests import Requests, sign_in
    from sessions_ui import create_token
    from sessions_ui.api.json.paging import cursor_at
    from sessions_ui.models import Session

    user: Any = get_user_model()._default_manager.get()
    user.is_superuser = user.is_staff = True
    user.save(update_fields=["is_superuser", "is_staff"])
    cookies = sign_in()
    lists: dict[str, Requests] = {}

    def prepare(rows: int) -> dict[str, int]:
        fill.sessions(cookies[settings.SESSION_COOKIE_NAME], rows)
        fill.analyze()
        scopes = ["sessions:read", "sessions:admin:read"]
        ends = timezone.now() + timedelta(days=1)
        made = create_token(user=user, name="bench", scopes=scopes, expires_at=ends)
        headers = {"authorization": f"Bearer {made.value}"}
        middle = cursor_at(Session.objects.order_by("pk")[rows // 2].pk)
        paths = {
            "own": "/api/sessions?limit=100",
            "deep": f"/api/sessions?limit=100&cursor={middle}",
            "any": f"/api/admin/users/{user.pk}/sessions?limit=100",
        }
        for name, path in paths.items():
            lists[name] = Requests([""], path=path, headers=headers)
            lists[name].warm(20)
        return {name: len(each.sql()) for name, each in lists.items()}

    def sample(name: str, count: int) -> dict[str, float]:
        return lists[name].sample(count)

    return {"prepare": prepare, "sample": sample}


def measure(scale: Scale) -> Result:
    count = max(scale.requests // 4, 10)
    with postgres("api_list") as database, Worker(OURS_API, MODULE, database) as worker:
        statements = worker.ask("prepare", rows=scale.rows)
        samples = {name: worker.ask("sample", name=name, count=count) for name in LABELS}
    slowest = max(sample["wall"] for sample in samples.values()) / 1e3
    return Result(
        title=f"A list of 100 of {scale.rows:,} sessions from the API",
        text=(__doc__ or "").strip(),
        head=["list", "SQL", "ms wall", "ms CPU"],
        rows=[
            [
                LABELS[name],
                str(statements[name]),
                f"{sample['wall'] / 1e3:.1f}",
                f"{sample['cpu'] / 1e3:.1f}",
            ]
            for name, sample in samples.items()
        ],
        targets=[
            Target("A list of the API, statements", max(statements.values()), most=MOST_STATEMENTS),
            Target(f"A list of the API of {scale.rows:,} sessions, ms", slowest, most=MOST_MS),
        ],
    )
