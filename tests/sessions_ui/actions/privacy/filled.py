"""Somebody of whom every column says something, so that nothing is handed out, kept or erased by forgetting it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from tests.models import Act, Device, Event, Session

# What stands in text columns of somebody: a sentence that is nowhere else.
MARK = "of Ada alone"
SECRET_MARK = "never to be told"
ADDRESS = "198.51.100.23"


def fill(user: Any, actor: Any, *, at: datetime | None = None, mark: str = MARK) -> dict[str, Any]:
    """Make one row about `user` in every table that is about somebody, and return them by the name of the model.

    `actor`: who acted. `at`: when everything was. Each text is `mark`, each secret `SECRET_MARK`, with the name of the
    column.
    """
    at = at or timezone.now() - timedelta(hours=1)
    made: dict[str, Any] = {}
    act = made["Act"] = filled(Act, mark, at=at, actor=actor, count=1, reason="administrator")
    device = made["Device"] = filled(
        Device, mark, user=user, first_seen_at=at, cookie_issued=1, cookie_seen=1
    )
    session = made["Session"] = filled(
        Session,
        mark,
        user=user,
        device=device,
        act=act,
        ended_by=actor,
        end_reason="administrator",
        **dict.fromkeys(("created_at", "signed_in_at", "last_seen_at", "ended_at"), at),
    )
    event = made["Event"] = filled(
        Event, mark, user=user, session=session, act=act, actor=user, at=at, kind="ended"
    )
    apps.get_model("sessions_ui", "ServiceAccount").objects.filter(pk=user.pk).delete()  # one an account
    for name, fields in {
        "EventDetail": {"event": event},
        "Delivery": {
            "user": user,
            "act": act,
            "event": None,
            "endpoint": None,
            "created_at": at,
            "done_at": at,
        },
        "VerificationCode": {"user": user, "session": session, "created_at": at},
        "AccessToken": {"session": session, "made_by": actor, "made_in": session},
        "IdempotentRequest": {"user": user, "session": session, "created_at": at},
        "ServiceAccount": {"user": user, "owner": actor, "created_by": actor, "created_at": at},
        "Case": {"user": user, "agent": actor, "opened_at": at},
        "Recovery": {"user": user, "session": session, "opened_at": at, "closed_at": at, "closed_by": actor},
        "Offboarding": {"user": user, "actor": actor, "created_at": at, "cancelled_at": at, "ends_at": at},
    }.items():
        made[name] = filled(apps.get_model("sessions_ui", name), mark, **fields)
    made["CaseReceipt"] = filled(apps.get_model("sessions_ui", "CaseReceipt"), mark, case=made["Case"], at=at)
    # A review is about many people: its own words are nobody's of them.
    review = apps.get_model("sessions_ui", "AccessReview").objects.create(actor=actor, created_at=at)
    made["AccessReviewItem"] = filled(
        apps.get_model("sessions_ui", "AccessReviewItem"),
        mark,
        review=review,
        kind="device",
        user=user,
        device=device,
        decision="keep",
        decided_by=actor,
    )
    return made


def filled(model: Any, mark: str, **fields: Any) -> Any:
    """Make a row with these fields, and something in every other column."""
    for field in model._meta.concrete_fields:
        if field.name not in (*fields, "public_id") and not field.primary_key:
            fields[field.name] = something(field, mark)
    row = model(**fields)
    row.save(force_insert=True)
    return row


def something(field: Any, mark: str) -> Any:
    match field:
        case models.GenericIPAddressField():
            return ADDRESS
        case models.ForeignKey():
            return None
        case models.BinaryField():
            return SECRET_MARK.encode()
        case models.DateTimeField():
            return timezone.now() - timedelta(hours=1)
        case models.BooleanField():
            return True
        case models.IntegerField():
            return 1
        case models.JSONField():
            return [] if field.default is list else {"said": f"{mark}: {field.name}"}
        case models.CharField() | models.TextField():
            said = SECRET_MARK if is_secret(field.name) else mark
            return f"{said}: {field.name} {timezone.now().timestamp()}"[: field.max_length]
    raise AssertionError(f"nothing is known to fill {field} with")


def is_secret(name: str) -> bool:
    """Whether a column of this name must never be handed out, whatever the inventory says."""
    words = ("digest", "hash", "nonce", "salt", "secret", "sealed", "payload", "asked_by")
    return name == "sid" or any(word in name for word in words)
