"""A change made in a process that runs: every function of the changed code goes on with the new one.

What ran at import (a constant, a decorator, a default), or when Django started (`connect()` and what it calls for each
model), is done and stays as it was: then it is `NotInPlace`.
"""

from __future__ import annotations

import gc
import inspect
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

# What the app's `ready()` calls, and what that has called for every model by then.
AT_START = {"ready", "connect", "bind", "for_every_model", "watch_credentials"}


class NotInPlace(Exception):
    """The change is to more than the code of functions."""


@dataclass(frozen=True, slots=True)
class Functions:
    """All of a package: also those that only a decorator, a closure or a registry still holds."""

    by_file: dict[str, list[FunctionType]]
    caches: list[_lru_cache_wrapper[Any]]

    @classmethod
    def of(cls, package: Path) -> Functions:
        found = cls(defaultdict(list), [])
        gc.unfreeze()  # what is frozen (tests/conftest.py) is not listed
        for thing in gc.get_objects():
            # By type(): a lazy object would be made by the question.
            if type(thing) is FunctionType:
                found.by_file[thing.__code__.co_filename].append(thing)
            elif type(thing) is _lru_cache_wrapper and thing.__module__.startswith(f"{package.name}."):
                found.caches.append(thing)
        gc.freeze()
        return found

    def changed(self, file: Path, old: str, new: str) -> list[tuple[FunctionType, CodeType]]:
        """What must get another code; nothing is done yet."""
        before, after = (compile(text, str(file), "exec", dont_inherit=True) for text in (old, new))
        codes = dict(_differences(before, after))
        changes = []
        for function in self.by_file[str(file)]:
            if function.__code__ in codes:
                code = codes[function.__code__]
                if code is None or code.co_freevars != function.__code__.co_freevars:
                    raise NotInPlace
                if function.__name__ in AT_START and _itself(function.__code__) != _itself(code):
                    raise NotInPlace
                changes.append((function, code))
        if not changes:
            raise NotInPlace
        return changes

    def change(self, changes: list[tuple[FunctionType, CodeType]]) -> None:
        for function, code in changes:
            function.__code__ = code
        for cache in self.caches:
            cache.cache_clear()


def _differences(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType | None]]:
    """Each code of a function that is another one now, and that one; None where it is gone."""
    pairs = list(zip_longest(_within(old), _within(new)))
    if not _is_function(old) and (_itself(old) != _itself(new) or any(None in pair for pair in pairs)):
        raise NotInPlace
    for before, after in pairs:
        if before is None or before == after:
            continue
        if after is None:
            yield before, None
            continue
        if _is_function(before):
            yield before, after
        yield from _differences(before, after)


def _within(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _is_function(code: CodeType) -> bool:
    """No module and no body of a class, which have run."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


def _itself(code: CodeType) -> tuple[object, ...]:
    """Without what is within, and without its lines."""
    constants = [repr(constant) for constant in code.co_consts if not isinstance(constant, CodeType)]
    return code.co_code, code.co_names, constants
