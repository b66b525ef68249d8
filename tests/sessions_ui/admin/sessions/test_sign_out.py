"""Signing out from the admin: who may, what is asked before, what is written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.utils import timezone

from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.database import moments
from sessions_ui.delivery import deliver_due
from sessions_ui.tasks import sweep_endings
from tests.models import Act, Ending, EndingBatch, EndReason, Session

LIST = "/admin/sessions_ui/session/"
DEVICES = "/admin/sessions_ui/device/"
PAGE = "/account/devices/"


@pytest.fixture
def ada(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


def act(client: Any, action: str, pks: list[Any], *, page: str = LIST, **fields: str) -> Any:
    return client.post(page, {"action": action, "_selected_action": pks, **fields})


def of(user: Any) -> Session:
    return Session.objects.filter(user=user).latest("pk")


def test_the_administration_says_what_will_happen_before_it_does(admin: Any, ada: Any, user: Any) -> None:
    html = act(admin, "sign_out_selected", [of(user).pk]).content.decode()
    for text in ("1 sign-in will be ended.", "This affects 1 person", user.email, "Firefox on Linux"):
        assert text in html, text
    assert "Your own sign-in" not in html
    assert ada.get(PAGE).status_code == 200


def test_no_reason_no_sign_out(admin: Any, ada: Any, user: Any) -> None:
    answer = act(admin, "sign_out_selected", [of(user).pk], confirmed="1", note="  ")
    assert "This field is required." in answer.content.decode()
    assert ada.get(PAGE).status_code == 200


def test_sign_out_selected(admin: Any, ada: Any, browser: Any, user: Any, administrator: Any) -> None:
    other = browser()
    other.sign_in(user)
    first = Session.objects.filter(user=user).earliest("pk")
    answer = act(admin, "sign_out_selected", [first.pk], confirmed="1", note="lost phone, asked by the owner")
    assert answer.status_code == 302
    assert ada.get(PAGE).status_code == 302
    assert other.get(PAGE).status_code == 200
    first.refresh_from_db()
    assert first.end_reason == EndReason.ADMINISTRATOR
    assert first.ended_by == administrator
    assert first.act is not None and first.act.note == "lost phone, asked by the owner"
    html = admin.get(LIST, {"state": "ended"}).content.decode()
    assert "signed out by an administrator" in html
    assert administrator.email in html


def test_an_administrator_says_since_when_it_should_have_been_over(admin: Any, ada: Any, user: Any) -> None:
    an_hour_ago = (timezone.now() - timedelta(hours=1)).replace(second=0, microsecond=0)
    entered = f"{moments.local(an_hour_ago):%Y-%m-%dT%H:%M}"
    answer = act(
        admin, "sign_out_users", [of(user).pk], confirmed="1", note="left", happened_at="2099-01-01T00:00"
    )
    assert "That’s still in the future." in answer.content.decode()
    assert of(user).ended_at is None
    act(admin, "sign_out_users", [of(user).pk], confirmed="1", note="left", happened_at=entered)
    assert of(user).act.happened_at == an_hour_ago


def test_the_person_is_told_but_not_the_note(admin: Any, ada: Any, user: Any) -> None:
    act(admin, "sign_out_selected", [of(user).pk], confirmed="1", note="suspected fraud")
    deliver_due()
    assert [message.to for message in mail.outbox] == [[user.email]]
    body = str(mail.outbox[0].body)
    for text in (
        "Firefox on Linux",
        "Near London, United Kingdom (approximate), 81.2.69.142",
        " UTC",
        "signed out by an administrator",
        "https://devices.example/account/devices/",
        "ask the people who run the service",
    ):
        assert text in body, (text, body)
    assert "suspected fraud" not in body
    assert "\n\n\n" not in body


@pytest.mark.control("ASVS 7.4.5")
def test_everything_of_these_users(
    admin: Any, ada: Any, browser: Any, user: Any, other_user: Any, django_assert_max_num_queries: Any
) -> None:
    for person in (user, other_user):
        browser().sign_in(person)
    stranger = browser()
    stranger.sign_in(other_user)
    assert "2 sign-ins will be ended." in act(admin, "sign_out_users", [of(user).pk]).content.decode()
    act(admin, "sign_out_users", [of(user).pk], confirmed="1", note="gone")
    assert not Session.objects.of(user).living().exists()
    assert stranger.get(PAGE).status_code == 200
    assert Act.objects.get().count == 2


@pytest.mark.control("ASVS 7.4.5")
def test_all_of_a_filtered_list(admin: Any, ada: Any, browser: Any, user: Any) -> None:
    """The "select all" of Django's list: what is ended is what the filter finds, not what is on the page."""
    browser().sign_in(user)
    page = f"{LIST}?q={user.email}"
    shown = act(admin, "sign_out_selected", [of(user).pk], page=page, select_across="1").content.decode()
    assert "2 sign-ins will be ended." in shown
    act(admin, "sign_out_selected", [of(user).pk], page=page, select_across="1", confirmed="1", note="all")
    assert not Session.objects.of(user).living().exists()
    assert admin.get(LIST).status_code == 200


@pytest.mark.parametrize("action", ["sign_out_selected", "sign_out_users"])
def test_a_list_of_those_signed_in_is_signed_out_though_it_is_empty_then(
    admin: Any, ada: Any, browser: Any, user: Any, other_user: Any, action: str
) -> None:
    stranger = browser()
    stranger.sign_in(other_user)
    answer = act(admin, action, [of(user).pk], page=f"{LIST}?state=living", confirmed="1", note="lost")
    assert answer.status_code == 302
    assert ada.get(PAGE).status_code == 302
    assert stranger.get(PAGE).status_code == 200
    deliver_due()
    assert [message.to for message in mail.outbox] == [[user.email]]


def test_devices_can_be_signed_out_too(admin: Any, ada: Any, user: Any) -> None:
    device = of(user).device_id
    assert (
        "1 sign-in will be ended." in act(admin, "sign_out_selected", [device], page=DEVICES).content.decode()
    )
    act(admin, "sign_out_selected", [device], page=DEVICES, confirmed="1", note="lost")
    assert ada.get(PAGE).status_code == 302


def test_twice_is_said(admin: Any, ada: Any, user: Any) -> None:
    pk = of(user).pk
    act(admin, "sign_out_selected", [pk], confirmed="1", note="once")
    answer = admin.post(
        LIST,
        {"action": "sign_out_selected", "_selected_action": [pk], "confirmed": "1", "note": "twice"},
        follow=True,
    )
    assert "Nothing was still signed in." in answer.content.decode()
    assert Act.objects.count() == 1


def test_own_sign_in_is_named(admin: Any, administrator: Any) -> None:
    html = act(admin, "sign_out_users", [of(administrator).pk]).content.decode()
    assert "Your own sign-in is among them." in html


@pytest.mark.parametrize("action", ["sign_out_selected", "sign_out_users"])
def test_whoever_may_only_look_signs_nobody_out(
    browser: Any, agent: Any, ada: Any, user: Any, action: str
) -> None:
    agent.groups.clear()
    agent.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_session", "view_device", "change_device"])
    )
    client = browser()
    client.force_login(agent)
    assert "sign_out_selected" not in client.get(LIST).content.decode()
    act(client, action, [of(user).pk], confirmed="1", note="no")
    act(client, action, [of(user).device_id], page=DEVICES, confirmed="1", note="no")
    assert ada.get(PAGE).status_code == 200


def test_the_permission_to_sign_out_is_enough(browser: Any, agent: Any, ada: Any, user: Any) -> None:
    agent.groups.clear()
    agent.user_permissions.add(*Permission.objects.filter(codename__in=["view_session", "change_session"]))
    client = browser()
    client.force_login(agent)
    act(client, "sign_out_selected", [of(user).pk], confirmed="1", note="yes")
    assert ada.get(PAGE).status_code == 302


def test_a_stranger_sees_nothing(ada: Any) -> None:
    for page in (LIST, DEVICES, f"{LIST}overview/"):
        assert ada.get(page).status_code == 302


def test_many_are_left_to_the_worker_and_the_page_says_how_far_it_is(
    admin: Any, ada: Any, user: Any, browser: Any, settings: Any, administrator: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "END_AT_ONCE_MAX": 1}
    browser().force_login(user)
    fields = {"action": "sign_out_users", "_selected_action": [of(user).pk], "confirmed": "1", "note": "leak"}
    answer = admin.post(LIST, fields, follow=True).content.decode()
    assert "2 sign-ins are being ended in batches." in answer
    assert ada.get(PAGE).status_code == 200
    progress = "/admin/sessions_ui/ending/"
    assert "0 of 2" in admin.get(progress).content.decode()
    sweep_endings()
    assert ada.get(PAGE).status_code == 302
    assert Act.objects.get().actor_id == administrator.pk
    for page in (progress, f"{progress}{Ending.objects.get().pk}/change/"):
        assert "2 of 2" in admin.get(page).content.decode()


def test_the_overview_says_when_no_worker_carries_it_out(admin: Any, ada: Any, user: Any) -> None:
    warning = "Is the worker running? People are still signed in."
    end_later(sessions=Session.objects.of(user), reason=EndReason.ADMINISTRATOR)
    assert warning not in admin.get(f"{LIST}overview/").content.decode()
    Ending.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    assert warning in admin.get(f"{LIST}overview/").content.decode()
    sweep_endings()
    assert warning not in admin.get(f"{LIST}overview/").content.decode()


def test_what_failed_is_tried_again_from_the_admin(admin: Any, ada: Any, user: Any, settings: Any) -> None:
    ending = end_later(sessions=Session.objects.of(user), reason=EndReason.ADMINISTRATOR)
    EndingBatch.objects.update(failed_at=timezone.now(), attempts=8, error="OperationalError")
    fields = {"action": "retry", "_selected_action": [ending.pk]}
    assert "Check the large sign-outs" in admin.get(f"{LIST}overview/").content.decode()
    answer = admin.post("/admin/sessions_ui/ending/", fields, follow=True).content.decode()
    assert "1 batch will be tried again." in answer
    assert sweep_endings() == 1
    answer = admin.post("/admin/sessions_ui/ending/", fields, follow=True).content.decode()
    assert "None of these has failed." in answer


# --- access tokens: another list, another permission


def make_token(user: Any) -> Session:
    ends = timezone.now() + timedelta(days=30)
    made = create_token(user=user, name="Backup", scopes=["sessions:read"], expires_at=ends)
    return Session.objects.get(pk=made.token.pk)


@pytest.fixture
def clerk(browser: Any, agent: Any) -> Any:
    """Somebody who may end sign-ins, and no token."""
    agent.groups.clear()
    agent.user_permissions.add(*Permission.objects.filter(codename__in=["view_session", "change_session"]))
    client = browser()
    client.force_login(agent)
    return client


@pytest.mark.parametrize("who", ["clerk", "admin"])
def test_a_token_is_no_sign_in(who: str, request: Any, ada: Any, user: Any) -> None:
    client, token = request.getfixturevalue(who), make_token(user)
    for query in (
        {},
        {"kind__exact": "token"},
        {"q": user.email},
        {"q": token.public_id},
        {"state": "living"},
    ):
        html = client.get(LIST, query).content.decode()
        assert f"/session/{token.pk}/" not in html, query
    assert f"/session/{of(user).pk - 1}/" in client.get(LIST).content.decode()
    assert "kind__exact=token" not in client.get(LIST).content.decode()
    assert client.get(f"{LIST}{token.pk}/change/").status_code == 302
    assert client.get(f"{LIST}{token.pk}/history/").status_code in (302, 404)
    for across in ("0", "1"):
        page = f"{LIST}?q={token.public_id}"
        act(client, "sign_out_selected", [token.pk], page=page, select_across=across, confirmed="1", note="x")
    token.refresh_from_db()
    assert token.ended_at is None


def test_everything_of_a_person_ends_their_tokens_and_says_so(clerk: Any, ada: Any, user: Any) -> None:
    sign_in, token = of(user), make_token(user)
    html = " ".join(act(clerk, "sign_out_users", [sign_in.pk]).content.decode().split())
    for text in (
        "1 sign-in and 1 access token will be ended.",
        "These people’s access tokens end, too",
        "“Backup”",
    ):
        assert text in html, text
    assert "never used" in html and html.count("last active") == 1
    fields = {"action": "sign_out_users", "_selected_action": [sign_in.pk], "confirmed": "1", "note": "x"}
    html = clerk.post(LIST, fields, follow=True).content.decode()
    assert "1 sign-in and 1 access token were ended." in html
    token.refresh_from_db()
    assert token.end_reason == EndReason.ADMINISTRATOR
    assert (
        "These people’s access tokens" not in act(clerk, "sign_out_selected", [sign_in.pk]).content.decode()
    )


def test_many_are_counted_apart(admin: Any, ada: Any, user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "END_AT_ONCE_MAX": 1}
    sign_in = of(user)
    make_token(user)
    fields = {"action": "sign_out_users", "_selected_action": [sign_in.pk], "confirmed": "1", "note": "x"}
    html = admin.post(LIST, fields, follow=True).content.decode()
    assert "1 sign-in and 1 access token are being ended in batches." in html


def test_tokens_are_called_so_where_they_are_ended(admin: Any, user: Any) -> None:
    token, page = make_token(user), "/admin/sessions_ui/accesstoken/"
    html = " ".join(act(admin, "end_selected", [token.pk], page=page).content.decode().split())
    for text in (
        "End access tokens: are you sure?",
        "1 access token will be ended.",
        "never used",
        'value="End"',
    ):
        assert text in html, text
    for text in ("sign-in", "sign in again", "last active", "Unknown device"):
        assert text not in html, text
    fields = {"action": "end_selected", "_selected_action": [token.pk], "confirmed": "1", "note": "x"}
    assert "1 access token was ended." in admin.post(page, fields, follow=True).content.decode()
    assert "All of them had already ended." in admin.post(page, fields, follow=True).content.decode()
