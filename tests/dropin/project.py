"""A plain `startproject` in an environment of its own, and the README's lines in it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx

PIP = ["-m", "pip", "--disable-pip-version-check", "--quiet"]
NUMBERS = count()
ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 60  # seconds for the server to answer, and for a worker to send a mail
# The project's own sign-in: Django's LoginView with the smallest template there is.
SIGN_IN_TEMPLATE = '<form method="post">{% csrf_token %}{{ form.as_p }}<button>Sign in</button></form>'
OWN_SETTINGS = """
TEMPLATES[0]["DIRS"] = [BASE_DIR / "templates"]
LOGIN_REDIRECT_URL = "/whoami"
"""
# How the project sends mails. What `startproject` of Django 6.1 writes prints them.
OWN_MAILS = """
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = BASE_DIR / "mails"
"""
OWN_URLS = """
from django.contrib.auth.views import LoginView
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import ensure_csrf_cookie

LOGIN = LoginView.as_view(template_name="sign_in.html")
urlpatterns += [
    path("accounts/login/", ensure_csrf_cookie(LOGIN), name="login"),
    path("whoami", lambda request: HttpResponse(request.user.get_username())),
]
"""
# The project's Celery app, word for word as Celery's documentation has it ("First steps with Django"), and a broker
# that needs no server.
OWN_CELERY = """
import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "host.settings")

app = Celery("host")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
"""
OWN_BROKER = """
CELERY_BROKER_URL = "filesystem://"
BROKER = BASE_DIR / "broker"
BROKER.mkdir(exist_ok=True)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    name: str(BROKER) for name in ("data_folder_in", "data_folder_out", "control_folder")
}
"""
OWN_INIT = """
from .celery import app as celery_app

__all__ = ("celery_app",)
"""
# What the README's words "instead of Django's" mean.
REPLACED = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
# `...` in a list of the README stands for what the project has there and the list does not name.
MERGE = """
def with_own(readme, own, without=()):
    rest = [entry for entry in own if entry not in readme and entry not in without]
    at = readme.index(...)
    return readme[:at] + rest + readme[at + 1 :]
"""
WSGI = ["manage.py", "runserver", "--noreload", "127.0.0.1:{port}"]
ASGI = ["-m", "uvicorn", "host.asgi:application", "--port", "{port}", "--log-level", "warning"]
WORKER = [
    "-m",
    "celery",
    "-A",
    "host",
    "worker",
    "-B",
    "-P",
    "threads",
    "-s",
    "beat",
    "--loglevel",
    "WARNING",
]


def readme_blocks() -> dict[str, str]:
    """The Python code blocks of "Install it into your own project" by what their first line names: a file, and for
    whom it is ("settings.py, with Celery")."""
    readme = (ROOT / "README.md").read_text()
    section = readme.split("## Install it into your own project", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"```python\n# (\w+\.py[^;\n]*)[^\n]*\n(.*?)```", section, re.DOTALL)
    return dict(blocks)


class Project:
    """What a host has of its own: a sign-in page, a way to send mails, and later a Celery app."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder, self.python = folder, python
        self.settings = folder / "host" / "settings.py"
        self.urls = folder / "host" / "urls.py"
        folder.mkdir()
        self.run("-m", "django", "startproject", "host", ".")
        (folder / "templates").mkdir()
        (folder / "templates" / "sign_in.html").write_text(SIGN_IN_TEMPLATE)
        self.prints_mails = "MAILERS" in self.settings.read_text()
        append(self.settings, OWN_SETTINGS + ("" if self.prints_mails else OWN_MAILS))
        append(self.urls, OWN_URLS)
        self.plain = (self.settings.read_text(), self.urls.read_text())

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.python, *arguments], cwd=self.folder, env=environment(), text=True, capture_output=True
        )
        said = f"{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, f"{' '.join(arguments)}\n{said}"
        ours = [line for line in said.splitlines() if "sessions_ui/" in line and "Warning" in line]
        assert not ours, said
        return said

    def manage(self, *arguments: str) -> str:
        return self.run("-W", "default", "manage.py", *arguments)

    def follow_readme(self, *, celery: bool) -> None:
        blocks = readme_blocks()
        settings = [blocks["settings.py"], blocks[f"settings.py, {'with' if celery else 'without'} Celery"]]
        if not self.prints_mails:
            settings.append(blocks["settings.py, with EMAIL_HOST and the like"])
        self._extend(self.settings, "\n".join(settings), "INSTALLED_APPS", "MIDDLEWARE")
        self._extend(self.urls, blocks["urls.py"], "urlpatterns")

    def go_back(self) -> None:
        settings, urls = self.plain
        self.settings.write_text(settings)
        self.urls.write_text(urls)

    def make_celery_app(self) -> None:
        append(self.settings, OWN_BROKER)
        (self.folder / "host" / "celery.py").write_text(OWN_CELERY)
        (self.folder / "host" / "__init__.py").write_text(OWN_INIT)

    def mails(self, printed: str) -> str:
        """All that was sent so far; `printed` is what the process said that sent it."""
        if self.prints_mails:
            return printed
        return "\n".join(file.read_text() for file in sorted((self.folder / "mails").glob("*.log")))

    @staticmethod
    def _extend(file: Path, block: str, *lists: str) -> None:
        """The README's lines as they are, then its lists with the project's own entries in them."""
        own = "\n".join(f"OWN_{name} = {name}" for name in lists)
        merged = "\n".join(f"{name} = with_own({name}, OWN_{name}, {REPLACED})" for name in lists)
        append(file, f"\n{MERGE}\n{own}\n{block}\n{merged}\n")

    @contextmanager
    def served(self, server: list[str]) -> Iterator[str]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        with self.running([part.format(port=port) for part in server]) as said:
            wait_until(lambda: answers(url), said)
            yield url

    @contextmanager
    def running(self, arguments: list[str]) -> Iterator[Callable[[], str]]:
        """A process of the project; what is given says what it has said so far, and fails if it has ended."""
        log = self.folder / f"process-{next(NUMBERS)}.log"
        with log.open("w") as file:
            process = subprocess.Popen(
                [self.python, *arguments], cwd=self.folder, env=environment(), stdout=file, stderr=file
            )

            def said() -> str:
                assert process.poll() is None, log.read_text()
                return log.read_text()

            try:
                yield said
            finally:
                process.terminate()
                process.wait(TIMEOUT)
            assert "Traceback" not in (text := log.read_text()), text


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def environment() -> Mapping[str, str]:
    """Nothing of this repository's own settings."""
    own = (
        "DJANGO_SETTINGS_MODULE",
        "SECRET_KEY",
        "DATABASE_URL",
        "CELERY_BROKER_URL",
        "PYTHONPATH",
        "VIRTUAL_ENV",
    )
    return {
        **{name: value for name, value in os.environ.items() if name not in own},
        "PYTHONUNBUFFERED": "1",
    }


def answers(url: str) -> bool:
    try:
        httpx.get(f"{url}/whoami")
    except httpx.TransportError:
        return False
    return True


def wait_until(done: Callable[[], bool], said: Callable[[], str]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not done():
        assert time.monotonic() < deadline, said()
        said()
        time.sleep(0.1)


class Visitor:
    """A browser without JavaScript that outlives the server: its cookies stay when the next one comes up."""

    def __init__(self, user_agent: str) -> None:
        self.http = httpx.Client(headers={"User-Agent": user_agent}, timeout=TIMEOUT)

    def get(self, url: str) -> httpx.Response:
        return self.http.get(url)

    def post(self, url: str, **data: str) -> httpx.Response:
        return self.http.post(
            url,
            data={**data, "csrfmiddlewaretoken": self.http.cookies["csrftoken"]},
            headers={"Referer": url},
        )

    def sign_in(self, url: str, password: str) -> None:
        self.get(f"{url}/accounts/login/")
        answer = self.post(f"{url}/accounts/login/", username="ada", password=password)
        assert answer.status_code == 302, answer.text

    def who(self, url: str) -> str:
        answer = self.get(f"{url}/whoami")
        return answer.text if answer.status_code == 200 else f"{answer.status_code}"


def pip(*arguments: str | Path, interpreter: Path | None = None) -> None:
    """The tests' own pip works in the environment: putting one into each takes as long as all the rest."""
    where = ["--python", interpreter] if interpreter else []
    done = subprocess.run(
        [sys.executable, *PIP, *where, *arguments], text=True, capture_output=True, env=environment()
    )
    assert done.returncode == 0, done.stdout + done.stderr


def make_environment(folder: Path, python: str | None = None) -> Path:
    subprocess.run([python or sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"
