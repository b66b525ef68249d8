"""Countries in the language of the page."""

from __future__ import annotations

import pytest
from django.conf.locale import LANG_INFO

from sessions_ui.client.country import country_name


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
def test_it_is_named_in_that_language(code: str, language: str | None, name: str) -> None:
    assert country_name(code, language) == name


def test_every_language_of_django_has_names() -> None:
    assert [language for language in LANG_INFO if not country_name("DE", language)] == []
