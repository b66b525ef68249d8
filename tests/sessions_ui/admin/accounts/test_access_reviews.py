"""Access reviews in the administration: a list, line by line, and its result as a file."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from sessions_ui.actions.access_review import export
from sessions_ui.admin.accounts import access_reviews
from tests.conftest import make_person
from tests.keys import Keys, Unwilling, bridged, keys_of, make_keys
from tests.models import AccessReview, AccessReviewItem, Device, Session

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("the list has everybody")]
LIST = "/admin/sessions_ui/accessreview/"


@pytest.fixture
def reviewer(browser: Any) -> Any:
    """The browser of staff with this one right."""
    person = make_person("reviewer@staff.example", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="review_access"))
    client = browser()
    client.force_login(person)
    return client


@pytest.fixture
def review(reviewer: Any, user: Any, other_user: Any, browser: Any) -> AccessReview:
    for person in (user, other_user):
        browser().sign_in(person)
    response = reviewer.post(f"{LIST}add/", {"organization_id": "", "ticket": "AUD-1", "note": "quarter"})
    made = AccessReview.objects.get()
    assert response.url == page(made)
    return made


def page(review: AccessReview) -> str:
    return f"{LIST}{review.pk}/change/"


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def line(review: AccessReview, user: Any) -> str:
    return f"decision-{review.items.get(user=user, kind='person').pk}"


def test_the_list_says_how_far_each_is(reviewer: Any, review: AccessReview, user: Any) -> None:
    assert (review.ticket, review.note) == ("AUD-1", "quarter")
    text = text_of(reviewer.get(LIST))
    assert review.public_id in text and "0 of 6" in text  # the reviewer is signed in, too
    reviewer.post(page(review), {line(review, user): "keep"})
    assert "1 of 6" in text_of(reviewer.get(LIST))


def test_devices_of_one_name_are_told_apart_on_each_page_and_in_the_files(
    reviewer: Any, user: Any, browser: Any, monkeypatch: Any
) -> None:
    for _number in range(3):
        browser().sign_in(user)
    Device.objects.filter(user=user).update(first_seen_at=timezone.now())
    reviewer.post(f"{LIST}add/", {"organization_id": "", "ticket": "", "note": ""})
    review = AccessReview.objects.get()
    wanted = [f"Firefox on Linux (number {number})" for number in (1, 2, 3)]
    monkeypatch.setattr(access_reviews, "LINES", 2)
    monkeypatch.setattr(export, "PAGE", 2)
    pages = [text_of(reviewer.get(f"{page(review)}?p={number}")) for number in (1, 2, 3)]
    assert re.findall(r"Firefox on Linux \(number \d\)", " ".join(pages)) == wanted
    data = b"".join(reviewer.get(f"{LIST}{review.pk}/export.json").streaming_content)
    mine = [each for each in json.loads(data)["lines"] if each["user"] == str(user.pk)]
    assert [each["device_name"] for each in mine if each["device"]] == wanted


def test_lines_are_signed_off_one_by_one(
    reviewer: Any, review: AccessReview, user: Any, other_user: Any
) -> None:
    text = text_of(reviewer.get(page(review)))
    assert user.email in text and "0 of 6 lines are signed off" in text
    chosen = {line(review, user): "end", line(review, other_user): "keep"}
    text = text_of(reviewer.post(page(review), chosen, follow=True))
    assert "2 lines were signed off." in text
    assert Session.objects.get(user=user).ended_at is not None
    assert Session.objects.get(user=other_user).ended_at is None
    assert "Some lines aren’t decided yet, so the review stays open." in text_of(
        reviewer.post(page(review), {"close": "1"}, follow=True)
    )


def test_everything_is_signed_off_and_closed_in_one_go(reviewer: Any, review: AccessReview) -> None:
    every = {f"decision-{pk}": "keep" for pk in review.items.values_list("pk", flat=True)}
    text = text_of(reviewer.post(page(review), {**every, "close": "1"}, follow=True))
    assert "The review is closed." in text
    html = reviewer.get(page(review)).content.decode()
    assert 'type="radio"' not in html and "Sign off" not in html


def test_a_line_that_somebody_else_has_decided_keeps_no_other_from_being_signed_off(
    reviewer: Any, review: AccessReview, user: Any, other_user: Any
) -> None:
    lines = list(review.items.values_list("pk", flat=True))
    others = {f"decision-{pk}": "keep" for pk in lines}
    taken = line(review, other_user)
    reviewer.post(page(review), {taken: "end"})  # in another tab, say
    text = text_of(reviewer.post(page(review), others | {"close": ""}, follow=True))
    assert "One of the lines was already decided, and stays as it is." in text
    assert f"{len(lines) - 1} lines were signed off." in text
    assert f"{len(lines)} of {len(lines)} lines are signed off" in text
    review.refresh_from_db()
    assert review.closed_at is None, "what somebody else has decided is looked at before it is closed"
    assert review.items.get(pk=taken.removeprefix("decision-")).decision == "end"


def test_lines_of_another_review_and_nonsense_are_nothing(
    reviewer: Any, review: AccessReview, user: Any
) -> None:
    reviewer.post(f"{LIST}add/", {"organization_id": "", "ticket": "", "note": ""})
    other = AccessReview.objects.latest("pk")
    foreign = line(other, user)
    reviewer.post(
        page(review), {foreign: "end", "decision-x": "end", "decision-9": "maybe", "decision-": "end"}
    )
    assert not AccessReviewItem.objects.exclude(decision="").exists()
    assert Session.objects.get(user=user).ended_at is None


def test_only_what_is_open_page_by_page(
    reviewer: Any, review: AccessReview, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_reviews, "LINES", 2)
    assert len(reviewer.get(page(review)).context["lines"]) == 2
    assert len(reviewer.get(f"{page(review)}?p=3").context["lines"]) == 2
    reviewer.post(page(review), {line(review, user): "keep"})
    shown = reviewer.get(f"{page(review)}?open=1&p=1").context["page"].paginator.count
    assert shown == 5


def test_the_result_is_a_file(reviewer: Any, review: AccessReview, user: Any) -> None:
    answer = reviewer.get(f"{LIST}{review.pk}/export.csv")
    content = b"".join(answer.streaming_content).decode()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="access-review-{review.public_id}.csv"'
    assert content.startswith("line,kind,user,account") and user.email in content
    document = json.loads(b"".join(reviewer.get(f"{LIST}{review.pk}/export.json").streaming_content))
    assert len(document["lines"]) == 6
    assert reviewer.get(f"{LIST}{review.pk}/export.xls").status_code == 404
    assert reviewer.get(f"{LIST}{review.pk + 99}/export.csv").status_code == 404


def test_it_takes_a_right_of_its_own(browser: Any, agent: Any, review: AccessReview, user: Any) -> None:
    agent.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_session", "change_session", "view_accessreview"])
    )
    client = browser()
    client.force_login(agent)
    for address in (LIST, page(review), f"{LIST}add/", f"{LIST}{review.pk}/export.csv"):
        assert client.get(address).status_code == 403, address
    assert client.post(page(review), {line(review, user): "end"}).status_code == 403
    assert Session.objects.get(user=user).ended_at is None


def test_nobody_deletes_a_review(browser: Any, administrator: Any, review: AccessReview) -> None:
    client = browser()
    client.force_login(administrator)
    assert client.post(f"{LIST}{review.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(page(review)).status_code == 200


def test_credentials_of_other_packages_are_lines_of_their_own(
    reviewer: Any, user: Any, other_user: Any, settings: Any
) -> None:
    bridged(settings, Keys, Unwilling)
    make_keys(user, 2)
    make_keys(other_user)
    reviewer.post(f"{LIST}add/", {"organization_id": "", "ticket": "", "note": ""})
    review = AccessReview.objects.get()
    text = text_of(reviewer.get(page(review)))
    assert "We couldn’t ask unwilling" in text
    assert "App or key of another package (keys)" in text and text.count("Never ends by itself") == 3
    first = review.items.filter(kind="credential", user=user)[0]
    reviewer.post(page(review), {f"decision-{first.pk}": "end"})
    assert (keys_of(user), keys_of(other_user)) == (1, 1)


def test_a_line_that_a_package_fails_to_end_keeps_no_other_from_being_decided(
    reviewer: Any, user: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    make_keys(user)
    reviewer.post(f"{LIST}add/", {"organization_id": "", "ticket": "", "note": ""})
    review = AccessReview.objects.get()
    bridged(settings)  # it is used no more
    every = {
        f"decision-{pk}": "end" for pk in review.items.filter(kind="credential").values_list("pk", flat=True)
    }
    kept = {
        f"decision-{pk}": "keep"
        for pk in review.items.exclude(kind="credential").values_list("pk", flat=True)
    }
    text = text_of(reviewer.post(page(review), {**every, **kept}, follow=True))
    assert "A package couldn’t end what one of the lines names." in text and "were signed off" in text
    assert keys_of(user) == 1


def test_a_review_of_one_organization_says_what_it_leaves_out(reviewer: Any, settings: Any) -> None:
    reviewer.post(f"{LIST}add/", {"organization_id": "acme", "ticket": "", "note": ""})
    review = AccessReview.objects.get()
    said = "Apps and keys of other packages are left out"
    assert said not in text_of(reviewer.get(page(review)))
    bridged(settings, Keys)
    assert said in text_of(reviewer.get(page(review)))
