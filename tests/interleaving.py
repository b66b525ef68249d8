"""What another request does between two statements of this one, without threads: each time at the very same place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def just_before(statement: str, act: Callable[[], Any]) -> Iterator[None]:
    """Within this block, run `act` once, before the first statement that begins like `statement`: a regular
    expression, in which a dot stands for whatever the database quotes names with."""
    waits = True

    def interleave(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal waits
        if waits and re.match(statement, sql):
            waits = False
            act()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(interleave):
        yield
    assert not waits, f"no statement began like {statement}"


@contextmanager
def just_after(statement: str, act: Callable[[], Any]) -> Iterator[None]:
    """The same, but after the statement was executed and before its caller goes on."""
    waits = True

    def interleave(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal waits
        result = execute(sql, params, many, context)
        if waits and re.match(statement, sql):
            waits = False
            act()
        return result

    with connection.execute_wrapper(interleave):
        yield
    assert not waits, f"no statement began like {statement}"
