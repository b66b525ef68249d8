"""Credentials of other packages in an access review: each is a line, and ends by itself."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone

from sessions_ui.actions.access_review import bridged as bridged_lines
from sessions_ui.actions.access_review.decide import close_access_review, decide_access
from sessions_ui.actions.access_review.export import export_access_review
from sessions_ui.actions.access_review.open import open_access_review
from sessions_ui.bridges import BridgedCredential
from sessions_ui.exceptions import ReviewRefusal, ReviewRefused
from tests.conftest import make_person
from tests.keys import Elsewhere, Keys, Unpaged, Unwilling, bridged, keys_of, make_keys
from tests.models import AccessReview, AccessReviewItem, Act, Event, Session

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("the list has everybody")]
Kind, Decision = AccessReviewItem.Kind, AccessReviewItem.Decision


class Known(Keys):
    """Tells all that can be told."""

    name = "known"
    label, scopes, id_of = "Calendar", ("read", "write"), "%s"

    def credential(self, row: Any) -> BridgedCredential:
        told = super().credential(row)
        return BridgedCredential(
            package=told.package,
            id=self.id_of % told.id,
            user_id=told.user_id,
            kind=told.kind,
            label=self.label,
            scopes=self.scopes,
            expires_at=row.action_time + timedelta(days=1),
            last_used_at=row.action_time,
        )


class LongId(Known):
    name = "long"
    id_of = "%s" + "x" * 300


class LongTexts(Known):
    name = "wordy"
    label, scopes = "=" * 300, ("scope" * 300,)


class Stubborn(Keys):
    """Ends nothing: it raises, after it has ended it."""

    name = "stubborn"

    def end(self, *args: Any) -> int:
        super().end(*args)
        raise RuntimeError("the secret of a key")


@pytest.fixture
def reviewer(db: None) -> Any:
    person = make_person("reviewer@staff.example", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="review_access"))
    return person


def lines(review: AccessReview) -> list[AccessReviewItem]:
    return list(review.items.filter(kind=Kind.CREDENTIAL).order_by("pk"))


def test_each_living_one_is_a_line_also_of_people_who_are_not_signed_in(
    settings: Any, reviewer: Any, user: Any, other_user: Any
) -> None:
    bridged(settings, Known, Unpaged)
    make_keys(user, 2)
    make_keys(other_user)
    found = lines(open_access_review(actor=reviewer))
    assert len(found) == 6
    told = [each for each in found if each.package == "known"]
    row = LogEntry.objects.get(pk=told[0].credential)
    assert (told[0].user_id, told[0].label, told[0].scopes, told[0].credential_kind) == (
        row.user_id,
        "Calendar",
        "read write",
        "token",
    )
    assert told[0].expires_at == row.action_time + timedelta(days=1)
    assert told[0].last_seen_at == row.action_time
    assert {each.expires_at for each in found if each.package == "unpaged"} == {None}
    opened = Event.objects.get(kind=Event.Kind.ACCESS_REVIEW)
    assert opened.data["lines"] == 6 and "unasked" not in opened.data


@pytest.mark.parametrize("page", [1, 2, 500])
def test_however_they_are_read_each_is_there_once(
    settings: Any, monkeypatch: pytest.MonkeyPatch, reviewer: Any, user: Any, page: int
) -> None:
    monkeypatch.setattr(bridged_lines, "PAGE", page)
    bridged(settings, Keys)
    make_keys(user, 5)
    keys = {str(pk) for pk in LogEntry.objects.values_list("pk", flat=True)}
    found = lines(open_access_review(actor=reviewer))
    assert {each.credential for each in found} == keys and len(found) == 5


def test_more_credentials_cost_no_statement_more(
    settings: Any, reviewer: Any, user: Any, django_assert_max_num_queries: Any
) -> None:
    bridged(settings, Keys)
    reviewer.has_perm("sessions_ui.review_access")  # kept on the instance
    for number in (1, 40):  # SQLite takes few rows a statement
        make_keys(user, number)
        with django_assert_max_num_queries(9 + 6):  # two savepoints, read, written
            open_access_review(actor=reviewer)


def test_one_that_raises_has_no_line_and_is_named(settings: Any, reviewer: Any, user: Any) -> None:
    bridged(settings, Unwilling, LongId, Keys)
    make_keys(user, 2)
    review = open_access_review(actor=reviewer)
    review.refresh_from_db()
    assert review.unasked == ["unwilling", "long"]
    assert {each.package for each in lines(review)} == {"keys"}
    assert Event.objects.get(kind=Event.Kind.ACCESS_REVIEW).data["unasked"] == ["unwilling", "long"]


def test_one_that_raises_after_its_first_part_leaves_no_part(
    settings: Any, monkeypatch: pytest.MonkeyPatch, reviewer: Any, user: Any
) -> None:
    class Half(Keys):
        name = "half"

        def page(self, **asked: Any) -> Any:
            if asked["after"] is not None:
                raise RuntimeError("the secret of a key")
            return super().page(**asked)

    monkeypatch.setattr(bridged_lines, "PAGE", 1)
    monkeypatch.setattr(bridged_lines, "bridges", lambda: [Half()])
    make_keys(user, 2)
    review = open_access_review(actor=reviewer)
    assert (review.unasked, lines(review)) == (["half"], [])


def test_texts_that_are_too_long_are_shortened(settings: Any, reviewer: Any, user: Any) -> None:
    bridged(settings, LongTexts)
    make_keys(user)
    (line,) = lines(open_access_review(actor=reviewer))
    assert (len(line.label), line.label[-1], len(line.scopes), line.scopes[-1]) == (255, "…", 1000, "…")


def test_a_review_of_one_organization_leaves_them_out(settings: Any, reviewer: Any, user: Any) -> None:
    bridged(settings, Keys, Unwilling)
    make_keys(user)
    review = open_access_review(actor=reviewer, organization_id="acme")
    assert (lines(review), review.unasked) == ([], [])


def test_to_end_a_line_ends_this_one_and_nothing_else(
    settings: Any, reviewer: Any, user: Any, other_user: Any, browser: Any
) -> None:
    bridged(settings, Keys)
    browser().sign_in(user)
    make_keys(user, 2)
    make_keys(other_user)
    review = open_access_review(actor=reviewer, ticket="AUD-1")
    item = next(each for each in lines(review) if each.user_id == user.pk)
    receipt = decide_access(item=item, actor=reviewer, decision=Decision.END)
    assert receipt is not None and (receipt.bridged, receipt.ended) == (1, 0)
    assert not LogEntry.objects.filter(pk=item.credential).exists()
    assert (keys_of(user), keys_of(other_user)) == (1, 1)
    assert not Session.objects.filter(ended_at__isnull=False).exists()
    act = Act.objects.get()
    assert (act.reason, act.actor_id, act.ticket) == ("administrator", reviewer.pk, "AUD-1")
    assert review.public_id in act.note
    item.refresh_from_db()
    assert (item.decision, item.act_id, item.decided_by_id) == (Decision.END, act.pk, reviewer.pk)
    ended = Event.objects.get(kind=Event.Kind.CREDENTIALS_ENDED)
    assert (ended.user_id, ended.act_id, ended.data) == (user.pk, act.pk, {"package": "keys", "count": 1})
    step = Event.objects.filter(kind=Event.Kind.ACCESS_REVIEW).latest("pk")
    assert (step.data["step"], step.data["kind"], step.data["package"]) == ("ended", "credential", "keys")


def test_one_that_has_ended_before_is_signed_off_without_an_act(
    settings: Any, reviewer: Any, user: Any
) -> None:
    bridged(settings, Keys)
    make_keys(user)
    (item,) = lines(open_access_review(actor=reviewer))
    LogEntry.objects.all().delete()
    receipt = decide_access(item=item, actor=reviewer, decision=Decision.END)
    assert receipt is not None and (receipt.act, receipt.already_ended) == (None, 1)
    item.refresh_from_db()
    assert (item.decision, item.act_id) == (Decision.END, None)


def test_what_is_kept_stays(settings: Any, reviewer: Any, user: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    review = open_access_review(actor=reviewer)
    (item,) = lines(review)
    assert decide_access(item=item, actor=reviewer, decision=Decision.KEEP) is None
    assert keys_of(user) == 1
    assert close_access_review(review=review, actor=reviewer) == {"kept": 1, "ended": 0}


@pytest.mark.parametrize("used", [Stubborn, None])
def test_where_the_package_fails_or_is_gone_nothing_is_decided(
    settings: Any, reviewer: Any, user: Any, used: Any
) -> None:
    bridged(settings, Stubborn)
    make_keys(user)
    (item,) = lines(open_access_review(actor=reviewer))
    bridged(settings, *([used] if used else []))
    with pytest.raises(ReviewRefused) as error:
        decide_access(item=item, actor=reviewer, decision=Decision.END)
    assert error.value.reason is ReviewRefusal.PACKAGE_FAILED
    item.refresh_from_db()
    assert (item.decision, keys_of(user), Act.objects.count()) == ("", 1, 0)


def test_to_end_the_person_ends_theirs(settings: Any, reviewer: Any, user: Any, browser: Any) -> None:
    bridged(settings, Keys)
    browser().sign_in(user)
    make_keys(user, 2)
    review = open_access_review(actor=reviewer)
    decide_access(item=review.items.get(kind=Kind.PERSON, user=user), actor=reviewer, decision=Decision.END)
    assert keys_of(user) == 0


def test_the_files_have_them_and_name_who_could_not_be_asked(settings: Any, reviewer: Any, user: Any) -> None:
    bridged(settings, LongTexts, Keys, Unwilling)
    make_keys(user)
    review = open_access_review(actor=reviewer)
    text = "".join(export_access_review(review=review, form="csv", actor=reviewer))
    wordy, plain, unasked = csv.DictReader(text.splitlines())
    assert (plain["kind"], plain["package"], plain["credential"], plain["expires_at"], plain["account"]) == (
        "credential",
        "keys",
        str(LogEntry.objects.get().pk),
        "never",
        user.email,
    )
    assert wordy["token_name"].startswith("'=") and wordy["expires_at"] > timezone.now().isoformat()
    assert (unasked["kind"], unasked["package"]) == ("could not be asked", "unwilling")
    document = json.loads("".join(export_access_review(review=review, form="json", actor=reviewer)))
    assert (document["packages_unasked"], document["has_packages"]) == (["unwilling"], True)
    assert [line["package"] for line in document["lines"]] == ["wordy", "keys"]


def test_rows_in_another_database_are_written_down_too(
    settings: Any, monkeypatch: pytest.MonkeyPatch, reviewer: Any, user: Any
) -> None:
    monkeypatch.setattr(Elsewhere, "alias", "default")
    bridged(settings, Elsewhere)
    make_keys(user)
    assert len(lines(open_access_review(actor=reviewer))) == 1
