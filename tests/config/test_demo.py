"""The demo's parts that need no running demo; `make run` itself is tried by .ci/run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.filebased import EmailBackend
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import include, path
from django.utils import timezone

from config.demo import browsers, mailbox, people
from config.demo.address import read_address, written_address
from config.demo.devices import DEVICES
from config.demo.management.commands import demo, demo_devices
from config.demo.places import PLACES, write_places
from config.urls import urlpatterns as of_the_site
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.client.place import place_of
from tests.an_app import App
from tests.models import EndReason, Session

urlpatterns = [*of_the_site, path("demo/", include("config.demo.urls"))]


def test_the_place_file_is_one_that_geoip2_reads(tmp_path: Path) -> None:
    file = tmp_path / "places.mmdb"
    write_places(file)
    london = place_of("81.2.69.142", str(file))
    assert london is not None
    assert (london.city, london.region, london.country, london.country_code) == (
        "London",
        "England",
        "United Kingdom",
        "GB",
    )
    assert london.radius_km == 10
    assert place_of("9.9.9.9", str(file)) is None
    assert place_of("2001:4860:4860::8888", str(file)) is None


def test_every_place_of_the_file_is_some_devices(tmp_path: Path) -> None:
    file = tmp_path / "places.mmdb"
    write_places(file)
    found = {place.city for device in DEVICES if (place := place_of(device.address, str(file)))}
    assert found == {place.city for place in PLACES}


def test_no_demo_without_demo(settings: LazySettings) -> None:
    assert not settings.DEMO
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command(demo.Command(), stdout=StringIO())


@pytest.mark.django_db
@pytest.mark.no_bystander("it asks whether anybody is there")
def test_no_demo_people_on_a_real_site() -> None:
    with pytest.raises(ImproperlyConfigured):
        people.create_people()
    assert not get_user_model().objects.exists()


@pytest.mark.django_db
@pytest.mark.no_bystander("it asks whether anybody is there")
def test_demo_people_come_into_an_empty_database_once(settings: LazySettings) -> None:
    settings.DEMO = True
    assert people.create_people()
    assert not people.create_people()
    users = get_user_model().objects.all()
    assert {user.email for user in users} == {person.email for person in people.PEOPLE}
    assert all(user.email.endswith(".example") and "demo" in user.get_full_name() for user in users)


@pytest.mark.django_db
@pytest.mark.no_bystander("it asks whether anybody is there")
def test_demo_people_do_not_mix_with_others(settings: LazySettings) -> None:
    settings.DEMO = True
    get_user_model().objects.create_user("somebody@people.example")
    assert not people.create_people()
    assert get_user_model().objects.count() == 1


def test_a_taken_port_is_said_to_be_taken() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind((demo.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} is not free"):
            demo.refuse_taken_port(port)


@pytest.mark.parametrize(
    ("folder", "command"),
    [(None, " make demo-devices\n"), ("/tmp/my demo", " VAR_DIR='/tmp/my demo' make demo-devices\n")],
)
def test_what_the_demo_tells_to_do_finds_its_folder(
    folder: str | None, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAR_DIR", raising=False)
    if folder:
        monkeypatch.setenv("VAR_DIR", folder)
    said = demo.banner(8137)
    assert command in said
    assert "http://localhost:8137/demo/mail/" in said


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, str]]]:
    """A server, and what it answers by path."""
    answers: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in answers else 404)
            self.end_headers()
            self.wfile.write(answers.get(self.path, "").encode())

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://localhost:{running.server_port}", answers
        running.shutdown()


def test_the_devices_ask_the_demo_of_their_folder_and_no_other_server(
    server: tuple[str, dict[str, str]], tmp_path: Path, settings: LazySettings
) -> None:
    url, answers = server
    settings.VAR_DIR = tmp_path
    with pytest.raises(CommandError, match="No demo is running"):
        call_command(demo_devices.Command(), stdout=StringIO())
    with written_address(tmp_path, url):
        address = read_address(tmp_path)
        assert address is not None and address.url == url
        for other in ({}, {"/demo/id/": "another demo"}):
            answers.update(other)
            with pytest.raises(CommandError, match="Another server answers"):
                call_command(demo_devices.Command(), stdout=StringIO())
        answers["/demo/id/"] = address.id
        call_command(demo_devices.Command(), stdout=(said := StringIO()))
        assert said.getvalue() == "", "no device of this folder has signed in"
    assert read_address(tmp_path) is None


def test_a_demo_that_does_not_answer_is_said_to_be_away(tmp_path: Path, settings: LazySettings) -> None:
    settings.VAR_DIR = tmp_path
    with (
        written_address(tmp_path, "http://localhost:1"),
        pytest.raises(CommandError, match="does not answer"),
    ):
        call_command(demo_devices.Command(), stdout=StringIO())


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_asking_whether_they_are_let_in_makes_no_device_active_now(user: Any, browser: Any) -> None:
    there, app = browser(), App()
    there.sign_in(user)
    app.sign_in(user)
    used = timezone.now() - timedelta(hours=20)
    Session.objects.update(last_seen_at=used)
    assert there.get(browsers.DEVICES_LIST).status_code == 200
    assert app.call("get", browsers.API_SESSION).status_code == 200
    assert set(Session.objects.of(user).values_list("last_seen_at", flat=True)) == {used}
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR, actor=None)
    assert there.get(browsers.DEVICES_LIST).status_code == 302
    assert app.call("get", browsers.API_SESSION).status_code in (401, 410)


def test_the_mailbox_reads_what_the_file_backend_writes(tmp_path: Path) -> None:
    with EmailBackend(file_path=tmp_path) as backend:
        for number in (1, 2):
            body = f"Grüße,\n{'-' * 79}\nhttps://devices.example/{number}/"
            backend.send_messages([mail.EmailMessage(f"Subject {number}", body, to=["ada@demo.example"])])
    newest, older = mailbox.mails(tmp_path)
    assert (newest.subject, older.subject) == ("Subject 2", "Subject 1")
    assert newest.to == "ada@demo.example"
    assert "Grüße" in newest.text
    assert "https://devices.example/2/" in newest.text
    assert mailbox.find(tmp_path, older.name) is not None
    assert mailbox.find(tmp_path, "../" + older.name) is None
