"""Only who is settled changes how the account is signed in to, whatever view writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings as site
from django.core import mail
from django.urls import get_resolver, reverse
from django.utils import timezone
from fido2.utils import websafe_encode

import accounts.urls
from tests.accounts.conftest import SECRET
from tests.accounts.credential_views import (
    OTHERS,
    SECOND,
    SHOWS,
    WRITES,
    Act,
    names_in,
    post,
    registration,
    state_of,
)
from tests.accounts.journeys import is_question, signed_in_by
from tests.accounts.test_password import NEW_PASSWORD, choose, reset_link
from tests.accounts.test_sign_up import link_in
from tests.aging import long_ago
from tests.models import Device, Event, Session

pytestmark = pytest.mark.django_db

BARE = "tests.accounts.bare_urls"
ACTS = [(name, act) for name, acts in WRITES.items() for act in acts]
WITHOUT_PASSWORD = {"account_set_password"}


@pytest.fixture(autouse=True)
def _time_stands_still() -> Iterator[None]:
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture
def owner(user: Any, browser: Any, request: pytest.FixtureRequest) -> Any:
    """Somebody with one credential of each kind, on the device that their account began on."""
    if request.node.callspec.params.get("name") in WITHOUT_PASSWORD:
        user.set_unusable_password()
        user.save()
    EmailAddress.objects.create(user=user, email=SECOND, verified=True)
    act = request.node.callspec.params["act"]
    if act.__name__ not in ("add_app", "add_address"):  # allauth adds no address beside a second factor
        TOTP.activate(user, SECRET)
        RecoveryCodes.activate(user)
    if act.__name__ == "remove_key":
        request.getfixturevalue("key_of")(user)
    client = signed_in_by(browser(), user, method="password")
    long_ago(user)
    return client


@pytest.fixture
def key_of() -> Callable[[Any], Authenticator]:
    def make(user: Any) -> Authenticator:
        data = {"name": "Blue key", "credential": registration(websafe_encode(b"challenge"))}
        return Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=data)

    return make


@pytest.fixture
def thief(owner: Any, user: Any, browser: Any) -> Any:
    """A sign-in on another device, a moment ago: as fresh as it could be, and not settled."""
    return signed_in_by(browser(), user, method="password")


def test_every_view_of_allauth_is_known_as_one_that_writes_a_credential_or_does_not() -> None:
    assert {*names_in(accounts.urls.urlpatterns)} == WRITES.keys() | SHOWS | OTHERS


def test_the_sites_urls_are_those_of_allauth() -> None:
    from allauth.urls import urlpatterns

    assert [*names_in(accounts.urls.urlpatterns)] == [*names_in(urlpatterns)]
    assert {*names_in(get_resolver(site.ROOT_URLCONF).url_patterns)} > WRITES.keys()


@pytest.mark.parametrize("urls", ["config.urls", BARE])
@pytest.mark.parametrize(("name", "act"), ACTS)
def test_a_changed_credential_works_for_the_owner(
    name: str, act: Act, urls: str, owner: Any, user: Any, settings: Any
) -> None:
    settings.ROOT_URLCONF = urls
    before = state_of(user)
    answer = act(owner)
    assert answer.status_code == 302 and not is_question(answer), answer.content.decode()
    assert state_of(user) != before


@pytest.mark.django_db(transaction=True)  # an error in `delete()` breaks the transaction around it
@pytest.mark.urls(BARE)
@pytest.mark.parametrize(("name", "act"), ACTS)
def test_a_changed_credential_is_refused_to_a_session_that_is_not_settled_and_nothing_is_written(
    name: str, act: Act, thief: Any, user: Any
) -> None:
    before = state_of(user)
    changes = Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED)
    changed_before = changes.count()
    answer = act(thief)
    assert answer.status_code == 200 and is_question(answer), answer.content.decode()
    assert state_of(user) == before
    assert Session.objects.living().count() == 2
    assert changes.count() == changed_before


@pytest.mark.parametrize(("name", "act"), [pair for pair in ACTS if pair[0] != "account_email"])
def test_a_proof_is_asked_for_before_the_form(name: str, act: Act, thief: Any, user: Any) -> None:
    key = Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).first()
    address = reverse(name, args=[key.pk] if act.__name__ == "remove_key" and key else [])
    sent = len(mail.outbox)
    page = thief.get(address)
    assert page.status_code == 200 and is_question(page)
    assert page.context["offers_code"] and page.context["elsewhere"]
    assert len(mail.outbox) == sent, "a page that is opened mails nothing"
    refused = post(thief, name, {}, *([key.pk] if act.__name__ == "remove_key" and key else []))
    assert refused.status_code == 200 and is_question(refused)


@pytest.mark.parametrize("urls", ["config.urls", BARE])
@pytest.mark.parametrize("name", sorted(SHOWS))
@pytest.mark.parametrize("act", [len])
def test_recovery_codes_are_not_shown_to_a_session_that_is_not_settled(
    name: str, act: Any, urls: str, thief: Any, owner: Any, user: Any, settings: Any
) -> None:
    settings.ROOT_URLCONF = urls
    codes = RecoveryCodes.activate(user).get_unused_codes()
    assert codes[0] in owner.get(reverse(name)).content.decode()
    page = thief.get(reverse(name))
    assert is_question(page) and not any(code in page.content.decode() for code in codes)


@pytest.fixture
def laptop(user: Any, browser: Any) -> Any:
    """The second device, just signed in."""
    first = browser()
    first.sign_in(user)
    long_ago(user)
    client = browser()
    client.sign_in(user)
    return client


def test_the_page_of_addresses_can_be_looked_at(laptop: Any) -> None:
    assert not is_question(laptop.get(reverse("account_email")))


def test_a_user_whose_address_allauth_does_not_know_yet_can_look_at_it_too(laptop: Any, user: Any) -> None:
    EmailAddress.objects.all().delete()
    assert laptop.get(reverse("account_email")).status_code == 200
    assert EmailAddress.objects.get().email == user.email


def test_an_address_is_verified_by_its_link_wherever_the_mail_is_read(laptop: Any, user: Any) -> None:
    address = EmailAddress.objects.create(user=user, email=SECOND, verified=False)
    laptop.post(reverse("account_email"), {"action_send": "", "email": SECOND})
    laptop.post(link_in(mail.outbox[-1]))
    address.refresh_from_db()
    assert address.verified


def test_using_a_factor_and_signing_in_write_no_credential(laptop: Any, user: Any, browser: Any) -> None:
    TOTP.activate(user, SECRET)
    codes = RecoveryCodes.activate(user).get_unused_codes()
    here = browser()
    here.sign_in(user)
    here.post(reverse("mfa_authenticate"), {"code": codes[0]})
    here.post(reverse("mfa_reauthenticate"), {"code": codes[1]})
    assert len(RecoveryCodes.activate(user).get_unused_codes()) == len(codes) - 2


def test_a_reset_by_a_link_is_not_asked(laptop: Any, user: Any, browser: Any) -> None:
    choose(laptop, reset_link(browser, user.email))
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


def test_an_administrator_is_not_asked_for_the_account_of_somebody_else(
    user: Any, administrator: Any, browser: Any, settings: Any
) -> None:
    """By the guard of credentials; what the admin itself asks is docs/administration.md."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ADMIN_REAUTHENTICATION_AGE": None}
    TOTP.activate(user, SECRET)
    browser().force_login(administrator)
    admin = signed_in_by(browser(), administrator, method="password")
    pk = Authenticator.objects.get().pk
    assert (
        admin.post(reverse("admin:mfa_authenticator_delete", args=[pk]), {"post": "yes"}).status_code == 302
    )
    assert not Authenticator.objects.exists()


def test_nobody_is_asked_outside_of_a_request(laptop: Any, user: Any) -> None:
    TOTP.activate(user, SECRET)
    Authenticator.objects.all().delete()
    EmailAddress.objects.all().delete()


def test_removing_the_account_is_not_asked(laptop: Any, user: Any) -> None:
    TOTP.activate(user, SECRET)
    user.delete()
    assert not Authenticator.objects.exists() and not Device.objects.filter(user=user.pk).exists()


def test_the_rule_can_be_turned_off(laptop: Any, user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIAL_GUARD": False}
    assert not is_question(laptop.get(reverse("account_change_password")))


def test_what_was_proven_counts_for_ten_minutes(laptop: Any, user: Any) -> None:
    from tests.accounts.journeys import Person, change_password

    person = Person(laptop, user)
    assert change_password(person) and person.clicks == 4
    assert not is_question(laptop.get(reverse("mfa_activate_totp")))
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert is_question(laptop.get(reverse("mfa_activate_totp")))
