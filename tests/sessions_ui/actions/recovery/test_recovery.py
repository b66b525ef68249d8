"""The recovery of an account: what opens it, what it refuses meanwhile, and what closes it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import time_machine
from django.test import override_settings
from django.utils import timezone

from sessions_ui import context, verify_not_frozen
from sessions_ui.actions.endings.require_password import new_password_was_chosen
from sessions_ui.actions.recovery import expire
from sessions_ui.actions.recovery import open as opening
from sessions_ui.actions.recovery.added import added_since
from sessions_ui.actions.recovery.close import lift_recovery
from sessions_ui.actions.recovery.expire import expire_recoveries
from sessions_ui.actions.recovery.open import (
    mail_recovery_link,
    open_recovery,
    since_of,
    was_dealt_with,
)
from sessions_ui.actions.recovery.sign_in import verify_credentials
from sessions_ui.actions.recovery.steps import choose_password, remove_added
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.actions.sign_in.pending import begin_sign_in, begun_key, verify_begun
from sessions_ui.conf import conf
from sessions_ui.context import own_step
from sessions_ui.credentials import Credential, CredentialKind, CredentialStore
from sessions_ui.exceptions import AccountFrozen, RecoveryClosed, SignInRefused
from tests.interleaving import just_before
from tests.keys import Keys, bridged, keys_of, make_keys
from tests.models import AccountState, Delivery, EndReason, Event, Recovery, Session

pytestmark = pytest.mark.django_db

NOW = timezone.now()
BEFORE, SINCE, AFTER = NOW - timedelta(days=2), NOW - timedelta(days=1), NOW - timedelta(hours=1)


class Store(CredentialStore):
    """Keeps what a test says."""

    kept: ClassVar[list[Credential]] = []
    used: ClassVar[list[Credential] | None] = None
    addresses: ClassVar[list[str]] = []

    def of(self, user: Any) -> list[Credential]:
        return self.kept

    def remove(self, user: Any, credential: Credential) -> None:
        verify_not_frozen(user)
        type(self).kept = [one for one in self.kept if one != credential]

    def shown(self, request: Any, user: Any) -> list[Credential] | None:
        return self.used

    def keep_address(self, user: Any, address: str) -> None:
        self.addresses.append(address)


@pytest.fixture(autouse=True)
def store(settings: Any) -> type[Store]:
    Store.kept, Store.used, Store.addresses = [], None, []
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIALS": f"{__name__}.Store"}
    return Store


def passkey(since: datetime | None, name: str = "key") -> Credential:
    return Credential(CredentialKind.PASSKEY, name, name, since)


def opened(user: Any, **fields: Any) -> Any:
    return open_recovery(**{"user": user, "since": SINCE, "opened_by": Recovery.OpenedBy.MAIL, **fields})


def state_of(user: Any) -> Any:
    return AccountState.objects.get(pk=user.pk)


@pytest.fixture
def acting(user: Any) -> Any:
    """A request of the user's acts."""
    request = SimpleNamespace(session=None)
    store = SimpleNamespace(session_id=None, user_id=user.pk, impersonator_id=None)
    token = context.begin(context.Acting(store, request=request))  # type: ignore[arg-type]
    yield
    context.finish(token)


def test_a_recovery_voids_the_password_freezes_the_account_and_mails_the_link(user: Any) -> None:
    case = opened(user, address="told@people.example")
    state = state_of(user)
    assert (state.recovering_since, state.frozen_until) == (SINCE, case.expires_at)
    assert state.password_required_at is not None and state.reason == EndReason.NOT_ME
    assert case.expires_at == case.opened_at + conf.recovery_freeze
    event = Event.objects.get(kind=Event.Kind.RECOVERY_OPENED)
    assert event.data == {"recovery": case.public_id, "by": "mail"}
    mailed = Delivery.objects.get(event__kind=Event.Kind.RECOVERY_LINK)
    assert (mailed.receiver, mailed.user_id) == ("told@people.example", user.pk)


def test_somebody_without_a_password_is_not_asked_for_one(user: Any) -> None:
    user.set_unusable_password()
    user.save()
    case = opened(user)
    assert not case.waits_for_password
    assert state_of(user).password_required_at is None


def test_the_link_goes_to_no_address_that_was_added_since(user: Any, store: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.two_addresses"}
    store.kept = [Credential(CredentialKind.ADDRESS, "2", "Late@people.example", AFTER)]
    assert opened(user).address == "early@people.example"
    assert [row.receiver for row in Delivery.objects.all()] == ["early@people.example"]


def two_addresses(user: Any) -> list[tuple[str, datetime | None]]:
    return [("late@people.example", None), ("early@people.example", None)]


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        (passkey(BEFORE), None),
        (passkey(SINCE), True),
        (passkey(AFTER), True),
        (passkey(None), False),
        (Credential(CredentialKind.ADDRESS, "1", "new@people.example", AFTER), True),
        (Credential(CredentialKind.ADDRESS, "1", "new@people.example", None, verified=False), True),
        (Credential(CredentialKind.ADDRESS, "1", "of-old@people.example", None), False),
        (Credential(CredentialKind.ADDRESS, "1", "Told@people.example", AFTER), None),
    ],
)
def test_what_is_younger_is_ticked_and_what_nobody_knows_the_age_of_is_not(
    credential: Credential, expected: bool | None, user: Any, store: Any
) -> None:
    store.kept = [credential]
    found = added_since(opened(user, address="told@people.example"), user)
    assert [one.ticked for one in found] == ([] if expected is None else [expected])


def test_the_steps_close_it_in_either_order(user: Any, other_user: Any, store: Any) -> None:
    store.kept = [passkey(AFTER)]
    bystander = opened(other_user)
    for new, order in (("another 1", ["password", "added"]), ("another 2", ["added", "password"])):
        case = opened(user)
        for step in order:
            assert case.is_open
            if step == "password":
                case = choose_password(recovery=case, user=user, save=partial(set_password, user, new))
            else:
                case = remove_added(recovery=case, user=user, chosen=["passkey:key"])
        assert case.closed_why == Recovery.ClosedWhy.DONE
        state = state_of(user)
        assert (state.recovering_since, state.frozen_until, state.password_required_at) == (None, None, None)
        Recovery.objects.filter(pk=case.pk).update(password_at=BEFORE)
    assert store.kept == []
    bystander.refresh_from_db()
    assert bystander.is_open and state_of(other_user).frozen_until is not None


def set_password(user: Any, password: str) -> None:
    user.set_password(password)
    user.save()


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_the_new_password_ends_what_was_given_out_for_the_void_one(
    user: Any, other_user: Any, settings: Any, is_signed_in: bool
) -> None:
    """A package that tells nobody of what it makes has let a thief in by the password that everybody else refused."""
    bridged(settings, Keys)
    case = opened(user)
    for person in (user, other_user):
        make_keys(person)
    store = SimpleNamespace(session_id=None, user_id=user.pk, impersonator_id=None)
    token = context.begin(context.Acting(store if is_signed_in else None))
    try:
        choose_password(recovery=case, user=user, save=partial(set_password, user, "another 1"))
    finally:
        context.finish(token)
    assert (keys_of(user), keys_of(other_user)) == (0, 1)


def test_who_was_disabled_while_a_new_password_was_chosen_stays_so(user: Any) -> None:
    case = opened(user)
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    choose_password(recovery=case, user=user, save=user.save)
    user.refresh_from_db()
    assert not user.is_active


def test_a_step_is_done_once(user: Any) -> None:
    case = opened(user)
    choose_password(recovery=case, user=user, save=lambda: set_password(user, "another 1"))
    with pytest.raises(RecoveryClosed):
        choose_password(recovery=case, user=user, save=lambda: set_password(user, "a third 1"))
    user.refresh_from_db()
    assert user.check_password("another 1")
    remove_added(recovery=case, user=user, chosen=[])
    with pytest.raises(RecoveryClosed):
        remove_added(recovery=case, user=user, chosen=[])


def test_nothing_else_is_removed_than_what_is_listed_and_chosen(user: Any, store: Any) -> None:
    store.kept = [passkey(BEFORE, "old"), passkey(AFTER, "new"), passkey(AFTER, "mine")]
    remove_added(recovery=opened(user), user=user, chosen=["passkey:old", "passkey:new"])
    assert [one.id for one in store.kept] == ["old", "mine"]


def test_the_address_of_the_case_is_the_accounts_again_where_it_was_taken_away(user: Any, store: Any) -> None:
    store.kept = [Credential(CredentialKind.ADDRESS, "1", "evil@elsewhere.example", AFTER)]
    remove_added(recovery=opened(user, address="told@people.example"), user=user, chosen=[])
    assert store.addresses == ["told@people.example"]


def test_the_address_of_the_case_becomes_the_main_one_where_that_goes(user: Any, store: Any) -> None:
    own = Credential(CredentialKind.ADDRESS, "1", "told@people.example", BEFORE)
    store.kept = [own, Credential(CredentialKind.ADDRESS, "2", user.email, AFTER)]
    case = opened(user, address="told@people.example")
    remove_added(recovery=case, user=user, chosen=["address:2"])
    assert store.addresses == ["told@people.example"] and store.kept == [own]


def test_an_address_that_is_there_stays_as_it_is(user: Any, store: Any) -> None:
    store.kept = [Credential(CredentialKind.ADDRESS, "1", "told@people.example", BEFORE), passkey(AFTER)]
    remove_added(recovery=opened(user, address="told@people.example"), user=user, chosen=["passkey:key"])
    assert store.addresses == []


def test_whatever_writes_a_credential_is_refused_until_it_is_over(
    user: Any, other_user: Any, acting: Any
) -> None:
    verify_not_frozen(user)
    case = opened(user)
    with pytest.raises(AccountFrozen) as refused:
        verify_not_frozen(user)
    assert refused.value.until == case.expires_at
    verify_not_frozen(other_user)
    with own_step():
        verify_not_frozen(user)
    AccountState.objects.filter(pk=user.pk).update(frozen_until=timezone.now())
    verify_not_frozen(user)


def test_a_shell_or_a_task_is_not_refused(user: Any) -> None:
    opened(user)
    verify_not_frozen(user)


def test_a_new_password_or_address_of_the_user_is_refused_and_the_rest_of_a_save_is_not(
    user: Any, acting: Any
) -> None:
    opened(user)
    user.name = "Ada L."
    user.save()
    user.email = "other@people.example"
    with pytest.raises(AccountFrozen):
        user.save()
    user.refresh_from_db()
    user.set_password("another 1")
    with pytest.raises(AccountFrozen):
        user.save(update_fields=["password"])


@pytest.mark.parametrize(
    ("method", "shown", "expected"),
    [
        ("password", [], EndReason.PASSWORD_REQUIRED),
        ("password+passkey", [passkey(BEFORE)], EndReason.PASSWORD_REQUIRED),
        ("passkey", [passkey(BEFORE)], None),
        ("passkey", [passkey(SINCE)], EndReason.RECOVERING),
        ("passkey", [passkey(BEFORE), passkey(AFTER)], EndReason.RECOVERING),
        ("passkey", [passkey(None)], None),
        ("", None, EndReason.PASSWORD_REQUIRED),
    ],
)
def test_who_signs_in_before_the_new_password_is_chosen(
    method: str, shown: Any, expected: Any, user: Any, store: Any, acting: Any
) -> None:
    opened(user)
    store.used = shown
    assert refusal_of(user, method) == expected


@pytest.mark.parametrize(
    ("method", "shown", "expected"),
    [
        ("password", [], None),
        ("password+totp", [passkey(BEFORE)], None),
        ("password+totp", [passkey(AFTER)], EndReason.RECOVERING),
        ("", None, None),
    ],
)
def test_who_signs_in_with_the_new_password(
    method: str, shown: Any, expected: Any, user: Any, store: Any, acting: Any
) -> None:
    case = opened(user)
    choose_password(recovery=case, user=user, save=lambda: set_password(user, "another 1"))
    store.used = shown
    assert refusal_of(user, method) == expected


def refusal_of(user: Any, method: str) -> Any:
    try:
        verify_credentials(user, method, state_of(user))
    except SignInRefused as refused:
        return refused.reason
    return None


def test_a_sign_in_costs_no_statement_more_while_nothing_is_recovered(
    user: Any, django_assert_num_queries: Any
) -> None:
    state = AccountState(user_id=user.pk)
    with django_assert_num_queries(0):
        verify_credentials(user, "password", state)


def test_another_report_does_not_prolong_it(user: Any) -> None:
    case = opened(user)
    Recovery.objects.filter(pk=case.pk).update(expires_at=AFTER)
    again = opened(user, since=BEFORE)
    assert (again.pk, again.since, again.expires_at) == (case.pk, BEFORE, AFTER)
    assert state_of(user).recovering_since == BEFORE


@pytest.mark.parametrize(
    ("later", "void"),
    [(timedelta(hours=1), True), (timedelta(0), True), (timedelta(microseconds=-1), False)],
)
def test_a_second_report_voids_the_new_password_only_if_it_is_about_a_later_sign_in(
    later: timedelta, void: bool, user: Any
) -> None:
    case = opened(user)
    choose_password(recovery=case, user=user, save=lambda: set_password(user, "another 1"))
    case.refresh_from_db()
    again = opened(user, last=case.password_at + later)
    assert again.pk == case.pk
    assert again.waits_for_password is void
    assert (state_of(user).password_required_at is not None) is void


def test_a_second_report_asks_for_what_was_done_again_and_may_bring_an_address(user: Any, store: Any) -> None:
    case = opened(user)
    Recovery.objects.filter(pk=case.pk).update(address="")
    remove_added(recovery=case, user=user, chosen=[])
    again = opened(user, since=AFTER, address="told@people.example")
    assert (again.pk, again.credentials_at, again.since) == (case.pk, None, SINCE)
    assert again.address == "told@people.example"
    assert opened(user, address="other@people.example").address == "told@people.example"
    again.refresh_from_db()
    assert (again.credentials_at, again.address) == (None, "told@people.example")


def test_the_case_and_its_event_say_who_reported_what(user: Any, agent: Any, browser: Any) -> None:
    browser().force_login(user)
    session = Session.objects.get(user=user)
    case = opened(
        user, session=session, actor=agent, ticket="T-1", opened_by=Recovery.OpenedBy.HELP_DESK, last=AFTER
    )
    case.refresh_from_db()
    assert (case.session_id, case.actor_id, case.ticket, case.opened_by) == (
        session.pk,
        agent.pk,
        "T-1",
        "help_desk",
    )
    event = Event.objects.get(kind=Event.Kind.RECOVERY_OPENED)
    assert (event.user_id, event.actor_id, event.session_id, event.device_id) == (
        user.pk,
        agent.pk,
        session.pk,
        session.device_id,
    )
    assert event.data == {"recovery": case.public_id, "by": "help_desk", "ticket": "T-1"}


def test_where_nobody_could_get_a_link_the_password_goes_on_signing_in(user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.no_addresses"}
    case = opened(user)
    assert (case.address, case.waits_for_password) == ("", True)
    state = state_of(user)
    assert state.password_required_at is None and state.frozen_until == case.expires_at


def no_addresses(user: Any) -> list[tuple[str, datetime | None]]:
    return []


def test_a_case_of_no_address_gives_the_account_none(user: Any, store: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.no_addresses"}
    store.kept = [passkey(AFTER)]
    remove_added(recovery=opened(user), user=user, chosen=["passkey:key"])
    assert (store.addresses, store.kept) == ([], [])


def test_an_address_of_the_case_that_is_not_verified_any_more_becomes_the_accounts_again(
    user: Any, store: Any
) -> None:
    own = Credential(CredentialKind.ADDRESS, "1", "told@people.example", BEFORE, verified=False)
    store.kept = [own]
    remove_added(recovery=opened(user, address="told@people.example"), user=user, chosen=[])
    assert store.addresses == ["told@people.example"]


def test_lifting_it_leaves_what_was_added_and_the_password_void(user: Any, agent: Any, store: Any) -> None:
    store.kept = [passkey(AFTER)]
    case = opened(user)
    assert lift_recovery(user=user, actor=agent, ticket="T-1")
    assert not lift_recovery(user=user, actor=agent)
    case.refresh_from_db()
    assert (case.closed_why, case.closed_by_id) == (Recovery.ClosedWhy.LIFTED, agent.pk)
    state = state_of(user)
    assert (state.recovering_since, state.frozen_until) == (None, None)
    assert state.password_required_at is not None and store.kept == [passkey(AFTER)]
    event = Event.objects.get(kind=Event.Kind.RECOVERY_CLOSED)
    assert event.data == {"recovery": case.public_id, "why": "lifted", "ticket": "T-1"}


def test_one_whose_time_is_over_removes_what_is_ticked_and_nothing_else(
    user: Any, other_user: Any, store: Any
) -> None:
    store.kept = [passkey(BEFORE, "old"), passkey(AFTER, "new"), passkey(None, "unknown")]
    case, bystander = opened(user), opened(other_user)
    assert expire_recoveries() == 0
    Recovery.objects.filter(pk=case.pk).update(expires_at=timezone.now())
    assert expire_recoveries() == 1
    assert [one.id for one in store.kept] == ["old", "unknown"]
    case.refresh_from_db()
    bystander.refresh_from_db()
    assert case.closed_why == Recovery.ClosedWhy.EXPIRED and bystander.is_open


def test_one_of_somebody_who_is_gone_is_closed(user: Any, store: Any, django_user_model: Any) -> None:
    somebody = django_user_model.objects.create_user(email="gone@people.example")
    store.kept = [passkey(AFTER)]
    case = opened(somebody)
    Recovery.objects.filter(pk=case.pk).update(expires_at=timezone.now(), address="")
    django_user_model.objects.filter(pk=somebody.pk)._raw_delete("default")
    assert expire_recoveries() == 1
    case.refresh_from_db()
    assert not case.is_open and store.kept == [passkey(AFTER)]


def test_a_run_closes_so_many_the_oldest_first_and_the_next_one_goes_on(
    user: Any, other_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expire, "AT_ONCE", 1)
    for person, hours in ((user, 1), (other_user, 2)):
        case = opened(person)
        expired_at = timezone.now() - timedelta(hours=hours)
        Recovery.objects.filter(pk=case.pk).update(expires_at=expired_at)
    assert expire_recoveries() == 1
    assert Recovery.objects.open().get().user_id == user.pk
    assert [expire_recoveries(), expire_recoveries()] == [1, 0]


def test_one_that_was_closed_a_moment_before_is_not_closed_again(user: Any, agent: Any, store: Any) -> None:
    store.kept = [passkey(AFTER)]
    case = opened(user)
    Recovery.objects.filter(pk=case.pk).update(expires_at=timezone.now())
    lock = "SELECT .accounts_user."
    with just_before(lock, lambda: lift_recovery(user=user, actor=agent)):
        assert expire_recoveries() == 0
    case.refresh_from_db()
    assert case.closed_why == Recovery.ClosedWhy.LIFTED and store.kept == [passkey(AFTER)]


def test_one_that_cannot_be_closed_keeps_no_other_from_it(
    user: Any, other_user: Any, store: Any, caplog: Any
) -> None:
    opened(user)
    opened(other_user)
    Recovery.objects.update(expires_at=timezone.now())

    class Broken(Store):
        def of(self, of_whom: Any) -> list[Credential]:
            if of_whom.pk == user.pk:
                raise RuntimeError
            return []

    globals()["Broken"] = Broken
    with override_settings(SESSIONS_UI={**_settings(), "CREDENTIALS": f"{__name__}.Broken"}):
        assert expire_recoveries() == 1
    assert Recovery.objects.open().get().user_id == user.pk
    assert "could not be closed" in caplog.text


def _settings() -> dict[str, Any]:
    from django.conf import settings

    given: dict[str, Any] = settings.SESSIONS_UI
    return given


def test_the_link_is_mailed_again_once_a_minute_and_five_times_an_hour(user: Any) -> None:
    assert mail_recovery_link(user=user) is False
    with time_machine.travel(NOW, tick=False) as clock:
        opened(user, since=SINCE)
        links = Event.objects.filter(kind=Event.Kind.RECOVERY_LINK)
        assert mail_recovery_link(user=user) and links.count() == 1
        for _ in range(10):
            clock.shift(timedelta(seconds=61))
            assert mail_recovery_link(user=user)
        assert links.count() == opening.MOST_LINKS_AN_HOUR == 5
        clock.move_to(NOW + timedelta(hours=1))
        assert mail_recovery_link(user=user)
        assert links.count() == 6, "the first one was an hour ago"


def test_without_a_named_sign_in_what_is_younger_than_a_trusted_address_counts() -> None:
    assert since_of([Session(signed_in_at=AFTER), Session(signed_in_at=BEFORE)]) == BEFORE
    assert since_of([Session(signed_in_at=None), Session(signed_in_at=AFTER)]) == AFTER
    assert abs(since_of([]) - (timezone.now() - timedelta(days=30))) < timedelta(minutes=1)


def test_a_closed_one_is_purged_and_an_open_one_stays(user: Any, other_user: Any, agent: Any) -> None:
    closed, still_open = opened(user), opened(other_user)
    lift_recovery(user=user, actor=agent)
    old = timezone.now() - conf.retention
    Recovery.objects.update(opened_at=old - timedelta(days=1))
    purge_old()
    assert Recovery.objects.filter(pk=closed.pk).exists()
    Recovery.objects.filter(pk=closed.pk).update(closed_at=old)
    purge_old()
    assert list(Recovery.objects.values_list("pk", flat=True)) == [still_open.pk]


def test_a_password_that_was_under_way_when_it_began_stays_void(user: Any, acting: Any) -> None:
    """Its request found nothing frozen yet."""
    opened(user)
    new_password_was_chosen(user)
    assert state_of(user).password_required_at is not None
    with own_step():
        new_password_was_chosen(user)
    assert state_of(user).password_required_at is None


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("fields", "signed_in_at", "covered"),
    [
        ({}, SINCE, True),
        ({}, AFTER, True),
        ({}, SINCE - HOUR, False),
        ({}, AFTER + HOUR, False),
        ({"closed_why": "lifted"}, SINCE, False),
        ({"closed_why": "expired"}, SINCE, False),
        ({"closed_why": "", "closed_at": None}, SINCE, False),
    ],
    ids=["the first", "the last", "one before", "one after", "lifted", "expired", "open"],
)
def test_a_sign_in_was_dealt_with_where_the_steps_were_done_for_its_time(
    fields: dict[str, Any], signed_in_at: datetime, covered: bool, user: Any, other_user: Any
) -> None:
    for person, given in ((user, fields), (other_user, {})):
        done = {"closed_why": "done", "closed_at": NOW, **given}
        case = opened(person)
        Recovery.objects.filter(pk=case.pk).update(since=SINCE, opened_at=AFTER, **done)
    assert was_dealt_with(user, signed_in_at) is covered


def test_a_sign_in_that_began_before_the_recovery_was_over_begins_again(user: Any) -> None:
    """It was let on by the rules of then: what was added meanwhile signs in, once it is over."""
    case = opened(user)
    mark: dict[str, Any] = {}
    begin_sign_in(mark, user)  # type: ignore[arg-type]
    lift_recovery(user=user, actor=None)
    with pytest.raises(SignInRefused) as refused:
        verify_begun(mark[begun_key(user)], user, state_of(user))
    assert refused.value.reason == EndReason.RECOVERING
    case.refresh_from_db()
    assert case.closed_why == Recovery.ClosedWhy.LIFTED
