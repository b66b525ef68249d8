"""Open tabs notice that their person is no longer signed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.stream import mount, watcher
from tests.browser.conftest import TIMEOUT_MS, Visitor
from tests.browser.server import serve
from tests.browser.test_devices import EDGE_ON_WINDOWS, FIREFOX_ON_LINUX
from tests.conftest import Browser
from tests.models import EndReason, Session
from tests.sessions_ui.stream.conftest import key_of, only_wakes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

__all__ = ["only_wakes"]
TABS = 10
# The sentence stays for a minute instead of 3 s: it is still there when a busy machine comes to look at the last tab.
STAY = "const later = setTimeout; window.setTimeout = (call, ms) => later(call, ms === 3000 ? 60000 : ms)"


@pytest.fixture
def visitor(visitor: Callable[..., Visitor]) -> Callable[..., Visitor]:
    """`visitor(leaves=True)`: one whose pages go to the sign-in page as they do for people."""

    def make(*, leaves: bool = False, **options: Any) -> Visitor:
        made = visitor(**options)
        if not leaves:
            made.context.add_init_script(STAY)
        return made

    return make


def streams() -> int:
    """On the server's side."""
    return sum(each.count() for each in watcher._watchers.values())


def until(condition: Callable[[], bool], seconds: float = TIMEOUT_MS / 1000) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def signed_out(page: Page) -> Any:
    return expect(page.get_by_role("heading", name="You were signed out", exact=True))


def shows_nothing_of(user: Any, page: Page) -> bool:
    return user.email not in page.content() and "Linux" not in page.content()


def end_everything(user: Any, reason: EndReason = EndReason.PASSWORD_CHANGED) -> None:
    end_user_sessions(user=user, reason=reason)


def one_stream() -> None:
    until(lambda: streams() == 1)


def test_ten_tabs_hear_through_one_stream_before_the_next_look(
    visitor: Any, user: Any, only_wakes: None
) -> None:
    there = visitor(user_agent=EDGE_ON_WINDOWS)
    tabs = [there.sign_in(user)]
    for _ in range(TABS - 1):
        tabs.append(there.context.new_page())
        tabs[-1].goto(f"{there.url}/account/devices/")
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    page = here.sign_in(user)
    until(lambda: streams() == 2)  # one of the ten tabs, one of the other browser
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    for tab in tabs:
        signed_out(tab).to_be_visible()
        assert shows_nothing_of(user, tab)
    assert there.complaints == []


def test_without_being_woken_the_next_look_tells_it(
    visitor: Any, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ending in another process, where there is no Redis. How soon that is: tests/sessions_ui/stream."""
    page = visitor().sign_in(user)
    one_stream()
    monkeypatch.setattr("sessions_ui.audit.events.wake", lambda user_ids: None)
    end_everything(user)
    signed_out(page).to_be_visible()


def test_signing_out_in_one_tab_empties_the_others(visitor: Any, user: Any) -> None:
    there = visitor()
    there.sign_in(user)
    other = there.context.new_page()
    other.goto(f"{there.url}/account/email/")
    one_stream()
    there.page.locator(".site-header").get_by_role("button", name="Sign out").click()
    signed_out(other).to_be_visible()
    there.page.wait_for_url("**/account/login/**")


def test_the_back_button_shows_nothing_private(visitor: Any, user: Any) -> None:
    there = visitor(leaves=True)
    page = there.sign_in(user)
    there.go("/account/email/")
    one_stream()
    end_everything(user, EndReason.DEVICE_LOST)
    page.wait_for_url("**/account/login/**")
    page.go_back()
    expect(page).to_have_url(f"{there.url}/account/login/?next=/account/devices/")
    assert shows_nothing_of(user, page)


def test_a_page_that_the_browser_had_kept_is_hidden_until_the_server_has_spoken(
    visitor: Any, user: Any
) -> None:
    """Playwright switches the back/forward cache off, so that its two events are sent here by hand."""
    page = visitor().sign_in(user)
    one_stream()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    expect(page.locator("main")).to_be_hidden()
    until(lambda: streams() == 0)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(page.locator("main")).to_be_visible()
    one_stream()

    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    end_everything(user)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    signed_out(page).to_be_visible()


def test_an_open_page_says_that_the_server_is_gone_and_stops_saying_it(
    visitor: Any, user: Any, real_browser: Any
) -> None:
    with serve() as url:
        context = real_browser.new_context()
        there = Visitor(context, url)
        page = there.sign_in(user)
        until(lambda: streams() == 1)
    expect(page.get_by_text("Reconnecting…")).to_be_visible()
    expect(page.locator("main")).to_be_visible()  # nobody was signed out
    with serve(int(urlsplit(url).port or 0)):
        expect(page.get_by_text("Reconnecting…")).not_to_be_visible()
        until(lambda: streams() == 1)
        end_everything(user)
        signed_out(page).to_be_visible()
        context.close()


def test_somebody_else_who_is_signed_in_by_now_gets_a_page_of_their_own(
    visitor: Any, user: Any, other_user: Any
) -> None:
    there = visitor()
    page = there.sign_in(user)
    one_stream()
    another = Browser()
    another.sign_in(other_user)
    there.context.add_cookies([{"name": "sessionid", "value": key_of(another), "url": there.url}])
    end_everything(user)
    expect(page.get_by_text(other_user.email)).to_be_visible()
    page.wait_for_load_state()
    assert user.email not in page.content()


def test_a_tab_of_the_same_person_signed_in_again_notices_nothing(visitor: Any, user: Any) -> None:
    there = visitor()
    page = there.sign_in(user)
    one_stream()
    page.evaluate("window.untouched = true")
    old = Session.objects.get()
    another = Browser()
    another.sign_in(user)
    there.context.add_cookies([{"name": "sessionid", "value": key_of(another), "url": there.url}])
    with page.expect_request("**/devices/alive**"):
        end_user_sessions(user=user, reason=EndReason.SUPERSEDED, keep=Session.objects.latest("pk").pk)
    assert Session.objects.get(pk=old.pk).ended_at is not None
    one_stream()
    assert page.evaluate("window.untouched") is True


def test_what_the_host_named_is_cleared(visitor: Any, user: Any) -> None:
    def with_names(route: Route) -> None:
        response = route.fetch()
        body = response.text().replace('data-clear=""', 'data-clear="note drafts-*"')
        route.fulfill(response=response, body=body)

    there = visitor()
    there.sign_in(user)
    page = there.page
    page.route("**/account/email/", with_names)
    there.go("/account/email/")
    one_stream()
    page.evaluate("for (const key of ['note', 'drafts-1', 'drafts-2', 'theme']) sessionStorage[key] = 'x'")
    end_everything(user)
    signed_out(page).to_be_visible()
    kept = set(page.evaluate("Object.keys(sessionStorage)"))
    assert kept & {"note", "drafts-1", "drafts-2", "theme"} == {"theme"}


def test_where_there_is_no_stream_it_asks_every_so_often(
    visitor: Any, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under WSGI."""
    monkeypatch.setattr(mount, "_mounted_at", "")
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "LIVE_POLL_INTERVAL": timedelta(seconds=1)}
    there = visitor()
    page = there.sign_in(user)
    with page.expect_request("**/devices/alive**"):
        pass
    assert streams() == 0
    end_everything(user)
    signed_out(page).to_be_visible()
    assert there.complaints == []


def test_a_change_reaches_every_tab(visitor: Any, user: Any) -> None:
    there = visitor()
    page = there.sign_in(user)
    other = there.context.new_page()
    other.goto(f"{there.url}/account/email/")
    one_stream()
    page.wait_for_timeout(1500)  # past what is told of the sign-in itself
    for tab in (page, other):
        tab.evaluate("document.addEventListener('sessions-ui:changed', () => { window.hasHeard = true })")
    Browser().sign_in(user)
    for tab in (page, other):
        until(lambda tab=tab: tab.evaluate("window.hasHeard === true"))
