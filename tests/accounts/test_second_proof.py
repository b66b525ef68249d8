"""A factor other than the one of the sign-in is a further proof, if a thief cannot have set it up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from sessions_ui.actions.step_up.codes import other_factor
from sessions_ui.delivery import deliver_due
from sessions_ui.models.fields import new_public_id
from tests.conftest import PASSWORD
from tests.models import Delivery, Device, Event, Session, digest_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(user: Any) -> Session:
    now = timezone.now()
    return Session.objects.create(
        user=user,
        device=Device.objects.create(user=user, browser="Firefox", system="Linux"),
        digest=digest_of(new_public_id()),
        signed_in_at=now - timedelta(days=3),
        expires_at=now + timedelta(days=9),
    )


def here(browser: Any, user: Any, code: str) -> tuple[Any, Session]:
    """Signed in with the password and a recovery code; the authenticator app is another factor."""
    client = browser()
    client.sign_in(user)
    client.post(reverse("mfa_authenticate"), {"code": code})
    return client, Session.objects.living().latest("pk")


def test_an_older_factor_counts_and_the_owner_gets_a_mail(
    browser: Any,
    user_with_totp: Any,
    recovery_codes: list[str],
    app_code: Callable[[], str],
    old: Session,
) -> None:
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=60))
    client, session = here(browser, user_with_totp, recovery_codes[0])
    url = reverse("sessions_ui:sign_out_device", args=[old.device.public_id])  # type: ignore[union-attr]
    html = client.post(url).content.decode()
    assert "One more step" in html and "Use your authenticator app" in html
    assert "Use one of your recovery codes" not in html
    client.post(reverse("mfa_reauthenticate"), {"code": app_code()})
    assert other_factor(session) == "totp"
    Delivery.objects.all().delete()
    client.post(url)
    old.refresh_from_db()
    assert old.ended_at is not None
    assert Event.objects.get(kind=Event.Kind.PROVEN).data["method"] == "totp"
    mail.outbox.clear()
    deliver_due()
    proven = [message for message in mail.outbox if "A newer device can now sign out" in message.subject]
    assert len(proven) == 1 and "with an authenticator code" in proven[0].body


def test_a_factor_that_was_set_up_after_the_sign_in_is_no_further_proof(
    browser: Any, user_with_totp: Any, recovery_codes: list[str], app_code: Callable[[], str]
) -> None:
    client, session = here(browser, user_with_totp, recovery_codes[0])
    Authenticator.objects.update(created_at=timezone.now() + timedelta(minutes=1))
    client.post(reverse("mfa_reauthenticate"), {"code": app_code()})
    assert Event.objects.filter(kind=Event.Kind.REAUTHENTICATED, data__method="totp").exists()
    assert other_factor(session) == ""


def test_the_one_of_the_sign_in_does_not(
    browser: Any, user_with_totp: Any, recovery_codes: list[str]
) -> None:
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=60))
    client, session = here(browser, user_with_totp, recovery_codes[0])
    client.post(reverse("mfa_reauthenticate"), {"code": recovery_codes[1]})
    assert Event.objects.filter(kind=Event.Kind.REAUTHENTICATED).exists()
    assert other_factor(session) == ""


def test_a_recovery_code_does_not_since_it_can_be_read_where_one_is_signed_in(
    browser: Any, user_with_totp: Any, recovery_codes: list[str], app_code: Callable[[], str], old: Session
) -> None:
    """A thief of the phone with the app, who knows the password."""
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=60))
    client, session = here(browser, user_with_totp, app_code())
    assert session.method == "password+totp"
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    shown = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert "One more step" in shown and recovery_codes[0] not in shown, "a thief may have read them elsewhere"
    client.post(reverse("mfa_reauthenticate"), {"code": recovery_codes[0]})
    assert Event.objects.filter(kind=Event.Kind.REAUTHENTICATED, data__method="recovery_code").exists()
    assert other_factor(session) == ""
    url = reverse("sessions_ui:sign_out_device", args=[old.device.public_id])  # type: ignore[union-attr]
    html = client.post(url).content.decode()
    assert "One more step" in html and "Use one of your recovery codes" not in html
    assert "Use your authenticator app" not in html, "it was shown at the sign-in"


def test_a_mailed_code_is_over_after_ten_minutes(
    browser: Any, user_with_totp: Any, recovery_codes: list[str], app_code: Callable[[], str]
) -> None:
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=60))
    client, session = here(browser, user_with_totp, recovery_codes[0])
    client.post(reverse("mfa_reauthenticate"), {"code": app_code()})
    with time_machine.travel(timezone.now() + timedelta(minutes=9), tick=False):
        assert other_factor(session) == "totp"
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert other_factor(session) == ""
