"""`make run`: the whole site on this machine, with people and devices to try it with."""

from __future__ import annotations

import fcntl
import os
import shlex
import socket
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader

from config.demo.address import written_address
from config.demo.browsers import DemoBrowsers
from config.demo.people import PASSWORD, PEOPLE, create_people
from config.demo.places import write_places
from config.demo.processes import ProcessDied, Processes, Stopped
from config.demo.tokens import create_tokens

HOST = "127.0.0.1"  # nobody else's business: the passwords are printed below
USUAL_PORT = 8000  # the Makefile's
START_SECONDS = 60


class Command(BaseCommand):
    help = "Runs the demo: web server, worker and beat, with demo people whose devices sign in over HTTP."
    requires_system_checks = []  # `migrate` runs them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or USUAL_PORT))

    def handle(self, *, port: int, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is a demo and runs with DEMO=1 only.")
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        url = f"http://localhost:{port}"
        try:
            with only_demo_here(), Processes(settings.BASE_DIR, {"PORT": str(port)}) as processes:
                refuse_taken_port(port)
                if older := set_older_database_aside():
                    self.stdout.write(
                        f"The data of an older version cannot be used any more. They are in {older} now, and the demo "
                        "begins anew."
                    )
                created = prepare()
                with written_address(settings.VAR_DIR, url):
                    start(processes, port)
                    wait_until_healthy(processes, url)
                    DemoBrowsers(url, settings.VAR_DIR).sign_in_all(afresh=created)
                    self.stdout.write(banner(port))
                    self.stdout.flush()
                    processes.wait()
        except Stopped:
            self.stdout.write("\nThe demo has ended. `make run` goes on where it stopped.")
        except ProcessDied as error:
            raise CommandError(f"{error} The demo has ended.") from error


@contextmanager
def only_demo_here() -> Iterator[None]:
    """Lock the folder for this demo: two on one folder would run every schedule twice. The lock goes when the process
    does."""
    with (settings.VAR_DIR / "demo.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CommandError(f"A demo is running already in {settings.VAR_DIR}.") from None
        yield


def refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is not free ({error.strerror}). Choose another: make run PORT={port + 1}"
            ) from None


def set_older_database_aside() -> Path | None:
    """Set a database aside that an older version made. Until the first release migrations are squashed, so it may know
    some that are gone. Returns where the file of SQLite is now, None where there is nothing wrong with it;
    `CommandError` for a server's."""
    if not is_of_older_version():
        return None
    connection = connections[DEFAULT_DB_ALIAS]
    connection.close()
    if connection.vendor != "sqlite":
        raise CommandError("The database in DATABASE_URL was made by an older version. Name an empty one.")
    file = Path(connection.settings_dict["NAME"])
    older = file.with_name(f"{file.name}.{time.strftime('%Y%m%d-%H%M%S')}")
    for ending in ("", "-wal", "-shm"):
        part = file.with_name(file.name + ending)
        if part.exists():
            part.rename(older.with_name(older.name + ending))
    return older


def is_of_older_version() -> bool:
    """Return whether migrations were applied that do not exist any more."""
    loader = MigrationLoader(connections[DEFAULT_DB_ALIAS])
    ours = {"sessions_ui", "accounts"}
    return any(app in ours for app, _name in loader.applied_migrations.keys() - loader.disk_migrations.keys())


def prepare() -> bool:
    """Prepare database, place file, folders and people. Return True if the people were created now."""
    write_places(settings.VAR_DIR / "demo-places.mmdb")  # first: `migrate` checks that it is there
    call_command("migrate", interactive=False, verbosity=0)
    folders = [settings.DEMO_MAIL_DIR, settings.STATIC_ROOT]
    if settings.CELERY_BROKER_URL.startswith("filesystem://"):
        folders += [settings.BROKER_DIR / "queue", settings.BROKER_DIR / "control"]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    created = create_people()
    if created:
        create_tokens()
    connections.close_all()
    return created


def start(processes: Processes, port: int) -> None:
    # Who the client is, is decided by the site's own TRUSTED_PROXIES, not by the server in front of it.
    uvicorn = ["config.asgi:application", "--host", HOST, "--port", str(port), "--no-proxy-headers"]
    uvicorn += ["--log-level", "warning", "--timeout-graceful-shutdown", "2", "--lifespan", "off"]
    celery = ["--quiet", "--app", "config"]
    # There is one worker only, so it has nobody to gossip with.
    worker = ["--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle"]
    processes.start("web server", "uvicorn", uvicorn)
    processes.start("worker", "celery", [*celery, "worker", *worker, "--loglevel", "WARNING"])
    # Without --pidfile a demo that was killed would keep the next one from starting.
    processes.start("beat", "celery", [*celery, "beat", "--pidfile", "", "--loglevel", "WARNING"])


def wait_until_healthy(processes: Processes, url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline:
            processes.check()
            try:
                if client.get(f"{url}/healthz").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
    raise CommandError(f"{url}/healthz did not answer within {START_SECONDS} seconds.")


def demo_devices_command() -> str:
    """Return the command that asks this very demo, whatever its port: it finds the address in its folder."""
    folder = os.environ.get("VAR_DIR")
    return f"VAR_DIR={shlex.quote(folder)} make demo-devices" if folder else "make demo-devices"


def banner(port: int) -> str:
    url = f"http://localhost:{port}"
    line = "─" * 78
    people = "\n".join(f"    {person.email:<22} {person.what}" for person in PEOPLE)
    return f"""
{line}
  A demo: these people and devices are made up, everybody may know their password.

    {url}

{people}
    password: {PASSWORD}

  Mails of the demo:      {url}/demo/mail/
  Help desk:              {url}/help-desk/  (agents need a code: {url}/demo/code/)
  Administration:         {url}/admin/
  Sign a device out, then see in another terminal that it is refused:
                          {demo_devices_command()}
  Ctrl-C ends everything. Nothing is lost: the data stays in {settings.VAR_DIR}
{line}"""
