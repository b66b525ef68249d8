"""The pages that name people, on this site with its users in another database; run by test_user_models.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connections
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.demo.people import help_desk
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sign_in.assess_risk import judge_change
from sessions_ui.client.user_agent import parse
from sessions_ui.models import Case, Device, EndReason, Session
from tests.conftest import FIREFOX_ON_LINUX, Browser, make_person

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
LISTS = ("act", "delivery", "device", "ending", "endpoint", "event", "offboarding", "session")
SESSIONS = "admin:sessions_ui_session_changelist"


def just_now(request: Any) -> Any:
    """For `SECOND_FACTOR_AT`."""
    return timezone.now()


def an_hour(user: Any) -> timedelta:
    """For `IDLE_TIMEOUT`."""
    return timedelta(hours=1)


class EveryList(TestCase):
    databases = set(connections)

    def setUp(self) -> None:
        chosen = {**settings.SESSIONS_UI, "SECOND_FACTOR_AT": f"{__name__}.just_now"}
        self.enterContext(override_settings(SESSIONS_UI=chosen))
        self.boss = make_person("boss@staff.example", is_staff=True, is_superuser=True)
        self.boss.groups.add(help_desk())
        self.ada = make_person("ada@people.example")
        self.browser, self.adas = Browser(), Browser()
        self.browser.force_login(self.boss)
        self.adas.force_login(self.ada)

    def ask(self, address: str) -> Any:
        response = self.browser.get(address)
        assert response.status_code == 200, (address, response.status_code)
        return response

    def test_the_administration_can_be_searched_and_filtered(self) -> None:
        links = 0
        for name in LISTS:
            address = reverse(f"admin:sessions_ui_{name}_changelist")
            changes = self.ask(address).context["cl"]
            self.ask(f"{address}?q=ada@people.example")
            for spec in changes.filter_specs:
                for choice in spec.choices(changes):
                    self.ask(address + choice["query_string"])
                    links += 1
        assert links > 30

    def test_a_list_names_people_by_one_statement_more(self) -> None:
        counts = set()
        for number in range(3):
            with CaptureQueriesContext(connections["users"]) as asked:
                page = self.ask(reverse(SESSIONS)).content.decode()
            counts.add(len(asked))
            assert "ada@people.example" in page
            Browser().force_login(make_person(f"person{number}@people.example"))
        assert len(counts) == 1

    def test_whose_sessions_an_administrator_is_about_to_end_is_said(self) -> None:
        chosen = Session.objects.filter(user_id=self.ada.pk).values_list("pk", flat=True)
        for action in ("sign_out_selected", "sign_out_users"):
            fields = {"action": action, "_selected_action": list(chosen)}
            response = self.browser.post(reverse(SESSIONS), fields)
            assert response.status_code == 200
            assert "ada@people.example" in response.content.decode()

    def test_a_case_that_waits_for_a_second_agent_names_the_first(self) -> None:
        now = timezone.now()
        agent = make_person("agent@staff.example", is_staff=True)
        agent.groups.add(help_desk())
        Case.objects.create(
            agent_id=agent.pk,
            user_id=self.ada.pk,
            ticket="INC-7",
            expires_at=now + timedelta(hours=1),
            approval_asked_at=now,
        )
        assert "agent@staff.example" in self.ask(reverse("help_desk:approvals")).content.decode()

    def test_people_see_their_devices(self) -> None:
        device = Device.objects.get(user_id=self.ada.pk)
        for address in (
            reverse("sessions_ui:devices"),
            reverse("sessions_ui:device", args=[device.public_id]),
        ):
            assert self.adas.get(address).status_code == 200

    def test_another_browser_in_the_middle_of_a_session_flags_it(self) -> None:
        session = Session.objects.get(user_id=self.ada.pk)
        client = client_of({"HTTP_USER_AGENT": WINDOWS})
        judge_change(session.pk, self.ada.pk, parse(FIREFOX_ON_LINUX), client.client, client)
        session.refresh_from_db()
        assert session.verdict == "suspicious"

    def test_the_sweep_asks_each_user_for_their_timeout(self) -> None:
        Session.objects.filter(user_id=self.ada.pk).update(last_seen_at=timezone.now() - timedelta(hours=2))
        chosen = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": an_hour}
        with override_settings(SESSIONS_UI=chosen):
            assert end_unlawful() == 1

    def test_the_sweep_ends_what_was_signed_in_with_a_flag_that_an_update_has_taken(self) -> None:
        type(self.boss)._base_manager.filter(pk=self.boss.pk).update(is_staff=False)
        assert end_unlawful() == 1
        assert Session.objects.get(user_id=self.boss.pk).end_reason == EndReason.ACCESS_CHANGED
