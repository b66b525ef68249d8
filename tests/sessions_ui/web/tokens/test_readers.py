"""Whoever counts or lists devices and sign-ins leaves access tokens out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.template import Context, Template
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import sessions_ui
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.help_desk.order import targets_of
from sessions_ui.delivery import deliver_due
from sessions_ui.help_desk.pages import case_page
from sessions_ui.metrics import figures, statistics
from sessions_ui.web.devices.overview.listing import listing
from tests.models import Case, EndReason, Session

pytestmark = pytest.mark.django_db

APP = Path(sessions_ui.__file__).parent
ROOMS = ("web", "help_desk", "channels", "wording", "metrics", "templatetags", "actions/help_desk")
SAYS_WHICH = re.compile(r"\.(sign_ins|tokens)\(\)|kind=")
# What is meant there besides sign-ins, or is chosen by somebody else.
BOTH = {
    "metrics/lingering.py": "access tokens of leavers are what administrators look for",
    "web/tokens/views.py": "one session, by its primary key",
    "web/devices/overview/rows.py": "by it the devices page sees whether to ask for tokens; nobody else reads it",
    "actions/help_desk/carry_out.py": "the query before it says which",
    "actions/help_desk/order.py": "which of those that were read before can be signed in now",
}


def test_every_reader_of_what_lives_says_which_kind_is_meant() -> None:
    silent = {
        str(path.relative_to(APP))
        for room in ROOMS
        for path in (APP / room).rglob("*.py")
        for line in path.read_text().splitlines()
        if ".living()" in line and not SAYS_WHICH.search(line)
    }
    assert silent == {*BOTH}


@pytest.mark.no_bystander("the statistics are of everybody")
def test_the_figures_have_sign_ins_only(user: Any, here: Any, make_token: Any) -> None:
    make_token(user)
    counted = statistics.count(timezone.now())
    assert (counted.living, sum(counted.sign_ins_by_day.values())) == (1, 1)
    assert figures.count(timezone.now()).sign_ins == 0  # in the last hour, in which the token was made


def test_the_listing_has_them_apart(user: Any, here: Any, make_token: Any) -> None:
    made = make_token(user)
    found = listing(user, current=None)
    assert (found.count, found.elsewhere, len(found.keys)) == (1, 1, 1)
    assert found.keys.rows[0].token == made.token


def test_whoever_has_no_token_is_asked_for_none(user: Any, here: Any, make_token: Any) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            listing(user, current=None)
        return len(captured)

    without = statements()
    make_token(user)
    assert statements() == without + 1


def test_the_summary_of_a_host_counts_devices(
    user: Any, here: Any, make_token: Any, rf: RequestFactory
) -> None:
    make_token(user)
    request = rf.get("/")
    request.user = user
    source = (
        "{% load sessions_ui %}{% sessions_ui_summary %}{% sessions_ui_token_count as n %}[{{ n|stay_text }}]"
    )
    html = Template(source).render(Context({"request": request}))
    assert "1 device signed in" in " ".join(html.split()) and "[1 access token stays valid.]" in html


@pytest.mark.parametrize(
    ("count", "text"), [(0, ""), (1, "1 access token ends, too."), (2, "2 access tokens end, too.")]
)
def test_what_ends_is_said_in_a_sentence(user: Any, make_token: Any, count: int, text: str) -> None:
    from sessions_ui.wording.tokens import ends_too_text

    assert ends_too_text(count) == text


def test_the_offer_after_a_changed_factor_counts_sign_ins(
    user: Any, here: Any, browser: Any, make_token: Any, rf: RequestFactory, settings: Any
) -> None:
    from sessions_ui.web.recovery.offer import offer_to_sign_out_others

    make_token(user)
    request = here.get("/account/devices/").wsgi_request
    assert offer_to_sign_out_others(request) is False


def test_the_help_desk_sees_devices_and_how_many_tokens(
    user: Any, here: Any, agent: Any, make_token: Any
) -> None:
    made = make_token(user)
    case = Case.objects.create(user=user, agent=agent, expires_at=timezone.now(), verified_at=timezone.now())
    page = case_page(case)
    assert (page.count, len(page.cards), page.tokens) == (1, 1, 1)
    assert len(targets_of(user, None)) == 1
    assert targets_of(user, [made.token.session.public_id]) == []


@pytest.mark.parametrize("reason", [EndReason.ADMINISTRATOR, EndReason.HELP_DESK])
def test_the_mail_counts_devices_and_tokens_apart(
    user: Any, here: Any, make_token: Any, reason: EndReason
) -> None:
    make_token(user)
    make_token(user, name="Line\nbreak " + "x" * 70)
    mail.outbox.clear()
    end_user_sessions(user=user, reason=reason)
    deliver_due()
    letter = mail.outbox[-1]
    assert letter.subject == "Ended in your account: 1 sign-in and 2 access tokens"
    body = " ".join(letter.body.split())
    html = " ".join(letter.alternatives[0][0].split())
    for text in ("This sign-in to your account was ended on", "These 2 access tokens ended, too:"):
        assert text in body and text in html, text
    assert "- Access token “Backup”" in body and "- Access token “Line break xxx" in body
    assert "Create a new token for it" in body and "Create a new token for it" in html


def test_the_mail_about_devices_alone_is_as_it_was(user: Any, here: Any) -> None:
    mail.outbox.clear()
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    deliver_due()
    letter = mail.outbox[-1]
    assert letter.subject == "A device was signed out of your account"
    assert "access token" not in letter.body.lower()


def test_where_a_token_was_used_says_nothing_about_the_next_sign_in(
    user: Any, here: Any, browser: Any, make_token: Any
) -> None:
    """A script in a far country is no journey of its owner's, and no place that is theirs."""
    made = make_token(user)
    place = {"city": "Lagos", "country": "Nigeria", "country_code": "NG", "latitude": 6.5, "longitude": 3.4}
    Session.objects.filter(pk=made.token.pk).update(
        place=place, address="102.89.2.3", last_seen_at=timezone.now(), reviewed_at=timezone.now()
    )
    browser().sign_in(user)
    reasons = Session.objects.latest("pk").verdict_reasons or []
    assert "impossible_travel" not in reasons
