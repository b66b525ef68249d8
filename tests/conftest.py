"""People and browsers for every test."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings

PASSWORD = "correct horse battery staple"
FIREFOX_ON_LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
LONDON = "81.2.69.142"


class Browser(Client):
    """Django's test client as one browser: its own user agent, address and cookies."""

    def __init__(self, user_agent: str = FIREFOX_ON_LINUX, address: str = LONDON, **defaults: Any) -> None:
        super().__init__(HTTP_USER_AGENT=user_agent, REMOTE_ADDR=address, **defaults)

    def sign_in(self, user: Any, password: str = PASSWORD) -> Any:
        """Through the sign-in page, as a person does; `force_login` would skip what is tested here."""
        response = self.post("/account/login/", {"login": user.email, "password": password})
        assert response.status_code == 302, response.content.decode()
        return response


@pytest.fixture(scope="session", autouse=True)
def _site(django_test_environment: None) -> Iterator[None]:
    """Passwords that cost nothing to check, and the demo's place file."""
    from config.demo.places import write_places

    write_places(Path(settings.SESSIONS_UI["GEOIP_PATH"]))
    # The manifest of production is written by `collectstatic`, which no test needs.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES={**settings.STORAGES, "staticfiles": plain},
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> Iterator[None]:
    """After a test with real transactions Django truncates every table: a quarter of a second on PostgreSQL, where
    deleting the few rows takes a tenth of that."""

    def sql_flush(self: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        return [f"DELETE FROM {self.quote_name(table)};" for table in tables]

    with pytest.MonkeyPatch.context() as patched:
        if connection.vendor == "postgresql":
            patched.setattr(type(connection.ops), "sql_flush", sql_flush)
        yield


@pytest.fixture(autouse=True)
def _fresh_rate_limits() -> Iterator[None]:
    """Redis is not rolled back with the test's transaction; the database cache is."""
    yield
    if settings.REDIS_URL:
        cache.clear()


@pytest.fixture
def hastened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tasks that a worker is asked to carry out now, one after another."""
    from sessions_ui import hasten

    names: list[str] = []
    monkeypatch.setattr("celery.Celery.send_task", lambda app, name, **options: names.append(name))
    monkeypatch.setattr(hasten, "_paused_until", 0.0)
    return names


@pytest.fixture
def browser() -> Callable[..., Browser]:
    """`browser()`, `browser(user_agent=…, address=…)`: a new browser that has never been here."""
    return Browser


def _person(email: str, **fields: Any) -> Any:
    from allauth.account.models import EmailAddress
    from django.contrib.auth import get_user_model

    user = get_user_model().objects.create_user(email, PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


@pytest.fixture
def user(db: None) -> Any:
    return _person("ada@people.example", name="Ada")


@pytest.fixture
def other_user(db: None) -> Any:
    return _person("grace@people.example", name="Grace")


@pytest.fixture
def agent(db: None) -> Any:
    """A help-desk agent: staff, in the group that the demo's agent is in, too."""
    from config.demo.people import help_desk

    person = _person("agent@staff.example", name="Agent", is_staff=True)
    person.groups.add(help_desk())
    return person


@pytest.fixture
def administrator(db: None) -> Any:
    return _person("admin@staff.example", name="Administrator", is_staff=True, is_superuser=True)


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it for garbage again and again took one part in twenty of the time."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright leaves a loop running in the thread, where no asynchronous test can run."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


# --- REQUIRE_ALL=1: in CI every service is there, so a skipped test is a hole in the net -------------------

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"


def _refuse_skip(report: Any) -> None:
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1 allows no skip. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    report = yield
    _refuse_skip(report)
    return report
