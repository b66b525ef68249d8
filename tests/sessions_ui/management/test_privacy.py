"""`manage.py privacy …`."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.models import Event, Session
from tests.sessions_ui.actions.privacy.filled import SECRET_MARK, fill

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("privacy", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_writes_what_is_stored(user: Any, other_user: Any, administrator: Any) -> None:
    fill(user, administrator)
    fill(other_user, administrator, mark="of Grace")
    text = run("export", "--user", user.email)
    assert "of Grace" not in text and SECRET_MARK not in text
    assert json.loads(text)["sessions_ui_act"][0]["note"]
    assert "note" not in json.loads(run("export", "--user", user.email, "--for-owner"))["sessions_ui_act"][0]
    events = Event.objects.filter(kind="data_exported")
    assert [(event.user_id, event.actor_id) for event in events] == [(user.pk, None)] * 2


def test_the_file_is_new_and_for_one_pair_of_eyes(user: Any, tmp_path: Path) -> None:
    path = tmp_path / "ada.json"
    run("export", "--key", str(user.pk), "--output", str(path))
    assert json.loads(path.read_text())["account"]["email"] == user.email
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="File exists"):
        run("export", "--key", str(user.pk), "--output", str(path))
    assert Event.objects.filter(kind="data_exported").count() == 1


def test_it_erases(user: Any, other_user: Any, browser: Any) -> None:
    mine, theirs = browser(), browser()
    mine.sign_in(user)
    theirs.sign_in(other_user)
    said = run("erase", "--user", user.email, "--ticket", "GDPR-12", "--no-input")
    event = Event.objects.get(kind="data_erased")
    assert said.splitlines() == [
        "Sessions ended: 1",
        "Device: 1",
        "EventDetail: 1",
        "Session: 1",
        f"Rows erased: 3 (event {event.pk})",
    ]
    assert event.data == {"ticket": "GDPR-12"}
    assert not Session.objects.filter(user=user).exists()
    assert theirs.get("/account/devices/").status_code == 200


@pytest.mark.parametrize("typed", ["yes", ""])
def test_it_wants_a_word_first(typed: str, user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda text: typed)
    with pytest.raises(CommandError, match=r"Not confirmed\."):
        run("erase", "--user", user.email)
    assert not Event.objects.filter(kind="data_erased").exists()
    monkeypatch.setattr("builtins.input", lambda text: " erase ")
    run("erase", "--user", user.email)
    assert Event.objects.filter(kind="data_erased").count() == 1


def test_where_nobody_can_be_asked_nothing_is_erased(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_input(text: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", no_input)
    with pytest.raises(CommandError, match="--no-input"):
        run("erase", "--user", user.email)
    assert not Event.objects.filter(kind="data_erased").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--user", "ada"), "no account matches 'ada' exactly"), (("--key", "ada"), "'ada' is no primary key")],
)
@pytest.mark.parametrize("what", ["export", "erase"])
def test_whoever_is_not_named_exactly_is_not_found(
    what: str, arguments: tuple[str, ...], said: str, user: Any
) -> None:
    with pytest.raises(CommandError, match=said):
        run(what, *arguments)
