"""Whoever ends everything of somebody ends what another engine still holds of them, too (traps 5 and 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore as OldStore
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from sessions_ui.actions.adoption.adopt import adopt_all
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.changes.access import access_changed
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.adopt import SOURCES
from sessions_ui.store import SessionStore
from tests.conftest import Browser
from tests.models import Adoption, Device, EndReason, Session, digest_of
from tests.operators import sessions_end
from tests.sessions_ui.adopt.conftest import OldSessions
from tests.waiting import begin, is_let_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]

DEVICES = "/account/devices/"


# --- Trap 5: who ends everything of somebody, of whom nothing was adopted yet


@dataclass(frozen=True)
class Scene:
    """`user` shall be signed out; nothing is signed in here. By a device of long ago the administration finds them."""

    user: Any
    administrator: Any
    device: Device

    @property
    def users(self) -> Any:
        return get_user_model().objects.filter(pk=self.user.pk)


def command(scene: Scene, *options: str) -> None:
    sessions_end("--user", scene.user.email, *options)


def command_async(scene: Scene) -> None:
    command(scene, "--async")


def access(scene: Scene) -> None:
    access_changed(users=scene.users, actor=scene.administrator)


def access_of_some(scene: Scene) -> None:
    """`only` says which rows; of what has no row yet nothing is known."""
    access_changed(users=scene.users, actor=scene.administrator, only=Q(method="password"))


def admins_bulk(scene: Scene) -> None:
    admin = Browser()
    admin.force_login(scene.administrator)
    answer = admin.post(
        "/admin/sessions_ui/device/",
        {
            "action": "sign_out_users",
            "_selected_action": [scene.device.pk],
            "confirmed": "1",
            "note": "asked for",
        },
    )
    assert answer.status_code == 302


def later(scene: Scene) -> None:
    end_later(
        sessions=Session.objects.of(scene.user),
        reason=EndReason.ADMINISTRATOR,
        of_users=scene.users,
        unadopted=True,
    )


WAYS = [command, command_async, access, access_of_some, admins_bulk, later]


@pytest.fixture
def scene(user: Any, administrator: Any) -> Scene:
    return Scene(user, administrator, Device.objects.create(user=user))


@pytest.mark.parametrize("way", WAYS)
def test_an_old_cookie_of_whoever_is_signed_out_is_refused_and_a_bystanders_goes_on(
    way: Callable[[Scene], None],
    scene: Scene,
    other_user: Any,
    old_session: OldSessions,
    client_with: Any,
    adopting: Any,
) -> None:
    adopting()
    mine, theirs = old_session(scene.user), old_session(other_user)
    way(scene)
    assert client_with(mine).get(DEVICES).status_code == 302
    assert client_with(theirs).get(DEVICES).status_code == 200
    adopt_all(source=SOURCES["db"])
    assert not Session.objects.of(scene.user).living().exists()


@pytest.mark.parametrize("way", WAYS)
def test_a_waiting_sign_in_of_whoever_is_signed_out_is_refused_and_a_bystanders_goes_on(
    way: Callable[[Scene], None], scene: Scene, other_user: Any, adopting: Any
) -> None:
    adopting()
    mine, theirs = begin(scene.user), begin(other_user)
    way(scene)
    assert not is_let_in(mine, scene.user)
    assert is_let_in(theirs, other_user)
    assert is_let_in(begin(scene.user), scene.user), "whoever begins after it is let in"


def test_signing_out_some_of_somebodys_sessions_leaves_what_was_not_adopted_alone(
    user: Any, administrator: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    """ "Sign out selected" in the administration is about these rows."""
    adopting()
    here, unadopted = Browser(), old_session(user)
    here.sign_in(user)
    admin = Browser()
    admin.force_login(administrator)
    chosen = {"_selected_action": [Session.objects.get(user=user).pk], "confirmed": "1", "note": "asked for"}
    admin.post("/admin/sessions_ui/session/", {"action": "sign_out_selected", **chosen})
    assert here.get(DEVICES).status_code == 302
    assert client_with(unadopted).get(DEVICES).status_code == 200


# --- What no signal told of


def by_a_refused_request(phone: Any) -> None:
    phone.get(DEVICES)


def by_the_sweep(phone: Any) -> None:
    end_unlawful()


DISABLED: dict[str, Any] = {"is_active": False}
LESS_RIGHTS: dict[str, Any] = {"is_staff": False}


@pytest.mark.parametrize(
    ("change", "notice"),
    [(DISABLED, by_a_refused_request), (DISABLED, by_the_sweep), (LESS_RIGHTS, by_the_sweep)],
)
def test_an_account_found_disabled_or_with_fewer_rights_takes_what_was_not_adopted_with_it(
    change: dict[str, Any],
    notice: Callable[[Any], None],
    user: Any,
    other_user: Any,
    old_session: OldSessions,
    client_with: Any,
    adopting: Any,
) -> None:
    adopting()
    rows = get_user_model().objects.filter(pk=user.pk)
    rows.update(is_staff=True)
    forgotten, theirs = old_session(user), old_session(other_user)
    phone = Browser()
    phone.force_login(user)
    Session.objects.of(user).update(access_flags=",is_staff,")
    rows.update(**change)
    notice(phone)
    rows.update(is_active=True, is_staff=True)
    assert phone.get(DEVICES).status_code == 302
    assert client_with(forgotten).get(DEVICES).status_code == 302
    assert client_with(theirs).get(DEVICES).status_code == 200


def test_an_adopted_session_ends_with_the_rights_that_it_was_adopted_with(
    user: Any, administrator: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting()
    rows = get_user_model().objects.filter(pk=user.pk)
    rows.update(is_staff=True)
    mine, theirs = client_with(old_session(user)), client_with(old_session(administrator))
    for client in (mine, theirs):
        assert client.get(DEVICES).status_code == 200
    rows.update(is_staff=False)
    assert end_unlawful() == 1
    assert mine.get(DEVICES).status_code == 302
    assert theirs.get(DEVICES).status_code == 200


def test_an_offboarding_takes_what_was_not_adopted_with_it_also_when_it_is_cancelled_then(
    user: Any, other_user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting()
    forgotten, theirs = old_session(user), old_session(other_user)
    Browser().force_login(user)
    row = offboard(user=user, ends_at=timezone.now() + timedelta(hours=1))
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        end_unlawful()
        cancel_offboarding(offboarding=row)
        assert client_with(forgotten).get(DEVICES).status_code == 302
        assert client_with(theirs).get(DEVICES).status_code == 200


def test_rights_that_support_lost_say_nothing_of_the_account_it_used(
    user: Any, other_user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting()
    unadopted = old_session(user)
    origin, used = Browser(), Browser()
    origin.force_login(other_user)
    used.force_login(user)
    own = Session.objects.get(user=other_user)
    Session.objects.of(user).update(impersonated_from=own, impersonator_id=other_user.pk)
    assert used.get(DEVICES).status_code == 302  # the staff member has no permission (any more)
    assert Session.objects.of(user).get().end_reason == EndReason.ACCESS_CHANGED
    assert client_with(unadopted).get(DEVICES).status_code == 200


# --- Trap 9: the other engine goes on writing


def save_on_an_old_server(key: str, user: Any) -> None:
    """A request that had the session before, on a server of the old release: Django's own engine saves it."""
    payload = OldStore().encode(
        {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
    )
    expires_at = connection.ops.adapt_datetimefield_value(timezone.now() + timedelta(days=10))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session WHERE session_key = %s", [key])
        cursor.execute(
            "INSERT INTO django_session (session_key, session_data, expire_date) VALUES (%s, %s, %s)",
            [key, payload, expires_at],
        )


@pytest.mark.parametrize("purged", [False, True], ids=["", "and purged"])
@pytest.mark.parametrize("after", [timedelta(seconds=1), timedelta(minutes=5), timedelta(days=1)])
def test_what_an_old_server_saves_after_everything_was_ended_is_not_adopted(
    after: timedelta,
    purged: bool,
    user: Any,
    other_user: Any,
    old_session: OldSessions,
    client_with: Any,
    adopting: Any,
) -> None:
    adopting()
    mine, theirs = old_session(user), old_session(other_user)
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)
    with time_machine.travel(timezone.now() + after, tick=False):
        save_on_an_old_server(mine, user)
        save_on_an_old_server(theirs, other_user)
        if purged:
            purge_old()
        assert client_with(mine).get(DEVICES).status_code == 302
        assert client_with(theirs).get(DEVICES).status_code == 200


def test_a_new_sign_in_on_an_old_server_after_everything_was_ended_signs_in_here_once_more(
    user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    """The price of the above: nothing tells it from the old session, saved later."""
    adopting()
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)
    here = client_with(old_session(user, age=timedelta(0)))
    assert here.get(DEVICES).status_code == 302
    here.sign_in(user)
    assert here.get(DEVICES).status_code == 200


@pytest.mark.parametrize("purged", [False, True], ids=["", "and purged"])
def test_a_key_that_was_rotated_twice_does_not_come_back_when_an_old_server_extends_its_row(
    purged: bool, user: Any, other_user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting(days=30)
    mine, theirs = (old_session(person, expires=timedelta(days=1)) for person in (user, other_user))
    store = SessionStore(mine)
    assert store.get_user() == user
    for _ in range(2):
        store.cycle_key()
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        for key, person in ((mine, user), (theirs, other_user)):
            save_on_an_old_server(key, person)
        if purged:
            purge_old()
        assert Adoption.objects.filter(digest=digest_of(mine)).exists()
        assert SessionStore(mine).resolve() is None
        assert SessionStore(theirs).get_user() == other_user


@pytest.mark.parametrize("days", [1, 29])
def test_a_purge_does_not_forget_that_everything_was_ended(
    days: int, user: Any, other_user: Any, old_session: OldSessions, client_with: Any, adopting: Any
) -> None:
    adopting(days=30)
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
        purge_old()
        mine, theirs = old_session(user), old_session(other_user)
        assert client_with(mine).get(DEVICES).status_code == 302
        assert client_with(theirs).get(DEVICES).status_code == 200
