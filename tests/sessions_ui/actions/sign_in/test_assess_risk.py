# ruff: noqa: E501 -- user agents are as long as they are
"""What a sign-in is found to be, and who is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.devices.lost import mark_lost
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sessions.rules.kinds import rules_for
from sessions_ui.actions.sign_in.alert import MOST
from sessions_ui.actions.sign_in.assess_risk import REMEMBERED, assess, history_of, judge_change
from sessions_ui.actions.sign_in.attempt import attempt_of
from sessions_ui.actions.sign_in.identify_device import IdentifiedDevice
from sessions_ui.actions.trusted_addresses import settled_or_oldest
from sessions_ui.client.user_agent import parse
from sessions_ui.store import SessionStore
from tests.conftest import FIREFOX_ON_LINUX
from tests.models import AccountState, Delivery, Device, EndReason, Event, Session

pytestmark = pytest.mark.django_db

CHROME_ON_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
SWEDEN = "89.160.20.112"


def latest() -> Session:
    return Session.objects.select_related("device").latest("pk")


def found() -> tuple[str, list[str]]:
    session = latest()
    return session.verdict, session.verdict_reasons


def test_the_first_sign_in_ever_is_ordinary(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    assert found() == ("", [])
    assert not Event.objects.filter(kind=Event.Kind.FLAGGED).exists() and not Delivery.objects.exists()


def test_a_known_device_is_ordinary_wherever_it_is(user: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(user)
    Session.objects.update(last_seen_at=timezone.now() - timedelta(days=2))
    del client.cookies["sessionid"]
    client.post(
        "/account/login/",
        {"login": user.email, "password": "correct horse battery staple"},
        REMOTE_ADDR=SWEDEN,
    )
    assert latest().address == SWEDEN and found() == ("", [])


def test_a_new_device_is_new_and_told_once(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    browser().sign_in(user)
    assert found() == ("new", ["new_device"])
    event = Event.objects.get(kind=Event.Kind.FLAGGED)
    assert (event.user_id, event.session_id, event.device_id) == (user.pk, latest().pk, latest().device_id)
    assert (event.data["level"], event.data["reasons"], event.data["told"]) == ("new", ["new_device"], True)
    assert [(d.event_id, d.channel, d.receiver) for d in Delivery.objects.all()] == [
        (event.pk, "mail", user.email)
    ]
    browser().sign_in(user)
    assert found() == ("new", ["new_device"])
    assert Delivery.objects.count() == 1, "it looks like the first"
    assert sum(session.needs_a_look for session in Session.objects.all()) == 2


def test_a_new_country_makes_it_suspicious_and_is_told_too(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    browser().sign_in(user)
    Session.objects.update(last_seen_at=timezone.now() - timedelta(days=2))
    browser(address=SWEDEN).sign_in(user)
    assert found() == ("suspicious", ["new_device", "new_country"])
    assert Delivery.objects.count() == 2


def test_look_alikes_are_told_again_after_the_window(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    browser().sign_in(user)
    events = Event.objects.filter(kind=Event.Kind.FLAGGED)
    super(type(events), events).update(at=timezone.now() - timedelta(hours=25))
    browser().sign_in(user)
    assert Delivery.objects.count() == 2


def test_never_a_mail_storm(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    for number in range(MOST + 3):
        browser(user_agent=f"Browser{number}/1.0").force_login(user)
        browser(user_agent=f"{CHROME_ON_WINDOWS} OPR/{number}", address=f"89.160.20.{number + 100}").sign_in(
            user
        )
        Session.objects.update(verdict="")
        Device.objects.update(browser=f"Other {number}")
        event = Event.objects.filter(kind=Event.Kind.FLAGGED).latest("pk")
        super(type(Event.objects.all()), Event.objects.filter(pk=event.pk)).update(
            data={**event.data, "look": str(number)}
        )
    assert Event.objects.filter(kind=Event.Kind.FLAGGED).count() == MOST + 3
    assert Delivery.objects.count() == MOST + 1, "the last one says how many more there were"


def test_a_thief_is_not_known_at_the_second_visit(user: Any, browser: Any) -> None:
    """Nor is the thief's country, before or after the owner has said what it was."""
    browser().sign_in(user)
    Session.objects.update(last_seen_at=timezone.now() - timedelta(days=2))
    thief = browser(user_agent=CHROME_ON_WINDOWS, address=SWEDEN)
    thief.sign_in(user)
    thief.cookies.pop("sessionid")
    thief.sign_in(user)
    assert found() == ("suspicious", ["new_device", "new_country"])
    assert Delivery.objects.count() == 1, "nothing new to tell"
    report_not_me(session=latest())
    AccountState.objects.filter(pk=user.pk).update(password_required_at=None)  # the password is void by it
    browser(user_agent=CHROME_ON_WINDOWS, address=SWEDEN).sign_in(user)
    assert found() == ("suspicious", ["new_device", "new_country"])
    thief.sign_in(user)
    assert found() == ("suspicious", ["not_me_device"])


def test_a_lost_device_that_is_back_is_suspicious(user: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(user)
    mark_lost(device=latest().device, actor=user)
    client.sign_in(user)
    assert found() == ("suspicious", ["lost_device"])


def test_a_copied_cookie_is_suspicious_and_so_is_the_original_until_confirmed(
    user: Any, browser: Any
) -> None:
    client, thief = browser(), browser(user_agent=CHROME_ON_WINDOWS)
    client.sign_in(user)
    thief.cookies["__Host-device"] = client.cookies["__Host-device"].value
    thief.sign_in(user)
    assert found() == ("suspicious", ["copied_cookie"])
    client.cookies.pop("sessionid")
    client.sign_in(user)
    assert found() == ("suspicious", ["copied_cookie"])
    Device.objects.filter(pk=latest().device_id).update(confirmed_at=timezone.now())
    client.cookies.pop("sessionid")
    client.sign_in(user)
    assert found() == ("", [])


def test_without_device_cookies_its_own_description_is_all_there_is(
    user: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "DEVICE_COOKIE": False}
    browser().sign_in(user)
    browser().sign_in(user)
    assert found() == ("", [])
    browser(user_agent=CHROME_ON_WINDOWS).sign_in(user)
    assert found() == ("new", ["new_device"])


@pytest.mark.control("SP 800-63B 5.3")
def test_another_browser_in_the_middle_of_a_session_is_suspicious(
    user: Any, browser: Any, django_capture_on_commit_callbacks: Any
) -> None:
    client = browser()
    client.sign_in(user)

    def use(user_agent: str) -> None:
        Session.objects.update(last_seen_at=timezone.now() - timedelta(minutes=2))
        with django_capture_on_commit_callbacks(execute=True):
            client.get("/account/devices/", HTTP_USER_AGENT=user_agent)

    own = client.defaults["HTTP_USER_AGENT"]
    for user_agent in (CHROME_ON_WINDOWS, own, CHROME_ON_WINDOWS):
        use(user_agent)
    assert found() == ("suspicious", ["changed_client"])
    assert Event.objects.filter(kind=Event.Kind.FLAGGED).count() == 1 == Delivery.objects.count()
    newer = own.replace("145", "146")
    Session.objects.update(verdict="", user_agent=own)
    use(newer)
    assert latest().user_agent == newer and latest().verdict == "", "an update is none"


def test_a_sign_in_without_a_request_is_not_judged(user: Any, browser: Any) -> None:
    for _ in range(2):
        browser().force_login(user)
    assert not Session.objects.exclude(verdict="").exists()


def test_the_past_costs_one_statement_whatever_its_length(user: Any, browser: Any) -> None:
    counts = []
    for number in (1, 20):
        for _ in range(number):
            browser().force_login(user)
        client = browser()
        page = client.get("/account/login/")
        assert page.status_code == 200
        with CaptureQueriesContext(connection) as queries:
            client.sign_in(user)
        counts.append(
            len([q for q in queries if "verdict_reasons" in q["sql"] and q["sql"].startswith("SELECT")])
        )
    assert counts[0] == counts[1]


@pytest.mark.control("SP 800-63B 4.6")
@pytest.mark.parametrize(
    ("ages", "told"),
    [
        ({"old@a.example": 40, "new@a.example": 1}, ["old@a.example"]),
        ({"old@a.example": 40, "older@a.example": 400}, ["old@a.example", "older@a.example"]),
        ({"new@a.example": 1, "newer@a.example": 0}, ["new@a.example"]),
        ({"unknown@a.example": None, "new@a.example": 1}, ["unknown@a.example"]),
        ({"old@a.example": 40, "Old@A.example": 50}, ["old@a.example"]),
        ({"": None}, []),
        ({}, []),
    ],
)
def test_whom_an_alert_goes_to(ages: dict[str, int | None], told: list[str]) -> None:
    now = timezone.now()
    addresses = [
        (address, None if days is None else now - timedelta(days=days)) for address, days in ages.items()
    ]
    assert sorted(settled_or_oldest(addresses, now)) == told


def test_a_disowned_past_is_none(user: Any, browser: Any) -> None:
    """Ended as suspicious counts like disowned: the country of whoever it was is not the owner's."""
    browser(address=SWEDEN).sign_in(user)
    Session.objects.update(end_reason=EndReason.SUSPICIOUS, ended_at=timezone.now())
    browser().sign_in(user)
    assert found() == ("new", ["new_device"])


@pytest.mark.parametrize(("way", "ends"), [("flag", False), ("challenge", True), ("end", True)])
def test_another_browser_in_the_middle_of_one_session_says_nothing_of_any_other(
    way: str,
    ends: bool,
    user: Any,
    other_user: Any,
    browser: Any,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """The others are older: the first rows of their table."""
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "SUSPICIOUS_SIGN_INS": way,
        "LAST_SEEN_EVERY": timedelta(0),
    }
    for person in (other_user, user):
        browser().force_login(person)
    before = list(Session.objects.order_by("pk").values())
    client = browser()
    client.force_login(user)
    with django_capture_on_commit_callbacks(execute=True):
        client.get("/account/devices/", HTTP_USER_AGENT=CHROME_ON_WINDOWS)
        client.get("/account/devices/")
        client.get("/account/devices/", HTTP_USER_AGENT=CHROME_ON_WINDOWS)
    assert len(before) == 2 and list(Session.objects.order_by("pk").values()[:2]) == before
    session = latest()
    assert session.verdict_reasons == ["changed_client"]
    assert session.end_reason == ("suspicious" if ends else "")
    assert {event.session_id for event in Event.objects.filter(kind=Event.Kind.FLAGGED)} == {session.pk}


def judge(session: Session, user: Any, *, after: str) -> None:
    client = client_of({"HTTP_USER_AGENT": after, "REMOTE_ADDR": SWEDEN})
    judge_change(session.pk, user.pk, parse(session.user_agent), client.client, client)


def test_headers_that_tell_of_the_same_browser_flag_nothing(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    session = latest()
    judge(session, user, after=session.user_agent.replace("145", "146"))
    assert found() == ("", [])
    judge(session, user, after=CHROME_ON_WINDOWS)
    assert found() == ("suspicious", ["changed_client"])


def test_a_session_whose_user_is_gone_when_it_is_judged_is_not_flagged(
    browser: Any, django_user_model: Any
) -> None:
    """Deleted past Django, so that nothing of theirs has ended."""
    somebody = django_user_model.objects.create_user(email="gone@people.example")
    browser().force_login(somebody)
    session = latest()
    session.user_agent = FIREFOX_ON_LINUX
    rows = django_user_model.objects.filter(pk=somebody.pk)
    rows._raw_delete(rows.db)
    judge(session, somebody, after=CHROME_ON_WINDOWS)
    assert found() == ("", [])
    assert not Event.objects.filter(kind=Event.Kind.FLAGGED).exists()


def test_a_session_that_ended_before_it_was_judged_is_not_flagged(
    user: Any, other_user: Any, browser: Any
) -> None:
    browser().sign_in(other_user)
    browser().sign_in(user)
    session = latest()
    end_session(session=session, reason=EndReason.SIGNED_OUT)
    before = list(Session.objects.order_by("pk").values())
    judge(session, user, after=CHROME_ON_WINDOWS)
    assert list(Session.objects.order_by("pk").values()) == before
    assert not Event.objects.filter(kind=Event.Kind.FLAGGED).exists()


def test_a_session_is_not_flagged_where_the_event_cannot_be_written(
    user: Any, browser: Any, request: pytest.FixtureRequest
) -> None:
    """Nor would it be flagged the next time: once is enough."""
    browser().sign_in(user)
    session = latest()
    request.getfixturevalue("failing_events")
    with pytest.raises(DatabaseError):
        judge(session, user, after=CHROME_ON_WINDOWS)
    assert found() == ("", [])


@pytest.mark.parametrize("kind", [*Session.Kind.values, "later"])
def test_whether_a_change_of_client_is_judged_is_asked_of_the_table(
    user: Any, browser: Any, kind: str
) -> None:
    browser().sign_in(user)
    session = latest()
    Session.objects.filter(pk=session.pk).update(kind=kind)
    judge(session, user, after=CHROME_ON_WINDOWS)
    assert (found() == ("suspicious", ["changed_client"])) == rules_for(kind).is_judged


@pytest.mark.parametrize("kind", Session.Kind)
def test_whether_a_sign_in_is_judged_is_asked_of_the_table(
    user: Any, browser: Any, rf: Any, kind: Session.Kind
) -> None:
    """Nothing signs in to a token by itself; who writes that says in the table whether it is judged."""
    browser(address=SWEDEN).sign_in(user)
    request = rf.get("/")
    request.session = SessionStore()
    attempt = replace(attempt_of(request, user, backend=""), kind=kind)
    device = IdentifiedDevice(Device.objects.create(user=user), new=True, cookie=None)
    verdict = assess(attempt, device, sign_ins=1, session_pk=0, now=timezone.now()).verdict
    assert bool(verdict.level) == rules_for(kind).is_judged


def test_the_last_hundred_sessions_are_the_past(user: Any, browser: Any) -> None:
    assert REMEMBERED == 100
    browser(address=SWEDEN).sign_in(user)
    oldest = latest()
    Session.objects.bulk_create(
        Session(digest=f"{number:064}", user=user, expires_at=timezone.now(), device=oldest.device)
        for number in range(99)
    )
    device = Device.objects.create(user=user)
    countries = partial(history_of, user, device, copied=False, new=True, used=False, session_pk=0)
    assert countries().countries == {"SE"}
    Session.objects.create(digest="one more", user=user, expires_at=timezone.now(), device=oldest.device)
    assert countries().countries == frozenset()


def test_where_somebody_was_is_known_of_places_with_coordinates_alone(user: Any, browser: Any) -> None:
    """Some place files know the country, and no more."""
    browser(address=SWEDEN).sign_in(user)
    known, device = latest(), Device.objects.create(user=user)
    sightings = partial(history_of, user, device, copied=False, new=True, used=False, session_pk=0)
    assert len(sightings().sightings) == 1
    Session.objects.filter(pk=known.pk).update(place={"country_code": "SE"})
    assert (sightings().sightings, sightings().countries) == ((), {"SE"})
