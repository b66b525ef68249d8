"""The link to the steps, mailed again: to whom it belongs, whoever asks."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import views
from django.contrib.auth.tokens import default_token_generator
from django.urls import path, reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from config.urls import urlpatterns as of_the_site
from sessions_ui.actions.recovery.close import lift_recovery
from sessions_ui.actions.recovery.open import open_recovery
from sessions_ui.not_me_link import again_token, recovery_token
from tests.models import Delivery, Event, Recovery

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

NEW = "a horse of another colour"
AGAIN = "/account/devices/recovery/again/"
urlpatterns = [
    path("host/<uidb64>/<token>/", views.PasswordResetConfirmView.as_view(success_url="/"), name="hosts_own"),
    *of_the_site,
]


@pytest.fixture
def case(user: Any) -> Recovery:
    """Opened long enough ago for another link."""
    since = timezone.now() - timedelta(hours=1)
    with time_machine.travel(timezone.now() - timedelta(minutes=2)):
        return open_recovery(user=user, since=since, opened_by=Recovery.OpenedBy.MAIL, address=user.email)


def mailed() -> list[str]:
    links = Delivery.objects.filter(event__kind=Event.Kind.RECOVERY_LINK)
    return list(links.order_by("pk").values_list("receiver", flat=True))


def account_in(page: Any) -> str:
    found = re.search(r'name="account" value="([^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


def test_a_reset_of_the_hosts_own_ends_on_a_page_that_mails_the_right_link(
    case: Recovery, user: Any, browser: Any
) -> None:
    client = browser()
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    form = client.get(reverse("hosts_own", args=[uid, token])).url
    page = client.post(form, {"new_password1": NEW, "new_password2": NEW})
    assert page.status_code == 403
    before = mailed()
    answer = client.post(AGAIN, {"account": account_in(page)})
    assert answer.status_code == 200 and "on its way" in answer.content.decode()
    assert mailed() == [*before, user.email]
    answer = client.post(AGAIN, {"account": account_in(page)})
    assert mailed() == [*before, user.email], "one a minute"
    assert (
        "on its way" not in answer.content.decode()
        and "We haven’t sent another email" in answer.content.decode()
    )
    user.refresh_from_db()
    assert not user.check_password(NEW)


def test_a_link_that_is_too_old_offers_another(case: Recovery, user: Any, browser: Any) -> None:
    delivery = Delivery.objects.get(event__kind=Event.Kind.RECOVERY_LINK)
    link = reverse("sessions_ui:recovery_link", args=[recovery_token(delivery.pk)])
    client = browser()
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        page = client.get(link)
        assert page.status_code == 410
        assert client.post(AGAIN, {"account": account_in(page)}).status_code == 200
    assert mailed() == [user.email] * 2


def test_none_is_mailed_where_the_recovery_is_over_or_the_button_is_forged(
    case: Recovery, user: Any, other_user: Any, agent: Any, browser: Any
) -> None:
    client = browser()
    for token in ("", "nonsense", str(user.pk), recovery_token(user.pk), again_token(other_user.pk)):
        assert client.post(AGAIN, {"account": token}).status_code == 410
    with time_machine.travel(timezone.now() - timedelta(hours=2)):
        old = again_token(user.pk)
    assert client.post(AGAIN, {"account": old}).status_code == 410
    assert mailed() == [user.email]
    lift_recovery(user=user, actor=agent)
    assert client.post(AGAIN, {"account": again_token(user.pk)}).status_code == 410
    assert mailed() == [user.email]


def test_another_site_cannot_have_it_mailed(case: Recovery, user: Any, browser: Any) -> None:
    client = browser(enforce_csrf_checks=True)
    assert client.post(AGAIN, {"account": again_token(user.pk)}).status_code == 403
    assert client.get(AGAIN).status_code == 302
