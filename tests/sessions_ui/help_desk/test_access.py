"""Who gets to the help desk's pages, whom an agent may help, how often."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.utils import timezone

from config.demo.people import help_desk
from sessions_ui.actions.help_desk.caller import reveal_network, verify_caller
from sessions_ui.actions.help_desk.find_user import users_exactly
from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.rights import has_more_rights, is_agent, may_help
from sessions_ui.actions.step_up.reauthentication import note_reauthentication
from sessions_ui.assurance import Authentication
from sessions_ui.conf import conf
from sessions_ui.exceptions import HelpDeskRefused
from sessions_ui.store import SessionStore
from tests.conftest import make_person
from tests.models import Case, Event, Session

pytestmark = pytest.mark.django_db


def steps() -> list[str]:
    return [event.data["step"] for event in Event.objects.filter(kind=Event.Kind.HELP_DESK).order_by("id")]


def help_desk_group(*arguments: str) -> str:
    out = StringIO()
    call_command("sessions", "help-desk-group", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_makes_the_group_with_its_one_permission_once() -> None:
    assert help_desk_group() == "Group created: Help desk\n"
    assert help_desk_group() == "The group already exists: Help desk\n"
    group = Group.objects.get(name="Help desk")
    assert [permission.codename for permission in group.permissions.all()] == ["help_desk"]


def test_a_group_of_the_host_gains_no_right_by_its_name(user: Any) -> None:
    group = Group.objects.create(name="Help desk")
    user.groups.add(group)
    with pytest.raises(CommandError, match="its members are no agents"):
        help_desk_group()
    assert not group.permissions.exists()
    assert help_desk_group("--name", "Agents") == "Group created: Agents\n"
    assert not is_agent(get_user_model().objects.get(pk=user.pk))


MIGRATE_BESIDE_A_GROUP = """
import django
from django.core.management import call_command

django.setup()
call_command("migrate", "auth", verbosity=0)
from django.contrib.auth.models import Group
Group.objects.create(name="Help desk")
call_command("migrate", verbosity=0)
print(*Group.objects.values_list("name", "permissions"))
"""


@pytest.mark.databases("sqlite")
def test_migrations_make_no_group_and_give_no_right_to_one_that_is_there(tmp_path: Path) -> None:
    """In a process with a database of its own: those of the tests are migrated already."""
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'host.sqlite3'}"}
    run = subprocess.run(
        [sys.executable, "-c", MIGRATE_BESIDE_A_GROUP],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )
    assert (run.stdout, run.stderr) == ("('Help desk', None)\n", "")


def test_the_help_desk_requires_a_sign_in(client: Any) -> None:
    assert client.get("/help-desk/").url == "/account/login/?next=/help-desk/"


def test_the_help_desk_requires_the_permission_and_the_attempt_is_an_event(user: Any, browser: Any) -> None:
    client = browser()
    client.force_login(user)
    assert client.get("/help-desk/").status_code == 403
    assert steps() == ["refused: no permission"]
    assert Event.objects.get(kind=Event.Kind.HELP_DESK).actor_id == user.pk


def test_attempt_log_in_a_row_are_one_event_in_ten_minutes(user: Any, browser: Any) -> None:
    client = browser()
    client.force_login(user)
    now = timezone.now()
    for minutes in (0, 1, 9, 11):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            client.get("/help-desk/")
            client.get("/help-desk/approvals/")
    assert steps() == ["refused: no permission"] * 2
    client.post("/help-desk/", {"term": "x"})
    assert len(steps()) == 3, "an act is something else than a look"


@pytest.mark.control("ISO A.8.2")
def test_a_superuser_is_no_agent_by_that(administrator: Any, desk: Any, browser: Any) -> None:
    client = browser()
    client.force_login(administrator)
    assert client.get("/help-desk/").status_code == 403
    administrator.groups.add(help_desk())
    assert client.get("/help-desk/").status_code == 200


def test_no_other_right_makes_a_superuser_an_agent(administrator: Any, agent: Any) -> None:
    """`agent` is somebody else, who is one."""
    namesake = Permission.objects.create(
        codename="help_desk",
        name="Of another app",
        content_type=ContentType.objects.get(app_label="accounts", model="user"),
    )
    administrator.user_permissions.add(Permission.objects.get(codename="impersonate"), namesake)
    editors = Group.objects.create(name="Editors")
    editors.permissions.add(Permission.objects.get(codename="change_session"), namesake)
    administrator.groups.add(editors)
    assert is_agent(agent) and not is_agent(administrator)


def test_a_superuser_who_was_given_the_right_is_an_agent(administrator: Any) -> None:
    administrator.user_permissions.add(
        Permission.objects.get(codename="help_desk", content_type__app_label="sessions_ui")
    )
    assert is_agent(administrator)


@pytest.mark.parametrize("is_superuser", [False, True])
def test_an_agent_who_is_disabled_is_none(is_superuser: bool, agent: Any) -> None:
    agent.is_superuser = is_superuser
    assert is_agent(agent)
    agent.is_active = False
    assert not is_agent(agent)


@pytest.fixture
def default_factor(settings: Any) -> None:
    """A host that says nothing about `SECOND_FACTOR_AT`."""
    given = settings.SESSIONS_UI
    settings.SESSIONS_UI = {name: given[name] for name in given if name != "SECOND_FACTOR_AT"}


def show(*methods: str, days: int | None = 99, at: Any = None) -> None:
    """Every session has shown these at its sign-in; what is in them is so many days old."""
    at = at or timezone.now()
    since = None if days is None else at - timedelta(days=days)
    shown = [Authentication.of(method, at=at, since=since).to_dict() for method in methods]
    Session.objects.update(method="+".join(methods), authentication=shown, signed_in_at=at)


@pytest.mark.parametrize(
    ("methods", "days", "is_let_in"),
    [
        ([], 99, False),
        (["password"], 99, False),
        (["code"], 99, False),
        (["password", "recovery_code"], 99, False),
        (["password", "totp"], 99, True),
        (["password", "totp"], 1, True),
        (["password", "totp"], 0, False),
        (["password", "totp"], None, False),
        (["passkey"], 99, True),
        (["passkey"], 0, False),
    ],
)
def test_by_default_a_second_factor_or_a_passkey_that_is_not_new_lets_in(
    methods: list[str], days: int | None, is_let_in: bool, agent: Any, browser: Any, default_factor: None
) -> None:
    client = browser()
    client.force_login(agent)
    show(*methods, days=days)
    assert client.get("/help-desk/").status_code == (200 if is_let_in else 403)


def test_by_default_the_second_factor_is_as_old_as_when_it_was_shown(
    agent: Any, browser: Any, default_factor: None
) -> None:
    client = browser()
    client.force_login(agent)
    for minutes, status in ((59, 200), (61, 403)):
        show("password", "totp", at=timezone.now() - timedelta(minutes=minutes))
        assert client.get("/help-desk/").status_code == status
    app = Authentication.of("totp", at=timezone.now(), since=timezone.now() - timedelta(days=99))
    session_id = Session.objects.get().pk
    note_reauthentication(user=agent, session_id=session_id, succeeded=True, shown=app)
    assert client.get("/help-desk/").status_code == 200, "shown again"


def test_by_default_no_session_of_this_app_has_shown_no_second_factor(rf: Any, default_factor: None) -> None:
    request = rf.get("/")
    for request.session in (SessionStore(), SessionStore("unknown"), {}):
        assert conf.second_factor_at(request) is None


@pytest.mark.control("ASVS 7.5.3")
def test_the_help_desk_requires_a_fresh_second_factor_and_the_attempt_is_an_event(
    agent: Any, browser: Any
) -> None:
    client = browser()
    client.force_login(agent)
    response = client.get("/help-desk/")
    assert response.status_code == 403
    assert "/account/second-factor/?next=/help-desk/" in response.content.decode()
    assert steps() == ["refused: no fresh second factor"]


def test_an_old_second_factor_is_none(desk: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "HELP_DESK_FACTOR_AGE": timedelta(0)}
    assert desk.get("/help-desk/").status_code == 403


def test_the_help_desk_finds_people_by_their_exact_name(desk: Any, user: Any) -> None:
    response = desk.post("/help-desk/", {"term": user.email.upper()})
    case = Case.objects.get(user=user)
    assert response.url == f"/help-desk/{case.public_id}/"
    assert steps() == ["opened"]


@pytest.mark.parametrize("term", ["ada@people.exampl", "ada", "%", "nobody@people.example", "x" * 321])
def test_the_help_desk_finds_nobody_by_a_part_of_a_name(desk: Any, user: Any, term: str) -> None:
    response = desk.post("/help-desk/", {"term": term})
    assert response.status_code in (404, 422)
    assert not Case.objects.filter(user=user).exists()


def test_the_own_account_is_for_a_colleague(desk: Any, agent: Any) -> None:
    response = desk.post("/help-desk/", {"term": agent.email})
    assert "your own account" in response.content.decode()
    assert steps() == ["refused: own_account"]


def more_rights() -> list[Any]:
    boss = make_person("boss@staff.example", is_superuser=True)
    clerk = make_person("clerk@staff.example")
    clerk.user_permissions.add(Permission.objects.get(codename="change_session"))
    return [boss, clerk]


def test_a_person_of_a_user_model_without_rights_has_none_that_an_agent_lacks(agent: Any) -> None:
    agent.is_staff = False
    assert not has_more_rights(SimpleNamespace(pk=0), agent)


def test_accounts_with_more_rights_look_like_no_account(desk: Any) -> None:
    missing = desk.post("/help-desk/", {"term": "nobody@people.example"})
    for person in more_rights():
        response = desk.post("/help-desk/", {"term": person.email})
        assert response.status_code == missing.status_code == 404
        assert "No account that you may help matches exactly." in response.content.decode()
    assert set(steps()) == {"refused: nobody"}


def test_staff_is_helped_by_staff_only(agent: Any, other_user: Any, user: Any) -> None:
    agents = [agent, other_user]
    other_user.groups.set(agent.groups.all())
    user.is_staff = True
    assert [may_help(one, user) for one in agents] == [True, False]
    user.is_staff = False
    assert [may_help(one, user) for one in agents] == [True, True]


def test_an_agent_who_is_no_staff_does_not_help_staff(other_user: Any, agent: Any) -> None:
    """The admin site is open to staff, even to those who hold no permission yet."""
    clerk = make_person("clerk@staff.example", is_staff=True)
    volunteer = make_person("volunteer@staff.example")
    volunteer.groups.set(agent.groups.all())
    assert not may_help(volunteer, clerk)
    assert may_help(volunteer, other_user), "who is no staff either"
    assert may_help(agent, clerk), "an agent who is staff"
    with pytest.raises(HelpDeskRefused, match="nobody"):
        open_case(agent=volunteer, term=clerk.email)


def nobody_at_all(agent: Any, users: Any) -> Any:
    return users.none()


def test_out_of_scope_looks_like_no_account(desk: Any, user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "HELP_DESK_SCOPE": f"{__name__}.nobody_at_all"}
    assert desk.post("/help-desk/", {"term": user.email}).status_code == 404


def test_the_scope_counts_in_an_open_case_too(desk: Any, verified: Case, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "HELP_DESK_SCOPE": f"{__name__}.nobody_at_all"}
    assert desk.get(f"/help-desk/{verified.public_id}/").status_code == 409


def test_another_agents_case_does_not_exist(desk: Any, verified: Case, browser: Any, colleague: Any) -> None:
    client = browser()
    client.force_login(colleague)
    assert client.get(f"/help-desk/{verified.public_id}/").status_code == 404


def test_nobody_verifies_the_caller_of_another_agent(case: Case, colleague: Any) -> None:
    """Whatever page or command asks: the rule stands in the action."""
    with pytest.raises(HelpDeskRefused, match="case_closed"):
        verify_caller(case=case, agent=colleague, ticket="X-1", reason="lost", ways=["call_back"])
    case.refresh_from_db()
    assert (case.verified_at, case.ticket, case.ways) == (None, "", [])
    assert steps() == ["opened"]


def test_nobody_reads_addresses_in_a_case_of_another_agent(verified: Case, colleague: Any) -> None:
    with pytest.raises(HelpDeskRefused, match="case_closed"):
        reveal_network(case=verified, agent=colleague)
    assert steps() == ["opened", "verified"]


def test_a_case_that_is_over_is_not_verified_any_more(case: Case, agent: Any) -> None:
    Case.objects.update(expires_at=timezone.now())
    case.refresh_from_db()
    with pytest.raises(HelpDeskRefused, match="case_closed"):
        verify_caller(case=case, agent=agent, ticket="X-1", reason="lost", ways=["call_back"])
    case.refresh_from_db()
    assert case.verified_at is None and steps() == ["opened"]


def test_a_case_that_is_over_shows_no_addresses_any_more(verified: Case, agent: Any) -> None:
    Case.objects.update(expires_at=timezone.now())
    verified.refresh_from_db()
    with pytest.raises(HelpDeskRefused, match="case_closed"):
        reveal_network(case=verified, agent=agent)
    assert steps() == ["opened", "verified"]


def test_a_case_is_over_after_its_time(desk: Any, verified: Case) -> None:
    Case.objects.update(expires_at=timezone.now())
    response = desk.get(f"/help-desk/{verified.public_id}/")
    assert response.status_code == 409
    assert "This case is closed" in response.content.decode()


def test_searches_are_limited_per_agent(desk: Any, user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "HELP_DESK_SEARCHES_PER_HOUR": 2}
    answers = [desk.post("/help-desk/", {"term": user.email}).status_code for _ in range(3)]
    assert answers == [302, 302, 429]
    Case.objects.update(opened_at=timezone.now() - timedelta(hours=2))
    assert desk.post("/help-desk/", {"term": user.email}).status_code == 302


def test_the_searches_of_one_agent_are_not_counted_against_another(
    user: Any, agent: Any, colleague: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "HELP_DESK_SEARCHES_PER_HOUR": 2}
    for _ in range(2):
        open_case(agent=colleague, term=user.email)
    assert open_case(agent=agent, term=user.email).user_id == user.pk
    with pytest.raises(HelpDeskRefused, match="too_many"):
        open_case(agent=colleague, term=user.email)


def test_what_was_searched_for_can_be_erased(desk: Any) -> None:
    desk.post("/help-desk/", {"term": "nobody@people.example"})
    event = Event.objects.get(kind=Event.Kind.HELP_DESK)
    assert "nobody@people.example" not in str(event.data)
    assert event.detail.text == "nobody@people.example"


def test_another_accent_is_another_account(agent: Any) -> None:
    """MariaDB takes one for the other."""
    person = make_person("josé@people.example")
    with pytest.raises(HelpDeskRefused, match="nobody"):
        open_case(agent=agent, term="jose@people.example")
    assert users_exactly("jose@people.example") == []
    assert open_case(agent=agent, term="José@People.example").user_id == person.pk
