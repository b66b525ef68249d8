"""Mail to the person whose devices it is about, as text and as HTML."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from email.utils import parseaddr
from smtplib import SMTPRecipientsRefused
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.views.decorators.debug import sensitive_variables

from sessions_ui import outbox
from sessions_ui.channels.base import DeliveryFailed, NotNow, NotWanted, ServerAway
from sessions_ui.channels.emails import Letter, digest, letter_about
from sessions_ui.channels.emails.sealed import unseal
from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.models import Delivery, Event, ServiceAccount
from sessions_ui.models.primary import all_users
from sessions_ui.services.circuit_breaker import CircuitBreaker
from sessions_ui.services.mailer import new_connection
from sessions_ui.user_model import is_active

logger = logging.getLogger(__name__)

SERVER = CircuitBreaker(
    logger, "The mail server", meanwhile="mails wait", pause=outbox.PAUSE.total_seconds(), trace=True
)

BLANK_LINES = re.compile(r"\n{3,}")  # what is left of a template's conditions
SIGNATURE = re.compile(r"\n+-- \n")  # RFC 3676, 4.3: mail programs set apart what follows


class MailChannel:
    @sensitive_variables()  # a mail may have a code, or a link that resets a password
    def deliver(self, delivery: Delivery) -> None:
        if delivery.sealed:
            message = unseal(delivery.sealed)
            message.extra_headers |= headers(delivery)
            send(message)
        else:
            self._deliver_letter(delivery)

    def _deliver_letter(self, delivery: Delivery) -> None:
        letter = letter_about(delivery)
        user = reader_of(delivery)
        if not wanted(letter, user):
            raise NotWanted("switched off by the user")
        if (turn := next_turn(delivery, letter)) is not None:
            raise NotNow(turn)
        with mail_server() as connection:
            # Held once it is clear that they can be sent.
            together = outbox.claim_held_with(delivery) if delivery.held_at is not None else []
            if together:
                letter = digest([delivery, *together], optional=letter.optional)
            send_through(connection, written(letter, delivery, user))
        for other in together:  # where it failed, they come back after the lease
            outbox.mark_done(other)


def send(message: EmailMessage) -> None:
    """Send the mail. Raises `ServerAway` where the mail server cannot be reached, `DeliveryFailed` where it refuses the
    address."""
    with mail_server() as connection:
        send_through(connection, message)


@contextmanager
def mail_server() -> Iterator[Any]:
    """Open a connection to the mail server. Raises `ServerAway` where none can be made: that is how an outage differs
    from a mail that fails."""
    if not SERVER.may_try():
        raise ServerAway
    try:
        connection = new_connection()
        connection.open()
    # smtplib's are OSErrors, too: no greeting, no TLS, a password that is refused. MAILERS that name none cost no mail
    # an attempt either: all go out once they do.
    except (OSError, ImproperlyConfigured) as error:
        SERVER.failed(error)
        raise ServerAway from error
    SERVER.worked()
    try:
        yield connection
    finally:
        with suppress(OSError):  # what it has taken it has taken
            connection.close()


def send_through(connection: Any, message: EmailMessage) -> None:
    try:
        connection.send_messages([message])
    except SMTPRecipientsRefused as error:
        # A code of 4xx means "later" (greylisting), 5xx that it will never be otherwise.
        codes = [code for code, _text in error.recipients.values()]
        raise DeliveryFailed(
            f"the mail server refused the address ({', '.join(map(str, codes))})",
            permanent=all(code >= 500 for code in codes),
        ) from error


def next_turn(delivery: Delivery, letter: Letter) -> datetime | None:
    """Return when one more of this kind may go to this person; None for now.

    Each kind is counted by itself, so that somebody who causes a flood of one kind cannot delay the mail about another.
    """
    most, hour = conf.mails_per_hour, timedelta(hours=1)
    if letter.awaited or delivery.user_id is None:
        return None
    sent = Delivery.objects.filter(
        like(delivery.event) if delivery.event else Q(act__reason=letter.kind),
        user_id=delivery.user_id,
        channel=delivery.channel,
        receiver=delivery.receiver,
        error="",
        done_at__gt=timezone.now() - hour,
    )
    times = [at for at in sent.order_by("-done_at").values_list("done_at", flat=True)[:most] if at]
    return times[-1] + hour if len(times) >= most else None


def like(event: Event) -> Q:
    """Return what finds the mails about events of this kind; of flagged sign-ins those with the same verdict, so that
    many new devices do not hold back the mail about a suspicious one."""
    same = Q(event__kind=event.kind)
    level = event.data.get("level")
    return same & Q(event__data__level=level) if level else same


def user_of(delivery: Delivery) -> Any:
    """Return the user whom the mail is about; None where the account is gone."""
    return all_users().filter(pk=delivery.user_id).first() if delivery.user_id is not None else None


def reader_of(delivery: Delivery) -> Any:
    """Return the user to tell: whoever answers for it where that is a service account; None where it is gone."""
    user = user_of(delivery)
    if user is None:
        return user
    owner_id = ServiceAccount.objects.filter(pk=user.pk).values_list("owner_id", flat=True).first()
    owner = None if owner_id is None else all_users().filter(pk=owner_id).first()
    return user if owner is None else owner


def wanted(letter: Letter, user: Any) -> bool:
    """Return whether the receiver wants this letter. Nobody can switch off what is about the safety of the account, and
    somebody whose account is gone has switched nothing off."""
    preference = conf.mail_preference
    return not letter.optional or user is None or preference is None or bool(preference(user, letter.kind))


def written(letter: Letter, delivery: Delivery, user: Any) -> EmailMultiAlternatives:
    about_reader = user is None or user.pk == delivery.user_id
    account = user if about_reader else user_of(delivery)
    with reading_as(user):
        context = {
            "site": urlsplit(conf.site_url).netloc,
            "optional": letter.optional,
            "language": translation.get_language(),
            # Whoever reads it has an account of their own.
            "service_account": "" if about_reader else str(account),
            # Whatever the mail says can be done: not before somebody has switched the account on again.
            "is_off": account is not None and not is_active(account),
            **letter.context(delivery),
        }
        path = f"sessions_ui/mail/{letter.name}"
        # A subject is one line, whatever a template or a name puts into it.
        subject = " ".join(render_to_string(f"{path}_subject.txt", context).split())
        body = tidy(render_to_string(f"{path}.txt", context))
        message = EmailMultiAlternatives(
            subject=subject,
            body=body,
            from_email=conf.mail_from,
            to=[delivery.receiver],
            headers=headers(delivery),
        )
        frame = {"subject": subject, "preheader": first_paragraph(body)}
        message.attach_alternative(render_to_string(f"{path}.html", context | frame), "text/html")
    return message


def tidy(body: str) -> str:
    """Return the text of a mail with one blank line between paragraphs and before the signature."""
    return SIGNATURE.sub("\n\n-- \n", BLANK_LINES.sub("\n\n", body)).strip() + "\n"


def first_paragraph(body: str) -> str:
    """Return the first paragraph in one line, for the list of a mail program: no code and no link stands in it."""
    return " ".join(body.partition("\n\n")[0].split())


def headers(delivery: Delivery) -> dict[str, str]:
    """Return headers that are the same at each attempt, so that a second one is the same mail, and say that it is
    auto-generated, so that no absence note answers."""
    return {
        "Message-ID": f"<sessions-ui.{about(delivery)}.{delivery.pk}@{mail_domain()}>",
        "Auto-Submitted": "auto-generated",
    }


@contextmanager
def reading_as(user: Any) -> Iterator[None]:
    """Use the language and the time zone of this user, as far as the site knows them."""
    language = for_user(conf.mail_language, user)
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(zone_of(user)):
        yield


def zone_of(user: Any) -> ZoneInfo:
    name = for_user(conf.mail_time_zone, user)
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):  # no such zone, no such name, a folder of zones
        logger.warning("MAIL_TIME_ZONE gave no time zone for user %s", user.pk if user else None)
        return ZoneInfo("UTC")


def about(delivery: Delivery) -> str:
    if delivery.event_id is not None:
        return f"event-{delivery.event_id}"
    return str(delivery.act_id) if delivery.act_id is not None else "host"


def mail_domain() -> str:
    address = parseaddr(conf.mail_from or settings.DEFAULT_FROM_EMAIL)[1]
    return address.rpartition("@")[2] or "localhost"
