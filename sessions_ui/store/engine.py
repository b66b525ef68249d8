"""Django's contract of a session store, as the rest of Django calls it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import CreateError
from django.db import IntegrityError, connections, router
from django.utils import timezone

from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.endings.unused import end_unused
from sessions_ui.actions.recovery.expire import expire_recoveries
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.actions.tokens.expiring import warn_of_expiring
from sessions_ui.actor import actor_by_key, current_actor
from sessions_ui.context import current
from sessions_ui.database.transactions import in_transaction, retried
from sessions_ui.exceptions import KeyRotated, SessionEnded
from sessions_ui.models import EndReason, Session
from sessions_ui.session_user import FromRow
from sessions_ui.store.resolving import hides_keys
from sessions_ui.store.signing_in import SigningIn


class SessionStore(SigningIn):
    """One request's session."""

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

    @hides_keys
    def cycle_key(self) -> None:
        """Give the same row a new key: same session, same device, and the old key no longer authenticates anybody.

        Where the row may not answer any more, the data goes on in a new one, and nobody is signed in there.
        """
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
            row,
            {
                "digest": self.digest_of(new_key),
                "previous_digest": self.digest_of(old_key),
                "rotated_at": now,
            },
        )
        self._take_key(new_key)
        self.modified = True

    @hides_keys
    def delete(self, session_key: str | None = None) -> None:
        """End the session of a user (reason: signed out), or remove an anonymous one.

        Whoever comes with a key that was replaced a moment ago asks for the same. Staff that uses an account is signed
        out of its own session, too, because no browser has that one's key meanwhile.
        """
        key = session_key or self.session_key or self._late_key
        if key is None:
            return
        rows = (
            self._rows()
            .filter(digest=self.digest_of(key))
            .only("id", "user", "impersonated_from", "impersonator")
        )
        row = rows.first() or (rows.first() if self._adopt_missing(key) else self._rotated_away(key))
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
                actor=actor_by_key(row.impersonator_id or row.user_id) if actor.pk is None else actor,
            )

    def flush(self) -> None:
        self._keep_marks()
        self._left_by = self.impersonator_id
        super().flush()
        self.row, self.user, self._resolved_key, self._late_key = None, None, None, None
        self._over_at = None
        self._turned_away = self._knew_a_user = self.is_straggler = False

    @classmethod
    def clear_expired(cls) -> None:
        expire_recoveries()
        end_unlawful()
        end_unused()
        purge_old()
        warn_of_expiring()

    def _insert(self, data: dict[str, Any]) -> None:
        """Insert a new row.

        A user signs in to it only where somebody wrote one into a store that never knew one, as tests and some host
        projects do: a copy of a row would outlive its end.
        """
        assert self.session_key is not None
        if self._knew_a_user or isinstance(data.get(SESSION_KEY), FromRow):
            self._forget_user(data)
        written = self._written_user(None, data)
        using = router.db_for_write(Session)
        insert = partial(
            Session.objects.using(using).create,
            digest=self.digest_of(self.session_key),
            kind=self.kind,
            **self._stored(data),
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


def store_of(request: Any) -> SessionStore | None:
    """Return the store of a request; None where it has no session, or one of another engine."""
    store = getattr(request, "session", None)
    return store if isinstance(store, SessionStore) else None


def acting_store() -> SessionStore | None:
    """Return the store of the request that acts now."""
    now = current()
    return now._store if now and isinstance(now._store, SessionStore) else None
