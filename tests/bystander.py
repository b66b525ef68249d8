"""Somebody else, who has one row of everything: whatever a test does to its own people, these rows stay as they are.

`tests/conftest.py` makes them where a database is made or emptied, and compares them after every test; tests that
import their models from `tests.models` do not meet them otherwise. A test that is about whole tables says why it does
without: `@pytest.mark.no_bystander("the list shows everybody")`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any, ClassVar

import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, models, transaction
from django.utils import timezone

from sessions_ui.models import digest_of
from sessions_ui.models.fields import new_public_id

FAR = timedelta(days=3650)  # so that nothing of it is due, whatever clock a test sets
HASH = "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99"  # of a password that nobody enters

Model = type[models.Model]
Rows = dict[Model, dict[Any, tuple[Any, ...]]]


class Bystander:
    """Their rows in the database: makes them, and knows how they were then."""

    # Whose rows are committed, so that a test finds them: to make them for each would be a fifth of the suite's time on
    # PostgreSQL.
    standing: ClassVar[Bystander]

    @classmethod
    def stand(cls) -> None:
        """Makes the rows that stay; in a database without any."""
        with transaction.atomic():
            cls.standing = cls()

    @staticmethod
    def leave() -> None:
        """Takes all rows away; for good if no transaction is open."""
        with transaction.atomic(), connection.cursor() as cursor:
            for table in reversed(tables()):
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table.model._meta.db_table)}")

    def __init__(self) -> None:
        self._keys = insert()
        self._before = self.rows()

    def keys(self, model: Model) -> list[Any]:
        """Primary keys of those of this model."""
        return self._keys.get(model, [])

    def rows(self) -> Rows:
        """As they are now, and whatever else has come to point at one of them."""
        own = {table.model: {plain(key) for key in self.keys(table.model)} for table in tables()}
        return {
            table.model: {plain(row[table.key]): row for row in rows if table.concerns(row, own)}
            for table, rows in zip(tables(), read_all(), strict=True)
        }

    def changes(self) -> list[str]:
        """What is no longer as it was; empty if nothing is."""
        now = self.rows()
        return [
            change
            for table in tables()
            for change in table.differences(self._before[table.model], now[table.model])
        ]


@dataclass(frozen=True)
class Table:
    """How a model's rows are read: `key` is the position of the primary key, `references` those of keys of others."""

    model: Model
    columns: list[str]
    statement: str
    key: int
    references: list[tuple[int, Model]]

    def concerns(self, row: tuple[Any, ...], own: dict[Model, set[Any]]) -> bool:
        """Whether it is in `own`, or refers to one that is."""
        return plain(row[self.key]) in own[self.model] or any(
            plain(row[position]) in own[target] for position, target in self.references
        )

    def differences(self, before: dict[Any, Any], now: dict[Any, Any]) -> Iterator[str]:
        name = self.model.__name__
        yield from (f"{name} {key} is gone" for key in before.keys() - now.keys())
        yield from (f"{name} {key} is new" for key in now.keys() - before.keys())
        for key in before.keys() & now.keys():
            for column, was, value in zip(self.columns, before[key], now[key], strict=True):
                if was != value:
                    yield f"{name} {key}: {column} was {was!r} and is {value!r}"


@lru_cache(maxsize=1)
def tables() -> list[Table]:
    """Those of all models of the app, and of the user. Written once: they are read twice for every test."""
    known: list[Model] = [
        get_user_model(),
        *(model for model in apps.get_app_config("sessions_ui").get_models() if not model._meta.proxy),
    ]
    quote = connection.ops.quote_name
    found = []
    for model in known:
        fields = list(enumerate(model._meta.concrete_fields))
        columns = [field.column for _, field in fields]
        found.append(
            Table(
                model,
                columns,
                f"SELECT {', '.join(map(quote, columns))} FROM {quote(model._meta.db_table)}",
                next(position for position, field in fields if field.primary_key),
                [
                    (position, field.related_model)
                    for position, field in fields
                    if field.related_model in known
                ],
            )
        )
    return found


def read_all() -> Iterator[list[tuple[Any, ...]]]:
    """The rows of all tables, in their order; in one round trip where the driver takes several statements at once."""
    statements = [table.statement for table in tables()]
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            for statement in statements:
                cursor.execute(statement)
                yield cursor.fetchall()
            return
        cursor.execute("; ".join(statements))
        yield cursor.fetchall()
        while cursor.nextset():
            yield cursor.fetchall()


def plain(key: Any) -> Any:
    """A primary key as it can be compared: each database has its own way with UUIDs."""
    return key if key is None or isinstance(key, int) else str(key).replace("-", "")


# --- Writing them: the statements are prepared once, with numbers in the place of keys that the database gives

Insert = tuple[Model, str, list[Any], list[int]]  # …, parameters, the numbers that stand for its keys


def insert() -> dict[Model, list[Any]]:
    """The primary keys of what was inserted."""
    real: dict[Any, Any] = {prepared(plan().now): prepared(now())}
    keys: dict[Model, list[Any]] = {}
    with connection.cursor() as cursor:
        for model, statement, parameters, numbers in inserts():
            cursor.execute(statement, [real.get(each, each) for each in parameters])
            keys[model] = [key for (key,) in cursor.fetchall()]
            real.update(zip(numbers, keys[model], strict=True))
    return keys


def now() -> datetime:
    """Wherever a test has travelled."""
    if not time_machine.escape_hatch.is_travelling():
        return timezone.now()
    return time_machine.escape_hatch.datetime.datetime.now(UTC if settings.USE_TZ else None)


def prepared(moment: datetime) -> Any:
    """As the driver wants it."""
    return models.DateTimeField().get_db_prep_save(moment, connection)


@lru_cache(maxsize=1)
def plan() -> Plan:
    return Plan()


@lru_cache(maxsize=1)
def inserts() -> list[Insert]:
    return [_insert(model, rows) for model, rows in plan().made.items()]


def _insert(model: Any, rows: list[Any]) -> Insert:
    quote = connection.ops.quote_name
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    columns = ", ".join(quote(field.column) for field in fields)
    values = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(rows))
    key = quote(model._meta.pk.column)
    return (
        model,
        f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {values} RETURNING {key}",
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in fields],
        [row.pk for row in rows],
    )


class Plan:
    """The rows as instances, `made` by model. `plan.device` is the first of that model."""

    def __init__(self) -> None:
        self.now = timezone.now()
        self.made: dict[Any, list[Any]] = {}
        numbers = count(7_700_000_001)  # so that none is mistaken for a value
        for name, build in BUILDERS.items():
            model = get_user_model() if name == "User" else apps.get_model("sessions_ui", name)
            rows = self.made[model] = build(self, model)
            for row in rows:
                row.pk = row.pk or next(numbers)

    def __getattr__(self, name: str) -> Any:
        return self.all(name)[0]

    def all(self, name: str) -> list[Any]:
        return next(rows for model, rows in self.made.items() if model._meta.model_name == name)


# --- Their rows: a function for each model, in the order in which they refer to each other

Build = Callable[[Plan, Any], list[Any]]
BUILDERS: dict[str, Build] = {}


def builds(name: str) -> Callable[[Build], Build]:
    """The function makes the rows of the model of this name, not saved yet."""

    def register(build: Build) -> Build:
        BUILDERS[name] = build
        return build

    return register


@builds("User")
def users(_plan: Plan, model: Any) -> list[Any]:
    person = model(email="bystander@people.example", name="Bystander", password=HASH)
    return [
        person,
        model(email="bystanders-agent@staff.example", password=HASH, is_staff=True),
        model(email="bystanders-robot@people.example", password=HASH),
    ]


@builds("Act")
def acts(plan: Plan, model: Any) -> list[Any]:
    return [model(at=plan.now, reason="device_lost", actor_id=plan.user.pk, ticket="INC-1", count=1)]


@builds("Ending")
def endings(plan: Plan, model: Any) -> list[Any]:
    return [model(reason="incident", actor_id=plan.user.pk, created_at=plan.now, total=1, done_at=plan.now)]


@builds("Incident")
def incidents(plan: Plan, model: Any) -> list[Any]:
    about = {"criteria": {"staff": True}, "rule": "staff", "ordered_at": plan.now, "generation": 0}
    return [model(**about, actor_id=plan.user.pk, created_at=plan.now, ending_id=plan.ending.pk)]


@builds("EndingBatch")
def batches(plan: Plan, model: Any) -> list[Any]:
    return [model(ending_id=plan.ending.pk, keys=[], size=1, attempts=1, ended=1, done_at=plan.now)]


@builds("Device")
def devices(plan: Plan, model: Any) -> list[Any]:
    """One that is confirmed, one of a sign-in that was flagged, and one that is lost."""
    firefox = {"user_id": plan.user.pk, "browser": "Firefox", "system": "Linux", "first_seen_at": plan.now}
    return [
        model(**firefox, cookie_digest=digest_of("laptop"), name="Bystander's", confirmed_at=plan.now),
        model(**firefox, cookie_digest=digest_of("copy"), copied_at=plan.now),
        model(**firefox, cookie_digest=digest_of("lost"), lost_at=plan.now),
    ]


@builds("Session")
def sessions(plan: Plan, model: Any) -> list[Any]:
    """One that lives, one that is flagged, one that has ended, an anonymous one, and an access token."""
    laptop, phone, lost = plan.all("device")
    times = {"created_at": plan.now, "last_seen_at": plan.now, "expires_at": plan.now + FAR}
    signed_in = {
        **times,
        "user_id": plan.user.pk,
        "backend": settings.AUTHENTICATION_BACKENDS[0],
        "auth_hash": plan.user.get_session_auth_hash(),
        "signed_in_at": plan.now,
        "latest_end_at": plan.now + FAR,
        "method": "password",
        "address": "192.0.2.77",
    }
    ended = {
        "ended_at": plan.now,
        "end_reason": "device_lost",
        "ended_by_id": plan.user.pk,
        "act_id": plan.act.pk,
    }
    return [
        model(**signed_in, digest=digest_of(new_public_id()), device_id=laptop.pk),
        model(**signed_in, digest=digest_of(new_public_id()), device_id=phone.pk, verdict="suspicious"),
        model(**signed_in, digest=digest_of(new_public_id()), device_id=lost.pk, **ended),
        model(**times, digest=digest_of(new_public_id()), payload="nobody's"),
        model(**signed_in | {"auth_hash": ""}, kind="token", digest=digest_of(new_public_id(), "token")),
    ]


@builds("AccessToken")
def access_tokens(plan: Plan, model: Any) -> list[Any]:
    *_sessions, token = plan.all("session")
    made = {"made_by_id": plan.user.pk, "made_in_id": plan.session.pk}
    return [
        model(session_id=token.pk, name="Bystander's script", scopes="sessions:read", hint="abcd", **made)
    ]


@builds("IdempotentRequest")
def idempotent_requests(plan: Plan, model: Any) -> list[Any]:
    """One that has been answered."""
    *_sessions, token = plan.all("session")
    asked = {"user_id": plan.user.pk, "session_id": token.pk, "key": "k", "fingerprint": digest_of("request")}
    return [model(**asked, created_at=plan.now + FAR, answered_at=plan.now, status=200, answer="{}")]


@builds("ServiceAccount")
def service_accounts(plan: Plan, model: Any) -> list[Any]:
    robot = plan.all("user")[2]
    return [model(user_id=robot.pk, owner_id=plan.user.pk, created_at=plan.now, created_by_id=plan.user.pk)]


@builds("Event")
def events(plan: Plan, model: Any) -> list[Any]:
    known = {"at": plan.now, "user_id": plan.user.pk, "actor_id": plan.user.pk}
    living, _flagged, ended, _anonymous, _token = plan.all("session")
    return [
        model(**known, kind="signed_in", session_id=living.pk, device_id=plan.device.pk),
        model(**known, kind="ended", session_id=ended.pk, act_id=plan.act.pk, reason="device_lost"),
    ]


@builds("EventDetail")
def details(plan: Plan, model: Any) -> list[Any]:
    return [model(event_id=plan.event.pk, address="192.0.2.77", user_agent="Firefox", text="signed in")]


@builds("Seal")
def seals(plan: Plan, model: Any) -> list[Any]:
    """Far behind the log of any test."""
    return [model(position=10**15, event_id=plan.event.pk, leaf=bytes(32))]


@builds("Endpoint")
def endpoints(plan: Plan, model: Any) -> list[Any]:
    """Switched off: it takes nothing of what happens in the test."""
    return [model(url="https://bystander.example/", created_by_id=plan.user.pk, disabled_at=plan.now)]


@builds("Delivery")
def deliveries(plan: Plan, model: Any) -> list[Any]:
    """One that was made, and one that is held back."""
    mail = {"user_id": plan.user.pk, "channel": "mail", "receiver": plan.user.email, "created_at": plan.now}
    _signed_in, ended = plan.all("event")
    return [
        model(**mail, act_id=plan.act.pk, due_at=plan.now, done_at=plan.now, attempts=1),
        model(**mail, event_id=ended.pk, due_at=plan.now + FAR, held_at=plan.now),
    ]


@builds("VerificationCode")
def proofs(plan: Plan, model: Any) -> list[Any]:
    """A code that may still be entered."""
    asked = {"user_id": plan.user.pk, "session_id": plan.session.pk, "purpose": "end_older", "nonce": "n"}
    return [model(**asked, created_at=plan.now, expires_at=plan.now + FAR)]


@builds("Case")
def cases(plan: Plan, model: Any) -> list[Any]:
    """An open one, in which the agent has sent a code."""
    return [
        model(
            user_id=plan.user.pk,
            agent_id=plan.all("user")[1].pk,
            opened_at=plan.now,
            expires_at=plan.now + FAR,
            ticket="INC-1",
            reason="lost",
            verified_at=plan.now,
            code_salt="salt",
            code_sent_at=plan.now,
        )
    ]


@builds("CaseReceipt")
def receipts(plan: Plan, model: Any) -> list[Any]:
    return [model(case_id=plan.case.pk, nonce="n", at=plan.now, lines=[{"device": plan.device.public_id}])]


@builds("Offboarding")
def offboardings(plan: Plan, model: Any) -> list[Any]:
    return [
        model(
            user_id=plan.user.pk, actor_id=plan.all("user")[1].pk, ends_at=plan.now + FAR, created_at=plan.now
        )
    ]


@builds("AccessReview")
def access_reviews(plan: Plan, model: Any) -> list[Any]:
    """One that is open."""
    return [model(actor_id=plan.all("user")[1].pk, created_at=plan.now)]


@builds("AccessReviewItem")
def access_review_items(plan: Plan, model: Any) -> list[Any]:
    return [
        model(review_id=plan.accessreview.pk, kind="device", user_id=plan.user.pk, device_id=plan.device.pk)
    ]


@builds("Recovery")
def recoveries(plan: Plan, model: Any) -> list[Any]:
    """One that is open."""
    living, *_others = plan.all("session")
    return [
        model(
            user_id=plan.user.pk,
            opened_at=plan.now,
            opened_by="mail",
            session_id=living.pk,
            since=plan.now,
            address=plan.user.email,
            needs_password=True,
            expires_at=plan.now + FAR,
        )
    ]


@builds("AccountState")
def account_states(plan: Plan, model: Any) -> list[Any]:
    return [
        model(
            user_id=plan.user.pk,
            epoch=3,
            reason="device_lost",
            sign_ins=2,
            changed_at=plan.now,
            cut_at=plan.now,
            password_required_at=plan.now,
            password_required_by_id=plan.all("user")[1].pk,
            recovering_since=plan.now,
            frozen_until=plan.now + FAR,
            ends_at=plan.now + FAR,
            unused_months=12,
        )
    ]
