"""Service accounts in the admin: who makes one, who takes it over, and its tokens."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.actions.tokens.service_accounts import make_service_account, transfer_service_account
from sessions_ui.exceptions import OwnerRefusal, OwnerRefused
from sessions_ui.web.tokens.forms import new_once
from sessions_ui.wording.tokens import NO_OWNER
from tests.models import AccessToken, ServiceAccount, Session

pytestmark = pytest.mark.django_db
ACCOUNTS = "/admin/sessions_ui/serviceaccount/"


def test_a_service_account_is_made(admin: Any, administrator: Any, user: Any, robot: Any) -> None:
    assert admin.get(f"{ACCOUNTS}add/").status_code == 200
    sent = {"account": robot.email, "owner": user.email, "purpose": "Nightly backup"}
    assert admin.post(f"{ACCOUNTS}add/", sent).status_code == 302
    row = ServiceAccount.objects.get()
    assert (row.pk, row.owner_id, row.purpose, row.created_by_id) == (
        robot.pk,
        user.pk,
        "Nightly backup",
        administrator.pk,
    )
    html = admin.get(ACCOUNTS).content.decode()
    assert robot.email in html and user.email in html


@pytest.mark.parametrize(
    "sent",
    [
        {"account": ""},
        {"account": "nobody@people.example"},
        {"owner": "nobody@people.example"},
        {"owner": "robot@people.example"},
        {"purpose": "x" * 256},
    ],
)
def test_what_is_wrong_is_said(admin: Any, user: Any, robot: Any, sent: Any) -> None:
    response = admin.post(f"{ACCOUNTS}add/", {"account": robot.email, "owner": user.email, **sent})
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not ServiceAccount.objects.exists()


def people(user: Any) -> Any:
    return type(user).objects.filter(pk=user.pk)


# What makes it so that `robot` is refused `user` as its owner; `other` is somebody else.
REFUSED: dict[OwnerRefusal, Callable[[Any, Any, Any], object]] = {
    OwnerRefusal.GONE: lambda robot, user, other: people(user).delete(),
    OwnerRefusal.DISABLED: lambda robot, user, other: people(user).update(is_active=False),
    OwnerRefusal.LEFT: lambda robot, user, other: offboard(
        user=user, ends_at=timezone.now() - timedelta(days=1)
    ),
    OwnerRefusal.SERVICE_ACCOUNT: lambda robot, user, other: make_service_account(user=user, owner=other),
    OwnerRefusal.ANSWERS_FOR_OTHERS: lambda robot, user, other: make_service_account(user=other, owner=robot),
}
NOT_FOUND = "No account matches exactly."


def refused_owner(reason: OwnerRefusal, robot: Any, user: Any, other: Any) -> Any:
    """Make it so; return who is asked for as the owner."""
    if reason is OwnerRefusal.ITSELF:
        return robot
    REFUSED[reason](robot, user, other)
    return user


@pytest.mark.parametrize("reason", OwnerRefusal)
def test_whoever_cannot_be_its_owner_is_refused_at_the_field(
    admin: Any, user: Any, other_user: Any, robot: Any, reason: OwnerRefusal
) -> None:
    owner = refused_owner(reason, robot, user, other_user)
    with pytest.raises(OwnerRefused) as refused:
        make_service_account(user=robot, owner=owner)
    assert refused.value.reason == reason
    response = admin.post(f"{ACCOUNTS}add/", {"account": robot.email, "owner": owner.email})
    assert response.status_code == 200
    field = "account" if reason is OwnerRefusal.ANSWERS_FOR_OTHERS else "owner"
    text = NOT_FOUND if reason is OwnerRefusal.GONE else str(NO_OWNER[reason])
    assert response.context["adminform"].form.errors == {field: [text]}
    assert not ServiceAccount.objects.filter(pk=robot.pk).exists()


@pytest.mark.parametrize("reason", [each for each in OwnerRefusal if each != "answers_for_others"])
def test_whoever_cannot_be_its_owner_does_not_take_it_over(
    admin: Any, user: Any, other_user: Any, administrator: Any, robot: Any, reason: OwnerRefusal
) -> None:
    account = make_service_account(user=robot, owner=administrator)
    owner = refused_owner(reason, robot, user, other_user)
    with pytest.raises(OwnerRefused) as refused:
        transfer_service_account(account=account, owner=owner)
    assert refused.value.reason == reason
    answer = admin.post(f"{ACCOUNTS}{robot.pk}/transfer/", {"owner": owner.email})
    text = NOT_FOUND if reason is OwnerRefusal.GONE else str(NO_OWNER[reason])
    assert answer.status_code == 422 and answer.context["owner_form"].errors == {"owner": [text]}
    assert f'value="{owner.email}"' in answer.content.decode(), "what was entered is still there"
    assert ServiceAccount.objects.get(pk=robot.pk).owner_id == administrator.pk


def test_its_token_is_shown_once(admin: Any, administrator: Any, user: Any, robot: Any) -> None:
    make_service_account(user=robot, owner=user)
    page = f"{ACCOUNTS}{robot.pk}/change/"
    assert "Create a token" in admin.get(page).content.decode()
    response = admin.post(
        f"{ACCOUNTS}{robot.pk}/token/",
        {"name": "Nightly", "scopes": ["sessions:read"], "days": "30", "once": new_once()},
    )
    assert "no-store" in response["Cache-Control"]
    value = re.findall(r"sui_svc_\w{46}", response.content.decode())[0]
    assert authenticate_token(value).user == robot
    token = AccessToken.objects.get()
    assert (token.name, token.made_by_id) == ("Nightly", administrator.pk)
    assert value not in admin.get(page).content.decode()


def test_a_form_that_is_sent_again_makes_nothing_and_shows_nothing(admin: Any, user: Any, robot: Any) -> None:
    """A reload, or the way back: as on the page of people."""
    make_service_account(user=robot, owner=user)
    page = admin.get(f"{ACCOUNTS}{robot.pk}/change/").content.decode()
    [once] = re.findall(r'name="once" value="(.+?)"', page)
    form = {"name": "Nightly", "scopes": ["sessions:read"], "days": "30", "once": once}
    value = re.findall(r"sui_svc_\w{46}", admin.post(f"{ACCOUNTS}{robot.pk}/token/", form).content.decode())[
        0
    ]
    again = admin.post(f"{ACCOUNTS}{robot.pk}/token/", form, follow=True)
    assert again.redirect_chain == [(f"{ACCOUNTS}{robot.pk}/change/", 302)]
    assert (
        "It has already been created." in again.content.decode() and "sui_svc_" not in again.content.decode()
    )
    assert [authenticate_token(value).token] == [AccessToken.objects.get()]


@pytest.mark.parametrize(
    "sent",
    [
        {"name": ""},
        {"scopes": []},
        {"scopes": ["all"]},
        {"days": "0"},
        {"days": "x"},
        {"days": "999"},
        {"once": ""},
        {"once": "x"},
    ],
)
def test_a_token_that_cannot_be_is_not_made(admin: Any, user: Any, robot: Any, sent: Any) -> None:
    make_service_account(user=robot, owner=user)
    usual = {"name": "Nightly", "scopes": ["sessions:read"], "days": "30", "once": new_once()}
    response = admin.post(f"{ACCOUNTS}{robot.pk}/token/", {**usual, **sent})
    html = response.content.decode()
    assert response.status_code == 422 and ("errornote" in html or 'class="errorlist"' in html)
    assert not AccessToken.objects.exists()
    # Nothing that was entered is lost, and what was right is sent again with what is put right.
    entered = {**usual, **sent}
    assert f'name="name" value="{entered["name"]}"' in html or not entered["name"]
    assert f'name="days" value="{entered["days"]}"' in html
    assert ('value="sessions:read" id="id_scopes_0" checked' in html) == (
        entered["scopes"] == usual["scopes"]
    )
    [once] = re.findall(r'name="once" value="(.+?)"', html)
    again = admin.post(f"{ACCOUNTS}{robot.pk}/token/", {**usual, "once": once})
    assert "sui_svc_" in again.content.decode()


def test_what_is_refused_behind_the_form_loses_nothing_either(
    admin: Any, user: Any, robot: Any, settings: Any
) -> None:
    make_service_account(user=robot, owner=user)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_LIMIT": 0}
    sent = {"name": "Nightly", "scopes": ["sessions:read"], "days": "30", "once": new_once()}
    answer = admin.post(f"{ACCOUNTS}{robot.pk}/token/", sent)
    assert answer.status_code == 422 and 'name="name" value="Nightly"' in answer.content.decode()
    assert "End one of them first." in answer.content.decode() and not AccessToken.objects.exists()


def test_somebody_else_takes_it_over(admin: Any, user: Any, other_user: Any, robot: Any) -> None:
    make_service_account(user=robot, owner=user)
    admin.post(f"{ACCOUNTS}{robot.pk}/transfer/", {"owner": other_user.email})
    assert ServiceAccount.objects.get().owner_id == other_user.pk
    for wrong in ("", "nobody@people.example", robot.email):
        admin.post(f"{ACCOUNTS}{robot.pk}/transfer/", {"owner": wrong})
    assert ServiceAccount.objects.get().owner_id == other_user.pk


@pytest.mark.parametrize("path", ["transfer/", "token/"])
def test_only_by_post_and_only_by_whoever_may(
    admin: Any, staff: Any, browser: Any, user: Any, robot: Any, path: str
) -> None:
    make_service_account(user=robot, owner=user)
    assert admin.get(f"{ACCOUNTS}{robot.pk}/{path}").status_code == 302
    assert admin.post(f"{ACCOUNTS}999999/{path}").status_code == 404
    assert admin.post(f"{ACCOUNTS}nonsense/{path}").status_code == 404
    staff.user_permissions.add(Permission.objects.get(codename="view_serviceaccount"))
    client = browser()
    client.force_login(staff)
    assert client.post(f"{ACCOUNTS}{robot.pk}/{path}", {"owner": staff.email}).status_code == 403
    assert ServiceAccount.objects.get().owner_id == user.pk


@pytest.fixture
def manager(staff: Any, browser: Any) -> Any:
    """May manage tokens, and no more."""
    staff.user_permissions.add(Permission.objects.get(codename="manage_tokens"))
    client = browser()
    client.force_login(staff)
    return client


@pytest.mark.parametrize("whose", ["administrator", "staff"])
def test_nobody_makes_tokens_of_who_may_more_or_of_themselves(
    manager: Any, staff: Any, administrator: Any, user: Any, whose: str
) -> None:
    """Whoever has such a token can do all that the account may."""
    account = {"administrator": administrator, "staff": staff}[whose]
    sent = {"account": account.email, "owner": user.email}
    assert "errorlist" in manager.post(f"{ACCOUNTS}add/", sent).content.decode()
    assert not ServiceAccount.objects.exists()
    ServiceAccount.objects.create(user=account, owner_id=user.pk)
    asked = {"name": "x", "scopes": ["sessions:read"], "days": "1", "once": new_once(), "owner": staff.email}
    for path in ("token/", "transfer/"):
        assert manager.post(f"{ACCOUNTS}{account.pk}/{path}", asked).status_code == 403
    assert not AccessToken.objects.exists()
    assert ServiceAccount.objects.get().owner_id == user.pk


def test_whoever_may_manage_tokens_does_so_for_accounts_without_rights(
    manager: Any, user: Any, robot: Any
) -> None:
    assert manager.post(f"{ACCOUNTS}add/", {"account": robot.email, "owner": user.email}).status_code == 302
    asked = {"name": "x", "scopes": ["sessions:read"], "days": "1", "once": new_once()}
    assert "sui_svc_" in manager.post(f"{ACCOUNTS}{robot.pk}/token/", asked).content.decode()


def test_a_date_agreed_for_the_former_owner_stays_and_the_form_says_so(
    admin: Any, user: Any, other_user: Any, robot: Any
) -> None:
    account, ends = make_service_account(user=robot, owner=user), timezone.now() + timedelta(days=2)
    said = {"user": robot, "scopes": ["sessions:read"], "expires_at": timezone.now() + timedelta(days=30)}
    made = create_token(name="Old", **said)
    offboard(user=user, ends_at=ends)
    html = admin.get(f"{ACCOUNTS}{robot.pk}/change/").content.decode()
    assert "Tokens that end with the former owner’s access still do. Create new ones." in html
    transfer_service_account(account=account, owner=other_user)
    new = create_token(name="New", **said)
    assert Session.objects.get(pk=made.token.pk).expires_at == ends
    assert Session.objects.get(pk=new.token.pk).expires_at > ends
