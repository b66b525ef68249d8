"""Read JSON as RFC 8259 and I-JSON (RFC 7493) have it: what Python's parser takes beyond that no database keeps."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from sessions_ui.api.json.problems import Problem

JSON = "application/json"


class StrictParser(Parser):
    """Raises `Problem` (400) for a body that is none, and for another content type (415)."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != JSON:
            raise Problem(415, "unsupported-media-type", f"The body has to be {JSON}.")
        try:
            said = json.loads(request.body, parse_constant=_refuse, object_pairs_hook=_once_each)
            _verify_texts(said)
        except (ValueError, RecursionError):
            raise Problem(400, "malformed", "The body is not valid JSON.") from None
        return said


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise ValueError("a name is there twice")
    return said


def _verify_texts(said: Any) -> None:
    """Raise `ValueError` for a text that is not Unicode (half of a surrogate pair), or has a NUL in it."""
    if isinstance(said, str):
        said.encode()
        if "\0" in said:
            raise ValueError("a NUL")
    elif isinstance(said, list):
        for each in said:
            _verify_texts(each)
    elif isinstance(said, dict):
        for name, each in said.items():
            _verify_texts(name)
            _verify_texts(each)
