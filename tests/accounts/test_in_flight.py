"""Changes of how somebody signs in that are under way while their session ends: an ended session changes nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone
from fido2.utils import websafe_encode

from accounts.adapter import AccountAdapter
from accounts.urls import HELD
from sessions_ui import context, end_user_sessions
from sessions_ui.actions.endings.require_password import is_password_required, require_new_password
from sessions_ui.exceptions import AccountFrozen, SessionEnded
from sessions_ui.store import SessionStore
from tests.accounts.conftest import SECRET
from tests.accounts.credential_views import SECOND, WRITES, Act, change_password, registration, state_of
from tests.accounts.journeys import NEW_PASSWORD, signed_in_by
from tests.aging import long_ago
from tests.interleaving import just_before
from tests.meanwhile import as_somebody_else, once_let_in
from tests.models import AccountState, Delivery, EndReason, Event, Session

ACTS = [(name, act) for name, acts in WRITES.items() for act in acts]
WRITE = re.compile(
    r"(INSERT INTO|UPDATE|DELETE FROM) .(mfa_authenticator|account_emailaddress|accounts_user)\b.(?! SET .last_login)"
)


@pytest.fixture(autouse=True)
def _time_stands_still(settings: Any) -> Iterator[None]:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.meanwhile.Meanwhile"]
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture
def owner(user: Any, browser: Any, request: pytest.FixtureRequest) -> Any:
    """Somebody on a settled device, with what the act of this test needs."""
    name, act = (request.node.callspec.params.get(key) for key in ("name", "act"))
    if name == "account_set_password":
        user.set_unusable_password()
        user.save()
    EmailAddress.objects.create(user=user, email=SECOND, verified=True)
    if act is not None and act.__name__ not in ("add_app", "add_address"):
        TOTP.activate(user, SECRET)
        RecoveryCodes.activate(user)
    if act is not None and act.__name__ == "remove_key":
        data = {"name": "Blue key", "credential": registration(websafe_encode(b"challenge"))}
        Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=data)
    client = signed_in_by(browser(), user, method="password")
    long_ago(user)
    return client


def everything_ends(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user)


def test_every_view_that_writes_a_credential_is_a_transaction_in_which_the_account_is_held() -> None:
    assert HELD - {"socialaccount_connections", "mfa_edit_webauthn"} == WRITES.keys()


@pytest.mark.django_db(transaction=True)  # an error in `delete()` breaks the transaction around it
@pytest.mark.parametrize("urls", ["config.urls", "tests.accounts.bare_urls"])
@pytest.mark.parametrize(("name", "act"), ACTS)
def test_a_session_that_ends_while_its_request_is_under_way_changes_no_credential(
    name: str, act: Act, urls: str, owner: Any, user: Any, settings: Any
) -> None:
    settings.ROOT_URLCONF = urls
    before = state_of(user)
    told = Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED).count()
    with once_let_in(partial(everything_ends, user)):
        answer = act(owner)
    assert answer.status_code == 302 and answer.headers["Location"].startswith("/account/login/")
    assert state_of(user) == before
    assert Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED).count() == told


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("name", "act"), ACTS)
def test_what_a_view_of_this_site_writes_is_one_transaction_with_the_look_at_its_session(
    name: str, act: Act, owner: Any, user: Any
) -> None:
    before = state_of(user)
    written = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if WRITE.match(sql):
            written.append(connection.in_atomic_block)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        assert act(owner).status_code == 302
    assert state_of(user) != before
    assert written and all(written)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("table", ["mfa_authenticator", "account_emailaddress"])
def test_a_row_of_a_view_without_a_transaction_is_taken_back_where_its_session_has_ended_before_it(
    ends: bool, table: str, user: Any, browser: Any
) -> None:
    """As by a host's own view: it asks, waits for whoever ends the session, and writes."""
    client = signed_in_by(browser(), user, method="password")
    long_ago(user)
    frozen = AccountState.objects.filter(pk=user.pk)
    freeze = partial(frozen.update, frozen_until=timezone.now() + timedelta(days=1))
    before, events = state_of(user), Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED).count()
    token = context.begin(context.Acting(SessionStore(client.session.session_key)))
    meanwhile = partial(as_somebody_else, partial(everything_ends, user) if ends else freeze)
    try:
        with (
            pytest.raises(SessionEnded if ends else AccountFrozen),
            just_before(f"INSERT INTO .{table}.", meanwhile),
        ):
            if table == "mfa_authenticator":
                TOTP.activate(user, SECRET)
            else:
                EmailAddress.objects.create(user=user, email="evil@thief.example")
    finally:
        context.finish(token)
    assert state_of(user) == before
    assert Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED).count() == events
    assert Session.objects.of(user).living().exists() is not ends


@contextmanager
def request_of(client: Any, **options: Any) -> Iterator[None]:
    key = None if client is None else client.session.session_key
    token = context.begin(context.Acting(SessionStore(key), **options))
    try:
        yield
    finally:
        context.finish(token)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("field", ["password", "email"])
def test_what_a_view_without_a_transaction_saves_a_moment_after_the_end_is_told(
    field: str, user: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "EMAIL_CHANGE_ENDS": "others"}
    client = signed_in_by(browser(), user, method="password")
    long_ago(user)
    old = user.email
    user.set_password(NEW_PASSWORD)
    user.email = "evil@thief.example"
    with (
        request_of(client),
        pytest.raises(SessionEnded),
        just_before(
            f"UPDATE .accounts_user. SET .*{field}",
            partial(as_somebody_else, partial(everything_ends, user)),
        ),
    ):
        user.save(update_fields=[field])
    changed = Event.objects.filter(user_id=user.pk, kind=Event.Kind.CREDENTIAL_CHANGED).latest("pk")
    assert changed.data["credential"] == {"password": "password", "email": "address"}[field]
    told = Delivery.objects.filter(user_id=user.pk, event__pk__gte=changed.pk)
    assert old in told.values_list("receiver", flat=True)


def a_new_password_is_required(user: Any) -> None:
    require_new_password(user=user, reason=EndReason.HELP_DESK, actor=None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", ["SELECT .*accounts_user", "UPDATE .accounts_user. SET .*password"])
@pytest.mark.parametrize("who", ["a session", "a reset", "nobody who is signed in"])
def test_a_password_that_was_under_way_is_none_that_was_chosen_since_one_is_required(
    who: str, statement: str, user: Any, browser: Any
) -> None:
    client = signed_in_by(browser(), user, method="password") if who == "a session" else None
    long_ago(user)
    user.set_password(NEW_PASSWORD)
    meanwhile = partial(as_somebody_else, partial(a_new_password_is_required, user))
    with (
        request_of(client, resets_password=lambda: who == "a reset"),
        suppress(SessionEnded),
        just_before(statement, meanwhile),
    ):
        user.save(update_fields=["password"])
    assert is_password_required(user)


@pytest.mark.django_db(transaction=True)
def test_a_reset_that_begins_after_it_is(user: Any, browser: Any) -> None:
    long_ago(user)
    a_new_password_is_required(user)
    time.sleep(0.01)  # what was decided in the last moment before counts as after
    with request_of(None, resets_password=lambda: True):
        user.set_password(NEW_PASSWORD)
        user.save(update_fields=["password"])
    assert not is_password_required(user)


def taken(user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_active=False, is_staff=False, is_superuser=False)


@pytest.fixture
def administrator(user: Any) -> Any:
    get_user_model().objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    return get_user_model().objects.get(pk=user.pk)


def rights_of(user: Any) -> list[bool]:
    return [
        *get_user_model().objects.filter(pk=user.pk).values_list("is_active", "is_staff", "is_superuser")[0]
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["resets the password", "changes the password", "saves a form", "step"])
def test_who_was_disabled_meanwhile_stays_so_when_they_save_themselves(
    what: str, administrator: Any, browser: Any
) -> None:
    user = administrator
    client = None if what == "resets the password" else signed_in_by(browser(), user, method="password")
    long_ago(user)
    stale = get_user_model().objects.get(pk=user.pk)
    if what != "saves a form":
        stale.set_password(NEW_PASSWORD)
    step = context.own_step() if what == "step" else nullcontext()
    with request_of(client, resets_password=lambda: what == "resets the password"), step:
        assert context.current().user_id == (client and user.pk)  # let in
        taken(user)
        stale.save()
    assert rights_of(user) == [False, False, False]


@pytest.mark.django_db
def test_somebody_else_gives_rights_back_and_so_does_who_names_the_field(
    administrator: Any, other_user: Any, browser: Any
) -> None:
    client = signed_in_by(browser(), other_user, method="password")
    taken(administrator)
    with request_of(client):
        administrator.save()
    assert rights_of(administrator) == [True, True, True]
    taken(administrator)
    with request_of(None, resets_password=lambda: True):
        administrator.save(update_fields=["is_active"])
    assert rights_of(administrator) == [True, False, False]


@pytest.mark.django_db
def test_staff_gives_itself_one_more_right(user: Any, browser: Any) -> None:
    client = signed_in_by(browser(), user, method="password")
    get_user_model().objects.filter(pk=user.pk).update(is_superuser=True)
    own = get_user_model().objects.get(pk=user.pk)
    own.is_staff = True
    with request_of(client):
        own.save()
    assert rights_of(user) == [True, True, True]


@pytest.mark.django_db
def test_a_password_that_allauth_sets_saves_nothing_else(user: Any) -> None:
    stale = get_user_model().objects.get(pk=user.pk)
    taken(user)
    AccountAdapter().set_password(stale, NEW_PASSWORD)
    assert rights_of(user) == [False, False, False]
    assert get_user_model().objects.get(pk=user.pk).check_password(NEW_PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_a_view_that_ends_its_own_session_has_done_what_it_did(
    user: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "PASSWORD_CHANGE_ENDS": "all"}
    client = signed_in_by(browser(), user, method="password")
    long_ago(user)
    assert change_password(client).headers["Location"].startswith("/account/login/")
    assert get_user_model().objects.get(pk=user.pk).check_password(NEW_PASSWORD)
    assert Session.objects.of(user).get().end_reason == EndReason.PASSWORD_CHANGED
