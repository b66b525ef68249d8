"""Every model reads from the database that is written to, by whatever way it is read."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model

from sessions_ui.models.fields import OneUserKey, UserKey
from sessions_ui.models.primary import PrimaryManager, PrimaryQuerySet, all_users, visible_users
from tests.models import Session

ALL = list(apps.get_app_config("sessions_ui").get_models())
KEYS = [field for model in ALL for field in model._meta.concrete_fields if field.is_relation]
# Reverse relations, those of the host's user included ("sessions", "devices").
BACKWARDS = [field.remote_field for field in KEYS if not field.remote_field.hidden]


class Elsewhere:
    """A host's router: reads go to a replica."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "primary"


@pytest.fixture
def elsewhere(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [f"{__name__}.Elsewhere"]


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_a_model_reads_from_the_database_that_is_written_to(model: Any, elsewhere: None) -> None:
    for manager in (model._default_manager, model._base_manager, *model._meta.managers):
        assert isinstance(manager, PrimaryManager)
        assert isinstance(manager.all(), PrimaryQuerySet)
        assert manager.db == "primary"
        assert manager.all().db == "primary"
        assert manager.filter(pk__in=[]).values("pk").union(manager.values("pk")).db == "primary"


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.model.__name__}.{key.name}")
def test_a_foreign_key_is_followed_in_the_database_that_is_written_to(key: Any, elsewhere: None) -> None:
    followed = getattr(key.model, key.name).get_queryset(instance=key.model())
    assert followed.db == "primary"


@pytest.mark.parametrize("relation", BACKWARDS, ids=lambda relation: relation.name)
def test_a_relation_is_followed_backwards_in_the_database_that_is_written_to(relation: Any) -> None:
    """Under the router of the suite: a related manager asks what kind of database "replica" is, which is none here."""
    owner = relation.model(pk=relation.model._meta.pk.to_python("1" * 32))
    if relation.multiple:
        assert getattr(owner, relation.get_accessor_name()).all().db == "default"
    else:
        assert (
            getattr(relation.model, relation.get_accessor_name()).get_queryset(instance=owner).db == "default"
        )


def test_every_reference_to_a_user_is_one_that_is_followed_to_the_right_database() -> None:
    to_users = [key for key in KEYS if key.remote_field.model is get_user_model()]
    assert {type(key) for key in to_users} == {UserKey, OneUserKey}


def test_a_caller_may_name_another_database(elsewhere: None) -> None:
    assert Session.objects.using("replica").db == "replica"
    assert Session.objects.db_manager("replica").all().db == "replica"
    assert Session.objects.using("replica").living().db == "replica"


def test_what_a_caller_read_from_another_database_is_followed_there() -> None:
    session = Session()
    session._state.db = "archive"
    assert Session.device.get_queryset(instance=session).db == "archive"


def test_the_users_are_read_from_the_database_that_is_written_to(elsewhere: None) -> None:
    assert all_users().db == "primary"
    assert visible_users().db == "primary"


def test_the_querysets_methods_are_the_managers_too() -> None:
    assert isinstance(Session.objects.living(), PrimaryQuerySet)
