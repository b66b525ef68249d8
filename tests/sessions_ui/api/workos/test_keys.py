"""Keys of users: listed, made by a program, ended, validated; and who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.scopes import PERMISSIONS
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.api.workos import keys
from sessions_ui.conf.tokens import OWN_SCOPES
from sessions_ui.delivery import deliver_all, deliver_due
from sessions_ui.token_value import is_well_formed
from sessions_ui.wording.workos import stamp
from tests.models import AccessToken, EndReason, Event, Session
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.workos.conftest import PREFIX, permitted

pytestmark = pytest.mark.django_db

JSON = "application/json"
VALIDATE = f"{PREFIX}/api_keys/validations"


def url_of(user: Any) -> str:
    return f"{PREFIX}/user_management/users/{user.pk}/api_keys"


def key_url(identity: str, what: str = "") -> str:
    return f"{PREFIX}/api_keys/{identity}{what}"


def make(caller: Program, user: Any, **said: Any) -> Any:
    body = {"name": "Exports", "organization_id": "acme", "permissions": ["sessions:read"], **said}
    headers = body.pop("headers", {})
    return caller.post(url_of(user), body, JSON, headers=headers)


def validated(caller: Program, value: str) -> Any:
    answer = caller.post(VALIDATE, {"value": value}, JSON)
    assert answer.status_code == 200
    return answer.json()["api_key"]


def test_a_key_is_a_token_of_the_user_made_by_the_program(
    caller: Program, user: Any, administrator: Any, program_token: Any
) -> None:
    ends = timezone.now() + timedelta(days=7)
    answer = make(caller, user, expires_at=stamp(ends))
    assert answer.status_code == 201
    document = answer.json()
    value = document.pop("value")
    token = AccessToken.objects.select_related("session").get(session__public_id=document["id"])
    session = token.session
    assert document == {
        "object": "api_key",
        "id": session.public_id,
        "owner": {"type": "user", "id": str(user.pk), "organization_id": "acme"},
        "name": "Exports",
        "obfuscated_value": f"sui_...{token.hint}",
        "last_used_at": None,
        "expires_at": stamp(ends),
        "permissions": ["sessions:read"],
        "created_at": stamp(session.signed_in_at),
        "updated_at": stamp(session.signed_in_at),
    }
    assert is_well_formed(value) and "no-store" in answer["Cache-Control"]
    assert (session.user_id, token.made_by_id, token.made_in_id) == (
        user.pk,
        administrator.pk,
        program_token.token.pk,
    )
    event = Event.objects.get(kind=Event.Kind.CREDENTIAL_CHANGED, session=session)
    assert (event.actor_id, event.user_id, event.data["in_session"]) == (administrator.pk, user.pk, None)
    assert value not in caller.get(url_of(user)).content.decode()
    found = validated(caller, value)
    assert found["id"] == document["id"] and "value" not in found


def test_its_owner_is_told(caller: Program, user: Any, browser: Any) -> None:
    browser().sign_in(user)
    mail.outbox.clear()
    make(caller, user, name="Exports")
    deliver_all()
    assert [message.to for message in mail.outbox] == [[user.email]]
    assert "Exports" in mail.outbox[0].body


def test_without_an_end_it_lasts_as_long_as_a_token_may(caller: Program, user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_MAX_AGE": timedelta(days=10)}
    document = make(caller, user).json()
    end = Session.objects.get(public_id=document["id"]).expires_at
    assert timedelta(days=9, hours=23) < end - timezone.now() <= timedelta(days=10)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_MAX_AGE": None}
    document = make(caller, user).json()
    end = Session.objects.get(public_id=document["id"]).expires_at
    assert timedelta(days=365) < end - timezone.now() <= timedelta(days=366)


def test_it_ends_with_the_access_of_its_account(caller: Program, user: Any) -> None:
    date = timezone.now() + timedelta(days=2)
    offboard(user=user, ends_at=date, actor=None)
    assert make(caller, user).json()["expires_at"] == stamp(date)


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"name": "  "}, "name", "no_name"),
        ({"permissions": []}, "permissions", "no_scope"),
        ({"permissions": ["videos:create"]}, "permissions", "unknown_scope"),
        ({"expires_at": "2001-01-01T00:00:00.000Z"}, "expires_at", "in_the_past"),
        ({"expires_at": "2999-01-01T00:00:00.000Z"}, "expires_at", "too_long"),
        ({"organization_id": ""}, "organization_id", "required"),
        ({"organization_id": None}, "organization_id", "required"),
        ({"organization_id": "x" * 256}, "organization_id", "too_long"),
        ({"name": "x" * 101}, "name", "too_long"),
    ],
)
def test_what_no_key_can_be(caller: Program, user: Any, said: Any, field: str, code: str) -> None:
    answer = make(caller, user, **said)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == (field, code)
    assert not Session.objects.of(user).exists()


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59Z", "9000-01-01T00:00:00.000Z"])
def test_no_key_ends_when_no_page_could_say_so(caller: Program, user: Any, settings: Any, text: str) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_MAX_AGE": None}
    made = make(caller, user).json()
    for answer in (
        make(caller, user, expires_at=text),
        caller.post(key_url(made["id"], "/expire"), {"expires_at": text}, JSON),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "expires_at")
    assert Session.objects.of(user).count() == 1 and Session.objects.of(user).get().is_living


def organization_of(request: Any, user: Any) -> str | None:
    """For `ORGANIZATION_ID`."""
    return {"Ada": "acme"}.get(user.name)


def test_of_another_organization_than_the_users_own_there_is_none(
    caller: Program, user: Any, other_user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ORGANIZATION_ID": f"{__name__}.organization_of"}
    answer = make(caller, user, organization_id="other")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not_a_member")
    assert make(caller, user, organization_id="acme").status_code == 201
    assert make(caller, other_user, organization_id="any").status_code == 201, "nobody knows of theirs"


def test_no_more_keys_than_an_account_may_have(caller: Program, user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_LIMIT": 1}
    assert make(caller, user).status_code == 201
    assert make(caller, user).json()["errors"][0]["code"] == "too_many"


@pytest.mark.parametrize("scope", sorted(PERMISSIONS))
def test_a_program_gives_no_scope_about_everybody_away(caller: Program, user: Any, scope: str) -> None:
    answer = make(caller, user, permissions=["sessions:read", scope])
    assert (answer.status_code, answer.json()["code"]) == (403, "by_program")


def test_a_try_whose_answer_was_lost_makes_no_second_key(
    caller: Program, user: Any, other_user: Any, make_token: Any, program: type[Program], administrator: Any
) -> None:
    first = make(caller, user, headers={"idempotency-key": "a"})
    again = make(caller, user, headers={"idempotency-key": "a"})
    assert (first.status_code, again.status_code) == (201, 409)
    assert again.json()["code"] == "idempotency_key_used" and "value" not in again.json()
    assert make(caller, user, headers={"idempotency-key": "b"}).status_code == 201
    another = program(make_token(administrator, scopes=["tokens:admin"]))
    assert make(another, other_user, headers={"idempotency-key": "a"}).status_code == 201
    assert Session.objects.of(user).tokens().count() == 2


def test_a_try_with_another_value_of_the_programs_token_makes_no_second_key(
    user: Any, program_token: Any, program: type[Program]
) -> None:
    headers = {"Idempotency-Key": "once"}
    assert make(program(program_token), user, headers=headers).status_code == 201
    renewed = program(rotate_token(token=program_token.token))
    assert make(renewed, user, headers=headers).json()["code"] == "idempotency_key_used"
    assert Session.objects.of(user).tokens().count() == 1


def test_a_try_under_another_secret_key_makes_no_second_key(
    caller: Program, user: Any, settings: Any
) -> None:
    headers = {"Idempotency-Key": "once"}
    assert make(caller, user, headers=headers).status_code == 201
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 8
    assert make(caller, user, headers=headers).json()["code"] == "idempotency_key_used"
    assert make(caller, user, headers={"Idempotency-Key": "twice"}).status_code == 201


def test_of_another_user_or_program_it_is_another_key(
    caller: Program, user: Any, other_user: Any, administrator: Any, make_token: Any, program: type[Program]
) -> None:
    headers = {"Idempotency-Key": "once"}
    other = program(make_token(administrator, scopes=["tokens:admin"]))
    answers = [make(caller, user, headers=headers), make(caller, other_user, headers=headers)]
    answers.append(make(other, user, headers=headers))
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 3


class TestWhoMay:
    @pytest.fixture
    def manager(self, agent: Any) -> Any:
        """May manage tokens, and not everything."""
        return permitted(agent, "manage_tokens")

    @pytest.fixture
    def of_manager(self, manager: Any, make_token: Any, program: type[Program]) -> Program:
        return program(make_token(manager, scopes=["tokens:admin"]))

    def test_of_whoever_may_no_more(self, of_manager: Program, user: Any) -> None:
        assert make(of_manager, user).status_code == 201

    def test_not_of_whoever_may_more(self, of_manager: Program, administrator: Any) -> None:
        answer = make(of_manager, administrator)
        assert (answer.status_code, answer.json()["code"]) == (403, "by_program")

    def test_not_of_the_own_account(self, of_manager: Program, manager: Any) -> None:
        assert make(of_manager, manager).status_code == 403
        assert Session.objects.of(manager).tokens().count() == 1

    def test_of_a_service_account(
        self, caller: Program, other_user: Any, user: Any, administrator: Any
    ) -> None:
        make_service_account(user=other_user, owner=user, purpose="Backups", actor=administrator)
        assert make(caller, other_user).json()["value"].startswith("sui_svc_")

    def test_not_of_a_disabled_account(self, caller: Program, user: Any) -> None:
        type(user).objects.filter(pk=user.pk).update(is_active=False)
        answer = make(caller, user)
        assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_refused")

    def test_its_end_is_moved_by_whoever_may_make_it(
        self, of_manager: Program, caller: Program, administrator: Any, make_token: Any
    ) -> None:
        made = make_token(administrator)
        later = stamp(timezone.now() + timedelta(days=60))
        identity = made.token.session.public_id
        answer = of_manager.post(key_url(identity, "/expire"), {"expires_at": later}, JSON)
        assert answer.status_code == 403
        # Ending it is another thing: whoever manages tokens may, as in the administration.
        assert of_manager.delete(key_url(identity)).status_code == 204


def test_the_list_is_of_one_user_and_of_one_organization(
    caller: Program, user: Any, other_user: Any, make_token: Any
) -> None:
    make_token(other_user)
    own = make_token(user, name="Own").token.session.public_id
    of_acme = make(caller, user).json()["id"]
    documents = caller.get(url_of(user)).json()["data"]
    assert [each["id"] for each in documents] == [of_acme, own]
    assert documents[1]["owner"]["organization_id"] is None
    documents = caller.get(url_of(user), {"organization_id": "acme"}).json()["data"]
    assert [each["id"] for each in documents] == [of_acme]


def test_pages_of_keys_while_one_ends(caller: Program, user: Any, make_token: Any) -> None:
    made = [make_token(user).token.session.public_id for _ in range(5)][::-1]
    first = caller.get(url_of(user), {"limit": 2}).json()
    assert caller.delete(key_url(made[1])).status_code == 204
    after = first["list_metadata"]["after"]
    second = caller.get(url_of(user), {"limit": 2, "after": after}).json()
    assert [each["id"] for each in second["data"]] == made[2:4]


def test_deleting_ends_it(caller: Program, user: Any, administrator: Any, make_token: Any) -> None:
    made = make_token(user)
    identity = made.token.session.public_id
    answer = caller.delete(key_url(identity))
    assert (answer.status_code, answer.content) == (204, b"")
    session = Session.objects.get(pk=made.token.pk)
    assert (session.end_reason, session.ended_by_id) == (EndReason.API, administrator.pk)
    assert validated(caller, made.value) is None
    assert caller.delete(key_url(identity)).status_code == 404
    assert caller.get(url_of(user)).json()["data"] == []


@pytest.mark.parametrize("body", [{}, {"expires_at": "2001-01-01T00:00:00.000Z"}])
def test_expiring_now_or_in_the_past_ends_it(caller: Program, user: Any, make_token: Any, body: Any) -> None:
    made = make_token(user)
    url = key_url(made.token.session.public_id, "/expire")
    answer = caller.post(url, body, JSON)
    ended = Session.objects.get(pk=made.token.pk).ended_at
    assert (answer.status_code, answer.json()["expires_at"]) == (200, stamp(ended))
    assert validated(caller, made.value) is None
    again = caller.post(url, body, JSON)
    assert (again.status_code, again.json()["code"]) == (409, "api_key_already_expired")


def test_an_end_that_is_still_to_come_and_none(caller: Program, user: Any, make_token: Any) -> None:
    made = make_token(user)
    url = key_url(made.token.session.public_id, "/expire")
    soon = stamp(timezone.now() + timedelta(hours=1))
    answer = caller.post(url, {"expires_at": soon}, JSON)
    assert (answer.status_code, answer.json()["expires_at"]) == (200, soon)
    assert validated(caller, made.value)["expires_at"] == soon
    assert Event.objects.filter(
        kind=Event.Kind.CREDENTIAL_CHANGED, session=made.token.pk, data__change="changed"
    ).exists()
    answer = caller.post(url, {"expires_at": None}, JSON)
    end = Session.objects.get(pk=made.token.pk).expires_at
    assert answer.status_code == 200 and end - timezone.now() > timedelta(days=365)
    answer = caller.post(url, {"expires_at": "2999-01-01T00:00:00.000Z"}, JSON)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "too_long")


def test_another_end_is_told_as_what_it_is(
    caller: Program, user: Any, browser: Any, make_token: Any, mailoutbox: Any
) -> None:
    """Mail, log and the token's page said that it was given a new value."""
    client = browser()
    client.sign_in(user)
    public_id = make_token(user).token.session.public_id
    deliver_due()
    mailoutbox.clear()
    later = (timezone.now() + timedelta(days=9)).isoformat()
    caller.post(key_url(public_id, "/expire"), {"expires_at": later}, JSON)
    deliver_due()
    [mail] = mailoutbox
    log, page = (
        client.get(f"/account/devices/{path}/").content.decode() for path in ("log", f"tokens/{public_id}")
    )
    for text in (mail.subject, mail.body, log):
        assert "An access token was given another end" in text and "new value" not in text
    assert "Given another end" in page and "Renewed" not in page


def test_a_new_end_keeps_to_an_agreed_one(caller: Program, user: Any, make_token: Any) -> None:
    made = make_token(user)
    date = timezone.now() + timedelta(days=2)
    offboard(user=user, ends_at=date, actor=None)
    url = key_url(made.token.session.public_id, "/expire")
    later = stamp(timezone.now() + timedelta(days=20))
    assert caller.post(url, {"expires_at": later}, JSON).json()["expires_at"] == stamp(date)


def test_validation_is_a_use_and_tells_nothing_of_what_is_none(
    caller: Program, user: Any, make_token: Any, program_token: Any
) -> None:
    made = make_token(user)
    assert made.token.last_used_at is None
    assert validated(caller, made.value)["last_used_at"] is not None
    for value in ("no", "sui_pat_" + "a" * 46, "ü" * 50):
        assert validated(caller, value) is None


def test_a_program_that_ends_its_own_token_is_out(caller: Program, program_token: Any, user: Any) -> None:
    assert caller.delete(key_url(program_token.token.session.public_id)).status_code == 204
    assert caller.get(url_of(user)).status_code == 401


@pytest.mark.parametrize("what", ["create", "expire"])
@pytest.mark.parametrize("which", ["program", "key"])
def test_what_ends_while_the_request_is_under_way(
    caller: Program,
    user: Any,
    make_token: Any,
    program_token: Any,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    which: str,
) -> None:
    made = make_token(user)
    ended = program_token if which == "program" else made
    latest_end = keys.latest_end

    def meanwhile(of: Any) -> Any:
        end = {"ended_at": timezone.now(), "end_reason": EndReason.LEAKED}
        Session.objects.filter(pk=ended.token.pk).update(**end)
        return latest_end(of)

    monkeypatch.setattr(keys, "latest_end", meanwhile)
    if what == "create":
        answer = make(caller, user)
        assert answer.status_code == (401 if which == "program" else 201)
    else:
        answer = caller.post(key_url(made.token.session.public_id, "/expire"), {"expires_at": None}, JSON)
        assert answer.status_code == (401 if which == "program" else 409)
        assert Session.objects.get(pk=made.token.pk).expires_at == made.token.session.expires_at
    created = int(what == "create" and which == "key")
    assert Session.objects.of(user).tokens().count() == 1 + created


def test_no_scope_lets_a_token_make_tokens_on_the_pages_own_way(
    administrator: Any, user: Any, make_token: Any, program: type[Program]
) -> None:
    scopes = [scope for scope in OWN_SCOPES if scope != "tokens:admin"]
    answer = make(program(make_token(administrator, scopes=scopes)), user)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
