"""What other packages let in, of everybody, in the administration: the list, its filters, what it ends."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.tokens import export_credentials as exporting
from sessions_ui.admin.tokens import package_credentials
from sessions_ui.bridges import BridgedCredential, pages
from tests.keys import Keys, Unpaged, Unwilling, bridged, keys_of, make_keys
from tests.models import Act, Event, Session

pytestmark = pytest.mark.django_db
LIST = "/admin/sessions_ui/packagecredential/"
TOKENS = "/admin/sessions_ui/accesstoken/"
DEBT = "/admin/sessions_ui/session/debt/"


class Jwts(Keys):
    """Tells all that can be told; what was made from one lives on."""

    name = "a:jwt"
    label = "=HYPERLINK(1)"

    def credential(self, row: Any) -> BridgedCredential:
        told = super().credential(row)
        return BridgedCredential(
            package=told.package,
            id=told.id,
            user_id=told.user_id,
            kind=told.kind,
            label=self.label,
            made_at=told.made_at,
            last_used_at=told.made_at,
            expires_at=row.action_time + timedelta(days=7),
            scopes=("read", "write"),
            lives_on=timedelta(minutes=5),
        )

    def never_ending(self, rows: Any) -> Any:
        return rows.none()


class Stubborn(Keys):
    """Raises where something is to end."""

    name = "stubborn"

    def end(self, *args: Any) -> int:
        raise RuntimeError("the secret of a key")


@pytest.fixture
def staff(django_user_model: Any, browser: Any) -> Any:
    """The browser of somebody who may open the admin, and nothing else yet; `staff.person`."""
    client = browser()
    client.person = django_user_model.objects.create_user(email="staff@staff.example", is_staff=True)
    client.force_login(client.person)
    return client


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def values(response: Any) -> list[str]:
    """What the boxes of a page would send."""
    assert response.status_code == 200
    return re.findall(r'name="credential" value="([^"]*)"', response.content.decode())


def key(row: LogEntry, package: str = "keys") -> str:
    return f"{package}:{row.pk}"


def of(user: Any) -> list[str]:
    """The values of the keys of this person, the newest first."""
    return [key(row) for row in LogEntry.objects.filter(user_id=user.pk).order_by("-pk")]


def test_a_line_has_what_is_known(admin: Any, user: Any, other_user: Any, settings: Any) -> None:
    bridged(settings, Jwts, Keys)
    make_keys(user)
    make_keys(other_user)
    response = admin.get(LIST)
    text = text_of(response)
    assert text.count(user.email) == text.count(other_user.email) == 2
    assert text.count("=HYPERLINK(1)") == 2 and "read write" in text
    assert text.count("up to 5 minutes after it has ended") == 2
    assert len(values(response)) == 4 and len(set(values(response))) == 4


def test_it_says_where_there_is_nothing(admin: Any, settings: Any) -> None:
    assert "None here." in text_of(admin.get(LIST))
    bridged(settings, Keys)
    assert "None here." in text_of(admin.get(LIST))


def test_it_is_reached_from_the_index_and_from_the_access_tokens(admin: Any, staff: Any) -> None:
    for address in ("/admin/", "/admin/sessions_ui/", TOKENS):
        assert f'href="{LIST}"' in admin.get(address).content.decode(), address
    assert f'href="{LIST}"' not in staff.get("/admin/").content.decode()


def test_it_is_read_page_by_page(
    admin: Any, user: Any, other_user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_credentials, "PAGE", 2)
    bridged(settings, Keys, Jwts)
    make_keys(user, 3)
    make_keys(other_user, 2)
    found, address = [], f"{LIST}?never="
    for _page in range(5):
        response = admin.get(address)
        found += values(response)
        (following,) = re.findall(r'href="\?([^"]*)">Next<', response.content.decode()) or [""]
        if not following:
            break
        address = f"{LIST}?{following.replace('&amp;', '&')}"
    rows = LogEntry.objects.order_by("-pk")
    assert found == [key(row) for row in rows] + [key(row, "a%3Ajwt") for row in rows]
    assert "Back to the first page" in text_of(admin.get(address))


@pytest.mark.parametrize("others", [0, 40])
def test_a_page_costs_a_fixed_number_of_statements(
    admin: Any, user: Any, other_user: Any, agent: Any, settings: Any, others: int
) -> None:
    """One for each bridge, in a savepoint, and one for the names; the rest is the admin's."""
    bridged(settings)
    make_keys(user)
    admin.get(LIST)
    with CaptureQueriesContext(connection) as bare:
        admin.get(LIST)
    bridged(settings, Keys, Jwts)
    for person in (user, other_user, agent):
        make_keys(person, others)
    with CaptureQueriesContext(connection) as queries:
        admin.get(LIST)
    assert len(queries) - len(bare) == {0: 7, 40: 4}[others]


def test_filters(admin: Any, user: Any, other_user: Any, settings: Any) -> None:
    bridged(settings, Keys, Jwts)
    make_keys(user, 2)
    make_keys(other_user)
    every = [key(row) for row in LogEntry.objects.order_by("-pk")]
    assert values(admin.get(LIST, {"package": "keys"})) == every
    assert len(values(admin.get(LIST, {"package": "a:jwt"}))) == 3
    assert values(admin.get(LIST, {"never": "1"})) == every
    assert values(admin.get(LIST, {"q": f" {user.email} ", "package": "keys"})) == of(user)
    assert values(admin.get(LIST, {"q": "ada"})) == []  # nothing is guessed from a part
    assert values(admin.get(LIST, {"q": other_user.email, "never": "1"})) == of(other_user)


def test_only_of_accounts_whose_access_has_ended(
    admin: Any,
    user: Any,
    other_user: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_user_model: Any,
) -> None:
    bridged(settings, Keys, Unwilling)
    make_keys(user, 2)
    make_keys(other_user)
    django_user_model.objects.filter(pk=user.pk).update(is_active=False)
    response = admin.get(LIST, {"left": "1"})
    assert values(response) == of(user)
    assert "We couldn’t ask unwilling" in text_of(response)
    assert values(admin.get(LIST, {"left": "1", "q": user.email})) == of(user)
    assert values(admin.get(LIST, {"left": "1", "q": other_user.email})) == []
    django_user_model.objects.filter(pk=other_user.pk).update(is_active=False)
    monkeypatch.setattr(pages, "MANY", 1)
    response = admin.get(LIST, {"left": "1"})
    assert values(response) == of(min(user, other_user, key=lambda person: person.pk))
    assert "There are more of these accounts" in text_of(response)


@pytest.mark.no_bystander("it shows everybody's")
def test_the_debt_leads_to_those(
    admin: Any, staff: Any, user: Any, settings: Any, django_user_model: Any
) -> None:
    bridged(settings, Keys)
    link = f'href="{LIST}?left=1"'
    assert link not in admin.get(DEBT).content.decode()
    make_keys(user)
    django_user_model.objects.filter(pk=user.pk).update(is_active=False)
    assert link in admin.get(DEBT).content.decode()
    staff.person.user_permissions.add(Permission.objects.get(codename="view_session"))
    assert link not in staff.get(DEBT).content.decode()


def test_a_bridge_that_raises_is_named_and_one_without_pages_is_explained(
    admin: Any, user: Any, settings: Any
) -> None:
    bridged(settings, Unwilling, Unpaged, Keys)
    make_keys(user)
    response = admin.get(LIST)
    text = text_of(response)
    assert "We couldn’t ask unwilling" in text and "the secret of a key" not in text
    assert (
        "unpaged can only be asked about a few accounts at a time" in text
        and "keys can only be asked" not in text
    )
    assert len(values(response)) == 2


@pytest.mark.parametrize(
    "query",
    [
        {"package": "nobody"},
        {"package": "\0"},
        {"from": "nobody", "after": "1"},
        {"from": "keys", "after": "x"},
        {"from": "keys", "after": "\0"},
        {"from": "keys", "after": "9" * 40},
        {"from": "keys", "after": "-1"},
        {"from": "unpaged", "after": "x"},
        {"from": "", "after": ""},
        {"q": "\0"},
        {"q": "x" * 5000},
    ],
)
def test_an_address_that_nobody_gave_out_shows_nothing(
    admin: Any, user: Any, settings: Any, query: dict[str, str]
) -> None:
    bridged(settings, Keys, Unpaged)
    make_keys(user)
    found = values(admin.get(LIST, query))
    assert not [value for value in found if value.startswith("keys:")]


def test_what_is_chosen_is_shown_again_and_ends_once_a_reason_is_given(
    admin: Any, administrator: Any, user: Any, other_user: Any, settings: Any
) -> None:
    bridged(settings, Keys, Jwts)
    make_keys(user, 3)
    make_keys(other_user, 2)
    theirs = [*LogEntry.objects.filter(user_id=other_user.pk).order_by("pk").values()]
    first, second, third = of(user)
    text = text_of(admin.post(LIST, {"credential": [first, third]}))
    assert "End apps and keys: are you sure?" in text and text.count(user.email) == 2
    assert "This field is required." in text_of(
        admin.post(LIST, {"credential": [first, third], "confirmed": "1", "note": ""})
    )
    assert keys_of(user) == 3 and not Act.objects.exists()
    sent = {"credential": [first, third], "confirmed": "1", "note": "found in a repository", "ticket": "T-1"}
    text = text_of(admin.post(LIST, sent, follow=True))
    assert "2 apps and keys can no longer act for them." in text
    assert of(user) == [second]
    assert [*LogEntry.objects.filter(user_id=other_user.pk).order_by("pk").values()] == theirs
    act = Act.objects.get()
    assert (act.reason, act.actor_id, act.ticket, act.note) == (
        "administrator",
        administrator.pk,
        "T-1",
        "found in a repository",
    )
    event = Event.objects.get(kind="credentials_ended")
    assert (event.user_id, event.actor_id, event.act_id) == (user.pk, administrator.pk, act.pk)
    assert event.data == {"package": "keys", "count": 2}
    assert not Session.objects.filter(ended_at__isnull=False).exists()


def test_those_of_several_people_and_packages_end_by_an_act_each(
    admin: Any, user: Any, other_user: Any, settings: Any
) -> None:
    bridged(settings, Keys, Jwts)
    make_keys(user, 2)
    make_keys(other_user)
    of_user, of_other = of(user), of(other_user)
    chosen = [of_user[0], of_user[1].replace("keys:", "a%3Ajwt:"), *of_other]
    admin.post(LIST, {"credential": chosen, "confirmed": "1", "note": "x"})
    assert not LogEntry.objects.exists()
    ended = Event.objects.filter(kind="credentials_ended")
    assert {(event.user_id, event.data["package"]) for event in ended} == {
        (user.pk, "keys"),
        (user.pk, "a:jwt"),
        (other_user.pk, "keys"),
    }
    assert Act.objects.count() == 3


@pytest.mark.parametrize(
    "value", ["", "keys", "keys:", "keys:x", "keys:\0", "nobody:1", ":1", "unwilling:1", "keys:" + "9" * 40]
)
def test_what_was_never_given_out_ends_nothing(admin: Any, user: Any, settings: Any, value: str) -> None:
    bridged(settings, Keys, Unwilling)
    make_keys(user)
    sent = {"credential": [value], "confirmed": "1", "note": "x"}
    text = text_of(admin.post(LIST, sent, follow=True))
    assert "Nothing that you chose is still valid." in text
    # The list says so of its own, too, where it goes on.
    assert text.count("We couldn’t ask unwilling") == (2 if value.startswith("unwilling") else 1)
    assert keys_of(user) == 1 and not Act.objects.exists()


def test_an_id_of_one_package_is_none_of_another(admin: Any, user: Any, settings: Any) -> None:
    """It names whatever has this id there, and ends it there."""
    bridged(settings, Stubborn, Keys)
    make_keys(user)
    chosen = [value.replace("keys:", "stubborn:") for value in of(user)]
    text = text_of(admin.post(LIST, {"credential": chosen, "confirmed": "1", "note": "x"}, follow=True))
    assert "stubborn couldn’t end all of them." in text and "the secret of a key" not in text
    assert keys_of(user) == 1 and not Act.objects.exists()


def test_one_package_that_raises_keeps_no_other_from_ending(admin: Any, user: Any, settings: Any) -> None:
    bridged(settings, Stubborn, Keys)
    make_keys(user, 2)
    first, second = of(user)
    chosen = [first.replace("keys:", "stubborn:"), second]
    text = text_of(admin.post(LIST, {"credential": chosen, "confirmed": "1", "note": "x"}, follow=True))
    assert "stubborn couldn’t end all of them." in text
    assert "1 app or key can no longer act for them." in text
    assert of(user) == [first]


def test_one_that_somebody_else_has_just_ended_is_said_to_have_ended(
    admin: Any, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridged(settings, Keys)
    make_keys(user)
    chosen = of(user)
    find = package_credentials.find

    def and_then_it_ends(*asked: Any) -> Any:
        found = find(*asked)
        LogEntry.objects.all().delete()
        return found

    monkeypatch.setattr(package_credentials, "find", and_then_it_ends)
    text = text_of(admin.post(LIST, {"credential": chosen, "confirmed": "1", "note": "x"}, follow=True))
    assert "The app or key had already ended." in text
    assert not Act.objects.exists()


@pytest.mark.parametrize("page", [1, 2, 500])
def test_the_file_has_what_the_list_shows_whatever_the_page(
    admin: Any,
    administrator: Any,
    user: Any,
    other_user: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    page: int,
) -> None:
    monkeypatch.setattr(exporting, "PAGE", page)
    bridged(settings, Keys, Jwts, Unwilling)
    make_keys(user, 2)
    make_keys(other_user)
    response = admin.post(LIST, {"export": "1"})
    *rows, unknown = csv.DictReader(b"".join(response).decode().splitlines())
    assert [row["package"] for row in rows] == ["keys"] * 3 + ["a:jwt"] * 3
    assert {row["expires_at"] for row in rows[:3]} == {"never"}
    assert {row["account"] for row in rows} == {str(user), str(other_user)}
    assert (rows[3]["label"], rows[3]["scopes"], rows[3]["lives_on_seconds"]) == (
        "'=HYPERLINK(1)",
        "read write",
        "300",
    )
    assert rows[3]["expires_at"] > timezone.now().isoformat()
    assert (unknown["package"], unknown["credential"]) == ("unwilling", "could not be asked")
    assert "no-store" in response["Cache-Control"]
    event = Event.objects.get(kind="exported")
    assert (event.actor_id, event.data) == (administrator.pk, {"what": "credentials of other packages"})
    narrowed = admin.post(f"{LIST}?package=keys&q={user.email}", {"export": "1"})
    assert len(b"".join(narrowed).decode().splitlines()) == 1 + 2


@pytest.mark.parametrize("permission", ["view_accesstoken", "manage_tokens"])
def test_who_only_looks_neither_ends_nor_exports(
    staff: Any, user: Any, settings: Any, permission: str
) -> None:
    bridged(settings, Keys)
    make_keys(user)
    staff.person.user_permissions.add(Permission.objects.get(codename=permission))
    may = permission == "manage_tokens"
    assert bool(values(staff.get(LIST))) == may and user.email in text_of(staff.get(LIST))
    assert staff.post(LIST, {"export": "1"}).status_code == (200 if may else 403)
    staff.post(LIST, {"credential": of(user), "confirmed": "1", "note": "x"})
    assert keys_of(user) == (0 if may else 1)


def test_it_takes_a_permission(staff: Any, user: Any, settings: Any, browser: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    rights = ["view_session", "change_session", "review_access", "view_serviceaccount"]
    staff.person.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    assert staff.get(LIST).status_code == 403
    assert staff.post(LIST, {"credential": of(user), "confirmed": "1", "note": "x"}).status_code == 403
    assert browser().get(LIST).status_code == 302
    assert keys_of(user) == 1


def test_there_is_no_page_of_one_row(admin: Any, user: Any) -> None:
    for rest in ("add/", "1/change/", "1/", "1/delete/", "1/history/"):
        assert admin.get(f"{LIST}{rest}").status_code == 404, rest
