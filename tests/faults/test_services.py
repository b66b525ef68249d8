"""Brokers, Redis and database connections that go away and come back. Every ending is in force meanwhile."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections, transaction

from config.settings import ROWS
from sessions_ui.actions.endings.end import end_user_sessions
from tests.faults.conftest import PATIENCE, Outbox, Start, kill, wait_until
from tests.models import Act, Delivery, EndReason, Session
from tests.redis_server import OwnRedis


class Service(Protocol):
    url: str

    def up(self) -> None: ...

    def down(self) -> None: ...

    def close(self) -> None:
        """Leave nothing of it behind."""


class Folders:
    """The broker that needs no server: its folder is moved away."""

    url = "filesystem://localhost"

    def __init__(self, folder: Path) -> None:
        self.queue = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"])
        self.away = folder / "away"

    def up(self) -> None:
        if self.away.exists():
            self.queue.unlink()
            self.away.rename(self.queue)
        self.queue.mkdir(parents=True, exist_ok=True)

    def down(self) -> None:
        self.queue.rename(self.away)
        self.queue.touch()  # a file where the folder was: else it would simply be made anew

    def close(self) -> None:
        self.up()  # whoever comes next works with the same folder


class Cable:
    """The way to the RabbitMQ that others use as well: it is cut and mended, and the server left alone."""

    def __init__(self, folder: Path) -> None:
        url = os.environ["CELERY_BROKER_URL"]
        parts = urlsplit(url)
        self.target = (parts.hostname or "127.0.0.1", parts.port or 5672)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        account = parts.netloc.rpartition("@")[0] or "guest:guest"
        self.url = url.replace(parts.netloc, f"{account}@127.0.0.1:{self.port}")
        self.listener: socket.socket | None = None
        self.ends: list[socket.socket] = []

    def up(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection(self.target)
            except OSError:
                return
            self.ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=pump, args=(source, sink), daemon=True).start()

    def down(self) -> None:
        ends = [*([self.listener] if self.listener else []), *self.ends]
        self.listener, self.ends = None, []
        for end in ends:
            with suppress(OSError):  # it may be over already
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self.down()


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        return


# Redis always, since it is one of our own; beside it the broker that this run has.
BROKERS: list[type[Service]] = [OwnRedis]
BROKERS += [Cable] if settings.CELERY_BROKER_URL.startswith("amqp://") else []
BROKERS += [Folders] if Folders.url == settings.CELERY_BROKER_URL else []


@pytest.fixture(params=BROKERS)
def broker(request: Any, tmp_path: Path, monkeypatch: Any) -> Iterator[Service]:
    """The broker of this process and of what it starts."""
    service = request.param(tmp_path)
    service.up()
    monkeypatch.setattr(current_app.conf, "broker_url", service.url)
    monkeypatch.setattr(current_app.conf, "broker_read_url", service.url)
    monkeypatch.setattr(current_app.conf, "broker_write_url", service.url)
    current_app.pool.force_close_all()
    current_app.__dict__.pop("amqp", None)
    yield service
    service.close()
    current_app.pool.force_close_all()


SignOut = Callable[[], None]


@pytest.fixture
def sign_out_elsewhere(user: Any, browser: Any) -> SignOut:
    """Sign in twice, sign out the other one, and see that it is out at its next request."""

    def act() -> None:
        laptop, phone = browser(), browser()
        laptop.force_login(user)
        phone.force_login(user)
        assert phone.get("/account/devices/").status_code == 200
        end_user_sessions(
            user=user, reason=EndReason.SIGNED_OUT_REMOTELY, actor=user, keep=laptop.session.session_id
        )
        assert phone.get("/account/devices/").status_code == 302
        assert laptop.get("/account/devices/").status_code == 200

    return act


def look_after(
    worker: subprocess.Popen[bytes],
    *,
    restart: Callable[[], subprocess.Popen[bytes]],
    until: Callable[[], bool],
) -> None:
    """As a service manager and its timer do (docs/production.md, "Service files" and "Watching it"): Celery dies where
    a folder is gone, or a Redis in the middle of a task (kombu 5.7), and not every one that lives is at work."""
    look_at = time.monotonic() + 20

    def told_meanwhile() -> bool:
        nonlocal worker, look_at
        if worker.poll() is None and time.monotonic() > look_at:
            look_at = time.monotonic() + 20
            try:
                call_command("sessions", "health", "--worker-within", "15", stdout=StringIO())
            except CommandError:
                kill(worker)
        if worker.poll() is not None:
            print("The worker is started again.")
            worker = restart()
        return until()

    wait_until(told_meanwhile, "all told, the mail too")


def test_a_broker_goes_down_and_comes_back(
    broker: Service, start: Start, hook: Outbox, sign_out_elsewhere: SignOut, tmp_path: Path
) -> None:
    command = [
        "celery",
        "-A",
        "config",
        "worker",
        "-P",
        "threads",
        "-c",
        "2",
        "-B",
        "-s",
        str(tmp_path / "beat"),
    ]
    command += ["-Q", current_app.conf.task_default_queue]
    environment = {"CELERY_BROKER_URL": broker.url, "EMAIL_URL": "dummymail://"}
    hook.fill(20)
    worker = start(*command, **environment)
    wait_until(hook.is_empty, "the worker at work")
    broker.down()
    time.sleep(2)  # the worker notices
    sign_out_elsewhere()
    hook.fill(20)
    broker.up()
    look_after(worker, restart=lambda: start(*command, **environment), until=hook.is_empty)
    assert Delivery.objects.filter(channel="mail", done_at__isnull=False).count() == 1
    assert len(hook.counts()) == 40 and not Delivery.objects.filter(parked_at__isnull=False).exists()
    print(f"40 deliveries, {hook.counts().total()} attempts")


def test_half_a_message_in_the_folder_stops_no_worker(start: Start, hook: Outbox, tmp_path: Path) -> None:
    """Before it starts, and while it runs: what a full disk, or a program that was killed, leaves behind."""
    queue = tmp_path / "broker" / "queue"
    queue.mkdir(parents=True)
    name = current_app.conf.task_default_queue

    def leave_half(number: int) -> None:
        (queue / f"0_{number}.{name}.msg").write_bytes(b'{"body": "W10s')

    for number in range(3):
        leave_half(number)
    hook.fill(20)
    command = [
        "celery",
        "-A",
        "config",
        "worker",
        "-P",
        "threads",
        "-c",
        "2",
        "-B",
        "-s",
        str(tmp_path / "beat"),
    ]
    worker = start(
        *command,
        "-Q",
        name,
        CELERY_BROKER_URL="filesystem://localhost",
        VAR_DIR=str(tmp_path),
        EMAIL_URL="dummymail://",
    )
    wait_until(hook.is_empty, "the worker at work")
    leave_half(4)
    wait_until(lambda: not list(queue.glob("0_*")), "half a message dropped")
    hook.fill(20)
    wait_until(hook.is_empty, "the worker at work again")
    assert worker.poll() is None


def test_redis_as_the_cache_goes_down_and_comes_back(
    start: Start, hook: Outbox, user: Any, browser: Any, settings: Any, tmp_path: Path
) -> None:
    redis = OwnRedis(tmp_path)
    redis.up()
    redis_or_rows = {
        "BACKEND": "config.cache.RedisOrRows",
        "LOCATION": redis.url,
        "OPTIONS": {"ROWS": "rows"},
    }
    settings.CACHES = {"default": redis_or_rows, "rows": ROWS}
    try:
        laptop, phone = browser(), browser()
        laptop.sign_in(user)
        phone.sign_in(user)
        redis.down()
        hook.fill(20)
        laptop.post("/account/devices/sign-out-others/")
        assert phone.get("/account/devices/").status_code == 302
        redis.up()
        start(REDIS_URL=redis.url, EMAIL_URL="dummymail://")
        wait_until(hook.is_empty, "every delivery made")
        assert len(hook.counts()) == 20 and Session.objects.living().count() == 1
    finally:
        redis.down()


# --- The database

postgresql = pytest.mark.databases("postgresql")  # pg_terminate_backend


def connected() -> set[int]:
    """Who is connected to the test database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return {pid for (pid,) in cursor.fetchall()}


def cut(pids: set[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [list(pids)])


@postgresql
def test_the_connection_is_cut_in_the_middle_of_an_ending(user: Any, browser: Any) -> None:
    """Nothing of it is there, nothing is told, and asking again ends it."""
    phone = browser()
    phone.force_login(user)
    found: list[Any] = []

    def end() -> None:
        try:
            with transaction.atomic():
                end_user_sessions(user=user, reason=EndReason.HELP_DESK)
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid()")
                    found.append(cursor.fetchone()[0])
                ended.set()
                gone.wait(PATIENCE)
        except OperationalError as error:
            found.append(error)
        finally:
            connections.close_all()

    ended, gone = threading.Event(), threading.Event()
    thread = threading.Thread(target=end)
    thread.start()
    assert ended.wait(PATIENCE)
    cut({found[0]})
    gone.set()
    thread.join()
    assert isinstance(found[1], OperationalError)
    assert phone.get("/account/devices/").status_code == 200
    assert not Act.objects.exists() and not Delivery.objects.exists()
    assert end_user_sessions(user=user, reason=EndReason.HELP_DESK).ended == 1
    assert phone.get("/account/devices/").status_code == 302
    assert Delivery.objects.count() == 1


@postgresql
def test_workers_lose_their_connections_again_and_again(start: Start, hook: Outbox) -> None:
    hook.fill(200)
    ours, cuts = connected(), 0
    start()
    start()
    for number in (20, 60, 100, 140):
        wait_until(lambda number=number: len(hook.receiver.requests) >= number, f"{number} deliveries")
        theirs = connected() - ours
        cut(theirs)
        cuts += len(theirs)
    assert cuts >= 4
    hook.verify(number=200)
