"""Writes `sessions_ui/client/countries/`: names of countries in every language of Django's, from CLDR, as babel has it.

    python -m tools.countries       with the newest Django: it has the most languages

babel itself is 33 MB, of which the app would need 0.6. A file has what its language says otherwise than the one of its
first part ("pt-br": "pt"), and none is made where that is nothing. A language that this Django lacks keeps its file.
"""

from __future__ import annotations

import json
from pathlib import Path

from babel import Locale, UnknownLocaleError
from django.conf.locale import LANG_INFO

FOLDER = Path(__file__).resolve().parents[1] / "sessions_ui" / "client" / "countries"


def languages() -> list[str]:
    """As Django writes them, and what their first parts are, the latter first."""
    return sorted({*LANG_INFO, *(language.partition("-")[0] for language in LANG_INFO)})


def names(language: str) -> dict[str, str]:
    """By ISO 3166-1 alpha-2 code; empty for what CLDR does not know."""
    try:
        territories = Locale.parse(language.replace("-", "_")).territories
    except (UnknownLocaleError, ValueError):
        return {}
    return {code: territories[code] for code in sorted(territories) if len(code) == 2 and code.isalpha()}


def files() -> dict[str, str]:
    """What each file has to hold, by its name."""
    made = {}
    for language in languages():
        first, _, rest = language.partition("-")
        known = names(first) if rest else {}
        own = {code: name for code, name in names(language).items() if known.get(code) != name}
        if own:
            made[f"{language}.json"] = json.dumps(own, ensure_ascii=False, indent=0, sort_keys=True) + "\n"
    return made


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    made = files()
    for language in languages():
        file = FOLDER / f"{language}.json"
        if text := made.get(file.name):
            file.write_text(text, encoding="utf-8")
        else:
            file.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
