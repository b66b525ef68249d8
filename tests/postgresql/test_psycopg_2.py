"""The older of the drivers that Django knows, in a process of its own: Django prefers the newer one."""

from __future__ import annotations

import pytest

from tests.users.test_user_models import run_suite

pytestmark = pytest.mark.databases("postgresql")


@pytest.mark.parametrize("suite", ["suite", "psycopg_2"])
def test_what_holds_for_psycopg_3_holds_for_psycopg_2(suite: str) -> None:
    run_suite(suite, USER_MODEL="UUIDUser", USERS_ELSEWHERE="0", STATEMENTS="1", PSYCOPG_2="1")
