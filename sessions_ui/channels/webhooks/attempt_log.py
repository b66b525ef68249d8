"""How each attempt of a webhook went, for whoever has to find out why it does not arrive.

Kept on the delivery and removed with it. What a receiver answers is anybody's text: a kilobyte of it is kept, without
what looks like a secret, because receivers in trouble answer with what they were sent and with their own settings.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sessions_ui.database import moments
from sessions_ui.models import Delivery

KEPT = 20  # attempts of one delivery
ANSWER = 1024  # characters of an answer
HIDDEN = "•••"

# Secrets and signatures of Standard Webhooks and WorkOS, JSON Web Tokens, user and password of a URL, and what a name
# gives away: of a header the line, of what is in quotes all of it, else a word. Of a name only the end is read, and no
# run is gone through twice: the text is a stranger's, and 16 KB of it took 20 seconds.
SECRETS = re.compile(
    r"""whsec_[\w+/=-]+ | v1[,=][\w+/=-]{16,} | eyJ[\w-]++\.[\w.-]+ | (?i:bearer|basic)\s+[\w.+/=~-]+
    | (?<=://)[^\s/@:"'<>]*+:[^\s/@"'<>]++(?=@)
    | -----BEGIN[^-]*-----.*?(?:-----END[^-]*-----|\Z) | [A-Za-z0-9+/_=]{32,}""",
    re.VERBOSE | re.DOTALL,
)
NAMED = re.compile(
    r"""(?P<name>(?:(?P<header>authorization|cookie)
    | secret|token|passw|pwd|api[_-]?key|private[_-]?key|signature|session[_-]?id)
    [\w-]*+(?:["']|&quot;|&\#(?:39|x27);)?\s*+(?:[:=]|=>)\s*+)
    (?:(?P<quote>["'])(?:\\.|(?!(?P=quote))[^\\])*+
    | (?:&quot;|&\#(?:39|x27);)?(?(header)[^\r\n"'<>]+|[^\s"',;&<>}]+))""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def note_attempt(
    delivery: Delivery,
    *,
    at: datetime,
    seconds: float,
    status: int | None = None,
    answer: bytes = b"",
    error: str = "",
) -> None:
    """Add an attempt to the delivery. It is not saved yet: the outbox writes it with what became of the delivery."""
    entry: dict[str, Any] = {
        "at": moments.aware(at).isoformat(timespec="seconds"),
        "ms": round(seconds * 1000),
        "status": status,
        "answer": shown(answer),
        "error": error[:255],
    }
    delivery.attempt_log = [*(delivery.attempt_log or []), entry][-KEPT:]


def shown(answer: bytes) -> str:
    """Return the first kilobyte of an answer as text without what looks like a secret."""
    text = CONTROL.sub("", answer.decode("utf-8", errors="replace"))
    text = NAMED.sub(_hidden, SECRETS.sub(HIDDEN, text))
    return text[:ANSWER]


def _hidden(named: re.Match[str]) -> str:
    return f"{named['name']}{named['quote'] or ''}{HIDDEN}"
