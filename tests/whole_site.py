"""The site as production runs it, in processes of its own on servers of its own, and a load of requests on it.

For the tests of outages and for `benchmarks/outages.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tests.servers import PATIENCE, free_port, wait_for

ROOT = Path(__file__).parent.parent
# As docs/production.md has it.
UVICORN = [
    "config.asgi:application",
    "--no-proxy-headers",
    "--lifespan",
    "off",
    "--limit-concurrency",
    "2000",
]
WORKER = ["-A", "config", "worker", "-P", "threads", "-c", "2"]
BEAT = ["-A", "config", "beat"]
PASSWORD = "correct horse battery staple"


class QuickHasher(PBKDF2PasswordHasher):
    """What it has made the site's own reads, and makes anew."""

    iterations = 1


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with two browsers that were here for days, by the keys of their sessions."""

    email: str
    laptop: str
    phone: str


@dataclass(frozen=True, slots=True)
class Question:
    """A request; with a `form`, also an empty one, it is a POST. `session`: key of the session that asks; empty for
    nobody's."""

    path: str
    session: str = ""
    form: dict[str, str] | None = None
    headers: tuple[tuple[str, str], ...] = (("Accept", "text/html"),)


@dataclass(frozen=True, slots=True)
class Answer:
    """`at`: when it was asked, `seconds`: until it was answered. `status` is 0 where nothing came."""

    question: Question
    at: float
    seconds: float
    status: int
    headers: httpx.Headers
    text: str


class Site:
    """Web, worker and beat, as many of them as were started. `environment`: DATABASE_URL and so on."""

    def __init__(self, **environment: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="devices-site-"))
        self.mails = self.folder / "mails"
        self.environment = {
            # In a run of the tests there are keys already, and what these have encrypted is to be read here, too.
            "FACTOR_KEYS": "not a secret either: only a site that lives for minutes uses it",
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SECRET_KEY": "not a secret: only a site that lives for minutes uses it",
            "ALLOWED_HOSTS": "127.0.0.1",
            "DEBUG": "0",
            "DEMO": "0",
            "SECURE_SSL_REDIRECT": "0",
            "SITE_URL": "https://devices.example",
            "GEOIP_PATH": "",
            "VAR_DIR": str(self.folder),
            "EMAIL_URL": f"filemail:///{self.mails}",
            "CELERY_QUEUE": "devices",
            **environment,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.port = free_port()
        self.manage("migrate", "--verbosity=0")
        self.manage("collectstatic", "--noinput", "--verbosity=0")
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", timeout=90, limits=httpx.Limits(max_connections=500)
        )

    def manage(self, *arguments: str) -> str:
        return self._said("manage.py", *arguments)

    def people(self, number: int) -> list[Person]:
        """Signed in by the sign-in page, on two browsers each."""
        return [Person(*person) for person in json.loads(self._said("-m", __name__, str(number)))]

    def _said(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_web(self) -> None:
        self.start("web", "uvicorn", [*UVICORN, "--host", "127.0.0.1", "--port", str(self.port)])
        wait_for(self.port, "the site")

    def start(self, name: str, module: str, arguments: Sequence[str]) -> None:
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def threads(self) -> int:
        """Of the web process."""
        return len(list(Path(f"/proc/{self.processes['web'].pid}/task").iterdir()))

    def ask(self, question: Question) -> Answer:
        token = "c" * 32
        cookies = {"__Host-sessionid": question.session} if question.session else {}
        headers = dict(question.headers)
        if question.form is not None:
            cookies["__Host-csrftoken"] = headers["X-CSRFToken"] = token
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        began = time.monotonic()
        try:
            method = "GET" if question.form is None else "POST"
            answer = self._client.request(method, question.path, headers=headers, data=question.form)
        except httpx.HTTPError as error:
            return Answer(question, began, time.monotonic() - began, 0, httpx.Headers(), repr(error))
        took = time.monotonic() - began
        return Answer(question, began, took, answer.status_code, answer.headers, answer.text)

    def load(
        self, questions: Callable[[int], Question], *, rate: float, until: Callable[[], bool]
    ) -> list[Answer]:
        """Ask `rate` questions a second, whether or not those before were answered; `questions(n)` is the nth one."""
        asked = []
        began = time.monotonic()
        with ThreadPoolExecutor(max_workers=500) as browsers:
            while not until():
                asked.append(browsers.submit(self.ask, questions(len(asked))))
                time.sleep(max(0.0, began + len(asked) / rate - time.monotonic()))
            return [one.result() for one in asked]

    def wait_until_well(self) -> None:
        deadline = time.monotonic() + PATIENCE
        # Nobody's session, so it is looked up, and the page for whoever is not signed in follows.
        while self.ask(Question("/account/devices/", "x" * 32)).status != 302:
            assert time.monotonic() < deadline, "the site did not recover"
            time.sleep(0.2)

    def close(self) -> None:
        self._client.close()
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(self.folder)


def sign_in(number: int) -> list[tuple[str, str, str]]:
    """In a process of its own, with the site's settings: makes so many people. Their e-mail addresses and keys."""
    import django

    django.setup()
    from allauth.account.models import EmailAddress
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client, override_settings

    from tests.aging import settle

    model: Any = get_user_model()
    hashers = ["tests.whole_site.QuickHasher"]
    people = []
    with override_settings(PASSWORD_HASHERS=hashers, ACCOUNT_RATE_LIMITS=False, ALLOWED_HOSTS=["testserver"]):
        first = model.objects.count()
        for i in range(first, first + number):
            user = model.objects.create_user(f"person{i}@people.example", PASSWORD)
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
            clients = [Client(), Client()]
            for client in clients:
                answer = client.post("/account/login/", {"login": user.email, "password": PASSWORD})
                assert answer.status_code == 302, answer.content.decode()
            settle(user)
            laptop, phone = (client.cookies[settings.SESSION_COOKIE_NAME].value for client in clients)
            people.append((user.email, laptop, phone))
    return people


if __name__ == "__main__":
    print(json.dumps(sign_in(int(sys.argv[1]))))
