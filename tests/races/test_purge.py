"""A device that nobody has used for long is used again while it is purged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.utils import timezone

from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.conf import conf
from sessions_ui.models.device_cookie import first_value, series_digests, with_value
from sessions_ui.store import SessionStore
from tests.models import Device, Session
from tests.races.race import ROUNDS


def test_a_sign_in_on_a_device_that_is_being_purged_has_a_device(
    transactional_db: None, at_once: Any
) -> None:
    person = get_user_model().objects.create_user("ada@people.example", "x")
    value = first_value()
    cookie = with_value(None, person.pk, value)

    def sign_in() -> None:
        request = RequestFactory().post("/")
        request.COOKIES[conf.device_cookie_name] = cookie
        request.session, request.user = SessionStore(), AnonymousUser()
        login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])

    for _ in range(ROUNDS):
        Session.objects.all().delete()
        Device.objects.all().delete()
        Device.objects.create(
            user=person,
            cookie_digest=series_digests(person.pk, value.series)[0],
            cookie_issued=value.number,
            first_seen_at=timezone.now() - timedelta(days=365),
        )
        assert [error for error in at_once(sign_in, purge_old) if isinstance(error, Exception)] == []
        assert Session.objects.living().get().device == Device.objects.get()
