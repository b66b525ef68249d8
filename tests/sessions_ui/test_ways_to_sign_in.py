"""Every way in which a user comes into a session, with what may be decided about the account on the way.

`login()` signs in when its signal is sent. All others do it where the session is saved, and are judged there: nobody is
signed in by a write alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from asgiref.sync import async_to_sync, sync_to_async
from channels.auth import login as login_over_a_socket
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    alogin,
    get_user_model,
    login,
)
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.exceptions import KeyRotated, SessionEnded, SignInRefused
from sessions_ui.store import SessionStore
from tests.bystander import read_all
from tests.conftest import FIREFOX_ON_LINUX, LONDON, Browser
from tests.models import AccountState, Device, EndReason, Event, Session

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
BACKEND = settings.AUTHENTICATION_BACKENDS[0]


def sign_in_here(request: HttpRequest) -> HttpResponse:
    login(request, get_user_model().objects.get(email=request.GET["email"]), backend=BACKEND)
    return HttpResponse("signed in")


def swallow_it(request: HttpRequest) -> HttpResponse:
    """Answers who is taken for signed in when nobody was told of the refusal."""
    with suppress(PermissionDenied):
        sign_in_here(request)
    return HttpResponse(f"{request.user} {request.session.get(SESSION_KEY)}")


async def swallow_it_asynchronously(request: HttpRequest) -> HttpResponse:
    user = await get_user_model().objects.aget(email=request.GET["email"])
    with suppress(PermissionDenied):
        await alogin(request, user, backend=BACKEND)
    return HttpResponse(f"{request.user} {await request.auser()} {await request.session.aget(SESSION_KEY)}")


def write_it_here(request: HttpRequest) -> HttpResponse:
    request.session.update(three_keys(get_user_model().objects.get(email=request.GET["email"])))
    between.pop()()
    return HttpResponse("written")


async def write_it_asynchronously(request: HttpRequest) -> HttpResponse:
    user = await get_user_model().objects.aget(email=request.GET["email"])
    await request.session.aupdate(three_keys(user))
    await sync_to_async(between.pop())()
    return HttpResponse("written")


urlpatterns = [
    path("sign-in/", sign_in_here),
    path("swallow/", swallow_it),
    path("swallow-async/", swallow_it_asynchronously),
    path("write/", write_it_here),
    path("write-asynchronously/", write_it_asynchronously),
    path("", include("config.urls")),
]


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels closes a thread's connection when it is done: the test's own here, with its transaction."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)


# What happens after the user was written, in a view or a receiver of the host.
between: list[Callable[[], None]] = []


def three_keys(user: Any) -> dict[str, str]:
    return {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: BACKEND,
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }


# --- What is decided between the moment when the user is written and the moment when the session is saved


def nothing(user: Any) -> None:
    pass


def everything_is_signed_out(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)


def a_new_password_is_required(user: Any) -> None:
    require_new_password(user=user, reason=EndReason.HELP_DESK, actor=None)


def access_ends_today(user: Any) -> None:
    offboard(user=user, ends_at=timezone.now())


def is_disabled(user: Any) -> None:
    user.is_active = False
    user.save()


def is_disabled_without_a_signal(user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)


def gets_another_password_without_a_signal(user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(password="another")


def is_deleted_without_a_signal(user: Any) -> None:
    users = get_user_model().objects.filter(pk=user.pk)
    users.get().emailaddress_set.all().delete()
    users._raw_delete(users.db)


# Why nobody is signed in afterwards: it ends what `login()` has signed in, and refuses a save that signs in.
SITUATIONS: dict[Callable[[Any], None], EndReason | None] = {
    nothing: None,
    everything_is_signed_out: EndReason.SIGNED_OUT_EVERYWHERE,
    a_new_password_is_required: EndReason.HELP_DESK,
    access_ends_today: EndReason.OFFBOARDED,
    is_disabled: EndReason.ACCOUNT_DISABLED,
    is_disabled_without_a_signal: EndReason.ACCOUNT_DISABLED,
    gets_another_password_without_a_signal: EndReason.PASSWORD_CHANGED,
    is_deleted_without_a_signal: EndReason.ACCOUNT_DELETED,
}


# --- The ways. Each returns the key that the browser has afterwards, if any


Way = Callable[[Any, Callable[[], None]], str | None]


def bare_request(store: SessionStore) -> HttpRequest:
    request = RequestFactory().get("/")
    request.session = store
    return request


def anonymous_store() -> SessionStore:
    store = SessionStore()
    store["cart"] = 1
    store.save()
    return SessionStore(store.session_key)


def djangos_login(user: Any, decide: Callable[[], None]) -> str | None:
    store = anonymous_store()
    login(bare_request(store), user, backend=BACKEND)
    decide()
    store.save()
    return store.session_key


def djangos_login_asynchronously(user: Any, decide: Callable[[], None]) -> str | None:
    @async_to_sync
    async def sign_in() -> str | None:
        store = await sync_to_async(anonymous_store)()
        await alogin(bare_request(store), user, backend=BACKEND)
        await sync_to_async(decide)()
        await store.asave()
        return store.session_key

    return sign_in()


def force_login(user: Any, decide: Callable[[], None]) -> str | None:
    client = Client()
    with receiver_of_the_host(lambda **kwargs: decide(), first=False):
        client.force_login(user)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def a_receiver_after_ours_raises(user: Any, decide: Callable[[], None]) -> str | None:
    def refuse(**kwargs: Any) -> None:
        decide()
        raise PermissionDenied

    browser = Browser()
    with receiver_of_the_host(refuse, first=False):
        browser.get("/sign-in/", {"email": user.email})
    return key_of(browser)


def a_receiver_before_ours_raises(
    user: Any, decide: Callable[[], None], page: str = "/sign-in/"
) -> str | None:
    def refuse(**kwargs: Any) -> None:
        decide()
        raise PermissionDenied

    browser = Browser()
    with receiver_of_the_host(refuse, first=True):
        browser.get(page, {"email": user.email})
    return key_of(browser)


def a_receiver_before_ours_raises_and_the_view_swallows_it(
    user: Any, decide: Callable[[], None]
) -> str | None:
    return a_receiver_before_ours_raises(user, decide, "/swallow/")


def written_by_a_view(user: Any, decide: Callable[[], None], page: str = "/write/") -> str | None:
    between.append(decide)
    browser = Browser()
    browser.get(page, {"email": user.email})
    return key_of(browser)


def written_by_an_asynchronous_view(user: Any, decide: Callable[[], None]) -> str | None:
    return written_by_a_view(user, decide, "/write-asynchronously/")


def channels_login(user: Any, decide: Callable[[], None]) -> str | None:
    """With the real one: `user_logged_in` is sent without a request, and the consumer saves the session."""

    @async_to_sync
    async def sign_in() -> str | None:
        store = await sync_to_async(anonymous_store)()
        await login_over_a_socket({"session": store}, user, backend=BACKEND)
        await sync_to_async(decide)()
        await store.asave()
        return store.session_key

    return sign_in()


def channels_login_without_a_session(user: Any, decide: Callable[[], None]) -> str | None:
    store = SessionStore()
    async_to_sync(login_over_a_socket)({"session": store}, user, backend=BACKEND)
    decide()
    store.save()
    return store.session_key


def by_hand(store: SessionStore, user: Any, decide: Callable[[], None]) -> str | None:
    for name, value in three_keys(user).items():
        store[name] = value
    decide()
    store.save()
    return store.session_key


def by_hand_into_a_new_session(user: Any, decide: Callable[[], None]) -> str | None:
    return by_hand(SessionStore(), user, decide)


def by_hand_into_an_anonymous_session(user: Any, decide: Callable[[], None]) -> str | None:
    return by_hand(anonymous_store(), user, decide)


def by_hand_into_somebody_elses_session(user: Any, decide: Callable[[], None]) -> str | None:
    browser = Browser()
    browser.force_login(get_user_model().objects.create_user("somebody@else.example", "a b c"))
    return by_hand(SessionStore(key_of(browser)), user, decide)


def by_hand_before_the_key_is_cycled(user: Any, decide: Callable[[], None]) -> str | None:
    store = anonymous_store()
    store.update(three_keys(user))
    store.cycle_key()
    decide()
    store.save()
    return store.session_key


def by_hand_before_the_first_key_is_made(user: Any, decide: Callable[[], None]) -> str | None:
    store = SessionStore()
    store.update(three_keys(user))
    decide()
    store.cycle_key()
    store.save()
    return store.session_key


def by_hand_item_by_item(user: Any, decide: Callable[[], None]) -> str | None:
    store = anonymous_store()
    for name, value in three_keys(user).items():
        store.setdefault(name, value)
    decide()
    store.save()
    return store.session_key


def past_the_methods_of_the_session(user: Any, decide: Callable[[], None]) -> str | None:
    store = anonymous_store()
    store._session.update(three_keys(user))
    decide()
    store.save()
    return store.session_key


def by_hand_asynchronously(user: Any, decide: Callable[[], None]) -> str | None:
    @async_to_sync
    async def sign_in() -> str | None:
        store = await sync_to_async(anonymous_store)()
        for name, value in three_keys(user).items():
            await store.aset(name, value)
        await sync_to_async(decide)()
        await store.asave()
        return store.session_key

    return sign_in()


AT_THE_SIGNAL: list[Way] = [
    djangos_login,
    djangos_login_asynchronously,
    force_login,
    a_receiver_after_ours_raises,
]
OF_A_REQUEST: list[Way] = [
    a_receiver_before_ours_raises,
    a_receiver_before_ours_raises_and_the_view_swallows_it,
    written_by_a_view,
    written_by_an_asynchronous_view,
]
OF_NO_REQUEST: list[Way] = [
    channels_login,
    channels_login_without_a_session,
    by_hand_into_a_new_session,
    by_hand_into_an_anonymous_session,
    by_hand_into_somebody_elses_session,
    by_hand_before_the_key_is_cycled,
    by_hand_before_the_first_key_is_made,
    by_hand_item_by_item,
    past_the_methods_of_the_session,
    by_hand_asynchronously,
]
EVERY_WAY = AT_THE_SIGNAL + OF_A_REQUEST + OF_NO_REQUEST


# --- How it went


@contextmanager
def receiver_of_the_host(receive: Callable[..., None], *, first: bool) -> Iterator[None]:
    """Connected before ours, or after."""
    all_others = user_logged_in.receivers
    user_logged_in.receivers = []
    user_logged_in.connect(receive)
    ours = user_logged_in.receivers
    user_logged_in.receivers = ours + all_others if first else all_others + ours
    user_logged_in.sender_receivers_cache.clear()
    try:
        yield
    finally:
        user_logged_in.receivers = all_others
        user_logged_in.sender_receivers_cache.clear()


def key_of(client: Client) -> str | None:
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    return str(cookie.value) if cookie is not None and cookie.value else None


def why_not(way: Way, user: Any, situation: Callable[[Any], None]) -> str | None:
    """Why nobody is signed in after it; None where the user is, and "" where nobody says why."""
    try:
        key = way(user, lambda: situation(get_user_model().objects.get(pk=user.pk)))
    except (SignInRefused, SessionEnded) as refused:
        return refused.reason
    store = SessionStore(key)
    return None if store.get_user() == user else store.refusal or ""


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("way", EVERY_WAY)
def test_no_way_to_sign_in_outlives_what_is_decided_before_the_session_is_saved(
    way: Way, situation: Callable[[Any], None], user: Any, other_user: Any
) -> None:
    expected = SITUATIONS[situation]
    reason = why_not(way, user, situation)
    assert (reason is None) is (expected is None)
    assert reason in (expected, ""), "an answer of HTTP does not say why"
    # What a statement without a signal should end is in the list until it is refused or swept.
    rows = list(Session.objects.of(user).living())
    assert len(rows) == (expected is None)
    for row in rows:
        assert row.device is not None and row.signed_in_at is not None
        assert Event.objects.filter(kind=Event.Kind.SIGNED_IN, session_id=row.pk).count() == 1


@pytest.mark.parametrize("way", EVERY_WAY)
def test_no_way_leaves_half_a_sign_in_where_it_cannot_be_recorded(
    way: Way, user: Any, failing_events: None
) -> None:
    with pytest.raises(DatabaseError):
        way(user, lambda: None)
    assert not Session.objects.of(user).exists()
    assert not Device.objects.filter(user=user).exists()
    assert not AccountState.objects.filter(pk=user.pk).exists()


def test_a_user_who_was_written_and_whose_sign_in_cannot_be_recorded_has_left_nothing(
    user: Any, failing_events: None
) -> None:
    store = anonymous_store()
    store.update(three_keys(user))
    before = list(read_all())
    with pytest.raises(DatabaseError):
        store.save()
    assert list(read_all()) == before


@pytest.mark.parametrize("way", EVERY_WAY)
@pytest.mark.parametrize(
    ("situation", "reason"),
    [
        (a_new_password_is_required, EndReason.PASSWORD_REQUIRED),
        (access_ends_today, EndReason.OFFBOARDED),
        (is_disabled, EndReason.ACCOUNT_DISABLED),
    ],
)
def test_no_way_leads_into_an_account_that_was_shut_before(
    situation: Callable[[Any], None], reason: EndReason, way: Way, user: Any, another_day: Any
) -> None:
    situation(user)
    another_day()
    refused = why_not(way, user, nothing)
    assert refused in (reason, ""), "an answer of HTTP does not say why"
    assert not Session.objects.of(user).exists()


@pytest.mark.parametrize("way", EVERY_WAY)
def test_what_was_decided_long_before_refuses_no_way(way: Way, user: Any, another_day: Any) -> None:
    everything_is_signed_out(user)
    another_day()
    assert why_not(way, user, nothing) is None


@async_to_sync
async def call(method: Callable[..., Any], *arguments: Any) -> None:
    await method(*arguments)


WRITES: dict[str, Callable[[SessionStore, str], Any]] = {
    "[]": lambda store, value: store.__setitem__(SESSION_KEY, value),
    "setdefault": lambda store, value: store.setdefault(SESSION_KEY, value),
    "update": lambda store, value: store.update({SESSION_KEY: value}),
    "aset": lambda store, value: call(store.aset, SESSION_KEY, value),
    "asetdefault": lambda store, value: call(store.asetdefault, SESSION_KEY, value),
    "aupdate": lambda store, value: call(store.aupdate, {SESSION_KEY: value}),
}


@pytest.mark.parametrize("name", WRITES)
def test_what_was_decided_before_the_user_was_written_refuses_nobody(
    name: str, user: Any, another_day: Any
) -> None:
    """A socket may be open for days before somebody signs in over it."""
    store = anonymous_store()
    store._user_written_at -= timedelta(days=2).total_seconds()
    everything_is_signed_out(user)
    another_day()
    keys = three_keys(user)
    WRITES[name](store, keys.pop(SESSION_KEY))
    store.update(keys)
    store.save()
    assert SessionStore(store.session_key).get_user() == user


@pytest.mark.parametrize("wrong", [timedelta(hours=-3), timedelta(hours=3)], ids=["slow", "fast"])
@pytest.mark.parametrize("decided", ["before", "after"])
def test_the_time_of_day_on_the_host_does_not_matter(
    decided: str, wrong: timedelta, user: Any, another_day: Any
) -> None:
    if decided == "before":
        everything_is_signed_out(user)
        another_day()
    with time_machine.travel(timezone.now() + wrong):
        store = anonymous_store()
        store.update(three_keys(user))
        if decided == "after":
            everything_is_signed_out(user)
        with suppress(SignInRefused):
            store.save()
    assert Session.objects.of(user).living().count() == (decided == "before")


@pytest.mark.parametrize("make", [SessionStore, anonymous_store], ids=["new", "anonymous"])
def test_a_hash_of_a_former_secret_is_as_good(
    make: Callable[[], SessionStore], user: Any, settings: Any
) -> None:
    """As at each request."""
    keys = three_keys(user)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the next one", [settings.SECRET_KEY]
    store = make()
    store.update(keys)
    store.save()
    assert Session.objects.of(user).get().auth_hash == user.get_session_auth_hash() != keys[HASH_SESSION_KEY]
    assert SessionStore(store.session_key).get_user() == user


@pytest.mark.parametrize("written", ["", "of another password"])
def test_a_hash_that_is_not_theirs_signs_nobody_in(written: str, user: Any) -> None:
    store = SessionStore()
    store.update({**three_keys(user), HASH_SESSION_KEY: written})
    with pytest.raises(SignInRefused, match="password_changed"):
        store.save()
    assert not Session.objects.of(user).exists()


@pytest.fixture
def another_day() -> Callable[[], None]:
    """What was decided is long ago by the database's clock, which no test can set."""

    def pass_by() -> None:
        for state in AccountState.objects.filter(decided_at__isnull=False):
            AccountState.objects.filter(pk=state.pk).update(
                decided_at=state.decided_at - timedelta(days=1)  # type: ignore[operator]
            )

    return pass_by


@pytest.mark.parametrize("way", EVERY_WAY)
def test_every_way_counts_as_one_sign_in(way: Way, user: Any) -> None:
    """So the first one ever is known as such (docs/risk.md)."""
    assert why_not(way, user, nothing) is None
    assert AccountState.objects.get(user=user).sign_ins == 1


# --- What is known of the client


@pytest.mark.parametrize("way", OF_A_REQUEST)
def test_what_the_request_says_of_its_client_is_kept_where_it_signs_in_by_saving(way: Way, user: Any) -> None:
    assert why_not(way, user, nothing) is None
    row = Session.objects.of(user).get()
    assert (row.user_agent, row.address) == (FIREFOX_ON_LINUX, LONDON)
    assert row.device is not None and row.device.browser == "Firefox"


def test_the_browser_gets_its_device_cookie_where_it_signs_in_by_saving_and_is_known_by_it_later(
    user: Any,
) -> None:
    browser = Browser()
    for _time in range(2):
        between.append(lambda: None)
        browser.get("/write/", {"email": user.email})
        browser.cookies.pop(settings.SESSION_COOKIE_NAME)
    first, second = Session.objects.of(user)
    assert first.device_id == second.device_id


@pytest.mark.parametrize("way", OF_NO_REQUEST)
def test_nothing_is_known_of_the_client_where_no_request_signs_in(way: Way, user: Any) -> None:
    assert why_not(way, user, nothing) is None
    row = Session.objects.of(user).get()
    assert (row.user_agent, row.address, row.place, row.method, row.verdict) == ("", None, None, "", "")
    assert row.device is not None and row.device.browser == ""


def test_a_session_that_a_request_makes_for_somebody_else_has_not_the_client_of_that_request(
    user: Any, administrator: Any, rf: Any
) -> None:
    """A view of the staff, say, that makes a link to sign in with."""
    request = rf.get("/")
    request.session = SessionStore()
    token = context.begin(context.Acting(request.session, request.META, request=request))
    try:
        by_hand_into_a_new_session(user, lambda: None)
    finally:
        context.finish(token)
    assert Session.objects.of(user).get().address is None


# --- The pages


@pytest.mark.parametrize("page", ["/sign-in/", "/swallow/", "/write/"])
def test_a_refusal_at_the_save_is_put_into_words(page: str, user: Any, another_day: Any) -> None:
    a_new_password_is_required(user)
    another_day()
    between.append(lambda: None)

    def refuse(**kwargs: Any) -> None:
        raise PermissionDenied

    browser = Browser()
    with receiver_of_the_host(refuse, first=True):
        response = browser.get(page, {"email": user.email})
    between.clear()
    assert response.status_code == 302 and response["Location"].startswith("/account/login/")
    assert response.cookies["signed_out"].value == EndReason.PASSWORD_REQUIRED
    assert b"You need a new password before you can sign in" in browser.get("/account/login/").content


def test_where_there_is_no_room_the_save_asks_which_device_goes(user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SESSION_LIMIT": 1, "SESSION_LIMIT_REFUSES": True}
    Browser().sign_in(user)
    between.append(lambda: None)
    browser = Browser()
    response = browser.get("/write/", {"email": user.email})
    assert response.status_code == 302 and response["Location"] == "/account/devices/challenge/"
    assert Session.objects.of(user).living().count() == 1
    assert browser.get(response["Location"]).status_code == 200


# --- What else is so


def test_a_receiver_that_saves_the_session_signs_in_once(user: Any) -> None:
    """A well-known recipe: it needs the session's key, for a table of its own."""
    browser, saved = Browser(), []

    def save(request: HttpRequest, **kwargs: Any) -> None:
        request.session.save()
        saved.append(request.session.session_key)

    with receiver_of_the_host(save, first=True):
        browser.sign_in(user)
    row = Session.objects.of(user).get()
    assert Event.objects.filter(kind=Event.Kind.SIGNED_IN, user_id=user.pk).count() == 1
    assert (row.method, row.address) == ("password", LONDON)
    assert saved == [key_of(browser)]


def test_somebody_elses_session_ends_where_another_user_is_written_into_it(
    user: Any, other_user: Any
) -> None:
    browser = Browser()
    browser.force_login(other_user)
    store = SessionStore(key_of(browser))
    store["cart"] = 1
    store.update(three_keys(user))
    store.save()
    theirs, mine = Session.objects.of(other_user).get(), Session.objects.of(user).get()
    assert theirs.end_reason == EndReason.SIGNED_OUT
    assert mine.device_id != theirs.device_id and store.session_key != key_of(browser)
    assert SessionStore(store.session_key)["cart"] == 1
    assert not SessionStore(key_of(browser)).get_user().is_authenticated


def test_a_copy_of_somebody_elses_row_signs_nobody_in(user: Any, other_user: Any) -> None:
    stores = []
    for person in (user, other_user):
        client = Client()
        client.force_login(person)
        stores.append(SessionStore(key_of(client)))
    mine, theirs = stores
    theirs.update(dict(mine.items()))
    theirs["cart"] = 1
    theirs.save()
    later = SessionStore(theirs.session_key)
    assert (later.get_user(), later["cart"]) == (other_user, 1)
    assert Session.objects.of(user).count() == 1


@pytest.mark.parametrize("backend", ["", "gone.Backend"])
def test_whom_no_backend_would_let_answer_is_not_written(backend: str, user: Any) -> None:
    """As with Django's engines, where such a session signs nobody in."""
    store = SessionStore()
    store.update({**three_keys(user), BACKEND_SESSION_KEY: backend, "cart": 1})
    store.save()
    assert SessionStore(store.session_key)["cart"] == 1
    assert not Session.objects.of(user).exists()


def test_who_is_refused_at_the_save_is_not_saved_later_and_may_try_again(user: Any, another_day: Any) -> None:
    store = anonymous_store()
    store.update(three_keys(user))
    everything_is_signed_out(user)
    for attempt in (store.save, store.save):
        with suppress(SignInRefused):
            attempt()
        assert not Session.objects.of(user).exists()
    assert SessionStore(store.session_key)["cart"] == 1
    another_day()
    store.update(three_keys(user))
    store.save()
    assert SessionStore(store.session_key).get_user() == user


def test_a_session_whose_own_user_is_written_once_more_is_only_saved(user: Any) -> None:
    client = Client()
    client.force_login(user)
    store = SessionStore(key_of(client))
    store.update(three_keys(user))
    with CaptureQueriesContext(connection) as queries:
        store.save()
    assert len(queries) == 1
    assert store.session_key == key_of(client)


@pytest.mark.parametrize("page", ["/swallow/", "/swallow-async/"])
def test_nobody_is_taken_for_signed_in_by_whoever_swallows_the_refusal(page: str, user: Any) -> None:
    is_disabled(user)
    client = Client()
    client.get("/account/login/")  # there is a session to write into
    said = client.get(page, {"email": user.email}).content.decode()
    assert set(said.split()) == {"AnonymousUser", "None"}


def test_a_user_who_is_overwritten_with_nothing_is_signed_out(user: Any) -> None:
    client = Client()
    client.force_login(user)
    store = SessionStore(key_of(client))
    store[SESSION_KEY] = None
    store.save()
    assert Session.objects.of(user).get().end_reason == EndReason.SIGNED_OUT


# --- Two tabs of one browser that is signed in nowhere yet


def two_tabs() -> list[SessionStore]:
    """Of one session; each has read it before the other writes."""
    tabs = [store := anonymous_store(), SessionStore(store.session_key)]
    for tab in tabs:
        assert tab["cart"] == 1
    return tabs


def test_of_two_tabs_that_write_a_user_the_later_one_is_told_to_try_again(user: Any, other_user: Any) -> None:
    Browser().force_login(other_user)
    earlier, later = two_tabs()
    for tab in (earlier, later):
        tab.update(three_keys(user))
    earlier.save()
    with pytest.raises(KeyRotated):
        later.save()
    assert SessionStore(earlier.session_key).get_user() == user
    assert Event.objects.filter(kind=Event.Kind.SIGNED_IN, user_id=user.pk).count() == 1
    assert Session.objects.of(other_user).living().count() == 1


def test_whoever_swallows_that_writes_nothing_into_the_session_of_the_other_tab(user: Any) -> None:
    earlier, later = two_tabs()
    for number, tab in enumerate((earlier, later), start=1):
        tab.update(three_keys(user))
        tab["cart"] = 10 * number
    earlier.save()
    for attempt in (later.save, later.save, later.create):
        with pytest.raises(KeyRotated):
            attempt()
    now = SessionStore(earlier.session_key)
    assert (now.get_user(), now["cart"]) == (user, 10)
    assert Session.objects.count() == 1


def test_a_tab_whose_session_was_signed_in_and_ended_meanwhile_is_signed_out(user: Any) -> None:
    earlier, later = two_tabs()
    for tab in (earlier, later):
        tab.update(three_keys(user))
    earlier.save()
    Session.objects.update(ended_at=timezone.now(), end_reason=EndReason.SIGNED_OUT_REMOTELY)
    with pytest.raises(SessionEnded):
        later.save()
    assert not SessionStore(earlier.session_key).get_user().is_authenticated


@pytest.mark.parametrize("page", ["/write/", "/write-asynchronously/"])
def test_a_browser_that_signs_in_in_two_tabs_at_once_stays_signed_in(page: str, user: Any) -> None:
    tab, other_tab = Client(), Client()
    tab.cookies[settings.SESSION_COOKIE_NAME] = anonymous_store().session_key or ""
    other_tab.cookies = tab.cookies

    def meanwhile() -> None:
        between.append(lambda: None)
        assert other_tab.get("/write/", {"email": user.email}).status_code == 200

    between.append(meanwhile)
    response = tab.get(page, {"email": user.email})
    assert response.status_code == 409 and response["Refresh"]
    assert settings.SESSION_COOKIE_NAME not in response.cookies
    assert tab.get("/account/devices/").status_code == 200
