"""What every subcommand of `manage.py sessions` does with arguments that do harm."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from django.core.management import load_command_class

from sessions_ui.management.commands.sessions import SUBCOMMANDS
from sessions_ui.token_value import TokenKind, new_value
from tests.models import Session
from tests.operators import sessions

pytestmark = pytest.mark.django_db
VALUE = new_value(TokenKind.PERSONAL)
SAID = {
    "the whole": VALUE,
    "without its last character": VALUE[:-1],
    "in an address": f"https://example.org/?t={VALUE}",
    "percent-encoded": VALUE.replace("_", "%5F"),
}
# Other ways to say it than as an argument without a name.
OPTIONS = {
    "list": ("--after", "--user", "--user-id", "--device", "--since", "--state", "--network"),
    "end": ("--user", "--device", "--note", "--ticket", "--actor"),
    "tokens": ("--user", "--limit"),
    "leaked": ("--where", "--actor"),
}
WAYS = [(name,) for name in ["", *SUBCOMMANDS]] + [
    (name, option) for name, options in OPTIONS.items() for option in options
]


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_a_token_among_the_arguments_is_repeated_nowhere(said: str, way: tuple[str, ...]) -> None:
    ran = sessions(*(word for word in way if word), SAID[said])
    assert ran.code == 1
    assert VALUE[12:40] not in ran.out + ran.err
    assert "`sessions leaked`" in ran.err and "Nothing was done." in ran.err


def test_nor_is_it_at_a_terminal(capsys: Any) -> None:
    command = load_command_class("sessions_ui", "sessions")
    with pytest.raises(SystemExit) as ended:
        command.run_from_argv(["manage.py", "sessions", "show", VALUE])
    printed = capsys.readouterr()
    assert ended.value.code == 2
    assert VALUE[12:40] not in printed.out + printed.err
    assert "`sessions leaked`" in printed.err


def test_a_name_that_only_looks_a_bit_like_one_is_looked_up() -> None:
    ran = sessions("list", "--user", "robot_svc_settings@people.example")
    assert "no account matches" in ran.err


@pytest.mark.no_bystander("the lists are of everybody")
@pytest.mark.parametrize("listing", ["list", "tokens"])
@pytest.mark.parametrize("limit", ["10001", str(2**31), str(sys.maxsize), str(2**63), "9" * 30])
def test_a_limit_that_no_table_has(listing: str, limit: str) -> None:
    ran = sessions(listing, "--limit", limit)
    assert (ran.code, ran.out) == (1, "")
    assert "a table has 10,000 rows at most" in ran.err
    assert sessions(listing, "--limit", limit, "--json").code == 0
    assert not Session.objects.filter(ended_at__isnull=False).exists()
