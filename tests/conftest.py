"""People and browsers for every test."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
import time_machine
from django.conf import settings
from django.core.cache import caches
from django.core.management.commands import flush
from django.db import DatabaseError, connection, transaction
from django.db.models.signals import pre_save
from django.test import Client, TransactionTestCase, override_settings
from django.urls import Resolver404, resolve
from django.utils import timezone
from pytest_django import DjangoDbBlocker

import config.cache
import config.settings as site_settings
import tests.models
from sessions_ui.channels.emails import channel
from sessions_ui.services import pubsub, queueing, site_cache
from tests.bystander import Bystander

# Reads from a replica are refused in every test.
from tests.replica import _no_replica, _nothing_read_from_a_replica  # noqa: F401

# Without USE_TZ `timezone.now()` is the wall clock, and so is what a test travels to.
time_machine.naive_mode = time_machine.NaiveMode.LOCAL
PASSWORD = "correct horse battery staple"
FIREFOX_ON_LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
# What a browser accepts where a person opens a link or sends a form.
PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
LONDON = "81.2.69.142"
# No test depends on how fast a machine is: neither on how long an example takes nor on how long it takes to make one.
# What asks for fixtures of a function makes all of its examples with the same.
hypothesis.settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("any machine")
BREAKERS = (queueing.BROKER, pubsub.REDIS, site_cache.CACHE, channel.SERVER, config.cache.REDIS)


# Pages that only answer a form, with the parts of their address without which they are something else.
ANSWERS = {
    "sessions_ui:confirm": "act=",
    "sessions_ui:prove": "act=",
    "sessions_ui:challenge": "sent=",
    "sessions_ui:token_value": "",
    "sessions_ui:not_me_done": "",
    "sessions_ui:leaked_thanks": "",
    "sessions_ui:recovery_mailed": "",
    "sessions_ui:choose_password": "recovering=",
    "help_desk:review": "order=",
    "help_desk:case": "network",
    "admin:sessions_ui_endpoint_secret": "",
    "admin:sessions_ui_serviceaccount_value": "",
}


def leads_to_answer(response: Any) -> bool:
    """Return whether it is a redirect to one of these pages."""
    if response.status_code != 302:
        return False
    address = urlsplit(response.url)
    try:
        name = resolve(address.path).view_name
    except Resolver404:
        return False
    return name in ANSWERS and ANSWERS[name] in address.query


class Browser(Client):
    """Django's test client as one browser in which a person opens pages: its own user agent, address and cookies."""

    def __init__(self, user_agent: str = FIREFOX_ON_LINUX, address: str = LONDON, **defaults: Any) -> None:
        named = {"HTTP_USER_AGENT": user_agent, "HTTP_ACCEPT": PAGE, "REMOTE_ADDR": address}
        super().__init__(**named, **defaults)

    def post(self, path: str, *arguments: Any, **options: Any) -> Any:
        """As `Client.post()`; where the form leads to a page that says what became of it, that page. `send()` stays at
        the redirect."""
        response = super().post(path, *arguments, **options)
        if options.get("follow") or not leads_to_answer(response):
            return response
        return self.get(
            response.url, **{name: options[name] for name in options if name in ("secure", "headers")}
        )

    def send(self, path: str, *arguments: Any, **options: Any) -> Any:
        return super().post(path, *arguments, **options)

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


# What `migrate` fills when it is done, and no test changes.
FILLED = ("django_content_type", "auth_permission")


# The database that is named, which is none of the tests': theirs has another name.
NAMED = connection.settings_dict["NAME"]


def is_named() -> bool:
    return bool(connection.settings_dict["NAME"] == NAMED)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """With the bystander in it; in a database that is used again (`--reuse-db`) they stand already. Where no test needs
    a database pytest-django makes none, and nobody's rows are touched."""
    if is_named():
        return
    with django_db_blocker.unblock():
        Bystander.leave()
        Bystander.stand()


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> Iterator[None]:
    """After a test with real transactions Django empties every table, and fills two of them anew: a third of the time
    that such tests take. Those two stay as they are. And PostgreSQL truncates: a quarter of a second, where deleting
    the few rows takes a tenth of that. The bystander comes back."""
    operations = type(connection.ops)  # of every connection: a test with a loop running has another one
    empty = operations.sql_flush
    carry_out = operations.execute_sql_flush

    def sql_flush(self: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        emptied = [table for table in tables if table not in FILLED]
        if connection.vendor == "postgresql":
            return [f"DELETE FROM {self.quote_name(table)};" for table in emptied]
        return empty(self, style, emptied, **options)

    def execute_sql_flush(self: Any, statements: list[str]) -> None:
        carry_out(self, statements)
        if self.connection.alias == connection.alias:
            Bystander.stand()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(operations, "sql_flush", sql_flush)
        patched.setattr(operations, "execute_sql_flush", execute_sql_flush)
        patched.setattr(flush, "emit_post_migrate_signal", lambda *arguments: None)
        yield


@pytest.fixture(autouse=True)
def _empty_caches(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Redis is not rolled back with a test. Nor is the table of the database cache where transactions are real, and
    what is flushed then are models' tables only."""
    if settings.REDIS_URL:
        request.getfixturevalue(
            "django_db_setup"
        )  # else the first ones of a worker would clear the real table
    yield
    if not is_named() and (settings.REDIS_URL or has_real_transactions(request)):
        with django_db_blocker.unblock():
            for cache in caches.all():
                cache.clear()


@pytest.fixture(autouse=True)
def _nothing_is_away() -> Iterator[None]:
    """What one test has found unreachable the next one tries again."""
    yield
    for breaker in BREAKERS:
        breaker.reset()


def has_real_transactions(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db")
    return "transactional_db" in request.fixturenames or bool(marker and marker.kwargs.get("transaction"))


def uses_database(request: pytest.FixtureRequest) -> bool:
    return (
        "db" in request.fixturenames
        or has_real_transactions(request)
        or bool(request.node.get_closest_marker("django_db"))
        or issubclass(request.cls or object, TransactionTestCase)
    )


@pytest.fixture(autouse=True)
def bystander(request: pytest.FixtureRequest) -> Iterator[Bystander | None]:
    """Somebody else with one row of everything, all of which must be as before when the test is over."""
    if not uses_database(request):
        yield None
        return
    request.getfixturevalue("db")
    if request.node.get_closest_marker("no_bystander"):
        Bystander.leave()
        yield None
        return
    tests.models.bystander = somebody = Bystander.standing
    yield somebody
    tests.models.bystander = None
    changes = somebody.changes()
    assert not changes, "The bystander's rows have changed:\n" + "\n".join(changes)


@pytest.fixture
def rate_limits(settings: Any) -> Iterator[Callable[..., None]]:
    """The site's own limits, which the suite does without, or `rate_limits(login="2/m/ip")`: these in their place.
    Time stands still meanwhile, so that no window ends by itself on a slow machine."""

    def set_limits(**limits: str) -> None:
        settings.ACCOUNT_RATE_LIMITS = limits

    set_limits(**getattr(site_settings, "ACCOUNT_RATE_LIMITS", {}))
    with time_machine.travel(timezone.now(), tick=False):
        yield set_limits


@pytest.fixture
def hastened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tasks that a worker is asked to carry out now, one after another."""
    names: list[str] = []
    monkeypatch.setattr("celery.Celery.send_task", lambda app, name, **options: names.append(name))
    return names


@contextmanager
def refused_events() -> Iterator[None]:
    """The database takes no event meanwhile."""
    from sessions_ui import models

    def fail(sender: Any, **kwargs: Any) -> None:
        raise DatabaseError

    pre_save.connect(fail, sender=models.Event)
    try:
        yield
    finally:
        pre_save.disconnect(fail, sender=models.Event)


@pytest.fixture
def failing_events() -> Iterator[None]:
    """The database takes no event any more."""
    with refused_events():
        yield


@pytest.fixture
def browser() -> Callable[..., Browser]:
    """`browser()`, `browser(user_agent=…, address=…)`: a new browser that has never been here."""
    return Browser


def make_person(email: str, **fields: Any) -> Any:
    """Somebody with a password and a verified address."""
    from allauth.account.models import EmailAddress
    from django.contrib.auth import get_user_model

    user = get_user_model().objects.create_user(email, PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


@pytest.fixture(scope="module")
def made_once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """For fixtures of a module that make rows: what they make is there in each of its tests, and gone after the last.
    Each test is a savepoint then, so that none of the module may have real transactions."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def make_agent() -> Any:
    """A help-desk agent: staff, in the group that the demo's agent is in, too."""
    from config.demo.people import help_desk

    person = make_person("agent@staff.example", name="Agent", is_staff=True)
    person.groups.add(help_desk())
    return person


def make_administrator() -> Any:
    return make_person("admin@staff.example", name="Administrator", is_staff=True, is_superuser=True)


@pytest.fixture
def user(db: None) -> Any:
    return make_person("ada@people.example", name="Ada")


@pytest.fixture
def other_user(db: None) -> Any:
    return make_person("grace@people.example", name="Grace")


@pytest.fixture
def agent(db: None) -> Any:
    return make_agent()


@pytest.fixture
def administrator(db: None) -> Any:
    return make_administrator()


def make_endpoint() -> Any:
    """Of a webhook, where nobody listens."""
    from sessions_ui.actions.webhooks.endpoints import save_endpoint
    from tests.models import Endpoint, Hook

    endpoint = Endpoint(url="https://hooks.example/devices", description="SIEM", types=[Hook.SESSIONS_ENDED])
    save_endpoint(endpoint=endpoint, actor=None)
    return endpoint


@pytest.fixture
def endpoint(db: None) -> Any:
    return make_endpoint()


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it for garbage again and again took one part in twenty of the time."""
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Left out is what is about other databases: nothing is missing here, so it is no skip.

    Browser tests come last: Playwright leaves a loop running in the thread, where no asynchronous test can run.
    Before them those of faults, which get their real transactions too late for pytest-django to put them behind the
    others: what a migration has made is gone after them."""
    config.hook.pytest_deselected(items=[item for item in items if not is_about(connection.vendor, item)])
    items[:] = [item for item in items if is_about(connection.vendor, item)]
    items.sort(key=lambda item: (item.get_closest_marker("browser") is not None, "faults" in item.path.parts))


def is_about(vendor: str, item: pytest.Item) -> bool:
    marker = item.get_closest_marker("databases")
    return marker is None or vendor in marker.args


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
