"""The link in a mail to an address that the owner has removed: it ends what the mail is about, access tokens too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.devices.former_address import end_by_former_address
from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.tokens.create import create_token
from tests.conftest import Browser
from tests.models import AccessToken, EndReason, Recovery, Session

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Scene:
    """Somebody who is signed in on two devices; on the first one twice, and once in a session that is long over."""

    reported: Session
    beside: Session
    over: Session
    elsewhere: Session


def on_device(session: Session, user: Any, digest: str) -> Session:
    now = timezone.now()
    return Session.objects.create(
        user_id=user.pk,
        device_id=session.device_id,
        digest=digest,
        signed_in_at=now,
        expires_at=now + timedelta(days=1),
    )


@pytest.fixture
def scene(user: Any) -> Scene:
    for _ in range(2):
        Browser().force_login(user)
    reported, elsewhere = Session.objects.of(user).order_by("pk")
    over = on_device(reported, user, "over")
    end_session(session=over, reason=EndReason.SIGNED_OUT)
    return Scene(reported, on_device(reported, user, "beside"), over, elsewhere)


def token_of(user: Any, made_in: Session | None) -> int:
    made = create_token(
        user=user, name="Backup", scopes=["sessions:read"], expires_at=timezone.now() + timedelta(days=1)
    )
    AccessToken.objects.filter(pk=made.token.pk).update(made_in=made_in)
    return made.token.pk


MAKERS: dict[str, tuple[Callable[[Scene], Session | None], bool]] = {
    "the session that the mail is about": (lambda it: it.reported, True),
    "another one on its device": (lambda it: it.beside, True),
    "one there that is long over": (lambda it: it.over, False),
    "one on another device": (lambda it: it.elsewhere, False),
    "a script": (lambda it: None, False),
}


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize(("maker", "ends"), MAKERS.values(), ids=MAKERS)
def test_what_a_session_that_ends_has_made_ends_with_it(
    maker: Callable[[Scene], Session | None], ends: bool, everywhere: bool, scene: Scene, user: Any
) -> None:
    token = token_of(user, maker(scene))
    receipt = end_by_former_address(session=scene.reported, everywhere=everywhere)
    row = Session.objects.get(pk=token)
    assert row.end_reason == (EndReason.NOT_ME if ends or everywhere else "")
    assert (row.act == receipt.act) is (ends or everywhere)
    is_left = Session.objects.get(pk=scene.elsewhere.pk).ended_at is None
    assert is_left is not everywhere
    assert not Recovery.objects.exists(), "it does nothing else"


def test_a_token_ends_whose_maker_had_signed_out_before_the_link_was_used(scene: Scene, user: Any) -> None:
    token = token_of(user, scene.reported)
    end_session(session=scene.reported, reason=EndReason.SIGNED_OUT)
    assert end_by_former_address(session=scene.reported).ended == 2
    assert Session.objects.get(pk=token).end_reason == EndReason.NOT_ME


def test_what_others_made_in_that_session_stays(scene: Scene, user: Any, other_user: Any) -> None:
    """As an administrator does, whose own mailbox this was: it is for the administrators to look at."""
    token = token_of(other_user, scene.reported)
    end_by_former_address(session=scene.reported)
    assert Session.objects.get(pk=token).ended_at is None
