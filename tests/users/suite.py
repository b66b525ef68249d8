"""What has to hold for every user model; run once for each by test_user_models.py."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import Any
from unittest import skipUnless

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AnonymousUser
from django.core import serializers
from django.db import connection, connections, router
from django.test import RequestFactory, TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui import session_lookup
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.help_desk.find_user import users_exactly
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.exceptions import TokenRefused
from sessions_ui.models import Delivery, Device, EndReason, Offboarding, Session
from sessions_ui.store import SessionStore

User: Any = get_user_model()
NAME = "ada@people.example"
USERS = router.db_for_write(User)
COLUMNS = {field.name for field in User._meta.concrete_fields}
HAS_PASSWORD = "password" in COLUMNS


class EveryUserModel(TestCase):
    databases = set(connections)

    def setUp(self) -> None:
        self.user = User(**{User.USERNAME_FIELD: NAME})
        if HAS_PASSWORD:
            self.user.set_password("x")
        self.user.save()
        self.client.force_login(self.user)

    def whoami(self) -> str:
        return self.client.get("/whoami").content.decode()

    def refused_for(self, reason: EndReason) -> None:
        assert self.whoami() == ""
        assert Session.objects.get().end_reason == reason

    def test_the_user_signs_in_and_costs_one_statement_where_a_join_can_do_it(self) -> None:
        statements = int(os.environ["STATEMENTS"])
        assert session_lookup.joins_user() is (statements == 1)
        with CaptureQueriesContext(connection) as here, CaptureQueriesContext(connections[USERS]) as there:
            assert self.whoami() == self.user.get_username()
        assert len(here) + (len(there) if USERS != "default" else 0) == statements

    def test_the_user_costs_the_same_however_often_and_finds_the_same(self) -> None:
        """By the third request of a connection the look-up is prepared, where that is possible."""
        counts = set()
        for _ in range(5):
            with (
                CaptureQueriesContext(connection) as here,
                CaptureQueriesContext(connections[USERS]) as there,
            ):
                assert self.whoami() == self.user.get_username()
            counts.add(len(here) + (len(there) if USERS != "default" else 0))
        assert counts == {int(os.environ["STATEMENTS"])}

    def by_token(self, value: str) -> Any:
        return self.client_class().get("/by-token", headers={"Authorization": f"Bearer {value}"})

    def test_a_token_costs_the_same_and_finds_the_same(self) -> None:
        ends = timezone.now() + timedelta(days=1)
        value = create_token(user=self.user, name="x", scopes=["sessions:read"], expires_at=ends).value
        with self.assertRaises(TokenRefused):
            create_token(user=self.user, name="x", scopes=["tokens:introspect"], expires_at=ends)
        self.by_token(value)  # the first use is noted
        for _ in range(4):
            with (
                CaptureQueriesContext(connection) as here,
                CaptureQueriesContext(connections[USERS]) as there,
            ):
                assert self.by_token(value).content.decode() == self.user.get_username()
            assert len(here) + (len(there) if USERS != "default" else 0) == int(os.environ["STATEMENTS"])
        robot = User(**{User.USERNAME_FIELD: "robot@people.example"})
        robot.save()
        make_service_account(user=robot, owner=self.user)
        asking = create_token(user=robot, name="x", scopes=["tokens:introspect"], expires_at=ends).value
        answer = self.client_class().post(
            "/api/token/introspect",
            f"token={value}",
            content_type="application/x-www-form-urlencoded",
            headers={"Authorization": f"Bearer {asking}"},
        )
        assert (answer.json()["active"], answer.json()["sub"]) == (True, str(self.user.pk))
        assert NAME not in answer.content.decode()
        end_user_sessions(user=self.user, reason=EndReason.ADMINISTRATOR)
        assert self.by_token(value).status_code == 401

    def test_the_user_is_of_the_right_class_and_whole(self) -> None:
        user = SessionStore(self.client.cookies[settings.SESSION_COOKIE_NAME].value).get_user()
        assert type(user) is User and user == self.user
        assert {field.attname for field in User._meta.concrete_fields} <= set(user.__dict__)

    def test_only_one_that_has_been_away_for_longer_than_history_is_kept_is_on_a_new_device(self) -> None:
        """Django's own receiver, which writes the new `last_login`, is connected before ours in this project."""
        found = {}
        for name, days in {"away@people.example": 181, "here@people.example": 179}.items():
            person = User(**{User.USERNAME_FIELD: name})
            if "last_login" in COLUMNS:
                person.last_login = timezone.now() - timedelta(days=days)
            person.save()
            request = RequestFactory().get("/")
            request.session, request.user = SessionStore(), AnonymousUser()
            login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
            found[days] = Session.objects.get(user_id=person.pk).verdict
        assert found == {181: "new" if "last_login" in COLUMNS else "", 179: ""}

    def test_the_devices_of_the_user_are_listed(self) -> None:
        assert self.client.get("/account/devices/").status_code == 200

    def test_ending_is_final(self) -> None:
        receipt = end_user_sessions(user=self.user, reason=EndReason.ADMINISTRATOR)
        assert receipt.ended == 1
        self.refused_for(EndReason.ADMINISTRATOR)

    def test_whoever_was_signed_out_is_told_where_they_have_an_address(self) -> None:
        """And nobody else is, here somebody who has one but was not signed in."""
        has_address = bool(getattr(self.user, "email", ""))
        other = User(**{User.USERNAME_FIELD: "grace@people.example"})
        if has_address:
            other.email = "grace@people.example"
        other.save()
        end_user_sessions(user=self.user, reason=EndReason.ADMINISTRATOR)
        told = [
            (delivery.user_id, delivery.channel, delivery.receiver) for delivery in Delivery.objects.all()
        ]
        assert told == ([(self.user.pk, "mail", NAME)] if has_address else [])

    def test_the_user_is_found_by_what_it_is_called(self) -> None:
        assert users_exactly(NAME) == [self.user.pk]

    def test_who_has_no_address_is_asked_for_no_code(self) -> None:
        self.client_class().force_login(self.user)
        older = Session.objects.latest("pk")
        Session.objects.filter(pk=older.pk).update(signed_in_at=timezone.now() - timedelta(days=1))
        page = self.client.post("/account/devices/sign-out-others/", follow=True).content.decode()
        assert "One more step" in page
        has_address = bool(getattr(self.user, "email", ""))
        assert ('name="code"' in page) is has_address
        assert ("There’s no email address" in page) is not has_address
        assert Session.objects.get(pk=older.pk).is_living

    @skipUnless(HAS_PASSWORD, "of a model with a password")
    def test_a_new_password_by_update_is_refused(self) -> None:
        User._base_manager.filter(pk=self.user.pk).update(password=make_password("y"))
        self.refused_for(EndReason.PASSWORD_CHANGED)

    @skipUnless(HAS_PASSWORD, "of a model with a password")
    def test_a_new_password_by_save_ends_at_once(self) -> None:
        self.user.set_password("y")
        self.user.save()
        assert Session.objects.get().end_reason == EndReason.PASSWORD_CHANGED

    def test_deactivation_ends_at_once(self) -> None:
        if "is_active" in COLUMNS:
            self.user.is_active = False
            self.user.save()
            assert Session.objects.get().end_reason == EndReason.ACCOUNT_DISABLED

    def test_a_fixture_that_says_nothing_new_ends_nothing(self) -> None:
        """Of a child it holds the child's own columns only, and the parents' are at their defaults."""
        parents = [parent._base_manager.get(pk=self.user.pk) for parent in User._meta.parents]
        fixture = serializers.serialize("json", [*parents, self.user])
        for row in serializers.deserialize("json", fixture, using=USERS):
            row.save(using=USERS)
        assert self.whoami() == self.user.get_username()
        assert not Session.objects.filter(ended_at__isnull=False).exists()

    @skipUnless(HAS_PASSWORD, "of a model with a password")
    def test_a_new_password_by_an_instance_that_was_not_fetched_ends_at_once(self) -> None:
        fields = {field.attname: getattr(self.user, field.attname) for field in User._meta.concrete_fields}
        User(**{**fields, "password": make_password("y")}).save(force_update=True)
        assert Session.objects.get().end_reason == EndReason.PASSWORD_CHANGED

    def test_whom_the_default_manager_hides_is_refused(self) -> None:
        if hasattr(self.user, "deleted"):
            User.objects.filter(pk=self.user.pk).update(deleted=True)
            self.refused_for(EndReason.ACCOUNT_DISABLED)

    def test_deletion_ends_at_once(self) -> None:
        self.user.delete()
        assert Session.objects.get().end_reason == EndReason.ACCOUNT_DELETED

    def test_what_a_deleted_account_has_left_is_purged_and_nothing_of_others(self) -> None:
        gone = User(**{User.USERNAME_FIELD: "grace@people.example"})
        gone.save()
        long_ago = timezone.now() - timedelta(days=200)
        old: dict[str, Any] = {"first_seen_at": long_ago, "lost_at": long_ago, "cookie_digest": "x"}
        device, other = (Device.objects.create(user_id=pk, **old) for pk in (gone.pk, self.user.pk))
        Offboarding.objects.create(user_id=gone.pk, ends_at=long_ago)
        User._base_manager.filter(pk=gone.pk).delete()
        assert purge_old() == 2
        assert not Device.objects.filter(pk=device.pk).exists()
        assert Device.objects.filter(pk=other.pk).exists()

    @skipUnless(HAS_PASSWORD, "of a model with a password")
    def test_the_sweep_ends_what_another_password_by_update_has_left(self) -> None:
        User._base_manager.filter(pk=self.user.pk).update(password=make_password("y"))
        assert end_unlawful() == 1
        assert Session.objects.get().end_reason == EndReason.PASSWORD_CHANGED

    def test_the_sweep_ends_what_a_deactivation_by_update_has_left(self) -> None:
        if "is_active" in COLUMNS:
            User._base_manager.filter(pk=self.user.pk).update(is_active=False)
            assert end_unlawful() == 1
            assert Session.objects.get().end_reason == EndReason.ACCOUNT_DISABLED

    def test_the_sweep_ends_what_a_new_generation_by_update_has_left(self) -> None:
        if "generation" in COLUMNS:
            User._base_manager.filter(pk=self.user.pk).update(generation=2)
            assert end_unlawful() == 1
            assert Session.objects.get().end_reason == EndReason.PASSWORD_CHANGED

    def test_the_sweep_ends_what_an_account_that_is_gone_has_left(self) -> None:
        users = User._base_manager.using(USERS).filter(pk=self.user.pk)
        users._raw_delete(USERS)
        assert end_unlawful() == 1
        reason = EndReason.ACCOUNT_DELETED if session_lookup.joins_user() else EndReason.ACCOUNT_DISABLED
        assert Session.objects.get().end_reason == reason

    def test_the_sweep_ends_what_the_default_manager_hides(self) -> None:
        if "deleted" in COLUMNS:
            User.objects.filter(pk=self.user.pk).update(deleted=True)
            assert end_unlawful() == 1
            assert Session.objects.get().end_reason == EndReason.ACCOUNT_DISABLED

    def test_the_sweep_ends_nothing_that_is_lawful_and_judges_nothing_twice(self) -> None:
        with CaptureQueriesContext(connection) as statements:
            assert end_unlawful() == 0
        judged = re.compile("SELECT .*FROM .sessions_ui_session. WHERE .*sessions_ui_session.\\..id. IN")
        assert not [query["sql"] for query in statements if judged.match(query["sql"])]
