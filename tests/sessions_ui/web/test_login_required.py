"""A host with `LoginRequiredMiddleware`: what was for everybody still is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, include, path
from django.utils import timezone

from sessions_ui.web.presence.alive import mark_of
from tests.away.addresses import addresses
from tests.bystander import Bystander
from tests.models import EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"
urlpatterns = [
    path("hijack/", include("sessions_ui.web.impersonation.hijack")),
    path("", include("config.urls")),
]

# Every address of the app: who may ask it.
PUBLIC = {
    "healthz",
    "metrics",
    "sessions_ui:alive",
    "sessions_ui:challenge",
    "sessions_ui:choose_password",
    "sessions_ui:leaked_thanks",
    "sessions_ui:leaked_token",
    "sessions_ui:leave_account",
    "sessions_ui:not_me",
    "sessions_ui:not_me_done",
    "sessions_ui:not_me_opened",
    "sessions_ui:provider_sign_out",
    "sessions_ui:sign_in_again",
    "sessions_ui:recovery",
    "sessions_ui:recovery_again",
    "sessions_ui:recovery_credentials",
    "sessions_ui:recovery_link",
    "sessions_ui:recovery_mailed",
    "sessions_ui:recovery_password",
    "sessions_ui:signed_out_everywhere",
}
# For programs: a token lets in, or is what somebody brings. Each room has a table of who does not get in.
FOR_PROGRAMS = ("sessions_ui_api:", "sessions_ui_json", "sessions_ui_workos:")
SIGNED_IN = {
    "hijack:acquire",
    "hijack:release",
    "sessions_ui:all_mine",
    "sessions_ui:choose_unused",
    "sessions_ui:confirm",
    "sessions_ui:device",
    "sessions_ui:device_list",
    "sessions_ui:devices",
    "sessions_ui:download_data",
    "sessions_ui:download_log",
    "sessions_ui:end_agents",
    "sessions_ui:end_credential",
    "sessions_ui:end_token",
    "sessions_ui:end_unused_tokens",
    "sessions_ui:everywhere",
    "sessions_ui:found",
    "sessions_ui:go_on",
    "sessions_ui:idle",
    "sessions_ui:lost",
    "sessions_ui:mine",
    "sessions_ui:new_token",
    "sessions_ui:not_mine",
    "sessions_ui:proof",
    "sessions_ui:prove",
    "sessions_ui:recovery_prove",
    "sessions_ui:rename",
    "sessions_ui:renew_token",
    "sessions_ui:security_log",
    "sessions_ui:sign_out_device",
    "sessions_ui:sign_out_everywhere",
    "sessions_ui:sign_out_folded",
    "sessions_ui:sign_out_others",
    "sessions_ui:sign_out_session",
    "sessions_ui:sign_out_unused",
    "sessions_ui:situation",
    "sessions_ui:stay",
    "sessions_ui:token",
    "sessions_ui:token_proof",
    "sessions_ui:token_value",
    "sessions_ui:unlock_data",
    "sessions_ui:unlock_log",
    "sessions_ui:your_data",
}
AGENTS = {
    "help_desk:approvals",
    "help_desk:approve",
    "help_desk:refuse_approval",
    "help_desk:state",
    "help_desk:ask_approval",
    "help_desk:carry_out",
    "help_desk:case",
    "help_desk:check_code",
    "help_desk:found",
    "help_desk:network",
    "help_desk:receipt",
    "help_desk:recovery_lift",
    "help_desk:recovery_link",
    "help_desk:review",
    "help_desk:search",
    "help_desk:send_code",
    "help_desk:verify",
}
# The administration is Django's, which marks its own sign-in page; ours in it have the prefix of the app.
ADMINISTRATION = "admin:sessions_ui_"


def views(resolver: Any, namespace: str = "") -> Iterator[tuple[str, Any]]:
    """Name and view of each address."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from views(entry, namespace + (f"{entry.namespace}:" if entry.namespace else ""))
        elif isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name}", entry.callback


def our_views() -> dict[str, Any]:
    return {
        name: view
        for name, view in views(get_resolver())
        if view.__module__.startswith("sessions_ui.") or name.startswith(ADMINISTRATION)
    }


def test_every_address_of_the_app_stands_in_one_of_the_lists() -> None:
    found = {name for name in our_views() if not name.startswith((ADMINISTRATION, *FOR_PROGRAMS))}
    assert found == PUBLIC | SIGNED_IN | AGENTS
    assert len(found) == len(PUBLIC) + len(SIGNED_IN) + len(AGENTS)


def test_exactly_the_public_ones_are_marked() -> None:
    marked = {name for name, view in our_views().items() if not getattr(view, "login_required", True)}
    assert marked == PUBLIC | {name for name in our_views() if name.startswith(FOR_PROGRAMS)}


@pytest.fixture
def paths() -> dict[str, str]:
    found = addresses(Bystander())
    return {name: found[name] for name in our_views() if name in found}


def answers(paths: dict[str, str]) -> dict[tuple[str, str], Any]:
    """To somebody who was never signed in."""
    client = Client(raise_request_exception=False)
    return {
        (method, name): client.generic(method, address)
        for name, address in paths.items()
        for method in ("GET", "POST")
    }


def goes_to_sign_in(response: Any) -> bool:
    return response.status_code == 302 and "/login/?next=/" in response["Location"]


@pytest.mark.no_bystander("whose rows are in the addresses")
def test_nothing_that_answered_everybody_leads_to_sign_in(paths: dict[str, str]) -> None:
    before = answers(paths)
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, LOGIN_REQUIRED]):
        after = answers(paths)
    assert len(paths) > 80
    for (method, name), response in after.items():
        if name in PUBLIC or name.startswith(FOR_PROGRAMS):
            without = before[method, name]
            assert (response.status_code, response.get("Location")) == (
                without.status_code,
                without.get("Location"),
            )
        else:
            assert goes_to_sign_in(response), name
            assert goes_to_sign_in(before[method, name]) or before[method, name].status_code == 405, name


@pytest.mark.parametrize("middleware", [LOGIN_REQUIRED, f"{__name__}.asks_for_the_user"])
def test_asking_whether_it_lives_takes_no_cookie_away(middleware: str, user: Any) -> None:
    """By now it may be that of a new sign-in in another tab; a middleware of the host has found out that it is not."""
    client = Client()
    client.force_login(user)
    Session.objects.update(ended_at=timezone.now(), end_reason=EndReason.ADMINISTRATOR)
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, middleware]):
        response = client.get("/account/devices/alive", {"page": mark_of(user.pk)})
    assert (response.status_code, response.json()) == (200, {"state": "ended"})
    assert not response.cookies


def asks_for_the_user(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        assert not request.user.is_authenticated
        return get_response(request)

    return middleware


@pytest.mark.no_bystander("whose rows are in the addresses")
def test_htmx_is_led_to_the_sign_in_page_and_puts_it_into_no_other(paths: dict[str, str]) -> None:
    """By a redirect it would. The way back is the page that asked."""
    client = Client(raise_request_exception=False)
    page = "/account/devices/?q=phone"
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
    led = set()
    for name, address in paths.items():
        if name not in SIGNED_IN | AGENTS:
            continue
        for method in ("GET", "POST"):
            response = client.generic(method, address, headers=headers)
            assert "/login/" not in response.get("Location", ""), (method, name)
            if "HX-Redirect" in response:
                assert response["HX-Redirect"] == redirect_to_login(page).url, (method, name)
                led.add(name)
    assert led >= (SIGNED_IN | AGENTS) & paths.keys() - {"help_desk:state"}, "which loads its page again"
