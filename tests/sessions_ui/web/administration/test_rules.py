"""The rules behind the question of the admin, each alone: which requests it is about, what counts, what is kept."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from django.utils import timezone

from sessions_ui.credentials import Credential, CredentialKind, CredentialStore
from sessions_ui.web.administration.demand import has_factor, is_fresh, needs_factor
from sessions_ui.web.administration.gate import (
    is_for_admin,
    leads_in_or_out,
    shows_form_to_type_in,
    site_of,
)
from sessions_ui.web.administration.question import carried, go_on, prefixed, start_of

NOW = timezone.now()
PASSWORD, FILE = b'<input name="a" type="password">', b"<input type=file name='b'>"


def request_for(path: str = "/admin/", method: str = "GET", **match: Any) -> Any:
    request: Any = RequestFactory().generic(method, path)
    given = {"app_names": ["admin"], "namespaces": ["admin"], "namespace": "admin", "url_name": "x", **match}
    request.resolver_match = SimpleNamespace(**given)
    return request


@pytest.mark.parametrize(
    ("app_names", "namespaces", "is_admins", "site"),
    [
        (["admin"], ["admin"], True, admin.site),
        (["nested", "admin"], ["nested", "admin"], True, admin.site),
        (["admin"], ["office_of_nobody"], True, None),
        (["sessions_ui"], ["admin"], False, None),
        ([], [], False, None),
    ],
)
def test_a_request_is_for_an_admin_by_the_name_of_its_application(
    app_names: list[str], namespaces: list[str], is_admins: bool, site: Any
) -> None:
    request = request_for(app_names=app_names, namespaces=namespaces)
    assert (is_for_admin(request), site_of(request)) == (is_admins, site)
    request.resolver_match = None
    assert (is_for_admin(request), site_of(request), leads_in_or_out(request)) == (False, None, False)


@pytest.mark.parametrize(
    ("path", "url_name", "leads"),
    [
        ("/admin/login/", "login", True),
        ("/admin/logout/", "logout", True),
        ("/admin/login/", "index", False),
        ("/admin/accounts/user/login/", "login", False),
        ("/admin/password_change/", "password_change", False),
    ],
)
def test_the_way_in_and_out_is_one_page_each(path: str, url_name: str, leads: bool) -> None:
    assert leads_in_or_out(request_for(path, url_name=url_name)) is leads
    assert not leads_in_or_out(request_for(path, url_name=url_name, namespace="of_nobody"))


@pytest.mark.parametrize(
    ("content", "options", "shows"),
    [
        (PASSWORD, {}, True),
        (FILE, {}, True),
        (b'<input type="text">', {}, False),
        (b"<p>password</p>", {}, False),
        (PASSWORD, {"status": 404}, False),
        (PASSWORD, {"method": "POST"}, False),
        (PASSWORD, {"method": "HEAD"}, False),
        (PASSWORD, {"app_names": ["shop"]}, False),
    ],
)
def test_a_form_to_type_in_is_a_page_of_the_admin_that_is_shown(
    content: bytes, options: dict[str, Any], shows: bool
) -> None:
    status = options.pop("status", 200)
    assert shows_form_to_type_in(request_for(**options), HttpResponse(content, status=status)) is shows
    assert not shows_form_to_type_in(request_for(), StreamingHttpResponse([PASSWORD]))  # type: ignore[arg-type]


# --- What counts


class Store(CredentialStore):
    kept: list[Credential]

    def of(self, user: Any) -> list[Credential]:
        return Store.kept


@pytest.mark.parametrize(
    ("kind", "age", "counts"),
    [
        (CredentialKind.TOTP, timedelta(hours=24), True),
        (CredentialKind.PASSKEY, timedelta(hours=24), True),
        (CredentialKind.TOTP, timedelta(hours=23, minutes=59), False),
        (CredentialKind.TOTP, None, True),
        (CredentialKind.PASSWORD, timedelta(days=9), False),
        (CredentialKind.RECOVERY_CODES, timedelta(days=9), False),
        (CredentialKind.ADDRESS, None, False),
    ],
)
def test_a_factor_counts_once_it_is_a_day_old(
    kind: CredentialKind, age: timedelta | None, counts: bool, settings: Any
) -> None:
    Store.kept = [Credential(kind, "1", "", None if age is None else timezone.now() - age)]
    given = {**settings.SESSIONS_UI, "CREDENTIALS": f"{__name__}.Store", "YOUNG_SESSION": timedelta(days=1)}
    settings.SESSIONS_UI = given
    request: Any = SimpleNamespace(user=None)
    assert has_factor(None) is needs_factor(request) is counts
    settings.SESSIONS_UI = {**given, "HELP_DESK_FACTOR_URL": ""}
    assert not needs_factor(request), "there is no page to show it on"
    settings.SESSIONS_UI = {**given, "HELP_DESK_FACTOR_URL": "", "ADMIN_FACTOR_REQUIRED": True}
    assert needs_factor(request)


def shown_when_it_says(request: Any) -> Any:
    return request.shown_at


@pytest.mark.parametrize(
    ("ago", "fresh"),
    [(timedelta(minutes=10), True), (timedelta(minutes=10, seconds=1), False), (None, False)],
)
def test_what_was_shown_counts_for_so_long(
    ago: timedelta | None, fresh: bool, settings: Any, time_machine: Any
) -> None:
    time_machine.move_to(NOW, tick=False)
    path = f"{__name__}.shown_when_it_says"
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "ADMIN_FACTOR_REQUIRED": True,
        "SECOND_FACTOR_AT": path,
    }
    request: Any = SimpleNamespace(shown_at=None if ago is None else timezone.now() - ago)
    assert is_fresh(request, within=timedelta(minutes=10)) is fresh


# --- What is kept


ACT = {"name": ["Editors", "Writers"], "sessions_uit": ["x"]}
OURS = {"csrfmiddlewaretoken": ["t"], "sessions_ui-answered": ["1"], "sessions_ui-password": ["p"]}


def test_the_fields_of_the_act_wait_and_none_of_the_question() -> None:
    request = RequestFactory().post("/", {**ACT, **OURS})
    assert carried(request) == [("name", "Editors"), ("name", "Writers"), ("sessions_uit", "x")]


@pytest.mark.parametrize(
    ("posted", "left"),
    [
        ({**ACT, **OURS}, {**ACT, "csrfmiddlewaretoken": ["t"]}),
        ({**ACT, "sessions_ui-password": ["p"]}, {**ACT, "sessions_ui-password": ["p"]}),
        (ACT, ACT),
    ],
    ids=["an answer", "no answer", "an act"],
)
def test_an_act_goes_on_with_its_own_fields(posted: dict[str, Any], left: dict[str, Any]) -> None:
    request = RequestFactory().post("/admin/?x=1", posted)
    assert go_on(request) is None
    assert dict(request.POST.lists()) == left
    with pytest.raises(AttributeError):
        request.POST["name"] = "changed"


def test_a_form_that_is_opened_again_gets_nothing_of_it() -> None:
    request = RequestFactory().post("/admin/?x=1", {**ACT, **OURS, "sessions_ui-opens": "1"})
    answer: Any = go_on(request)
    assert (answer.status_code, answer.url) == (302, "/admin/?x=1")


def test_the_start_is_a_page_on_which_nothing_happens() -> None:
    assert (start_of(admin.site), start_of(None)) == ("/admin/", "/")
    assert prefixed(None) is None
