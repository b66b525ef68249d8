"""Countries in the language of the page."""

from __future__ import annotations

import pytest
from django.conf.locale import LANG_INFO

from sessions_ui.client.country import FOLDER, country_name
from tools.countries import files, names


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("GB", "en", "United Kingdom"),
        ("GB", "de", "Vereinigtes Königreich"),
        ("DE", "ar", "ألمانيا"),
        ("DE", "zh-hans", "德国"),
        ("DE", "pt-br", "Alemanha"),
        # A language that nobody knows, or a page without one, is read in English.
        ("DE", "xx-klingon", "Germany"),
        ("DE", "", "Germany"),
        ("DE", None, "Germany"),
        ("", "en", ""),
        ("QQ", "en", ""),
    ],
)
def test_a_country_is_named_in_that_language(code: str, language: str | None, name: str) -> None:
    assert country_name(code, language) == name


def test_the_files_say_what_cldr_says() -> None:
    """`python -m tools.countries` makes them."""
    wanted = files()  # of this Django; a newer one may have more languages
    assert {name: (FOLDER / name).read_text(encoding="utf-8") for name in wanted} == wanted


@pytest.mark.parametrize("language", LANG_INFO)
def test_all_countries_are_named_as_babel_names_them(language: str) -> None:
    """The files hold differences only."""
    expected = {**names("en"), **names(language)}
    assert {code: country_name(code, language) for code in expected} == expected


@pytest.mark.parametrize("language", ["../client/countries/de", "de\0", "de/", ".", "d\u0130", "x" * 5000])
def test_what_is_no_language_is_read_in_english(language: str) -> None:
    assert country_name("DE", language) == "Germany"


def test_every_language_of_django_has_names() -> None:
    assert [language for language in LANG_INFO if not country_name("DE", language)] == []
