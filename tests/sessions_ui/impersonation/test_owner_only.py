"""What staff cannot do in somebody's account, whichever way it is asked for."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils import timezone

import sessions_ui
from sessions_ui import context
from sessions_ui.actions.access_review.rights import verify_reviewer
from sessions_ui.actions.devices.confirm import confirm_device
from sessions_ui.actions.devices.lost import mark_all_lost, mark_found, mark_lost
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.actions.devices.rename import rename_device
from sessions_ui.actions.endings.bridged.credentials import end_credentials
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.end import end_session, end_sessions, end_user_sessions
from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
from sessions_ui.actions.endings.reconcile.lingering import end_lingering
from sessions_ui.actions.help_desk.rights import verify_agent_acts
from sessions_ui.actions.incidents.rights import verify_may_order
from sessions_ui.actions.privacy.erase import erase
from sessions_ui.actions.privacy.export import note_export
from sessions_ui.actions.recovery.open import open_recovery
from sessions_ui.actions.recovery.steps import choose_password, remove_added
from sessions_ui.actions.sessions.choose_unused import choose_unused
from sessions_ui.actions.sessions.metadata import set_metadata
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.actions.tokens.export import export_tokens
from sessions_ui.actions.tokens.export_credentials import export_credentials
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.service_accounts import make_service_account, transfer_service_account
from sessions_ui.actions.webhooks.endpoints import ping, renew_secret, save_endpoint, switch_off, switch_on
from sessions_ui.actions.webhooks.redeliver import redeliver
from sessions_ui.exceptions import NotTheOwner
from sessions_ui.not_me_link import recovery_token
from sessions_ui.web.tokens.forms import new_once
from tests.bystander import read_all
from tests.conftest import PASSWORD, Browser, make_person
from tests.models import (
    AccessToken,
    Delivery,
    Device,
    Ending,
    Endpoint,
    EndReason,
    Event,
    Offboarding,
    Recovery,
    Session,
)
from tests.sessions_ui.impersonation.test_rules import whose
from tests.sessions_ui.impersonation.urls import AFTER_LEAVING

pytestmark = pytest.mark.django_db

DEVICES = "/account/devices/"
REFUSED = "Only the owner can do this"


@pytest.fixture
def laptop(browser: Any, user: Any) -> Browser:
    """The user's own."""
    laptop = browser()
    laptop.sign_in(user)
    return laptop


@pytest.fixture
def device(laptop: Browser, user: Any) -> Device:
    return Device.objects.get(user=user)


@pytest.mark.parametrize("act", ["sign-out", "rename"])
def test_no_act_on_a_device(act: str, device: Device, laptop: Any, inside: Any, user: Any) -> None:
    response = inside.post(f"{DEVICES}{device.public_id}/{act}/", {"name": "mine"})
    assert response.status_code == 403 and REFUSED in response.content.decode()
    device.refresh_from_db()
    assert device.name == "" and whose(laptop) == user.email


@pytest.mark.parametrize("step", ["password", "credentials"])
def test_no_step_of_a_recovery(step: str, inside: Any, user: Any) -> None:
    """Not even with the link to it."""
    case = open_recovery(
        user=user, since=timezone.now(), opened_by=Recovery.OpenedBy.MAIL, address=user.email
    )
    mailed = Delivery.objects.get(event__kind=Event.Kind.RECOVERY_LINK)
    inside.get(f"{DEVICES}recovery/{recovery_token(mailed.pk)}/")
    new = {"new_password1": "a horse of another colour", "new_password2": "a horse of another colour"}
    response = inside.post(f"{DEVICES}recovery/{step}/", new)
    assert response.status_code == 403 and REFUSED in response.content.decode()
    case.refresh_from_db()
    assert (case.password_at, case.credentials_at) == (None, None)


def test_no_sign_out_of_one_sign_in(laptop: Any, inside: Any, user: Any) -> None:
    session = Session.objects.by_owner().get(user=user)
    assert inside.post(f"{DEVICES}sessions/{session.public_id}/sign-out/").status_code == 403
    assert whose(laptop) == user.email


@pytest.mark.parametrize("act", ["sign-out-others", "sign-out-everywhere"])
def test_no_sign_out_of_all(act: str, laptop: Any, inside: Any, user: Any) -> None:
    response = inside.post(f"{DEVICES}{act}/")
    assert response.status_code == 403 and REFUSED in response.content.decode()
    assert whose(laptop) == user.email and whose(inside) == user.email


def test_a_program_reads_why(laptop: Any, inside: Any) -> None:
    response = inside.post(f"{DEVICES}sign-out-others/", headers={"accept": "application/json"})
    assert response.status_code == 403 and response.json()["type"] == "urn:sessions-ui:only-the-owner"


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "another horse battery"},
        {"email": "sam@elsewhere.example"},
        {"is_active": ""},
        {"is_staff": "1"},
        {"is_superuser": "1"},
    ],
)
def test_no_change_of_how_to_sign_in(fields: dict[str, str], laptop: Any, inside: Any, user: Any) -> None:
    """In a view of the host project, which knows nothing of all this."""
    assert inside.post("/change/", fields).status_code == 403
    before = user.password
    user.refresh_from_db()
    assert (user.password, user.email, user.is_active, user.is_staff, user.is_superuser) == (
        before,
        "ada@people.example",
        True,
        False,
        False,
    )
    assert whose(laptop) == user.email


def test_what_says_nothing_about_signing_in_may_change(inside: Any, user: Any) -> None:
    assert inside.post("/change/", {"name": "Ada Lovelace"}).status_code == 200
    user.refresh_from_db()
    assert user.name == "Ada Lovelace"


@pytest.mark.django_db(transaction=True)
def test_the_account_is_not_deleted(inside: Any, user: Any) -> None:
    assert inside.post("/delete/").status_code == 403
    assert type(user).objects.filter(pk=user.pk).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("view", AFTER_LEAVING)
def test_nothing_of_the_owner_alone_is_done_after_signing_out_in_the_same_request(
    view: Callable[..., Any], laptop: Any, inside: Any, user: Any
) -> None:
    """Whoever has signed out there is nobody, but the request is still theirs."""
    assert inside.post(f"/{view.__name__}/").status_code == 403
    fresh = type(user).objects.get(pk=user.pk)
    assert fresh.is_active and fresh.password == user.password
    assert whose(laptop) == user.email and whose(inside) == "nobody"
    assert Session.objects.living().of(user).count() == 1


def test_no_address_is_added_by_allauth(inside: Any, user: Any) -> None:
    inside.post("/account/email/", {"action_add": "", "email": "sam@elsewhere.example"})
    assert list(EmailAddress.objects.values_list("email", flat=True).filter(user=user)) == [user.email]


@pytest.fixture
def by_support(used: Session, user: Any) -> Iterator[None]:
    """As in a request of support, whatever its view calls."""
    store = SimpleNamespace(session_id=used.pk, user_id=user.pk, impersonator_id=used.impersonator_id)
    token = context.begin(context.Acting(store))
    yield
    context.finish(token)


def refuses(act: Callable[[], Any]) -> None:
    with pytest.raises(NotTheOwner), transaction.atomic():
        act()


def test_no_address_is_saved_by_anything(by_support: None, user: Any) -> None:
    address = EmailAddress.objects.get(user=user)
    refuses(address.save)
    refuses(address.delete)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "!"),
        ("email", "sam@elsewhere.example"),
        ("is_active", False),
        ("is_staff", True),
        ("is_superuser", True),
    ],
)
@pytest.mark.parametrize("one_field", [True, False])
def test_no_field_of_the_account_that_says_who_may_do_what_is_saved_by_anything(
    one_field: bool, name: str, value: Any, by_support: None, user: Any
) -> None:
    before = type(user).objects.values().get(pk=user.pk)
    setattr(user, name, value)
    refuses(lambda: user.save(update_fields=[name] if one_field else None))
    assert type(user).objects.values().get(pk=user.pk) == before


@pytest.mark.parametrize("options", [{}, {"force_update": True}], ids=["save", "forced update"])
def test_no_such_field_is_written_over_by_an_instance_that_was_not_fetched(
    options: dict[str, Any], by_support: None, user: Any
) -> None:
    before = type(user).objects.values().get(pk=user.pk)
    refuses(lambda: type(user)(**{**before, "is_staff": True}).save(**options))
    assert type(user).objects.values().get(pk=user.pk) == before


def test_the_account_is_not_deleted_where_nothing_else_would_refuse_it(
    used: Session, user: Any, request: Any
) -> None:
    """A host without allauth has no addresses that go with the account."""
    EmailAddress.objects.filter(user=user).delete()
    request.getfixturevalue("by_support")
    refuses(user.delete)
    refuses(type(user).objects.filter(pk=user.pk).delete)
    assert type(user).objects.filter(pk=user.pk).exists()


def test_no_session_of_the_owner_ends_by_an_action_that_a_view_of_the_host_calls(
    laptop: Any, by_support: None, used: Session, user: Any, support: Any
) -> None:
    owners = Session.objects.by_owner().of(user)
    for actor in (user, support):
        common: dict[str, Any] = {"reason": EndReason.SIGNED_OUT_REMOTELY, "actor": actor}
        refuses(lambda common=common: end_user_sessions(user=user, **common))
        refuses(lambda common=common: end_session(session=owners.get(), **common))
        refuses(lambda common=common: end_sessions(sessions=Session.objects.all(), **common))
    assert owners.living().count() == 1 and Session.objects.get(pk=used.pk).is_living
    assert whose(laptop) == user.email


def test_what_has_ended_already_refuses_nothing_and_the_own_session_may_be_left(
    laptop: Any, by_support: None, used: Session, user: Any, support: Any
) -> None:
    Session.objects.by_owner().of(user).update(ended_at=timezone.now(), end_reason=EndReason.SIGNED_OUT)
    receipt = end_user_sessions(user=user, reason=EndReason.SIGNED_OUT, actor=support)
    assert receipt.ended == 1
    assert not Session.objects.get(pk=used.pk).is_living


def test_no_right_is_given_or_taken(by_support: None, user: Any) -> None:
    group = Group.objects.create(name="Editors")
    refuses(lambda: user.groups.add(group))
    refuses(lambda: group.user_set.add(user))
    refuses(lambda: user.groups.clear())
    refuses(lambda: user.user_permissions.set(Permission.objects.all()[:1]))
    assert not user.groups.exists() and not user.user_permissions.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "another horse battery"),
        ("email", "sam@elsewhere.example"),
        ("is_active", False),
        ("is_staff", True),
        ("is_superuser", True),
    ],
)
def test_no_column_that_says_who_may_sign_in_is_saved_by_anything(
    name: str, value: Any, by_support: None, user: Any
) -> None:
    before = getattr(user, name)
    setattr(user, name, value)
    refuses(user.save)
    refuses(lambda: user.save(update_fields=[name]))
    user.refresh_from_db()
    assert getattr(user, name) == before


def test_an_account_without_any_row_of_another_package_is_not_deleted(
    by_support: None, user: Any, settings: Any
) -> None:
    """allauth's addresses go with the account, and would refuse by themselves."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "OWNER_ONLY_MODELS": []}
    EmailAddress.objects.filter(user=user).delete()
    refuses(user.delete)
    refuses(lambda: type(user).objects.filter(pk=user.pk).delete())
    assert type(user).objects.filter(pk=user.pk).exists()


def test_what_the_account_was_is_read_where_it_is_written(by_support: None, user: Any, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [f"{__name__}.ReadsElsewhere"]
    user.is_staff = True
    refuses(user.save)


class ReadsElsewhere:
    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"


@pytest.mark.parametrize(
    "act",
    [
        lambda endpoint: save_endpoint(endpoint=endpoint, actor=None),
        lambda endpoint: renew_secret(endpoint=endpoint, actor=None),
        lambda endpoint: switch_off(endpoint=endpoint, why="", actor=None),
        lambda endpoint: switch_on(endpoint=endpoint, actor=None),
        lambda endpoint: ping(endpoint=endpoint, actor=None),
        lambda endpoint: redeliver(deliveries=Delivery.objects.all(), actor=None),
    ],
)
def test_nothing_of_the_administration_is_done_in_somebodys_name(
    act: Callable[[Endpoint], Any], request: Any, db: None
) -> None:
    endpoint = Endpoint(url="https://receiver.example/", types=[])
    save_endpoint(endpoint=endpoint, actor=None)
    request.getfixturevalue("by_support")
    refuses(lambda: act(endpoint))


OWNERS: dict[str, Callable[[Any], Any]] = {
    "rename_device": lambda on: rename_device(device=on.device, name="mine", actor=on.user),
    "choose_unused": lambda on: choose_unused(user=on.user, months=6, actor=on.user),
    "confirm_device": lambda on: confirm_device(device=on.device, actor=on.user, proof="factor"),
    "mark_all_lost": lambda on: mark_all_lost(devices=[on.device], of_user=on.user.pk, actor=on.user),
    "mark_lost": lambda on: mark_lost(device=on.device, actor=on.user),
    "mark_lost, signed out": lambda on: mark_lost(device=on.signed_out, actor=on.user),
    "mark_found": lambda on: mark_found(device=on.device, actor=on.user),
    "report_not_me": lambda on: report_not_me(session=on.session),
    "choose_password": lambda on: choose_password(recovery=on.case, user=on.user, save=on.user.save),
    "remove_added": lambda on: remove_added(recovery=on.case, user=on.user, chosen=[]),
    "note_export": lambda on: note_export(user=on.user, actor=on.user),
    "erase": lambda on: erase(user=on.user, actor=on.user),
    "end_lingering": lambda on: end_lingering(actor=on.user),
    "verify_may_order": lambda on: verify_may_order(None),
    "verify_reviewer": lambda on: verify_reviewer(on.user),
    "verify_agent_acts": lambda on: verify_agent_acts(),
    "set_metadata": lambda on: set_metadata(session=on.session, metadata={"a": 1}),
    "end_credentials": lambda on: end_credentials(user=on.user, package="allauth", ids=None),
    "create_token": lambda on: a_token(on.user),
    "rotate_token": lambda on: rotate_token(token=on.token),
    "export_tokens": lambda on: export_tokens(tokens=AccessToken.objects.all(), actor=on.user),
    "export_credentials": lambda on: export_credentials(actor=on.user),
    "make_service_account": lambda on: make_service_account(user=on.other, owner=on.user),
    "transfer_service_account": lambda on: transfer_service_account(account=on.robots, owner=on.user),
}


def a_token(user: Any) -> Any:
    ends = timezone.now() + timedelta(days=30)
    return create_token(user=user, name="Backup", scopes=["sessions:read"], expires_at=ends)


@pytest.mark.parametrize("act", OWNERS.values(), ids=OWNERS)
def test_no_action_of_the_owner_alone_is_done_whichever_view_calls_it(
    act: Callable[[Any], Any], device: Device, request: Any, user: Any
) -> None:
    on = SimpleNamespace(user=user, device=device, session=Session.objects.by_owner().of(user).get())
    on.signed_out = Device.objects.create(user=user, name="In the drawer")  # no ending refuses there
    on.token = a_token(user).token
    on.other = make_person("other@people.example")
    on.robots = make_service_account(user=make_person("robot@people.example"), owner=on.other)
    on.case = open_recovery(user=user, since=timezone.now(), opened_by=Recovery.OpenedBy.MAIL)
    request.getfixturevalue("by_support")
    before = list(read_all())
    refuses(lambda: act(on))
    assert list(read_all()) == before


# Tried above or below, by what calls them.
THROUGH = {"_report": report_not_me, "_verify_may": save_endpoint}
# Those of pages and of the API are tried by what they answer.
ANSWERED = {
    "agents_only": "help_desk/test_two_people.py",
    "checked": "the same: it is what `agents_only` makes",
    "ask_again": "test_own_data.py",
    "ask_for_scopes": "test_no_token_is_made_or_renewed_on_a_page",
    "download": "test_own_data.py, for both files",
    "lacks_proof_to_rename": "test_no_act_on_a_device",
    "refuse": "test_no_address_is_saved_by_anything",
    "verify_may_end": "test_no_act_by_the_api_of_the_own_account",
}


def calls_guard(call: ast.Call) -> bool:
    return ast.unparse(call.func) in ("require_owner", "context.require_owner")


def test_everything_that_is_the_owners_alone_is_tried() -> None:
    """What is new there belongs into `OWNERS`, or is called by one of these tests."""
    found = {
        node.name
        for path in Path(sessions_ui.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(each, ast.Call) and calls_guard(each) for each in ast.walk(node))
    }
    named = {getattr(value, "__name__", "") for value in globals().values()}
    assert found - named == {*THROUGH, *ANSWERED}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/api/devices/{device}", {"name": "mine"}),
        ("POST", "/api/sessions/end-others", {}),
        ("POST", "/api/sessions/end-all", {}),
        ("POST", "/api/sessions/{session}/end", {}),
    ],
)
def test_no_act_by_the_api_of_the_own_account(
    method: str, path: str, body: dict[str, str], device: Device, laptop: Any, inside: Any, user: Any
) -> None:
    session = Session.objects.by_owner().of(user).get()
    url = path.format(device=device.public_id, session=session.public_id)
    answer = inside.generic(method, url, json.dumps(body), content_type="application/json")
    assert answer.status_code == 403 and answer.json()["type"].endswith(":owner-only")
    device.refresh_from_db()
    assert device.name == "" and whose(laptop) == user.email


@pytest.mark.parametrize("scope", ["sessions:read", "sessions:admin:read"])
def test_no_token_is_made_or_renewed_on_a_page(scope: str, inside: Any, user: Any) -> None:
    """Nor is support asked for its own second factor, as whoever makes one of the administration is."""
    token = a_token(user).token
    AccessToken.objects.update(scopes=scope)
    forms = {
        "new": {"name": "Mine", "scopes": ["sessions:read"], "ends": "30", "once": new_once()},
        f"{token.session.public_id}/renew": {"ends": "30", "hint": token.hint},
    }
    for page, form in forms.items():
        answer = inside.post(f"{DEVICES}tokens/{page}/", form)
        assert answer.status_code == 403 and REFUSED in answer.content.decode()
    assert list(AccessToken.objects.values_list("name", "hint")) == [("Backup", token.hint)]


def test_nothing_that_ends_later_is_begun_in_somebodys_name(
    other_user: Any, by_support: None, user: Any
) -> None:
    theirs = Session.objects.filter(user=other_user)
    refuses(lambda: end_later(sessions=theirs, reason=EndReason.ADMINISTRATOR, actor=user))
    refuses(lambda: offboard(user=other_user, ends_at=timezone.now() + timedelta(days=1), actor=user))
    refuses(lambda: cancel_offboarding(offboarding=Offboarding(user=other_user), actor=user))
    assert not Ending.objects.exists() and not Offboarding.objects.exists()


def test_the_password_page_of_allauth_changes_nothing(inside: Any, user: Any) -> None:
    """Even for staff that knows the password."""
    new = "another horse battery"
    response = inside.post(
        "/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert response.status_code in (302, 403)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_an_impersonation_does_not_turn_into_a_sign_in_of_the_user(inside: Any, used: Session) -> None:
    assert inside.post("/sign-in-without-asking/").status_code == 403
    used.refresh_from_db()
    assert used.impersonator_id is not None and used.device is None


def test_signing_out_in_somebodys_account_ends_the_own_session_and_nothing_of_theirs(
    inside: Any, used: Session, support: Any, laptop: Any
) -> None:
    """No browser has the key of the own session by then: it would live on without anybody who could end it."""
    inside.post("/account/logout/")
    assert whose(inside) == "nobody"
    for session in (used, Session.objects.get(pk=used.impersonated_from_id)):
        session.refresh_from_db()
        event = Event.objects.get(kind=Event.Kind.ENDED, session=session)
        assert (session.end_reason, event.actor) == (EndReason.SIGNED_OUT, support), (
            "in the name of who did it"
        )
    assert whose(laptop) == "ada@people.example"
