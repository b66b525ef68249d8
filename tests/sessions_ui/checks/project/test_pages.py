"""Checks of what the pages stand on."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, reverse_lazy, set_script_prefix

from sessions_ui.checks.project import pages


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("sessions_ui.web.step_up.reauthentication.Reauthentication", False),
        ("accounts.signing_in.reauthentication.AllauthReauthentication", False),
        ("accounts.signing_in.reauthentication.Nowhere", True),
        ("no_dots", True),
        ("sessions_ui.web.step_up.reauthentication.Way", True),
        ("sessions_ui.web.step_up.reauthentication.reauthentication", True),
    ],
)
def test_how_people_confirm_who_they_are_is_a_class_of_ours(settings: Any, path: str, wrong: bool) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REAUTHENTICATION": path}
    assert [found.id for found in pages.reauthentication()] == (["sessions_ui.E037"] if wrong else [])


# --- LOGIN_URL


def sign_in(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("in/", sign_in, name="in"),
    *i18n_patterns(path("translated/", sign_in)),
]


class WithoutPages:
    urlpatterns = [path("in/", sign_in)]


class WithPages:
    urlpatterns = [path("account/", include("sessions_ui.web.urls"))]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("login_url", "wrong"),
    [
        ("in", False),
        ("/in/", False),
        ("/in", False),
        ("/in/?kind=staff#form", False),
        (reverse_lazy("in"), False),
        ("/translated/", False),
        ("/de/translated/", False),
        ("https://sso.example/in/", False),
        ("//sso.example/in/", False),
        ("/accounts/login/", True),
        ("login", True),
        ("", True),
        (None, True),
    ],
)
def test_whoever_is_signed_out_finds_the_sign_in_page(settings: Any, login_url: Any, wrong: bool) -> None:
    settings.LOGIN_URL = login_url
    assert [found.id for found in pages.sign_in_page()] == (["sessions_ui.W070"] if wrong else [])


def test_the_sign_in_page_is_found_below_the_prefix_of_a_server(settings: Any) -> None:
    settings.ROOT_URLCONF, settings.LOGIN_URL = __name__, "/site/in/"
    set_script_prefix("/site/")
    try:
        assert pages.sign_in_page() == []
    finally:
        set_script_prefix("/")


def test_a_project_without_addresses_has_no_sign_in_page_either(settings: Any) -> None:
    settings.ROOT_URLCONF = None
    assert pages.sign_in_page() == []


# --- What templates know


@pytest.mark.parametrize(
    ("urls", "without", "wrong"),
    [(WithPages, False, False), (WithPages, True, True), (WithoutPages, True, False)],
)
def test_templates_know_the_request_where_there_are_pages_of_ours(
    settings: Any, urls: type, without: bool, wrong: bool
) -> None:
    settings.ROOT_URLCONF = urls
    templates = deepcopy(settings.TEMPLATES)
    if without:
        templates[0]["OPTIONS"]["context_processors"].remove(pages.REQUEST)
    settings.TEMPLATES = templates
    assert [found.id for found in pages.request_in_templates()] == (["sessions_ui.E071"] if wrong else [])


def test_another_engine_is_left_alone_that_does_not_render_our_pages(settings: Any) -> None:
    other = {"BACKEND": "django.template.backends.django.DjangoTemplates", "NAME": "mails", "DIRS": []}
    settings.TEMPLATES = [other, *settings.TEMPLATES]
    assert pages.request_in_templates() == []
    settings.TEMPLATES = [other]
    assert pages.request_in_templates() == []
