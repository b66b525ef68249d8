"""One person's data in the administration: who may, what is asked, what is recorded."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from tests.conftest import make_person
from tests.models import Event, Session
from tests.sessions_ui.actions.privacy.filled import SECRET_MARK, fill

pytestmark = pytest.mark.django_db
PAGE = "/admin/sessions_ui/session/person/"
LIST = "/admin/sessions_ui/session/"


@pytest.fixture
def staff(browser: Any) -> Any:
    """`staff("view_session", …)`: a browser of staff with these permissions."""

    def with_permissions(*names: str) -> Any:
        person = make_person("staff@staff.example", is_staff=True)
        person.user_permissions.set(Permission.objects.filter(codename__in=names))
        client = browser()
        client.force_login(person)
        return client

    return with_permissions


VIEWS = tuple(f"view_{name}" for name in ("session", "device", "event", "eventdetail", "delivery"))
DELETES = ("delete_session", "delete_device", "delete_eventdetail")


def test_the_list_leads_there(admin: Any) -> None:
    assert f'href="{PAGE}"' in admin.get(LIST).content.decode()
    html = admin.get(PAGE).content.decode()
    assert 'name="export"' in html and 'name="erase"' in html


def test_staff_downloads_what_is_stored_of_one_person(
    admin: Any, administrator: Any, user: Any, other_user: Any
) -> None:
    fill(user, administrator)
    fill(other_user, administrator, mark="of Grace")
    answer = admin.post(PAGE, {"name": user.email, "export": "1"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="personal-data.json"'
    text = answer.content.decode()
    assert "of Grace" not in text and SECRET_MARK not in text
    assert json.loads(text)["sessions_ui_act"][0]["note"]  # what the person would not get
    event = Event.objects.get(kind="data_exported")
    assert (event.user, event.actor) == (user, administrator)


def test_a_deleted_account_is_named_by_its_number(admin: Any, administrator: Any, user: Any) -> None:
    fill(user, administrator)
    key = user.pk
    user.delete()
    found = json.loads(admin.post(PAGE, {"key": str(key), "export": "1"}).content)
    assert len(found["sessions_ui_session"]) == 1 and found["account"]["deleted"] is True


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "nobody@people.example"}, "No account has exactly this name or address."),
        ({"name": "ada"}, "No account has exactly this name or address."),
        ({"key": "five"}, "No account has this number."),
        ({}, "Fill in one of the two, not both."),
        ({"name": "ada@people.example", "key": "5"}, "Fill in one of the two, not both."),
    ],
)
@pytest.mark.parametrize("button", ["export", "erase"])
def test_whoever_is_not_named_exactly_is_not_found(
    fields: dict[str, str], said: str, button: str, admin: Any, user: Any
) -> None:
    answer = admin.post(PAGE, {**fields, button: "1"})
    assert answer.status_code == 200 and said in answer.content.decode()
    assert not Event.objects.filter(kind__in=("data_exported", "data_erased")).exists()


@pytest.mark.parametrize(
    "given", [{"name": "\0"}, {"key": "\0"}, {"key": "9" * 30}, {"key": "-1"}, {"key": "x"}]
)
@pytest.mark.parametrize("act", ["export", "erase"])
def test_what_no_account_can_be_called_is_refused(admin: Any, given: dict[str, str], act: str) -> None:
    answer = admin.post(PAGE, {**given, act: "1"})
    assert answer.status_code == 200 and answer.context["form"].errors.keys() == given.keys()


def test_too_much_for_a_page_is_left_to_the_command(
    admin: Any, user: Any, settings: Any, browser: Any
) -> None:
    browser().sign_in(user)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "EXPORT_MAX_ROWS": 1}
    html = admin.post(PAGE, {"name": user.email, "export": "1"}).content.decode()
    assert (
        "There is too much for one page (limit: 1). Use “manage.py privacy export” to write it to a file."
        in html
    )
    assert not Event.objects.filter(kind="data_exported").exists()


# --- Erasing


def test_it_says_what_will_be_erased_and_wants_the_number_again(admin: Any, user: Any, browser: Any) -> None:
    browser().sign_in(user)
    fields = {"name": user.email, "ticket": "GDPR-12", "erase": "1"}
    html = admin.post(PAGE, fields).content.decode()
    assert f"Everything that is stored about {user.email} ({user.pk}) will be erased." in html
    assert "1 sign-in will be ended." in html and 'value="GDPR-12"' in html
    html = admin.post(PAGE, {**fields, "again": str(user.pk + 1)}).content.decode()
    assert "That’s a different number. Nothing was erased." in html
    assert Session.objects.get(user=user).is_living
    assert not Event.objects.filter(kind="data_erased").exists()


def test_it_is_erased(admin: Any, administrator: Any, user: Any, other_user: Any, browser: Any) -> None:
    mine, theirs = browser(), browser()
    mine.sign_in(user)
    theirs.sign_in(other_user)
    fields = {"name": user.email, "ticket": "GDPR-12", "erase": "1", "again": str(user.pk)}
    answer = admin.post(PAGE, fields, follow=True)
    assert "Erased: 3 rows." in answer.content.decode()  # the session, its device, the detail of the sign-in
    assert not Session.objects.filter(user=user).exists()
    event = Event.objects.get(kind="data_erased")
    assert (event.user, event.actor, event.data) == (user, administrator, {"ticket": "GDPR-12"})
    assert mine.get("/account/devices/").status_code == 302
    assert theirs.get("/account/devices/").status_code == 200


# --- Who may


@pytest.mark.parametrize(
    ("permissions", "button"),
    [
        *((tuple(name for name in VIEWS if name != missing), "export") for missing in VIEWS),
        *((tuple(name for name in DELETES if name != missing), "erase") for missing in DELETES),
    ],
)
def test_each_takes_all_of_its_permissions(
    permissions: tuple[str, ...], button: str, staff: Any, user: Any
) -> None:
    client = staff(*permissions)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"name": user.email, button: "1", "again": str(user.pk)}).status_code == 403
    assert not Event.objects.filter(kind__in=("data_exported", "data_erased")).exists()


@pytest.mark.parametrize(
    ("permissions", "button"),
    [(VIEWS, "erase"), (DELETES, "export")],
    ids=["who may look erases nothing", "who may erase gets nothing"],
)
def test_each_act_has_permissions_of_its_own(
    permissions: tuple[str, ...], button: str, staff: Any, user: Any
) -> None:
    client = staff(*permissions)
    html = client.get(PAGE).content.decode()
    assert f'name="{button}"' not in html
    fields = {"name": user.email, button: "1", "again": str(user.pk)}
    assert client.post(PAGE, fields).status_code == 403
    assert not Event.objects.filter(kind__in=("data_exported", "data_erased")).exists()


def test_the_administration_asks_who_is_there_before_it_hands_out_anything(
    admin: Any, user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADMIN_REAUTHENTICATION_AGE": timedelta(0)}
    answer = admin.post(PAGE, {"name": user.email, "export": "1"})
    assert answer.status_code == 403 and "Confirm it’s you" in answer.content.decode()
    assert not Event.objects.filter(kind="data_exported").exists()


def test_an_address_is_found_as_it_is_stored(admin: Any, user: Any, browser: Any, settings: Any) -> None:
    """Where the network alone is stored, the whole address leads to everybody of it."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "STORE_ADDRESSES": "network"}
    browser().sign_in(user)
    html = admin.get(LIST, {"q": "81.2.69.142"}).content.decode()
    assert user.email in html
    assert user.email not in admin.get(LIST, {"q": "81.2.70.142"}).content.decode()
