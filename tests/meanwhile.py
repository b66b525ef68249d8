"""What somebody else does while a request is under way: after it was let in, and before its view begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest

from sessions_ui import context

_acts: list[Callable[[], Any]] = []


class Meanwhile:
    """The last middleware. Add it to MIDDLEWARE, and name in `once_let_in()` what happens."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> None:
        if _acts and request.method not in ("GET", "HEAD"):
            assert request.user.is_authenticated  # it is let in by now
            as_somebody_else(_acts.pop())


def as_somebody_else(act: Callable[[], Any]) -> None:
    """Do something that is not done by the request which acts now."""
    token = context.begin(context.Acting())
    try:
        act()
    finally:
        context.finish(token)


@contextmanager
def once_let_in(act: Callable[[], Any]) -> Iterator[None]:
    """Within this block, run `act` once, when the first request that changes something is let in."""
    _acts.append(act)
    try:
        yield
        assert not _acts, "no such request came"
    finally:
        _acts.clear()
