"""Every decision about an account raises its epoch, whether or not there was anything left to end (trap 4).

One row an act: who asks and how, and whether something is decided by it about the account. The epoch is what refuses a
sign-in that waits for its second factor (`actions/sign_in/pending.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.devices.lost import mark_found, mark_lost
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.actions.devices.rename import rename_device
from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.changes.access import access_changed
from sessions_ui.actions.endings.changes.email import email_changed
from sessions_ui.actions.endings.changes.factors import factor_changed
from sessions_ui.actions.endings.end import end_sessions, end_user_sessions
from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.help_desk.caller import verify_caller
from sessions_ui.actions.help_desk.carry_out import carry_out
from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.order import Order
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.actions.sign_in.provider import end_provider_sessions
from sessions_ui.store import SessionStore
from tests.accounts.test_password import change, choose, reset_link
from tests.aging import settle
from tests.conftest import PASSWORD, Browser, make_administrator, make_agent, make_person
from tests.models import AccountState, Case, Device, EndReason, Session
from tests.operators import sessions_end
from tests.waiting import begin, is_let_in

pytestmark = pytest.mark.django_db

DEVICES = "/account/devices/"


@dataclass(frozen=True)
class Scene:
    """A person with a device, and a session there that may be over already; and who could do something about it."""

    user: Any
    pk: Any
    device: Device
    session: Session
    administrator: Any
    agent: Any
    settings: Any

    @property
    def users(self) -> Any:
        return get_user_model().objects.filter(pk=self.pk)

    @property
    def sessions(self) -> Any:
        return Session.objects.filter(user_id=self.pk)

    def configure(self, **given: Any) -> None:
        self.settings.SESSIONS_UI = {**self.settings.SESSIONS_UI, **given}


Act = Callable[[Scene], Any]


@dataclass(frozen=True)
class People:
    """Who is there, by primary keys; the stranger waits for the second factor, too."""

    user: Any
    stranger: Any
    administrator: Any
    agent: Any
    waiting: SessionStore


@pytest.fixture(scope="module")
def people(made_once: None) -> People:
    user, stranger = make_person("ada@people.example"), make_person("grace@people.example")
    agent, administrator = make_agent(), make_administrator()
    for person in (user, stranger):
        Browser().sign_in(person)
    AccountState.objects.filter(pk=stranger.pk).update(epoch=7, reason=EndReason.INCIDENT)
    return People(user.pk, stranger.pk, administrator.pk, agent.pk, begin(stranger))


@pytest.fixture(params=["signed in", "nothing left to end", "nothing left at all"])
def scene(request: Any, db: None, people: People, settings: Any) -> Scene:
    session = Session.objects.select_related("user", "device").get(user=people.user)
    if request.param != "signed in":
        Session.objects.filter(pk=session.pk).update(ended_at=timezone.now(), end_reason=EndReason.SIGNED_OUT)
        session.refresh_from_db()
    if request.param == "nothing left at all":  # as after a purge
        rows = Session.objects.filter(pk=session.pk)
        rows._raw_delete(rows.db)
    device = session.device
    assert device is not None
    administrator, agent = (
        get_user_model().objects.get(pk=pk) for pk in (people.administrator, people.agent)
    )
    return Scene(session.user, people.user, device, session, administrator, agent, settings)


# --- Who decides something


def some_sessions(scene: Scene) -> None:
    end_sessions(
        sessions=Session.objects.filter(pk=scene.session.pk),
        reason=EndReason.SIGNED_OUT_REMOTELY,
        actor=scene.user,
        of_user=scene.pk,
    )


def sessions_of_users(scene: Scene) -> None:
    end_sessions(sessions=scene.sessions, reason=EndReason.ADMINISTRATOR, of_users=scene.users)


def everything_of_one(scene: Scene) -> None:
    end_user_sessions(user=scene.user, reason=EndReason.API)


def others_of_one(scene: Scene) -> None:
    end_user_sessions(user=scene.user, reason=EndReason.SIGNED_OUT_REMOTELY, keep=scene.session.pk)


def lost(scene: Scene) -> None:
    mark_lost(device=scene.device, actor=scene.user)


def not_me(scene: Scene) -> None:
    report_not_me(session=scene.session)


def not_me_everywhere(scene: Scene) -> None:
    report_not_me(session=scene.session, everywhere=True)


def new_password_required(scene: Scene) -> None:
    require_new_password(user=scene.user, reason=EndReason.INCIDENT, actor=scene.administrator)


def access(scene: Scene) -> None:
    access_changed(users=scene.users)


def large_ending(scene: Scene) -> None:
    end_later(sessions=scene.sessions, reason=EndReason.INCIDENT, of_users=scene.users)


def factor_changed_by_somebody_else(scene: Scene) -> None:
    factor_changed(user=scene.user, actor=scene.administrator)


def factor_changed_that_ends_others(scene: Scene) -> None:
    scene.configure(FACTOR_CHANGE_ENDS="others")
    with acting_in_own_session(scene):
        factor_changed(user=scene.user)


def address_changed_that_ends_others(scene: Scene) -> None:
    scene.configure(EMAIL_CHANGE_ENDS="others")
    email_changed(user=scene.user, old="old@people.example", actor=scene.user)


def address_changed_that_ends_all(scene: Scene) -> None:
    scene.configure(EMAIL_CHANGE_ENDS="all")
    email_changed(user=scene.user, old="old@people.example", actor=scene.user)


def password_saved(scene: Scene) -> None:
    scene.user.set_password("a horse of another colour")
    scene.user.save()


def own_password_changed(scene: Scene) -> None:
    change(laptop(scene))


def own_password_changed_that_ends_all(scene: Scene) -> None:
    scene.configure(PASSWORD_CHANGE_ENDS="all")
    change(laptop(scene))


def password_reset(scene: Scene) -> None:
    choose(Browser(), reset_link(Browser, scene.user.email))


def switched_off(scene: Scene) -> None:
    scene.user.is_active = False
    scene.user.save()


def right_taken_away(scene: Scene) -> None:
    scene.users.update(is_staff=True)
    scene.user.is_staff = True
    scene.user.is_staff = False
    scene.user.save()


def deleted(scene: Scene) -> None:
    scene.user.delete()


def deleted_by_a_queryset(scene: Scene) -> None:
    scene.users.delete()


def help_desk(scene: Scene, **fields: Any) -> None:
    case = open_case(agent=scene.agent, term=scene.user.email)
    verify_caller(case=case, agent=scene.agent, ticket="INC-7", reason=Case.Reason.LOST, ways=["call_back"])
    Case.objects.filter(pk=case.pk).update(proof=Case.Proof.CODE, proven_at=timezone.now())
    case.refresh_from_db()
    carry_out(case=case, agent=scene.agent, order=Order(**fields), nonce="n" * 32)


def help_desk_one_device(scene: Scene) -> None:
    help_desk(scene, chosen=(scene.device.public_id,))


def help_desk_lost(scene: Scene) -> None:
    help_desk(scene, chosen=(scene.device.public_id,), lost=True)


def help_desk_everything(scene: Scene) -> None:
    help_desk(scene, everything=True)


def help_desk_new_password(scene: Scene) -> None:
    help_desk(scene, new_password=True)


def admin_page(scene: Scene, action: str) -> None:
    admin = Browser()
    admin.force_login(scene.administrator)
    chosen = {"_selected_action": [scene.device.pk], "confirmed": "1", "note": "asked for"}
    assert admin.post("/admin/sessions_ui/device/", {"action": action, **chosen}).status_code == 302


def admin_selected(scene: Scene) -> None:
    admin_page(scene, "sign_out_selected")


def admin_everything(scene: Scene) -> None:
    admin_page(scene, "sign_out_users")


def admin_everything_by_a_worker(scene: Scene) -> None:
    scene.configure(END_AT_ONCE_MAX=0)
    admin_page(scene, "sign_out_users")


def command(scene: Scene, *options: str) -> None:
    sessions_end("--user", scene.user.email, *options)


def command_by_a_worker(scene: Scene) -> None:
    command(scene, "--async")


def command_in_batches(scene: Scene) -> None:
    scene.configure(END_AT_ONCE_MAX=0)
    command(scene)


def page(scene: Scene, address: str) -> None:
    assert laptop(scene).post(DEVICES + address).status_code == 302


def page_other_device(scene: Scene) -> None:
    page(scene, f"{scene.device.public_id}/sign-out/")


def page_others(scene: Scene) -> None:
    page(scene, "sign-out-others/")


def page_everywhere(scene: Scene) -> None:
    page(scene, "sign-out-everywhere/")


DECISIONS: list[Act] = [
    some_sessions,
    sessions_of_users,
    everything_of_one,
    others_of_one,
    lost,
    not_me,
    not_me_everywhere,
    new_password_required,
    access,
    large_ending,
    factor_changed_by_somebody_else,
    factor_changed_that_ends_others,
    address_changed_that_ends_others,
    address_changed_that_ends_all,
    password_saved,
    own_password_changed,
    own_password_changed_that_ends_all,
    password_reset,
    switched_off,
    right_taken_away,
    deleted,
    deleted_by_a_queryset,
    help_desk_one_device,
    help_desk_lost,
    help_desk_everything,
    help_desk_new_password,
    admin_selected,
    admin_everything,
    admin_everything_by_a_worker,
    command,
    command_by_a_worker,
    command_in_batches,
    page_other_device,
    page_others,
    page_everywhere,
]


# --- Who decides nothing about the account


def signed_out_here(scene: Scene) -> None:
    end_sessions(sessions=scene.sessions, reason=EndReason.SIGNED_OUT, of_user=scene.pk)


def page_sign_out(scene: Scene) -> None:
    assert laptop(scene).post("/account/logout/").status_code == 302


def page_this_device(scene: Scene) -> None:
    here = laptop(scene)
    row = Session.objects.select_related("device").get(pk=here.session.session_id)
    assert row.device is not None
    here.post(f"{DEVICES}{row.device.public_id}/sign-out/")
    assert here.get(DEVICES).status_code == 302


def signs_in(scene: Scene) -> None:
    laptop(scene)


def signs_in_again_in_the_same_browser(scene: Scene) -> None:
    here = laptop(scene)
    cookies = here.cookies.copy()
    del cookies["sessionid"]
    here.cookies = cookies
    here.sign_in(scene.user)
    assert scene.sessions.filter(end_reason=EndReason.SUPERSEDED).exists()


def signs_in_over_the_limit(scene: Scene) -> None:
    scene.configure(SESSION_LIMIT=1)
    for _ in range(2):
        laptop(scene)
    assert scene.sessions.filter(end_reason=EndReason.SESSION_LIMIT).exists()


def comes_to_its_end(scene: Scene) -> None:
    laptop(scene)
    scene.sessions.update(expires_at=timezone.now())
    assert end_unlawful()


def found_under_another_password(scene: Scene) -> None:
    """Nothing told of it: by now somebody may wait who knows the new one. The old one's sign-ins have its hash."""
    laptop(scene)
    scene.users.update(password=make_password("a horse of another colour"))
    assert end_unlawful()


def a_request_finds_it_over(scene: Scene) -> None:
    here = laptop(scene)
    scene.sessions.update(signed_in_at=timezone.now() - timedelta(days=31))
    assert here.get(DEVICES).status_code == 302


def provider_sign_out(scene: Scene) -> None:
    scene.sessions.update(iss="https://id.example", sub="ada", sid="s1")
    end_provider_sessions(iss="https://id.example", sub="ada")


def factor_changed_that_offers(scene: Scene) -> None:
    with acting_in_own_session(scene):
        factor_changed(user=scene.user)


def address_changed(scene: Scene) -> None:
    scene.user.email = "new@people.example"
    scene.user.save()


def hash_upgraded(scene: Scene) -> None:
    weak = make_password(PASSWORD, hasher="md5")
    scene.users.update(password=weak)
    scene.user.refresh_from_db()
    scene.user._upgrade_hash(PASSWORD)


def name_changed(scene: Scene) -> None:
    scene.user.name = "Lovelace"
    scene.user.save()


def right_given(scene: Scene) -> None:
    scene.user.is_staff = True
    scene.user.save()


def agreed_end(scene: Scene) -> None:
    offboarding = offboard(user=scene.user, ends_at=timezone.now() + timedelta(days=1))
    cancel_offboarding(offboarding=offboarding)


def renamed(scene: Scene) -> None:
    rename_device(device=scene.device, name="Old laptop", actor=scene.user)


def found(scene: Scene) -> None:
    Device.objects.filter(pk=scene.device.pk).update(lost_at=timezone.now())
    assert mark_found(device=scene.device, actor=scene.user)


def looked_at(scene: Scene) -> None:
    here = laptop(scene)
    assert here.get(DEVICES).status_code == 200
    assert here.get(f"{DEVICES}{scene.device.public_id}/").status_code in (200, 404)


def dry_run(scene: Scene) -> None:
    command(scene, "--dry-run")


def purged(scene: Scene) -> None:
    purge_old()


def decided_before(scene: Scene) -> None:
    """The worker's part of a large ending: whoever began to sign in since is none of its business."""
    ending = end_later(sessions=scene.sessions, reason=EndReason.INCIDENT, of_users=scene.users)
    AccountState.objects.filter(pk=scene.pk).update(epoch=0)
    end_batches(ending=ending)


HARMLESS: list[Act] = [
    signed_out_here,
    page_sign_out,
    page_this_device,
    signs_in,
    signs_in_again_in_the_same_browser,
    signs_in_over_the_limit,
    comes_to_its_end,
    found_under_another_password,
    a_request_finds_it_over,
    provider_sign_out,
    factor_changed_that_offers,
    address_changed,
    hash_upgraded,
    name_changed,
    right_given,
    agreed_end,
    renamed,
    found,
    looked_at,
    dry_run,
    purged,
    decided_before,
]


# --- Means


def laptop(scene: Scene) -> Browser:
    """The owner at another browser, of long standing, who has just shown the password."""
    here = Browser()
    here.sign_in(scene.user)
    settle(scene.user)
    return here


@contextmanager
def acting_in_own_session(scene: Scene) -> Iterator[None]:
    """As within a request of the owner's."""
    store = SessionStore(laptop(scene).cookies["sessionid"].value)
    token = context.begin(context.Acting(store))
    yield
    context.finish(token)


def epoch_of(pk: Any) -> int:
    state = AccountState.objects.filter(pk=pk).first()
    return 0 if state is None else state.epoch


def name(act: Act) -> str:
    return act.__name__.replace("_", " ")  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def stranger(db: None, people: People) -> Iterator[None]:
    """Nothing is decided about somebody else, whose waiting sign-in goes on."""
    user = get_user_model().objects.get(pk=people.stranger)
    before = AccountState.objects.filter(pk=user.pk).values().get()
    living = list(Session.objects.of(user).living().values_list("pk", "digest"))
    yield
    assert AccountState.objects.filter(pk=user.pk).values().get() == before
    assert list(Session.objects.of(user).living().values_list("pk", "digest")) == living
    assert is_let_in(people.waiting, user)


@pytest.mark.parametrize("act", DECISIONS, ids=name)
def test_a_decision_about_an_account_raises_its_epoch_and_refuses_its_waiting_sign_in(
    act: Act, scene: Scene
) -> None:
    before, waiting = epoch_of(scene.pk), begin(scene.user)
    act(scene)
    assert epoch_of(scene.pk) > before
    if get_user_model().objects.filter(pk=scene.pk).exists():
        assert not is_let_in(waiting, scene.user)


@pytest.mark.parametrize("act", HARMLESS, ids=name)
def test_what_decides_nothing_about_an_account_leaves_its_epoch_and_its_waiting_sign_in_alone(
    act: Act, scene: Scene
) -> None:
    before = epoch_of(scene.pk)
    hash_before = scene.user.password
    waiting = begin(scene.user)
    act(scene)
    assert epoch_of(scene.pk) == before
    if get_user_model().objects.get(pk=scene.pk).password == hash_before:
        assert is_let_in(waiting, scene.user)
