"""Say how somebody was authenticated, and how sure that makes a site of them.

The module is pure: a list of what was shown goes in, and an assurance level (NIST SP 800-63B-4, section 2), `amr`
values (RFC 8176) and an `acr` come out. docs/assurance.md has the table, and a test keeps it and this module in step.
What is unknown raises nothing: a passkey of which nobody has stated that its key cannot leave the hardware makes AAL2,
not AAL3, and a provider that says nothing of what it asked for makes no level at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any

__all__ = ["Authentication", "Kind", "Level", "Step"]

MOST = 20  # entries of one session: those of the sign-in, and the newest of the others


class Kind(StrEnum):
    """What an authenticator proves (SP 800-63B-4, section 2): one of the three factors, or that something unlocked it.

    `ACTIVATION` is the factor that unlocks a multi-factor authenticator, a PIN or a biometric. WebAuthn says that there
    was one (its flag UV), but not which: to call it knowledge or inherence would be a guess.
    """

    KNOWLEDGE = "knowledge"
    POSSESSION = "possession"
    INHERENCE = "inherence"
    ACTIVATION = "activation"


class Step(StrEnum):
    """When something was shown: to sign in, to confirm who it is, or as a further proof (RFC 9470)."""

    SIGN_IN = "sign_in"
    REAUTHENTICATION = "reauthentication"
    STEP_UP = "step_up"


class Level(IntEnum):
    """Authenticator assurance levels of SP 800-63B-4. `UNKNOWN`: what is known reaches none of them."""

    UNKNOWN = 0
    AAL1 = 1
    AAL2 = 2
    AAL3 = 3


MAILED_CODE = "code"
RECOVERY_CODE = "recovery_code"

# What each method proves. A method that is not named here proves nothing that is known: a provider asks for what it
# likes, and whoever reads a mailbox has shown no authenticator (SP 800-63B-4, 3.1.3.1: no e-mail out of band).
KINDS: dict[str, tuple[Kind, ...]] = {
    "password": (Kind.KNOWLEDGE,),
    "totp": (Kind.POSSESSION,),
    RECOVERY_CODE: (Kind.POSSESSION,),  # a look-up secret (3.1.2)
    "passkey": (Kind.POSSESSION,),
    "sms": (Kind.POSSESSION,),
    "smart_card": (Kind.POSSESSION,),
    MAILED_CODE: (),  # named, because a word that is not may be a second factor of the host's (`shown_now()`)
}
# Their answer is good for one verifier only (3.2.5).
PHISHING_RESISTANT = frozenset({"passkey", "smart_card"})

# RFC 8176; a recovery code has no value there, and neither has a mailed code. `pop` is registered by the OpenID
# Connect Extended Authentication Profile: a key of which nobody knows whether hardware holds it.
AMR: dict[str, tuple[str, ...]] = {
    "password": ("pwd",),
    "totp": ("otp",),
    "passkey": ("pop", "user"),
    "sms": ("sms",),
    "smart_card": ("sc",),
}
HARDWARE = {"pop": "hwk"}

# OpenID Connect Core 1.0, section 2, asks for an absolute URI or a registered name. NIST has made none for its levels;
# these are the ones of the US government's own providers.
ACR = "http://idmanagement.gov/ns/assurance/aal/%d"


@dataclass(frozen=True, slots=True)
class Authentication:
    """One thing that was shown in a session.

    `method` is a word of `Session.method`; `at` when it was shown, aware. `kinds` are more than one where the
    authenticator itself took two factors: a passkey that asked for a PIN is possession *and* activation, and one word
    for both would be a lie about either. `credential` is an opaque id of what was shown, never a secret or its hash;
    empty where there is but one, such as the password. `since`: since when that credential is there, aware; None where
    nobody knows, or where whoever is signed in can read it, as with recovery codes. `by_settled`: a session that
    vouched for itself has set it up. `phishing_resistant` and `hardware_bound` are statements, never guesses; the
    latter needs an attestation that somebody has verified.
    """

    method: str
    at: datetime
    kinds: tuple[Kind, ...] = ()
    credential: str = ""
    step: Step = Step.SIGN_IN
    since: datetime | None = None
    by_settled: bool = False
    phishing_resistant: bool = False
    hardware_bound: bool = False

    @classmethod
    def of(
        cls,
        method: str,
        *,
        at: datetime,
        credential: str = "",
        step: Step = Step.SIGN_IN,
        since: datetime | None = None,
        by_settled: bool = False,
        user_verified: bool = False,
        hardware_bound: bool = False,
    ) -> Authentication:
        """Return what a known method shows. `user_verified`: a PIN or a biometric unlocked the authenticator."""
        kinds = KINDS.get(method, ())
        return cls(
            method=method,
            at=at,
            kinds=(*kinds, Kind.ACTIVATION) if user_verified and kinds else kinds,
            credential=credential,
            step=step,
            since=since,
            by_settled=by_settled,
            phishing_resistant=method in PHISHING_RESISTANT,
            hardware_bound=hardware_bound,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as it is stored, without what says nothing. Raises `ValueError` for a kind that there is not."""
        named: dict[str, Any] = {
            "method": self.method,
            "kinds": [Kind(kind).value for kind in self.kinds],
            "credential": self.credential,
            "at": in_utc(self.at),
            "step": str(self.step),
            "since": in_utc(self.since) if self.since else None,
            "by_settled": self.by_settled,
            "phishing_resistant": self.phishing_resistant,
            "hardware_bound": self.hardware_bound,
        }
        return {name: value for name, value in named.items() if value or name == "method"}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Authentication:
        since = stored.get("since")
        return cls(
            method=stored["method"],
            at=datetime.fromisoformat(stored["at"]),
            kinds=tuple(map(Kind, stored.get("kinds", ()))),
            credential=stored.get("credential", ""),
            step=Step(stored["step"]),
            since=datetime.fromisoformat(since) if since else None,
            by_settled=stored.get("by_settled", False),
            phishing_resistant=stored.get("phishing_resistant", False),
            hardware_bound=stored.get("hardware_bound", False),
        )


def in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def bounded(shown: Sequence[Authentication]) -> list[Authentication]:
    """Return at most `MOST` of what was shown: the sign-in's first, because what it used is never a further proof."""
    first = [one for one in shown if one.step is Step.SIGN_IN][:MOST]
    later = [one for one in shown if one.step is not Step.SIGN_IN]
    room = MOST - len(first)
    return [*first, *(later[-room:] if room else [])]


def level_of(shown: Iterable[Authentication]) -> Level:
    """Return the assurance level that these reach together (SP 800-63B-4, 2.1.1, 2.2.1 and 2.3.1)."""
    counted = counting(shown)
    kinds = {kind for one in counted for kind in one.kinds}
    if not kinds:
        return Level.UNKNOWN
    if Kind.POSSESSION not in kinds or len(kinds) == 1:
        return Level.AAL1
    return Level.AAL3 if any(is_hardware(one) for one in counted) else Level.AAL2


def is_hardware(one: Authentication) -> bool:
    """Return whether its key cannot leave the hardware, and answers no other site: what AAL3 asks for beside a second
    factor. Somebody has to have stated both."""
    return Kind.POSSESSION in one.kinds and one.phishing_resistant and one.hardware_bound


def counting(shown: Iterable[Authentication]) -> list[Authentication]:
    """Return what raises the level: not what was set up after the sign-in, by a session that vouches for nothing.

    A thief of the password could otherwise raise their own session by a factor of their own.
    """
    everything = list(shown)
    began = min((one.at for one in everything if one.step is Step.SIGN_IN), default=None)
    return [
        one
        for one in everything
        if one.by_settled or one.since is None or (began is not None and one.since <= began)
    ]


def amr_of(shown: Iterable[Authentication]) -> list[str]:
    """Return the Authentication Method References (RFC 8176, section 2) of what raises the level, each once."""
    counted = counting(shown)
    values = [
        HARDWARE.get(value, value) if one.hardware_bound else value
        for one in counted
        for value in AMR.get(one.method, ())
    ]
    if len({kind for one in counted for kind in one.kinds}) > 1:
        values.append("mfa")
    return list(dict.fromkeys(values))


def acr_of(level: Level) -> str:
    """Return the Authentication Context Class Reference of a level; empty where it is unknown."""
    return ACR % level if level else ""
