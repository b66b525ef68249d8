"""WorkOS's own client for Node, which knows no path: the addresses lie at the root of the host for it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.sessions_ui.api.workos.live import Live, Person

pytestmark = pytest.mark.registry

PACKAGE = "@workos-inc/node@11"
SCRIPT = Path(__file__).with_name("client.mjs")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the package is installed, by npm from its registry; skipped where there is neither."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("no Node here")
    folder = tmp_path_factory.mktemp("node")
    (folder / "package.json").write_text("{}")
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0", "--fetch-timeout=30000"]
    done = subprocess.run(
        [npm, "install", *quiet, PACKAGE], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        pytest.skip(f"the package registry cannot be reached: {last}")
    return folder


@pytest.fixture(scope="module")
def said(folder: Path, live: Live) -> tuple[dict[str, Any], Person]:
    person = next(live.people)
    live.seal()
    arguments = [str(live.site.port), live.token, person.id, person.sessions[0]]
    done = subprocess.run(
        ["node", str(SCRIPT), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), person


def test_sessions_in_pages_and_one_revoked(said: tuple[dict[str, Any], Person]) -> None:
    document, person = said
    newest = person.sessions[::-1]
    assert (document["sessions"], document["status"]) == (newest, "active")
    assert document["pages"] == [newest[:2], newest[2:4], newest[:2]]
    assert document["left"] == newest[:-1]


def test_the_sign_out_address(said: tuple[dict[str, Any], Person], live: Live) -> None:
    document, person = said
    address = f"{live.root}/user_management/sessions/logout?"
    assert document["logout"].startswith(address) and person.sessions[0] in document["logout"]


def test_events(said: tuple[dict[str, Any], Person]) -> None:
    document, _person = said
    assert [event["event"] for event in document["events"]] == ["session.created"] * 3
    assert all(event["id"].startswith("event_") and event["user"] for event in document["events"])


def test_keys(said: tuple[dict[str, Any], Person]) -> None:
    document, person = said
    owner = {"type": "user", "id": person.id, "organizationId": "acme"}
    assert document["key"] == {"name": "Exports", "owner": owner, "permissions": ["sessions:read"]}
    assert (document["keys"], document["valid"], document["over"]) == ([True], True, None)


def test_errors_are_its_own(said: tuple[dict[str, Any], Person]) -> None:
    errors = said[0]["errors"]
    assert {name: (error["name"], error["status"]) for name, error in errors.items()} == {
        "notFound": ("NotFoundException", 404),
        "wrong": ("UnprocessableEntityException", 422),
        "nobody": ("UnauthorizedException", 401),
        "notUnderstood": ("BadRequestException", 400),
    }
    assert all(error["request"] for error in errors.values())
