"""An incident from its criteria to its end: looked at, ordered, approved, stopped, gone on with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings as settings_of_django
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.endings.bulk import lay_out
from sessions_ui.actions.endings.bulk.carry_out import carry_out, claim, end_batches
from sessions_ui.actions.endings.bulk.progress import receipt_of
from sessions_ui.actions.incidents.approve import approve_incident, decline_incident
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.incidents.preview import preview_incident
from sessions_ui.actions.incidents.stop import resume_incident, stop_incident
from sessions_ui.exceptions import IncidentRefusal, IncidentRefused, NotTheOwner, SessionEnded
from sessions_ui.models.incident import APPROVAL_AGE
from sessions_ui.store import SessionStore
from tests.conftest import Browser, make_person
from tests.models import AccountState, Device, Ending, EndReason, Event, Incident, Session, digest_of
from tests.races.people import request_with

pytestmark = pytest.mark.django_db
EVERYONE = Criteria(everyone=True)
EVERYBODY = pytest.mark.no_bystander("everyone is signed out")


def sign_in(user: Any, **columns: Any) -> Session:
    client = Browser()
    client.sign_in(user)
    row = Session.objects.get(digest=digest_of(client.cookies["sessionid"].value))
    Session.objects.filter(pk=row.pk).update(**columns)
    row.refresh_from_db()
    return row


def order(criteria: Criteria, **fields: Any) -> Incident:
    return order_incident(criteria=criteria, **{"note": "the cookies leaked", **fields})


def chosen(criteria: Criteria) -> set[Session]:
    """What the criteria select, but for the bystander's."""
    return set(Session.objects.filter(pk__in=criteria.sessions().values("pk")))


def living() -> set[int]:
    return set(Session.objects.living().values_list("pk", flat=True))


def steps() -> list[str]:
    events = Event.objects.filter(kind=Event.Kind.INCIDENT).order_by("pk")
    return [event.data["step"] for event in events]


@pytest.fixture
def acting(administrator: Any) -> Any:
    """The administrator acts in a request of their own; returns its session."""
    client = Browser()
    client.sign_in(administrator)
    store = SessionStore(client.cookies["sessionid"].value)
    token = context.begin(context.Acting(store))
    yield store.row if store.resolve() else None
    context.finish(token)


@pytest.fixture
def second(db: None) -> Any:
    return get_user_model().objects.create_superuser("second@staff.example", "x")


# --- What it is about


def member(group: str) -> Callable[[Any], None]:
    return lambda user: user.groups.add(Group.objects.get_or_create(name=group)[0])


HOUR = timedelta(hours=1)
# Criteria, and the columns of a session that meets them and of one that does not.
SELECTS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "organization": ({"organization_id": "acme"}, {"organization_id": "acme"}, {"organization_id": "acme2"}),
    "address": ({"network": "192.0.2.7"}, {"address": "192.0.2.7"}, {"address": "192.0.2.77"}),
    "address at sign-in": ({"network": "2001:db8::1"}, {"first_address": "2001:db8::1"}, {}),
    "network": ({"network": "192.0.2.0/25"}, {"address": "192.0.2.127"}, {"address": "192.0.2.128"}),
    "network of six": ({"network": "2001:db8::/48"}, {"first_address": "2001:db8:0:ffff::1"}, {}),
    "country": ({"country": "DE"}, {"first_country": "DE"}, {"first_country": "AT"}),
    "client": ({"client": "curl"}, {"user_agent": "CURL/8.1"}, {"user_agent": "Firefox"}),
    "method": ({"method": "totp"}, {"method": "password+totp"}, {"method": "password"}),
    "first step": ({"method": "password"}, {"method": "password+totp"}, {"method": "password_reset"}),
    "provider": ({"method": "google"}, {"provider": "google"}, {"provider": "okta"}),
}


@pytest.mark.parametrize("name", SELECTS)
def test_a_criterion_selects_what_meets_it_and_nothing_else(name: str, user: Any, other_user: Any) -> None:
    said, meets, does_not = SELECTS[name]
    criteria = Criteria(**said)
    criteria.verify()
    own, _other = sign_in(user, **meets), sign_in(other_user, **does_not)
    assert chosen(criteria) == {own}
    assert Criteria.from_json(criteria.to_json()) == criteria


def test_times_select_by_the_sign_in(user: Any) -> None:
    now = timezone.now()
    rows = [sign_in(user, signed_in_at=now - hours * HOUR) for hours in (3, 2, 1)]
    first, second, third = Session.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk")
    Session.objects.all().update(ended_at=None, end_reason="", device=None)
    assert chosen(Criteria(since=now - 2 * HOUR)) == {second, third}
    assert chosen(Criteria(before=now - 2 * HOUR)) == {first}
    criteria = Criteria(since=now - 2.5 * HOUR, before=now - 1.5 * HOUR)
    assert chosen(criteria) == {second} and Criteria.from_json(criteria.to_json()) == criteria


def test_people_groups_and_staff_are_whose_it_is(user: Any, other_user: Any, administrator: Any) -> None:
    ada, grace, admin = sign_in(user), sign_in(other_user), sign_in(administrator)
    member("editors")(other_user)
    group = Group.objects.get(name="editors").pk
    assert chosen(Criteria(users=(str(user.pk),))) == {ada}
    assert chosen(Criteria(groups=(group,))) == {grace}
    assert chosen(Criteria(staff=True)) == {admin}
    assert chosen(Criteria(staff=True, groups=(group,))) == set()
    superuser = get_user_model().objects.filter(pk=administrator.pk)
    superuser.update(is_staff=False)
    assert chosen(Criteria(staff=True)) == {admin}, "a superuser may do what staff may"


def test_unconfirmed_is_a_device_that_never_was(user: Any, other_user: Any) -> None:
    new, known = sign_in(user), sign_in(other_user)
    Device.objects.filter(pk=known.device_id).update(confirmed_at=timezone.now())
    assert chosen(Criteria(unconfirmed=True, users=(str(user.pk), str(other_user.pk)))) == {new}


def test_a_browser_is_found_by_its_name(user: Any, other_user: Any) -> None:
    his, _hers = sign_in(user, user_agent="", first_user_agent=""), sign_in(other_user)
    Device.objects.filter(pk=his.device_id).update(browser="Konqueror")
    assert chosen(Criteria(client="konqueror")) == {his}


@pytest.mark.parametrize(
    ("criteria", "reason"),
    [
        (Criteria(), IncidentRefusal.NO_CRITERIA),
        (Criteria(everyone=True, country="DE"), IncidentRefusal.EVERYONE_AND_MORE),
        (Criteria(before=timezone.now() + timedelta(days=9)), IncidentRefusal.IN_THE_FUTURE),
        (Criteria(since=timezone.now(), before=timezone.now() - HOUR), IncidentRefusal.NO_TIME),
        (Criteria(network="10.0.0.0/40"), IncidentRefusal.NO_NETWORK),
    ],
)
def test_criteria_that_cannot_be_meant_are_refused(criteria: Criteria, reason: IncidentRefusal) -> None:
    for act in (lambda: order(criteria), lambda: preview_incident(criteria=criteria)):
        with pytest.raises(IncidentRefused) as refused:
            act()
        assert refused.value.reason == reason
    assert not Incident.objects.exists() and steps() == []


def test_a_programs_moment_has_a_time_zone(settings: Any) -> None:
    settings.USE_TZ = True
    for name in ("since", "before"):
        with pytest.raises(ValueError, match=f"{name} needs a time zone"):
            Criteria(**{name: datetime(2026, 11, 1)})


def test_one_text_is_not_taken_for_several_keys(user: Any) -> None:
    own = sign_in(user)
    for criteria in (Criteria(users=str(user.pk)), Criteria(groups="12")):  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="tuples of keys"):
            order(criteria)
    assert own.pk in living() and not Incident.objects.exists()


def test_a_country_is_found_however_it_is_written(user: Any) -> None:
    own = sign_in(user, first_country="DE")
    assert chosen(Criteria(country="de")) == {own}


@pytest.mark.parametrize(
    ("criteria", "rule"),
    [
        (EVERYONE, "everyone"),
        (Criteria(staff=True), "staff"),
        (Criteria(before=timezone.now()), "before"),
        (Criteria(staff=True, country="DE"), None),
        (Criteria(since=timezone.now()), None),
        (Criteria(organization_id="acme"), None),
    ],
)
def test_what_is_in_force_at_once(criteria: Criteria, rule: str | None) -> None:
    assert criteria.rule == rule


# --- Looking


@EVERYBODY
def test_a_preview_counts_shows_and_ends_nothing(user: Any, other_user: Any, acting: Any) -> None:
    rows = [sign_in(user), sign_in(other_user)]
    actor = acting.user
    preview = preview_incident(criteria=EVERYONE, actor=actor)
    counts = preview.counts
    assert (counts.sessions, counts.people, counts.includes_own) == (2, 2, True), "the own one is left out"
    assert [row.pk for row in preview.examples] == [rows[1].pk, rows[0].pk]
    counts = (whole := preview_incident(criteria=EVERYONE, actor=actor, include_own=True)).counts
    assert (counts.sessions, counts.people, counts.includes_own) == (3, 3, True)
    assert [row.pk for row in whole.examples] == [rows[1].pk, rows[0].pk, acting.pk]
    assert preview.in_force_after == timedelta() < preview.done_after
    assert steps() == ["previewed"] * 2 and len(living()) == 3
    batched = preview_incident(criteria=Criteria(users=(str(user.pk),)), actor=actor)
    assert batched.in_force_after == batched.done_after > timedelta()


@EVERYBODY
@pytest.mark.parametrize("include_own", [False, True])
@pytest.mark.parametrize("criteria", [EVERYONE, Criteria(staff=True)])
def test_what_a_preview_has_counted_is_what_ends(
    criteria: Criteria, include_own: bool, user: Any, acting: Any
) -> None:
    """Staff is also who was it at the sign-in (`models/containment.py`)."""
    former = make_person("former@staff.example", is_staff=True)
    sign_in(user)
    sign_in(former, access_flags=",is_staff,")
    get_user_model().objects.filter(pk=former.pk).update(is_staff=False)
    counts = preview_incident(criteria=criteria, actor=acting.user, include_own=include_own).counts
    incident = order(criteria, actor=acting.user, include_own=include_own)
    end_batches()
    incident.refresh_from_db()
    assert incident.ending is not None
    receipt = receipt_of(incident.ending)
    assert counts.sessions == incident.sessions == incident.ending.total == receipt.ended
    assert counts.people == incident.people == receipt.ended


def test_who_was_staff_at_the_sign_in_is_meant_with_other_criteria_too(user: Any, other_user: Any) -> None:
    his, _hers = sign_in(user, access_flags=",is_staff,"), sign_in(other_user)
    both = (str(user.pk), str(other_user.pk))
    criteria = Criteria(staff=True, users=both)
    assert chosen(criteria) == {his}
    accounts = criteria.accounts()
    assert accounts is not None and list(accounts.values_list("pk", flat=True)) == [user.pk]


# --- Ordering


@EVERYBODY
def test_the_own_session_is_left_out_unless_it_is_asked_for(user: Any, acting: Any) -> None:
    his = sign_in(user)
    incident = order(EVERYONE, actor=acting.user)
    assert incident.kept == [acting.pk]
    end_batches()
    assert living() == {acting.pk}
    assert Session.objects.get(pk=his.pk).ended_by_id == acting.user_id
    order(EVERYONE, actor=acting.user, include_own=True)
    end_batches()
    assert living() == set()


def test_the_own_session_is_left_out_batch_by_batch_too(user: Any, acting: Any) -> None:
    his = sign_in(user)
    both = (str(user.pk), str(acting.user_id))
    order(Criteria(users=both), actor=acting.user)
    assert his.pk in living(), "in force batch by batch"
    end_batches()
    assert living() == {acting.pk}


def test_a_named_account_has_nobody_waiting_and_nothing_to_be_adopted(user: Any) -> None:
    incident = order(Criteria(users=(str(user.pk),)))
    state = AccountState.objects.get(pk=user.pk)
    assert (state.epoch, state.reason, state.cut_at is not None) == (1, EndReason.INCIDENT, True)
    assert incident.ending is not None and incident.ending.done_at is not None, "nothing was signed in"


def test_what_signs_in_after_the_order_is_not_touched(user: Any) -> None:
    old = sign_in(user)
    order(Criteria(users=(str(user.pk),)))
    new = sign_in(user)
    end_batches()
    assert old.pk not in living() and new.pk in living()


def test_who_signs_in_again_in_the_same_browser_before_the_worker_comes_stays(user: Any) -> None:
    """Their session goes on in the row that was chosen, under a new key."""
    client = Browser()
    client.force_login(user)
    row = Session.objects.of(user).get()
    order(Criteria(users=(str(user.pk),)))
    request = request_with(SessionStore(client.cookies["sessionid"].value))
    login(request, user, backend=settings_of_django.AUTHENTICATION_BACKENDS[0])
    assert request.session.session_id == row.pk
    end_batches()
    assert living() == {row.pk}


def test_the_order_is_kept_with_all_that_was_said(user: Any, administrator: Any) -> None:
    sign_in(user)
    happened = timezone.now() - timedelta(days=3)
    criteria = Criteria(users=(str(user.pk),))
    incident = order(criteria, actor=administrator, ticket="INC-1", note=" leaked ", happened_at=happened)
    end_batches()
    incident.refresh_from_db()
    assert incident.state == Incident.State.DONE and incident.happened_at == happened
    assert (incident.sessions, incident.people, incident.note) == (1, 1, "leaked")
    act = Session.objects.of(user).get().act
    assert act is not None and act.ending == incident.ending
    assert (act.reason, act.actor_id, act.ticket, act.note) == (
        EndReason.INCIDENT,
        administrator.pk,
        "INC-1",
        "leaked",
    )
    assert steps() == ["ordered", "finished"]
    event = Event.objects.filter(kind=Event.Kind.INCIDENT).earliest("pk")
    assert user.email in event.detail.text and user.email not in str(event.data)
    assert event.data["ticket"] == "INC-1" and event.actor_id == administrator.pk


def test_one_form_orders_once_whatever_else_is_on_its_way(user: Any, administrator: Any) -> None:
    """Two that are sent at the same moment: the database lets one of them in."""
    nonce = uuid4()
    first = order(Criteria(users=(str(user.pk),)), actor=administrator, nonce=nonce)
    later = sign_in(user)
    with pytest.raises(IncidentRefused) as no:
        order(Criteria(users=(str(user.pk),)), actor=administrator, nonce=nonce)
    assert no.value.reason == IncidentRefusal.ORDERED_BEFORE
    assert steps() == ["ordered"] and Incident.objects.get() == first
    end_batches()
    assert later.pk in living()
    order(Criteria(users=(str(user.pk),)), actor=administrator)
    order(Criteria(users=(str(user.pk),)), actor=administrator)
    assert Incident.objects.count() == 3, "of those without a form each is one"


def test_it_takes_a_reason_and_the_right(user: Any, agent: Any) -> None:
    criteria = Criteria(users=(str(user.pk),))
    for fields, reason in (
        ({"note": "  "}, IncidentRefusal.NO_REASON),
        ({"happened_at": timezone.now() + timedelta(minutes=1)}, IncidentRefusal.IN_THE_FUTURE),
        ({"actor": agent}, IncidentRefusal.NOT_ALLOWED),
    ):
        with pytest.raises(IncidentRefused) as refused:
            order(criteria, **fields)
        assert refused.value.reason == reason
    agent.user_permissions.add(Permission.objects.get(codename="order_incident"))
    order(criteria, actor=get_user_model().objects.get(pk=agent.pk))


def test_staff_in_somebodys_account_orders_nothing(user: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(context, "is_impersonated", lambda: True)
    with pytest.raises(NotTheOwner):
        order(EVERYONE)


def test_an_administrator_who_was_signed_out_meanwhile_orders_nothing(user: Any, acting: Any) -> None:
    sign_in(user)
    actor = acting.user
    order(Criteria(staff=True))
    with pytest.raises(SessionEnded):
        order(Criteria(users=(str(user.pk),)), actor=actor)
    assert Incident.objects.count() == 1


# --- A second administrator


@pytest.fixture
def approval(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "INCIDENT_APPROVAL_ABOVE": 0}


def test_nothing_is_in_force_before_somebody_else_approves(
    user: Any, administrator: Any, second: Any, approval: None
) -> None:
    row = sign_in(user)
    incident = order(Criteria(users=(str(user.pk),)), actor=administrator)
    assert incident.state == Incident.State.WAITING and end_batches() == 0
    with pytest.raises(IncidentRefused) as refused:
        approve_incident(incident=incident, actor=administrator)
    assert refused.value.reason == IncidentRefusal.SAME_PERSON
    approved = approve_incident(incident=incident, actor=second)
    assert approved.state == Incident.State.RUNNING and approved.approved_by_id == second.pk
    end_batches()
    row.refresh_from_db()
    assert row.ended_by_id == administrator.pk
    assert steps() == ["asked_for", "approved", "finished"]
    with pytest.raises(IncidentRefused) as refused:
        approve_incident(incident=incident, actor=second)
    assert refused.value.reason == IncidentRefusal.NOT_WAITING


@EVERYBODY
def test_both_administrators_stay_signed_in(
    user: Any, administrator: Any, acting: Any, second: Any, approval: None
) -> None:
    incident = order(EVERYONE, actor=acting.user)
    other = Browser()
    other.force_login(second)
    store = SessionStore(other.cookies["sessionid"].value)
    token = context.begin(context.Acting(store))
    approve_incident(incident=incident, actor=second)
    context.finish(token)
    end_batches()
    assert living() == {acting.pk, store.session_id}


def test_an_order_can_be_declined_and_is_not_approved_then(
    user: Any, administrator: Any, second: Any, approval: None
) -> None:
    incident = order(Criteria(users=(str(user.pk),)), actor=administrator)
    assert decline_incident(incident=incident, actor=second).state == Incident.State.DECLINED
    with pytest.raises(IncidentRefused):
        approve_incident(incident=incident, actor=second)
    assert steps() == ["asked_for", "declined"]


def test_an_order_of_yesterday_is_not_approved_any_more(
    user: Any, administrator: Any, second: Any, approval: None
) -> None:
    incident = order(Criteria(users=(str(user.pk),)), actor=administrator)
    with time_machine.travel(timezone.now() + APPROVAL_AGE, tick=False):
        with pytest.raises(IncidentRefused) as no:
            approve_incident(incident=incident, actor=second)
        assert no.value.reason == IncidentRefusal.APPROVAL_OVER
        assert incident.state == Incident.State.LAPSED, "and no script waits for it"
        call_command("sessions", "incident", "--status", str(incident.pk), stdout=StringIO())


def test_an_order_that_lapses_while_somebody_approves_it_is_asked_once_whether_it_has(
    user: Any, administrator: Any, second: Any, approval: None, monkeypatch: Any
) -> None:
    """Asked twice, it had been decided already."""
    incident = order(Criteria(users=(str(user.pk),)), actor=administrator)
    states = iter([Incident.State.WAITING, Incident.State.LAPSED])
    monkeypatch.setattr(Incident, "state", property(lambda _: next(states)))
    assert approve_incident(incident=incident, actor=second).ordered_at is not None


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_superuser": False}, None])
def test_an_order_of_whoever_has_lost_the_right_since_is_not_approved(
    change: dict[str, bool] | None, user: Any, administrator: Any, second: Any, approval: None
) -> None:
    """Two have to want it who may."""
    own = sign_in(user)
    incident = order(Criteria(users=(str(user.pk),)), actor=administrator)
    row = get_user_model().objects.filter(pk=administrator.pk)
    if change is None:
        row.delete()
    else:
        row.update(**change)
    with pytest.raises(IncidentRefused) as no:
        approve_incident(incident=incident, actor=second)
    assert no.value.reason == IncidentRefusal.ORDERER_LEFT
    assert end_batches() == 0 and own.pk in living()


def test_what_is_gone_by_now_is_said_in_words(user: Any, other_user: Any) -> None:
    group = Group.objects.create(name="editors")
    criteria = Criteria(users=(str(user.pk), str(other_user.pk)), groups=(group.pk,))
    assert criteria.in_words() == [("People", f"{user}, {other_user}"), ("Groups", "editors")]
    keys = user.pk, group.pk
    user.delete()
    group.delete()
    assert criteria.in_words() == [
        ("People", f"deleted account {keys[0]}, {other_user}"),
        ("Groups", f"deleted group {keys[1]}"),
    ]


def test_the_command_line_and_what_is_small_enough_does_not_wait(
    user: Any, administrator: Any, settings: Any
) -> None:
    sign_in(user)
    criteria = Criteria(users=(str(user.pk),))
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "INCIDENT_APPROVAL_ABOVE": 1}
    assert order(criteria, actor=administrator).state != Incident.State.WAITING
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "INCIDENT_APPROVAL_ABOVE": 0}
    sign_in(user)
    assert order(criteria).state != Incident.State.WAITING
    assert order(criteria, actor=administrator).state == Incident.State.WAITING


# --- The sweep


@pytest.fixture
def crowd(db: None, monkeypatch: Any) -> list[Session]:
    """Five people, the third with three sessions; pages of four and batches of two."""
    monkeypatch.setattr(lay_out, "PAGE", 4)
    monkeypatch.setattr(lay_out, "BATCH", 2)
    monkeypatch.setattr(lay_out, "LARGE_BATCH", 2)
    people = [get_user_model().objects.create_user(f"p{number}@people.example", "x") for number in range(5)]
    far = timezone.now() + timedelta(days=1)
    return Session.objects.bulk_create(
        Session(digest=f"{person.pk}-{index}", user=person, expires_at=far, signed_in_at=timezone.now())
        for person in people
        for index in range(3 if person == people[2] else 1)
    )


def ended() -> int:
    return Session.objects.filter(end_reason=EndReason.INCIDENT).count()


@EVERYBODY
def test_batches_are_laid_out_as_they_are_needed_and_everybody_gets_one_mail(crowd: Any) -> None:
    incident = order(EVERYONE)
    assert incident.ending is not None and not incident.ending.batches.exists()
    assert end_batches() == 7
    ending = Ending.objects.get()
    assert (ending.total, ending.is_laid_out, ending.done_at is not None) == (7, True, True)
    # The third does not fit into a batch, but nobody else is split.
    assert sorted(len(batch.keys) for batch in ending.batches.all()) == [1, 2, 2, 2]
    keys = [pk for batch in ending.batches.order_by("pk") for pk in batch.keys]
    assert keys == [row.pk for row in Session.objects.order_by("user_id", "pk")]


@EVERYBODY
def test_of_two_orders_a_worker_lays_out_the_one_it_is_sent_for_and_not_what_was_stopped(
    crowd: Any, administrator: Any
) -> None:
    first, second = order(EVERYONE), order(EVERYONE)
    assert first.ending is not None and second.ending is not None
    assert lay_out.lay_out(second.ending)
    assert second.ending.batches.exists() and not first.ending.batches.exists()
    assert end_batches(ending=second.ending) == 7
    assert stop_incident(incident=first, actor=administrator)
    assert lay_out.lay_out(first.ending) is False
    end_batches()
    assert list(Ending.objects.filter(is_laid_out=False)) == [first.ending]


@EVERYBODY
def test_a_sweep_that_is_stopped_goes_on_where_it_was(crowd: Any, administrator: Any) -> None:
    incident = order(EVERYONE)
    end_batches(seconds=0)
    ending = Ending.objects.get()
    assert lay_out.lay_out(ending)
    batch = claim()
    assert batch is not None and carry_out(batch) == 2
    assert stop_incident(incident=incident, actor=administrator)
    assert not stop_incident(incident=incident, actor=administrator)
    assert end_batches() == 0 and ended() == 2
    assert Incident.objects.get().state == Incident.State.STOPPED
    assert resume_incident(incident=incident, actor=administrator)
    assert not resume_incident(incident=incident, actor=administrator)
    assert end_batches() == 5 and ended() == 7
    assert Incident.objects.get().state == Incident.State.DONE
    assert steps() == ["ordered", "stopped", "resumed", "finished"]


@EVERYBODY
def test_what_a_killed_worker_held_is_ended_by_the_next_one(crowd: Any) -> None:
    order(EVERYONE)
    ending = Ending.objects.get()
    lay_out.lay_out(ending)
    assert claim() is not None  # by a worker that dies
    assert end_batches() == 5, "all but what it holds"
    assert Ending.objects.get().done_at is None
    ending.batches.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert end_batches() == 2
    incident = Incident.objects.select_related("ending").get()
    assert incident.state == Incident.State.DONE
    assert incident.ending is not None and receipt_of(incident.ending).ended == 7


def test_a_stopped_order_of_batches_leaves_the_rest_signed_in(user: Any, administrator: Any) -> None:
    row = sign_in(user)
    incident = order(Criteria(users=(str(user.pk),)))
    stop_incident(incident=incident)
    assert end_batches() == 0 and row.pk in living()
    resume_incident(incident=incident)
    assert end_batches() == 1


def test_only_whoever_may_order_stops_and_resumes(user: Any, agent: Any) -> None:
    sign_in(user)
    incident = order(Criteria(users=(str(user.pk),)))
    for act in (stop_incident, resume_incident):
        with pytest.raises(IncidentRefused):
            act(incident=incident, actor=agent)
