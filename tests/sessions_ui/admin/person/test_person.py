"""The page of a person in the administration: what it shows, whom it lets act, and what the acts do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.tokens.create import create_token
from sessions_ui.admin.person.acts import ACTS
from sessions_ui.exceptions import ImpersonationRefusal
from sessions_ui.wording.impersonation import refused_text
from tests.models import AccountState, Act, Device, EndReason, Event, Session

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/sessions_ui/session/people/"
LIST = "/admin/sessions_ui/session/"
DEVICES = "/account/devices/"


def allow(user: Any, *codenames: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))


@pytest.fixture
def ada(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


@pytest.fixture
def viewer(browser: Any, agent: Any) -> Any:
    """Staff who may look at sign-ins and do nothing."""
    agent.groups.clear()
    allow(agent, "view_session")
    client = browser()
    client.force_login(agent)
    return client


def page_of(user: Any) -> str:
    return f"{PEOPLE}{user.pk}/"


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_name_leads_to_everything_of_this_person(
    admin: Any, ada: Any, user: Any, other_user: Any, browser: Any
) -> None:
    browser().sign_in(other_user)
    answer = admin.get(PEOPLE, {"who": user.email})
    assert (answer.status_code, answer.url) == (302, page_of(user))
    text = text_of(admin.get(answer.url))
    for words in (
        user.email,
        "1 sign-in is valid now.",
        "Firefox on Linux",
        "Signed in",
        "Security log",
    ):
        assert words in text, words
    assert other_user.email not in text


@pytest.mark.parametrize("term", ["", "ada", "nobody@people.example", "x" * 300])
def test_a_name_of_nobody_is_said_to_be_one(term: str, admin: Any, user: Any) -> None:
    answer = admin.get(PEOPLE, {"who": term})
    assert answer.status_code == 422 and "errorlist" in answer.content.decode()


@pytest.mark.parametrize("key", ["0", "999999999", "9" * 40, "x", "-1", "1_0", "%00"])
def test_whom_nobody_knows_is_not_found(key: str, admin: Any, user: Any) -> None:
    for path in (f"{PEOPLE}{key}/", f"{PEOPLE}{key}/sign-out/"):
        assert admin.get(path).status_code == 404


def test_an_act_that_there_is_not_is_not_found(admin: Any, user: Any) -> None:
    assert admin.post(f"{page_of(user)}fly/").status_code == 404


def test_the_page_of_a_deleted_account_shows_what_is_kept_and_offers_nothing(
    admin: Any, ada: Any, user: Any
) -> None:
    address, pk = page_of(user), user.pk
    user.delete()
    text = text_of(admin.get(address))
    assert f"deleted account {pk}" in text and "the account was deleted" in text
    assert not any(str(act.verb) in text for act in ACTS)
    assert admin.post(f"{address}sign-out/", {"note": "x"}).status_code == 403


def test_whoever_may_only_look_is_offered_nothing_and_does_nothing(viewer: Any, ada: Any, user: Any) -> None:
    text = text_of(viewer.get(page_of(user)))
    assert "Firefox on Linux" in text and "Security log" not in text
    assert not any(str(act.verb) in text for act in ACTS)
    for act in ACTS:
        assert viewer.post(f"{page_of(user)}{act.name}/", {"note": "x", "reason": "x"}).status_code == 403
    assert ada.get(DEVICES).status_code == 200


def test_whoever_may_not_look_finds_no_page(viewer: Any, agent: Any, user: Any) -> None:
    agent.user_permissions.clear()
    allow(agent, "view_device", "view_event")
    for path in (PEOPLE, page_of(user), f"{page_of(user)}sign-out/"):
        assert viewer.get(path).status_code == 403


def test_sign_out_everything(admin: Any, ada: Any, user: Any, other_user: Any, browser: Any) -> None:
    stranger = browser()
    stranger.sign_in(other_user)
    create_token(
        user=user,
        name="backup",
        actor=user,
        scopes=["sessions:read"],
        expires_at=timezone.now() + timedelta(days=1),
    )
    address = f"{page_of(user)}sign-out/"
    asked = text_of(admin.get(address))
    assert "1 sign-in is valid now." in asked and "So is 1 access token." in asked
    assert admin.post(address, {"note": " "}).status_code == 422 and ada.get(DEVICES).status_code == 200
    answer = admin.post(address, {"note": "stolen laptop"}, follow=True)
    assert answer.redirect_chain[-1][0] == page_of(user)
    assert "1 sign-in and 1 access token were ended." in text_of(answer)
    assert not Session.objects.living().filter(user=user).exists()
    assert stranger.get(DEVICES).status_code == 200
    assert (Act.objects.get().reason, Act.objects.get().note) == (EndReason.ADMINISTRATOR, "stolen laptop")


def test_require_a_new_password(admin: Any, ada: Any, user: Any, administrator: Any) -> None:
    answer = admin.post(f"{page_of(user)}require-password/", {"note": "leaked"}, follow=True)
    assert "The person has to choose a new password first." in text_of(answer)
    assert ada.get(DEVICES).status_code == 302
    state = AccountState.objects.get(pk=user.pk)
    assert state.password_required_at is not None and state.password_required_by_id == administrator.pk
    event = Event.objects.get(kind=Event.Kind.PASSWORD_REQUIRED)
    assert (event.user_id, event.actor_id, event.reason) == (user.pk, administrator.pk, "administrator")


def test_no_password_is_required_of_whoever_has_none(admin: Any, user: Any) -> None:
    user.set_unusable_password()
    user.save()
    assert "Require a new password" not in text_of(admin.get(page_of(user)))
    assert admin.post(f"{page_of(user)}require-password/", {"note": "x"}).status_code == 403


def test_support_begins_to_use_an_account_from_the_page(
    admin: Any, ada: Any, user: Any, administrator: Any
) -> None:
    assert "Use this account as support" in text_of(admin.get(page_of(user)))
    answer = admin.post(f"{page_of(user)}use-account/", {"reason": "You asked us to look"}, follow=True)
    assert answer.status_code == 200 and answer.context["user"] == user
    row = Session.objects.get(impersonator=administrator)
    assert (row.user_id, row.impersonation_reason) == (user.pk, "You asked us to look")
    assert admin.get(PEOPLE).status_code == 403, "nothing of the administration meanwhile"


def test_an_account_that_support_may_not_use_is_refused_with_a_reason(
    admin: Any, user: Any, administrator: Any, browser: Any, agent: Any
) -> None:
    agent.is_superuser = True
    agent.save()
    answer = admin.post(f"{page_of(agent)}use-account/", {"reason": "curious"})
    assert answer.status_code == 422 and "has rights that you don’t have" in text_of(answer)
    assert "Use this account" not in text_of(admin.get(page_of(administrator))), "not the own one"
    assert not Session.objects.filter(impersonator__isnull=False).exists()


@pytest.mark.parametrize("reason", ImpersonationRefusal)
def test_every_refusal_of_support_has_a_sentence(reason: ImpersonationRefusal) -> None:
    assert refused_text(reason).endswith(".")


def test_the_other_acts_lead_to_their_pages_with_the_person_filled_in(
    admin: Any, ada: Any, user: Any
) -> None:
    html = admin.get(page_of(user)).content.decode()
    (offboard,) = re.findall(r'href="(/admin/sessions_ui/offboarding/add/[^"]+)"', html)
    assert f'value="{user.email}"' in admin.get(offboard).content.decode()
    export = admin.post("/admin/sessions_ui/session/person/", {"key": user.pk, "export": "1"})
    assert export["Content-Type"].startswith("application/json") and 'name="export"' in html


def test_chosen_sign_ins_are_signed_out_by_the_question_of_the_list(
    admin: Any, ada: Any, user: Any, browser: Any
) -> None:
    browser().sign_in(user)
    html = admin.get(page_of(user)).content.decode()
    fields = dict(
        re.findall(r'<input type="hidden" name="(action|select_across|index)" value="([^"]+)"', html)
    )
    first = Session.objects.filter(user=user).earliest("pk")
    chosen = {**fields, "_selected_action": [first.pk]}
    assert f'value="{first.pk}"' in html
    assert "1 sign-in will be ended." in admin.post(LIST, chosen).content.decode()
    admin.post(LIST, {**chosen, "confirmed": "1", "note": "lost"})
    assert [row.pk for row in Session.objects.living().filter(user=user)] != [first.pk]
    assert ada.get(DEVICES).status_code == 302


@pytest.mark.parametrize("model", ["session", "device"])
def test_the_page_of_a_row_has_its_act(model: str, admin: Any, ada: Any, user: Any, viewer: Any) -> None:
    row: Any = {"session": Session, "device": Device}[model].objects.filter(user=user).get()
    address = f"/admin/sessions_ui/{model}/"
    html = admin.get(f"{address}{row.pk}/change/").content.decode()
    assert f'action="{address}"' in html and f'href="{page_of(user)}"' in html
    fields = {"_selected_action": row.pk, "action": "sign_out_selected", "select_across": "0", "index": "0"}
    assert "1 sign-in will be ended." in admin.post(address, fields).content.decode()
    if model == "session":
        assert "sign_out_selected" not in viewer.get(f"{address}{row.pk}/change/").content.decode()


def test_no_row_has_a_history_that_is_always_empty(admin: Any, ada: Any, user: Any) -> None:
    event, row = Event.objects.latest("pk"), Session.objects.get(user=user)
    for page in (f"event/{event.pk}", f"session/{row.pk}", f"device/{row.device_id}"):
        assert "/history/" not in admin.get(f"/admin/sessions_ui/{page}/change/").content.decode()


def test_the_sites_own_page_of_a_user_leads_there_for_whoever_may_look(
    admin: Any, user: Any, viewer: Any, agent: Any
) -> None:
    address = f"/admin/accounts/user/{user.pk}/change/"
    assert f'href="{page_of(user)}"' in admin.get(address).content.decode()
    assert f'href="{address}"' in admin.get(page_of(user)).content.decode()
    agent.user_permissions.clear()
    allow(agent, "view_user")
    assert page_of(user) not in viewer.get(address).content.decode()


def test_a_row_of_the_help_desk_says_what_was_done(admin: Any, user: Any, agent: Any) -> None:
    Event.objects.create(
        kind=Event.Kind.HELP_DESK, user=user, actor=agent, data={"step": "verified", "case": "x"}
    )
    assert "Help desk: caller verified" in admin.get("/admin/sessions_ui/event/").content.decode()
    assert "Help desk: caller verified" in admin.get(page_of(user)).content.decode()


def test_more_rows_cost_no_more_statements(admin: Any, ada: Any, user: Any, browser: Any) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            admin.get(page_of(user))
        return len(queries)

    few = statements()
    for _sign_in in range(3):
        browser().sign_in(user)
    assert statements() == few
