"""Every address of the app, and everybody: who gets what. A new address is in the table by itself, under the rule of
its kind; what follows another rule is named here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from sessions_ui.actions.help_desk.caller import verify_caller
from sessions_ui.actions.help_desk.carry_out import carry_out
from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.order import Order
from sessions_ui.actions.help_desk.prove import ask_for_approval
from sessions_ui.actions.tokens.create import create_token
from tests.conftest import Browser, make_administrator, make_agent, make_person
from tests.keys import make_keys
from tests.models import Device, Session

pytestmark = pytest.mark.django_db

NOWHERE = "0" * 16
# Answer without a sign-in: a link from a mail, a provider's call, a question of the browser about itself.
FOR_ANYBODY = {
    "sessions_ui:choose_password",
    "sessions_ui:not_me",
    "sessions_ui:not_me_opened",
    "sessions_ui:not_me_done",
    # A link from a mail, too, and where it leads: without it, or a recovery of one's own, there is nothing.
    "sessions_ui:recovery",
    "sessions_ui:recovery_again",
    "sessions_ui:recovery_mailed",
    "sessions_ui:recovery_link",
    "sessions_ui:recovery_password",
    "sessions_ui:recovery_credentials",
    "sessions_ui:provider_sign_out",
    "sessions_ui:alive",
    # What has just been ended, by whoever is signed out now; it says of nobody whose it was.
    "sessions_ui:signed_out_everywhere",
    # Whoever has found a token may end it.
    "sessions_ui:leaked_token",
    "sessions_ui:leaked_thanks",
    # Signs out of an account that support is using; 403 for everybody else.
    "sessions_ui:leave_account",
}
# Of what another package kept there is no row once it has ended: nobody can tell that from what never was, or is
# somebody else's (tests/sessions_ui/web/test_bridged_keys.py).
ALIKE_FOR_ALL = {"sessions_ui:end_credential"}
METHODS = ("GET", "POST")


def names(resolver: Any, namespace: str = "") -> Iterator[tuple[str, list[str]]]:
    """The app's addresses with the names of their arguments."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from names(entry, entry.namespace or namespace)
        elif isinstance(entry, URLPattern) and entry.name and namespace in ("sessions_ui", "help_desk"):
            yield f"{namespace}:{entry.name}", list(entry.pattern.regex.groupindex)


ALL = sorted(dict(names(get_resolver())).items())
PAGES = [(name, arguments) for name, arguments in ALL if name not in FOR_ANYBODY]


def shown_now(request: Any) -> Any:
    return timezone.now()


class Made(NamedTuple):
    """A browser for everybody, signed in where it is somebody's; and ids of what there is: the owner's device and
    sign-in, the agent's case and receipt."""

    owner: Any
    clients: dict[str, Any]
    owned: dict[str, str]


@pytest.fixture(scope="module")
def made(made_once: None) -> Made:
    agent, colleague = make_agent(), make_person("colleague@staff.example", is_staff=True)
    colleague.groups.set(agent.groups.all())
    viewer = make_person("viewer@staff.example", is_staff=True)
    looks = Permission.objects.filter(content_type__app_label="sessions_ui", codename__startswith="view_")
    viewer.user_permissions.set(looks)
    everybody = {
        "owner": make_person("ada@people.example"),
        "stranger": make_person("grace@people.example"),
        "agent": agent,
        "colleague": colleague,
        "viewer": viewer,
        "administrator": make_administrator(),
    }
    clients = {"anonymous": Browser()}
    for name, person in everybody.items():
        clients[name] = Browser()
        clients[name].force_login(person)
    return Made(everybody["owner"], clients, _owned(everybody["owner"], agent))


def _owned(user: Any, agent: Any) -> dict[str, str]:
    device = Device.objects.get(user=user)
    case = open_case(agent=agent, term=user.email)
    verify_caller(case=case, agent=agent, ticket="INC-7", reason="lost", ways=["in_person"])
    ask_for_approval(case=case, agent=agent)
    gone = Device.objects.create(user=user)
    receipt = carry_out(case=case, agent=agent, order=Order(chosen=(gone.public_id,)), nonce="1")
    make_keys(user)
    ends = timezone.now() + timedelta(days=30)
    token = create_token(user=user, name="Backup", scopes=["sessions:read"], expires_at=ends).token
    return {
        "token": token.session.public_id,
        "credential": str(LogEntry.objects.get(user_id=user.pk).pk),
        "device": device.public_id,
        "session": Session.objects.get(user=user, device=device).public_id,
        "case": case.public_id,
        "receipt": receipt.public_id,
    }


@pytest.fixture
def people(db: None, made: Made, settings: Any) -> dict[str, Any]:
    given = {"SECOND_FACTOR_AT": f"{__name__}.shown_now", "BRIDGES": ["tests.keys.Keys"]}
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **given}
    return {name: _as_it_was(client) for name, client in made.clients.items()}


def _as_it_was(client: Any) -> Any:
    """The same browser, whose cookies no test before has changed."""
    again = Browser()
    again.cookies = deepcopy(client.cookies)
    return again


@pytest.fixture
def owned(made: Made) -> dict[str, str]:
    return made.owned


@pytest.fixture
def user(made: Made) -> Any:
    return made.owner


def address(name: str, arguments: list[str], owned: dict[str, str], *, missing: bool = False) -> str:
    kind = (
        "receipt" if name == "help_desk:receipt" else "case" if name.startswith("help_desk") else
        "session" if "sign_out_session" in name or "folded" in name else
        "token" if "token" in name else "device"
    )  # fmt: skip
    values = {
        "public_id": NOWHERE if missing else owned[kind],
        "device_id": NOWHERE if missing else owned["device"],
        "name": "lost",
        "result": "unsigned",
        "package": "keys",
        "credential": "0" if missing else owned["credential"],
    }
    return reverse(name, kwargs={argument: values[argument] for argument in arguments})


def outcome(response: Any) -> str:
    if response.status_code == 302 and re.match(r"/(account|admin)/login/", response.url):
        return "sign in"
    asked_for = response.wsgi_request
    if response.status_code == 302 and asked_for.method == "GET" and asked_for.path.startswith(response.url):
        return "wrong method"  # a person is led to the page that the act is on
    return {403: "refused", 404: "not found", 405: "wrong method"}.get(response.status_code, "served")


def asked(client: Any, method: str, url: str) -> Any:
    return client.get(url) if method == "GET" else client.post(url)


def told_apart(response: Any) -> tuple[Any, ...]:
    """What a prober could tell one answer from another by; ids and CSRF values are the prober's own."""
    body = re.sub(rb'value="[^"]{32,}"', b"", response.content)
    return response.status_code, re.sub(rb"[0-9a-z]{16}", b"", body)


@pytest.mark.parametrize("method", METHODS)
def test_nobody_gets_in_without_signing_in(people: Any, owned: dict[str, str], method: str) -> None:
    for name, arguments in PAGES:
        answer = outcome(asked(people["anonymous"], method, address(name, arguments, owned)))
        assert answer in ("sign in", "wrong method"), name


@pytest.mark.parametrize("who", ["stranger", "agent", "viewer", "administrator"])
@pytest.mark.parametrize("method", METHODS)
def test_what_is_somebody_elses_looks_like_what_does_not_exist(
    people: Any, owned: dict[str, str], who: str, method: str
) -> None:
    for name, arguments in PAGES:
        if not name.startswith("sessions_ui") or not arguments or name in ALIKE_FOR_ALL:
            continue
        there = asked(people[who], method, address(name, arguments, owned))
        nowhere = asked(people[who], method, address(name, arguments, owned, missing=True))
        assert outcome(there) in ("not found", "wrong method", "refused"), name
        assert told_apart(there) == told_apart(nowhere), name


@pytest.mark.control("CSF PR.AA-05")
@pytest.mark.parametrize("who", ["owner", "stranger", "viewer", "administrator"])
@pytest.mark.parametrize("method", METHODS)
def test_the_help_desk_is_for_agents(people: Any, owned: dict[str, str], who: str, method: str) -> None:
    for name, arguments in PAGES:
        if name.startswith("help_desk"):
            answer = outcome(asked(people[who], method, address(name, arguments, owned)))
            assert answer in ("refused", "wrong method"), name


@pytest.mark.parametrize("method", METHODS)
def test_a_colleagues_case_looks_like_none(people: Any, owned: dict[str, str], method: str) -> None:
    for name, arguments in PAGES:
        if not name.startswith("help_desk") or not arguments:
            continue
        if name in ("help_desk:approve", "help_desk:refuse_approval"):
            continue
        there = asked(people["colleague"], method, address(name, arguments, owned))
        nowhere = asked(people["colleague"], method, address(name, arguments, owned, missing=True))
        assert outcome(there) in ("not found", "wrong method"), name
        assert told_apart(there) == told_apart(nowhere), name


def test_a_case_is_approved_by_a_colleague_only(people: Any, owned: dict[str, str]) -> None:
    url = reverse("help_desk:approve", args=[owned["case"]])
    for who in ("owner", "stranger", "viewer", "administrator"):
        assert outcome(people[who].post(url)) == "refused"
    people["agent"].post(url)
    assert (
        "No request is waiting"
        not in people["colleague"].get(reverse("help_desk:approvals")).content.decode()
    )
    people["colleague"].post(url)
    assert "No request is waiting" in people["colleague"].get(reverse("help_desk:approvals")).content.decode()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("name", "arguments"),
    [(name, arguments) for name, arguments in PAGES if name.startswith("sessions_ui")],
    ids=str,
)
def test_the_owner_finds_what_is_there(
    people: Any, owned: dict[str, str], name: str, arguments: list[str], method: str
) -> None:
    """What an act then asks for, a password or a second proof, is tried elsewhere."""
    assert outcome(asked(people["owner"], method, address(name, arguments, owned))) != "not found"


ADMIN = "/admin/sessions_ui/"
MODELS = ("session", "device", "event", "act", "delivery")


@pytest.mark.parametrize("model", MODELS)
def test_the_admin_is_for_staff_with_the_right_to_look(
    people: Any, owned: dict[str, str], model: str
) -> None:
    for who, expected in {
        "anonymous": "sign in",
        "owner": "sign in",
        "stranger": "sign in",
        "colleague": "refused",  # staff, but the help desk's permission opens nothing here
        "viewer": "served",
        "administrator": "served",
    }.items():
        assert outcome(people[who].get(f"{ADMIN}{model}/")) == expected, who


@pytest.mark.control("CSF PR.AA-05")
@pytest.mark.parametrize("action", ["sign_out_selected", "sign_out_users"])
def test_whoever_may_only_look_ends_nothing(
    people: Any, owned: dict[str, str], user: Any, action: str
) -> None:
    session = Session.objects.sign_ins().get(user=user)
    form = {"action": action, "_selected_action": [session.pk], "confirmed": "1", "note": "because"}
    for who in ("anonymous", "owner", "stranger", "colleague", "viewer"):
        people[who].post(f"{ADMIN}session/", form)
        session.refresh_from_db()
        assert session.ended_at is None, who
    people["administrator"].post(f"{ADMIN}session/", form)
    session.refresh_from_db()
    assert session.ended_at is not None


def test_the_overview_is_for_those_who_may_look(people: Any) -> None:
    url = f"{ADMIN}session/overview/"
    answers: dict[str, str] = {who: outcome(client.get(url)) for who, client in people.items()}
    assert {who for who, answer in answers.items() if answer == "served"} == {"viewer", "administrator"}


def test_the_table_is_complete() -> None:
    """A name in `FOR_ANYBODY` that is gone would hide nothing, but say so."""
    known: Callable[[Any], bool] = dict(ALL).__contains__
    assert all(map(known, FOR_ANYBODY))
