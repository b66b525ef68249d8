"""What is said of a changed credential."""

from __future__ import annotations

import pytest

from sessions_ui.wording.credentials import change_text
from tests.models import Event


@pytest.mark.parametrize(
    ("credential", "said"),
    [("token", "An access token was given another end"), ("passkey", "A passkey was changed")],
)
def test_another_end_is_that_of_an_access_token_alone(credential: str, said: str) -> None:
    """A host names the kind, and may say of any that only its end has changed."""
    data = {"credential": credential, "change": "changed", "only_end": True}
    assert change_text(Event(kind=Event.Kind.CREDENTIAL_CHANGED, data=data)) == said
