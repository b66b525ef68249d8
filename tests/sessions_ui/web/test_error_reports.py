"""What Django's mail about an error says of a request to our pages: no password, no code, no key and no cookie."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore as SignedCookies
from django.core import mail
from django.test import RequestFactory
from django.utils import timezone
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from sessions_ui.actions.tokens.create import NewToken, create_token
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.delivery import deliver_due
from sessions_ui.not_me_link import not_me_token
from sessions_ui.store import SessionStore
from sessions_ui.web.responses.errors.error_reports import filter_over, hide_secrets
from sessions_ui.web.tokens.forms import new_once
from sessions_ui.web.tokens.views import to_value, token_value
from tests.aging import settle
from tests.conftest import PASSWORD
from tests.models import Delivery, Session, VerificationCode
from tests.reports import Boom, Walk, errors_everywhere, name_of, reports, undone

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/account/devices/confirm/", "password"),
        ("/account/devices/prove/", "code"),
        ("/account/devices/challenge/", "code"),
    ],
)
def test_a_secret_that_was_typed_in_is_in_no_error_report(
    path: str, field: str, user: Any, browser: Any
) -> None:
    client = browser()
    client.sign_in(user)
    response = client.post(path, {field: "123456", "act": "who knows"})
    reported = SafeExceptionReporterFilter().get_post_parameters(response.wsgi_request)
    assert reported[field] == "********************"
    assert reported["act"] == "who knows", "the rest helps whoever reads it"


# --- Wherever the error is

DEVICES = "/account/devices/"
# Where our functions have to do with keys and cookies, or are called by those that have.
WITH_KEYS = (
    "/store/", "/session_lookup", "/session_user", "/middleware", "/actions/", "/web/", "/receivers", "/audit/",
)  # fmt: skip


class Request:
    """One request of a browser with the cookies that it has now. What it sends is in no local variable of the test."""

    def __init__(self, client: Any, path: str, form: dict[str, str] | None = None) -> None:
        self._client, self._path, self._form = client, path, form
        self._cookies = deepcopy(client.cookies)
        client.raise_request_exception = False

    def __call__(self) -> None:
        self._client.cookies = deepcopy(self._cookies)
        if self._form is None:
            self._client.get(self._path)
        else:
            self._client.post(self._path, self._form)

    def secrets(self) -> set[str]:
        sent = {cookie.value for cookie in self._cookies.values()}
        typed = (
            {self._form[name] for name in ("password", "code") if name in self._form} if self._form else set()
        )
        return sent | typed


def laptop(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    client.get(DEVICES)
    return client


def a_page(browser: Any, user: Any) -> Request:
    return Request(laptop(browser, user), DEVICES)


def a_sign_in(browser: Any, user: Any) -> Request:
    return Request(browser(), "/account/login/", {"login": user.email, "password": PASSWORD})


def a_sign_in_on_a_known_device(browser: Any, user: Any) -> Request:
    client = laptop(browser, user)
    del client.cookies["sessionid"]
    return Request(client, "/account/login/", {"login": user.email, "password": PASSWORD})


def a_rotation(browser: Any, user: Any) -> Request:
    return Request(laptop(browser, user), "/account/reauthenticate/", {"password": PASSWORD})


def a_sign_out(browser: Any, user: Any) -> Request:
    return Request(laptop(browser, user), "/account/logout/", {})


def a_sign_out_of_others(browser: Any, user: Any) -> Request:
    client = laptop(browser, user)
    laptop(browser, user)
    return Request(client, f"{DEVICES}sign-out-others/", {})


def a_code(browser: Any, user: Any) -> Request:
    laptop(browser, user)
    client = laptop(browser, user)
    client.post(f"{DEVICES}sign-out-others/")
    (form,) = [each for each in client.post(f"{DEVICES}sign-out-others/").context if "act" in each][:1]
    code = VerificationCode.objects.latest("pk").code()
    return Request(client, f"{DEVICES}prove/", {"act": form["act"], "code": code})


def a_key_that_was_replaced(browser: Any, user: Any) -> Request:
    client = laptop(browser, user)
    SessionStore(client.cookies["sessionid"].value).cycle_key()
    return Request(client, DEVICES)


def a_key_of_an_ended_session(browser: Any, user: Any) -> Request:
    client = laptop(browser, user)
    Session.objects.of(user).update(ended_at=timezone.now(), end_reason="owner_ended")
    return Request(client, DEVICES)


@pytest.mark.parametrize(
    "request_of",
    [
        a_page, a_sign_in, a_sign_in_on_a_known_device, a_rotation, a_sign_out, a_sign_out_of_others, a_code,
        a_key_that_was_replaced, a_key_of_an_ended_session,
    ],
)  # fmt: skip
def test_no_report_about_an_error_in_any_function_of_ours_tells_a_secret(
    request_of: Callable[[Any, Any], Request], browser: Any, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """As text, as HTML with the local variables of every function on the way, and in the log at DEBUG."""
    request = request_of(browser, user)
    caplog.set_level("DEBUG")
    told, told_of = set(), 0
    with reports() as texts:
        for walk in errors_everywhere(request, WITH_KEYS, lot=request_of.__name__):
            told_of += bool(texts)
            everything = "".join(texts) + caplog.text
            if [secret for secret in (*request.secrets(), *walk.made) if secret in everything]:
                assert walk.fails_in is not None
                told.add(name_of(walk.fails_in))
            texts.clear()
            caplog.clear()
    assert told_of > 5, "most errors are reported"
    assert sorted(told) == []


# Where a token is made and shown, and what is called on the way.
WITH_TOKENS = ("/token_value", "/actions/tokens/", "/actions/credentials/", "/web/tokens/", "/admin/tokens")


def a_new_token(browser: Any, user: Any) -> Request:
    client = laptop(browser, user)
    settle(user)
    form = {"name": "Backup", "scopes": "sessions:read", "ends": "30", "once": new_once()}
    return Request(client, f"{DEVICES}tokens/new/", form)


def a_renewed_token(browser: Any, user: Any) -> Request:
    client = laptop(browser, user)
    settle(user)
    made = create(user).token
    form = {"ends": "keep", "hint": made.hint}
    return Request(client, f"{DEVICES}tokens/{made.session.public_id}/renew/", form)


def a_token_of_a_service_account(browser: Any, user: Any) -> Request:
    administrator, robot = people_of_a_service_account(user)
    form = {"name": "Nightly", "scopes": "sessions:read", "days": "30", "once": new_once()}
    client = browser()
    client.force_login(administrator)
    return Request(client, f"/admin/sessions_ui/serviceaccount/{robot.pk}/token/", form)


def create(user: Any) -> NewToken:
    ends = timezone.now() + timedelta(days=30)
    return create_token(user=user, name="Backup", scopes=["sessions:read"], expires_at=ends)


def people_of_a_service_account(owner: Any) -> tuple[Any, Any]:
    users = type(owner).objects
    administrator = users.create_user(email="root@staff.example", is_staff=True, is_superuser=True)
    robot = users.create_user(email="robot@people.example")
    make_service_account(user=robot, owner=owner)
    return administrator, robot


@pytest.mark.parametrize("request_of", [a_new_token, a_renewed_token, a_token_of_a_service_account])
def test_no_report_tells_the_token_that_its_request_has_made(
    request_of: Callable[[Any, Any], Request], browser: Any, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    request = request_of(browser, user)
    caplog.set_level("DEBUG")
    told, made = set(), 0
    with reports() as texts:
        for walk in errors_everywhere(request, WITH_TOKENS, lot=request_of.__name__):
            made += bool(walk.made and texts)
            everything = "".join(texts) + caplog.text
            if [value for value in walk.made if value in everything]:
                assert walk.fails_in is not None
                told.add(name_of(walk.fails_in))
            texts.clear()
            caplog.clear()
    assert made > 2, "errors after it was made are reported, in the half of them as well"
    assert sorted(told) == []


def test_the_page_with_the_value_hides_it_also_where_another_filter_is_asked(user: Any) -> None:
    """Django's own knows what functions call sensitive, and the names of their variables in all that they call."""
    made = create(user)

    def act() -> Any:
        sent = RequestFactory().post("/")
        sent.user, sent.session = user, SignedCookies()
        led = to_value(sent, made)
        asked = RequestFactory().get(led["Location"])
        asked.user, asked.session = user, sent.session
        asked.COOKIES = {name: morsel.value for name, morsel in led.cookies.items()}
        answer = token_value(asked, public_id=made.token.session.public_id)
        assert made.value in answer.content.decode()

    codes, told, reported = Walk(), set(), 0
    undone(act, codes)
    ours = ("/web/tokens/", "/web/responses/shown_once")
    for code in (code for code in codes.called if any(room in code.co_filename for room in ours)):
        text = report_of(act, Walk(fails_in=code))
        reported += bool(text)
        if made.value in text:
            told.add(name_of(code))
    assert reported > 3 and sorted(told) == []


class InAShell:
    """What Django Channels, a task or a shell does with a session: there is no request that could be looked at."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self) -> None:
        store = SessionStore(self._key)
        store.get_user()
        store["seen"] = 1
        store.save()
        store.cycle_key()
        store.exists(store.session_key)
        store.delete()
        SessionStore(self._key).delete()


def test_no_report_of_a_session_that_is_used_outside_of_a_request_shows_its_key(
    browser: Any, user: Any
) -> None:
    key = laptop(browser, user).cookies["sessionid"].value
    told, act = set(), InAShell(key)
    codes = Walk()
    undone(act, codes)
    for code in codes.called:
        walk = Walk(fails_in=code)
        text = report_of(act, walk)
        if [secret for secret in (key, *walk.made) if secret in text]:
            told.add(name_of(code))
    assert len(codes.called) > 20 and not told


def report_of(act: Callable[[], None], walk: Walk) -> str:
    try:
        undone(act, walk)
    except Boom:
        reporter = ExceptionReporter(None, *sys.exc_info())
        return str(reporter.get_traceback_html()) + str(reporter.get_traceback_text())
    return ""


class Worker:
    """As Celery runs a task: what it raises is logged."""

    def __call__(self) -> None:
        try:
            deliver_due()
        except Boom:
            logging.getLogger("sessions_ui.tasks").exception("The task failed.")


def test_no_report_of_the_worker_shows_the_code_and_the_link_that_it_mails(
    browser: Any, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    a_code(browser, user)
    caplog.set_level("DEBUG")
    secrets = [VerificationCode.objects.latest("pk").code()]
    secrets += [not_me_token(pk).rpartition(":")[2] for pk in Delivery.objects.values_list("pk", flat=True)]
    told, told_of = set(), 0
    with reports() as texts:
        for walk in errors_everywhere(Worker(), ("/delivery", "/channels/", "/models/codes", "/outbox")):
            mail.outbox.clear()
            told_of += bool(texts)
            everything = "".join(texts) + caplog.text
            if [secret for secret in secrets if secret in everything]:
                assert walk.fails_in is not None
                told.add(name_of(walk.fails_in))
            texts.clear()
            caplog.clear()
    assert told_of > 10 and not told


# --- What the filter hides


def test_no_cookie_is_in_a_report_whatever_its_name(browser: Any, user: Any) -> None:
    request = RequestFactory().get("/")
    request.COOKIES.update({"sessionid": "k" * 32, "__Host-device": "d" * 43, "theirs": "some value"})
    hide_secrets(request)
    shown = request.exception_reporter_filter.get_safe_cookies(request)
    assert set(shown) == {"sessionid", "__Host-device", "theirs"}
    assert set(shown.values()) == {"********************"}


class Theirs(SafeExceptionReporterFilter):
    hidden_settings = re.compile("DIARY")


def test_a_filter_of_the_host_project_still_hides_what_it_hides(settings: Any) -> None:
    settings.DEFAULT_EXCEPTION_REPORTER_FILTER = f"{__name__}.Theirs"
    request = RequestFactory().get("/")
    hide_secrets(request)
    assert isinstance(request.exception_reporter_filter, Theirs)
    assert request.exception_reporter_filter.cleanse_setting("DIARY", "dear") == "********************"


def test_a_filter_that_a_view_has_chosen_stays() -> None:
    request = RequestFactory().get("/")
    request.exception_reporter_filter = own = SafeExceptionReporterFilter()  # type: ignore[attr-defined]
    hide_secrets(request)
    assert request.exception_reporter_filter is own  # type: ignore[attr-defined]


class Unprintable:
    def __repr__(self) -> str:
        raise ValueError


def test_a_value_that_cannot_be_printed_spoils_no_report(settings: Any) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["sessionid"] = "k" * 32
    frame = sys._getframe()
    strange, harmless = Unprintable(), "nothing special"
    shown = dict(
        filter_over(settings.DEFAULT_EXCEPTION_REPORTER_FILTER).get_traceback_frame_variables(request, frame)
    )
    assert shown["strange"] is strange and shown["harmless"] == harmless
    assert shown["request"] is request, "which shows no cookie when it is printed"


def test_while_debugging_everything_is_shown(settings: Any) -> None:
    settings.DEBUG = True
    request = RequestFactory().get("/")
    request.COOKIES["theirs"] = "some value"
    shown = filter_over(settings.DEFAULT_EXCEPTION_REPORTER_FILTER).get_safe_cookies(request)
    assert shown == {"theirs": "some value"}


def test_what_is_typed_in_is_hidden_wherever_it_went(settings: Any) -> None:
    request = RequestFactory().post("/", {"code": "123456", "note": "hello"})
    request.sensitive_post_parameters = ("code",)  # type: ignore[attr-defined]
    given, note = "123456", "hello"
    filter_ = filter_over(settings.DEFAULT_EXCEPTION_REPORTER_FILTER)
    shown = dict(filter_.get_traceback_frame_variables(request, sys._getframe()))
    assert (shown["given"], shown["note"]) == ("********************", note) and given


def test_a_field_that_is_a_secret_by_its_name_is_hidden_also_before_a_view_was_reached(settings: Any) -> None:
    """A middleware fails, and no view has called anything sensitive."""
    request = RequestFactory().post("/", {"password": PASSWORD, "new_password2": PASSWORD, "note": "hello"})
    hide_secrets(request)
    shown = request.exception_reporter_filter.get_post_parameters(request)
    assert shown.dict() == {"password": "*" * 20, "new_password2": "*" * 20, "note": "hello"}
    assert request.POST["password"] == PASSWORD, "the request itself is as it was"
