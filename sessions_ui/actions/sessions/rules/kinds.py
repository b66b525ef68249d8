"""Which rules hold for which kind of session: the one table. Code asks it, and tests go through it row by row.

What is decided nowhere would hold for a kind by accident: who writes a new rule about sessions says here for whom.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from sessions_ui.models import Session


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for the sessions of one kind.

    `has_auth_hash`: they end with the password they began with. `times_out`: `IDLE_TIMEOUT` and `ABSOLUTE_TIMEOUT`
    end them, and so does nobody's using them, where their owner has chosen that (`unused.py`); what does not has an end
    of its own, and ends as expired. `is_superseded`: a newer sign-in of the same
    browser takes their place. `is_limited`: they count for `SESSION_LIMIT`. `is_judged`: their sign-in, and a change of
    client in the middle, is judged (docs/risk.md). `may_vouch`: a settled one vouches for itself, so that it may end
    older sessions and change how the account is signed in to.
    """

    has_auth_hash: bool
    times_out: bool
    is_superseded: bool
    is_limited: bool
    is_judged: bool
    may_vouch: bool


RULES: dict[str, Rules] = {
    Session.Kind.BROWSER: Rules(
        has_auth_hash=True,
        times_out=True,
        is_superseded=True,
        is_limited=True,
        is_judged=True,
        may_vouch=True,
    ),
    # A person signs in to it, but nobody wants an app on another device to stop because a browser signed in.
    Session.Kind.APP: Rules(
        has_auth_hash=True,
        times_out=True,
        is_superseded=False,
        is_limited=False,
        is_judged=True,
        may_vouch=True,
    ),
    # It is run from anywhere, by programs that nobody watches; it says nothing about who holds it.
    Session.Kind.TOKEN: Rules(
        has_auth_hash=False,
        times_out=False,
        is_superseded=False,
        is_limited=False,
        is_judged=False,
        may_vouch=False,
    ),
}


def rules_for(kind: str) -> Rules:
    """Return the rules for sessions of this kind; one that a later release has made gets the strictest."""
    return RULES.get(kind, RULES[Session.Kind.BROWSER])


def held_to(rule: str) -> Q:
    """Return the same as a condition: sessions for which the rule of this name holds.

    What is left out are the kinds without it, so that one of a later release is held to it here, too.
    """
    return ~Q(kind__in=[str(kind) for kind, rules in RULES.items() if not getattr(rules, rule)])
