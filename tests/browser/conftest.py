"""Real Chromium against the real site on a socket. Playwright's own pytest plugin is not needed for so few fixtures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.aging import settle
from tests.browser.launch import launch
from tests.browser.server import serve
from tests.conftest import PASSWORD
from tests.conftest import Browser as WithoutPages
from tools import chromium

TIMEOUT_MS = 180_000  # ends what hangs; decides nothing, however busy the machine is
# No complaints: requests that their page no longer waited for, since another one was asked for, and one that met a
# session key which was replaced at that moment and tries again.
EXPECTED = ("net::ERR_FAILED", "net::ERR_ABORTED", "status of 409 (Conflict)")
# A page that is drawn but whose scripts are still on their way works as one without any, so a click on it would lead
# somewhere else than a moment later: no click (Playwright's, that is) meets anything before they have run.
CLICKS_WAIT_FOR_SCRIPTS = """
    const meanwhile = new CSSStyleSheet();
    meanwhile.replaceSync("html { pointer-events: none !important }");
    document.adoptedStyleSheets = [meanwhile];
    document.addEventListener("DOMContentLoaded", () => setTimeout(() => { document.adoptedStyleSheets = []; }));
"""


@pytest.fixture(scope="session")
def real_browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.skip("no Chromium found: install one or name it in CHROMIUM (`make chromium` says more)")
    # Playwright's synchronous interface runs a loop in this thread, which Django takes for asynchronous code.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = launch(playwright, path)
        expect.set_options(timeout=TIMEOUT_MS)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(autouse=True)
def _patience_with_codes(settings: Any) -> None:
    settings.MFA_TOTP_TOLERANCE = 20  # ten minutes: typed in by a machine that has other things to do


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The address. Transactions are real: the server's threads see what the test wrote."""
    with serve() as url:
        yield url
    # The server's threads leave their connections in the pool, and a database in use cannot be dropped.
    connections.close_all()
    for connection in connections.all():
        if close_pool := getattr(connection, "close_pool", None):
            close_pool()


def sign_in_elsewhere(user: Any, **options: Any) -> None:
    """On a further device, had for days, whose pages nobody looks at; options as for `browser()`."""
    WithoutPages(**options).sign_in(user)
    settle(user)


class Visitor:
    """One browser profile: its own cookies, and what its console said against the pages."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.url = context, url
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning") and not message.text.endswith(EXPECTED):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page

    def sign_in(self, user: Any) -> Page:
        """In a browser that the person has had for days (`settle()`). Its requests are those of the sign-in page,
        without drawing it: the test is about what comes after."""
        address = f"{self.url}/account/login/"
        self.context.request.get(address)
        (token,) = (each["value"] for each in self.context.cookies() if each["name"] == "csrftoken")
        form = {"login": user.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
        response = self.context.request.post(address, form=form, max_redirects=0)
        assert response.status == 302, response.text()
        settle(user)
        return self.go("/account/devices/")

    def sign_in_by_hand(self, user: Any) -> Page:
        """As `sign_in()`, as the person does it."""
        self.send_sign_in(user)
        self.page.wait_for_url("**/account/devices/")
        settle(user)
        return self.page

    def send_sign_in(self, user: Any, path: str = "/account/login/") -> Page:
        """Fill in the sign-in page and send it; where that leads is not waited for."""
        self.go(path)
        self.page.locator("input[name=login]").fill(user.email)
        self.page.locator("input[name=password]").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        return self.page


@pytest.fixture
def visitor(site: str, real_browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """`visitor(java_script_enabled=False, viewport=…)`: a new browser profile; closed before the site is."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> Visitor:
        context = real_browser.new_context(**options)
        context.set_default_timeout(TIMEOUT_MS)
        if options.get("java_script_enabled", True):
            context.add_init_script(CLICKS_WAIT_FOR_SCRIPTS)
        # Chromium asks for it by itself where a page, like those of Django's admin, names no icon.
        context.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        contexts.append(context)
        return Visitor(context, site)

    yield make
    for context in contexts:
        context.close()
