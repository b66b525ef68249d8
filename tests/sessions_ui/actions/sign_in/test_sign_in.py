# ruff: noqa: E501 -- user agents are as long as they are
"""What a sign-in stores, and which sign-ins are refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import LoginView
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone
from django.views import View

from sessions_ui import signals
from sessions_ui.assurance import MOST, Authentication
from sessions_ui.conf import conf
from sessions_ui.exceptions import SessionEnded, SignInRefused
from sessions_ui.store import SessionStore
from tests.conftest import FIREFOX_ON_LINUX, LONDON, PASSWORD
from tests.interleaving import just_before
from tests.models import Delivery, Device, EndReason, Event, Session
from tests.statements import gist

pytestmark = pytest.mark.django_db

CHROME_ON_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"


# What every sign-in does under the lock of its account, from the second of an account on.
HELD = ["SELECT accounts_user", "UPDATE sessions_ui_accountstate", "SELECT sessions_ui_accountstate"]
KEPT = ["UPDATE sessions_ui_session"]  # the session becomes its user's
NOTED = [
    "INSERT sessions_ui_event",
    "INSERT sessions_ui_eventdetail",
    "SELECT sessions_ui_endpoint",
]


def bare_login(user: Any, **headers: Any) -> SessionStore:
    request = RequestFactory().get("/", **headers)
    request.session = SessionStore()
    request.user = AnonymousUser()
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return request.session


def test_the_statements_of_a_sign_in_from_a_new_browser(user: Any) -> None:
    bare_login(user)
    with CaptureQueriesContext(connection) as queries:
        bare_login(user, HTTP_USER_AGENT=FIREFOX_ON_LINUX)
    assert gist(queries) == [
        "INSERT sessions_ui_session",
        *HELD,
        "INSERT sessions_ui_device",
        "SELECT sessions_ui_session",  # what came before, to judge by
        *KEPT,
        *NOTED,
        "SELECT sessions_ui_event",  # of what else the owner was told
        "SELECT accounts_verifiedaddress",
        "INSERT sessions_ui_event",
        "INSERT sessions_ui_eventdetail",
        "SELECT sessions_ui_endpoint",
        "INSERT sessions_ui_delivery",
        "UPDATE accounts_user",  # Django's own: `last_login`
    ]


def test_the_statements_of_a_sign_in_from_a_known_browser(user: Any) -> None:
    cookie = bare_login(user).device_cookie
    Session.objects.update(ended_at=timezone.now(), end_reason=EndReason.SIGNED_OUT)
    with CaptureQueriesContext(connection) as queries:
        bare_login(user, HTTP_USER_AGENT=FIREFOX_ON_LINUX, HTTP_COOKIE=f"{conf.device_cookie_name}={cookie}")
    assert gist(queries) == [
        "INSERT sessions_ui_session",
        *HELD,
        "SELECT sessions_ui_device",
        "SELECT sessions_ui_device",  # locked
        "UPDATE sessions_ui_device",  # which names itself now, and got the next value of its cookie
        "SELECT sessions_ui_session",
        *KEPT,
        "SELECT accounts_user",  # an older sign-in in the same browser is superseded: there is none
        "UPDATE sessions_ui_session",
        *NOTED,
        "UPDATE accounts_user",
    ]


def test_the_statements_of_force_login(user: Any, browser: Any) -> None:
    """Of the test client, which no request brings: nothing is judged or mailed."""
    browser().force_login(user)
    with CaptureQueriesContext(connection) as queries:
        browser().force_login(user)
    assert gist(queries) == [
        "INSERT sessions_ui_session",  # the client's, before anybody is signed in
        "SELECT sessions_ui_session",
        "UPDATE sessions_ui_session",  # a new key
        *HELD,
        "INSERT sessions_ui_device",
        *KEPT,
        "INSERT sessions_ui_event",
        "SELECT sessions_ui_endpoint",
        "UPDATE accounts_user",
        "UPDATE sessions_ui_session",  # the client saves it
    ]


def test_a_sign_in_stores_method_address_user_agent_device_and_place(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    row = Session.objects.get()
    assert (row.user, row.method, row.address, row.first_address) == (user, "password", LONDON, LONDON)
    assert row.user_agent == row.first_user_agent == FIREFOX_ON_LINUX
    assert (row.browser_version, row.place["city"], row.place["country_code"]) == ("145", "London", "GB")
    assert (row.device.browser, row.device.system, row.device.kind) == ("Firefox", "Linux", "computer")
    event = Event.objects.get(kind=Event.Kind.SIGNED_IN)
    assert (event.user_id, event.actor_id) == (user.pk, user.pk)
    assert (event.session_id, event.device_id) == (row.pk, row.device_id)
    assert (event.detail.address, event.detail.user_agent) == (LONDON, FIREFOX_ON_LINUX)
    assert event.data == {  # and no address, which has its own life
        "method": "password",
        "new_device": True,
        "assurance_level": 1,
        "amr": ["pwd"],
    }


def passkey_and_more(request: Any, user: Any) -> list[Authentication]:
    """For `AUTHENTICATION`."""
    at = timezone.now()
    key = Authentication.of("passkey", at=at, credential="key-7", user_verified=True, hardware_bound=True)
    return [key, *[Authentication.of("password", at=at)] * MOST]


def test_a_sign_in_keeps_what_the_site_says_was_shown(user: Any, browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "AUTHENTICATION": f"{__name__}.passkey_and_more"}
    browser().sign_in(user)
    session = Session.objects.get()
    assert [one.credential for one in session.shown] == ["key-7", *[""] * (MOST - 1)]
    assert (session.assurance_level, session.amr) == (3, ["hwk", "user", "pwd", "mfa"])
    assert session.acr == "http://idmanagement.gov/ns/assurance/aal/3"
    event = Event.objects.get(kind=Event.Kind.SIGNED_IN)
    assert event.data == {
        "method": "password",
        "new_device": True,
        "assurance_level": 3,
        "amr": session.amr,
        "credentials": ["key-7"],
    }


def two_steps(request: Any, user: Any) -> str:
    """For `SIGN_IN_METHOD`."""
    return "password+totp"


def test_a_site_that_says_it_in_words_only_is_understood_as_far_as_they_go(
    user: Any, browser: Any, settings: Any
) -> None:
    given = {name: value for name, value in settings.SESSIONS_UI.items() if name != "AUTHENTICATION"}
    settings.SESSIONS_UI = {**given, "SIGN_IN_METHOD": f"{__name__}.two_steps"}
    browser().sign_in(user)
    session = Session.objects.get()
    assert [(one.method, one.credential, one.since) for one in session.shown] == [
        ("password", "", None),
        ("totp", "", None),
    ]
    assert session.assurance_level == 2


def test_of_a_sign_in_of_which_nothing_is_known_nothing_is_kept(user: Any) -> None:
    bare_login(user)
    session = Session.objects.get()
    assert (session.authentication, session.shown) == (None, [])
    assert (session.assurance_level, session.amr, session.acr) == (0, [], "")
    assert Event.objects.get(kind=Event.Kind.SIGNED_IN).data == {"method": "", "new_device": True}


def test_a_sign_in_as_the_same_user_begins_the_list_anew(user: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(user)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert len(Session.objects.get().shown) == 2
    client.force_login(user)
    assert [one.step for one in Session.objects.living().get().shown] == ["sign_in"]


def test_a_request_does_not_read_what_was_shown(user: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(user)
    row = SessionStore(client.session.session_key).resolve()
    assert row is not None and "authentication" in row.get_deferred_fields()


def test_an_anonymous_session_is_in_use_from_its_sign_in_on(user: Any, browser: Any) -> None:
    client = browser()
    client.get("/account/login/")
    session = client.session
    session["cart"] = 1
    session.save()
    client.cookies["sessionid"] = session.session_key
    long_ago = timezone.now() - timedelta(days=13)
    Session.objects.update(last_seen_at=long_ago, created_at=long_ago)
    client.sign_in(user)
    row = Session.objects.get()
    assert (row.created_at, row.last_seen_at) == (long_ago, row.signed_in_at)


@pytest.mark.parametrize(("how", "stored"), [("network", "81.2.69.0"), ("none", None)])
def test_no_more_of_an_address_is_kept_than_the_site_may_keep(
    user: Any, browser: Any, settings: Any, how: str, stored: str | None
) -> None:
    """django-user-sessions #186. The place is that of the whole address."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "STORE_ADDRESSES": how}
    browser().sign_in(user)
    row = Session.objects.get()
    assert (row.address, row.first_address, row.place["city"]) == (stored, stored, "London")
    assert Event.objects.get(kind=Event.Kind.SIGNED_IN).detail.address == stored


def test_the_public_id_has_nothing_to_do_with_the_key(user: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(user)
    key = client.cookies["sessionid"].value
    row = Session.objects.get()
    assert row.public_id not in key and key not in row.public_id and row.public_id not in row.digest


@pytest.mark.control("ASVS 7.2.4")
def test_the_key_changes_at_sign_in(user: Any, browser: Any) -> None:
    """ASVS 5.0 7.2.4, session fixation."""
    client = browser()
    session = client.session
    session["cart"] = 1
    session.save()
    before = client.cookies["sessionid"].value
    client.sign_in(user)
    assert client.cookies["sessionid"].value != before
    assert not SessionStore(before).get_user().is_authenticated
    assert client.session["cart"] == 1


def test_the_device_cookie_is_random_http_only_and_set_at_sign_in_only(user: Any, browser: Any) -> None:
    client = browser()
    client.get("/account/login/")
    assert "__Host-device" not in client.cookies
    client.sign_in(user)
    cookie = client.cookies["__Host-device"]
    assert cookie["httponly"] and cookie["secure"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert cookie.value not in str(list(Device.objects.values()))


def test_the_device_cookie_signs_nobody_in(user: Any, browser: Any) -> None:
    client, other = browser(), browser()
    client.sign_in(user)
    other.cookies["__Host-device"] = client.cookies["__Host-device"].value
    assert other.get("/account/devices/").status_code == 302


def test_signing_in_again_in_one_browser_is_the_same_device_and_replaces_the_older(
    user: Any, browser: Any
) -> None:
    client = browser()
    client.sign_in(user)
    del client.cookies["sessionid"]
    client.sign_in(user)
    assert Device.objects.count() == 1
    old, new = Session.objects.order_by("pk")
    assert (old.end_reason, new.end_reason) == (EndReason.SUPERSEDED, "")
    assert not Delivery.objects.exists()


def test_two_equal_laptops_stay_two(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    browser().sign_in(user)
    assert Device.objects.count() == 2
    assert Session.objects.living().count() == 2


def test_two_users_of_one_browser_have_a_device_each_that_cannot_be_linked(
    user: Any, other_user: Any, browser: Any
) -> None:
    client = browser()
    client.sign_in(user)
    client.post("/account/logout/")
    client.sign_in(other_user)
    client.post("/account/logout/")
    client.sign_in(user)
    ada, grace = Device.objects.order_by("pk")
    assert (ada.user, grace.user) == (user, other_user)
    assert ada.cookie_digest != grace.cookie_digest


def test_a_copied_device_cookie_is_flagged_and_replaces_nothing(user: Any, browser: Any) -> None:
    client, thief = browser(), browser(user_agent=CHROME_ON_WINDOWS)
    client.sign_in(user)
    thief.cookies["__Host-device"] = client.cookies["__Host-device"].value
    thief.sign_in(user)
    original, copy = Device.objects.order_by("pk")
    assert original.copied_at is not None and copy.system == "Windows"
    assert Session.objects.living().count() == 2
    assert thief.cookies["__Host-device"].value != client.cookies["__Host-device"].value


def test_another_user_signing_in_here_ends_the_first_ones_session(
    user: Any, other_user: Any, browser: Any
) -> None:
    client = browser()
    client.force_login(user)
    client.force_login(other_user)
    request = RequestFactory().get("/")
    request.session = SessionStore(client.cookies["sessionid"].value)
    request.user = other_user
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    assert not Session.objects.of(other_user).living().exists()
    assert request.session.get_user() == user


def test_signing_in_again_as_the_same_user_keeps_the_row_and_changes_the_key(user: Any) -> None:
    store = bare_login(user)
    before = store.session_key
    request = RequestFactory().get("/")
    request.session, request.user = SessionStore(before), user
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    assert Session.objects.of(user).count() == 1
    assert request.session.session_key != before
    assert not SessionStore(before).get_user().is_authenticated


def test_a_sign_in_that_began_before_the_account_was_disabled_is_refused(user: Any) -> None:
    """Trap J."""
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    with pytest.raises(SignInRefused) as caught:
        bare_login(user)
    assert caught.value.reason == EndReason.ACCOUNT_DISABLED
    assert not Session.objects.of(user).exists()


def test_a_sign_in_with_the_old_password_does_not_outlive_a_reset(user: Any) -> None:
    """Trap J: the object in memory carries the old password, the row the new one."""
    stale = get_user_model().objects.get(pk=user.pk)
    user.set_password("a horse of another colour")
    user.save()
    with pytest.raises(SignInRefused) as caught:
        bare_login(stale)
    assert caught.value.reason == EndReason.PASSWORD_CHANGED
    assert not Session.objects.living().exists()


def test_ages_count_from_the_sign_in(user: Any, browser: Any) -> None:
    """An anonymous session can be aged by anybody; that must not make the sign-in old, nor let it last longer."""
    client = browser()
    client.get("/account/password/reset/")
    session = client.session
    session.save()
    Session.objects.update(created_at=Session.objects.get().created_at - timedelta(days=29))
    client.sign_in(user)
    row = Session.objects.get()
    assert row.signed_in_at - row.created_at >= timedelta(days=29)
    assert row.expires_at - row.signed_in_at >= timedelta(days=29)


def test_a_sign_in_into_a_session_that_goes_at_that_moment_signs_nobody_in(
    user: Any, other_user: Any, browser: Any
) -> None:
    browser().force_login(other_user)
    anonymous = Session.objects.filter(user=None)
    with (
        just_before("UPDATE .sessions_ui_session. SET .*user_id", anonymous.delete),
        pytest.raises(SessionEnded),
    ):
        bare_login(user)
    assert not Session.objects.of(user).exists()
    assert not Event.objects.filter(user=user, kind=Event.Kind.SIGNED_IN).exists()
    assert Session.objects.living().get().user_id == other_user.pk


class TokenView(View):
    """A sign-in page of the host's own, which asks for who knows what."""

    def post(self, request: HttpRequest) -> HttpResponse:
        person = get_user_model().objects.get(email="ada@people.example")
        login(request, person, backend="django.contrib.auth.backends.ModelBackend")
        return HttpResponse()


def sign_in_by_function(request: HttpRequest) -> HttpResponse:
    return TokenView.as_view()(request)


urlpatterns = [
    path("django/", LoginView.as_view(next_page="/")),
    path("token/", TokenView.as_view()),
    path("function/", sign_in_by_function),
]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("where", "method"), [("django", "password"), ("token", ""), ("function", "")])
def test_by_default_only_djangos_own_view_says_that_it_was_a_password(
    where: str, method: str, user: Any, browser: Any, settings: Any
) -> None:
    given = settings.SESSIONS_UI
    settings.SESSIONS_UI = {name: given[name] for name in given if name != "SIGN_IN_METHOD"}
    browser().post(f"/{where}/", {"username": user.email, "password": PASSWORD})
    assert Session.objects.of(user).get().method == method


def long_method(request: HttpRequest, user: Any) -> str:
    """For `SIGN_IN_METHOD`."""
    return "m" * 40


def test_a_method_is_cut_to_what_fits(user: Any, browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SIGN_IN_METHOD": f"{__name__}.long_method"}
    browser().sign_in(user)
    assert Session.objects.get().method == "m" * 32
    assert Event.objects.get(kind=Event.Kind.SIGNED_IN).data["method"] == "m" * 32


@pytest.mark.parametrize("supersedes", [True, False])
def test_only_an_older_browser_session_of_the_same_device_is_replaced(
    supersedes: bool, user: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SUPERSEDE": supersedes}
    client, elsewhere = browser(), browser()
    for one in (elsewhere, client):
        one.sign_in(user)
    older = Session.objects.latest("pk")
    token = Session.objects.create(
        digest="t", user=user, device=older.device, kind=Session.Kind.TOKEN, expires_at=older.expires_at
    )
    client.cookies.pop("sessionid")
    client.sign_in(user)
    living = set(Session.objects.living().values_list("pk", flat=True))
    assert (older.pk in living) is not supersedes
    assert token.pk in living and len(living) == (3 if supersedes else 4)
    older.refresh_from_db()
    assert (older.end_reason, older.ended_by_id) == (("superseded", user.pk) if supersedes else ("", None))


def test_the_host_project_is_told_of_a_sign_in_after_the_commit(
    user: Any, browser: Any, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[tuple[Any, ...]] = []

    def listen(sender: Any, session: Session, user: Any, new_device: bool, **kwargs: Any) -> None:
        heard.append((session.pk, user, new_device))
        assert not session.get_deferred_fields(), "an asynchronous receiver can ask for nothing more"

    signals.signed_in.connect(listen)
    client = browser()
    try:
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                client.sign_in(user)
            client.cookies.pop("sessionid")
    finally:
        signals.signed_in.disconnect(listen)
    first, second = Session.objects.order_by("pk").values_list("pk", flat=True)
    assert heard == [(first, user, True), (second, user, False)]


class Bare:
    """A backend with no more than Django asks of one: it does not say who may sign in."""

    def authenticate(self, request: Any, **credentials: Any) -> None: ...

    def get_user(self, pk: Any) -> Any:
        return get_user_model().objects.filter(pk=pk).first()


@pytest.mark.parametrize("is_active", [True, False])
def test_a_backend_that_does_not_say_who_may_sign_in_lets_in_whom_it_knows(
    is_active: bool, user: Any, settings: Any
) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Bare"]
    get_user_model().objects.filter(pk=user.pk).update(is_active=is_active)
    request = RequestFactory().get("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    login(request, get_user_model().objects.get(pk=user.pk), backend=f"{__name__}.Bare")
    assert Session.objects.get().user_id == user.pk
