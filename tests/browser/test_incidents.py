"""An incident in a real browser, from its criteria to the exported result; open tabs are told of it."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sessions_ui.actions.endings.bulk import lay_out
from sessions_ui.actions.endings.bulk.carry_out import carry_out, claim
from sessions_ui.tasks import sweep_endings
from tests.browser.axe import violations
from tests.models import Ending, Session

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.no_bystander("everyone is signed out"),
]


def result(page: Page, form: str) -> str:
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Result as {form}").click()
    return Path(download.value.path()).read_text()


@pytest.mark.parametrize("scripts", [True, False])
def test_from_criteria_to_the_exported_result(
    visitor: Any, user: Any, administrator: Any, monkeypatch: Any, scripts: bool
) -> None:
    monkeypatch.setattr(lay_out, "BATCH", 1)
    monkeypatch.setattr(lay_out, "LARGE_BATCH", 1)
    ada, laptop = visitor(), visitor()
    tab = ada.sign_in(user)
    laptop.sign_in(user)
    staff = visitor(java_script_enabled=scripts)
    staff.sign_in(administrator)
    page = staff.go("/admin/sessions_ui/incident/add/")
    assert not scripts or violations(page) == []
    page.get_by_label("Everyone, staff included").check()
    page.get_by_label("Reason", exact=True).fill("The cookies leaked.")
    page.get_by_label("Ticket").fill("INC-7")
    page.get_by_role("button", name="Show preview").click()
    expect(page.get_by_text("2 sign-ins will be ended.")).to_be_visible()
    expect(page.get_by_text("Your own sign-in here is left out.")).to_be_visible()
    assert not scripts or violations(page) == []
    page.get_by_label("Type the number of sign-ins to confirm").fill("2")
    page.get_by_role("button", name="Sign out").last.click()
    expect(page.get_by_text("In force: all of these are signed out.")).to_be_visible()
    # Nobody has written anything into a row yet, and the open tab is told all the same.
    expect(tab.get_by_text("You were signed out").first).to_be_visible()
    assert not Session.objects.filter(ended_at__isnull=False).exists()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert not scripts or violations(page) == []

    # A worker ends one, and is killed with the next in its hands.
    assert lay_out.lay_out(Ending.objects.get())
    first = claim()
    assert first is not None and carry_out(first) == 1
    assert claim() is not None
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped. The batch that is under way still finishes.")).to_be_visible()
    assert sweep_endings() == 0
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("The incident continues.")).to_be_visible()
    Ending.objects.get().batches.update(leased_until=None)
    assert sweep_endings() == 1
    page.reload()
    expect(page.get_by_text("2 of 2 are recorded as ended in the history.")).to_be_visible()

    lines = list(csv.DictReader(StringIO(result(page, "CSV"))))
    assert [line["name"] for line in lines] == [user.email] * 2
    assert {line["reason"] for line in lines} == {"incident"}
    said = json.loads(result(page, "JSON"))
    assert (said["ended"], said["ticket"], said["state"]) == (2, "INC-7", "done")
    assert scripts or staff.complaints == []  # what axe tries on these pages their policy refuses
