"""Write to the row of a session: each write is conditional on what was read of it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.db import DatabaseError, InterfaceError, connections
from django.utils import timezone
from django.utils.crypto import get_random_string

from sessions_ui.actions.endings.offboard import kept_to_latest_end
from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.database.transactions import decided, retried
from sessions_ui.exceptions import KeyRotated, SessionEnded
from sessions_ui.models import EndReason, Session
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.session_user import AUTH_KEYS, FromRow, columns_in
from sessions_ui.store.resolving import Resolving, hides_keys
from sessions_ui.user_model import account_key, auth_hash_of

KEY_LENGTH = 32  # of 36 characters: 165 random bits (ASVS 5.0 7.2.3 asks for 128)


class Writing(Resolving):
    """A session store that writes to its row, and gives it new keys."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._rotated_from: str | None = None
        # The key that this store has made, and whether it was written in no transaction that might be rolled back.
        self._new_key: str | None = None
        self._new_key_is_committed = False

    def create_with(self, data: dict[str, Any]) -> None:
        """Make a new row with a new key for this data, without whoever was signed in."""
        self._session_cache = {name: value for name, value in data.items() if name not in AUTH_KEYS}
        self.create()

    @hides_keys
    def become(self, row: Session, key: str, user: Any) -> None:
        """Go on as another row, whose key is `key`, because staff begins to use an account, or leaves it.

        The browser gets the key with the response.
        """
        self.__dict__.pop("_session_cache", None)
        self._session_key = self._resolved_key = key
        self._note_new_key()
        self.row, self.user, self.refusal = row, user, None
        self._left_by = None
        self._knew_a_user = True
        self.accessed = self.modified = True

    def secrets(self) -> list[str | None]:
        """Return what this store knows and nobody else may read: for reports about errors."""
        return [self._session_key, self._late_key, self._rotated_from, self._new_key]

    def has_new_key(self, *, other_than: str | None) -> bool:
        """Return whether this request made the key, and the browser has another one."""
        return self.session_key is not None and self.session_key == self._new_key != other_than

    def has_committed_key(self, *, other_than: str | None) -> bool:
        """Return whether this request made a new key and the database knows it.

        The transaction that made it may have been rolled back. Where the database does not answer any more, the key
        counts as committed if it was made in no transaction of the host.
        """
        if not self.has_new_key(other_than=other_than):
            return False
        try:
            return self.exists(self.session_key)
        except (DatabaseError, InterfaceError):
            return self._new_key_is_committed

    def expect_password_change(self, user: Any) -> None:
        """Announce that the session that acts is about to save this new password of its user.

        From that moment on until it is told (`keep_after_password_change()`) no request with it may be refused for the
        old one.
        """
        row = self.resolve()
        if row is not None and row.user_id == account_key(user):
            self._update(row, {"next_auth_hash": auth_hash_of(user)})

    def keep_after_password_change(self, user: Any) -> None:
        """Let the session that changed its own password go on under the new one."""
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

    def _get_new_session_key(self) -> str:
        return self.new_key()

    def _stored(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the columns for what Django calls the session's data, without its user."""
        return {
            "payload": self.encode({name: value for name, value in data.items() if name not in AUTH_KEYS}),
            "expires_at": self._expires_at(),
        }

    def _expires_at(self) -> datetime:
        """Return Django's expiry date, but never later than the timeouts that count from the sign-in allow."""
        date = self.get_expiry_date()
        row = self.row
        if row is not None and row.impersonated_from_id is not None:
            return row.expires_at
        if row is not None and row.signed_in_at is not None:
            remembered = self.get("_session_expiry") != 0
            limits = [for_user(conf.absolute_timeout, self.user)]
            limits += [] if remembered else [for_user(conf.not_remembered_timeout, self.user)]
            date = min([date, *(row.signed_in_at + limit for limit in limits if limit is not None)])
        return date

    @hides_keys
    def _take_key(self, new_key: str) -> None:
        self._rotated_from = self.session_key
        self._session_key = self._resolved_key = new_key
        self._note_new_key()

    def _note_new_key(self) -> None:
        self._new_key = self.session_key
        self._new_key_is_committed = not connections[self._rows().db].in_atomic_block

    def _mark_user(self) -> None:
        """Mark the user in the cache as read from a row: they are in one from now on."""
        cache = self.__dict__.get("_session_cache", {})
        if SESSION_KEY in cache:
            cache[SESSION_KEY] = FromRow(cache[SESSION_KEY])

    def _changed_user(self, row: Session, data: dict[str, Any]) -> dict[str, Any]:
        """Return the columns of backend and hash, where somebody wrote another one than was read from the row."""
        given = columns_in(data)
        return {} if all(getattr(row, name) == value for name, value in given.items()) else given

    def _update(
        self, row: Session, fields: dict[str, Any], changed_user: dict[str, Any] | None = None
    ) -> None:
        """Write these fields conditionally, and decide what to make of it when nothing was written.

        `changed_user` (backend and hash) is written only over what was read: what somebody else has written meanwhile
        stays.
        """
        assert self.session_key is not None
        living = self._living(row)
        mine = living.filter(digest=self.digest_of(self.session_key))
        if changed_user:
            assert row.user_id is not None, "nobody is written into a row but by signing in"
            same_user = mine.filter(user_id=row.user_id, backend=row.backend, auth_hash=row.auth_hash)
            if self._write(same_user, row, {**fields, **changed_user}):
                self._mark_user()
                return None
        if self._write(mine, row, fields):
            return None
        if self._rotated_from and living.filter(digest=self.digest_of(self._rotated_from)).exists():
            # The transaction that had rotated the key was rolled back: the old one is the valid one.
            self._session_key = self._resolved_key = self._rotated_from
            self._rotated_from = None
            return self._update(row, fields, changed_user)
        found = self._rows().filter(pk=row.pk).values_list("digest", "ended_at", "end_reason").first()
        if found is None and self._adopted:
            self._adopted, self._resolved_key = False, None
            if (row_again := self.resolve()) is not None:
                return self._update(row_again, fields, changed_user)
        if found and found[1] is None and found[0] != self.digest_of(self.session_key):
            self.is_straggler = True  # and makes no session of its own, should somebody go on with `create()`
            raise KeyRotated
        reason = EndReason.IDLE_TIMEOUT if found and found[1] is None else found[2] if found else ""
        self.refusal = EndReason(reason) if reason else None
        raise SessionEnded(self.refusal or "")

    def _living(self, row: Session) -> SessionQuerySet:
        """Return this row, as long as it may be written to: a session that ran out while a request had it stays
        over."""
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
