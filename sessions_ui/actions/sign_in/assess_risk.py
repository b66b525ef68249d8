"""Assess the risk of a sign-in: read what came before, ask `risk.py`, record the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import router
from django.db.models import Q
from django.utils.timezone import is_aware

from sessions_ui import risk
from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.sessions.rules.kinds import rules_for
from sessions_ui.actions.sign_in.alert import alert
from sessions_ui.actions.sign_in.attempt import SignInAttempt
from sessions_ui.actions.sign_in.identify_device import IdentifiedDevice
from sessions_ui.actions.step_up.factors import is_the_owners
from sessions_ui.client import Client, ClientInfo, Place
from sessions_ui.conf import conf
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Device, EndReason, Event, Session
from sessions_ui.models.primary import with_users
from sessions_ui.risk import ORDINARY, History, Level, Reason, Sighting, Standing, Verdict, classify

REMEMBERED = 100  # earlier sessions looked at, the newest first

DISOWNED = frozenset({EndReason.NOT_ME, EndReason.SUSPICIOUS})


class FollowUp(StrEnum):
    """What follows from a verdict; the last three are the choices of the setting `SUSPICIOUS_SIGN_INS`."""

    NONE = ""
    FLAG = "flag"
    CHALLENGE = "challenge"
    END = "end"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What was found.

    `is_news`: it is not what was found at the device's last sign-in already and nobody has reviewed.
    """

    verdict: Verdict = ORDINARY
    follow_up: FollowUp = FollowUp.NONE
    is_news: bool = False


def assess(
    attempt: SignInAttempt, found: IdentifiedDevice, *, sign_ins: int, session_pk: int, now: datetime
) -> Assessment:
    """Assess this sign-in on the device that was found, as the session `session_pk`.

    `sign_ins` is how many the account had before, whatever is kept of them. Where nothing is known of the client,
    nothing is read and nothing is found; nor of a kind of session whose sign-in is not judged.
    """
    if not attempt.is_assessed or not rules_for(attempt.kind).is_judged:
        return Assessment()
    history = history_of(
        attempt.user,
        found.device,
        copied=found.copied,
        new=found.new,
        used=sign_ins > 0 or was_used_long_ago(attempt, now),
        session_pk=session_pk,
    )
    verdict = classify(history, attempt.client, now)
    return Assessment(verdict, follow_up_of(verdict, attempt), is_news=verdict != history.unreviewed)


def was_used_long_ago(attempt: SignInAttempt, now: datetime) -> bool:
    """Return whether the last sign-in, as the user model tells of it, was before all that is kept of sign-ins.

    A later one of which nothing is kept was not by this app: the project uses it since then. That is unknown, which
    speaks against nobody; else everybody would be told of a new device who signs in there for the first time.
    """
    last = attempt.last_login
    return last is not None and is_aware(last) == is_aware(now) and last <= now - conf.retention


def history_of(user: Any, device: Device, *, copied: bool, new: bool, used: bool, session_pk: int) -> History:
    """Return what came before the session `session_pk`, which signs in on this device; one statement.

    `used`: the account was signed in to before, even if nothing of that is kept.
    """
    rows = list(
        Session.objects.using(router.db_for_write(Session))
        .by_owner()
        .sign_ins()
        .filter(user_id=user.pk)
        .exclude(pk=session_pk)
        # What nobody has reviewed is no past of the owner's: else whoever signs in a hundred times makes one.
        .exclude(~Q(verdict="") & ~Q(device_id=device.pk), reviewed_at__isnull=True)
        .order_by("-pk")
        .values(
            "device_id",
            "device__cookie_digest",
            "device__browser",
            "device__system",
            "device__not_me_at",
            "device__lost_at",
            "verdict",
            "verdict_reasons",
            "reviewed_at",
            "end_reason",
            "last_seen_at",
            "place",
        )[:REMEMBERED]
    )
    owned = [row for row in rows if is_owners(row)]
    if new:
        new = not is_known_by_looks(device, owned)
    places = [(Place.from_dict(row["place"]), row) for row in owned]
    return History(
        standing=standing_of(device, copied=copied, new=new),
        signed_in_before=used or bool(rows),
        countries=frozenset(place.country_code for place, _row in places if place and place.country_code),
        sightings=tuple(
            Sighting(place, row["last_seen_at"], same_device=row["device_id"] == device.pk)
            for place, row in places
            if place is not None and place.latitude is not None
        ),
        unreviewed=next((open_verdict(row) for row in rows if row["device_id"] == device.pk), Verdict()),
    )


def is_known_by_looks(device: Device, owned: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a device that no cookie tells of is known by its browser and system, where there is no more.

    So it is without device cookies; and of what was adopted, which has none, once: the next sign-in there has one. An
    adopted session whose client is unknown can be that of any browser.
    """
    look = (device.browser, device.system)
    looks = {(row["device__browser"], row["device__system"]) for row in owned}
    if not conf.device_cookie:
        return look in looks
    with_cookie = {
        (row["device__browser"], row["device__system"]) for row in owned if row["device__cookie_digest"]
    }
    if look in with_cookie:
        return False
    return look in looks or (("", "") in looks and not with_cookie)


def is_owners(row: Mapping[str, Any]) -> bool:
    """Return whether this row is of the owner's own past: not flagged without a review, and not disowned."""
    if row["end_reason"] in DISOWNED or row["device__not_me_at"] or row["device__lost_at"]:
        return False
    return not row["verdict"] or row["reviewed_at"] is not None


def open_verdict(row: Mapping[str, Any]) -> Verdict:
    """Return what was found and nobody has reviewed: a thief who signs in once more must not look known by that."""
    if not row["verdict"] or row["reviewed_at"] is not None:
        return Verdict()
    return risk.verdict_of(Reason(reason) for reason in row["verdict_reasons"] or ())


def standing_of(device: Device, *, copied: bool, new: bool) -> Standing:
    """Return what is known of the device. A mark counts until the owner vouches for the device after it."""
    if copied:
        return Standing.COPIED
    if device.lost_at is not None:
        return Standing.LOST
    if device.confirmed_at is not None and (
        device.copied_at is None or device.confirmed_at > device.copied_at
    ):
        return Standing.CONFIRMED
    if device.copied_at is not None:
        return Standing.COPIED
    if device.not_me_at is not None:
        return Standing.NOT_ME
    return Standing.NEW if new else Standing.KNOWN


def follow_up_of(verdict: Verdict, attempt: SignInAttempt) -> FollowUp:
    """Return what follows from the verdict, by the settings.

    Whoever has shown a second factor that is not new, or a mailed code, at this sign-in has passed the challenge. An
    app has no page that asks for a code: there such a sign-in ends at once, and its owner may say that it was theirs.
    """
    if verdict.level is not Level.SUSPICIOUS:
        return FollowUp.FLAG if verdict.level else FollowUp.NONE
    passed = attempt.is_proven or any(is_the_owners(one) for one in attempt.shown)
    if conf.suspicious_sign_ins == FollowUp.CHALLENGE and not passed:
        return FollowUp.CHALLENGE if attempt.kind == Session.Kind.BROWSER else FollowUp.END
    return FollowUp.END if conf.suspicious_sign_ins == FollowUp.END else FollowUp.FLAG


def columns(verdict: Verdict) -> dict[str, Any]:
    """Return what the session keeps of the verdict."""
    return {"verdict": str(verdict.level), "verdict_reasons": [str(reason) for reason in verdict.reasons]}


def flag(session: Session, user: Any, client: ClientInfo, verdict: Verdict, *, tell: bool = True) -> None:
    """Append the event of a sign-in that was found worth a look, and tell the owner; do nothing for an ordinary one."""
    if verdict.level:
        alert(
            kind=Event.Kind.FLAGGED,
            user=user,
            session=session,
            client=client,
            verdict=verdict,
            tell=tell,
        )


@atomically
def judge_change(session_pk: int, user_pk: Any, before: Client, now: Client, client: ClientInfo) -> None:
    """Flag a living session of this user whose client now tells of another browser family or system.

    It is flagged once until its owner has reviewed it, and ended where the settings say so; one of a kind that is not
    judged (`kinds.py`) is neither. `before` and `now` are what
    its headers told of then and tell of now.
    """
    verdict = risk.changed_midway(before, now)
    if not verdict.level:
        return
    lock_users([user_pk])
    living = Session.objects.living().filter(pk=session_pk).select_related("device").defer("payload")
    session = with_users(living, "user").first()
    if session is None or session.user is None or not rules_for(session.kind).is_judged:
        return
    known = set(session.verdict_reasons or ()) if session.reviewed_at is None else set()
    if Reason.CHANGED_CLIENT in known:
        return
    both = risk.verdict_of({*map(Reason, known), Reason.CHANGED_CLIENT})
    Session.objects.filter(pk=session.pk, ended_at__isnull=True).update(reviewed_at=None, **columns(both))
    flag(session, session.user, client, both)
    if conf.suspicious_sign_ins in (FollowUp.CHALLENGE, FollowUp.END):
        end_session(session=session, reason=EndReason.SUSPICIOUS)
