"""An incident is in force with its commit, and its rows say so later. Until then nobody is told that what it ended is
signed in: not its owner, not staff, no program; and nothing counts or renews it."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

import sessions_ui
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.conf.tokens import OWN_SCOPES
from sessions_ui.exceptions import SessionEnded
from tests.conftest import Browser
from tests.models import AccessToken, EndReason, Session
from tests.sessions_ui.actions.tokens.conftest import make_token
from tests.sessions_ui.api.conftest import Program

__all__ = ["make_token"]

pytestmark = pytest.mark.django_db


@dataclass
class Scene:
    """What an incident has ended of Ada: a phone and an access token, which are older than a day. Her laptop goes on;
    an administrator is signed in, and so is a program of theirs."""

    phone: Session
    token: AccessToken
    laptop: Browser
    boss: Browser
    program: Program


@pytest.fixture
def scene(user: Any, administrator: Any, browser: Any, make_token: Any) -> Scene:
    browser().sign_in(user)
    phone = Session.objects.sign_ins().select_related("device").get(user=user)
    token = make_token(user, name="Backup").token
    old = Session.objects.filter(pk__in=[phone.pk, token.pk])
    old.update(signed_in_at=timezone.now() - timedelta(days=2))
    laptop = browser()
    laptop.sign_in(user)
    boss = browser()
    boss.force_login(administrator)
    program = Program(make_token(administrator, scopes=[*OWN_SCOPES]))
    order_incident(criteria=Criteria(before=timezone.now() - timedelta(days=1)), note="cookies leaked")
    phone.refresh_from_db()
    assert phone.ended_at is None, "the sweep has not been"
    return Scene(phone, token, laptop, boss, program)


def test_the_devices_page_has_the_laptop_alone(scene: Scene) -> None:
    page = scene.laptop.get(reverse("sessions_ui:devices")).content.decode()
    assert f'data-device="{scene.phone.device.public_id}"' not in page  # type: ignore[union-attr]
    assert scene.phone.device.public_id not in page  # type: ignore[union-attr]
    assert "Backup" not in page


def test_the_pages_of_the_device_and_the_token_say_that_it_is_over(scene: Scene) -> None:
    device: Any = scene.phone.device
    page = scene.laptop.get(reverse("sessions_ui:device", args=[device.public_id])).content.decode()
    assert "Signed out" in page and "Active" not in page
    page = scene.laptop.get(
        reverse("sessions_ui:token", args=[scene.token.session.public_id])
    ).content.decode()
    assert '<span class="sui-badge">Ended</span>' in page and "Renew" not in page


@pytest.mark.parametrize(("state", "found"), [("living", False), ("ended", True), ("expired", False)])
def test_lists_of_the_administration(scene: Scene, state: str, found: bool) -> None:
    sessions = scene.boss.get("/admin/sessions_ui/session/", {"state": state})
    keys = [row.pk for row in sessions.context["cl"].result_list]
    assert (scene.phone.pk in keys) is found
    chosen = "valid" if state == "living" else state
    tokens = scene.boss.get("/admin/sessions_ui/accesstoken/", {"state": chosen})
    assert (scene.token.pk in [row.pk for row in tokens.context["cl"].result_list]) is found
    if found:
        assert "Signed out" in sessions.content.decode() and "Ended" in tokens.content.decode()
        assert all(row.is_over for row in sessions.context["cl"].result_list)


def test_the_list_of_devices_of_the_administration(scene: Scene) -> None:
    page = scene.boss.get("/admin/sessions_ui/device/")
    signed_in = {row.pk: row.is_signed_in for row in page.context["cl"].result_list}
    assert signed_in[scene.phone.device_id] is False and len(signed_in) > 1


def test_programs(scene: Scene, user: Any) -> None:
    admin, workos = f"/api/admin/users/{user.pk}/sessions", f"/api/workos/user_management/users/{user.pk}"
    ids = {each.public_id for each in (scene.phone, scene.token.session)}
    for state, expected in (("living", set()), ("ended", ids), ("all", ids)):
        rows = scene.program.get(admin, {"state": state}).json()["data"]
        assert {row["id"] for row in rows} & ids == expected, state
        ended = [row for row in rows if row["id"] in ids]
        assert {(row["living"], row["end_reason"]) for row in ended} == (
            {(False, "incident")} if ended else set()
        )
    for each in ids:
        assert scene.program.get(f"/api/admin/sessions/{each}").json()["living"] is False
    for what in ("sessions", "api_keys"):
        rows = scene.program.get(f"{workos}/{what}").json()["data"]
        assert not ids & {row["id"] for row in rows}


def test_people_by_cookie(scene: Scene) -> None:
    for what, each in (("sessions", scene.phone), ("tokens", scene.token.session)):
        assert each.public_id not in scene.laptop.get(f"/api/{what}").content.decode()
        row = scene.laptop.get(f"/api/{what}/{each.public_id}").json()
        assert (row["living"], row["end_reason"]) == (False, "incident")
        rows = scene.laptop.get(f"/api/{what}", {"state": "ended"}).json()["data"]
        assert [row["id"] for row in rows] == [each.public_id]


@pytest.mark.parametrize("what", ["list", "tokens"])
def test_commands(scene: Scene, what: str) -> None:
    out = StringIO()
    call_command("sessions", what, "--json", stdout=out)
    records = [json.loads(line) for line in out.getvalue().splitlines()]
    session = scene.phone if what == "list" else scene.token.session
    assert session.public_id not in out.getvalue()
    assert {record["state"] for record in records} == {"living" if what == "list" else "valid"}


def test_it_is_not_renewed(scene: Scene) -> None:
    with pytest.raises(SessionEnded) as refused:
        rotate_token(token=scene.token)
    assert refused.value.reason == EndReason.INCIDENT


def test_it_takes_no_room(scene: Scene, user: Any, settings: Any, browser: Any, make_token: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SESSION_LIMIT": 2, "TOKEN_LIMIT": 1}
    make_token(user)
    browser().sign_in(user)
    scene.phone.refresh_from_db()
    assert scene.phone.end_reason == EndReason.INCIDENT, "not that it made room"
    assert scene.laptop.get(reverse("sessions_ui:devices")).status_code == 200


# Whoever reads the columns alone, and why an incident makes no difference there.
COLUMNS_ALONE = {
    "actions/adoption": "judged with the limits of the look-up",
    "actions/devices/former_address.py": "also what has ended counts",
    "actions/endings": "ends what is left, whoever has ended it already",
    "actions/help_desk/order.py": "what an ending finds, which writes it into the rows",
    "actions/incidents/criteria.py": "what an incident is about",
    "actions/incidents/order.py": "uncontained",
    "actions/sessions/activity.py": "of the request that was let in",
    "actions/sessions/refuse.py": "what is left for the sweep to end",
    "actions/sessions/selection.py": "with incidents",
    "actions/sessions/tabs_told.py": "with incidents",
    "actions/sessions/open_tabs.py": "told of the end by the stream",
    "actions/sessions/choose_unused.py": "forgets what was told of whatever is left",
    "actions/sessions/unused.py": "uncontained where it is read, and what is left is ended",
    "actions/sign_in": "under the lock of the account, what is left is ended",
    "actions/step_up/factors.py": "of the request that was let in",
    "actions/tokens/same_person.py": "also what has ended counts",
    "actions/tokens/used.py": "of the request that was let in",
    "actions/impersonation.py": "uncontained, or ended",
    "actions/acting_session.py": "uncontained",
    "api/workos/keys.py": "whether the program itself was refused",
    "management/sessions/end.py": "ends what is left",
    "metrics": "what is left for the sweep to end",
    "models": "here they are",
    "password_upgrade.py": "writes a hash only",
    "store": "judged with the limits of the look-up",
    "web/devices/overview/rows.py": "judged with the limits of the look-up",
}


def test_nobody_else_asks_the_columns_alone() -> None:
    root = Path(sessions_ui.__file__).parent
    asking = {
        str(source.relative_to(root))
        for source in root.rglob("*.py")
        if "migrations" not in source.parts and asks_columns(ast.parse(source.read_text()))
    }
    assert {name for name in asking if not any(name.startswith(known) for known in COLUMNS_ALONE)} == set()
    assert {known for known in COLUMNS_ALONE if not any(name.startswith(known) for name in asking)} == set()


def asks_columns(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.keyword) and node.arg in ("ended_at__isnull", "session__ended_at__isnull")
        for node in ast.walk(tree)
    )
