"""Events by the place in the sealed log: whoever follows it misses nothing and reads nothing twice."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import pytest
from django.db import connections, transaction

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.audit import events
from sessions_ui.audit.entries import canonical
from sessions_ui.audit.log import records
from sessions_ui.audit.seal import seal_events
from sessions_ui.verify import Entry
from tests.models import EndReason, Event, EventDetail, Seal
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.json.conftest import is_problem

pytestmark = pytest.mark.django_db

URL = "/api/admin/events"


@pytest.fixture
def reader(administrator: Any, make_token: Any) -> Program:
    return Program(make_token(administrator, scopes=["events:read"]))


def own(said: dict[str, Any]) -> list[dict[str, Any]]:
    """Without the bystander's place, which is far behind."""
    return [each for each in said["data"] if each["position"] < 10**15]


def follow(reader: Program, after: int = 0, limit: int = 100) -> tuple[list[dict[str, Any]], int]:
    """All that there is from a place on."""
    found: list[dict[str, Any]] = []
    while True:
        said = reader.get(f"{URL}?after={after}&limit={limit}").json()
        new = own(said)
        found += new
        if not new or not said["more"]:
            return found, new[-1]["position"] if new else after
        after = new[-1]["position"]


@pytest.mark.no_bystander("their place in the log is far behind")
def test_nothing_is_there_before_it_is_sealed_and_then_all_of_it(
    user: Any, browser: Any, reader: Program
) -> None:
    browser().sign_in(user)
    assert reader.get(URL).json() == {"data": [], "next": 0, "more": False}
    seal_events()
    found, last = follow(reader, limit=1)
    assert [each["position"] for each in found] == list(range(1, Event.objects.count() + 1))
    assert {each["id"] for each in found} == {*Event.objects.values_list("pk", flat=True)}
    [signed_in] = [each for each in found if each["kind"] == "signed_in"]
    session = Event.objects.get(kind="signed_in").session
    assert session is not None
    assert (signed_in["session"], signed_in["user"]) == (session.public_id, str(user.pk))
    assert signed_in["address"] == "81.2.69.142"
    assert reader.get(f"{URL}?after={last}").json() == {"data": [], "next": last, "more": False}


@pytest.mark.no_bystander("their place in the log is far behind")
def test_they_are_those_of_the_log_in_its_order(user: Any, browser: Any, reader: Program) -> None:
    for _ in range(3):
        browser().sign_in(user)
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR, ticket="INC-1")
    seal_events()
    found, _last = follow(reader)
    log = [record for record in records() if isinstance(record, Entry)]
    assert [each["position"] for each in found] == [entry.position for entry in log]
    for each, entry in zip(found, log, strict=True):
        assert f'"id":{each["id"]},' in entry.text and canonical({"kind": each["kind"]})[1:-1] in entry.text


@pytest.mark.no_bystander("their place in the log is far behind")
def test_what_was_erased_stays_as_an_event_without_its_detail(
    user: Any, browser: Any, reader: Program
) -> None:
    browser().sign_in(user)
    seal_events()
    EventDetail.objects.all()._raw_delete("default")
    found, _last = follow(reader)
    assert found and {(each["address"], each["user_agent"]) for each in found} == {(None, "")}


@pytest.mark.no_bystander("what is old goes from the whole log")
def test_a_reader_that_is_too_far_behind_is_told_so(user: Any, browser: Any, reader: Program) -> None:
    for _ in range(4):
        browser().sign_in(user)
        seal_events()
    Seal.objects.filter(position__lte=3)._raw_delete("default")
    assert is_problem(reader.get(f"{URL}?after=1"), 410, "log-was-cut")
    assert reader.get(f"{URL}?after=1").json()["first"] == 4
    assert reader.get(f"{URL}?after=3").json()["data"][0]["position"] == 4
    assert reader.get(URL).json()["data"][0]["position"] == 4  # who begins, begins where the log does


@pytest.mark.parametrize("query", ["after=-1", "after=x", f"after={2**63}", "limit=0", "limit=1001"])
def test_no_place_is_422(query: str, reader: Program) -> None:
    assert is_problem(reader.get(f"{URL}?{query}"), 422, "invalid")


@pytest.mark.no_bystander("their events are sealed, too")
def test_a_part_takes_three_statements(
    user: Any, browser: Any, reader: Program, django_assert_num_queries: Any
) -> None:
    browser().sign_in(user)
    seal_events()
    reader.get(URL)
    with django_assert_num_queries(3):
        reader.get(URL)


WRITERS, EACH = 4, 25


@pytest.mark.no_bystander("their place in the log is far behind")
@pytest.mark.django_db(transaction=True)
@pytest.mark.databases("postgresql")
def test_a_reader_that_follows_while_writers_commit_late_misses_nothing(user: Any, reader: Program) -> None:
    """Writers take their keys early and commit late, and one not before all others are long done: by `id > last` the
    reader would miss most of these."""
    stop, failures = threading.Event(), list[BaseException]()
    late = threading.Event()

    def write(number: int) -> None:
        rng = random.Random(number)
        for index in range(EACH):
            with transaction.atomic():
                events.append(Event.Kind.CODE_SENT, user_id=user.pk, data={"of": [number, index]}, text="x")
                time.sleep(rng.random() / 20)

    def write_last() -> None:
        with transaction.atomic():
            events.append(Event.Kind.CODE_SENT, user_id=user.pk, data={"of": ["late", 0]})
            late.wait(60)

    def seal() -> None:
        while not stop.is_set():
            seal_events()
            time.sleep(0.01)

    def run(work: Any, *arguments: Any) -> threading.Thread:
        def guarded() -> None:
            try:
                work(*arguments)
            except BaseException as error:
                failures.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=guarded)
        thread.start()
        return thread

    slow, sealer = run(write_last), run(seal)
    writers = [run(write, number) for number in range(WRITERS)]
    read: list[dict[str, Any]] = []
    after = 0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found, after = follow(reader, after, limit=7)
        read += found
        if not any(writer.is_alive() for writer in writers):
            late.set()
            if not slow.is_alive() and Event.objects.count() == len(read):
                break
    stop.set()
    for thread in (*writers, slow, sealer):
        thread.join()
    assert failures == []
    assert [each["position"] for each in read] == list(range(1, len(read) + 1))
    assert sorted(each["id"] for each in read) == sorted(Event.objects.values_list("pk", flat=True))
    of = [tuple(each["data"]["of"]) for each in read if each["kind"] == "code_sent"]
    assert len(of) == len({*of}) == WRITERS * EACH + 1
    assert [each["id"] for each in read] != sorted(each["id"] for each in read)  # or nothing came late
