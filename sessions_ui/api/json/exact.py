"""What an operation does not take is refused: left out in silence, `?stat=ended` would list what is signed in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, NamedTuple

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.errors import ValidationError

from sessions_ui.api.json.document import operations_of

EMPTY = (b"", b"{}")  # of clients that always send one


class Taken(NamedTuple):
    """The names of the parameters in the address, and whether there is a body."""

    query: frozenset[str]
    body: bool


def exactly(api: NinjaAPI) -> Callable[..., Any]:
    """Return a decorator for the operations of this API, which are asked when it is known who asks."""

    @cache
    def taken() -> dict[str, Taken]:
        return {each.view_func.__name__: _taken(each.models) for each in operations_of(api)}

    def decorate(operation: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(operation)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            verify_exact(request, taken()[operation.__name__])
            return operation(request, *args, **kwargs)

        return asked

    return decorate


def _taken(models: Any) -> Taken:
    names = {
        name
        for model in models
        if model.__ninja_param_source__ == "query"
        for name in model.__ninja_flatten_map__
    }
    return Taken(frozenset(names), any(model.__ninja_param_source__ == "body" for model in models))


def verify_exact(request: HttpRequest, taken: Taken) -> None:
    """Raise `ValidationError` for a parameter that is not taken, or comes twice, and for a body where none is."""
    wrong: list[tuple[tuple[str, ...], str]] = [
        (("query", name), "it is not known here" if name not in taken.query else "it is there twice")
        for name, values in request.GET.lists()
        if name not in taken.query or len(values) > 1
    ]
    if not taken.body and request.body.strip() not in EMPTY:
        wrong.append((("body",), "nothing is taken here"))
    if wrong:
        raise ValidationError([{"loc": place, "msg": what} for place, what in wrong])
