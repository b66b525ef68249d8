"""What django-ninja leaves out of its OpenAPI document: the refusals, the scopes, and the headers of every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ninja import NinjaAPI
from ninja.operation import Operation

from sessions_ui.api.json.idempotency import HEADER, UNSAFE

REFUSALS = {
    400: "What was sent cannot be read.",
    401: "Nobody is known by the token or cookie that came, or none did.",
    403: "This is not allowed, or takes a proof that only a person can give.",
    404: "There is no such thing here, or it is somebody else's.",
    409: "Not now: the same request is under way, or what it is about has changed.",
    410: "What was asked for is kept no more.",
    411: "The body has no length: it came in chunks.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "What was sent says something that it may not.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    503: "Not just now; `Retry-After` says how long to wait.",
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "`urn:sessions-ui:` and a name that stays."},
        "title": {"type": "string", "description": "For whoever reads it."},
        "status": {"type": "integer"},
    },
}
KEY = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "Sent again within 24 hours, the request is answered as before and not carried out twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def completed(schema: Any, api: NinjaAPI) -> Any:
    """Return the document with what is the same for all operations."""
    components = schema["components"]
    components["schemas"]["Problem"] = PROBLEM
    for status, text in REFUSALS.items():
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        components.setdefault("responses", {})[f"Refused{status}"] = {"description": text, "content": content}
    operations = {each.view_func.__name__: each for each in operations_of(api)}
    for methods in schema["paths"].values():
        for method, told in methods.items():
            _complete(told, method.upper(), operations[told["operationId"]])
    return schema


def operations_of(api: NinjaAPI) -> Iterator[Operation]:
    """Yield every operation of the API."""
    for router in api._get_bound_routers():
        for view in router.path_operations.values():
            yield from view.operations


def _complete(told: dict[str, Any], method: str, operation: Operation) -> None:
    for status in REFUSALS:
        told["responses"].setdefault(str(status), {"$ref": f"#/components/responses/Refused{status}"})
    if method in UNSAFE:
        told["parameters"] = [*told["parameters"], KEY]
    for each in told["parameters"]:
        each.get("schema", {}).pop("title", None)
    scopes = scopes_of(operation)
    if scopes:
        needs = f"Scope: `{'` `'.join(scopes)}`."
        told["description"] = "\n\n".join(filter(None, [told.get("description"), needs]))
        told["x-scopes"] = list(scopes)
    told["description"] = re.sub(r"(?<!\n)\n(?!\n)", " ", told.get("description", ""))


def scopes_of(operation: Operation) -> tuple[str, ...]:
    """Return the scopes that a token needs for it."""
    return next((each.scopes for each in operation.auth_callbacks if hasattr(each, "scopes")), ())
