"""WorkOS's own client for Python, which is given a base URL and a token and nothing else, against a site in a process
of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from workos import AsyncWorkOSClient, WorkOSClient
from workos._errors import (
    AuthenticationError,
    AuthorizationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    RateLimitExceededError,
    UnprocessableEntityError,
)

from tests.sessions_ui.api.workos.live import Live, Person, line_with

EVENTS = ["session.created", "session.revoked"]
ACME = "acme"
RETURN_TO = "https://app.example/signed-out"


def client_of(live: Live, token: str | None = None, base_url: str = "", **said: Any) -> WorkOSClient:
    return WorkOSClient(
        api_key=live.token if token is None else token,
        client_id="client",
        base_url=base_url or live.base_url,
        **said,
    )


@pytest.fixture
def client(live: Live) -> Iterator[WorkOSClient]:
    yield client_of(live)


@pytest.fixture
async def async_client(live: Live) -> AsyncIterator[AsyncWorkOSClient]:
    client = AsyncWorkOSClient(api_key=live.token, client_id="client", base_url=live.base_url)
    yield client
    await client.close()


def is_signed_in(live: Live, key: str) -> bool:
    """Whether this cookie still opens the page of devices."""
    answer = httpx.get(
        f"{live.root}/account/devices/", cookies={"__Host-sessionid": key}, headers={"Accept": "text/html"}
    )
    assert answer.status_code in (200, 302)
    return answer.status_code == 200


def keys_of(client: WorkOSClient, person: Person) -> list[str]:
    return [key.id for key in client.user_management.list_user_api_keys(person.id).auto_paging_iter()]


def make_key(client: WorkOSClient, person: Person, **said: Any) -> Any:
    usual = {"name": "Exports", "organization_id": ACME, "permissions": ["sessions:read"]}
    return client.user_management.create_user_api_key(person.id, **usual | said)


class TestSessions:
    def test_all_of_them_page_by_page(self, client: WorkOSClient, person: Person) -> None:
        page = client.user_management.list_sessions(person.id, limit=3)
        found = list(page.auto_paging_iter())
        assert [session.id for session in found] == person.sessions[::-1]
        one = found[0]
        assert (one.user_id, one.status.value, one.auth_method.value) == (person.id, "active", "unknown")
        assert one.created_at < datetime.now(UTC) < one.expires_at and one.ended_at is None

    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_back_again(self, client: WorkOSClient, person: Person, order: str) -> None:
        expected = person.sessions if order == "asc" else person.sessions[::-1]
        page = client.user_management.list_sessions(person.id, limit=3, before=expected[-1], order=order)
        found: list[str] = []
        while page.data:
            found = [session.id for session in page.data] + found
            if page.list_metadata.before is None:
                break
            page = client.user_management.list_sessions(
                person.id, limit=3, before=page.list_metadata.before, order=order
            )
        assert found == expected[:-1]

    def test_revoking_each_while_pages_are_read(
        self, live: Live, client: WorkOSClient, person: Person
    ) -> None:
        """The cursor of every next page is then a session that has ended."""
        assert all(is_signed_in(live, key) for key in person.keys)
        revoked = []
        for session in client.user_management.list_sessions(person.id, limit=2).auto_paging_iter():
            client.user_management.revoke_session(session_id=session.id)
            revoked.append(session.id)
        assert revoked == person.sessions[::-1]
        assert not any(is_signed_in(live, key) for key in person.keys)
        assert client.user_management.list_sessions(person.id).data == []

    async def test_without_waiting(self, live: Live, async_client: AsyncWorkOSClient, person: Person) -> None:
        page = await async_client.user_management.list_sessions(person.id, limit=2)
        found = []
        async for session in page.auto_paging_iter():
            found.append(session.id)
            await async_client.user_management.revoke_session(session_id=session.id)
        assert found == person.sessions[::-1]
        assert not is_signed_in(live, person.keys[0])
        with pytest.raises(NotFoundError):
            await async_client.user_management.list_sessions("0")


def test_the_sign_out_address(live: Live, client: WorkOSClient, person: Person) -> None:
    url = client.user_management.get_logout_url(session_id=person.sessions[0], return_to=RETURN_TO)
    mine, other = ({"__Host-sessionid": key} for key in person.keys[:2])
    assert httpx.get(url, cookies=other).status_code == 403
    assert is_signed_in(live, person.keys[0])
    answer = httpx.get(url, cookies=mine)
    assert (answer.status_code, answer.headers["Location"]) == (302, RETURN_TO)
    assert not is_signed_in(live, person.keys[0]) and is_signed_in(live, person.keys[1])
    elsewhere = client.user_management.get_logout_url(
        session_id=person.sessions[1], return_to="https://evil.example/"
    )
    assert httpx.get(elsewhere, cookies=other).status_code == 400
    assert is_signed_in(live, person.keys[1])


class TestEvents:
    def test_what_happened_in_the_order_of_the_log(
        self, live: Live, client: WorkOSClient, person: Person
    ) -> None:
        live.seal()
        created = [
            event
            for event in client.events.list_events(events=EVENTS, limit=20).auto_paging_iter()
            if event.event == "session.created" and event.data.user_id == person.id
        ]
        assert [event.data.id for event in created] == person.sessions
        assert type(created[0]).__name__ == "SessionCreated"
        assert created[0].context is not None and created[0].context.actor is not None
        assert created[0].context.actor.id == person.id
        last = list(client.events.list_events(events=EVENTS, limit=100).auto_paging_iter())[-1]
        for session in person.sessions[:3]:
            client.user_management.revoke_session(session_id=session)
        live.seal()
        page = client.events.list_events(events=EVENTS, after=last.id, limit=2)
        revoked = list(page.auto_paging_iter())
        assert [(event.event, event.data.id) for event in revoked] == [
            ("session.revoked", session) for session in person.sessions[:3]
        ]
        context = revoked[0].context
        assert context is not None and context.actor is not None
        assert context.actor.source.value == "api"
        assert context.previous_attributes == {"status": "active", "ended_at": None}
        assert revoked[0].data.status.value == "revoked" and revoked[0].data.ended_at is not None

    def test_by_time(self, live: Live, client: WorkOSClient, person: Person) -> None:
        live.seal()
        now = datetime.now(UTC)
        later = client.events.list_events(events=EVENTS, range_start=now + timedelta(hours=1))
        assert later.data == []
        earlier = client.events.list_events(
            events=EVENTS, range_start=now - timedelta(hours=1), range_end=now, limit=100
        )
        assert {event.event for event in earlier.data} <= {*EVENTS} and earlier.data

    async def test_without_waiting(self, live: Live, async_client: AsyncWorkOSClient, person: Person) -> None:
        live.seal()
        page = await async_client.events.list_events(events=EVENTS, limit=3)
        found = [event.id async for event in page.auto_paging_iter()]
        assert len(found) == len({*found}) >= len(person.sessions)


class TestKeys:
    def test_made_listed_validated_and_deleted(self, client: WorkOSClient, person: Person) -> None:
        made = make_key(client, person, name="Exports")
        other = make_key(client, person, organization_id="other")
        assert (made.name, made.owner.id, made.owner.organization_id) == ("Exports", person.id, ACME)
        assert made.permissions == ["sessions:read"] and made.value not in made.obfuscated_value
        assert keys_of(client, person) == [other.id, made.id]
        of_acme = client.user_management.list_user_api_keys(person.id, organization_id=ACME)
        assert [key.id for key in of_acme.data] == [made.id]
        found = client.api_keys.create_validation(value=made.value).api_key
        assert found is not None and (found.id, found.owner.id) == (made.id, person.id)
        client.api_keys.delete_api_key(made.id)
        assert client.api_keys.create_validation(value=made.value).api_key is None
        assert keys_of(client, person) == [other.id]
        with pytest.raises(NotFoundError):
            client.api_keys.delete_api_key(made.id)

    def test_its_end(self, client: WorkOSClient, person: Person) -> None:
        made = make_key(client, person, expires_at=datetime.now(UTC) + timedelta(days=9))
        soon = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
        assert client.api_keys.create_api_key_expire(made.id, expires_at=soon).expires_at == soon
        latest = client.api_keys.create_api_key_expire(made.id, expires_at=None).expires_at
        assert latest is not None and latest > soon + timedelta(days=300)
        ended = client.api_keys.create_api_key_expire(made.id)
        assert ended.expires_at is not None and ended.expires_at <= datetime.now(UTC)
        assert client.api_keys.create_validation(value=made.value).api_key is None
        with pytest.raises(ConflictError) as raised:
            client.api_keys.create_api_key_expire(made.id)
        assert raised.value.code == "api_key_already_expired"

    async def test_without_waiting(self, async_client: AsyncWorkOSClient, person: Person) -> None:
        made = await async_client.user_management.create_user_api_key(
            person.id, name="Exports", organization_id=ACME, permissions=["sessions:read"]
        )
        page = await async_client.user_management.list_user_api_keys(person.id)
        assert [key.id for key in page.data] == [made.id]
        assert (await async_client.api_keys.create_validation(value=made.value)).api_key is not None
        await async_client.api_keys.create_api_key_expire(made.id)
        assert (await async_client.api_keys.create_validation(value=made.value)).api_key is None


class TestErrors:
    """Each is one of the package's own, with what it says of the request."""

    def test_a_token_that_is_none_and_one_that_may_not(self, live: Live) -> None:
        with pytest.raises(AuthenticationError) as raised:
            client_of(live, "sui_pat_" + "a" * 46).user_management.list_sessions("1")
        assert raised.value.code == "invalid_token" and raised.value.request_id
        with pytest.raises(AuthorizationError) as refused:
            client_of(live, live.powerless).user_management.list_sessions("1")
        assert type(refused.value) is AuthorizationError and refused.value.code == "insufficient_scope"

    def test_what_there_is_not(self, client: WorkOSClient, person: Person) -> None:
        for call in (
            lambda: client.user_management.list_sessions("0"),
            lambda: client.user_management.list_sessions("a/b?c#d%"),
            lambda: client.user_management.revoke_session(session_id="none"),
            lambda: client.user_management.list_user_api_keys("none"),
            lambda: client.api_keys.create_api_key_expire("none"),
            lambda: client.api_keys.delete_api_key("a/b"),
        ):
            with pytest.raises(NotFoundError) as raised:
                call()
            assert raised.value.code == "entity_not_found" and raised.value.request_id

    def test_what_cannot_be(self, client: WorkOSClient, person: Person) -> None:
        for field, call in {
            "limit": lambda: client.user_management.list_sessions(person.id, limit=101),
            "after": lambda: client.user_management.list_sessions(person.id, after="none"),
            "events": lambda: client.events.list_events(events=[]),
            "permissions": lambda: make_key(client, person, permissions=["none"]),
            "expires_at": lambda: make_key(client, person, expires_at="2001-01-01T00:00:00Z"),
        }.items():
            with pytest.raises(UnprocessableEntityError) as raised:
                call()
            assert raised.value.errors[0]["field"] == field
        assert keys_of(client, person) == []

    def test_what_cannot_be_understood(self, client: WorkOSClient) -> None:
        with pytest.raises(BadRequestError) as raised:
            client.request(method="post", path=("user_management", "sessions", "revoke"), body=["a"])  # type: ignore[arg-type]
        assert raised.value.code == "invalid_body"


class TestTriesAgain:
    @pytest.fixture(autouse=True)
    def _at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is waited for without `Retry-After` is the package's own matter."""
        monkeypatch.setattr("workos._base_client.INITIAL_RETRY_DELAY", 0.01)

    def test_a_server_that_is_away_for_a_moment(self, live: Live, person: Person) -> None:
        with line_with(live.root, [503, 502]) as (address, asked):
            client = client_of(live, base_url=f"{address}/api/workos")
            assert len(client.user_management.list_sessions(person.id).data) == len(person.sessions)
            assert len(asked) == 3

    def test_revoking_once_more_where_the_answer_was_lost(self, live: Live, person: Person) -> None:
        with line_with(live.root, ["lost"]) as (address, asked):
            client = client_of(live, base_url=f"{address}/api/workos")
            client.user_management.revoke_session(session_id=person.sessions[0])
            assert len(asked) == 2 and asked[0] == asked[1] != ""
        assert not is_signed_in(live, person.keys[0])

    def test_no_second_key_where_the_answer_was_lost(
        self, live: Live, client: WorkOSClient, person: Person
    ) -> None:
        with line_with(live.root, ["lost"]) as (address, _asked):
            with pytest.raises(ConflictError) as raised:
                make_key(client_of(live, base_url=f"{address}/api/workos"), person)
            assert raised.value.code == "idempotency_key_used"
        assert len(keys_of(client, person)) == 1

    def test_429_is_waited_for(self, live: Live, person: Person) -> None:
        with live.limited(2) as base_url:
            hasty = client_of(live, base_url=base_url, max_retries=0)
            with pytest.raises(RateLimitExceededError) as raised:
                for _ in range(6):  # two seconds may begin in between
                    hasty.user_management.list_sessions(person.id)
            assert raised.value.retry_after in (1, 2)
            patient = client_of(live, base_url=base_url)
            for _ in range(5):
                assert patient.user_management.list_sessions(person.id).data
