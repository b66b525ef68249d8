"""Remember who people are at their sign-in provider (OpenID Connect, SAML, …), and end their sessions from there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import router
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from sessions_ui.actions.endings.end import Receipt, end_session, end_sessions
from sessions_ui.database import moments
from sessions_ui.exceptions import SignInRefused
from sessions_ui.models import EndReason, ProviderSignOut, Session
from sessions_ui.protocols import HasPk

PROVIDER_KEY = "_sessions_ui_provider"
LONGEST = 255  # characters of `iss`, `sub` and `sid`


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at their sign-in provider, and since when we know.

    `provider`: its key in the setting PROVIDERS. `iss`, `sub`, `sid`: issuer, subject and session there; in SAML the
    entity id, NameID and SessionIndex. Any of them may be empty. `at`: when the provider vouched for them.
    """

    provider: str
    iss: str
    sub: str
    sid: str
    at: datetime

    def columns(self) -> dict[str, str]:
        return {"provider": self.provider[:64], "iss": self.iss, "sub": self.sub, "sid": self.sid}


NOBODY: dict[str, str] = {"provider": "", "iss": "", "sub": "", "sid": ""}


def remember_provider(
    request: HttpRequest, user: HasPk, *, provider: str, iss: str = "", sub: str = "", sid: str = ""
) -> None:
    """Record, before `login()`, by which provider `user` is signing in; it is kept on the session that follows.

    `provider` is a key of the setting `PROVIDERS` (64 characters are kept). `iss`, `sub` and `sid` are the claims of
    the ID token (OpenID Connect Core 1.0, section 2; `sid`: Back-Channel Logout 1.0, section 2.1), in SAML entity id,
    NameID and SessionIndex; of one that is longer than 255 characters a digest is kept.

    A second factor may come in between: the record waits in `request.session` like the sign-in itself. It is kept on
    the request, too, because `login()` empties the session where somebody else was signed in.
    """
    mark = {
        "user": str(user.pk),
        "provider": provider,
        "iss": fitting(iss),
        "sub": fitting(sub),
        "sid": fitting(sid),
        "at": moments.aware(timezone.now()).isoformat(),
    }
    request.session[PROVIDER_KEY] = mark
    request._sessions_ui_provider = mark  # type: ignore[attr-defined]


def recall_provider(request: Any, user: Any) -> Identity | None:
    """Return what `remember_provider()` was told of this user's sign-in; None where it was told nothing.

    It stays in the session until the sign-in has succeeded, because more may be asked for first
    (`web/step_up/challenge.py`).
    """
    mark = request.session.mark_of(user, PROVIDER_KEY) or getattr(request, "_sessions_ui_provider", None)
    request._sessions_ui_provider = None
    return None if mark is None or mark["user"] != str(user.pk) else identity_of(mark)


def identity_of(mark: dict[str, Any] | None) -> Identity | None:
    """Return what `remember_provider()` has left in the session of whoever signs in; None where it left nothing."""
    if mark is None:
        return None
    named = {name: mark[name] for name in ("provider", "iss", "sub", "sid")}
    return Identity(**named, at=moments.stored(datetime.fromisoformat(mark["at"])))


def fitting(value: str) -> str:
    """Return an identifier as it is stored and looked for: one that is too long for the column by its digest."""
    return value if len(value) <= LONGEST else "sha256:" + hashlib.sha256(value.encode()).hexdigest()


def verify_not_signed_out(identity: Identity | None) -> None:
    """Raise `SignInRefused` where the provider ended this sign-in while it was under way.

    A session of the provider never comes back; a person may sign in again, but not by what the provider vouched for
    before.
    """
    if identity is not None and is_signed_out(identity):
        raise SignInRefused(EndReason.PROVIDER_SIGN_OUT)


def is_signed_out(identity: Identity) -> bool:
    """Return whether the provider has signed out this session or, since `identity.at`, everything of the person."""
    if not identity.iss:
        return False
    told = words_about(iss=identity.iss, sub=identity.sub, sid=identity.sid, since=identity.at)
    own = (identity.iss, identity.sub, identity.sid)
    return any(is_meant(own, told=row) for row in told.values_list("iss", "sub", "sid"))


def words_about(*, iss: Any, sub: Any, sid: Any, since: Any) -> QuerySet[ProviderSignOut]:
    """Return what providers have said of this session of theirs, or of the whole person since then.

    The arguments are values or references to the columns of an outer query. Each message names a session or a person,
    so an empty `sub` finds none.
    """
    of_session, of_person = Q(sid=sid, sid__gt=""), Q(sid="", sub=sub, at__gte=since)
    return ProviderSignOut.objects.filter(of_session | of_person, iss=iss)


def outlives_its_provider(session: Session) -> bool:
    """Return whether `catch_up()` has missed this session.

    That comes after the commit, where what a host does first can fail.
    """
    at = session.signed_in_at
    if at is None:
        return False
    return is_signed_out(Identity(session.provider, session.iss, session.sub, session.sid, at))


def outliving_their_provider() -> Q:
    """Return the same as a condition on sessions, as far as SQL can tell."""
    told = words_about(
        iss=OuterRef("iss"), sub=OuterRef("sub"), sid=OuterRef("sid"), since=OuterRef("signed_in_at")
    )
    return Q(iss__gt="") & Q(Exists(told))


def catch_up(session: Session, identity: Identity) -> None:
    """End the session if the provider signed it out while the sign-in was being committed.

    The provider's message may have come between the first look and the commit, when there was nothing yet that it could
    end. What is missed here the sweep ends.
    """
    if is_signed_out(identity):
        end_session(session=session, reason=EndReason.PROVIDER_SIGN_OUT)


def is_meant(session: tuple[str, str, str], *, told: tuple[str, str, str]) -> bool:
    """Return whether `told` (iss, sub, sid) speaks of this session's.

    This is not left to the database, because the usual collations of MariaDB take "abc" for "ABC".
    """
    (iss, sub, sid), (told_iss, told_sub, told_sid) = session, told
    if iss != told_iss:
        return False
    if told_sid:
        return sid == told_sid and (sub == told_sub or not sub or not told_sub)
    return bool(told_sub) and sub == told_sub


def end_provider_sessions(
    *,
    iss: str,
    sub: str = "",
    sid: str = "",
    reason: EndReason = EndReason.PROVIDER_SIGN_OUT,
    actor: HasPk | None = None,
    note: str = "",
    happened_at: datetime | None = None,
) -> Receipt:
    """End what was signed in by this session at the provider (`sid`), or all of this person (`sub` alone).

    If both are given: that session, and only where it is this person's. Idempotent. `iss`: the issuer, as it was given
    to `remember_provider()`. `happened_at`: since when trust had ended by what the provider says, as for
    `end_sessions()`. Raises `ValueError` without an issuer, or with neither subject nor session, and whatever
    `end_sessions()` does. The rule is that of OpenID Connect Back-Channel Logout 1.0, section 2.7.
    """
    iss, sub, sid = fitting(iss), fitting(sub), fitting(sid)
    if not iss or not (sub or sid):
        raise ValueError(
            "An issuer and a subject or a session are needed: an empty one would mean everybody."
        )
    rows = Session.objects.using(router.db_for_write(Session))
    living = rows.filter(ended_at__isnull=True, iss=iss)
    # The second condition is the indexes' own: only sessions that came by a provider are in there, and SQLite wants to
    # read it.
    likely = living.filter(sid=sid, sid__gt="") if sid else living.filter(sub=sub, sub__gt="")
    meant = [
        pk
        for pk, *stored in likely.values_list("pk", "iss", "sub", "sid")
        if is_meant((stored[0], stored[1], stored[2]), told=(iss, sub, sid))
    ]
    return end_sessions(
        sessions=likely.filter(pk__in=meant), reason=reason, actor=actor, note=note, happened_at=happened_at
    )
