"""The keys come from the settings, as a text or a file, and nothing that fails tells what they are."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from sessions_ui.audit.keys import public_keys, signing_key
from sessions_ui.checks.audit import detail_retention, seal_key, unsigned
from sessions_ui.verify import read_public_keys
from tests.sessions_ui.audit.conftest import Key

EC = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2
OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r
1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G
-----END PRIVATE KEY-----
"""


def configure(settings: Any, **given: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SEAL_FORMER_KEYS": "", **given}


def test_a_key_is_taken_from_a_file_and_as_a_text(make_key: Callable[[str], Key], settings: Any) -> None:
    key, former = make_key("key"), make_key("former")
    for given in (str(key.private), key.private.read_text()):
        configure(settings, SEAL_KEY=given, SEAL_FORMER_KEYS=former.public.read_text())
        found = signing_key()
        assert found is not None and list(public_keys()) == [found.id, *former.keys]
        assert [found.id] == list(key.keys)
        assert seal_key() == unsigned() == []


@pytest.mark.parametrize(
    "given",
    [
        {"SEAL_KEY": "/nowhere/key.pem"},
        {"SEAL_KEY": "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n"},
        {"SEAL_KEY": EC},
        {"SEAL_KEY": "", "SEAL_FORMER_KEYS": "/nowhere/key.pub"},
        {"SEAL_KEY": "", "SEAL_FORMER_KEYS": "-----BEGIN \nsecret"},
    ],
)
def test_one_that_is_not_of_use_is_named_by_a_check_that_does_not_tell_it(
    given: dict[str, str], settings: Any
) -> None:
    configure(settings, **given)
    [message] = seal_key()
    assert message.id == "sessions_ui.E111" and "secret" not in message.msg
    assert message.msg.startswith(tuple(given))
    with pytest.raises(ImproperlyConfigured):
        public_keys()


def test_a_site_without_a_key_is_told(settings: Any) -> None:
    configure(settings, SEAL_KEY="")
    assert seal_key() == []
    assert [message.id for message in unsigned()] == ["sessions_ui.W110"]
    assert signing_key() is None


def test_kinds_of_events_that_there_are_none_of_are_named(settings: Any) -> None:
    configure(settings, EVENT_DETAIL_RETENTION={"signed_in": 1, "signedin": 1})
    [message] = detail_retention()
    assert (message.id, "signedin" in message.msg) == ("sessions_ui.E112", True)


def test_the_command_makes_a_key_and_prints_the_public_ones(
    settings: Any, tmp_path: Path, make_key: Callable[[str], Key]
) -> None:
    printed = io.StringIO()
    call_command("seal_keys", "--new", stdout=printed)
    former = make_key("former")
    configure(settings, SEAL_KEY=printed.getvalue(), SEAL_FORMER_KEYS=str(former.public))
    found = signing_key()
    assert found is not None
    public = io.StringIO()
    call_command("seal_keys", stdout=public)
    assert list(read_public_keys(public.getvalue())) == [found.id, *former.keys]
    assert "PRIVATE" not in public.getvalue()
    configure(settings, SEAL_KEY="")
    with pytest.raises(CommandError, match="SEAL_KEY is empty"):
        call_command("seal_keys")
