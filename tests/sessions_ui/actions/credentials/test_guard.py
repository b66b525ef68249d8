"""`require_settled()`: whom it asks, and whom it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import set_urlconf
from django.utils import timezone

from sessions_ui import context, require_settled
from sessions_ui.actions.credentials.guard import is_enforced
from sessions_ui.context import own_step
from sessions_ui.credentials import CredentialKind
from sessions_ui.exceptions import AccountFrozen, FurtherProofNeeded
from sessions_ui.receivers import guard_credentials
from sessions_ui.store import SessionStore
from tests.aging import long_ago
from tests.models import AccountState, Session, VerificationCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def laptop(user: Any, browser: Any) -> Any:
    """The second device, just signed in."""
    browser().sign_in(user)
    long_ago(user)
    client = browser()
    client.sign_in(user)
    return client


@contextmanager
def acting(client: Any, **options: Any) -> Iterator[None]:
    token = context.begin(context.Acting(SessionStore(client.session.session_key), **options))
    try:
        yield
    finally:
        context.finish(token)


def ask(user: Any, kind: CredentialKind = CredentialKind.PASSKEY) -> None:
    require_settled(user=user, kind=kind)


@pytest.mark.parametrize("kind", CredentialKind)
def test_a_session_that_is_not_settled_is_refused_and_told_what(
    kind: CredentialKind, laptop: Any, user: Any
) -> None:
    with acting(laptop), pytest.raises(FurtherProofNeeded, match=kind) as refused:
        ask(user, kind)
    assert refused.value.kind is kind


def test_a_settled_session_and_one_that_has_given_the_proof_are_not(laptop: Any, user: Any) -> None:
    session = Session.objects.of(user).latest("pk")
    give(session, VerificationCode.Purpose.CREDENTIAL)
    with acting(laptop):
        ask(user)
    VerificationCode.objects.all().delete()
    first = Session.objects.of(user).earliest("pk").device_id
    Session.objects.filter(pk=session.pk).update(device=first, verdict="")
    with acting(laptop):
        ask(user)


def test_while_the_account_is_frozen_no_proof_is_asked_for(laptop: Any, user: Any) -> None:
    """It would not help."""
    until = timezone.now() + timedelta(days=1)
    AccountState.objects.update_or_create(pk=user.pk, defaults={"frozen_until": until})
    with acting(laptop), pytest.raises(AccountFrozen):
        ask(user)


def test_a_step_of_the_recovery_is_not_asked(laptop: Any, user: Any) -> None:
    with acting(laptop), own_step():
        ask(user)


def give(session: Session, purpose: VerificationCode.Purpose) -> None:
    now = timezone.now()
    VerificationCode.objects.create(
        user_id=session.user_id, session=session, purpose=purpose, nonce="n", expires_at=now, given_at=now
    )


def test_a_proof_for_something_else_does_not_count(laptop: Any, user: Any) -> None:
    session = Session.objects.of(user).latest("pk")
    for purpose in set(VerificationCode.Purpose) - {VerificationCode.Purpose.CREDENTIAL}:
        give(session, purpose)
    with acting(laptop), pytest.raises(FurtherProofNeeded):
        ask(user)


def test_the_session_of_somebody_else_is_not_asked(laptop: Any, other_user: Any) -> None:
    with acting(laptop):
        ask(other_user)


def test_neither_is_a_reset_nor_what_is_no_request(laptop: Any, user: Any) -> None:
    with acting(laptop, resets_password=lambda: True):
        ask(user)
    ask(user)


class Impersonating:
    """The session in which staff uses an account."""

    def __init__(self, user: Any, staff: Any) -> None:
        self.session_id: int = Session.objects.of(user).latest("pk").pk
        self.user_id, self.impersonator_id = user.pk, staff.pk


def test_staff_that_uses_the_account_is_left_to_the_rules_for_that(
    laptop: Any, user: Any, administrator: Any
) -> None:
    token = context.begin(context.Acting(Impersonating(user, administrator)))
    try:
        ask(user)
    finally:
        context.finish(token)


def test_the_guard_is_in_force_where_the_proof_can_be_given(settings: Any) -> None:
    assert is_enforced()
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIAL_GUARD": False}
    assert not is_enforced()
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIAL_GUARD": True}
    settings.ROOT_URLCONF = "sessions_ui.help_desk.urls"
    assert not is_enforced()


@pytest.mark.parametrize("urls", ["tests.sessions_ui.test_context"])
def test_a_request_that_is_served_by_other_urls_is_asked_all_the_same(
    urls: str, laptop: Any, user: Any
) -> None:
    set_urlconf(urls)
    try:
        with acting(laptop), pytest.raises(FurtherProofNeeded):
            ask(user)
    finally:
        set_urlconf(None)


@pytest.mark.parametrize(
    ("field", "value"), [("password", "not a hash"), ("email", "evil@thief.example"), ("email", "")]
)
def test_the_user_model_is_guarded_by_the_app_itself(field: str, value: str, laptop: Any, user: Any) -> None:
    setattr(user, field, value)
    with acting(laptop), pytest.raises(FurtherProofNeeded):
        user.save()
    stored = type(user).objects.get(pk=user.pk)
    assert getattr(stored, field) != value
    assert not Session.objects.of(user).exclude(next_auth_hash="").exists(), "nothing was announced either"


@pytest.mark.parametrize(
    ("before", "now", "asked"),
    [
        ("ada@people.example", "ada@people.example", False),
        ("ada@people.example", "Ada@People.Example", False),
        ("Ada@People.Example", "ada@people.example", False),
        (None, "", False),
        ("", None, False),
        ("ada@people.example", "eve@people.example", True),
        ("ada@people.example", "", True),
        ("ada@people.example", None, True),
        ("", "eve@people.example", True),
        (None, "eve@people.example", True),
    ],
)
def test_an_address_is_another_one_where_more_than_its_case_changes(
    before: str | None, now: str | None, asked: bool, laptop: Any, user: Any
) -> None:
    """And no address is no address, however it is stored."""
    stored = {"pk": user.pk, "email": before}
    saved = SimpleNamespace(pk=user.pk, email=now)
    refused = pytest.raises(FurtherProofNeeded) if asked else nullcontext()
    with acting(laptop), refused:
        guard_credentials(saved, stored, None)


def test_other_fields_and_another_case_of_the_address_are_nobodys_credential(laptop: Any, user: Any) -> None:
    user.name, user.email = "Ada L.", user.email.upper()
    with acting(laptop):
        user.save()
    assert type(user).objects.get(pk=user.pk).name == "Ada L."
