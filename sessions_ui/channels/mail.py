"""Mail to the person whose devices were signed out."""

from __future__ import annotations

from email.utils import parseaddr
from smtplib import SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.conf import conf
from sessions_ui.models import Delivery, EndReason, Session

LISTED = 10  # devices named in a mail; the rest is a number


class MailChannel:
    def deliver(self, delivery: Delivery) -> None:
        if delivery.act is None:
            raise DeliveryFailed("the act is gone", permanent=True)
        context = ended_context(delivery)
        message = EmailMessage(
            subject=" ".join(render_to_string("sessions_ui/mail/ended_subject.txt", context).split()),
            body=render_to_string("sessions_ui/mail/ended.txt", context),
            from_email=conf.mail_from,
            to=[delivery.receiver],
            headers={
                # Stable, so that a second attempt is the same mail; auto-generated, so that nobody's absence answers.
                "Message-ID": f"<sessions-ui.{delivery.act_id}.{delivery.pk}@{_mail_domain()}>",
                "Auto-Submitted": "auto-generated",
            },
        )
        try:
            message.send()
        except SMTPRecipientsRefused as error:
            raise DeliveryFailed("the mail server refused the address", permanent=True) from error


def ended_context(delivery: Delivery) -> dict[str, Any]:
    assert delivery.act is not None and delivery.user_id is not None
    ended = Session.objects.filter(act=delivery.act, user_id=delivery.user_id).select_related("device")
    count = ended.count()
    return {
        "act": delivery.act,
        "reason": EndReason(delivery.act.reason).label,
        "count": count,
        "sessions": list(ended.order_by("-last_seen_at")[:LISTED]),
        "more": max(count - LISTED, 0),
        "devices_url": _devices_url(),
    }


def _devices_url() -> str:
    if not conf.site_url:
        return ""
    try:
        return conf.site_url + reverse("sessions_ui:devices")
    except NoReverseMatch:
        return ""


def _mail_domain() -> str:
    address = parseaddr(conf.mail_from or settings.DEFAULT_FROM_EMAIL)[1]
    return address.rpartition("@")[2] or "localhost"
