"""Every search and filter that the documentation names finds its rows by an index: PostgreSQL is asked for its plan.

Without statistics, which no test has, the sequential scan is forbidden and the plan must name the index that was made
for the search. docs/performance.md has the milliseconds at a million rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.credentials.addresses import VerifiedAddresses
from sessions_ui.actions.help_desk.find_user import users_exactly
from sessions_ui.actions.sign_in.provider import end_provider_sessions
from sessions_ui.actions.step_up.reauthentication import failed_reauthentications
from tests.models import Session

pytestmark = [pytest.mark.django_db, pytest.mark.databases("postgresql")]

PEOPLE = "accounts_user"
# What is searched in the administration, and the index (or one of several) that must find it.
SEARCHES = [
    ("sessions_ui.session", "q=10.0.200.17", {"sessions_ui_session_address", "sessions_ui_session_moved"}),
    ("sessions_ui.session", "q=2001:db8::1", {"sessions_ui_session_address", "sessions_ui_session_moved"}),
    ("sessions_ui.session", "q=0123456789abcdef", {"sessions_ui_session_public_id"}),
    ("sessions_ui.session", "country=IS", {"sessions_ui_session_country"}),
    ("sessions_ui.session", "kind__exact=app", {"sessions_ui_session_apps"}),
    ("sessions_ui.session", "day=2026-11-27", {"sessions_ui_session_signed_in"}),
    ("sessions_ui.session", "device_kind=tv", {"sessions_ui_device_kind"}),
    ("sessions_ui.device", "q=0123456789abcdef", {"sessions_ui_device_public_id"}),
    ("sessions_ui.device", "kind__exact=tv", {"sessions_ui_device_kind"}),
    ("sessions_ui.event", "kind__exact=device_lost", {"sessions_ui_event_kind"}),
    ("sessions_ui.event", "reason__exact=device_lost", {"sessions_ui_event_reason"}),
    ("sessions_ui.act", "reason__exact=device_lost", {"sessions_ui_act_reason"}),
    ("sessions_ui.delivery", "state=parked", {"sessions_ui_delivery_parked"}),
    ("sessions_ui.delivery", "state=open", {"sessions_ui_delivery_open"}),
    ("sessions_ui.delivery", "channel=webhook", {"sessions_ui_delivery_endpoint"}),
    ("accounts.user", "q=Ada@People.example", {"accounts_user_email_iexact"}),
    ("accounts.user", "is_staff__exact=1", {"accounts_user_staff"}),
    ("accounts.user", "is_superuser__exact=1", {"accounts_user_superuser"}),
    ("accounts.user", "is_active__exact=0", {"accounts_user_inactive"}),
    ("mfa.authenticator", "q=Ada@People.example", {"accounts_user_email_iexact"}),
]
# A person's own rows, by whom they are about or who decided.
OF_PERSON = [
    ("sessions_ui.session", {"sessions_ui_session_user"}),
    ("sessions_ui.device", {"sessions_ui_device_cookie"}),
    ("sessions_ui.event", {"sessions_ui_event_user"}),
    ("sessions_ui.act", {"sessions_ui_act_actor"}),
    ("sessions_ui.delivery", {"sessions_ui_delivery_user"}),
]


def statements(call: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"] for query in captured.captured_queries]


def leave_only(indexes: set[str]) -> None:
    """Which of several indexes is best the statistics decide, and a test has none to speak of."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisunique AND indrelid IN "
            "(SELECT indrelid FROM pg_index WHERE indexrelid::regclass::text = ANY(%s))",
            [list(indexes)],
        )
        for (other,) in cursor.fetchall():
            if other not in indexes:
                cursor.execute(f"DROP INDEX {other}")


def plan_of(sql: str) -> list[dict[str, Any]]:
    """All nodes of the plan."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        found = cursor.fetchone()[0]
        cursor.execute("SET LOCAL enable_seqscan = on")
    nodes = [(json.loads(found) if isinstance(found, str) else found)[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
    return nodes


def used_of(indexes: set[str], found: list[str]) -> set[str]:
    """Those of these indexes by which the statements find their rows."""
    with transaction.atomic():
        leave_only(indexes)
        nodes = [node for sql in found for node in plan_of(sql)]
        transaction.set_rollback(True)
    return indexes & {node["Index Name"] for node in nodes if "Index Name" in node}


def counting(model: str, query: str, viewer: Any) -> list[str]:
    """The statements by which the list of the administration counts what it found: those of its rows have the same
    condition, and an order that an empty table makes free of charge."""
    request = RequestFactory().get(f"/?{query}")
    request.user, request.session = viewer, {}  # type: ignore[assignment]
    registered = admin.site._registry[apps.get_model(model)]
    found = statements(lambda: registered.changelist_view(request))
    return [sql for sql in found if sql.startswith("SELECT COUNT")]


@pytest.mark.parametrize(("model", "query", "indexes"), SEARCHES)
def test_a_search_of_the_administration_has_an_index(
    model: str, query: str, indexes: set[str], administrator: Any
) -> None:
    counts = counting(model, query, administrator)
    assert counts
    assert used_of(indexes, counts) == indexes


@pytest.mark.parametrize(("model", "indexes"), OF_PERSON)
def test_the_rows_of_a_person_have_an_index(
    model: str, indexes: set[str], administrator: Any, user: Any
) -> None:
    assert used_of(indexes, counting(model, f"q={user.email}", administrator)) == indexes


@pytest.mark.parametrize("term", ["ada@people.example", "Ada@People.EXAMPLE"])
def test_people_are_found_by_an_index_in_any_case(term: str, user: Any) -> None:
    """So ask the help desk, `sessions end`, offboarding, and every search for a person in the administration."""
    [sql] = statements(lambda: users_exactly(term))
    assert users_exactly(term) == [user.pk]
    assert used_of({"accounts_user_email_iexact"}, [sql])


def test_people_are_found_by_a_former_address_by_an_index(user: Any) -> None:
    """So asks the help desk where nobody has the address now."""
    book = VerifiedAddresses()
    [sql] = statements(lambda: book.owners("Ada@People.EXAMPLE"))
    assert used_of({"accounts_verified_email"}, [sql])


def test_what_a_session_has_tried_to_confirm_is_found_by_an_index(user: Any) -> None:
    """Sign-ins, endings and messages, which are nearly all events, write nothing into it."""
    since = timezone.now()
    session = Session(pk=7, user_id=user.pk, signed_in_at=since)
    found = statements(lambda: failed_reauthentications(user=user, session_id=session.pk, since=since))
    assert len(found) == 1
    assert used_of({"sessions_ui_event_session"}, found) == {"sessions_ui_event_session"}


def test_mails_are_found_by_their_address_by_an_index(administrator: Any) -> None:
    request = RequestFactory().get("/?q=gone@people.example")
    request.user, request.session = administrator, {}  # type: ignore[assignment]
    registered = admin.site._registry[apps.get_model("sessions_ui.delivery")]
    found = statements(lambda: registered.changelist_view(request))
    [sql] = [sql for sql in found if 'UPPER("sessions_ui_delivery"."receiver"::text)' in sql]
    # Without ORDER BY: in an empty table the order decides.
    assert used_of({"sessions_ui_delivery_receiver"}, [sql.partition(" ORDER BY ")[0]])


@pytest.mark.parametrize(
    ("word", "index"),
    [
        ({"sid": "s1"}, "sessions_ui_session_sid"),
        ({"sub": "ada-7"}, "sessions_ui_session_sub"),
        ({"sid": "s1", "sub": "ada-7"}, "sessions_ui_session_sid"),
    ],
)
def test_whom_a_provider_signs_out_is_found_by_an_index(word: dict[str, str], index: str, db: None) -> None:
    found = statements(lambda: end_provider_sessions(iss="https://id.example", **word))
    likely = next(sql for sql in found if '"sessions_ui_session"."iss"' in sql)
    assert used_of({index}, [likely]) == {index}


def test_every_filter_and_search_of_the_administration_is_looked_at() -> None:
    """A new one belongs into the lists above."""
    searched = {model for model, *_ in SEARCHES} | {model for model, _ in OF_PERSON}
    with_search = {
        model._meta.label_lower
        for model, registered in admin.site._registry.items()
        if (registered.search_fields or registered.list_filter)
        and model._meta.app_label in ("sessions_ui", "accounts", "mfa")
        and not model._meta.proxy  # the list of what other packages keep asks these
    }
    # Tokens are few beside sign-ins, and found by the index of their sessions. Large sign-outs, incidents, agreed ends
    # and recoveries are few rows, receivers of webhooks fewer.
    few = {
        "sessions_ui.accesstoken",
        "sessions_ui.serviceaccount",
        "sessions_ui.ending",
        "sessions_ui.incident",
        "sessions_ui.offboarding",
        "sessions_ui.recovery",
        "sessions_ui.endpoint",
    }
    assert with_search - few == searched
