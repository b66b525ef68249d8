"""Names of countries in the reader's language, from CLDR by way of babel: place files have them in English only, or
not at all. Pure: the language comes from the caller."""

from __future__ import annotations

from functools import lru_cache

FALLBACK = "en"


def country_name(code: str, language: str | None) -> str:
    """`code`: ISO 3166-1 alpha-2. `language`: as Django writes it ("de", "pt-br", "zh-hans"); what CLDR does not have
    in it is in English. Empty for an unknown code."""
    return _names(language or FALLBACK).get(code) or _names(FALLBACK).get(code, "")


@lru_cache(maxsize=128)
def _names(language: str) -> dict[str, str]:
    # Here, not above: most processes start without ever naming a country.
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(FALLBACK)
    return {code: name for code, name in locale.territories.items() if len(code) == 2}
