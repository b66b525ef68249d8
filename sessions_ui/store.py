"""The session engine: `SESSION_ENGINE = "sessions_ui.store"`.

The contract is that of Django's sessions, with three differences, all for one reason, that an end is final:
the database holds the key's SHA-256 only; a session with a user is not deleted but ends, and stays as history;
rotating the key changes the key of the same row. Every write is conditional on the row's current digest, on its not
having ended and on the user that was read; whoever was read from a row is never inserted with another one, and a user
whom somebody wrote into the data signs in or is refused where it is saved.

Every asynchronous method runs its synchronous twin (`async_methods.py`), so that both take the same way.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError
from django.db import DatabaseError, IntegrityError, InterfaceError, connections, router
from django.utils import timezone
from django.utils.crypto import get_random_string

from sessions_ui import lookup
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.endings.offboard import kept_to_latest_end
from sessions_ui.actions.endings.reconcile import end_if_unlawful, end_unlawful
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.actions.sessions.validate import admit, straggles
from sessions_ui.actions.sign_in.attempt import SignInAttempt, attempt_in
from sessions_ui.actions.sign_in.pending import BEGUN_KEY, begun_key
from sessions_ui.actions.sign_in.provider import PROVIDER_KEY
from sessions_ui.actions.sign_in.sign_in import ReadRow, SignIn, sign_in
from sessions_ui.actions.sign_in.written import sign_in_written, user_of
from sessions_ui.actor import actor_by_key, current_actor
from sessions_ui.async_methods import AsyncMethods
from sessions_ui.conf import conf
from sessions_ui.context import current
from sessions_ui.database.transactions import decided, in_transaction, noted, retried
from sessions_ui.exceptions import KeyRotated, NotTheOwner, SessionEnded, TryAgain
from sessions_ui.models import EndReason, Session, digest_of
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.session_user import AUTH_KEYS, FromRow, NotesWrittenUser, WrittenUser, columns_in, keys_of
from sessions_ui.user_model import account_key, auth_hash_of

MARKS = (f"{BEGUN_KEY}.", PROVIDER_KEY)  # what their names begin with
KEY_LENGTH = 32  # of 36 characters: 165 random bits (ASVS 5.0 7.2.3 asks for 128)


def adopt_missing(key: str) -> bool:
    """A key that is unknown here: see `actions/adoption/adopt.py`, which is loaded where ADOPT_FROM asks for it."""
    if not conf.adopt_from:
        return False
    from sessions_ui.actions.adoption import adopt

    return adopt.adopt_missing(key)


class SessionStore(NotesWrittenUser, AsyncMethods):
    """One request's session. `row` and `user` are known once it was looked up (`resolve()`)."""

    if TYPE_CHECKING:  # Django's, which the stubs leave out
        _session: dict[str, Any]
        _session_cache: dict[str, Any]

        def _get_session(self, no_load: bool = False) -> dict[str, Any]: ...

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.row: Session | None = None
        self.user: Any = None
        # Why the key that came with the request was refused: an EndReason, None for a key that is merely unknown.
        self.refusal: EndReason | None = None
        # The key was replaced a moment ago: whoever holds it is late, neither signed out nor signed in.
        self.is_straggler = False
        self._late_key: str | None = None
        # Since when the key that came with the request is valid no more, as far as its row says.
        self._over_at: datetime | None = None
        # What the first step of a sign-in has left in the session that `login()` emptied since.
        self._marks: dict[str, Any] = {}
        # What the browser shall keep, after a sign-in.
        self.device_cookie: str | None = None
        self._resolved_key: str | None = None
        # Its row was taken over by this request, maybe in a transaction of the host that is rolled back.
        self._adopted = False
        # A row with a user was found under a key of this store: what the cache says of one may be that row's.
        self._knew_a_user = False
        self._rotated_from: str | None = None
        # The key that this store has made, and whether it was written in no transaction that might be rolled back.
        self._new_key: str | None = None
        self._new_key_is_committed = False
        # The staff member who used an account in this session until it was emptied.
        self._left_by: Any = None
        # `login()` has written a user into the session who was not let in (yet).
        self._turned_away = False
        # Who was written into the session last was signed in when it was saved.
        self.has_signed_in_by_saving = False

    # --- Looking up

    def resolve(self) -> Session | None:
        """The row of this key, if it may still answer; one SQL statement, once. Refuses everything else: the key is
        forgotten (the middleware then deletes the cookie) and `refusal` says why."""
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
        """Look the key up and take its row, if it may answer. Returns whether that is the last word."""
        digest, now = digest_of(key), timezone.now()
        row = lookup.find(digest)
        if row is None and adopt_missing(key):
            row = lookup.find(digest)
            self._adopted = row is not None
        if row is None or row.digest != digest:
            self.is_straggler = row is not None and straggles(row, now)
            self._late_key = key if self.is_straggler else None
            self._over_at = None if row is None else row.ended_at or row.rotated_at
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
        """Who is signed in, without another look-up. Counts as an access: a response that depends on the user must
        vary on the cookie."""
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
        """Who of the staff uses the account; None where its owner does. Still so once they have signed out: what the
        request goes on to do is not done by nobody."""
        row = self.resolve()
        if row is not None and row.impersonated_from_id is not None:
            return row.impersonator_id
        return self._left_by

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

    def exists(self, session_key: str | None) -> bool:
        if session_key is None:
            return False
        living = self._rows().filter(digest=digest_of(session_key), ended_at__isnull=True)
        return living.exists() or (adopt_missing(session_key) and living.exists())

    # --- Writing

    def create(self) -> None:
        while True:
            self._session_key = self.new_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Write the session. Raises `SessionEnded` if it has ended, `KeyRotated` if the key was replaced meanwhile,
        both of them Django's `UpdateError`; nothing is written then."""
        if self._turned_away:  # and a view swallowed the refusal: it must save nobody
            self._take_back_user()
        if self.is_straggler:  # a session of its own would take the place of the new key in the browser
            raise KeyRotated
        if self.session_key is None:
            return self.create()
        data = self._get_session(no_load=must_create)
        if must_create:
            return self._insert(data)
        row = self.resolve()
        if row is None:
            raise SessionEnded(self.refusal or "")
        if row.user_id is not None and data.get(SESSION_KEY) is None:
            # Somebody emptied the session of a user: whatever they call it, that is a sign-out.
            self.delete()
            self._session_key = None
            return self.create_with(data)
        if (written := self._written_user(row, data)) is not None:
            row, data = self._sign_in_written(written), self._session
        self._update(row, self._stored(data), self._changed_user(row, data))
        return None

    def create_with(self, data: dict[str, Any]) -> None:
        """A new row with a new key for this data, without whoever was signed in."""
        self._session_cache = {name: value for name, value in data.items() if name not in AUTH_KEYS}
        self.create()

    def cycle_key(self) -> None:
        """A new key for the same row: same session, same device, and the old key authenticates nobody any more. Where
        the row may not answer any more the data goes on in a new one, and nobody is signed in there."""
        self._get_session()
        row = self.resolve()
        if row is None:
            self.create()
            if self.user_id is None:
                self._forget_user()
            return
        old_key, new_key = self.session_key, self.new_key()
        assert old_key is not None
        now = timezone.now()
        self._update(
            row, {"digest": digest_of(new_key), "previous_digest": digest_of(old_key), "rotated_at": now}
        )
        self._take_key(new_key)
        self.modified = True

    def has_new_key(self, *, other_than: str | None) -> bool:
        """Whether this request made the key, and the browser has another one."""
        return self.session_key is not None and self.session_key == self._new_key != other_than

    def has_committed_key(self, *, other_than: str | None) -> bool:
        """Whether this request made a new key and the database knows it: the transaction that made it may have been
        rolled back. Where the database says nothing any more it counts that there was no transaction of the host."""
        if not self.has_new_key(other_than=other_than):
            return False
        try:
            return self.exists(self.session_key)
        except (DatabaseError, InterfaceError):
            return self._new_key_is_committed

    def was_valid_at(self, moment: datetime) -> bool:
        """Whether the key that was refused was still valid then, as far as its row says: whoever had it then may have
        another one by now."""
        return self._over_at is not None and self._over_at >= moment

    def delete(self, session_key: str | None = None) -> None:
        """End the session of a user (reason: signed out), remove an anonymous one. Whoever comes with a key that was
        replaced a moment ago asks for the same. Staff that uses an account is out of its own session, too: no browser
        has that one's key meanwhile."""
        key = session_key or self.session_key or self._late_key
        if key is None:
            return
        rows = self._rows().filter(digest=digest_of(key)).only("id", "user", "impersonated_from")
        row = rows.first() or (rows.first() if adopt_missing(key) else self._rotated_away(key))
        if row is not None and row.user_id is None:
            anonymous = self._rows().filter(pk=row.pk, user__isnull=True)
            if retried(partial(anonymous._raw_delete, anonymous.db), using=anonymous.db):
                return
            row = rows.first()  # it was signed in at that moment
        if row is not None:
            actor = current_actor()
            end_sessions(
                sessions=Session.objects.filter(pk__in=filter(None, [row.pk, row.impersonated_from_id])),
                reason=EndReason.SIGNED_OUT,
                actor=actor_by_key(row.user_id) if actor.pk is None else actor,
            )

    def _rotated_away(self, key: str) -> Session | None:
        rows = self._rows().filter(previous_digest=digest_of(key), user__isnull=False)
        row = rows.only("id", "user", "impersonated_from", "ended_at", "rotated_at").first()
        return row if row is not None and straggles(row, timezone.now()) else None

    def flush(self) -> None:
        self._keep_marks()
        self._left_by = self.impersonator_id
        super().flush()
        self.row, self.user, self._resolved_key, self._late_key = None, None, None, None
        self._over_at = None
        self._turned_away = self._knew_a_user = self.is_straggler = False

    def _keep_marks(self) -> None:
        """What a sign-in under way has left here: `login()` empties the session of somebody else before it asks."""
        row = self.resolve()
        data = self.__dict__.get("_session_cache")
        if data is None and row is not None and row.payload:
            data = self.decode(row.payload)
        self._marks = {name: mark for name, mark in (data or {}).items() if str(name).startswith(MARKS)}

    def mark_of(self, user: Any, name: str) -> dict[str, Any] | None:
        """What the first step of a sign-in as this user has left; None where it was somebody else's."""
        mark: dict[str, Any] | None = self.get(name) or self._marks.get(name)
        return mark if mark is not None and mark["user"] == str(user.pk) else None

    def _forget_marks_of(self, user: Any) -> None:
        for name in (begun_key(user), PROVIDER_KEY):
            if self.mark_of(user, name) is not None:
                self.pop(name, None)
                self._marks.pop(name, None)

    def turn_away(self) -> None:
        """Whoever tried to sign in here is refused. Whoever was signed in before still is."""
        row = self.resolve()
        if row is None or row.user_id is None:
            self.flush()
            self.refusal = None  # this one is what they are told
            return
        self.__dict__.pop("_session_cache", None)
        self._turned_away = self.modified = False

    @classmethod
    def clear_expired(cls) -> None:
        end_unlawful()
        purge_old()

    # --- Signing in

    def sign_in(self, attempt: SignInAttempt) -> SignIn:
        """Called when Django has put the user into the session; there may be no key or row yet (a sign-in as another
        user), and a second sign-in as the same user does not rotate the key by itself."""
        data = dict(self._session)
        row = self.resolve()
        if self.impersonator_id is not None:
            raise NotTheOwner  # a session of support does not turn into one of the owner
        if row is None:
            self.create_with(data)
            self._session_cache = data
        row, key = self.resolve(), self.session_key
        assert row is not None and key is not None
        new_key = self.new_key() if row.user_id is not None else None
        read = ReadRow(row, digest_of(key), new_digest=digest_of(new_key) if new_key else "")
        self._turned_away = True
        result = (sign_in if attempt.written is None else sign_in_written)(attempt=attempt, row=read)
        self._turned_away = False
        self._signed_in(attempt.user, result, new_key)
        return result

    def _signed_in(self, user: Any, result: SignIn, new_key: str | None) -> None:
        """The row is the user's from now on, under `new_key`, where it got one."""
        self._knew_a_user = True
        if new_key:
            self._take_key(new_key)
            self.modified = True
        self._forget_marks_of(user)
        self._mark_user()
        self.row, self.user = result.session, user
        self.device_cookie = result.device_cookie

    def _sign_in_written(self, written: WrittenUser) -> Session:
        """Sign in whom somebody has written into the session; raises `SignInRefused`. With what the request of this
        session says, where there is one. As with `login()`, nobody goes on in the session of somebody else."""
        data = self._session
        if self.row is not None and self.row.user_id is not None:
            self.flush()
            self._session_cache = data
        row = self.sign_in(attempt_in(self, user_of(written), written)).session
        self._session_cache.update(keys_of(row))
        self.has_signed_in_by_saving = self.modified = True
        return row

    def user_was_written(self) -> None:
        super().user_was_written()
        self._turned_away = self.has_signed_in_by_saving = False

    def become(self, row: Session, key: str, user: Any) -> None:
        """Go on as another row, whose key is `key`: staff begins to use an account, or leaves it. The browser gets
        the key with the response."""
        self.__dict__.pop("_session_cache", None)
        self._session_key = self._resolved_key = key
        self._note_new_key()
        self.row, self.user, self.refusal = row, user, None
        self._left_by = None
        self._knew_a_user = True
        self.accessed = self.modified = True

    def expect_password_change(self, user: Any) -> None:
        """The session that acts is about to save this new password of its user: from that moment on until it is told
        (`keep_after_password_change()`) no request with it may be refused for the old one."""
        row = self.resolve()
        if row is not None and row.user_id == account_key(user):
            self._update(row, {"next_auth_hash": auth_hash_of(user)})

    def keep_after_password_change(self, user: Any) -> None:
        """The session that changed its own password goes on under the new one."""
        row = self.resolve()
        if row is not None and row.user_id == user.pk:
            # Whatever its key is by now: the password has been saved, and another request may have rotated it.
            self._write(self._living(row), row, {"auth_hash": auth_hash_of(user), "next_auth_hash": ""})
            if "_session_cache" in self.__dict__:
                self._session_cache[HASH_SESSION_KEY] = row.auth_hash

    @staticmethod
    def new_key() -> str:
        # Not looked up first, as Django does: 165 random bits do not collide, and the database has the last word.
        return get_random_string(KEY_LENGTH, VALID_KEY_CHARS)

    # --- Inside

    def _get_new_session_key(self) -> str:
        return self.new_key()

    @staticmethod
    def _rows() -> Any:
        return Session.objects.using(router.db_for_write(Session))

    def _stored(self, data: dict[str, Any]) -> dict[str, Any]:
        """The columns for what Django calls the session's data, without its user."""
        return {
            "payload": self.encode({name: value for name, value in data.items() if name not in AUTH_KEYS}),
            "expires_at": self._expires_at(),
        }

    def _written_user(self, row: Session | None, data: dict[str, Any]) -> WrittenUser | None:
        """Whom somebody has written into the data, and who is not the row's. A copy of another row's, and one whom no
        backend would let answer, is taken out again: nobody is signed in by that."""
        given = columns_in(data)
        if given["user_id"] in (None, row.user_id if row else None):
            return None
        if isinstance(data[SESSION_KEY], FromRow) or given["backend"] not in settings.AUTHENTICATION_BACKENDS:
            self._take_back_user()
            return None
        return WrittenUser(**given, at=self._user_written_at)

    def _changed_user(self, row: Session, data: dict[str, Any]) -> dict[str, Any]:
        """The columns of backend and hash, where somebody wrote another one than was read from the row."""
        given = columns_in(data)
        return {} if all(getattr(row, name) == value for name, value in given.items()) else given

    def _forget_user(self, data: dict[str, Any] | None = None) -> None:
        """What the data (left out: the cache) says of a user came from a row, which may answer no more."""
        for name in AUTH_KEYS:
            (self.__dict__.get("_session_cache", {}) if data is None else data).pop(name, None)

    def _take_back_user(self) -> None:
        """`login()` has written somebody who was not let in. Whoever was signed in before still is."""
        cache = self.__dict__.get("_session_cache", {})
        was_written = SESSION_KEY in cache
        self._forget_user()
        row = self.row if self.session_key == self._resolved_key else None
        if was_written and row is not None and row.user_id is not None:
            cache.update(keys_of(row))

    def _mark_user(self) -> None:
        """Whoever the cache names is in a row from now on."""
        cache = self.__dict__.get("_session_cache", {})
        if SESSION_KEY in cache:
            cache[SESSION_KEY] = FromRow(cache[SESSION_KEY])

    def _take_key(self, new_key: str) -> None:
        self._rotated_from = self.session_key
        self._session_key = self._resolved_key = new_key
        self._note_new_key()

    def _note_new_key(self) -> None:
        self._new_key = self.session_key
        self._new_key_is_committed = not connections[self._rows().db].in_atomic_block

    def _expires_at(self) -> datetime:
        """Django's date, but never later than the timeouts that count from the sign-in allow."""
        date = self.get_expiry_date()
        row = self.row
        if row is not None and row.impersonated_from_id is not None:
            return row.expires_at
        if row is not None and row.signed_in_at is not None:
            remembered = self.get("_session_expiry") != 0
            limits = [conf.absolute_timeout_of(self.user)]
            limits += [] if remembered else [conf.not_remembered_timeout_of(self.user)]
            date = min([date, *(row.signed_in_at + limit for limit in limits if limit is not None)])
        return date

    def _insert(self, data: dict[str, Any]) -> None:
        """A new row. A user signs in to it only where somebody wrote one into a store that never knew one, as tests and
        some host projects do: a copy of a row would outlive its end."""
        assert self.session_key is not None
        if self._knew_a_user or isinstance(data.get(SESSION_KEY), FromRow):
            self._forget_user(data)
        written = self._written_user(None, data)
        using = router.db_for_write(Session)
        insert = partial(
            Session.objects.using(using).create, digest=digest_of(self.session_key), **self._stored(data)
        )
        # Alone it needs no transaction; in one of the host a key that is taken must not spoil the rest.
        once = in_transaction if connections[using].in_atomic_block else retried
        try:
            row = once(insert, using=using)
        except IntegrityError as error:
            raise CreateError from error
        self.row, self.user, self._resolved_key = row, AnonymousUser(), self.session_key
        self._note_new_key()
        if written is not None:
            self._update(self._sign_in_written(written), self._stored(self._session))

    def _update(
        self, row: Session, fields: dict[str, Any], changed_user: dict[str, Any] | None = None
    ) -> None:
        """The conditional write, and what to make of it when nothing was written. `changed_user` (backend and hash) is
        written only over what was read: what somebody else has written meanwhile stays."""
        assert self.session_key is not None
        living = self._living(row)
        mine = living.filter(digest=digest_of(self.session_key))
        if changed_user:
            assert row.user_id is not None, "nobody is written into a row but by signing in"
            same_user = mine.filter(user_id=row.user_id, backend=row.backend, auth_hash=row.auth_hash)
            if self._write(same_user, row, {**fields, **changed_user}):
                self._mark_user()
                return None
        if self._write(mine, row, fields):
            return None
        if self._rotated_from and living.filter(digest=digest_of(self._rotated_from)).exists():
            # The transaction that had rotated the key was rolled back: the old one is the valid one.
            self._session_key = self._resolved_key = self._rotated_from
            self._rotated_from = None
            return self._update(row, fields, changed_user)
        found = self._rows().filter(pk=row.pk).values_list("digest", "ended_at", "end_reason").first()
        if found is None and self._adopted:
            self._adopted, self._resolved_key = False, None
            if (row_again := self.resolve()) is not None:
                return self._update(row_again, fields, changed_user)
        if found and found[1] is None and found[0] != digest_of(self.session_key):
            self.is_straggler = True  # and makes no session of its own, should somebody go on with `create()`
            raise KeyRotated
        reason = EndReason.IDLE_TIMEOUT if found and found[1] is None else found[2] if found else ""
        self.refusal = EndReason(reason) if reason else None
        raise SessionEnded(self.refusal or "")

    def _living(self, row: Session) -> SessionQuerySet:
        """This row, as long as it may be written to: a session that ran out while a request had it stays over."""
        rows: SessionQuerySet = self._rows().filter(pk=row.pk, ended_at__isnull=True)
        return rows if row.user_id is None else rows.filter(expires_at__gt=timezone.now())

    @staticmethod
    def _write(rows: SessionQuerySet, row: Session, fields: dict[str, Any]) -> bool:
        update = partial(rows.update, **kept_to_latest_end(fields))
        # A new key that a failover loses would sign its browser out.
        written = (decided if "digest" in fields else retried)(update, using=rows.db)
        if written:
            for name, value in fields.items():
                setattr(row, name, value)
        return bool(written)

    def _refuse(self, row: Session, reason: EndReason, *, is_final: bool) -> bool:
        """Put down the first refusal after an end: the proof that it works, and the only write it ever costs. What
        should have ended before (time, a disabled account) ends now, if that is still so. Returns whether it is
        refused; else it is worth another look."""
        if row.ended_at is None:
            try:
                ended = end_if_unlawful([row.pk])
            except TryAgain:
                ended = 0  # refused all the same; the sweep will end it
                is_final = True
            if not ended and not is_final:
                return False
        self.refusal, self._over_at = reason, row.ended_at
        if row.refused_at is None:
            ended_rows = self._rows().filter(pk=row.pk, ended_at__isnull=False, refused_at__isnull=True)
            noted(partial(ended_rows.update, refused_at=timezone.now()), using=ended_rows.db)
        return True

    def _carry_to_current_secret(self, auth_hash: str) -> None:
        row = self.row
        assert row is not None and self.session_key is not None
        same = self._rows().filter(pk=row.pk, digest=digest_of(self.session_key), ended_at__isnull=True)
        unchanged = same.filter(auth_hash=row.auth_hash)
        noted(partial(unchanged.update, auth_hash=auth_hash), using=unchanged.db)
        row.auth_hash = auth_hash


def acting_store() -> SessionStore | None:
    """The store of the request that acts now."""
    now = current()
    return now._store if now and isinstance(now._store, SessionStore) else None
