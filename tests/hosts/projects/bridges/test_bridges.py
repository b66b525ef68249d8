"""Tokens that each package makes and checks itself, before and after an ending of ours."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

if not apps.is_installed("sessions_ui"):
    pytest.skip("without the app there are no bridges", allow_module_level=True)

from django.contrib.auth.models import Group
from knox.models import AuthToken
from oauth2_provider.models import get_application_model, get_refresh_token_model
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from sessions_ui import access_changed, context, end_user_sessions, models, offboard
from sessions_ui.bridges import (
    AuthTokenBridge,
    BridgedKind,
    KnoxBridge,
    OAuthToolkitBridge,
    SimpleJWTBridge,
)
from sessions_ui.models import EndReason

pytestmark = pytest.mark.django_db
PASSWORD = "a password that is long"
VERIFIER = "a-verifier-of-more-than-forty-three-characters-as-the-rfc-asks"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BACK = "https://program.example/back"
BRIDGES = {
    "authtoken": AuthTokenBridge(),
    "knox": KnoxBridge(),
    "oauth": OAuthToolkitBridge(),
    "simplejwt": SimpleJWTBridge(),
}


class Held(NamedTuple):
    """What a program holds; `use()` asks with it, `renew()` for a new one."""

    path: str
    word: str
    value: str
    refresh: str = ""

    def use(self) -> int:
        header = {"Authorization": f"{self.word} {self.value}"}
        return Client().get(self.path, headers=header).status_code


def an_authtoken(user: User) -> Held:
    answer = Client().post("/authtoken/obtain", {"username": user.username, "password": PASSWORD})
    return Held("/authtoken", "Token", answer.json()["token"])


def a_knox_token(user: User) -> Held:
    _row, value = AuthToken.objects.create(user)
    return Held("/knox", "Token", value)


def a_code(user: User) -> str:
    get_application_model().objects.get_or_create(
        client_id="program",
        defaults={
            "name": "Program",
            "user": user,
            "client_type": "public",
            "authorization_grant_type": "authorization-code",
            "redirect_uris": BACK,
        },
    )
    browser = Client()
    browser.force_login(user)
    asked = {
        "client_id": "program",
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": "read",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "allow": "Authorize",
    }
    answer = browser.post("/o/authorize/", asked)
    return parse_qs(urlsplit(answer["Location"]).query)["code"][0]


def exchange(code: str):
    return Client().post(
        "/o/token/",
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "client_id": "program",
            "code_verifier": VERIFIER,
        },
    )


def an_oauth_token(user: User) -> Held:
    tokens = exchange(a_code(user)).json()
    return Held("/oauth", "Bearer", tokens["access_token"], tokens["refresh_token"])


def a_jwt(user: User) -> Held:
    tokens = Client().post("/jwt/obtain", {"username": user.username, "password": PASSWORD}).json()
    return Held("/jwt", "Bearer", tokens["access"], tokens["refresh"])


def renew_oauth(refresh: str):
    return Client().post(
        "/o/token/", {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": "program"}
    )


def renew_jwt(refresh: str):
    return Client().post("/jwt/refresh", {"refresh": refresh})


def renewed(held: Held) -> int:
    return (renew_oauth if held.path == "/oauth" else renew_jwt)(held.refresh).status_code


MAKERS = {
    "authtoken": an_authtoken,
    "knox": a_knox_token,
    "oauth": an_oauth_token,
    "simplejwt": a_jwt,
}


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", "ada@example.org", PASSWORD)


@pytest.fixture
def bob() -> User:
    """A bystander."""
    return User.objects.create_user("bob", "bob@example.org", PASSWORD)


def reset_password(user: User) -> None:
    """By the mailed link of Django's own views, as the person does."""
    browser = Client()
    browser.post("/reset/", {"email": user.email})
    link = re.search(r"/reset/[^/\s]+/[^/\s]+/", mail.outbox[-1].body)
    answer = browser.get(link[0])
    new = "another password that is long"
    answer = browser.post(answer["Location"], {"new_password1": new, "new_password2": new})
    assert answer.status_code == 302, answer.content.decode()


def ends(package: str) -> list[tuple[str, int]]:
    """What the history says of a package: the reason and how many."""
    events = models.Event.objects.filter(kind="credentials_ended", data__package=package).order_by("pk")
    return [(event.reason, event.data["count"]) for event in events]


@pytest.mark.parametrize("package", ["authtoken", "knox", "oauth"])
def test_a_reset_of_the_password_ends_what_a_program_holds(package: str, ada: User, bob: User) -> None:
    hers, his = MAKERS[package](ada), MAKERS[package](bob)
    assert (hers.use(), his.use()) == (200, 200)
    reset_password(ada)
    assert (hers.use(), his.use()) == (401, 200)
    assert ends(package) == [("password_reset", 1)]


def test_a_reset_ends_the_renewing_of_a_jwt_which_lives_on_until_its_exp(ada: User, bob: User) -> None:
    hers, his = a_jwt(ada), a_jwt(bob)
    (listed,) = BRIDGES["simplejwt"].list(ada.pk)
    assert listed.kind is BridgedKind.REFRESH and listed.lives_on == timedelta(minutes=5)
    reset_password(ada)
    assert hers.use() == 200  # as the page says: nobody looks it up
    assert (renewed(hers), renewed(his)) == (401, 200)
    assert ends("simplejwt") == [("password_reset", 1)]


def test_a_reset_ends_the_renewing_of_an_oauth_token(ada: User, bob: User) -> None:
    hers, his = an_oauth_token(ada), an_oauth_token(bob)
    reset_password(ada)
    assert (renewed(hers), renewed(his)) == (400, 200)


def test_a_reset_ends_a_code_that_was_not_exchanged_yet(ada: User) -> None:
    code = a_code(ada)
    reset_password(ada)
    assert exchange(code).status_code == 400


def test_a_jwt_that_was_rotated_ends_with_the_one_it_came_from(ada: User) -> None:
    held = a_jwt(ada)
    second = renew_jwt(held.refresh).json()["refresh"]
    end_user_sessions(user=ada, reason=EndReason.ADMINISTRATOR)
    assert renew_jwt(second).status_code == 401
    assert ends("simplejwt") == [("administrator", 1)]  # the first one had ended by rotation


def test_an_oauth_token_that_was_rotated_ends_with_the_one_it_came_from(ada: User) -> None:
    held = an_oauth_token(ada)
    second = renew_oauth(held.refresh).json()
    end_user_sessions(user=ada, reason=EndReason.ADMINISTRATOR)
    assert Held("/oauth", "Bearer", second["access_token"]).use() == 401
    assert renew_oauth(second["refresh_token"]).status_code == 400
    assert ends("oauth") == [("administrator", 1)]


@pytest.mark.parametrize("package", MAKERS)
def test_an_account_without_any_session_loses_its_tokens_just_the_same(package: str, ada: User) -> None:
    MAKERS[package](ada)
    receipt = end_user_sessions(user=ada, reason=EndReason.ADMINISTRATOR, ticket="T-1")
    event = models.Event.objects.get(kind="credentials_ended")
    assert (receipt.bridged, event.act, event.ticket) == (1, receipt.act, "T-1")
    assert BRIDGES[package].count_of([ada.pk]) == {}


@pytest.mark.parametrize("package", MAKERS)
def test_a_new_password_of_ones_own_leaves_them(package: str, ada: User) -> None:
    held = MAKERS[package](ada)
    browser = Client()
    browser.force_login(ada)
    new = "yet another password"
    sent = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert browser.post("/change/", sent).status_code == 302
    assert held.use() == 200
    assert ends(package) == []


@pytest.mark.parametrize("package", MAKERS)
def test_a_password_that_somebody_else_sets_ends_them(package: str, ada: User) -> None:
    MAKERS[package](ada)
    ada.set_password("yet another password")
    ada.save()
    assert ends(package) == [("password_changed", 1)]


@pytest.mark.parametrize("package", MAKERS)
def test_signing_out_everywhere_leaves_them(package: str, ada: User) -> None:
    held = MAKERS[package](ada)
    Client().force_login(ada)
    end_user_sessions(user=ada, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    assert held.use() == 200


def disable(user: User) -> None:
    user.is_active = False
    user.save()


def disable_and_enable(user: User) -> None:
    disable(user)
    user.is_active = True
    user.save()


def take_a_right(user: User) -> None:
    access_changed(users=User.objects.filter(pk=user.pk))


def leave(user: User) -> None:
    offboard(user=user, ends_at=user.date_joined)


@pytest.mark.parametrize("package", ["authtoken", "knox", "oauth"])
@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (disable, "account_disabled"),
        (disable_and_enable, "account_disabled"),
        (take_a_right, "access_changed"),
        (leave, "offboarded"),
    ],
)
def test_what_ends_an_account_ends_its_tokens(
    package: str, happens: Callable[[User], None], reason: str, ada: User, bob: User
) -> None:
    hers, his = MAKERS[package](ada), MAKERS[package](bob)
    happens(ada)
    assert (hers.use(), his.use()) == (401, 200)
    assert ends(package) == [(reason, 1)]


def test_a_jwt_of_a_deleted_account_is_not_renewed(ada: User) -> None:
    held = a_jwt(ada)
    ada.delete()
    outstanding = OutstandingToken.objects.get()
    assert outstanding.user_id is None and hasattr(outstanding, "blacklistedtoken")
    # The package answers 500 here where the account is gone, before it looks at its list; so it is asked directly.
    assert ends("simplejwt") == [("account_deleted", 1)]
    assert held.refresh == outstanding.token


@pytest.mark.parametrize("package", MAKERS)
def test_the_list_tells_no_secret(package: str, ada: User, bob: User) -> None:
    held = MAKERS[package](ada)
    MAKERS[package](bob)
    (listed,) = BRIDGES[package].list(ada.pk)
    assert (listed.package, listed.user_id) == (package, ada.pk) and listed.made_at is not None
    for secret in filter(None, (held.value, held.refresh)):
        parts = [secret[at : at + 12] for at in range(len(secret) - 11)]
        assert not [part for part in parts if part in repr(listed)]
    assert BRIDGES[package].describe(listed.id) == listed


def test_the_list_of_an_app_says_its_name_and_scopes(ada: User) -> None:
    an_oauth_token(ada)
    (listed,) = BRIDGES["oauth"].list(ada.pk)
    assert (listed.label, listed.scopes, listed.kind) == ("Program", ("read",), BridgedKind.REFRESH)


@pytest.mark.parametrize("package", ["knox", "oauth", "simplejwt"])
def test_one_of_two_is_ended_by_its_id(package: str, ada: User, bob: User) -> None:
    first, second = MAKERS[package](ada), MAKERS[package](ada)
    bridge = BRIDGES[package]
    newest, oldest = bridge.list(ada.pk)
    assert bridge.end(bob.pk, [oldest.id], EndReason.SIGNED_OUT_REMOTELY) == 0  # it is not his
    assert bridge.end(ada.pk, [oldest.id], EndReason.SIGNED_OUT_REMOTELY) == 1
    assert bridge.end(ada.pk, [oldest.id], EndReason.SIGNED_OUT_REMOTELY) == 0
    if package == "knox":
        assert (first.use(), second.use()) == (401, 200)
    else:
        assert (renewed(first), renewed(second)) == ({"oauth": 400, "simplejwt": 401}[package], 200)
    assert bridge.describe(oldest.id) is None and newest.id != oldest.id


@pytest.mark.parametrize("package", MAKERS)
@pytest.mark.parametrize(
    "odd", ["", "nonsense", "RefreshToken:x", "RefreshToken:99999999999999999999", "9" * 40]
)
def test_an_id_that_was_never_given_out_is_nobodys(package: str, odd: str, ada: User) -> None:
    held = MAKERS[package](ada)
    assert BRIDGES[package].describe(odd) is None
    assert BRIDGES[package].end(ada.pk, [odd], EndReason.SIGNED_OUT_REMOTELY) == 0
    assert held.use() == 200


@pytest.mark.parametrize("package", MAKERS)
def test_all_of_a_person_end_by_one_call(package: str, ada: User, bob: User) -> None:
    MAKERS[package](ada)
    his = MAKERS[package](bob)
    assert BRIDGES[package].end(ada.pk, None, EndReason.HELP_DESK) == 1
    assert (BRIDGES[package].list(ada.pk), his.use()) == ([], 200)


@pytest.mark.parametrize("package", MAKERS)
def test_a_hundred_people_cost_no_statement_more_than_one(
    package: str, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    people = [User.objects.create_user(f"p{number}", "", PASSWORD) for number in range(20)]
    for person in people:
        MAKERS[package](person)
    keys = [person.pk for person in people]
    bridge = BRIDGES[package]
    with django_assert_max_num_queries(4):
        assert len(bridge.list_of(keys)) == 20
    with django_assert_max_num_queries(4):
        assert bridge.count_of(keys) == dict.fromkeys(keys, 1)
    with django_assert_max_num_queries(4):
        assert set(bridge.holders(User.objects.filter(pk__in=keys))) == set(keys)
    with django_assert_max_num_queries(24):
        assert bridge.end_of(keys, EndReason.ADMINISTRATOR) == dict.fromkeys(keys, 1)
    assert bridge.holders() in (set(), [])


def test_a_refresh_that_was_read_before_the_ending_makes_no_new_token(ada: User) -> None:
    """The package reads the row, the ending comes, the package goes on to write."""
    held = an_oauth_token(ada)
    from oauth2_provider.oauth2_validators import OAuth2Validator

    read = OAuth2Validator.validate_refresh_token

    def and_then_it_ends(self, *args, **kwargs):
        found = read(self, *args, **kwargs)
        end_user_sessions(user=ada, reason=EndReason.ADMINISTRATOR)
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(OAuth2Validator, "validate_refresh_token", and_then_it_ends)
        with pytest.raises(get_refresh_token_model().DoesNotExist):
            renew_oauth(held.refresh)
    assert BRIDGES["oauth"].list(ada.pk) == []


def after(owner: object, name: str, then: Callable[[], object]) -> Callable[..., object]:
    """The method of this name, after which something happens."""
    method = getattr(owner, name)

    def and_then(*args, **kwargs):
        found = method(*args, **kwargs)
        then()
        return found

    return and_then


def test_a_token_that_is_asked_for_with_the_old_password_is_not_good_after_the_reset(
    ada: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password was right when the package asked; before it makes the token, it is reset."""
    from rest_framework.authtoken import serializers

    his = an_authtoken(bob)
    monkeypatch.setattr(
        serializers, "authenticate", after(serializers, "authenticate", lambda: elsewhere(ada))
    )
    hers = an_authtoken(ada)
    assert (hers.use(), his.use()) == (401, 200)
    assert ends("authtoken") == [("password_reset", 1)]


def elsewhere(user: User) -> None:
    """The password is reset by another request."""
    token = context.begin(context.Acting(resets_password=lambda: True))
    try:
        changed = User.objects.get(pk=user.pk)
        changed.set_password("a third password")
        changed.save()
    finally:
        context.finish(token)


def test_a_jwt_that_is_asked_for_with_the_old_password_is_not_renewed_after_the_reset(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rest_framework_simplejwt import serializers

    monkeypatch.setattr(
        serializers, "authenticate", after(serializers, "authenticate", lambda: elsewhere(ada))
    )
    held = a_jwt(ada)
    assert renewed(held) == 401


def test_a_code_that_is_exchanged_while_the_password_is_reset_gives_nothing_that_is_good(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oauth2_provider.oauth2_validators import OAuth2Validator

    code = a_code(ada)
    last = "confirm_redirect_uri"  # after that the package reads the code no more
    monkeypatch.setattr(OAuth2Validator, last, after(OAuth2Validator, last, lambda: elsewhere(ada)))
    assert exchange(code).status_code == 400
    assert BRIDGES["oauth"].list(ada.pk) == []


def test_a_request_that_resets_the_password_may_make_a_new_token(ada: User) -> None:
    token = context.begin(context.Acting(resets_password=lambda: True))
    try:
        ada.set_password(PASSWORD)
        ada.save()
        held = a_knox_token(ada)
    finally:
        context.finish(token)
    assert held.use() == 200


def test_a_token_that_is_asked_for_after_a_reset_is_good(ada: User) -> None:
    elsewhere(ada)
    ada.refresh_from_db()
    ada.set_password(PASSWORD)
    ada.save()
    assert an_authtoken(ada).use() == 200


def test_what_was_made_since_the_decision_stays_where_it_cannot_have_come_from_before(ada: User) -> None:
    a_knox_token(ada)
    decided = AuthToken.objects.get().created
    since = a_knox_token(ada)
    assert BRIDGES["knox"].end_of([ada.pk], EndReason.ADMINISTRATOR, made_before=decided) == {ada.pk: 1}
    assert since.use() == 200


def test_no_bridge_is_missing(ada: User) -> None:
    from sessions_ui.bridges.active import bridges

    assert {bridge.name for bridge in bridges()} == set(MAKERS)
    assert Group.objects.count() == 0
