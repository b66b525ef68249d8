"""Whatever staff does in somebody's account was done by staff: no event, no session and no answer says that its owner
did it, and the owner is not told from where."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from django.urls import NoReverseMatch, reverse
from django.urls.resolvers import URLPattern, URLResolver

import sessions_ui
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.privacy.export import export
from sessions_ui.api.json.application import api
from sessions_ui.store import SessionStore
from sessions_ui.web.urls import urlpatterns as of_pages
from tests.conftest import Browser
from tests.models import Act, Device, EndReason, Event, Session

pytestmark = pytest.mark.django_db

FROM_WHERE = "89.160.20.112"  # of the browser of support
SOURCES = Path(sessions_ui.__file__).parent


def pages(patterns: list[Any] = of_pages) -> list[URLPattern]:
    found = []
    for each in patterns:
        found += pages(each.url_patterns) if isinstance(each, URLResolver) else [each]
    return found


def operations() -> list[tuple[str, str]]:
    """The addresses of the API, with a method each."""
    return [(path, method) for path, each in api.get_openapi_schema()["paths"].items() for method in each]


@pytest.fixture
def laptop(browser: Any, user: Any) -> Browser:
    laptop = browser()
    laptop.sign_in(user)
    return laptop


def of_the_owner(user: Any, since: int) -> list[str]:
    """What is said to be the doing of the owner, in the log and in the rows."""
    found = [f"event {each}" for each in Event.objects.filter(actor=user, pk__gt=since)]
    found += [f"ended {each}" for each in Session.objects.filter(ended_by=user)]
    return found + [f"act {each}" for each in Act.objects.filter(actor=user)]


def use_again(desk: Browser, user: Any) -> Session:
    """The account is used by support, also where what was done before has ended that."""
    if not Session.objects.living().filter(impersonated_from__isnull=False).exists():
        if desk.get("/whoami/").content.decode() == "nobody":
            desk.sign_in(Session.objects.filter(impersonator__isnull=False).latest("pk").impersonator)
        desk.post("/support/use/", {"user": user.pk, "reason": "Your invoice of May"})
    return Session.objects.living().get(impersonated_from__isnull=False)


def keys_of(pattern: URLPattern, used: Session, device: Device) -> list[dict[str, str]]:
    """What the address is filled with: the device of the owner, their sign-in, and the session of support itself."""
    names = pattern.pattern.regex.groupindex
    if "public_id" not in names:
        return [dict.fromkeys(names, "x")]
    others = {name: "lost" for name in names if name != "public_id"}
    own = Session.objects.by_owner().filter(user_id=used.user_id).latest("pk")
    return [{"public_id": key, **others} for key in (used.public_id, own.public_id, device.public_id)]


def test_no_page_lets_the_owner_have_done_it(laptop: Browser, inside: Browser, user: Any) -> None:
    device = Device.objects.get(user=user)
    since = Event.objects.latest("pk").pk
    asked = 0
    for pattern in pages():
        for number in range(3):
            used = use_again(inside, user)
            keys = keys_of(pattern, used, device)
            if number >= len(keys):
                continue
            try:
                url = reverse(f"sessions_ui:{pattern.name}", kwargs=keys[number])
            except NoReverseMatch:
                continue
            inside.post(url, {"name": "mine", "password": "wrong", "page": "device"})
            asked += 1
            assert not of_the_owner(user, since), url
    assert asked > 40
    assert Event.objects.filter(pk__gt=since, kind="ended", session__impersonated_from__isnull=False).exists()


def test_no_operation_of_the_api_lets_the_owner_have_done_it(
    laptop: Browser, inside: Browser, user: Any
) -> None:
    device = Device.objects.get(user=user)
    since = Event.objects.latest("pk").pk
    asked = 0
    for path, method in operations():
        used = use_again(inside, user)
        for key in (used.public_id, device.public_id):
            url = path.replace("{session_id}", key).replace("{device_id}", key).replace("{token_id}", key)
            body = {"name": "mine"} if method == "patch" else {"tokens": True} if "/end-" in path else {}
            inside.generic(method.upper(), url, json.dumps(body) if body else "", "application/json")
            asked += 1
            assert not of_the_owner(user, since), url
    assert asked > 20
    assert Event.objects.filter(pk__gt=since, kind="ended", session__impersonated_from__isnull=False).exists()


@pytest.mark.parametrize("ends", ["by the page", "by the API"])
def test_support_that_ends_its_session_has_ended_it_itself(
    ends: str, laptop: Browser, inside: Browser, used: Session, user: Any, support: Any
) -> None:
    urls = {
        "by the page": f"/account/devices/sessions/{used.public_id}/sign-out/",
        "by the API": f"/api/sessions/{used.public_id}/end",
    }
    assert inside.post(urls[ends], content_type="application/json").status_code in (200, 302)
    used.refresh_from_db()
    assert used.ended_at is not None and used.ended_by_id == support.pk
    ended = Event.objects.get(kind="ended", session=used)
    assert (ended.actor_id, ended.act.actor_id) == (support.pk, support.pk)
    assert laptop.get(f"/api/sessions/{used.public_id}").json()["ended_by"] == "somebody else"
    first = next(each for each in laptop.get("/api/history").json()["data"] if each["kind"] == "ended")
    assert first["by"] == "somebody else"


def test_nor_did_the_owner_where_its_key_is_deleted_outside_of_a_request(
    inside: Browser, used: Session, support: Any
) -> None:
    SessionStore(inside.cookies["sessionid"].value).delete()
    used.refresh_from_db()
    assert used.ended_at is not None and used.ended_by_id == support.pk


@pytest.mark.parametrize("is_over", [False, True])
def test_the_owner_is_not_told_from_where(
    is_over: bool, laptop: Browser, inside: Browser, used: Session, user: Any
) -> None:
    inside.get("/account/devices/")
    if is_over:
        end_sessions(sessions=Session.objects.filter(pk=used.pk), reason=EndReason.ADMINISTRATOR)
    one = laptop.get(f"/api/sessions/{used.public_id}").json()
    assert one["by_support"] is True
    assert [one[name] for name in ("address", "user_agent", "place", "device")] == [None, "", None, None]
    told = [
        laptop.get("/api/sessions?state=all"),
        laptop.get("/api/history"),
        laptop.get("/account/devices/"),
        laptop.get("/account/devices/data/"),
    ]
    said = "".join([each.content.decode() for each in told] + [*export(user=user, for_owner=True)])
    assert Session.objects.get(pk=used.pk).address == FROM_WHERE and FROM_WHERE not in said
    own = next(each for each in told[0].json()["data"] if not each["by_support"])
    assert own["address"] and own["user_agent"] and own["place"]


def test_the_export_for_staff_says_from_where(inside: Browser, used: Session, user: Any) -> None:
    assert FROM_WHERE in "".join(export(user=user, for_owner=False))


def test_every_event_of_an_act_asks_who_acts() -> None:
    """`actor_of()` or `current_actor()` say that it is staff; the key of whoever an action was given does not."""
    given = {"actor", "user", "agent", "request", "account", "person"}
    found = []
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.keyword) or node.arg is None:
                continue
            if not node.arg.endswith(("actor_id", "_by_id")):
                continue
            root = node.value
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in given:
                found.append(f"{path.name}:{node.value.lineno} {ast.unparse(node.value)}")
    assert not found
