"""What the pages of the help desk offer: the tab, the open cases, and what stays on a page that is shown again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from sessions_ui.actions.help_desk.caller import verify_caller
from sessions_ui.actions.help_desk.open import open_case
from tests.conftest import make_person
from tests.models import Case

pytestmark = pytest.mark.django_db

PAGES = ["/account/devices/", "/account/2fa/", "/account/password/change/", "/account/email/"]
TAB = '<a href="/help-desk/"'


@pytest.mark.parametrize("path", PAGES)
def test_the_tab_is_there_for_agents_and_for_nobody_else(
    path: str, desk: Any, phone: Any, administrator: Any, browser: Any
) -> None:
    assert TAB in desk.get(path, follow=True).content.decode()
    assert TAB not in phone.get(path, follow=True).content.decode()
    everything = browser()
    everything.force_login(administrator)
    assert TAB not in everything.get(path, follow=True).content.decode(), "a superuser is no agent by that"


def test_the_tab_goes_with_the_permission(desk: Any, agent: Any) -> None:
    agent.groups.clear()
    assert TAB not in desk.get("/account/email/", follow=True).content.decode()
    agent.user_permissions.add(Permission.objects.get(codename="help_desk"))
    assert TAB in desk.get("/account/email/", follow=True).content.decode()


def test_an_agent_finds_the_own_open_cases_again(
    desk: Any, case: Case, agent: Any, user: Any, other_user: Any
) -> None:
    colleague = make_person("colleague@staff.example", is_staff=True)
    colleague.groups.set(agent.groups.all())
    foreign = open_case(agent=colleague, term=other_user.email)
    html = desk.get("/help-desk/").content.decode()
    assert f'<a href="/help-desk/{case.public_id}/">{user}</a>' in html and "caller not verified yet" in html
    assert foreign.public_id not in html and str(other_user) not in html
    verify_caller(case=case, agent=agent, ticket="INC-7", reason=Case.Reason.LOST, ways=["call_back"])
    html = desk.get("/help-desk/").content.decode()
    assert "caller verified" in html and "INC-7" in html
    Case.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "Your open cases" not in desk.get("/help-desk/").content.decode()


def test_more_open_cases_cost_no_more_statements(
    desk: Any, agent: Any, user: Any, other_user: Any, django_assert_num_queries: Any, case: Case
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        desk.get("/help-desk/")
    open_case(agent=agent, term=other_user.email)
    with django_assert_num_queries(len(one)):
        desk.get("/help-desk/")


@pytest.mark.parametrize(("reason", "preset"), [("lost", True), ("unknown", False), ("left", False)])
def test_lost_is_ticked_where_the_call_is_about_that(
    reason: str, preset: bool, desk: Any, case: Case, agent: Any, phone: Any
) -> None:
    verify_caller(case=case, agent=agent, ticket="INC-7", reason=reason, ways=["call_back"])
    html = desk.get(f"/help-desk/{case.public_id}/").content.decode()
    assert ('name="lost" checked' in html) is preset


def test_addresses_stand_with_the_place_and_what_was_selected_stays(
    desk: Any, verified: Case, phone: Any, laptop: Any, device_of: Any
) -> None:
    page = f"/help-desk/{verified.public_id}/"
    assert "81.2.69.142" not in desk.get(page).content.decode()
    html = desk.post(f"{page}network/", {"device": device_of(phone)}).content.decode()
    assert html.count('class="sui-desk__address" dir="ltr">81.2.69.142<') == 2
    assert (
        f'value="{device_of(phone)}" checked' in html and f'value="{device_of(laptop)}" checked' not in html
    )
    assert html.count('role="columnheader"') == 4, "no further column"
