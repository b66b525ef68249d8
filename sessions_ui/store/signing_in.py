"""Sign in to a session: its user, as Django or somebody else has written them into its data."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY

from sessions_ui.actions.sign_in.attempt import SignInAttempt, attempt_in
from sessions_ui.actions.sign_in.pending import BEGUN_KEY, begun_key
from sessions_ui.actions.sign_in.provider import PROVIDER_KEY
from sessions_ui.actions.sign_in.sign_in import ReadRow, SignIn, sign_in
from sessions_ui.actions.sign_in.written import sign_in_written, user_of
from sessions_ui.exceptions import KeyRotated, NotTheOwner
from sessions_ui.models import Session
from sessions_ui.session_user import FromRow, WrittenUser, columns_in, keys_of
from sessions_ui.store.resolving import hides_keys
from sessions_ui.store.writing import Writing

MARKS = (f"{BEGUN_KEY}.", PROVIDER_KEY)  # what their names begin with


class SigningIn(Writing):
    """A session store that users sign in to, and that keeps what a sign-in under way has left in it."""

    @hides_keys
    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        # What the first step of a sign-in has left in the session that `login()` emptied since.
        self._marks: dict[str, Any] = {}
        # The device cookie that the browser should keep (an app: the device token), after a sign-in.
        self.device_cookie: str | None = None
        # `login()` has written a user into the session who was not let in (yet).
        self._turned_away = False
        # Who was written into the session last was signed in when it was saved.
        self.has_signed_in_by_saving = False

    @hides_keys
    def sign_in(self, attempt: SignInAttempt) -> SignIn:
        """Sign the user of `attempt` in. Called when Django has put the user into the session.

        There may be no key or row yet (a sign-in as another user), and a second sign-in as the same user does not
        rotate the key by itself.
        """
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
        read = ReadRow(row, self.digest_of(key), new_digest=self.digest_of(new_key) if new_key else "")
        self._turned_away = True
        try:
            result = (sign_in if attempt.written is None else sign_in_written)(attempt=attempt, row=read)
        except KeyRotated:  # another tab was faster: what this one has must not be written over its session
            self.is_straggler = True
            raise
        self._turned_away = False
        self._signed_in(attempt.user, result, new_key)
        return result

    def _signed_in(self, user: Any, result: SignIn, new_key: str | None) -> None:
        """Make the row the user's from now on, under `new_key`, where it got one."""
        self._knew_a_user = True
        if new_key:
            self._take_key(new_key)
            self.modified = True
        self._forget_marks_of(user)
        self._mark_user()
        self.row, self.user = result.session, user
        self.device_cookie = result.device_cookie

    def _sign_in_written(self, written: WrittenUser) -> Session:
        """Sign in whom somebody has written into the session; raise `SignInRefused` where that is refused.

        What the request of this session says is used, where there is one. As with `login()`, nobody goes on in the
        session of somebody else.
        """
        data = self._session
        if self.row is not None and self.row.user_id is not None:
            self.flush()
            self._session_cache = data
        row = self.sign_in(attempt_in(self, user_of(written), written)).session
        self._session_cache.update(keys_of(row))
        self.has_signed_in_by_saving = self.modified = True
        return row

    def secrets(self) -> list[str | None]:
        return [*super().secrets(), self.device_cookie]

    def turn_away(self) -> None:
        """Refuse whoever tried to sign in here. Whoever was signed in before still is."""
        row = self.resolve()
        if row is None or row.user_id is None:
            self.flush()
            self.refusal = None  # this one is what they are told
            return
        self.__dict__.pop("_session_cache", None)
        self._turned_away = self.modified = False

    def user_was_written(self) -> None:
        super().user_was_written()
        self._turned_away = self.has_signed_in_by_saving = False

    def mark_of(self, user: Any, name: str) -> dict[str, Any] | None:
        """Return what the first step of a sign-in as this user has left; None where it was somebody else's."""
        mark: dict[str, Any] | None = self.get(name) or self._marks.get(name)
        return mark if mark is not None and mark["user"] == str(user.pk) else None

    def _keep_marks(self) -> None:
        """Keep what a sign-in under way has left here: `login()` empties the session of somebody else before it
        asks."""
        row = self.resolve()
        data = self.__dict__.get("_session_cache")
        if data is None and row is not None and row.payload:
            data = self.decode(row.payload)
        self._marks = {name: mark for name, mark in (data or {}).items() if str(name).startswith(MARKS)}

    def _forget_marks_of(self, user: Any) -> None:
        for name in (begun_key(user), PROVIDER_KEY):
            if self.mark_of(user, name) is not None:
                self.pop(name, None)
                self._marks.pop(name, None)

    def _written_user(self, row: Session | None, data: dict[str, Any]) -> WrittenUser | None:
        """Return whom somebody has written into the data, and who is not the row's; None where there is nobody.

        A copy of another row's user, and one whom no backend would let answer, is taken out again: nobody is signed in
        by that.
        """
        given = columns_in(data)
        if given["user_id"] in (None, row.user_id if row else None):
            return None
        if isinstance(data[SESSION_KEY], FromRow) or given["backend"] not in settings.AUTHENTICATION_BACKENDS:
            self._take_back_user()
            return None
        return WrittenUser(**given, at=self._user_written_at)

    def _take_back_user(self) -> None:
        """Take the user out of the data whom `login()` has written but who was not let in.

        Whoever was signed in before still is.
        """
        cache = self.__dict__.get("_session_cache", {})
        was_written = SESSION_KEY in cache
        self._forget_user()
        row = self.row if self.session_key == self._resolved_key else None
        if was_written and row is not None and row.user_id is not None:
            cache.update(keys_of(row))
