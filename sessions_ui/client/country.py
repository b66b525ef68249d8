"""Names of countries in the reader's language, from CLDR: place files have them in English only, or not at all.

Pure: the language comes from the caller. The names are files beside this module (`python -m tools.countries` makes
them), one for each language, read when first needed: most processes never name a country.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

FALLBACK = "en"
FOLDER = Path(__file__).parent / "countries"


def country_name(code: str, language: str | None) -> str:
    """Return the name of a country; empty for an unknown code.

    `code`: ISO 3166-1 alpha-2. `language`: as Django writes it ("de", "pt-br", "zh-hans"); what CLDR, or Django, does
    not have in it is in English.
    """
    return _names(language or FALLBACK).get(code) or _names(FALLBACK).get(code, "")


@lru_cache(maxsize=128)
def _names(language: str) -> dict[str, str]:
    """Return the names in the language's first part, overridden by those in the whole of it."""
    language = language.lower().replace("_", "-")
    return _read(language.partition("-")[0]) | _read(language)


def _read(name: str) -> dict[str, str]:
    """Read the names of one file; empty where there is no such file."""
    if not name.replace("-", "").isalnum():
        return {}
    try:
        return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
