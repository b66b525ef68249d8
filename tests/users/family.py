"""What sends its own class for the row of a user, or for a part of it; and what must go without our receivers.

Run by test_user_models.py in a process where ChildUser, a child of Person, is the user model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models import signals
from django.test import TestCase
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from sessions_ui import context
from sessions_ui.exceptions import NotTheOwner
from sessions_ui.models import Device, EndReason, Event, Session
from tests.users.models import (
    AliasOfChild,
    AliasOfGroup,
    AliasOfParent,
    Book,
    ChildUser,
    ClubUser,
    Grandchild,
    Person,
    Shelf,
    Tag,
)

User: Any = get_user_model()


class LateAlias(ChildUser):
    """Defined when the receivers have been connected long ago."""

    class Meta:
        app_label = "users"
        proxy = True


class LateAliasOfGrandchild(Grandchild):
    class Meta:
        app_label = "users"
        proxy = True


# Each has a row for the user that `setUp()` makes.
PARTS: tuple[Any, ...] = (
    ChildUser,
    AliasOfChild,
    LateAlias,
    Person,
    AliasOfParent,
    Grandchild,
    LateAliasOfGrandchild,
    ClubUser,
)


class Family(TestCase):
    def setUp(self) -> None:
        self.bystander = Grandchild.objects.create_user("grace", "grace@people.example", "x")
        self.client_class().force_login(self.bystander)
        # The number of her club is the one of Grace's account.
        ClubUser.objects.create_user(
            "ada", "ada@people.example", "x", is_staff=True, number=self.bystander.pk
        )
        self.user = User.objects.get(username="ada")
        self.client.force_login(self.user)

    def reasons(self) -> list[str]:
        """Of Ada's sessions; Grace's lives on, whatever happens to Ada."""
        assert Session.objects.get(user_id=self.bystander.pk).is_living
        return list(Session.objects.filter(user_id=self.user.pk).values_list("end_reason", flat=True))

    def ends_for_each(self, change: Callable[[Any], None], reason: EndReason) -> None:
        for model in PARTS:
            with self.subTest(model.__name__), rolled_back():
                change(model.objects.get(username="ada"))
                self.assertEqual(self.reasons(), [reason])
                self.assertEqual(Event.objects.filter(kind=Event.Kind.ENDED).count(), 1)

    def test_a_new_password_ends_its_sessions(self) -> None:
        def change(row: Any) -> None:
            row.set_password("y")
            row.save()

        self.ends_for_each(change, EndReason.PASSWORD_CHANGED)

    def settle(self) -> None:
        """As if Ada had confirmed these devices two days ago: else nobody there chooses a new password."""
        now = timezone.now()
        Device.objects.filter(user_id=self.user.pk).update(confirmed_at=now - timedelta(days=2))
        Session.objects.filter(user_id=self.user.pk).update(reviewed_at=now)

    def test_a_session_that_is_not_settled_chooses_none(self) -> None:
        self.client.force_login(self.user)
        for model in PARTS:
            with self.subTest(model.__name__), rolled_back():
                before = User.objects.get(pk=self.user.pk).password
                answer = self.client.post("/own-password", {"model": model._meta.model_name})
                self.assertEqual(answer.status_code, 403)
                self.assertEqual(User.objects.get(pk=self.user.pk).password, before)

    def test_a_new_password_keeps_the_session_that_chose_it(self) -> None:
        """The user model has a session auth hash of its own here, as only the user model knows it."""
        with mock.patch.object(User, "get_session_auth_hash", lambda user: f"own {user.password}"[:64]):
            self.client.force_login(self.user)
            other = self.client_class()
            other.force_login(self.user)
            self.settle()
            for model in PARTS:
                with self.subTest(model.__name__), rolled_back():
                    with CaptureQueriesContext(connection) as statements:
                        self.client.post("/own-password", {"model": model._meta.model_name})
                    # Its next hash is announced, which a parent's row does not know.
                    announced = any(re.search("SET .next_auth_hash", query["sql"]) for query in statements)
                    self.assertIs(announced, issubclass(model, User))
                    self.assertEqual(self.client.get("/whoami").content, b"ada")
                    self.assertEqual(other.get("/whoami").content, b"")

    def test_switching_it_off_ends_its_sessions(self) -> None:
        def change(row: Any) -> None:
            row.is_active = False
            row.save(update_fields=["is_active"])

        self.ends_for_each(change, EndReason.ACCOUNT_DISABLED)

    def test_a_lost_right_ends_its_sessions(self) -> None:
        def change(row: Any) -> None:
            row.is_staff = False
            row.save()

        self.ends_for_each(change, EndReason.ACCESS_CHANGED)

    def test_deletion_ends_its_sessions(self) -> None:
        self.ends_for_each(lambda row: row.delete(), EndReason.ACCOUNT_DELETED)

    def test_deletion_by_a_queryset_ends_its_sessions(self) -> None:
        self.ends_for_each(
            lambda row: type(row).objects.filter(username="ada").delete(), EndReason.ACCOUNT_DELETED
        )

    def test_a_save_that_changes_nothing_ends_nothing(self) -> None:
        for model in PARTS:
            with self.subTest(model.__name__), rolled_back():
                model.objects.get(username="ada").save()
                self.assertEqual(self.reasons(), [""])

    def test_a_person_who_is_no_user_changes_freely(self) -> None:
        person = Person.objects.create_user("sam", "sam@people.example", "x")
        person.set_password("y")
        person.save()
        person.delete()
        self.assertEqual(self.reasons(), [""])

    @override_settings(SESSIONS_UI={"ACCESS_GROUPS": ["editors"]})
    def test_a_group_that_is_deleted_as_a_proxy_ends_the_sessions_of_its_members(self) -> None:
        self.user.groups.add(Group.objects.create(name="editors"))
        AliasOfGroup.objects.get(name="editors").delete()
        self.assertEqual(self.reasons(), [EndReason.ACCESS_CHANGED])

    @override_settings(SESSIONS_UI={"ACCESS_GROUPS": ["editors"]})
    def test_a_group_that_is_left_ends_the_sessions_whichever_class_says_so(self) -> None:
        self.user.groups.add(Group.objects.create(name="editors"))
        for model in PARTS:
            with self.subTest(model.__name__), rolled_back():
                model.objects.get(username="ada").groups.clear()
                self.assertEqual(self.reasons(), [EndReason.ACCESS_CHANGED])

    def test_staff_that_uses_the_account_changes_none_of_them(self) -> None:
        for model in PARTS:
            with self.subTest(model.__name__), by_support(self.user):
                row = model.objects.get(username="ada")
                with self.assertRaises(NotTheOwner), transaction.atomic():
                    row.delete()
                row.password = "y"
                with self.assertRaises(NotTheOwner), transaction.atomic():
                    row.save()

    @override_settings(SESSIONS_UI={"OWNER_ONLY_MODELS": ["users.Shelf"]})
    def test_staff_changes_no_row_of_a_model_that_the_setting_names(self) -> None:
        shelf = Shelf.objects.create(name="Keys")
        with by_support(self.user):
            with self.assertRaises(NotTheOwner), transaction.atomic():
                shelf.save()
            with self.assertRaises(NotTheOwner), transaction.atomic():
                Shelf.objects.all().delete()
            Tag.objects.create(word="blue")


class OtherModels(TestCase):
    """A model of the host costs what it costs without us."""

    def test_deleting_rows_with_children(self) -> None:
        def delete() -> None:
            shelves = Shelf.objects.bulk_create(Shelf(name=str(number)) for number in range(200))
            Book.objects.bulk_create(Book(shelf=shelf) for shelf in shelves for _ in range(2))
            with self.counted():
                Shelf.objects.all().delete()

        self.costs_what_django_needs(delete, at_most=10)

    def test_adding_to_a_many_to_many_relation(self) -> None:
        def add() -> None:
            shelf = Shelf.objects.create(name="Poetry")
            tags = Tag.objects.bulk_create(Tag(word=str(number)) for number in range(20))
            with self.counted():
                shelf.tags.add(*tags)

        self.costs_what_django_needs(add, at_most=1)

    def test_a_model_that_is_no_longer_named_is_free_again(self) -> None:
        with override_settings(SESSIONS_UI={"OWNER_ONLY_MODELS": ["users.Book"]}):
            self.assertTrue(signals.pre_delete.has_listeners(Book))
        self.assertFalse(signals.pre_delete.has_listeners(Book))

    @contextmanager
    def counted(self) -> Iterator[None]:
        with CaptureQueriesContext(connection) as statements:
            yield
        self.statements = len(statements)

    def costs_what_django_needs(self, act: Callable[[], None], *, at_most: int) -> None:
        with rolled_back():
            act()
        ours = self.statements
        with nobody_listens(), rolled_back():
            act()
        self.assertEqual(ours, self.statements)
        self.assertLessEqual(ours, at_most, "this is not the fast way that was to be tested")


@contextmanager
def nobody_listens() -> Iterator[None]:
    """Django alone."""
    with ExitStack() as patches:
        for signal in vars(signals).values():
            if isinstance(signal, signals.ModelSignal):
                patches.enter_context(mock.patch.object(signal, "receivers", []))
                patches.enter_context(
                    mock.patch.object(signal, "sender_receivers_cache", WeakKeyDictionary())
                )
        yield


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def by_support(user: Any) -> Iterator[None]:
    """As in a request of support, whatever its view calls."""
    token = context.begin(context.Acting(SimpleNamespace(session_id=0, user_id=user.pk, impersonator_id=0)))
    try:
        yield
    finally:
        context.finish(token)
