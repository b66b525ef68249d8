"""Session auth hashes that are made many at a time are Django's own."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser

from sessions_ui.actions.sessions.rules.password_hashes import hasher, is_of_password_alone


@pytest.mark.parametrize("password", ["", "!unusable", "md5$salt$hash", "pbkdf2_sha256$1$é$ü"])
def test_a_hash_is_the_one_that_django_makes(password: str, settings: Any) -> None:
    user = get_user_model()(password=password)
    assert hasher()(password) == {user.get_session_auth_hash()}
    settings.SECRET_KEY_FALLBACKS = ["a former one", b"and one of bytes"]
    assert hasher()(password) == {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}


def test_a_user_model_with_a_hash_of_its_own_is_asked_itself() -> None:
    class Salted(AbstractBaseUser):
        class Meta:
            abstract = True

        def get_session_auth_hash(self) -> str:
            return "mine"

    assert is_of_password_alone(get_user_model())
    assert not is_of_password_alone(Salted)
    assert not is_of_password_alone(object)
