"""A host project's program orders an incident, asks for debt, reviews access and takes receipts: by what is public."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

import sessions_ui
from sessions_ui import models, tasks
from sessions_ui.exceptions import IncidentRefusal, IncidentRefused, NoReceipt, ReviewRefused
from sessions_ui.models import EndReason
from sessions_ui.verify import Found, check_receipt

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("everyone is signed out")]


def living(user: Any) -> int:
    return models.Session.objects.living().filter(user=user).count()


@pytest.fixture
def colleague(db: None) -> Any:
    return get_user_model().objects.create_superuser(email="colleague@staff.example", password=None)


def test_an_incident_from_its_preview_to_its_result(user: Any, other_user: Any, browser: Any) -> None:
    browser().sign_in(user)
    browser().sign_in(other_user)
    criteria = sessions_ui.Criteria(users=(str(user.pk),))
    preview = sessions_ui.preview_incident(criteria=criteria)
    assert (preview.counts.sessions, preview.counts.people) == (1, 1)
    incident = sessions_ui.order_incident(
        criteria=criteria, note="phished", ticket="SEC-1", counts=preview.counts
    )
    assert sessions_ui.stop_incident(incident=incident)
    assert sessions_ui.incident_status(incident=incident)["state"] == "stopped"
    assert sessions_ui.resume_incident(incident=incident)
    tasks.sweep_endings()
    assert (living(user), living(other_user)) == (0, 1)
    said = sessions_ui.incident_status(incident=incident)
    assert (said["state"], said["ended"], said["failed"], said["ticket"]) == ("done", 1, 0, "SEC-1")
    result = json.loads("".join(sessions_ui.export_incident(incident=incident, form="json")))
    assert [line["name"] for line in result["sessions"]] == [user.email]
    with pytest.raises(ValueError, match="no such form: 'xml'"):
        sessions_ui.export_incident(incident=incident, form="xml")


def test_a_second_administrator_agrees_or_declines(
    user: Any, administrator: Any, colleague: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "INCIDENT_APPROVAL_ABOVE": 0}
    browser().sign_in(user)
    criteria = sessions_ui.Criteria(everyone=True)
    declined = sessions_ui.order_incident(criteria=criteria, note="leaked", actor=administrator)
    sessions_ui.decline_incident(incident=declined, actor=colleague)
    incident = sessions_ui.order_incident(criteria=criteria, note="leaked", actor=administrator)
    with pytest.raises(IncidentRefused) as refused:
        sessions_ui.approve_incident(incident=incident, actor=administrator)
    assert refused.value.reason == IncidentRefusal.SAME_PERSON
    assert living(user) == 1
    sessions_ui.approve_incident(incident=incident, actor=colleague)
    tasks.sweep_endings()
    assert living(user) == 0


def test_the_debt_is_what_a_report_says_it_is(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    models.Session.objects.update(signed_in_at=timezone.now() - timedelta(days=3))
    left = timezone.now() - timedelta(hours=2)
    sessions_ui.end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=left)
    owed = sessions_ui.session_debt(days=7)
    assert owed.total.sessions == 1 and owed.seconds == pytest.approx(7200, abs=60)
    assert list(owed.by_user) == [user.pk]
    for days in (0, 1_000_000):
        with pytest.raises(ValueError, match="from 1 to 3660 days"):
            sessions_ui.session_debt(days=days)


def test_a_review_is_opened_decided_closed_and_exported(user: Any, administrator: Any, browser: Any) -> None:
    browser().sign_in(user)
    with pytest.raises(ReviewRefused):
        sessions_ui.open_access_review(actor=user)
    review = sessions_ui.open_access_review(actor=administrator, ticket="AUD-1")
    for item in review.items.order_by("pk"):
        decision = "end" if item.kind == "person" else "keep"
        sessions_ui.decide_access(item=item, actor=administrator, decision=decision)
    assert sessions_ui.close_access_review(review=review, actor=administrator) == {"kept": 1, "ended": 1}
    assert living(user) == 0
    text = "".join(sessions_ui.export_access_review(review=review, form="csv", actor=administrator))
    assert text.count("\r\n") == 3 and f",{user.email}," in text
    with pytest.raises(ValueError, match="no such form: 'pdf'"):
        sessions_ui.export_access_review(review=review, form="pdf", actor=administrator)


def test_a_receipt_proves_what_an_act_ended(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    ended = sessions_ui.end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert ended.act is not None
    with pytest.raises(NoReceipt, match="1 of its events are not sealed yet"):
        sessions_ui.receipt_of_act(ended.act)
    tasks.seal()
    receipt = json.loads("".join(sessions_ui.receipt_of_act(ended.act)))
    [entry] = receipt["entries"]
    assert json.loads(entry["entry"])["kind"] == models.Event.Kind.ENDED
    assert [finding.what for finding in check_receipt(receipt)] == [Found.UNSIGNED]  # no SEAL_KEY here


def test_what_this_program_imports_is_public() -> None:
    from tests.test_public_face import imported, inside

    assert inside(imported(Path(__file__))) == set()
