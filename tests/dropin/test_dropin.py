"""The README's lines, and nothing else, in what each Django's `startproject` makes: without Celery under WSGI, with it
under ASGI, the move from Django's engine, and the way back. All over HTTP."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.conftest import FIREFOX_ON_LINUX, PASSWORD
from tests.dropin.project import ASGI, ROOT, WORKER, WSGI, Project, Visitor, readme_blocks, wait_until
from tests.dropin.pythons import left_out, supported

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
ADA = f"from django.contrib.auth.models import User; User.objects.create_user('ada', 'ada@x.example', '{PASSWORD}')"
TOLD = "Subject: A device was signed out of your account"
DJANGOS = [django for django in supported() if django not in left_out()]
# What a release breaks first is the oldest and the newest.
BETWEEN = [pytest.param(django, marks=pytest.mark.long) for django in DJANGOS[1:-1]]

if left_out():
    warnings.warn(f"No Python here for Django {', '.join(left_out())}: not tried.", stacklevel=1)


def test_the_readme_names_both_files_and_both_ways() -> None:
    assert readme_blocks().keys() == {
        "settings.py",
        "settings.py, with EMAIL_HOST and the like",
        "settings.py, with Celery",
        "settings.py, without Celery",
        "urls.py",
    }


def test_the_readme_and_the_package_say_the_same_of_django() -> None:
    readme = (ROOT / "README.md").read_text()
    assert f"Django {', '.join(supported()[:-1])} or {supported()[-1]}, Python 3.11 or newer" in readme


@pytest.mark.registry
def test_type_checkers_may_read_the_types_of_the_wheel(wheel: Path) -> None:
    assert "sessions_ui/py.typed" in ZipFile(wheel).namelist()


@pytest.mark.registry
@pytest.mark.parametrize("django", [*DJANGOS[:1], *BETWEEN, *DJANGOS[1:][-1:]])
def test_in_and_out_again(django: str, install: Callable[..., Path], tmp_path: Path) -> None:
    """One journey: each part stands on what the one before has left in the browsers and the database."""
    project = Project(tmp_path / "project", install(django))
    laptop, office = Visitor(FIREFOX_ON_LINUX), Visitor(CHROME)
    before_the_app(project, laptop, office)
    without_celery(project, laptop, office)
    install(django, "celery")
    with_celery(project, laptop, office)
    after_the_app(project, office)


def before_the_app(project: Project, laptop: Visitor, office: Visitor) -> None:
    project.manage("migrate")
    project.manage("shell", "-c", ADA)
    with project.served(WSGI) as url:
        for visitor in (laptop, office):
            visitor.sign_in(url, PASSWORD)
            assert visitor.who(url) == "ada"


def without_celery(project: Project, laptop: Visitor, office: Visitor) -> None:
    project.follow_readme(celery=False)
    project.manage("migrate")
    assert "no changes" in project.manage("makemigrations", "--check", "--dry-run").lower()
    assert "sessions_ui.W081" in project.manage("check", "--database", "default")
    with project.served(WSGI) as url:
        assert laptop.who(url) == "ada", "before its session was adopted with all others"
        assert "Adopted: 1 of users" in project.manage("adopt_sessions")
        assert office.who(url) == "ada"
        assert "no issues" in project.manage("check", "--database", "default")
        office.sign_in(url, PASSWORD)
        page = laptop.get(f"{url}/account/devices/").text
        styles = re.findall(r'href="(/static/sessions_ui/[^"]+\.css)"', page)
        assert styles and all(laptop.get(url + style).status_code == 200 for style in styles)
        end_the_other(url, laptop, office)
    printed = project.manage("deliver")
    assert project.mails(printed).count(TOLD) == 1
    project.manage("sessions", "carry-out")
    project.manage("clearsessions")


def with_celery(project: Project, laptop: Visitor, office: Visitor) -> None:
    project.go_back()
    project.make_celery_app()
    project.follow_readme(celery=True)
    assert "no issues" in project.manage("check")
    before = project.mails("").count(TOLD)
    with project.running(WORKER) as said, project.served(ASGI) as url:
        office.sign_in(url, PASSWORD)
        end_the_other(url, laptop, office)
        wait_until(lambda: project.mails(said()).count(TOLD) == before + 1, said)


def end_the_other(url: str, laptop: Visitor, office: Visitor) -> None:
    """The newer of the two: to end the older from it, the office would have to prove more than a password."""
    page = laptop.get(f"{url}/account/devices/")
    assert page.status_code == 200 and "Chrome on Linux" in page.text
    assert laptop.post(url + sign_out_form(page.text, "Chrome on Linux")).status_code == 302
    assert "signed out" in laptop.get(f"{url}/account/devices/").text

    refused = office.get(f"{url}/account/devices/")
    assert refused.status_code == 302 and "/accounts/login/" in refused.headers["Location"]
    assert "sessionid" not in office.http.cookies
    assert (laptop.who(url), office.who(url)) == ("ada", "")


def sign_out_form(page: str, device: str) -> str:
    """Where the button with this name posts to."""
    forms = re.findall(r'(<form[^>]*action="([^"]+)".*?</form>)', page, re.DOTALL)
    return next(action for body, action in forms if f"Sign out {device}" in body)


def after_the_app(project: Project, office: Visitor) -> None:
    """docs/adoption.md, "The way back": drop our tables while the app is still there to say which, then leave."""
    rolled_back = project.manage("migrate", "sessions_ui", "zero")
    assert "Unapplying sessions_ui.0001" in rolled_back
    project.go_back()
    assert "no issues" in project.manage("check")
    project.manage("migrate")
    with project.served(WSGI) as url:
        assert office.who(url) == ""  # signs in again; nothing crashes
        office.sign_in(url, PASSWORD)
        assert office.who(url) == "ada"
    project.manage("clearsessions")
