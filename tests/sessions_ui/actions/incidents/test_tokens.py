"""An access token was never signed in: what criteria say of a sign-in is asked of the one in which it was made."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.incidents.preview import count, preview_incident
from tests.conftest import Browser
from tests.models import AccessToken, Device, EndReason, Session
from tests.sessions_ui.actions.tokens.conftest import make_token

__all__ = ["make_token"]
pytestmark = pytest.mark.django_db

# What each criterion of the sign-in is asked for, and what a session has that meets it.
OF_SIGN_IN: dict[str, tuple[Any, dict[str, Any]]] = {
    "country": ("de", {"first_country": "DE"}),
    "method": ("password", {"method": "password+totp"}),
    "network": ("198.51.100.0/24", {"first_address": "198.51.100.7"}),
    "client": ("Chrome", {"first_user_agent": "Chrome/140"}),
    "unconfirmed": (True, {}),
}
# These are said of a token as of every other session: whose it is, of which organization, and since when.
OF_ITSELF = {"everyone", "staff", "users", "groups", "organization_id", "since", "before"}


@dataclass(frozen=True)
class Scene:
    """Somebody with a sign-in that every criterion meets, and a token made there; and one that none does, with the
    same. And a token of a script."""

    meant: Session
    other: Session
    made_there: AccessToken
    made_elsewhere: AccessToken
    of_script: AccessToken


@pytest.fixture
def scene(user: Any, make_token: Any) -> Scene:
    for address in ("203.0.113.1", "203.0.113.2"):
        Browser(address=address).force_login(user)
    meant, other = Session.objects.of(user).order_by("pk")
    nothing = {
        "method": "passkey",
        "first_country": "",
        "first_user_agent": "",
        "user_agent": "",
        "address": None,
    }
    Session.objects.update(**nothing, first_address=None)
    Device.objects.filter(pk=other.device_id).update(confirmed_at=timezone.now())
    tokens = [make_token(user, name=name).token for name in ("there", "elsewhere", "of a script")]
    for token, made_in in zip(tokens, (meant, other, None), strict=True):
        AccessToken.objects.filter(pk=token.pk).update(made_in=made_in)
    return Scene(meant, other, *tokens)


def of(user: Any, name: str) -> Criteria:
    return Criteria(users=(str(user.pk),), **{name: OF_SIGN_IN[name][0]})


def test_every_criterion_is_of_the_sign_in_or_of_the_token_itself() -> None:
    assert {field.name for field in fields(Criteria)} == {*OF_SIGN_IN} | OF_ITSELF
    assert not OF_ITSELF & {*OF_SIGN_IN}


@pytest.mark.parametrize("name", OF_SIGN_IN)
@pytest.mark.parametrize("is_over", [False, True])
def test_a_token_is_meant_where_the_sign_in_is_that_made_it(
    name: str, is_over: bool, scene: Scene, user: Any
) -> None:
    Session.objects.filter(pk=scene.meant.pk).update(**OF_SIGN_IN[name][1] or {"method": "passkey"})
    if is_over:
        end_session(session=scene.meant, reason=EndReason.SIGNED_OUT)
    meant = {scene.made_there.pk} | (set() if is_over else {scene.meant.pk})
    assert {*of(user, name).sessions().values_list("pk", flat=True)} == meant


@pytest.mark.parametrize("name", OF_SIGN_IN)
def test_what_is_previewed_is_what_ends(name: str, scene: Scene, user: Any) -> None:
    Session.objects.filter(pk=scene.meant.pk).update(**OF_SIGN_IN[name][1] or {"method": "passkey"})
    criteria = of(user, name)
    preview = preview_incident(criteria=criteria)
    assert (preview.counts.sessions, preview.counts.people) == (2, 1)
    assert count(criteria) == preview.counts
    order_incident(criteria=criteria, note="phished", counts=preview.counts)
    end_batches()
    ended = Session.objects.filter(ended_at__isnull=False).values_list("pk", flat=True)
    assert {*ended} == {scene.meant.pk, scene.made_there.pk}


@pytest.mark.parametrize(
    ("name", "used"),
    [("network", {"address": "198.51.100.9"}), ("client", {"user_agent": "python/Chrome"})],
)
def test_a_token_is_meant_by_where_it_is_used_now_as_well(
    name: str, used: dict[str, str], scene: Scene, user: Any
) -> None:
    Session.objects.filter(pk=scene.of_script.pk).update(**used)
    assert {*of(user, name).sessions().values_list("pk", flat=True)} == {scene.of_script.pk}


@pytest.mark.parametrize(
    ("criteria", "is_meant"),
    [({"since": -1}, True), ({"since": 1}, False), ({"before": 1}, True), ({"before": -1}, False)],
)
def test_since_and_before_go_by_when_it_was_made(
    criteria: dict[str, int], is_meant: bool, scene: Scene, user: Any
) -> None:
    at = Session.objects.get(pk=scene.of_script.pk).signed_in_at
    assert at is not None
    given: dict[str, Any] = {name: at + timedelta(seconds=by) for name, by in criteria.items()}
    sessions = Criteria(users=(str(user.pk),), **given).sessions()
    assert sessions.filter(pk=scene.of_script.pk).exists() is is_meant
