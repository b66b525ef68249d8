"""`manage.py sessions list`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.database import moments
from tests.conftest import Browser
from tests.models import Containment, EndReason, Session
from tests.operators import Ran, sessions

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 12, 0, 0, 250_000, tzinfo=UTC)
FIELDS = [
    *("session", "kind", "state", "user", "device", "device_name", "device_kind", "browser", "system"),
    *("address", "first_address", "country", "method", "provider", "organization_id", "impersonator"),
    *("signed_in_at", "last_seen_at", "expires_at", "ended_at", "reason", "actor", "act"),
]


def listed(*arguments: str) -> list[Any]:
    ran = sessions("list", "--json", *arguments)
    assert ran.code == 0, ran.err
    return ran.records


def ids(*arguments: str) -> list[str]:
    return [record["session"] for record in listed(*arguments)]


@pytest.fixture
def three(user: Any, other_user: Any) -> list[Session]:
    """Two of the user and one of somebody else, an hour apart, the oldest first; the bystander's are older."""
    found = []
    for hour, person in enumerate((user, other_user, user)):
        client = Browser()
        client.force_login(person)
        rows = Session.objects.filter(pk=client.session.session_id)
        moment = moments.stored(NOON + timedelta(hours=hour))
        rows.update(
            signed_in_at=moment, last_seen_at=moment, expires_at=timezone.now() + timedelta(days=1), method=""
        )
        found.append(rows.get())
    return found


def of(people: Any) -> list[str]:
    return [option for person in people for option in ("--user-id", str(person.pk))]


@pytest.fixture
def both(user: Any, other_user: Any) -> list[str]:
    """The options that leave out the bystander."""
    return of((user, other_user))


def public(*rows: Session) -> list[str]:
    return [row.public_id for row in rows]


# --- What is printed


def test_a_line_has_the_same_names_for_ever(three: list[Session], user: Any, other_user: Any) -> None:
    _first, second, _third = three
    [record] = listed("--user", other_user.email)
    assert list(record) == FIELDS
    assert record | {"expires_at": None} == {
        "session": second.public_id,
        "kind": "browser",
        "state": "living",
        "user": str(other_user.pk),
        "device": second.device and second.device.public_id,
        "device_name": "",
        "device_kind": second.device and second.device.kind,
        "browser": second.device and second.device.browser,
        "system": second.device and second.device.system,
        "address": second.address,
        "first_address": second.first_address,
        "country": second.first_country,
        "method": "",
        "provider": "",
        "organization_id": "",
        "impersonator": None,
        "signed_in_at": "2026-11-24T13:00:00.250000Z",
        "last_seen_at": "2026-11-24T13:00:00.250000Z",
        "expires_at": None,
        "ended_at": None,
        "reason": "",
        "actor": None,
        "act": None,
    }


def test_people_get_a_table_with_names(three: list[Session], user: Any, both: list[str]) -> None:
    ran = sessions("list", *both)
    assert ran.code == 0 and ran.err == ""
    heads, newest, *_others = ran.lines
    assert heads.split("  ")[0] == "session" and "last seen" in heads and "reason" not in heads
    assert newest.startswith(three[2].public_id) and user.email in newest
    assert newest.endswith("2026-11-24T14:00:00Z")
    assert len({line.index("2026-") for line in ran.lines[1:]}) == 1, "columns are aligned"


def test_a_table_of_what_has_ended_says_who_ended_it_and_why(
    three: list[Session], both: list[str], administrator: Any
) -> None:
    end_session(session=three[0], reason=EndReason.INCIDENT, actor=administrator)
    heads, line = sessions("list", "--state", "ended", *both).lines
    assert heads.split()[-2:] == ["reason", "by"]
    assert line.split()[-2:] == ["incident", administrator.email]


def test_names_of_devices_give_the_terminal_no_orders(three: list[Session], both: list[str]) -> None:
    device = three[0].device
    assert device is not None
    device.name = "Ada's\x1b[2J\u202e\n電話"
    device.save()
    ran = sessions("list", *both)
    assert "\x1b" not in ran.out and "\u202e" not in ran.out and len(ran.lines) == 4
    assert "Ada's\ufffd[2J\ufffd\ufffd電話" in ran.out
    assert listed(*both)[2]["device_name"] == device.name


def test_no_key_digest_or_hash_is_printed_or_even_read(three: list[Session], both: list[str]) -> None:
    secrets = {
        getattr(row, name)
        for row in Session.objects.select_related("device")
        for name in ("digest", "previous_digest", "auth_hash", "payload")
    }
    cookies = {row.device.cookie_digest for row in three if row.device}
    with CaptureQueriesContext(connection) as queries:
        out = sessions("list", *both).out + sessions("list", "--json", "--state", "all", *both).out
    assert [secret for secret in (secrets | cookies) - {None, ""} if secret in out] == []
    columns = ("digest", "auth_hash", "payload")
    assert [
        query for query in queries.captured_queries if any(name in query["sql"] for name in columns)
    ] == []


def test_nothing_is_no_error(user: Any) -> None:
    assert sessions("list", "--json", "--user", user.email) == Ran(0, "", "")
    assert len(sessions("list", "--user", user.email).lines) == 1


# --- Filters


def test_the_newest_comes_first(three: list[Session], both: list[str]) -> None:
    assert ids(*both) == public(*reversed(three))


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--since", "2026-11-24T13:00:00Z"], [2, 1]),
        (["--before", "2026-11-24T13:00:00+00:00"], [0]),
        (["--since", "2026-11-24T13:00:00Z", "--before", "2026-11-24T14:00:00Z"], [1]),
        (["--seen-since", "2026-11-24T14:00:00Z"], [2]),
        (["--seen-before", "2026-11-24T13:00:00Z"], [0]),
        (["--network", "192.0.2.0/24"], [1, 0]),
        (["--network", "192.0.2.1"], [0]),
        (["--network", "2001:db8::/32"], [2]),
        (["--network", "198.51.100.0/24"], []),
        (["--country", "ch"], [1]),
        (["--method", "password"], [2, 0]),
        (["--method", "totp"], [2]),
        (["--method", "google"], [1]),
        (["--kind", "browser"], [2, 0]),
        (["--kind", "app", "--country", "CH"], [1]),
        (["--kind", "token"], []),
    ],
)
def test_filters(arguments: list[str], found: list[int], three: list[Session], both: list[str]) -> None:
    columns = [
        {"first_address": "192.0.2.1", "method": "password"},
        {"address": "192.0.2.2", "kind": "app", "first_country": "CH", "provider": "google"},
        {"address": "2001:db8::1", "method": "password+totp"},
    ]
    for row, values in zip(three, columns, strict=True):
        Session.objects.filter(pk=row.pk).update(**values)
    assert ids(*both, *arguments) == public(*(three[number] for number in found))


def test_what_is_signed_in_on_a_device(three: list[Session], user: Any) -> None:
    assert three[0].device is not None
    device = three[0].device.public_id
    assert ids("--device", device) == ids("--device", device, "--user", user.email) == public(three[0])


def test_a_state(three: list[Session], both: list[str]) -> None:
    ended, expired, living = three
    end_session(session=ended, reason=EndReason.INCIDENT)
    Session.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ids(*both) == ids(*both, "--state", "living") == public(living)
    assert ids(*both, "--state", "ended") == public(ended)
    assert ids(*both, "--state", "expired") == public(expired)
    everything = listed(*both, "--state", "all")
    assert [record["state"] for record in everything] == ["living", "expired", "ended"]
    assert everything[2]["reason"] == "incident" and everything[2]["act"] is not None


def test_a_reason_is_about_what_has_ended(three: list[Session], both: list[str]) -> None:
    end_session(session=three[0], reason=EndReason.DEVICE_LOST)
    end_session(session=three[1], reason=EndReason.INCIDENT)
    assert ids(*both, "--reason", "device_lost") == public(three[0])
    assert ids(*both, "--reason", "device_lost", "--state", "all") == public(three[0])


@pytest.mark.no_bystander("an incident is about everybody")
def test_what_an_incident_has_ended_does_not_live_although_its_row_does_not_say_so_yet(
    three: list[Session], both: list[str]
) -> None:
    Containment.read()
    Containment.objects.update_or_create(pk=Containment.KEY, defaults={"everyone": 1})
    assert ids(*both) == []
    [first, *_others] = listed(*both, "--reason", "incident")
    assert (first["state"], first["reason"], first["ended_at"]) == ("ended", "incident", None)


def test_what_a_deleted_account_had_is_found_by_its_key(three: list[Session], other_user: Any) -> None:
    key = str(other_user.pk)
    other_user.delete()
    [record] = listed("--user-id", key, "--state", "all")
    assert (record["session"], record["user"], record["reason"]) == (
        three[1].public_id,
        key,
        "account_deleted",
    )
    assert f"deleted ({key})" in sessions("list", "--user-id", key, "--state", "all").out


# --- Paging


def test_a_page_goes_on_after_the_last_one(three: list[Session], both: list[str]) -> None:
    pages = []
    after: list[str] = []
    while page := ids(*both, "--limit", "2", *after):
        pages.append(page)
        after = ["--after", page[-1]]
    assert pages == [public(three[2], three[1]), public(three[0])]


def test_pages_of_sign_ins_of_one_moment_have_each_once(three: list[Session], both: list[str]) -> None:
    Session.objects.filter(pk__in=[row.pk for row in three]).update(signed_in_at=timezone.now())
    first = ids(*both, "--limit", "1")
    second = ids(*both, "--limit", "1", "--after", first[0])
    third = ids(*both, "--limit", "1", "--after", second[0])
    assert first + second + third == public(*reversed(three))
    assert ids(*both, "--after", third[0]) == []


def test_a_page_goes_on_after_one_that_has_ended_meanwhile(three: list[Session], both: list[str]) -> None:
    end_session(session=three[2], reason=EndReason.INCIDENT)
    assert ids(*both, "--after", three[2].public_id) == public(three[1], three[0])


def test_a_table_says_how_to_go_on(three: list[Session], both: list[str]) -> None:
    ran = sessions("list", "--limit", "2", *both)
    assert len(ran.lines) == 3 and ran.err == f"There are more: --after {three[1].public_id}\n"
    assert sessions("list", "--limit", "3", *both).err == ""


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_number_of_statements_is_fixed(form: tuple[str, ...], user: Any, other_user: Any) -> None:
    counts = []
    for person, number in ((user, 1), (other_user, 12)):
        for _ in range(number):
            Browser().force_login(person)
        with CaptureQueriesContext(connection) as queries:
            ran = sessions("list", "--user", person.email, *form)
        assert len(ran.lines) == number + (0 if form else 1)
        counts.append(len(queries))
    # The user, the rows; for people their names, too.
    assert counts == ([2, 2] if form else [3, 3])


# --- What cannot be meant


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--user", "nobody@people.example"], "--user: no account matches"),
        (["--user", ""], "--user: no account matches"),
        (["--user-id", "abc"], "--user-id: 'abc' is no primary key"),
        (["--user-id", "123456789"], "--user-id: there is no account 123456789"),
        (["--device", "nosuchid"], "no device with this id: 'nosuchid'"),
        (["--kind", "phone"], "--kind: invalid choice"),
        (["--state", "dead"], "--state: invalid choice"),
        (["--reason", "because"], "--reason: invalid choice"),
        (["--since", "yesterday"], "--since: a date with a time"),
        (["--since", "2026-11-24"], "--since: a date with a time"),
        (["--before", "2026-11-31T00:00:00Z"], "--before: day "),
        (["--since", "2099-01-01T00:00:00Z"], "--since: that is in the future"),
        (["--seen-since", "2099-01-01T00:00:00Z"], "--seen-since: that is in the future"),
        (["--network", "localhost"], "--network: neither an address nor a network"),
        (["--country", "Switzerland"], "--country: two letters"),
        (["--method", " "], "--method: must not be empty"),
        (["--limit", "0"], "--limit: must be 1 or more"),
        (["--limit", "many"], "--limit: invalid"),
        (["--limit", "10001"], "--limit: a table has 10,000 rows at most"),
        (["--after", "nosuchid"], "--after: there is no session with the id 'nosuchid'"),
        (["--since", "2026-11-24T08:00Z", "--before", "2026-11-24T08:00Z"], "--before has to be later"),
        (
            ["--seen-since", "2026-11-24T08:00Z", "--seen-before", "2026-11-24T07:00Z"],
            "--seen-before has to be later than --seen-since",
        ),
        (
            ["--since", "2026-11-24T08:00Z", "--seen-before", "2026-11-24T07:00Z"],
            "--seen-before has to be later than --since",
        ),
        (["--reason", "incident", "--state", "living"], "none that is living has one"),
        (["--everyone"], "unrecognized arguments"),
    ],
)
def test_what_cannot_be_meant_is_said(arguments: list[str], said: str, db: None) -> None:
    ran = sessions("list", *arguments)
    assert (ran.code, ran.out) == (1, "") and said in ran.err


def test_a_device_of_somebody_else_contradicts_the_user(three: list[Session], other_user: Any) -> None:
    assert three[0].device is not None
    ran = sessions("list", "--user", other_user.email, "--device", three[0].device.public_id)
    assert ran.code == 1 and "belongs to a different account" in ran.err


def test_a_name_of_two_accounts_is_said_to_be(three: list[Session], both: list[str], settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "USER_LOOKUPS": ["name"]}
    get_user_model().objects.filter(pk__in=both[1::2]).update(name="Twin")
    ran = sessions("list", "--user", "Twin")
    assert ran.code == 1 and f"their primary keys: {both[1]}, {both[3]}" in ran.err


@pytest.mark.parametrize(
    ("how", "address", "said"),
    [
        ("network", "192.0.2.77", "say which: 192.0.2.0/24"),
        ("network", "2001:db8:1:2::3", "say which: 2001:db8:1::/48"),
        ("none", "192.0.2.0/24", "no addresses are kept here"),
    ],
)
def test_an_address_that_is_not_kept_cannot_be_looked_for(
    how: str, address: str, said: str, settings: Any, db: None
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "STORE_ADDRESSES": how}
    ran = sessions("list", "--network", address)
    assert ran.code == 1 and said in ran.err
