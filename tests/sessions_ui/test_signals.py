"""The signals for the host project: a receiver that fails undoes nothing and silences nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.dispatch import Signal

from sessions_ui import signals
from sessions_ui.database.transactions import after_commit
from tests.aging import settle
from tests.conftest import Browser
from tests.models import Session

pytestmark = pytest.mark.django_db(transaction=True)
SIGNALS = {name: signal for name, signal in vars(signals).items() if isinstance(signal, Signal)}


def broken(sender: Any, **kwargs: Any) -> None:
    raise RuntimeError("the host's receiver")


@pytest.fixture(params=SIGNALS)
def heard(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """One of the signals has a receiver that fails; returns the names of those that others have heard of since."""
    heard: list[str] = []
    listeners: dict[str, Callable[..., None]] = {}
    SIGNALS[request.param].connect(broken)
    for name, signal in SIGNALS.items():

        def listen(sender: Any, name: str = name, **kwargs: Any) -> None:
            heard.append(name)

        listeners[name] = listen
        signal.connect(listen)
    yield heard
    SIGNALS[request.param].disconnect(broken)
    for name, signal in SIGNALS.items():
        signal.disconnect(listeners[name])


def test_a_receiver_that_fails_fails_no_request_and_silences_no_other(
    heard: list[str], user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = Browser()
    client.sign_in(user)
    settle(user)
    assert client.post("/account/devices/sign-out-everywhere/").status_code == 302
    assert not Session.objects.living().exists()
    assert set(heard) == set(SIGNALS)
    assert "the host's receiver" in caplog.text


@pytest.mark.parametrize("in_transaction", [True, False])
@pytest.mark.parametrize("work", [partial(broken, None), lambda: broken(None)], ids=["partial", "function"])
def test_what_fails_after_the_commit_is_logged_and_the_next_thing_is_done(
    work: Callable[[], None], in_transaction: bool, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []
    if in_transaction:
        with transaction.atomic():
            after_commit(work, using="default")
            after_commit(partial(done.append, "done"), using="default")
            assert not done
    else:
        after_commit(work, using="default")
        after_commit(partial(done.append, "done"), using="default")
    assert done == ["done"]
    assert "the host's receiver" in caplog.text


def test_a_receiver_of_a_sign_in_gets_a_session_that_is_read_as_a_whole(user: Any) -> None:
    """Also where there was an anonymous session before, of which a request reads a few columns only."""
    heard: list[Session] = []

    def listen(sender: Any, session: Session, **kwargs: Any) -> None:
        heard.append(session)

    signals.signed_in.connect(listen)
    client = Browser()
    client.get("/account/login/")
    store = client.session
    store["cart"] = 1
    store.save()
    client.cookies["sessionid"] = store.session_key
    client.sign_in(user)
    signals.signed_in.disconnect(listen)
    [session] = heard
    assert session.get_deferred_fields() == set()
    stored = Session.objects.get()
    fields = {field.attname for field in Session._meta.concrete_fields} - {"payload", "expires_at", "digest"}
    assert {name: getattr(session, name) for name in fields} == {
        name: getattr(stored, name) for name in fields
    }
