"""A changed credential is an event, whether or not a session ends because of it."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui import credential_changed
from sessions_ui.conf import conf
from sessions_ui.credentials import CredentialChange, CredentialKind, CredentialStore
from tests.models import Event, EventDetail

pytestmark = pytest.mark.django_db


def test_the_event_says_what_changed_and_its_name_can_be_erased(user: Any) -> None:
    event = credential_changed(
        user=user, kind=CredentialKind.PASSKEY, change=CredentialChange.ADDED, label="My laptop"
    )
    assert event.kind == Event.Kind.CREDENTIAL_CHANGED
    assert (event.user_id, event.actor_id, event.session_id) == (user.pk, None, None)
    assert event.data == {"credential": "passkey", "change": "added"}
    assert EventDetail.objects.get(event=event).text == "My laptop"


def test_the_event_names_who_changed_it(user: Any, administrator: Any) -> None:
    event = credential_changed(
        user=user, kind=CredentialKind.TOTP, change=CredentialChange.REMOVED, actor=administrator
    )
    assert (event.user_id, event.actor_id) == (user.pk, administrator.pk)


def test_without_a_store_no_credential_is_known(user: Any, settings: Any) -> None:
    given = {name: value for name, value in settings.SESSIONS_UI.items() if name != "CREDENTIALS"}
    settings.SESSIONS_UI = given
    assert conf.credentials is CredentialStore
    assert conf.credentials().of(user) == []
