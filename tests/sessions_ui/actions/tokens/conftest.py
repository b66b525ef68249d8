"""A person whose browser vouches for itself, and the tokens they make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.tokens.create import NewToken, create_token

Make = Callable[..., NewToken]


@pytest.fixture(scope="session")
def make_token() -> Make:
    """Makes a token as a command does; what is not said is a month and one scope."""

    def make(user: Any, **said: Any) -> NewToken:
        usual = {
            "name": "Backup",
            "scopes": ["sessions:read"],
            "expires_at": timezone.now() + timedelta(days=30),
        }
        return create_token(user=user, **usual | said)

    return make
