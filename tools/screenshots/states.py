"""What the pictures show: each function brings the page into one state."""

from __future__ import annotations

from typing import Any

STATES = (
    "prove",
    "devices",
    "ask",
    "device",
    "lost",
    "not_mine",
    "proof",
    "security",
    "reauthenticate",
    "missing",
    "mail_alert",
    "mail_reset",
    "mail_arabic",
)
ADA = "ada@demo.example"
ODD = "89.160.20.113"  # where one of the demo's devices alone is: the old tablet, whose sign-in was flagged
DIALOGS = (
    "ask",
    "lost",
    "not_mine",
)  # only what is in sight: a full page would show the dialog in its middle


def devices(page: Any, url: str) -> None:
    page.goto(f"{url}/account/devices/")  # a second time is without the greeting
    page.goto(f"{url}/account/devices/")


def prove(page: Any, url: str) -> None:
    """While the sign-in is fresh, and so too young to end older ones by itself."""
    devices(page, url)
    page.get_by_role("button", name="Sign out Phone").click()
    page.get_by_role("dialog").wait_for()


def ask(page: Any, url: str) -> None:
    age()
    devices(page, url)
    page.get_by_role("button", name="Sign out Phone").click()
    page.get_by_role("dialog").wait_for()


def device(page: Any, url: str) -> None:
    devices(page, url)
    page.locator("summary", has=page.get_by_role("heading", name="Phone", exact=True)).click()
    page.get_by_role("link", name="Lost, or not yours? Phone").click()
    page.wait_for_url("**/account/devices/*/")
    page.wait_for_load_state()


def lost(page: Any, url: str) -> None:
    device(page, url)
    page.get_by_role("link", name="I lost it").click()
    page.get_by_role("dialog").wait_for()


def not_mine(page: Any, url: str) -> None:
    device(page, url)
    page.get_by_role("link", name="I don’t recognise it").click()
    page.get_by_role("dialog").wait_for()


def proof(page: Any, url: str) -> None:
    """The old tablet, reported lost, which then tries to come back."""
    from django.utils import timezone

    from sessions_ui.actions.devices.lost import mark_lost
    from sessions_ui.models import Delivery, Device, Session

    tablet = Device.objects.get(sessions__first_address=ODD, user__email=ADA)
    mark_lost(device=tablet, actor=tablet.user)
    Delivery.objects.update(done_at=timezone.now())
    Session.objects.filter(device=tablet).update(refused_at=timezone.now())
    page.goto(f"{url}/account/devices/{tablet.public_id}/")


def security(page: Any, url: str) -> None:
    page.goto(f"{url}/account/2fa/")


def reauthenticate(page: Any, url: str) -> None:
    page.goto(f"{url}/account/reauthenticate/")


def missing(page: Any, url: str) -> None:
    """As people see it: with DEBUG, which the site has here for plain HTTP, Django answers with a page of its own."""
    from django.test import override_settings

    with override_settings(DEBUG=False, ALLOWED_HOSTS=["localhost"]):
        page.goto(f"{url}/nowhere/")


def mail_alert(page: Any, url: str) -> None:
    """About the old tablet, which signed in from a country that its owner has not used before."""
    from sessions_ui.channels.emails import letter_about
    from sessions_ui.channels.emails.channel import reader_of, written
    from sessions_ui.models import Delivery, Event

    told = Delivery.objects.filter(channel="mail", event__kind=Event.Kind.FLAGGED, user__email=ADA)
    delivery = told.filter(event__session__first_address=ODD).latest("pk")
    with named_site():
        show(page, written(letter_about(delivery), delivery, reader_of(delivery)))


def mail_reset(page: Any, url: str) -> None:
    show(page, account_mail("en"))


def mail_arabic(page: Any, url: str) -> None:
    show(page, account_mail("ar"))


def account_mail(language: str) -> Any:
    """Return the mail of a password reset to somebody who reads this language."""
    from allauth.account.adapter import get_adapter
    from allauth.core.context import request_context
    from django.contrib.auth import get_user_model
    from django.test import RequestFactory

    request = RequestFactory(SERVER_NAME="localhost").get("/")
    reader = get_user_model()(email=ADA, language=language)
    link = "http://localhost/account/password/reset/key/1c-dbj2kx-8f0c6e21b7a94d35/"
    with named_site(), request_context(request):
        context = {"user": reader, "password_reset_url": link}
        return get_adapter(request).write_mail("account/email/password_reset_key", ADA, context)


def named_site() -> Any:
    """A site that has said where it is, so that its mails have links."""
    from django.conf import settings
    from django.test import override_settings

    return override_settings(SESSIONS_UI={**settings.SESSIONS_UI, "SITE_URL": "https://devices.example"})


def show(page: Any, message: Any) -> None:
    """Show the HTML of a mail, on a page of no site: a mail program has no rules of ours about styles."""
    page.goto("about:blank")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": 100})  # as tall as the mail
    page.set_content(message.alternatives[0][0])


def age() -> None:
    """As if everybody had signed in an hour before, on devices that were there by then."""
    from datetime import timedelta

    from django.contrib.auth import get_user_model
    from django.db.models import F

    from sessions_ui.models import Device
    from tests.aging import age_sign_ins

    hour = timedelta(hours=1)
    for user in get_user_model().objects.all():
        age_sign_ins(user, hour)
    Device.objects.update(first_seen_at=F("first_seen_at") - hour)
