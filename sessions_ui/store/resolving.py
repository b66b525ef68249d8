"""Look up the row that a session key belongs to, and refuse it where it may not answer."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db import router
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from sessions_ui import context, session_lookup
from sessions_ui.actions.sessions.refuse import refuse
from sessions_ui.actions.sessions.rules.validate import admit, rotated_at_of, straggles
from sessions_ui.conf import conf
from sessions_ui.database.transactions import noted
from sessions_ui.metrics.durations import Measure, timed
from sessions_ui.models import EndReason, Session, digest_of
from sessions_ui.session_user import AUTH_KEYS, NotesWrittenUser, keys_of
from sessions_ui.store.async_methods import AsyncMethods

# What an error report shows of the functions that handle keys, and of all that they call. Where a request made the
# error, `web/responses/errors/error_reports.py` looks for the values; sockets, tasks and shells have no request.
hides_keys = sensitive_variables("key", "session_key", "old_key", "new_key")


@hides_keys
def adopt_missing(key: str) -> bool:
    """Adopt the session of an unknown key; see `actions/adoption/adopt.py`, which is loaded where ADOPT_FROM asks for
    it."""
    if not conf.adopt_from:
        return False
    from sessions_ui.actions.adoption import adopt

    return adopt.adopt_missing(key)


class Resolving(NotesWrittenUser, AsyncMethods):
    """A session store that looks its row up. `row` and `user` are known once it was looked up (`resolve()`)."""

    if TYPE_CHECKING:  # Django's, which the stubs leave out
        _session: dict[str, Any]
        _session_cache: dict[str, Any]

        def _get_session(self, no_load: bool = False) -> dict[str, Any]: ...

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        # What the sessions are of which this store knows keys: a key is found in its own place only.
        self.kind = Session.Kind.BROWSER
        now = context.current()
        if now is not None and now.request is not None:
            self.kind = Session.Kind(conf.session_kind(now.request, session_key))
            if self.kind == Session.Kind.APP:
                now.app = self
        self.row: Session | None = None
        self.user: Any = None
        # Why the key that came with the request was refused: an EndReason, None for a key that is merely unknown.
        self.refusal: EndReason | None = None
        # The key was replaced a moment ago: whoever holds it is late, neither signed out nor signed in.
        self.is_straggler = False
        self._late_key: str | None = None
        # From when on the key that came with the request is no longer valid, as far as its row says.
        self._over_at: datetime | None = None
        self._resolved_key: str | None = None
        # Its row was taken over by this request, maybe in a transaction of the host that is rolled back.
        self._adopted = False
        # A row with a user was found under a key of this store: what the cache says of one may be that row's.
        self._knew_a_user = False
        # The staff member who used an account in this session until it was emptied.
        self._left_by: Any = None

    @hides_keys
    def resolve(self) -> Session | None:
        """Return the row of this key, if it may still answer; one SQL statement, once.

        Everything else is refused: the key is forgotten (the middleware then deletes the cookie) and `refusal` says
        why.
        """
        key = self.session_key
        if key is None or key == self._resolved_key:
            return self.row
        self._resolved_key = key
        self.row, self.user = None, None
        try:
            if not self._admit(key):
                self._admit(key, again=True)  # what it was refused for was over a moment later
        except Exception:
            self._resolved_key = None  # nobody knows yet: whoever asks again must not hear "not signed in"
            raise
        if self.row is None:
            self._session_key = None
            self._forget_user()
        return self.row

    def _admit(self, key: str, *, again: bool = False) -> bool:
        """Look the key up and take its row, if it may answer. Return whether that is the last word."""
        digest, now = self.digest_of(key), timezone.now()
        row = timed(Measure.LOOK_UP, session_lookup.find, digest)
        if row is None and self._adopt_missing(key):
            row = session_lookup.find(digest)
            self._adopted = row is not None
        if row is None or row.digest != digest:
            self.is_straggler = row is not None and straggles(row, now)
            self._late_key = key if self.is_straggler else None
            self._over_at = None if row is None else row.ended_at or rotated_at_of(row)
            return True
        self._knew_a_user = self._knew_a_user or row.user_id is not None
        admission = admit(row, now)
        if admission.refused is None:
            self.row, self.user = row, admission.user
            if admission.new_hash:
                self._carry_to_current_secret(admission.new_hash)
            return True
        return row.user_id is None or self._refuse(row, admission.refused, is_final=again)

    def get_user(self) -> Any:
        """Return who is signed in, without another look-up.

        This counts as an access: a response that depends on the user must vary on the cookie.
        """
        self.accessed = True
        if self.resolve() is None:
            return AnonymousUser()
        return self.user

    @property
    def session_id(self) -> int | None:
        row = self.resolve()
        return row.pk if row else None

    @property
    def user_id(self) -> Any:
        row = self.resolve()
        return row.user_id if row else None

    @property
    def impersonator_id(self) -> Any:
        """The primary key of the staff member who uses the account; None where its owner does.

        It stays so once they have signed out, because what the request goes on to do is still done by somebody.
        """
        row = self.resolve()
        if row is not None and row.impersonated_from_id is not None:
            return row.impersonator_id
        return self._left_by

    def was_valid_at(self, moment: datetime) -> bool:
        """Return whether the key that was refused was still valid then, as far as its row says.

        Whoever had it then may have another one by now.
        """
        return self._over_at is not None and self._over_at >= moment

    def was_replaced_before(self, moment: datetime) -> bool:
        """Return whether the key that came with the request is a straggler's and was replaced before then."""
        return self.is_straggler and self._over_at is not None and self._over_at < moment

    def load(self) -> dict[str, Any]:
        if self.__dict__.pop("_session_cache", None) is not None:
            self._resolved_key = None  # asked for once more: what was found before may have ended
        row = self.resolve()
        if row is None:
            return {}
        data = self.decode(row.payload) if row.payload else {}
        if row.user_id is not None:
            data.update(keys_of(row))
        return data

    @hides_keys
    def exists(self, session_key: str | None) -> bool:
        if session_key is None:
            return False
        if session_key != self.session_key:
            asked = type(self)(session_key)  # whose place is that of this key
            if asked.kind != Session.Kind.BROWSER:
                # Whoever asks this of an app's key (allauth) goes by the answer: it is a request like any other.
                return asked.resolve() is not None
        digest = self.digest_of(session_key)
        living = self._rows().filter(digest=digest, ended_at__isnull=True).uncontained()
        return living.exists() or (self._adopt_missing(session_key) and living.exists())

    @hides_keys
    def digest_of(self, key: str) -> str:
        """Return the digest under which a session of this store's kind has this key."""
        return digest_of(key, self.kind)

    @hides_keys
    def _adopt_missing(self, key: str) -> bool:
        """Adopt the session of a key that is unknown in this place; return whether it is worth another look."""
        adopted = adopt_missing(key)
        if self.kind != Session.Kind.APP:
            return adopted
        from sessions_ui.actions.adoption.apps import claim  # no browser ever needs it

        return claim(key)

    def _rotated_away(self, key: str) -> Session | None:
        rows = self._rows().filter(previous_digest=self.digest_of(key), user__isnull=False)
        row = rows.only(
            *("id", "user", "impersonated_from", "impersonator", "ended_at", "rotated_at")
        ).first()
        return row if row is not None and straggles(row, timezone.now()) else None

    def _refuse(self, row: Session, reason: EndReason, *, is_final: bool) -> bool:
        """Note why the row is refused; return whether it is (`refuse()`)."""
        if not refuse(row, reason, is_final=is_final):
            return False
        self.refusal, self._over_at = reason, row.ended_at
        return True

    def _carry_to_current_secret(self, auth_hash: str) -> None:
        row = self.row
        assert row is not None and self.session_key is not None
        same = self._rows().filter(pk=row.pk, digest=self.digest_of(self.session_key), ended_at__isnull=True)
        unchanged = same.filter(auth_hash=row.auth_hash)
        noted(partial(unchanged.update, auth_hash=auth_hash), using=unchanged.db)
        row.auth_hash = auth_hash

    def _forget_user(self, data: dict[str, Any] | None = None) -> None:
        """Remove the user from the data (from the cache, if `data` is left out).

        It came from a row, which may no longer answer.
        """
        for name in AUTH_KEYS:
            (self.__dict__.get("_session_cache", {}) if data is None else data).pop(name, None)

    @staticmethod
    def _rows() -> Any:
        return Session.objects.using(router.db_for_write(Session))
