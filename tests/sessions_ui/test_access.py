"""Whoever loses a right is signed out, however it is taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from sessions_ui.actions.endings.changes.access import access_changed
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.delivery import deliver_due
from tests.conftest import make_person
from tests.models import Act, EndReason, Session

pytestmark = pytest.mark.django_db
PAGE = "/account/devices/"
Take = Callable[[Any], None]


@pytest.fixture
def rights(settings: Any) -> Group:
    """The group "Editors", which is a right, and a group "Desk" that holds a permission that is one."""
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "ACCESS_GROUPS": ["Editors"],
        "ACCESS_PERMISSIONS": ["sessions_ui.change_session"],
    }
    Group.objects.create(name="Readers")
    desk = Group.objects.create(name="Desk")
    desk.permissions.add(permission("change_session"), permission("view_session"))
    return Group.objects.create(name="Editors")


@pytest.fixture
def client(user: Any, browser: Any) -> Any:
    here = browser()
    here.sign_in(user)
    return here


def permission(codename: str) -> Permission:
    return Permission.objects.get(codename=codename)


def group(name: str) -> Group:
    return Group.objects.get(name=name)


def reason(user: Any) -> str:
    return Session.objects.of(user).get().end_reason


@pytest.mark.control("CSF PR.AA-05")
@pytest.mark.parametrize("flag", ["is_staff", "is_superuser"])
@pytest.mark.parametrize("fields", [None, "flag only"])
def test_a_flag_taken_away_by_a_save(flag: str, fields: Any, administrator: Any, browser: Any) -> None:
    here = browser()
    here.force_login(administrator)
    setattr(administrator, flag, False)
    administrator.save(update_fields=[flag] if fields else None)
    assert reason(administrator) == EndReason.ACCESS_CHANGED
    assert here.get(PAGE).status_code == 302


def test_a_flag_taken_away_in_the_admin(agent: Any, administrator: Any, browser: Any) -> None:
    browser().force_login(agent)
    admin = browser()
    admin.force_login(administrator)
    url = f"/admin/accounts/user/{agent.pk}/change/"
    data = {
        name: value
        for name, value in admin.get(url).context["adminform"].form.initial.items()
        if value not in (None, []) and name not in ("is_staff", "groups")
    }
    response = admin.post(url, {**data, "groups": [group.pk for group in agent.groups.all()]})
    assert response.status_code == 302, response.content.decode()
    assert reason(agent) == EndReason.ACCESS_CHANGED
    assert Act.objects.get().actor_id == administrator.pk


def test_a_flag_given_ends_nothing(user: Any, client: Any) -> None:
    user.is_staff = True
    user.save()
    assert client.get(PAGE).status_code == 200


def test_a_flag_that_no_signal_told_of_ends_with_the_sweep(agent: Any, browser: Any) -> None:
    browser().force_login(agent)
    get_user_model().objects.filter(pk=agent.pk).update(is_staff=False)
    assert end_unlawful() == 1
    assert reason(agent) == EndReason.ACCESS_CHANGED


def test_which_flags_of_an_account_count_is_a_setting(agent: Any, browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ACCESS_FLAGS": []}
    here = browser()
    here.force_login(agent)
    agent.is_staff = False
    agent.save()
    assert end_unlawful() == 0
    assert here.get(PAGE).status_code == 200


def leave(user: Any) -> None:
    user.groups.remove(group("Editors"))


def leave_the_other_way_round(user: Any) -> None:
    group("Editors").user_set.remove(user)


def leave_all(user: Any) -> None:
    user.groups.clear()


def emptied(user: Any) -> None:
    group("Editors").user_set.clear()


def replaced(user: Any) -> None:
    user.groups.set([group("Readers")])


def group_deleted(user: Any) -> None:
    group("Editors").delete()


def groups_deleted(user: Any) -> None:
    Group.objects.filter(name="Editors").delete()


def in_the_admin(user: Any) -> None:
    from tests.conftest import Browser

    admin = Browser()
    admin.force_login(make_person("root@staff.example", is_staff=True, is_superuser=True))
    url = f"/admin/accounts/user/{user.pk}/change/"
    initial = admin.get(url).context["adminform"].form.initial
    data = {name: value for name, value in initial.items() if value not in (None, []) and name != "groups"}
    assert admin.post(url, data).status_code == 302


@pytest.mark.control("CSF PR.AA-05")
@pytest.mark.parametrize(
    "take",
    [
        leave,
        leave_the_other_way_round,
        leave_all,
        emptied,
        replaced,
        group_deleted,
        groups_deleted,
        in_the_admin,
    ],
)
def test_a_listed_group_is_left(rights: Group, take: Take, user: Any, client: Any, other_user: Any) -> None:
    user.groups.add(rights, group("Readers"))
    other_user.groups.add(group("Readers"))
    stranger = type(client)()
    stranger.sign_in(other_user)
    take(user)
    assert reason(user) == EndReason.ACCESS_CHANGED
    assert client.get(PAGE).status_code == 302
    assert stranger.get(PAGE).status_code == 200


@pytest.mark.parametrize(
    "take",
    [
        lambda user: user.groups.remove(group("Readers")),
        lambda user: group("Readers").delete(),
        lambda user: user.groups.remove(group("Editors")),  # they are not in it
        lambda user: user.groups.add(group("Editors")),
        lambda user: user.user_permissions.add(permission("change_session")),
        lambda user: user.user_permissions.remove(permission("view_session")),
        lambda user: group("Desk").permissions.remove(permission("view_session")),
        lambda user: group("Desk").permissions.clear(),  # they are not in it
    ],
)
def test_what_is_no_loss_of_a_listed_right_ends_nothing(
    rights: Group, take: Take, user: Any, client: Any
) -> None:
    user.groups.add(group("Readers"))
    user.user_permissions.add(permission("view_session"))
    take(user)
    assert client.get(PAGE).status_code == 200


@pytest.mark.parametrize(
    "take",
    [
        lambda user: user.user_permissions.remove(permission("change_session")),
        lambda user: user.user_permissions.clear(),
        lambda user: permission("change_session").user_set.remove(user),
        lambda user: permission("change_session").delete(),
    ],
)
def test_a_listed_permission_of_their_own_is_taken(rights: Group, take: Take, user: Any, client: Any) -> None:
    user.user_permissions.add(permission("change_session"))
    take(user)
    assert reason(user) == EndReason.ACCESS_CHANGED


@pytest.mark.parametrize(
    "take",
    [
        lambda user: group("Desk").permissions.remove(permission("change_session")),
        lambda user: group("Desk").permissions.set([permission("view_session")]),
        lambda user: group("Desk").permissions.clear(),
        lambda user: permission("change_session").group_set.remove(group("Desk")),
        lambda user: user.groups.remove(group("Desk")),
        lambda user: group("Desk").delete(),
        lambda user: permission("change_session").delete(),
    ],
)
def test_a_listed_permission_of_a_group_is_lost(rights: Group, take: Take, user: Any, client: Any) -> None:
    user.groups.add(group("Desk"))
    take(user)
    assert reason(user) == EndReason.ACCESS_CHANGED


def test_the_cost_of_deleting_a_group_does_not_grow_with_its_members(
    rights: Group, user: Any, browser: Any
) -> None:
    counts = []
    for number in (1, 12):
        members = [make_person(f"p{number}-{index}@people.example") for index in range(number)]
        crowd = Group.objects.create(name=f"Crowd {number}")
        crowd.permissions.add(permission("change_session"))
        for member in members:
            member.groups.add(crowd)
            browser().force_login(member)
        with CaptureQueriesContext(connection) as queries:
            crowd.delete()
        assert Act.objects.latest("at").count == number
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_nothing_is_asked_where_no_group_is_listed(user: Any, django_assert_num_queries: Any) -> None:
    readers = Group.objects.create(name="Readers")
    user.groups.add(readers)
    with django_assert_num_queries(1):  # Django's own
        user.groups.remove(readers)


@pytest.mark.no_bystander("everybody is meant")
def test_a_second_factor_becomes_a_must(
    user: Any, other_user: Any, administrator: Any, browser: Any, mailoutbox: Any
) -> None:
    """The call for rights that Django does not keep, here: who signed in without a second factor."""
    here, there = browser(), browser()
    here.sign_in(user)
    there.sign_in(other_user)
    Session.objects.of(other_user).update(method="password+totp")
    without = ~Q(method__contains="+") & ~Q(method="passkey")
    receipt = access_changed(
        users=get_user_model().objects.all(), only=without, actor=administrator, ticket="SEC-1"
    )
    assert (receipt.ended, receipt.act.reason, receipt.act.ticket) == (1, EndReason.ACCESS_CHANGED, "SEC-1")
    assert here.get(PAGE).status_code == 302
    assert there.get(PAGE).status_code == 200
    deliver_due()
    assert [message.to for message in mailoutbox] == [[user.email]]
    assert "the permissions of the account changed" in mailoutbox[0].body
