"""`python -m tools.walk`: through how many modules of the app somebody must read to follow a sign-in or a sign-out.

Django's test client on SQLite in memory, the settings of the tests. A person who is signed in on a laptop
signs in on a phone that was never here, with a password on the site's sign-in page; then the laptop clicks "Sign out"
beside the phone on its devices page. Somebody else has done the same before, so that everything is imported and cached.
Only the two POST requests are watched, from the first middleware to what happens after the commit; not the page that
htmx or a redirect asks for afterwards.

What counts: each call of a Python function that `sessions_ui` defines puts its module (`__name__` of its globals) at
the end of the walk, unless it stands there already. `sessions_ui.conf` and `sessions_ui.models` count like any other,
properties, lambdas and methods like functions. Bodies of modules and classes, comprehensions, a generator that goes on
and what dataclasses generate do not count; neither does a function that returns to its caller.

- modules: how many different ones were entered
- returns: how often the walk entered a module that it had left before
- returns, each function once: the same when only the first call of each function counts, as for somebody who reads it
  once and remembers it

`--walk` prints the walk itself.
"""

from __future__ import annotations

import argparse
import inspect
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

PACKAGE = "sessions_ui"
PASSWORD = "correct horse battery staple"
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)
# Names of code that is part of a function for whoever reads it.
PARTS = frozenset({"<module>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
GENERATED = "<string>"  # the file of what dataclasses make


@dataclass(slots=True)
class Walk:
    """The calls of functions of the app, in turn, each with its module."""

    calls: list[tuple[str, CodeType]] = field(default_factory=list)
    # Generators that have begun. The frames themselves: an id could be another one's by then.
    begun: list[FrameType] = field(default_factory=list)

    def note(self, frame: FrameType, event: str, _argument: object) -> None:
        """For `sys.setprofile()`."""
        if event == "call" and is_function(frame) and not self.goes_on(frame):
            self.calls.append((frame.f_globals["__name__"], frame.f_code))

    def goes_on(self, frame: FrameType) -> bool:
        if not frame.f_code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE):
            return False
        if any(frame is one for one in self.begun):
            return True
        self.begun.append(frame)
        return False

    @property
    def entered(self) -> list[str]:
        """The modules in turn; none stands beside itself."""
        return [module for module, _calls in groupby(module for module, _code in self.calls)]

    def once(self) -> Walk:
        """The same with the first call of each function alone."""
        return Walk(list(dict.fromkeys(self.calls)))

    @property
    def modules(self) -> int:
        return len(set(self.entered))

    @property
    def returns(self) -> int:
        return len(self.entered) - self.modules

    def __str__(self) -> str:
        return (
            f"{self.modules} modules, {self.returns} returns, {self.once().returns} with each function once"
        )


def is_function(frame: FrameType) -> bool:
    """A function in a file of the app, and no body of a module or class, which have no local variables of their own."""
    code = frame.f_code
    of_app = f"{frame.f_globals.get('__name__', '')}.".startswith(f"{PACKAGE}.")
    is_written = code.co_filename != GENERATED and code.co_name not in PARTS
    return of_app and is_written and bool(code.co_flags & inspect.CO_NEWLOCALS)


def watched(act: Callable[[], Any]) -> Walk:
    walk = Walk()
    sys.setprofile(walk.note)
    try:
        response = act()
    finally:
        sys.setprofile(None)
    assert response.status_code == 302, response.content.decode()
    return walk


def story(email: str) -> dict[str, Walk]:
    """What one person does; `Sign out` is clicked by the older of the two sign-ins, which needs no further proof."""
    from django.urls import reverse

    from sessions_ui.models import Session

    person = new_person(email)
    laptop, phone = new_browser(LAPTOP), new_browser(PHONE)
    form = {"login": email, "password": PASSWORD}
    laptop.get(reverse("account_login"))
    laptop.post(reverse("account_login"), form)
    phone.get(reverse("account_login"))
    sign_in = watched(lambda: phone.post(reverse("account_login"), form))
    other = Session.objects.filter(user=person).latest("pk").device
    assert other is not None and other.title in laptop.get(reverse("sessions_ui:devices")).content.decode()
    click = reverse("sessions_ui:sign_out_device", args=[other.public_id])
    sign_out = watched(lambda: laptop.post(click))
    assert Session.objects.filter(device=other, ended_at__isnull=False).count() == 1
    return {"sign-in": sign_in, "sign-out of another device": sign_out}


def new_person(email: str) -> Any:
    from allauth.account.models import EmailAddress
    from django.contrib.auth import get_user_model

    person = get_user_model().objects.create_user(email, PASSWORD)
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    return person


def new_browser(user_agent: str) -> Any:
    from django.test import Client

    return Client(headers={"user-agent": user_agent, "accept": "text/html"})


@contextmanager
def site() -> Iterator[None]:
    """The site of the tests, with nothing beside it but a database in memory."""
    for service in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"):
        os.environ.pop(service, None)
    from tests import environment

    try:
        with start():
            yield
    finally:
        environment.pytest_unconfigure()


@contextmanager
def start() -> Iterator[None]:
    """Django, with a new database."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test.utils import override_settings, setup_test_environment

    from config.demo.places import write_places

    setup_test_environment()
    write_places(Path(settings.SESSIONS_UI["GEOIP_PATH"]))
    with redirect_stdout(io.StringIO()):  # `createcachetable` talks
        connection.creation.create_test_db(verbosity=0)
    # The manifest of production is written by `collectstatic`.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.walk", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--walk", action="store_true", help="print the modules in turn, too")
    options = parser.parse_args()
    with site():
        story("warm@people.example")
        walks = story("ada@people.example")
    for name, walk in walks.items():
        if options.walk:
            print(*walk.entered, sep="\n")
        print(f"{name}: {walk}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
