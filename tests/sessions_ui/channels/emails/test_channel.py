"""Mails: in the receiver's language and time, safe whatever a name holds, and never against their will."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.utils import timezone, translation

from sessions_ui.channels.emails import BY_EVENT, Letter
from sessions_ui.delivery import deliver_due
from tests.models import AccountState, Act, Delivery, Device, EndReason, Event

pytestmark = pytest.mark.django_db


def configure(settings: Any, **values: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **values}


def html_of(message: Any) -> str:
    [(content, mimetype)] = message.alternatives
    assert mimetype == "text/html"
    return content


def test_text_and_html_say_the_same(send_mail: Any) -> None:
    message = send_mail(EndReason.PASSWORD_RESET)
    for text in (message.body, html_of(message)):
        for words in (
            "Firefox on Linux",
            "Near London, United Kingdom (approximate), 81.2.69.142",
            "Why: the password was reset.",
            "https://devices.example/account/devices/",
            "If this wasn’t you",
            "you can’t switch them off",
        ):
            assert words in text, (words, text)
        assert " UTC" in text
    assert "\n\n\n" not in message.body


def test_what_goes_over_the_wire_is_a_multipart_that_nothing_answers(send_mail: Any) -> None:
    sent = message_from_bytes(send_mail().message().as_bytes(), policy=default)
    assert sent.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in sent.iter_parts()] == ["text/plain", "text/html"]
    assert sent["Auto-Submitted"] == "auto-generated"


def test_the_second_attempt_is_the_same_mail(send_mail: Any, mailoutbox: Any) -> None:
    """A worker that died after sending: the mail program shows one of the two."""
    first = send_mail().extra_headers["Message-ID"]
    Delivery.objects.update(done_at=None)
    deliver_due()
    assert mailoutbox[-1].extra_headers["Message-ID"] == first
    assert first.startswith(f"<sessions-ui.{Act.objects.get().pk}.") and first.endswith("@localhost>")


@pytest.mark.parametrize(
    "name", ["<b>Ada's</b> phone", "Phone\nBcc: eve@evil.example", "Phone\u2028\u202eWhy: x"]
)
def test_a_name_is_only_a_name(name: str, send_mail: Any, mailoutbox: Any) -> None:
    send_mail()
    Device.objects.update(name=name)
    Delivery.objects.update(done_at=None)
    deliver_due()
    message = mailoutbox[-1]
    assert "<b>" not in html_of(message)
    [line] = [line for line in message.body.splitlines() if line.startswith("- ")]
    assert line.endswith("(Firefox on Linux)") and "\u202e" not in message.body
    assert not any(line.startswith(("Bcc", "Why: x")) for line in message.body.splitlines())


def test_a_deleted_account_is_not_told_to_sign_in_again(send_mail: Any) -> None:
    message = send_mail(EndReason.ACCOUNT_DELETED)
    assert "sign in there. What" not in message.body and "https://" not in message.body


@pytest.mark.parametrize("reason", EndReason)
def test_nobody_is_told_to_sign_in_where_they_were_not_or_cannot(reason: EndReason, send_mail: Any) -> None:
    """For every reason that there is: whether the devices were the person's own, and may be used again."""
    strangers = {EndReason.NOT_ME, EndReason.SUSPICIOUS, EndReason.DEVICE_LOST, EndReason.RECOVERING}
    gone = {
        EndReason.ACCOUNT_DISABLED,
        EndReason.ACCOUNT_DELETED,
        EndReason.OFFBOARDED,
        EndReason.SERVICE_ACCOUNT,
    }
    message = send_mail(reason)
    if message is None:
        return  # no mail is sent for what nobody decided
    for text in (message.body, html_of(message)):
        assert ("sign in there. What" in text) is (reason not in strangers | gone)
        assert ("on a screen there" in text) is (reason in strangers)
        assert ("/account/devices/" in text) is (reason not in gone)
        assert "change your password" not in text or reason not in gone, "where nobody signs in"
        assert ("The account is switched off" in text) is False


@pytest.mark.parametrize("reason", EndReason)
def test_an_account_that_is_switched_off_is_promised_no_sign_in(
    reason: EndReason, send_mail: Any, user: Any, mailoutbox: Any
) -> None:
    """A caller whose account was switched off, for example: the help desk signs out what is left."""
    if send_mail(reason) is None:
        return
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    Delivery.objects.update(done_at=None)
    deliver_due()
    for text in (mailoutbox[-1].body, html_of(mailoutbox[-1])):
        assert "The account is switched off, so nobody can sign in to it for now." in text
        for promise in ("sign in there. What", "change your password", "new password first", "https://"):
            assert promise not in text, promise


def test_whoever_has_to_choose_a_password_first_reads_so(send_mail: Any, user: Any, mailoutbox: Any) -> None:
    send_mail(EndReason.HELP_DESK)
    AccountState.objects.update_or_create(pk=user.pk, defaults={"password_required_at": timezone.now()})
    Delivery.objects.update(done_at=None)
    deliver_due()
    body = mailoutbox[-1].body
    assert "choose a new password first" in body and "sign in there. What" not in body


def test_without_an_address_of_the_site_there_is_no_link(send_mail: Any, settings: Any) -> None:
    configure(settings, SITE_URL="")
    message = send_mail()
    assert "http" not in message.body and "<a " not in html_of(message)


# --- For whom


def test_a_mail_is_in_the_users_language_and_time(send_mail: Any, settings: Any, monkeypatch: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    configure(settings, MAIL_LANGUAGE=lambda user: "de", MAIL_TIME_ZONE=lambda user: "Asia/Tokyo")
    spoken = []
    monkeypatch.setattr(
        "sessions_ui.channels.emails.ended.link",
        lambda name: spoken.append(translation.get_language()) or "",
    )
    message = send_mail()
    assert spoken == ["de"] and translation.get_language() == "en"
    assert '<html lang="de" dir="ltr">' in html_of(message)
    assert " JST" in message.body


@pytest.mark.parametrize("zone", ["Nowhere/At_All", "../etc/passwd", "", None])
def test_a_time_zone_that_is_none_is_utc(zone: Any, send_mail: Any, settings: Any) -> None:
    configure(settings, MAIL_TIME_ZONE=lambda user: zone)
    assert " UTC" in send_mail().body


def test_an_unknown_language_is_the_sites(send_mail: Any, settings: Any) -> None:
    configure(settings, MAIL_LANGUAGE=lambda user: "xx")
    assert '<html lang="en" dir="ltr">' in html_of(send_mail())


@pytest.mark.parametrize(
    "reason", [EndReason.SIGNED_OUT_REMOTELY, EndReason.SIGNED_OUT_EVERYWHERE, EndReason.UNUSED]
)
def test_what_they_did_themselves_or_chose_may_be_switched_off(
    reason: EndReason, send_mail: Any, settings: Any, user: Any
) -> None:
    asked = []
    configure(settings, MAIL_PREFERENCE=lambda user, kind: asked.append((user.pk, kind)))
    assert send_mail(reason) is None
    assert asked == [(user.pk, reason)]
    delivery = Delivery.objects.get()
    assert delivery.done_at is not None and delivery.error == "switched off by the user"
    assert not Event.objects.filter(kind=Event.Kind.DELIVERED).exists()


@pytest.mark.parametrize(
    "reason",
    [
        EndReason.DEVICE_LOST,
        EndReason.NOT_ME,
        EndReason.PASSWORD_RESET,
        EndReason.PASSWORD_CHANGED,
        EndReason.HELP_DESK,
        EndReason.ADMINISTRATOR,
        EndReason.INCIDENT,
    ],
)
def test_what_is_about_the_safety_of_the_account_cannot(
    reason: EndReason, send_mail: Any, settings: Any
) -> None:
    configure(settings, MAIL_PREFERENCE=lambda user, kind: False)
    assert send_mail(reason) is not None


def test_a_deleted_users_mail_is_still_sent(send_mail: Any, user: Any, browser: Any, mailoutbox: Any) -> None:
    browser().force_login(user)
    address = user.email
    user.delete()
    deliver_due()
    assert [message.to for message in mailoutbox] == [[address]]


# --- About what


def test_an_event_of_some_kind_becomes_a_mail_by_one_entry(
    user: Any, monkeypatch: Any, mailoutbox: Any
) -> None:
    event = Event.objects.create(kind=Event.Kind.DEVICE_RENAMED, user=user)
    letter = Letter(
        name="ended", kind=event.kind, optional=True, context=lambda delivery: {"count": 7, "act": event}
    )
    monkeypatch.setitem(BY_EVENT, event.kind, letter)
    Delivery.objects.create(event=event, user=user, channel="mail", receiver=user.email)
    deliver_due()
    [message] = mailoutbox
    assert "These 7 sign-ins" in message.body
    assert f"event-{event.pk}." in message.extra_headers["Message-ID"]


def test_an_event_that_nobody_writes_about_is_parked(user: Any) -> None:
    event = Event.objects.create(kind=Event.Kind.DEVICE_RENAMED, user=user)
    Delivery.objects.create(event=event, user=user, channel="mail", receiver=user.email)
    deliver_due()
    delivery = Delivery.objects.get()
    assert delivery.parked_at is not None and delivery.error == "no mail is written about device_renamed"


# --- Mail servers


@pytest.mark.parametrize(("code", "parked"), [(450, False), (550, True)])
def test_greylisting_is_tried_again_and_no_such_mailbox_is_not(
    code: int, parked: bool, user: Any, monkeypatch: Any
) -> None:
    def refuse(self: Any, *args: Any) -> None:
        raise SMTPRecipientsRefused({user.email: (code, b"not now")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    act = Act.objects.create(reason=EndReason.ADMINISTRATOR)
    Delivery.objects.create(act=act, user=user, channel="mail", receiver=user.email)
    deliver_due()
    delivery = Delivery.objects.get()
    assert (delivery.parked_at is not None) is parked and str(code) in delivery.error
