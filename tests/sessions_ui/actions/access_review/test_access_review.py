"""An access review: who is on the list, what is decided about each line, what is left of it."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from sessions_ui.actions.access_review.decide import close_access_review, decide_access
from sessions_ui.actions.access_review.export import export_access_review
from sessions_ui.actions.access_review.open import open_access_review
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.exceptions import ReviewRefusal, ReviewRefused
from tests.conftest import make_person
from tests.models import AccessReview, AccessReviewItem, AccountState, Act, Device, EndReason, Event, Session

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("the list has everybody")]
Kind, Decision = AccessReviewItem.Kind, AccessReviewItem.Decision


@pytest.fixture
def reviewer(db: None) -> Any:
    """Staff with this one right."""
    person = make_person("reviewer@staff.example", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="review_access"))
    return person


@pytest.fixture
def people(user: Any, other_user: Any, browser: Any) -> None:
    """Ada on two devices, on one of them twice; Grace on one."""
    first = browser()
    first.sign_in(user)
    browser().sign_in(user)
    second = Session.objects.latest("pk")
    Session.objects.create(
        user=user,
        device=second.device,
        digest="d",
        signed_in_at=timezone.now(),
        expires_at=second.expires_at,
    )
    browser().sign_in(other_user)


@pytest.fixture
def review(people: None, reviewer: Any) -> AccessReview:
    return open_access_review(actor=reviewer, ticket="AUD-1")


def line(review: AccessReview, user: Any, kind: str = Kind.PERSON) -> AccessReviewItem:
    return review.items.filter(user=user, kind=kind).order_by("pk")[0]


def steps() -> list[str]:
    kinds = Event.objects.filter(kind=Event.Kind.ACCESS_REVIEW).order_by("pk")
    return [event.data["step"] for event in kinds]


def test_the_list_has_people_and_their_devices(review: AccessReview, user: Any, other_user: Any) -> None:
    lines = review.items.order_by("kind", "user", "pk").values_list("kind", "user", "sign_ins")
    assert list(lines) == [
        (Kind.DEVICE, user.pk, 1),
        (Kind.DEVICE, user.pk, 2),
        (Kind.DEVICE, other_user.pk, 1),
        (Kind.PERSON, user.pk, 3),
        (Kind.PERSON, other_user.pk, 1),
    ]
    assert set(review.items.values_list("decision", flat=True)) == {""}
    opened = Event.objects.get(kind=Event.Kind.ACCESS_REVIEW)
    assert opened.data == {"step": "opened", "review": review.public_id, "organization": "", "lines": 5}


def test_support_in_an_account_is_a_line_of_its_own(people: None, reviewer: Any, user: Any) -> None:
    staff = Session.objects.latest("pk")
    support = Session.objects.filter(user=user).latest("pk")
    Session.objects.filter(pk=support.pk).update(impersonated_from=staff, impersonator=reviewer)
    review = open_access_review(actor=reviewer)
    assert line(review, user, Kind.SUPPORT).session_id == support.pk
    assert line(review, user).sign_ins == 2
    decide_access(item=line(review, user, Kind.SUPPORT), actor=reviewer, decision=Decision.END)
    assert list(Session.objects.filter(ended_at__isnull=False)) == [support]


def test_it_can_be_of_one_organization(people: None, reviewer: Any, user: Any, other_user: Any) -> None:
    mine = Session.objects.filter(user=user).order_by("pk")
    Session.objects.filter(pk=mine[0].pk).update(organization_id="acme")
    review = open_access_review(actor=reviewer, organization_id="acme")
    assert {(each.kind, each.user_id, each.sign_ins) for each in review.items.all()} == {
        (Kind.PERSON, user.pk, 1),
        (Kind.DEVICE, user.pk, 1),
    }
    decide_access(item=line(review, user), actor=reviewer, decision=Decision.END)
    assert list(Session.objects.filter(ended_at__isnull=False)) == [mine[0]]


def test_what_has_ended_is_on_no_list(people: None, reviewer: Any, user: Any) -> None:
    Session.objects.filter(user=user).update(expires_at=timezone.now() - timedelta(days=1))
    assert not open_access_review(actor=reviewer).items.filter(user=user).exists()


@pytest.mark.parametrize("sessions", [1, 4])
def test_the_number_of_statements_is_fixed(
    sessions: int, reviewer: Any, user: Any, browser: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(sessions):
        browser().sign_in(user)
    reviewer.has_perm("sessions_ui.review_access")  # kept on the instance
    with django_assert_max_num_queries(9):
        open_access_review(actor=reviewer)


def test_keeping_a_line_ends_nothing_and_is_recorded(review: AccessReview, reviewer: Any, user: Any) -> None:
    item = line(review, user)
    assert decide_access(item=item, actor=reviewer, decision=Decision.KEEP) is None
    item.refresh_from_db()
    assert (item.decision, item.decided_by_id, item.act_id) == (Decision.KEEP, reviewer.pk, None)
    assert item.decided_at is not None
    assert not Session.objects.filter(ended_at__isnull=False).exists()
    kept = Event.objects.filter(kind=Event.Kind.ACCESS_REVIEW).latest("pk")
    assert (kept.user_id, kept.actor_id) == (user.pk, reviewer.pk)
    assert kept.data == {"step": "kept", "review": review.public_id, "line": item.pk, "kind": "person"}


def test_ending_a_person_ends_all_of_theirs_and_nobody_elses(
    review: AccessReview, reviewer: Any, user: Any, other_user: Any, browser: Any
) -> None:
    browser().sign_in(user)  # since the list was made
    receipt = decide_access(item=line(review, user), actor=reviewer, decision=Decision.END)
    assert receipt is not None and receipt.ended == 4
    assert Session.objects.living().get().user_id == other_user.pk
    act = Act.objects.get()
    assert (act.reason, act.actor_id, act.ticket) == (EndReason.ADMINISTRATOR, reviewer.pk, "AUD-1")
    assert line(review, user).act_id == act.pk


def test_ending_a_device_ends_what_is_on_it(review: AccessReview, reviewer: Any, user: Any) -> None:
    item = review.items.get(kind=Kind.DEVICE, sign_ins=2)
    decide_access(item=item, actor=reviewer, decision=Decision.END)
    ended = Session.objects.filter(ended_at__isnull=False)
    assert {session.device_id for session in ended} == {item.device_id}
    assert ended.count() == 2


def test_what_was_kept_may_still_be_ended_but_not_kept_again(
    review: AccessReview, reviewer: Any, user: Any
) -> None:
    item = line(review, user)
    decide_access(item=item, actor=reviewer, decision=Decision.KEEP)
    for decision in (Decision.KEEP, Decision.END):
        if decision is Decision.END:
            decide_access(item=item, actor=reviewer, decision=decision)
    for decision in (Decision.KEEP, Decision.END):
        with pytest.raises(ReviewRefused) as error:
            decide_access(item=item, actor=reviewer, decision=decision)
        assert error.value.reason is ReviewRefusal.DECIDED


def test_a_decision_is_one_of_two(review: AccessReview, reviewer: Any, user: Any) -> None:
    for decision in ("", "maybe"):
        with pytest.raises(ValueError, match=r"decision|maybe"):
            decide_access(item=line(review, user), actor=reviewer, decision=decision)


def test_it_closes_when_every_line_is_decided_and_stays_closed(
    review: AccessReview, reviewer: Any, user: Any
) -> None:
    with pytest.raises(ReviewRefused) as error:
        close_access_review(review=review, actor=reviewer)
    assert error.value.reason is ReviewRefusal.UNDECIDED
    review.refresh_from_db()
    assert review.is_open
    items = list(review.items.order_by("pk"))
    for item in items:
        decide_access(item=item, actor=reviewer, decision=Decision.END if item == items[0] else Decision.KEEP)
    assert close_access_review(review=review, actor=reviewer) == {"kept": 4, "ended": 1}
    review.refresh_from_db()
    assert (review.is_open, review.closed_by_id) == (False, reviewer.pk)
    closed = Event.objects.filter(kind=Event.Kind.ACCESS_REVIEW).latest("pk")
    assert closed.data["kept"] == 4 and closed.data["ended"] == 1
    with pytest.raises(ReviewRefused) as error:
        close_access_review(review=review, actor=reviewer)
    assert error.value.reason is ReviewRefusal.CLOSED
    living = Session.objects.living().count()
    with pytest.raises(ReviewRefused) as error:
        decide_access(item=items[1], actor=reviewer, decision=Decision.END)
    assert error.value.reason is ReviewRefusal.CLOSED
    assert Session.objects.living().count() == living


@pytest.mark.parametrize("rights", [(), ("change_session", "view_session", "view_event")])
def test_it_takes_a_right_of_its_own(
    rights: tuple[str, ...], review: AccessReview, agent: Any, user: Any
) -> None:
    agent.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    item, before = line(review, user), steps()
    for attempt in (
        lambda: open_access_review(actor=agent),
        lambda: decide_access(item=item, actor=agent, decision=Decision.END),
        lambda: close_access_review(review=review, actor=agent),
        lambda: export_access_review(review=review, form="csv", actor=agent),
        lambda: export_access_review(review=review, form="json", actor=agent),
    ):
        with pytest.raises(ReviewRefused) as error:
            attempt()
        assert error.value.reason is ReviewRefusal.NOT_ALLOWED
    assert steps() == before
    assert not Session.objects.filter(ended_at__isnull=False).exists()


@pytest.mark.parametrize("page", [1, 2, 500])
def test_the_result_as_csv_and_json_says_the_same(
    page: int, review: AccessReview, reviewer: Any, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_ui.actions.access_review.export.PAGE", page)
    decide_access(item=line(review, user), actor=reviewer, decision=Decision.KEEP)
    rows = list(
        csv.DictReader("".join(export_access_review(review=review, form="csv", actor=reviewer)).splitlines())
    )
    document = json.loads("".join(export_access_review(review=review, form="json", actor=reviewer)))
    assert document["review"] == review.public_id and document["ticket"] == "AUD-1"
    assert [row["line"] for row in rows] == [str(row["line"]) for row in document["lines"]]
    [mine] = [row for row in rows if row["kind"] == "person" and row["user"] == str(user.pk)]
    assert (mine["account"], mine["decision"], mine["decided_by"]) == (user.email, "keep", str(reviewer.pk))
    assert steps()[-2:] == ["exported", "exported"]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(begins: str, people: None, reviewer: Any, user: Any) -> None:
    name = f"{begins}HYPERLINK(1)"
    Device.objects.filter(user=user).update(name=name)
    review = open_access_review(actor=reviewer)
    rows = list(
        csv.DictReader(
            "".join(export_access_review(review=review, form="csv", actor=reviewer)).splitlines(keepends=True)
        )
    )
    assert f"'{name} (number 1)" in {row["device_name"] for row in rows}  # two have this name now


def test_an_account_that_is_gone_leaves_its_lines(review: AccessReview, reviewer: Any, user: Any) -> None:
    pk = user.pk
    user.delete()
    document = json.loads("".join(export_access_review(review=review, form="json", actor=reviewer)))
    assert {row["account"] for row in document["lines"] if row["user"] == str(pk)} == {""}


def test_a_closed_review_goes_after_the_retention_time(
    review: AccessReview, reviewer: Any, settings: Any
) -> None:
    long_ago = timezone.now() - timedelta(days=400)
    AccessReview.objects.update(created_at=long_ago)
    purge_old()
    assert AccessReviewItem.objects.count() == 5  # an open one stays
    AccessReview.objects.update(closed_at=long_ago)
    purge_old()
    assert not AccessReviewItem.objects.exists() and not AccessReview.objects.exists()


@pytest.mark.parametrize(
    ("kind", "organization", "is_cut"),
    [(Kind.PERSON, "", True), (Kind.PERSON, "acme", False), (Kind.DEVICE, "", False)],
)
def test_what_another_engine_still_holds_ends_with_the_whole_person_only(
    kind: str, organization: str, is_cut: bool, people: None, user: Any, other_user: Any, reviewer: Any
) -> None:
    Session.objects.filter(user=user).update(organization_id="acme")
    review = open_access_review(actor=reviewer, organization_id=organization)
    assert decide_access(item=line(review, user, kind), actor=reviewer, decision="end")
    assert AccountState.objects.filter(pk=user.pk, cut_at__isnull=False).exists() is is_cut
    assert not AccountState.objects.filter(pk=other_user.pk, cut_at__isnull=False).exists()
