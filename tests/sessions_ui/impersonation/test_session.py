"""The session in which staff uses an account: no sign-in of the user's, and no longer than the staff member's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session, end_user_sessions
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.impersonation import end_impersonation
from sessions_ui.actions.sessions.activity import touch
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.delivery import deliver_due
from tests.conftest import FIREFOX_ON_LINUX
from tests.interleaving import just_before
from tests.models import Act, Delivery, Device, EndReason, Event, Session, digest_of
from tests.sessions_ui.impersonation.test_rules import whose

pytestmark = pytest.mark.django_db

LEAVE = "/account/devices/leave-account/"


def own(support: Any) -> Session:
    return Session.objects.get(user=support)


def test_an_impersonation_is_labelled(used: Session, user: Any, support: Any) -> None:
    assert (used.user, used.impersonator, used.impersonation_reason) == (user, support, "Your invoice of May")
    assert used.impersonated_from == own(support)
    assert (used.authentication, used.assurance_level) == (None, 0)
    event = Event.objects.get(kind=Event.Kind.IMPERSONATED)
    assert (event.user, event.actor, event.session) == (user, support, used)
    assert event.detail.text == "Your invoice of May"
    assert (event.detail.address, event.detail.user_agent) == ("89.160.20.112", FIREFOX_ON_LINUX)


def test_an_impersonation_is_no_device_and_no_sign_in_of_the_user(
    used: Session, inside: Any, user: Any
) -> None:
    user.refresh_from_db()
    assert used.device is None and not Device.objects.filter(user=user).exists()
    assert user.last_login is None
    assert not Event.objects.filter(user=user, kind=Event.Kind.SIGNED_IN).exists()


def test_an_impersonation_replaces_nothing_and_takes_nobodys_place(
    desk: Any, browser: Any, user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SESSION_LIMIT": 1}
    laptop = browser()
    laptop.sign_in(user)
    desk.post("/support/use/", {"user": user.pk, "reason": "x"})
    assert whose(laptop) == user.email
    browser().sign_in(user)  # over the limit: the laptop goes, support stays
    assert whose(laptop) == "nobody" and whose(desk) == user.email


def test_an_impersonation_lasts_an_hour_at_most(used: Session, inside: Any, settings: Any) -> None:
    assert used.expires_at - used.signed_in_at == timedelta(hours=1)
    inside.get("/account/devices/")
    store = inside.session
    store["something"] = 1
    store.save()
    used.refresh_from_db()
    assert used.expires_at - used.signed_in_at == timedelta(hours=1), "whatever is saved in it"


def test_three_statements_more_a_request_and_for_nobody_else(inside: Any, browser: Any, user: Any) -> None:
    laptop = browser()
    laptop.sign_in(user)
    counts = []
    for client in (laptop, inside):
        with CaptureQueriesContext(connection) as queries:
            client.get("/whoami/")
        counts.append(len(queries))
    assert counts == [1, 4], "the own session, and both kinds of permission"


def test_an_impersonation_ends_when_the_permission_is_gone(
    inside: Any, used: Session, user: Any, support: Any
) -> None:
    assert whose(inside) == user.email
    support.user_permissions.clear()
    assert whose(inside) == "nobody"
    used.refresh_from_db()
    assert used.end_reason == EndReason.ACCESS_CHANGED


def test_of_two_reasons_the_first_is_named_that_of_the_account_before_that_of_the_staff_member(
    inside: Any, used: Session, user: Any, support: Any
) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    support.user_permissions.clear()
    assert whose(inside) == "nobody"
    used.refresh_from_db()
    assert used.end_reason == EndReason.ACCOUNT_DISABLED


def test_leaving_returns_to_the_own_session(inside: Any, used: Session, support: Any) -> None:
    before = own(support).pk
    response = inside.post(LEAVE)
    assert response.status_code == 302
    assert whose(inside) == support.email and own(support).pk == before
    used.refresh_from_db()
    assert (used.end_reason, used.ended_by) == (EndReason.SIGNED_OUT, support)


@pytest.fixture
def own_ends_at_that_moment(used: Session, support: Any) -> Iterator[None]:
    """Between looking at the own session and giving it the new key."""
    before = own(support).digest
    end = {"ended_at": timezone.now(), "end_reason": EndReason.ADMINISTRATOR}
    with just_before(
        "UPDATE .sessions_ui_session. SET .digest.", lambda: Session.objects.of(support).update(**end)
    ):
        yield
    assert (own(support).end_reason, own(support).digest) == ("administrator", before)
    used.refresh_from_db()
    assert used.end_reason == "signed_out"


def test_leaving_signs_in_nobody_where_the_own_session_ends_at_that_moment(
    inside: Any, own_ends_at_that_moment: None
) -> None:
    inside.post(LEAVE)
    assert inside.cookies["sessionid"].value == "", "the browser is told to forget its key, and gets no other"
    assert whose(inside) == "nobody"


def test_there_is_no_own_session_to_go_back_to_where_that_ends_at_the_same_moment(
    inside: Any, used: Session, own_ends_at_that_moment: None
) -> None:
    assert end_impersonation(session=used, key=inside.cookies["sessionid"].value, new_key="n" * 32) is None


def test_leaving_gives_the_own_session_a_new_key(desk: Any, user: Any, support: Any) -> None:
    key = desk.cookies["sessionid"].value
    desk.post("/support/use/", {"user": user.pk, "reason": "x"})
    desk.post(LEAVE)
    assert desk.cookies["sessionid"].value != key
    assert own(support).digest == digest_of(desk.cookies["sessionid"].value)


def test_a_request_under_way_does_not_take_the_new_key_away(inside: Any, browser: Any) -> None:
    """It has the key that is over: told to try again, without a cookie-delete."""
    late = browser()
    late.cookies["sessionid"] = inside.cookies["sessionid"].value
    inside.post(LEAVE)
    response = late.get("/account/devices/")
    assert response.status_code == 409 and "sessionid" not in response.cookies


def test_leaving_twice_is_refused(inside: Any) -> None:
    inside.post(LEAVE)
    assert inside.post(LEAVE).status_code == 403


def test_leaving_goes_nowhere_else(inside: Any) -> None:
    assert inside.post(LEAVE, {"next": "https://evil.example/"})["Location"] == "/account/devices/"


def test_an_impersonation_ends_with_the_own_session_in_the_same_act(
    used: Session, inside: Any, support: Any
) -> None:
    receipt = end_session(session=own(support), reason=EndReason.ADMINISTRATOR)
    used.refresh_from_db()
    assert (used.act, used.end_reason) == (receipt.act, EndReason.OWNER_ENDED)
    event = Event.objects.get(kind=Event.Kind.ENDED, session=used)
    assert (event.act, event.reason) == (receipt.act, EndReason.OWNER_ENDED)
    assert Act.objects.get(pk=receipt.act.pk).count == receipt.ended == 2
    assert whose(inside) == "nobody"


def test_an_impersonation_that_was_left_stays_as_it_ended(used: Session, inside: Any, support: Any) -> None:
    inside.post(LEAVE)
    left = Session.objects.values().get(pk=used.pk)
    receipt = end_session(session=own(support), reason=EndReason.ADMINISTRATOR)
    assert Session.objects.values().get(pk=used.pk) == left
    assert receipt.ended == 1, "the own one"


def test_the_user_gets_no_mail_about_the_end_of_an_impersonation(
    used: Session, user: Any, support: Any
) -> None:
    end_session(session=own(support), reason=EndReason.ADMINISTRATOR)
    assert list(Delivery.objects.filter(act__isnull=False).values_list("user", flat=True)) == [support.pk]


def test_an_impersonation_ends_when_the_own_session_runs_out(
    used: Session, inside: Any, support: Any
) -> None:
    Session.objects.filter(user=support).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert whose(inside) == "nobody"
    used.refresh_from_db()
    assert used.end_reason == EndReason.OWNER_ENDED


def test_the_sweep_ends_it_with_the_own_one(used: Session, support: Any) -> None:
    Session.objects.filter(user=support).update(expires_at=timezone.now() - timedelta(seconds=1))
    end_unlawful()
    used.refresh_from_db()
    assert used.end_reason == EndReason.OWNER_ENDED


def test_an_impersonation_ends_when_the_staff_member_is_disabled_by_sql(inside: Any, support: Any) -> None:
    type(support).objects.filter(pk=support.pk).update(is_active=False)
    assert whose(inside) == "nobody"


def test_an_impersonation_ends_with_all_of_the_users_sessions(inside: Any, user: Any, support: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.PASSWORD_CHANGED)
    assert whose(inside) == "nobody"
    assert own(support).ended_at is None, "the own one goes on, but the browser has lost its key"


def test_work_in_it_keeps_the_own_session_from_idling(used: Session, inside: Any, support: Any) -> None:
    long_ago = timezone.now() - timedelta(days=13)
    Session.objects.update(last_seen_at=long_ago)
    inside.get("/whoami/")
    assert own(support).last_seen_at > long_ago


def test_work_in_it_changes_nothing_of_an_own_session_that_has_ended(used: Session, support: Any) -> None:
    """Between the look-up, which refuses both, and the touch."""
    long_ago = timezone.now() - timedelta(days=1)
    Session.objects.update(last_seen_at=long_ago)
    Session.objects.of(support).update(ended_at=long_ago, end_reason=EndReason.SIGNED_OUT)
    assert touch(session=used, digest=used.digest, client=client_of({}), now=timezone.now())
    used.refresh_from_db()
    assert used.last_seen_at > long_ago and own(support).last_seen_at == long_ago


def test_the_user_is_told_by_mail(used: Session, user: Any) -> None:
    mail.outbox.clear()
    deliver_due()
    assert [message.to for message in mail.outbox] == [[user.email]]
    message = mail.outbox[0]
    assert message.subject == "Support is using your account"
    text = str(message.body) + str(message.alternatives[0].content)
    assert text.count("Your invoice of May") == 2 and "Sam " not in text and "sam@" not in text


def test_unless_the_site_does_not_want_that(desk: Any, user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IMPERSONATION_MAIL": False}
    desk.post("/support/use/", {"user": user.pk, "reason": "x"})
    assert not Delivery.objects.exists()


def test_a_reason_is_cut_and_has_no_lines(desk: Any, user: Any) -> None:
    desk.post("/support/use/", {"user": user.pk, "reason": "a\r\nb " + "x" * 400})
    reason = Session.objects.get(impersonated_from__isnull=False).impersonation_reason
    assert reason.startswith("a b xxx") and len(reason) == 255
