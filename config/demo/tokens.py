"""The demo's access tokens: of a script, of one that nobody uses any more, and of an assistant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone

from config.demo.people import ADA
from sessions_ui import create_token
from sessions_ui.models import Session

# As the demo's place file has them (places.py).
PLACES = {
    "81.2.69.142": {"city": "London", "country": "United Kingdom", "country_code": "GB"},
    "216.160.83.57": {"city": "Milton", "country": "United States", "country_code": "US"},
}


@dataclass(frozen=True, slots=True)
class DemoToken:
    """Made `days` ago and last used `hours` ago, from `address`, as far as the list is concerned; valid for `valid`
    more days."""

    name: str
    scopes: tuple[str, ...]
    days: int
    hours: int
    valid: int
    address: str
    user_agent: str
    agent: str = ""


TOKENS = [
    DemoToken("Backup of the photos", ("sessions:read",), 40, 3, 5, "81.2.69.142", "restic/0.18.1"),
    DemoToken(
        "Old script on the server", ("sessions:read", "sessions:end"), 160, 2400, 200, "9.9.9.9", "curl/8.5.0"
    ),
    DemoToken(
        "Calendar assistant",
        ("sessions:read",),
        12,
        20,
        78,
        "216.160.83.57",
        "assistant/2.1",
        agent="Assistant (demo)",
    ),
]


def create_tokens() -> int:
    """Make the tokens, of which nobody is told: nobody has signed in yet. Return how many. Their values are thrown
    away: they are there to be looked at, and ended."""
    user = get_user_model().objects.get(email=ADA.email)
    now = timezone.now()
    for token in TOKENS:
        made = create_token(
            user=user,
            name=token.name,
            scopes=token.scopes,
            expires_at=now + timedelta(days=token.valid),
            agent=token.agent,
        )
        Session.objects.filter(pk=made.token.pk).update(
            signed_in_at=now - timedelta(days=token.days),
            last_seen_at=now - timedelta(hours=token.hours),
            address=token.address,
            user_agent=token.user_agent,
            place=PLACES.get(token.address),
        )
    return len(TOKENS)
