"""Invariant 3: whatever somebody steals of what the site has written down, nobody gets in by it."""

from __future__ import annotations

import logging
import re
import subprocess
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings as site
from django.core import mail
from django.core.management import call_command
from django.db import connection

from sessions_ui import tasks
from sessions_ui.delivery import deliver_due
from tests.aging import settle
from tests.conftest import PASSWORD
from tests.models import Case, Session, VerificationCode
from tests.reports import reports

DEVICES = "/account/devices/"
THIEF = "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0"
SWEDEN = "89.160.20.112"
WRONG = "a password that was none of theirs"


@pytest.mark.control("NHI2:2025")
@pytest.mark.django_db
def test_no_key_of_a_living_session_is_in_a_dump(user: Any, browser: Any) -> None:
    clients = [browser() for _ in range(3)]
    for client in clients:
        client.sign_in(user)
        client.get("/account/devices/")
    clients[0].post("/account/devices/sign-out-others/")
    everything = dump()
    assert user.email in everything, "the dump holds what was stored"
    for client in clients:
        for name in ("sessionid", "__Host-device"):
            assert client.cookies[name].value not in everything


class Journey:
    """What somebody and their agent do in a day. `secrets`: by name, what must be written down nowhere."""

    def __init__(self, browser: Any, user: Any, agent: Any, administrator: Any) -> None:
        self.browser, self.user, self.agent, self.administrator = browser, user, agent, administrator
        self.secrets: dict[str, str] = {"the password": PASSWORD, "a wrong password": WRONG}

    def keep(self, name: str, client: Any) -> None:
        """Its cookies as they are now; of the CSRF cookie the site keeps nothing, and nothing depends on it."""
        for cookie, morsel in client.cookies.items():
            if morsel.value and "csrftoken" not in cookie and cookie != "messages":
                self.secrets[f"{name}: {cookie}"] = morsel.value

    def walk(self) -> None:
        laptop = self.browser()
        laptop.post("/account/login/", {"login": self.user.email, "password": WRONG})
        laptop.sign_in(self.user)
        self.keep("the laptop, first", laptop)
        settle(self.user)
        self.is_asked_for_a_code()
        self.reports_a_sign_in()
        self.loses_a_phone(laptop)
        self.calls_the_help_desk()
        self.resets_the_password()
        self.is_administered()
        laptop.get(DEVICES)
        self.keep("the laptop, at last", laptop)

    def has_an_app(self, client: Any) -> None:
        client.post("/account/reauthenticate/", {"password": PASSWORD})
        secret = client.get("/account/2fa/totp/activate/").context["form"].secret
        code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
        assert client.post("/account/2fa/totp/activate/", {"code": code}).status_code == 302
        self.secrets["the authenticator app"] = secret
        assert Authenticator.objects.filter(type="totp").exists()

    def is_asked_for_a_code(self) -> None:
        phone = self.browser(user_agent=THIEF, address="2.125.160.216")
        phone.sign_in(self.user)
        phone.post(f"{DEVICES}sign-out-others/")
        self.secrets["a mailed code"] = VerificationCode.objects.latest("pk").code()
        self.keep("the phone", phone)
        tasks.sweep_deliveries()

    def reports_a_sign_in(self) -> None:
        thief = self.browser(user_agent=THIEF, address=SWEDEN)
        thief.sign_in(self.user)
        deliver_due()
        token = self.in_mail(r"/account/devices/not-me/(\S+)/")
        self.secrets["the link in a mail"] = token.rpartition(":")[2]
        here = self.browser()
        page = here.get(f"/account/devices/not-me/{token}/").url
        self.keep("who opened the link", here)
        here.get(page)

    def loses_a_phone(self, laptop: Any) -> None:
        phone = self.browser(user_agent=THIEF, address="2.125.160.216")
        phone.sign_in(self.user)
        self.keep("the lost phone", phone)
        lost = Session.objects.of(self.user).latest("pk").device
        laptop.post(f"{DEVICES}{lost.public_id}/lost/", {"sure": "on"})

    def calls_the_help_desk(self) -> None:
        desk = self.browser()
        desk.sign_in(self.agent)
        url = desk.post("/help-desk/", {"term": self.user.email}).url
        desk.post(f"{url}verify/", {"ticket": "INC-1", "reason": "lost", "ways": ["call_back"]})
        case = Case.objects.get()
        desk.post(f"{url}code/")
        case.refresh_from_db()
        assert case.code_salt
        self.secrets["a code of the help desk"] = case.code()
        deliver_due()
        self.keep("the help desk", desk)

    def resets_the_password(self) -> None:
        here = self.browser()
        here.post("/account/password/reset/", {"email": self.user.email})
        self.secrets["the link of a reset"] = self.in_mail(r"/account/password/reset/key/\w+-(\S+)/")

    def is_administered(self) -> None:
        admin = self.browser()
        admin.sign_in(self.administrator)
        form = {"url": "https://hooks.example/", "types": ["sessions.ended"], "description": "x"}
        page = admin.post("/admin/sessions_ui/endpoint/add/", form).content.decode()
        found = re.search(r"whsec_[\w+/=]+", page)
        assert found
        self.secrets["the secret of a webhook"] = found[0]
        admin.get("/admin/sessions_ui/session/")
        self.has_an_app(admin)
        self.keep("the administrator", admin)

    @staticmethod
    def in_mail(pattern: str) -> str:
        return str(re.findall(pattern, "\n".join(str(message.body) for message in mail.outbox))[-1])


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """Everything that is logged at DEBUG, every statement with its values among it."""
    text, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(text), root.level
    statements = logging.getLogger("django.db.backends")
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    statements.setLevel(logging.DEBUG)
    connection.force_debug_cursor = True
    yield text
    connection.force_debug_cursor = False
    statements.setLevel(logging.NOTSET)
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.mark.django_db(transaction=True)
@pytest.mark.no_bystander  # who has keys of their own
def test_nothing_that_lets_somebody_in_is_written_down_anywhere(
    user: Any,
    agent: Any,
    administrator: Any,
    browser: Any,
    logged: StringIO,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Through a day with everything, then all that it left: the database, Redis, messages to the worker, files, the log
    at DEBUG, and the reports about an error in the middle of it."""
    factor_shown = "tests.sessions_ui.help_desk.conftest.shown_now"
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SECOND_FACTOR_AT": factor_shown}
    journey = Journey(browser, user, agent, administrator)
    with reports() as texts:
        journey.walk()
        fails(browser(), user, monkeypatch, journey)
    left = {
        "the database": dump(),
        "Redis": redis(),
        "files and messages": files(site.VAR_DIR),
        "the log": logged.getvalue(),
        "error reports": "".join(texts),
    }
    assert (
        user.email in left["the database"]
        and "INSERT INTO" in left["the log"]
        and "Boom" in left["error reports"]
    )
    if site.CELERY_BROKER_URL.startswith("filesystem"):
        assert "sessions_ui.tasks" in left["files and messages"]
    assert len(journey.secrets) > 15
    told = [
        (name, place)
        for name, secret in journey.secrets.items()
        for place, text in left.items()
        if secret in text
    ]
    assert not told


def fails(client: Any, user: Any, monkeypatch: pytest.MonkeyPatch, journey: Journey) -> None:
    """A page that fails for somebody who is signed in."""
    from tests.reports import Boom

    def fail(*args: Any, **options: Any) -> None:
        raise Boom

    client.sign_in(user)
    journey.keep("whose page failed", client)
    client.raise_request_exception = False
    monkeypatch.setattr("sessions_ui.session_lookup.find", fail)
    assert client.get(DEVICES).status_code == 500
    monkeypatch.undo()


def dump() -> str:
    """As `dumpdata` writes it, and each table as it is, also those without a model, such as the cache."""
    text = StringIO()
    call_command("dumpdata", stdout=text)
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += cursor.fetchall()
    return text.getvalue() + str(rows)


def redis() -> str:
    """All keys and values of the Redis that the site uses; empty where it uses none."""
    if not site.REDIS_URL:
        return ""
    from redis import Redis

    with Redis.from_url(site.REDIS_URL) as server:
        return str([(key, server.dump(key)) for key in server.scan_iter()])


def files(folder: Path) -> str:
    """Every file below it, the database's and the broker's included. A message to the worker has its body in base64."""
    from base64 import b64decode

    texts = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = read_elsewhere(path).decode("latin-1")
            bodies = re.findall(r'"body": "([\w+/=]+)"', content)
            texts += [content, *(b64decode(body).decode("latin-1") for body in bodies)]
    return "\n".join(texts)


def read_elsewhere(path: Path) -> bytes:
    """Read the file in another process: to close a file gives up all locks that this process has on it, SQLite's too
    (sqlite.org, "How To Corrupt An SQLite Database File", 2.2), and the next worker would write over ours."""
    return subprocess.run(["cat", path], check=True, capture_output=True).stdout
