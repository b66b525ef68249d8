"""A plain `startproject` in an environment of its own, and the README's lines in it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 60  # seconds for the server to answer
# The project's own sign-in: Django's LoginView with the smallest template there is.
SIGN_IN_TEMPLATE = '<form method="post">{% csrf_token %}{{ form.as_p }}<button>Sign in</button></form>'
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


def readme_blocks() -> dict[str, str]:
    """The Python code blocks of "Install it into your own project" by the file that their first line names."""
    readme = (ROOT / "README.md").read_text()
    section = readme.split("## Install it into your own project", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"```python\n# (\w+\.py)[^\n]*\n(.*?)```", section, re.DOTALL)
    return dict(blocks)


class Project:
    def __init__(self, folder: Path, python: Path) -> None:
        self.folder, self.python = folder, python
        self.settings = folder / "host" / "settings.py"
        self.urls = folder / "host" / "urls.py"
        folder.mkdir()
        self.run("-m", "django", "startproject", "host", ".")
        (folder / "templates").mkdir()
        (folder / "templates" / "sign_in.html").write_text(SIGN_IN_TEMPLATE)
        with self.settings.open("a") as settings:
            settings.write(
                '\nTEMPLATES[0]["DIRS"] = [BASE_DIR / "templates"]\nLOGIN_REDIRECT_URL = "/whoami"\n'
            )
        with self.urls.open("a") as urls:
            urls.write(OWN_URLS)
        self.plain = (self.settings.read_text(), self.urls.read_text())

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.python, *arguments], cwd=self.folder, env=environment(), text=True, capture_output=True
        )
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def manage(self, *arguments: str) -> str:
        return self.run("manage.py", *arguments)

    def follow_readme(self) -> None:
        blocks = readme_blocks()
        self._extend(self.settings, blocks["settings.py"], "INSTALLED_APPS", "MIDDLEWARE")
        self._extend(self.urls, blocks["urls.py"], "urlpatterns")

    def go_back(self) -> None:
        settings, urls = self.plain
        self.settings.write_text(settings)
        self.urls.write_text(urls)

    @staticmethod
    def _extend(file: Path, block: str, *lists: str) -> None:
        """The README's lines as they are, then its lists with the project's own entries in them."""
        own = "\n".join(f"OWN_{name} = {name}" for name in lists)
        merged = "\n".join(f"{name} = with_own({name}, OWN_{name}, {REPLACED})" for name in lists)
        file.write_text(f"{file.read_text()}\n{MERGE}\n{own}\n{block}\n{merged}\n")

    @contextmanager
    def served(self) -> Iterator[str]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [self.python, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
        with (self.folder / "server.log").open("w+") as log:
            server = subprocess.Popen(command, cwd=self.folder, env=environment(), stdout=log, stderr=log)
            url = f"http://127.0.0.1:{port}"
            try:
                wait_for(url, server, Path(log.name))
                yield url
            finally:
                server.terminate()
                server.wait(TIMEOUT)
            log.seek(0)
            assert "Traceback" not in (text := log.read()), text


def environment() -> dict[str, str]:
    """Nothing of this repository's own settings, and a broker that is nowhere."""
    own = ("DJANGO_SETTINGS_MODULE", "SECRET_KEY", "DATABASE_URL", "PYTHONPATH", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return {**kept, "CELERY_BROKER_URL": "memory://", "PYTHONUNBUFFERED": "1"}


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            httpx.get(f"{url}/whoami")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"no answer\n{log.read_text()}")


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


def make_environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"
