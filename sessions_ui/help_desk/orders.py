"""An order that waits to be reviewed, signed, in the address of the page that shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core import signing

from sessions_ui.actions.help_desk.order import Order
from sessions_ui.database import moments
from sessions_ui.models import Case

SALT = "sessions_ui.order"
FLAGS = ("lost", "everything", "new_password", "recovery")


def sign_order(order: Order, nonce: str, case: Case) -> str:
    """Return the order of a case as text that nobody else can make, with the nonce that makes it one order."""
    since = moments.aware(order.happened_at).isoformat() if order.happened_at else ""
    flags = [int(getattr(order, name)) for name in FLAGS]
    parts = [case.public_id, nonce, since, flags, *order.chosen]
    return signing.dumps(parts, salt=SALT, compress=True)


def read_order(signed: str, case: Case) -> tuple[Order | None, str]:
    """Return the order that was signed for this case, and its nonce; None for one of another case, or none at all. How
    long it is good is the case's business."""
    try:
        parts: Any = signing.loads(signed, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None, ""
    public_id, nonce, since, flags, *chosen = parts
    if public_id != case.public_id:
        return None, ""
    happened_at = moments.stored(datetime.fromisoformat(since)) if since else None
    named: dict[str, Any] = dict(zip(FLAGS, map(bool, flags), strict=True))
    return Order(chosen=tuple(chosen), happened_at=happened_at, **named), nonce
