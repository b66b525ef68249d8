from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction


def test_a_user_needs_an_email_address() -> None:
    with pytest.raises(ValueError, match="email address"):
        get_user_model().objects.create_user("")


def test_the_address_is_kept_in_lower_case(db: None) -> None:
    assert get_user_model().objects.create_user("Ada@People.Example").email == "ada@people.example"


def test_two_users_cannot_differ_only_in_case(db: None) -> None:
    users = get_user_model().objects
    users.create_user("ada@people.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        users.bulk_create([get_user_model()(email="ADA@people.example")])


def test_the_natural_key_ignores_case(db: None) -> None:
    user = get_user_model().objects.create_user("ada@people.example")
    assert get_user_model().objects.get_by_natural_key("ADA@people.example") == user


def test_a_superuser_is_staff(db: None) -> None:
    user = get_user_model().objects.create_superuser("root@staff.example", "x")
    assert (user.is_staff, user.is_superuser) == (True, True)


def test_a_user_without_a_name_goes_by_the_address(db: None) -> None:
    user = get_user_model().objects.create_user("ada@people.example")
    assert (str(user), user.get_full_name(), user.get_short_name()) == (user.email,) * 3
