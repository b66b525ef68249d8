"""An organization was phished. An administrator signs out its people, a second one agrees, and nobody else notices."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail

from sessions_ui.delivery import deliver_all
from sessions_ui.tasks import sweep_endings
from tests.conftest import PASSWORD, Browser
from tests.models import Event, Incident, Session

pytestmark = pytest.mark.django_db
DEVICES = "/account/devices/"
ADD = "/admin/sessions_ui/incident/add/"
WHY = {
    "organization_id": "acme.example",
    "note": "phished",
    "ticket": "SEC-7",
    "happened_at": "2026-11-01T08:00",
}


def organization_of(request: Any, user: Any) -> str | None:
    domain = user.email.rpartition("@")[2]
    return domain if domain != "people.example" else None


@pytest.fixture(autouse=True)
def _organizations(settings: Any) -> None:
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "ORGANIZATION_ID": f"{__name__}.organization_of",
        "INCIDENT_APPROVAL_ABOVE": 1,
    }


def at(email: str) -> Any:
    person = get_user_model().objects.create_user(email, PASSWORD)
    client = Browser()
    client.force_login(person)
    return client


def lives(client: Any) -> bool:
    return bool(client.get(DEVICES).status_code == 200)


def test_the_people_of_an_organization_sign_in_again(user: Any, administrator: Any) -> None:
    victims, colleague = [at("eve@acme.example"), at("bob@acme.example")], Browser()
    colleague.sign_in(user)
    organizations = dict(Session.objects.values_list("user__email", "organization_id"))
    assert organizations == {
        "eve@acme.example": "acme.example",
        "bob@acme.example": "acme.example",
        user.email: None,
    }

    admin, second = Browser(), Browser()
    admin.sign_in(administrator)
    second.force_login(get_user_model().objects.create_superuser("second@staff.example", PASSWORD))
    preview = admin.post(ADD, WHY)
    seen = preview.context["seen"]
    assert preview.context["count"] == 2 and preview.context["needs_approval"]
    admin.post(ADD, {**WHY, "seen": seen, "typed": "2", "confirmed": "Sign out"})
    incident = Incident.objects.get()
    sweep_endings()
    assert all(map(lives, victims)), "nothing happens before somebody else agrees"

    second.post(f"/admin/sessions_ui/incident/{incident.pk}/approve/")
    late = at("mallory@acme.example")
    sweep_endings()
    assert not any(map(lives, victims))
    assert lives(late) and lives(colleague) and lives(second)
    deliver_all()
    assert {address for message in mail.outbox for address in message.to} >= {
        "eve@acme.example",
        "bob@acme.example",
    }
    answer = admin.get(f"/admin/sessions_ui/incident/{incident.pk}/result.csv")
    lines = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))
    assert {line["name"] for line in lines} == {"eve@acme.example", "bob@acme.example"}
    assert all(line["first_refused_at"] for line in lines), "each was refused, and that is on record"
    incident.refresh_from_db()
    assert incident.happened_at is not None and incident.happened_at.year == 2026
    steps = Event.objects.filter(kind=Event.Kind.INCIDENT).order_by("pk")
    assert [step.data["step"] for step in steps] == [
        *("previewed", "asked_for", "approved", "finished", "exported"),
    ]
