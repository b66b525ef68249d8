"""What somebody reads who has to prove more before they change how they sign in, and where they are led."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory
from django.urls import path, reverse

import config.urls
from sessions_ui.credentials import CredentialKind
from sessions_ui.exceptions import FurtherProofNeeded
from sessions_ui.web import settled_required
from sessions_ui.web.step_up.credentials import what_text
from tests.accounts.journeys import is_question, mailed_code
from tests.aging import long_ago

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
PROVE = "/account/devices/prove/"


@settled_required(CredentialKind.PASSKEY)
def asked(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the form")


@settled_required(CredentialKind.PASSKEY)
async def asked_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the form")


@settled_required(CredentialKind.ADDRESS, methods=("POST",))
def asked_when_sent(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the form")


def refused(request: HttpRequest) -> HttpResponse:
    raise FurtherProofNeeded(CredentialKind.PROVIDER)


urlpatterns = [
    path("asked/", asked),
    path("asked-async/", asked_async),
    path("asked-when-sent/", asked_when_sent),
    path("refused/", refused),
    *config.urls.urlpatterns,
]
handler500 = config.urls.handler500


@pytest.fixture
def phone(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    long_ago(user)
    return client


@pytest.fixture
def laptop(browser: Any, user: Any, phone: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


def test_the_page_says_why_and_leads_back_to_the_form(laptop: Any, user: Any) -> None:
    page = laptop.get("/asked/?tab=2")
    html = page.content.decode()
    assert "Change your passkeys and security keys" in html and "Send a code to a•••@people.example" in html
    assert "On “Firefox on Linux”, you can do this without this step." in html
    sent = laptop.post(PROVE, {"act": page.context["act"], "again": "1"})
    assert "A code is on its way" in sent.content.decode()
    data = {"act": page.context["act"], "code": mailed_code(user)}
    answer = laptop.post(PROVE, data)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/asked/?tab=2")
    assert laptop.get("/asked/").content == b"the form"
    assert (
        "Thank you. You’ve confirmed it’s you, so you can continue."
        in laptop.get("/account/devices/").content.decode()
    )


def test_the_tick_confirms_the_device(laptop: Any, user: Any) -> None:
    act = laptop.get("/asked/").context["act"]
    laptop.post(PROVE, {"act": act, "again": "1"})
    laptop.post(PROVE, {"act": act, "code": mailed_code(), "mine": "on"})
    from tests.models import Device

    assert Device.objects.filter(user=user).latest("pk").confirmed_at is not None


@pytest.mark.parametrize("url", ["/asked/", "/asked-async/", "/asked-when-sent/"])
def test_a_settled_session_and_nobody_are_not_asked(url: str, phone: Any, browser: Any) -> None:
    for client in (phone, browser()):
        for method in (client.get, client.post):
            assert method(url).content == b"the form"


def test_a_proof_is_asked_for_with_the_methods_that_are_named(laptop: Any) -> None:
    assert laptop.get("/asked-when-sent/").content == b"the form"
    answer = laptop.post("/asked-when-sent/")
    assert answer.status_code == 200 and is_question(answer)


def test_an_asynchronous_view_stays_one(laptop: Any) -> None:
    assert is_question(laptop.get("/asked-async/"))
    request = AsyncRequestFactory().get("/asked-async/")
    assert async_to_sync(asked_async)(request).content == b"the form", "no request of a session"


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Accept": "application/json"}, "application/problem+json"),
        ({"Accept": "*/*", "Content-Type": "application/json"}, "application/problem+json"),
        ({"Accept": "*/*"}, "text/plain; charset=utf-8"),
        ({"X-Requested-With": "XMLHttpRequest"}, "text/plain; charset=utf-8"),
    ],
)
def test_a_program_reads_that_nothing_was_changed(headers: dict[str, str], kind: str, laptop: Any) -> None:
    content_type = headers.pop("Content-Type", "text/plain")
    answer = laptop.post("/refused/", "{}", content_type=content_type, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, kind)
    assert b"Nothing was changed" in answer.content


def test_htmx_goes_to_the_page_of_the_question(laptop: Any) -> None:
    answer = laptop.post("/refused/", headers={"HX-Request": "true", "Accept": "*/*"})
    url = answer.headers["HX-Redirect"]
    assert url.startswith(PROVE)
    assert is_question(laptop.get(url))


@pytest.mark.parametrize(
    ("url", "referer", "back"),
    [
        ("/refused/", "http://testserver/asked/?a=b", "/asked/?a=b"),
        ("/refused/", "https://elsewhere.example/", "/refused/"),
        ("/refused/?x=1", "", "/refused/?x=1"),
        ("/refused/?next=/asked/", "http://testserver/refused/", "/asked/"),
        ("/refused/?next=https://elsewhere.example/", "", "/refused/?next=https://elsewhere.example/"),
    ],
)
def test_after_a_form_that_was_refused_people_are_where_it_is(
    url: str, referer: str, back: str, laptop: Any, user: Any
) -> None:
    answer = laptop.post(url, headers={"Referer": referer} if referer else {})
    assert answer.status_code == 200 and answer.context["addresses"] == ["a•••@people.example"]
    act = answer.context["act"]
    location = laptop.post(PROVE, {"act": act, "code": mailed_code(user)}).headers["Location"]
    assert location == back


def test_after_a_get_that_was_refused_nothing_is_asked_for_once_more(laptop: Any, user: Any) -> None:
    """The way back from a provider: its code is good for once."""
    act = laptop.get("/refused/?code=once").context["act"]
    answer = laptop.post(PROVE, {"act": act, "code": mailed_code(user)})
    assert answer.headers["Location"] == reverse("sessions_ui:devices")


def test_a_get_that_was_refused_says_so_in_its_status(laptop: Any) -> None:
    answer = laptop.get("/refused/")
    assert answer.status_code == 403 and is_question(answer)


def test_the_form_of_a_page_is_no_part_of_another_one(laptop: Any) -> None:
    """htmx would put its answer, the page that was asked for, into the place of a device."""
    html = laptop.post("/refused/").content.decode()
    assert 'name="code"' in html and f'hx-post="{PROVE}"' not in html


def test_going_on_leads_to_no_other_site(laptop: Any) -> None:
    url = reverse("sessions_ui:go_on")
    answer = laptop.post(url, {"next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == reverse("sessions_ui:devices")
    assert laptop.get(url).url == reverse("sessions_ui:devices")


def test_each_kind_of_credential_has_words_of_its_own() -> None:
    assert len({what_text(kind) for kind in CredentialKind}) == len(CredentialKind)
