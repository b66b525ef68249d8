"""Everything that acts in an admin asks again, whatever was registered there, and nothing of it is for support."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.test import AsyncClient
from django.urls import reverse

from sessions_ui.middleware import AuthenticationMiddleware
from tests.aging import age_sign_ins
from tests.conftest import PAGE, PASSWORD, make_person
from tests.models import Event, Session
from tests.sessions_ui.web.administration.addresses import NOBODY, admin_addresses
from tests.sessions_ui.web.administration.conftest import HOURS, PASSWORD_FIELD, asks, kept_in
from tests.sessions_ui.web.administration.office import DONE

pytestmark = pytest.mark.django_db
OFFICE = "tests.sessions_ui.web.administration.office"
READ = (
    "/admin/",
    "/admin/accounts/user/",
    "/admin/sessions_ui/session/",
    "/admin/jsi18n/",
    "/admin/auth/group/",
)


def test_the_walk_finds_the_pages_of_every_registered_model() -> None:
    found = admin_addresses()
    for path in ("accounts/user/{}/password/", "auth/group/{}/change/", "sessions_ui/endpoint/{}/renew/"):
        assert f"/admin/{path.format(NOBODY)}" in found
    assert "/admin/password_change/" in found
    assert len(found) > 60


def test_every_act_of_the_admin_asks_whoever_signed_in_hours_ago(signed_in_before: Any) -> None:
    stale = signed_in_before()
    unasked = [path for path in admin_addresses() if not asks(stale.post(path, {"name": "x"}))]
    assert unasked == []


@pytest.mark.no_bystander("an access review is about everybody")
def test_no_act_of_the_admin_asks_whoever_has_just_signed_in(signed_in_before: Any) -> None:
    fresh = signed_in_before(timedelta(minutes=5))
    asked = [path for path in admin_addresses() if asks(fresh.post(path, {"name": "x"}))]
    assert asked == []


@pytest.mark.parametrize("start", ["office/", "nested/deeper/"])
def test_every_act_of_an_admin_of_the_hosts_own_asks(
    signed_in_before: Any, settings: Any, start: str
) -> None:
    settings.ROOT_URLCONF = OFFICE
    stale = signed_in_before()
    found = admin_addresses(start)
    assert f"/{start}contenttypes/contenttype/{NOBODY}/act/" in found and f"/{start}without-csrf/" in found
    assert [path for path in found if not asks(stale.post(path))] == []
    assert DONE == []


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_that_act_ask_too(signed_in_before: Any, settings: Any, method: str) -> None:
    settings.ROOT_URLCONF = OFFICE
    assert getattr(signed_in_before(), method)("/office/contenttypes/contenttype/1/act/").status_code == 403
    assert DONE == []


def test_a_page_of_a_model_is_no_way_out_by_its_name(signed_in_before: Any, settings: Any) -> None:
    settings.ROOT_URLCONF = OFFICE
    assert asks(signed_in_before().post("/office/contenttypes/contenttype/logout/"))
    assert DONE == []


def test_reading_and_signing_out_never_ask(signed_in_before: Any, administrator: Any) -> None:
    stale = signed_in_before()
    assert [stale.get(path).status_code for path in READ] == [200] * len(READ)
    assert stale.get(f"/admin/accounts/user/{administrator.pk}/history/").status_code == 200
    assert stale.post("/admin/logout/").status_code in (200, 302)
    assert stale.get("/admin/").status_code == 302


def test_the_way_in_is_no_form_to_ask_before(browser: Any, user: Any, settings: Any) -> None:
    """Whoever is no staff finds the sign-in form of the admin there, however long ago they signed in."""
    settings.ROOT_URLCONF = OFFICE
    client = browser()
    client.force_login(user)
    age_sign_ins(user, HOURS)
    page = client.get("/office/login/")
    assert page.status_code == 200 and 'name="password"' in page.content.decode() and not asks(page)


def test_a_secret_is_read_by_whoever_confirms_it(signed_in_before: Any, settings: Any) -> None:
    settings.ROOT_URLCONF = OFFICE
    stale = signed_in_before()
    asked = stale.get("/office/secret/?of=1")
    assert asks(asked) and "4711" not in asked.content.decode()
    answer = stale.post("/office/secret/?of=1", {**kept_in(asked), PASSWORD_FIELD: PASSWORD})
    assert (answer.status_code, answer.url) == (302, "/office/secret/?of=1")
    assert "4711" in stale.get(answer.url).content.decode()


def test_a_view_of_a_model_can_ask_before_it_is_read(
    signed_in_before: Any, administrator: Any, settings: Any
) -> None:
    settings.ROOT_URLCONF = OFFICE
    group = Group.objects.create(name="Editors")
    client, page = signed_in_before(timedelta(0)), f"/office/auth/group/{group.pk}/history/"
    assert client.get(page).status_code == 200
    age_sign_ins(administrator, HOURS)
    assert asks(client.get(page))


def test_the_site_may_ask_for_nothing_or_earlier(signed_in_before: Any, settings: Any) -> None:
    group = Group.objects.create(name="Editors")
    path, form = f"/admin/auth/group/{group.pk}/change/", {"name": "Writers"}
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADMIN_REAUTHENTICATION_AGE": timedelta(minutes=1)}
    assert asks(signed_in_before(timedelta(minutes=2)).post(path, form))
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADMIN_REAUTHENTICATION_AGE": None}
    assert signed_in_before().post(path, form).status_code == 302


def test_nobody_is_asked_who_is_not_signed_in(browser: Any) -> None:
    answer = browser().post("/admin/auth/group/add/", {"name": "x"})
    assert answer.status_code == 302 and "/login/" in answer.url


def test_a_script_is_told_in_its_own_words(signed_in_before: Any) -> None:
    stale = signed_in_before()
    answer = stale.post("/admin/auth/group/add/", {"name": "x"}, HTTP_ACCEPT="application/json")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:sessions-ui:reauthentication-needed")
    answer = stale.post("/admin/auth/group/add/", {"name": "x"}, HTTP_ACCEPT="*/*")
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/plain; charset=utf-8")


def test_a_forged_form_gets_no_page_that_makes_it_a_good_one(administrator: Any, settings: Any) -> None:
    from tests.aging import age_sign_ins
    from tests.conftest import Browser

    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "csrf" not in name]
    stale = Browser(enforce_csrf_checks=True)
    stale.force_login(administrator)
    age_sign_ins(administrator, timedelta(hours=5))
    answer = stale.post("/admin/auth/group/add/", {"name": "Forged"})
    assert answer.status_code == 403
    assert "Forged" not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
async def test_asynchronously_it_asks_as_well(signed_in_before: Any) -> None:
    from asgiref.sync import sync_to_async

    stale = await sync_to_async(signed_in_before)()
    client = AsyncClient()
    client.cookies = stale.cookies
    asked = await client.post("/admin/auth/group/add/", {"name": "x"}, headers={"accept": PAGE})
    assert asks(asked)
    asked = await client.get("/admin/password_change/", headers={"accept": PAGE})
    assert asks(asked)
    assert (await client.get("/admin/auth/group/", headers={"accept": PAGE})).status_code == 200


def test_a_middleware_of_the_hosts_own_keeps_its_method() -> None:
    class Own(AuthenticationMiddleware):
        def process_view(self, request: Any, view: Any, arguments: Any, named: Any) -> Any:
            return super().process_view(request, view, arguments, named)

    async def view(request: Any) -> None: ...

    assert Own(view).process_view.__func__ is Own.process_view  # type: ignore[attr-defined]


def test_a_request_that_is_not_for_an_admin_costs_no_statement_more(
    signed_in_before: Any, django_assert_num_queries: Any
) -> None:
    client = signed_in_before(timedelta(minutes=5))
    client.get("/account/devices/alive")
    with django_assert_num_queries(1):
        client.get("/account/devices/alive")


# --- Support that uses an account (L8)


@pytest.fixture
def inside(browser: Any, settings: Any, administrator: Any) -> Any:
    """Support in the account of staff that may manage people."""
    settings.ROOT_URLCONF = "tests.sessions_ui.impersonation.urls"
    colleague = make_person("colleague@staff.example", is_staff=True)
    colleague.user_permissions.set(
        Permission.objects.filter(content_type__app_label__in=("accounts", "auth"))
    )
    client = browser()
    client.sign_in(administrator)
    used = client.post("/support/use/", {"user": colleague.pk, "reason": "Your invoice"})
    assert used.status_code == 302, used.content.decode()
    return client


def test_support_in_an_account_gets_nothing_of_the_admin(inside: Any) -> None:
    for path in admin_addresses():
        for answer in (inside.get(path), inside.post(path, {"name": "x"})):
            assert answer.status_code == 403, path
            assert "Only the owner can do this" in answer.content.decode(), path


def test_support_makes_no_account_in_somebodys_name(inside: Any, django_user_model: Any) -> None:
    new = {"email": "new@people.example", "usable_password": "false", "password1": "", "password2": ""}
    assert inside.post(reverse("admin:accounts_user_add"), new).status_code == 403
    assert not django_user_model.objects.filter(email="new@people.example").exists()


def test_support_leaves_the_account_and_has_its_own_admin_again(inside: Any) -> None:
    inside.post("/account/devices/leave-account/")
    assert inside.get("/admin/accounts/user/").status_code == 200


def test_support_signs_out_of_the_admin_and_of_both_accounts(inside: Any, administrator: Any) -> None:
    inside.post("/admin/logout/")
    assert not Session.objects.of(administrator).living().exists()
    assert ContentType.objects.exists() and Event.objects.exists()
