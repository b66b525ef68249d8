"""Whatever the pages end, a sign-in that does not vouch for itself ends nothing that was there before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import F
from django.urls import URLPattern, reverse
from django.utils import timezone

from sessions_ui.actions.tokens.create import create_token
from sessions_ui.api.json.application import api
from sessions_ui.api.json.document import operations_of
from sessions_ui.api.json.idempotency import UNSAFE
from sessions_ui.web.devices.device_page import SITUATIONS
from sessions_ui.web.urls import urlpatterns
from tests.keys import Keys, Unwilling, bridged, keys_of, make_keys
from tests.models import Device, Session
from tests.sessions_ui.api.json.conftest import send

pytestmark = pytest.mark.django_db
AGO = timedelta(days=100)  # by then nobody has used it for long, whatever it is
# Led to by a link that was mailed to the owner, which says more than any session.
BY_MAIL = ("not_me", "not_me_opened", "choose_password", "recovery_link")


def age(user: Any) -> None:
    times = ("signed_in_at", "last_seen_at")
    Session.objects.filter(user=user).update(**{name: F(name) - AGO for name in times})
    Device.objects.filter(user=user).update(first_seen_at=F("first_seen_at") - AGO)
    LogEntry.objects.filter(user_id=user.pk).update(action_time=timezone.now() - AGO)


@pytest.fixture
def owner(user: Any, settings: Any, signed_in: Any) -> Any:
    """Somebody with a session, two access tokens and a key of another package, all of them old."""
    bridged(settings, Keys)
    signed_in(user, device={"name": "Laptop"}, expires_at=timezone.now() + AGO)
    for agent in ("", "Assistant"):
        ends = timezone.now() + timedelta(days=200)
        create_token(user=user, name="Backup", scopes=["sessions:read"], expires_at=ends, agent=agent)
    make_keys(user)
    age(user)
    return user


@pytest.fixture
def thief(owner: Any, browser: Any) -> Any:
    client = browser()
    client.sign_in(owner)
    return client


def what_lives(user: Any, own: set[int]) -> tuple[int, int]:
    return Session.objects.of(user).living().exclude(pk__in=own).count(), keys_of(user)


def addresses(pattern: URLPattern, user: Any) -> Iterator[str]:
    """Yield the addresses of this view about whatever the owner has."""
    ids = [
        *Session.objects.of(user).values_list("public_id", flat=True),
        *Device.objects.filter(user=user).values_list("public_id", flat=True),
    ]
    entry = LogEntry.objects.filter(user_id=user.pk).values_list("pk", flat=True).first()
    values = {
        "package": ["keys"],
        "credential": [str(entry)],
        "public_id": ids,
        "name": list(SITUATIONS),
        "result": ["x"],
    }
    names = list(pattern.pattern.regex.groupindex)  # type: ignore[attr-defined]
    for chosen in product(*(values[name] for name in names)):
        yield reverse(f"sessions_ui:{pattern.name}", kwargs=dict(zip(names, chosen, strict=True)))


ACTS = [pattern for pattern in urlpatterns if pattern.name not in BY_MAIL]


@pytest.mark.parametrize("pattern", ACTS, ids=lambda pattern: pattern.name)
def test_an_unsettled_sign_in_ends_nothing_older(pattern: URLPattern, owner: Any, thief: Any) -> None:
    own = set(
        Session.objects.of(owner)
        .filter(signed_in_at__gt=timezone.now() - AGO / 2)
        .values_list("pk", flat=True)
    )
    before = what_lives(owner, own)
    assert before == (3, 1)
    for address, fields in product(addresses(pattern, owner), ({"tokens": "1"}, {})):
        thief.post(address, fields)
        assert what_lives(owner, own) == before, address


@pytest.mark.parametrize("act", ["sign_out_others", "sign_out_everywhere"])
@pytest.mark.parametrize("bridge", [Keys, Unwilling])
def test_nor_what_only_other_packages_let_in(
    act: str, bridge: type[Keys], owner: Any, thief: Any, settings: Any
) -> None:
    """No session and no token of the owner is older: the key alone asks for the proof."""
    Session.objects.of(owner).filter(signed_in_at__lt=timezone.now() - AGO / 2).delete()
    bridged(settings, bridge)
    address = {each.name: each for each in ACTS}[act]
    (url,) = addresses(address, owner)
    assert "One more step" in thief.post(url, {"tokens": "1"}).content.decode()
    assert keys_of(owner) == 1
    thief.post(url)
    assert keys_of(owner) == 1


OPERATIONS = [each for each in operations_of(api) if each.methods[0] in UNSAFE]


@pytest.mark.parametrize("with_sessions", [True, False], ids=["older sign-ins", "a key alone"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.view_func.__name__)
def test_nor_by_the_api(operation: Any, with_sessions: bool, owner: Any, thief: Any) -> None:
    """Whatever it is asked, and with whichever of the owner's ids."""
    younger = Session.objects.of(owner).filter(signed_in_at__gt=timezone.now() - AGO / 2)
    own = set(younger.values_list("pk", flat=True))
    if not with_sessions:
        Session.objects.of(owner).exclude(pk__in=own).delete()
    before = what_lives(owner, own)
    assert before == (3 * with_sessions, 1)
    thief.get(reverse("sessions_ui:devices"))
    headers = {"X-CSRFToken": thief.cookies["csrftoken"].value}
    ids = [
        *Session.objects.of(owner).exclude(pk__in=own).values_list("public_id", flat=True),
        *Device.objects.filter(user=owner).values_list("public_id", flat=True),
        str(owner.pk),
    ]
    for identity, body in product(ids, ({"tokens": True}, {}, {"name": "x"}, {"note": "x"})):
        url = "/api" + re.sub(r"{[^}]+}", identity, operation.path)
        send(thief, operation.methods[0], url, body, **headers)
        assert what_lives(owner, own) == before, (url, body)


def test_a_settled_one_is_asked_nothing_more(owner: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(owner)
    Session.objects.of(owner).update(
        signed_in_at=F("signed_in_at") - timedelta(days=2), reviewed_at=timezone.now()
    )
    Device.objects.filter(user=owner).update(confirmed_at=timezone.now())
    (url,) = addresses({each.name: each for each in ACTS}["end_credential"], owner)
    assert "The app or key has ended." in client.post(url, follow=True).content.decode()
    assert keys_of(owner) == 0
