"""The demo's parts that need no running demo; `make run` itself is tried by .ci/run."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.filebased import EmailBackend
from django.core.management import call_command
from django.core.management.base import CommandError

from config.demo import mailbox, people
from config.demo.devices import DEVICES
from config.demo.management.commands import demo
from config.demo.places import PLACES, write_places
from sessions_ui.client.place import place_of


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
    ("port", "command"), [(8000, "make demo-devices\n"), (8137, "make demo-devices PORT=8137\n")]
)
def test_what_the_demo_tells_to_do_finds_its_port(port: int, command: str) -> None:
    said = demo.banner(port)
    assert command in said
    assert f"http://localhost:{port}/demo/mail/" in said


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
