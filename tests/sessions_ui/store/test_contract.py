"""Django's own tests for a database session backend, run on ours.

Left out are the tests of `SessionTestsMixin` that say the opposite of what this engine is for; each has a twin below.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.backends.base import UpdateError
from django.test import TestCase, override_settings
from django.utils import timezone

from sessions_ui.store import SessionStore
from tests.models import Session, digest_of


class StoreContract(TestCase):
    """What every backend of Django's promises (django/tests/sessions_tests/tests.py, SessionTestsMixin)."""

    def setUp(self) -> None:
        self.session = SessionStore()

    def test_a_session_starts_unmodified_and_unaccessed(self) -> None:
        assert not self.session.modified and not self.session.accessed

    def test_getting_marks_it_as_accessed_only(self) -> None:
        assert self.session.get("cat") is None
        assert self.session.accessed and not self.session.modified

    def test_setting_marks_it_as_modified(self) -> None:
        self.session["cat"] = "dog"
        assert self.session.modified
        assert self.session.pop("cat") == "dog"

    def test_popping_what_is_missing_changes_nothing(self) -> None:
        assert self.session.pop("missing", "default") == "default"
        with pytest.raises(KeyError):
            self.session.pop("missing")
        assert not self.session.modified

    def test_a_session_saves_and_loads(self) -> None:
        self.session["cat"] = "dog"
        self.session.save()
        assert SessionStore(self.session.session_key)["cat"] == "dog"

    def test_a_session_saves_without_a_key(self) -> None:
        self.session.save()
        assert self.session.exists(self.session.session_key)

    def test_no_key_is_the_key_of_nothing(self) -> None:
        self.session.save()
        assert SessionStore().exists(None) is False

    def test_one_that_was_just_made_is_modified(self) -> None:
        self.session.create()
        assert self.session.modified

    def test_a_key_that_is_taken_is_nobody_elses(self) -> None:
        self.session["cat"] = "dog"
        self.session.save()
        taken = self.session.session_key
        new = SessionStore()
        keys = iter([taken, "k" * 32])
        new.new_key = lambda: next(keys)
        new.create()
        assert (new.session_key, new.load()) == ("k" * 32, {})
        assert SessionStore(taken).load() == {"cat": "dog"}

    def test_saving_twice_keeps_one_row(self) -> None:
        self.session.save()
        self.session["cat"] = "dog"
        self.session.save()
        assert Session.objects.count() == 1

    def test_deleting_removes_an_anonymous_one(self) -> None:
        self.session.save()
        self.session.delete(self.session.session_key)
        assert not self.session.exists(self.session.session_key)
        assert Session.objects.count() == 0

    def test_flushing_forgets_key_and_data(self) -> None:
        self.session["cat"] = "dog"
        self.session.save()
        key = self.session.session_key
        self.session.flush()
        assert not self.session.exists(key)
        assert self.session.session_key is None
        assert self.session.modified and self.session.accessed
        assert list(self.session.items()) == []

    def test_cycling_keeps_the_data_and_replaces_the_key(self) -> None:
        self.session["a"] = "b"
        self.session.save()
        key = self.session.session_key
        self.session.cycle_key()
        assert not self.session.exists(key)
        assert self.session.session_key != key
        assert SessionStore(self.session.session_key)["a"] == "b"

    def test_cycling_what_was_never_saved_saves_it(self) -> None:
        self.session["a"] = "b"
        self.session.cycle_key()
        assert self.session.session_key is not None and self.session.modified
        assert SessionStore(self.session.session_key)["a"] == "b"

    def test_cycling_loads_first(self) -> None:
        self.session["a"] = "b"
        self.session.save()
        session = SessionStore(self.session.session_key)
        session.cycle_key()
        assert dict(session.items()) == {"a": "b"}

    @pytest.mark.control("ASVS 7.2.1")
    def test_an_invented_key_is_not_adopted(self) -> None:
        session = SessionStore("1" * 32)
        session["cat"] = "dog"
        session.save()
        assert session.session_key != "1" * 32

    def test_a_key_that_is_too_short_is_none_at_all(self) -> None:
        session = SessionStore("1234567")
        assert session.session_key is None

    def test_saving_what_was_deleted_raises_and_creates_nothing(self) -> None:
        self.session["cat"] = "dog"
        self.session.save()
        other = SessionStore(self.session.session_key)
        assert other["cat"] == "dog"
        self.session.delete()
        other["cat"] = "cow"
        with pytest.raises(UpdateError):
            other.save()
        assert Session.objects.count() == 0

    def test_a_session_past_its_time_is_empty(self) -> None:
        self.session["cat"] = "dog"
        self.session.set_expiry(-60)
        self.session.save()
        assert "cat" not in SessionStore(self.session.session_key)

    def test_the_expiry_of_a_session_is_a_number_a_date_or_the_default(self) -> None:
        self.session.set_expiry(10)
        assert self.session.get_expiry_age() == 10
        with time_machine.travel(timezone.now(), tick=False):
            self.session.set_expiry(timezone.now() + timedelta(seconds=10))
            assert self.session.get_expiry_age() == 10
        self.session.set_expiry(None)
        with override_settings(SESSION_COOKIE_AGE=77):
            assert self.session.get_expiry_age() == 77
        self.session.set_expiry(0)
        assert self.session.get_expire_at_browser_close()

    def test_corrupt_data_is_an_empty_session_and_a_warning(self) -> None:
        self.session["cat"] = "dog"
        self.session.save()
        Session.objects.update(payload="no signature")
        with self.assertLogs("django.security.SuspiciousSession", "WARNING"):
            assert dict(SessionStore(self.session.session_key).items()) == {}

    def test_clear_expired_removes_what_is_past_its_time(self) -> None:
        self.session["cat"] = "dog"
        self.session.set_expiry(-60)
        self.session.save()
        kept = SessionStore()
        kept.save()
        SessionStore.clear_expired()
        assert [row.digest for row in Session.objects.all()] == [digest_of(kept.session_key)]

    async def test_the_asynchronous_twins_do_the_same(self) -> None:
        await self.session.aset("cat", "dog")
        await self.session.asave()
        key = self.session.session_key
        assert await SessionStore(key).aget("cat") == "dog"
        assert await self.session.aexists(key)
        await self.session.acycle_key()
        assert not await self.session.aexists(key)
        assert await SessionStore(self.session.session_key).aget("cat") == "dog"
        await self.session.aflush()
        assert self.session.session_key is None
        assert await Session.objects.acount() == 0


@pytest.mark.django_db
def test_the_key_of_a_session_is_nowhere_in_the_database() -> None:
    session = SessionStore()
    session["cat"] = "dog"
    session.save()
    row = Session.objects.values().get()
    assert session.session_key not in "".join(map(str, row.values()))
    assert row["digest"] == digest_of(session.session_key)


@pytest.mark.django_db
def test_an_emptied_session_that_has_a_key_is_still_saved() -> None:
    session = SessionStore()
    session["cat"] = "dog"
    session.save()
    session.clear()
    session.save()
    assert dict(SessionStore(session.session_key).items()) == {}
    assert Session.objects.count() == 1
