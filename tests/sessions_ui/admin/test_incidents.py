"""Incidents in the admin: who may, what is asked before, what can be done later, and the result."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.admin.incidents.incident import IncidentAdmin
from sessions_ui.tasks import sweep_endings
from tests.conftest import Browser
from tests.models import Ending, EndReason, Event, Incident, Session

pytestmark = pytest.mark.django_db
LIST = "/admin/sessions_ui/incident/"
ADD = f"{LIST}add/"
PAGE = "/account/devices/"


@pytest.fixture
def admin(browser: Any, administrator: Any) -> Any:
    client = browser()
    client.sign_in(administrator)
    return client


@pytest.fixture
def ada(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


def of(page: Any) -> str:
    return page.content.decode()


def look(staff: Any, /, **fields: Any) -> tuple[str, dict[str, Any]]:
    """The preview, and what its form sends."""
    html = of(staff.post(ADD, {"note": "the cookies leaked", "ticket": "INC-1", **fields}))
    hidden = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', html)
    sent: dict[str, Any] = {}
    for name, value in hidden:
        sent.setdefault(name, []).append(value)
    return html, sent


def order(staff: Any, typed: str, /, **fields: Any) -> Any:
    _html, sent = look(staff, **fields)
    return staff.post(ADD, {**sent, "typed": typed, "confirmed": "Sign out"}, follow=True)


def test_criteria_a_preview_a_number_to_type_and_the_order(
    admin: Any, ada: Any, user: Any, administrator: Any
) -> None:
    assert "Sign out many people" in of(admin.get(ADD))
    html, sent = look(admin, users=user.email.upper())
    for text in ("1 sign-in will be ended.", "This affects 1 person", user.email, "in batches"):
        assert text in html, text
    assert "Your own sign-in" not in html
    assert not Incident.objects.exists() and ada.get(PAGE).status_code == 200
    wrong = admin.post(ADD, {**sent, "typed": "2", "confirmed": "Sign out"})
    assert "That is not the number above." in of(wrong) and not Incident.objects.exists()
    done = admin.post(ADD, {**sent, "typed": " 1 ", "confirmed": "Sign out"}, follow=True)
    assert "Ordered. These are being signed out in batches." in of(done)
    incident = Incident.objects.get()
    assert (incident.actor_id, incident.note, incident.ticket) == (
        administrator.pk,
        "the cookies leaked",
        "INC-1",
    )
    assert ada.get(PAGE).status_code == 200
    sweep_endings()
    assert ada.get(PAGE).status_code == 302
    page = of(admin.get(f"{LIST}{incident.pk}/change/"))
    assert "1 of 1 are recorded as ended in the history." in page and "Done" in page
    assert user.email in of(admin.get(LIST))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"users": "a" * 100_000}, "No account matches exactly"),
        ({"groups": "99999999999999999999999"}, "is not one of the available choices"),
        ({"groups": "-99999999999999999999999"}, "is not one of the available choices"),
        ({"groups": "9" * 5_000}, "is not one of the available choices"),
    ],
)
def test_what_no_database_can_look_for_is_nobody(admin: Any, fields: dict[str, str], said: str) -> None:
    page = admin.post(ADD, {"note": "leaked", **fields})
    assert page.status_code == 200 and said in of(page)


@pytest.mark.no_bystander("everyone is signed out")
def test_everyone_is_signed_out_when_it_is_confirmed(admin: Any, ada: Any, administrator: Any) -> None:
    html, _sent = look(admin, everyone="on")
    assert "1 sign-in will be ended." in html and "as soon as you confirm" in html
    assert "Your own sign-in here is left out." in html
    answer = of(order(admin, "1", everyone="on"))
    assert "In force: all of these are signed out." in answer and "0 of 1" in answer
    assert ada.get(PAGE).status_code == 302, "and no worker has done anything yet"
    assert admin.get(LIST).status_code == 200
    assert Session.objects.filter(ended_at__isnull=False).count() == 0
    sweep_endings()
    assert Session.objects.get(ended_at__isnull=False).end_reason == "incident"


def test_the_preview_counts_what_ends_and_names_access_tokens(admin: Any, ada: Any, user: Any) -> None:
    ends_at = timezone.now() + timedelta(days=3)
    create_token(user=user, name="Backup", scopes=["sessions:read"], expires_at=ends_at)
    both = f"{user.email}\nadmin@staff.example"
    html, sent = look(admin, users=both)
    for text in ("1 sign-in and 1 access token will be ended.", "1 person", "That is 2 in all.", "left out"):
        assert text in html, text
    # Whoever ticks it on the way back is shown another number first.
    changed = admin.post(ADD, {**sent, "include_own": "on", "typed": "2", "confirmed": "Sign out"})
    assert "2 sign-ins and 1 access token will be ended." in of(changed) and not Incident.objects.exists()
    done = of(admin.post(ADD, {**sent, "typed": "2", "confirmed": "Sign out"}, follow=True))
    sweep_endings()
    incident = Incident.objects.get()
    assert incident.sessions == 2 and incident.ending is not None and incident.ending.total == 2
    for text in ("Sign-ins and access tokens when requested:", "People when requested:"):
        assert text in done, text


@pytest.mark.no_bystander("everyone is signed out")
def test_a_form_that_is_sent_again_signs_nobody_out_again(admin: Any, ada: Any, user: Any) -> None:
    _html, sent = look(admin, everyone="on")
    form = {**sent, "typed": "1", "confirmed": "Sign out"}
    admin.post(ADD, form)
    incident = Incident.objects.get()
    ada.sign_in(user)
    again = admin.post(ADD, form, follow=True)
    assert again.redirect_chain[-1][0] == f"{LIST}{incident.pk}/change/"
    assert "This has already been ordered. Nothing was done just now." in of(again)
    assert Incident.objects.count() == 1 and ada.get(PAGE).status_code == 200
    # Nor where a wrong number is typed into it first.
    wrong = of(admin.post(ADD, {**form, "typed": "7"}))
    (shown,) = re.findall(r'name="seen" value="([^"]+)"', wrong)
    assert "This has already been ordered." in of(admin.post(ADD, {**form, "seen": shown}, follow=True))
    assert Incident.objects.count() == 1
    # Whoever wants it once more is shown first what it would end now.
    order(admin, "1", everyone="on")
    assert Incident.objects.count() == 2 and ada.get(PAGE).status_code == 302


@pytest.mark.no_bystander("everyone is signed out")
def test_the_own_sign_in_goes_where_it_is_asked_for(admin: Any) -> None:
    html, _sent = look(admin, everyone="on", include_own="on")
    assert "Your own sign-in is among them." in html
    order(admin, "1", everyone="on", include_own="on")
    assert admin.get(LIST).status_code == 302


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "choose at least one criterion"),
        ({"everyone": "on", "country": "DE"}, "Leave out the other criteria"),
        ({"users": "ada"}, "No account matches exactly: ada."),
        ({"network": "10.0.0.0/40"}, "neither an address nor a network"),
        ({"everyone": "on", "note": " "}, "This field is required."),
        ({"everyone": "on", "happened_at": "2099-01-01T00:00"}, "That’s still in the future."),
        ({"before": "2999-01-01T00:00"}, "in the future"),
        (
            {"since": "2026-01-02T00:00", "before": "2026-01-01T00:00"},
            "has to be later than its start",
        ),
        ({"staff": "on", "ticket": "x" * 101}, "errorlist"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, str], said: str, admin: Any) -> None:
    html, _sent = look(admin, **fields)
    assert said in html and "Type the number" not in html
    assert not Event.objects.filter(kind=Event.Kind.INCIDENT).exists()


def test_all_criteria_come_back_from_the_preview(admin: Any, ada: Any, user: Any) -> None:
    group = Group.objects.create(name="Editors")
    user.groups.add(group)
    Session.objects.of(user).update(organization_id="acme", first_country="GB", method="password")
    fields = {
        "groups": [group.pk],
        "organization_id": "acme",
        "since": "2026-01-01T00:00",
        "network": "81.2.69.0/24",
        "country": "gb",
        "client": "firefox",
        "method": "password",
        "unconfirmed": "on",
    }
    with time_machine.travel(timezone.now(), tick=True):
        answer = of(order(admin, "1", **fields))
    assert "Ordered" in answer
    said = Incident.objects.get().criteria
    assert said.pop("since").startswith("2026-01-01")
    assert said == {
        "groups": [group.pk],
        "organization_id": "acme",
        "network": "81.2.69.0/24",
        "country": "GB",
        "client": "firefox",
        "method": "password",
        "unconfirmed": True,
    }
    for text in ("Editors", "acme", "United Kingdom", "Device never confirmed"):
        assert text in answer, text


def test_one_can_go_back_and_change_it(admin: Any, ada: Any, user: Any) -> None:
    _html, sent = look(admin, users=user.email)
    page = of(admin.post(ADD, {**sent, "edit": "1"}))
    assert "Show preview" in page and user.email in page and "the cookies leaked" in page


def test_what_was_confirmed_is_what_was_shown(admin: Any, ada: Any, user: Any, settings: Any) -> None:
    """Other criteria under the same number, and a number that nobody was shown, lead to the preview again."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "INCIDENT_APPROVAL_ABOVE": 1}
    _html, sent = look(admin, users=user.email)
    for change in ({"users": "", "staff": "on"}, {"seen": "x"}, {"seen": ""}):
        answer = admin.post(ADD, {**sent, **change, "typed": "1", "confirmed": "Sign out"})
        assert "Type the number" in of(answer), change
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        admin.post(ADD, {**sent, "typed": "1", "confirmed": "Sign out"})
    assert not Incident.objects.exists()


def test_to_look_is_one_permission_and_to_order_another(browser: Any, agent: Any, user: Any) -> None:
    agent.groups.clear()
    agent.user_permissions.add(Permission.objects.get(codename="view_incident"))
    client = browser()
    client.sign_in(agent)
    incident = Incident.objects.create(criteria={"users": [str(user.pk)]}, ordered_at=timezone.now())
    assert client.get(f"{LIST}{incident.pk}/change/").status_code == 200
    assert client.get(ADD).status_code == client.post(ADD, {"everyone": "on"}).status_code == 403
    for step in ("approve", "decline", "stop", "resume"):
        assert client.post(f"{LIST}{incident.pk}/{step}/").status_code == 403, step
    assert client.get(f"{LIST}{incident.pk}/result.csv").status_code == 403
    agent.user_permissions.set([Permission.objects.get(codename="order_incident")])
    assert client.get(ADD).status_code == client.get(LIST).status_code == 200
    assert client.get(f"{LIST}{incident.pk}/result.csv").status_code == 200
    assert client.post(f"{LIST}{incident.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{LIST}{incident.pk}/change/", {"note": "other"}).status_code == 403


def test_steps_are_posts(admin: Any, user: Any) -> None:
    incident = Incident.objects.create(criteria={"users": [str(user.pk)]})
    for step in ("approve", "decline", "stop", "resume"):
        assert admin.get(f"{LIST}{incident.pk}/{step}/").status_code == 302, step


def test_another_administrator_approves(admin: Any, ada: Any, user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "INCIDENT_APPROVAL_ABOVE": 0}
    html, _sent = look(admin, users=user.email)
    assert "Another administrator has to approve this" in html
    assert "Nothing is in force yet" in of(order(admin, "1", users=user.email))
    incident = Incident.objects.get()
    page = f"{LIST}{incident.pk}/change/"
    assert ">Approve<" not in of(admin.get(page)) and ">Decline<" in of(admin.get(page))
    assert "you can’t approve your own order" in of(admin.post(f"{LIST}{incident.pk}/approve/", follow=True))
    second = Browser()
    second.force_login(get_user_model().objects.create_superuser("second@staff.example", "x"))
    Browser().sign_in(user)  # after it was asked for
    html = of(second.get(page))
    assert ">Approve<" in html and "If you approve it now:" in html and "2 sign-ins will be ended." in html
    assert "If you approve it now:" not in of(admin.get(page))
    with transaction.atomic():
        end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
        html = of(second.get(page))
        assert "Nothing that meets these criteria is signed in now." in html and "told by email" not in html
        transaction.set_rollback(True)
    assert "Approved." in of(second.post(f"{LIST}{incident.pk}/approve/", follow=True))
    sweep_endings()
    assert ada.get(PAGE).status_code == 302
    assert "second@staff.example" in of(admin.get(page))


def test_an_order_that_nobody_approved_in_time_offers_nothing(
    admin: Any, ada: Any, user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "INCIDENT_APPROVAL_ABOVE": 0}
    order(admin, "1", users=user.email)
    Incident.objects.update(created_at=timezone.now() - timedelta(hours=24))
    second = Browser()
    second.force_login(get_user_model().objects.create_superuser("second@staff.example", "x"))
    page = f"{LIST}{Incident.objects.get().pk}/change/"
    for html in (of(second.get(page)), of(second.get(LIST))):
        assert "Not approved in time" in html and ">Approve<" not in html and ">Decline<" not in html
    assert "too old to be approved" in of(second.post(page.replace("change", "approve"), follow=True))
    assert ada.get(PAGE).status_code == 200


def test_the_page_offers_no_approval_that_is_refused(
    admin: Any, ada: Any, user: Any, administrator: Any, settings: Any
) -> None:
    """It said "If you approve it now", and how many end, of an order whose administrator has left."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "INCIDENT_APPROVAL_ABOVE": 0}
    order(admin, "1", users=user.email)
    page = f"{LIST}{Incident.objects.get().pk}/change/"
    assert "you can’t approve your own order" in of(admin.get(page))
    get_user_model().objects.filter(pk=administrator.pk).update(is_superuser=False)
    second = Browser()
    second.force_login(get_user_model().objects.create_superuser("second@staff.example", "x"))
    html = of(second.get(page))
    assert "isn’t allowed to order incidents any more" in html and ">Decline<" in html
    assert ">Approve<" not in html and "If you approve it now:" not in html


@pytest.mark.no_bystander("everyone is signed out")
@pytest.mark.parametrize("include_own", [True, False])
def test_whoever_approves_reads_that_it_signs_them_out(
    include_own: bool, admin: Any, ada: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "INCIDENT_APPROVAL_ABOVE": 0}
    order(admin, "2" if include_own else "1", everyone="on", **({"include_own": "on"} if include_own else {}))
    page = f"{LIST}{Incident.objects.get().pk}/change/"
    second = Browser()
    second.force_login(get_user_model().objects.create_superuser("second@staff.example", "x"))
    html = of(second.get(page))
    assert ("3 sign-ins will be ended." if include_own else "1 sign-in will be ended.") in html
    assert ("Your own sign-in is among them." in html) is include_own
    second.post(page.replace("change", "approve"))
    assert (second.get(page).status_code == 200) is not include_own


def test_one_page_says_one_thing_whatever_a_worker_does_meanwhile(
    admin: Any, ada: Any, user: Any, monkeypatch: Any
) -> None:
    """It said "Done" beside "0 of 1", and offered to stop it."""
    order(admin, "1", users=user.email)
    usual = IncidentAdmin.get_object

    def read(*args: Any, **options: Any) -> Any:
        found = usual(*args, **options)
        sweep_endings()
        return found

    monkeypatch.setattr(IncidentAdmin, "get_object", read)
    page = f"{LIST}{Incident.objects.get().pk}/change/"
    html = of(admin.get(page))
    assert "Under way" in html and ">Stop<" in html and "0 of 1" in html and "1 of 1" not in html
    html = of(admin.get(page))
    assert "Done" in html and ">Stop<" not in html and "1 of 1" in html
    assert ">History<" not in html, "Django keeps none of incidents"


def test_a_box_stands_beside_its_label(admin: Any) -> None:
    form = of(admin.get(ADD))
    assert re.search(r'checkbox-row">\s*<input type="checkbox" name="staff".*?>\s*<label', form)


def test_it_is_stopped_and_goes_on(admin: Any, ada: Any, user: Any) -> None:
    order(admin, "1", users=user.email)
    pk = Incident.objects.get().pk
    page = f"{LIST}{pk}/change/"
    assert "Time left for the rest: about 1 second." in of(admin.get(page))
    stopped = of(admin.post(f"{LIST}{pk}/stop/", follow=True))
    assert "Stopped. The batch that is under way" in stopped and "are still signed in" in stopped
    assert "There was nothing to do." in of(admin.post(f"{LIST}{pk}/stop/", follow=True))
    sweep_endings()
    assert ada.get(PAGE).status_code == 200
    assert "The incident continues." in of(admin.post(f"{LIST}{pk}/resume/", follow=True))
    sweep_endings()
    assert ada.get(PAGE).status_code == 302


def test_the_result_is_a_file(admin: Any, ada: Any, user: Any) -> None:
    order(admin, "1", users=user.email)
    sweep_endings()
    pk = Incident.objects.get().pk
    page = of(admin.get(f"{LIST}{pk}/change/"))
    for form, content_type in (("csv", "text/csv; charset=utf-8"), ("json", "application/json")):
        assert f"{LIST}{pk}/result.{form}" in page
        answer = admin.get(f"{LIST}{pk}/result.{form}")
        assert answer["Content-Type"] == content_type
        assert answer["Content-Disposition"] == f'attachment; filename="incident-{pk}.{form}"'
        text = b"".join(answer.streaming_content).decode()
        assert user.email in text
    assert json.loads(text)["ended"] == 1
    assert admin.get(f"{LIST}{pk}/result.xls").status_code == 302


@pytest.mark.no_bystander("everyone is signed out")
def test_a_list_of_large_sign_outs_shows_it_too(admin: Any, ada: Any) -> None:
    order(admin, "1", everyone="on")
    sweep_endings()
    assert Ending.objects.get().done_at is not None
    assert "INC-1" in of(admin.get("/admin/sessions_ui/ending/"))
