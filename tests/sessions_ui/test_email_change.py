"""Another e-mail address: the old one is told, and what ends is a setting."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.utils import timezone

from accounts.models import VerifiedAddress
from sessions_ui.actions.endings.changes.email import email_changed
from sessions_ui.delivery import deliver_due
from tests.aging import long_ago
from tests.conftest import PASSWORD
from tests.models import Act, Delivery, EndReason, Event, EventDetail, Session

pytestmark = pytest.mark.django_db
OLD, NEW = "ada@people.example", "ada@new.example"


@pytest.fixture
def laptop(user: Any, browser: Any) -> Any:
    client = browser()
    client.sign_in(user)
    long_ago(user)
    browser().sign_in(user)
    return client


def ends(settings: Any, what: str) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "EMAIL_CHANGE_ENDS": what}


def reasons() -> list[str]:
    return list(Session.objects.order_by("pk").values_list("end_reason", flat=True))


def told() -> list[str]:
    return sorted(
        Delivery.objects.filter(event__kind=Event.Kind.EMAIL_CHANGED).values_list("receiver", flat=True)
    )


def by_save(user: Any) -> None:
    user.email = NEW
    user.save()


def by_save_of_one_field(user: Any) -> None:
    user.email = NEW
    user.save(update_fields=["email"])


def by_other_code(user: Any) -> None:
    fresh = get_user_model().objects.get(pk=user.pk)
    fresh.email = NEW
    fresh.save()


@pytest.mark.parametrize("change", [by_save, by_save_of_one_field, by_other_code])
@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("nothing", ["", ""]),
        ("others", [EndReason.EMAIL_CHANGED] * 2),  # nobody acts: there is no session to spare
        ("all", [EndReason.EMAIL_CHANGED] * 2),
    ],
)
def test_a_save_anywhere(
    change: Any, what: str, expected: list[str], user: Any, laptop: Any, settings: Any
) -> None:
    ends(settings, what)
    change(user)
    assert reasons() == expected
    assert told() == [OLD]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("nothing", ["", ""]),
        ("others", ["", EndReason.EMAIL_CHANGED]),
        ("all", [EndReason.EMAIL_CHANGED] * 2),
    ],
)
def test_by_the_person_on_the_page(
    what: str, expected: list[str], user: Any, laptop: Any, settings: Any
) -> None:
    """allauth: another verified address is made the primary one."""
    ends(settings, what)
    EmailAddress.objects.create(user=user, email=NEW, verified=True)
    laptop.post("/account/reauthenticate/", {"password": PASSWORD})
    laptop.post("/account/email/", {"action_primary": "", "email": NEW})
    user.refresh_from_db()
    assert user.email == NEW
    assert reasons() == expected
    assert told() == [OLD]
    assert Event.objects.get(kind=Event.Kind.EMAIL_CHANGED).actor_id == user.pk


def test_in_the_admin(user: Any, administrator: Any, laptop: Any, browser: Any) -> None:
    admin = browser()
    admin.force_login(administrator)
    url = f"/admin/accounts/user/{user.pk}/change/"
    initial = admin.get(url).context["adminform"].form.initial
    data = {name: value for name, value in initial.items() if value not in (None, [])}
    assert admin.post(url, {**data, "email": NEW}).status_code == 302
    assert told() == [OLD]
    assert Event.objects.get(kind=Event.Kind.EMAIL_CHANGED).actor_id == administrator.pk


def test_another_case_is_the_same_address(user: Any, laptop: Any) -> None:
    user.email = OLD.upper()
    user.save()
    assert not Event.objects.filter(kind=Event.Kind.EMAIL_CHANGED).exists()


def test_a_first_address_is_told_nobody(user: Any) -> None:
    VerifiedAddress.objects.filter(user=user).delete()
    get_user_model().objects.filter(pk=user.pk).update(email="")
    user.refresh_from_db()
    user.email = NEW
    user.save()
    assert told() == []
    assert Event.objects.filter(kind=Event.Kind.EMAIL_CHANGED).count() == 1


@pytest.mark.control("SP 800-63B 4.6")
def test_the_mail_goes_to_the_old_address_and_does_not_name_the_new_one(user: Any, mailoutbox: Any) -> None:
    by_save(user)
    deliver_due()
    (message,) = mailoutbox
    assert message.to == [OLD]
    assert message.subject == "The email address of your account was changed"
    for text in (message.body, message.alternatives[0][0]):
        assert "The email address of your account was changed on" in text
        assert "The people who run the service made this change" not in text
        assert NEW not in text


def test_who_is_signed_out_as_well_is_told_at_the_new_address(
    user: Any, laptop: Any, settings: Any, mailoutbox: Any
) -> None:
    ends(settings, "all")
    deliver_due()  # that somebody signed in
    mailoutbox.clear()
    by_save(user)
    deliver_due()
    assert sorted(message.to[0] for message in mailoutbox) == [NEW, OLD]
    body = next(message.body for message in mailoutbox if message.to == [NEW])
    assert "Why: the email address was changed." in body


def test_the_old_address_can_be_erased_from_the_history(user: Any) -> None:
    by_save(user)
    event = Event.objects.get(kind=Event.Kind.EMAIL_CHANGED)
    assert event.data == {"by_owner": None}
    assert EventDetail.objects.get(event=event).text == OLD


@pytest.mark.parametrize(
    ("old", "new", "change", "label"),
    [(OLD, NEW, "changed", NEW), ("", NEW, "added", NEW), (OLD, "", "removed", OLD)],
    ids=["changed", "first", "removed"],
)
def test_the_event_of_the_credential_names_the_address_that_it_is_about(
    old: str, new: str, change: str, label: str, user: Any
) -> None:
    get_user_model().objects.filter(pk=user.pk).update(email=old)
    user.refresh_from_db()
    user.email = new
    user.save()
    event = Event.objects.select_related("detail").get(kind=Event.Kind.CREDENTIAL_CHANGED)
    assert (event.data, event.detail.text) == ({"credential": "address", "change": change}, label)


def test_the_mail_to_an_address_that_its_owner_removed_lets_nobody_in_any_more(user: Any) -> None:
    """It is told, and the link in it leads nowhere that sets a password."""
    VerifiedAddress.objects.filter(user=user).update(removed_by_settled=True, removed_at=timezone.now())
    by_save(user)
    told = Delivery.objects.filter(event__kind=Event.Kind.EMAIL_CHANGED)
    assert dict(told.values_list("receiver", "told_only")) == {OLD: True}


def test_the_history_names_the_act_and_whoever_changed_it(
    user: Any, laptop: Any, administrator: Any, settings: Any
) -> None:
    ends(settings, "all")
    email_changed(user=user, old="before@people.example", actor=administrator)
    act = Act.objects.get()
    assert (act.reason, act.actor_id) == (EndReason.EMAIL_CHANGED, administrator.pk)
    for kind in (Event.Kind.EMAIL_CHANGED, Event.Kind.CREDENTIAL_CHANGED):
        event = Event.objects.get(kind=kind)
        assert (event.act, event.actor_id, event.session_id) == (act, administrator.pk, None)


def test_nobody_is_told_twice(user: Any, settings: Any) -> None:
    """In whatever case an address is written."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.old_and_others"}
    email_changed(user=user, old=OLD)
    assert sorted(address.lower() for address in told()) == [OLD, "long@people.example"]


def old_and_others(user: Any) -> list[tuple[str, Any]]:
    return [(OLD.upper(), None), ("Long@people.example", None), ("long@people.example", None)]
