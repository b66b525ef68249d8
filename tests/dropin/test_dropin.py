"""The README's lines in a plain project, the move from Django's engine, and the way back: all over HTTP."""

from __future__ import annotations

import re

import pytest

from tests.conftest import FIREFOX_ON_LINUX, PASSWORD
from tests.dropin.project import Project, Visitor, readme_blocks

pytestmark = pytest.mark.registry
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
ADA = f"from django.contrib.auth.models import User; User.objects.create_user('ada', 'ada@x.example', '{PASSWORD}')"


def test_the_readme_names_both_files() -> None:
    assert readme_blocks().keys() == {"settings.py", "urls.py"}


def test_in_and_out_again(project: Project) -> None:
    """One journey: each part stands on what the one before has left in the browsers and the database."""
    laptop, office = Visitor(FIREFOX_ON_LINUX), Visitor(CHROME)
    before_the_app(project, laptop)
    with_the_app(project, laptop, office)
    after_the_app(project, office)


def before_the_app(project: Project, laptop: Visitor) -> None:
    project.manage("migrate")
    project.manage("shell", "-c", ADA)
    with project.served() as url:
        laptop.sign_in(url, PASSWORD)
        assert laptop.who(url) == "ada"


def with_the_app(project: Project, laptop: Visitor, office: Visitor) -> None:
    project.follow_readme()
    project.manage("migrate")
    assert "no issues" in project.manage("check")
    assert "no changes" in project.manage("makemigrations", "--check", "--dry-run").lower()
    assert "Adopted: 1 of users" in project.manage("adopt_sessions")
    with project.served() as url:
        assert laptop.who(url) == "ada"
        office.sign_in(url, PASSWORD)
        page = laptop.get(f"{url}/account/devices/")
        assert page.status_code == 200 and "Chrome on Linux" in page.text
        styles = re.findall(r'href="(/static/sessions_ui/[^"]+\.css)"', page.text)
        assert styles and all(laptop.get(url + style).status_code == 200 for style in styles)
        # The newer of the two: to end the older from it, the office would have to prove more than a password.
        assert laptop.post(url + sign_out_form(page.text, "Chrome on Linux")).status_code == 302
        assert "signed out" in laptop.get(f"{url}/account/devices/").text

        refused = office.get(f"{url}/account/devices/")
        assert refused.status_code == 302 and "/accounts/login/" in refused.headers["Location"]
        assert "sessionid" not in office.http.cookies
        assert (laptop.who(url), office.who(url)) == ("ada", "")
    project.manage("clearsessions")


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
    with project.served() as url:
        assert office.who(url) == ""  # signs in again; nothing crashes
        office.sign_in(url, PASSWORD)
        assert office.who(url) == "ada"
    project.manage("clearsessions")
