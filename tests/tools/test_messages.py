"""Every text that people read is there in every language that the site offers."""

from __future__ import annotations

import shutil
from pathlib import Path

import polib
import pytest
from django.conf import settings

from tools.messages import APP, SITE, SOURCE_LANGUAGE, Catalogue, problems, update

pytestmark = pytest.mark.skipif(shutil.which("xgettext") is None, reason="gettext is not installed")

VIEW = """
from django.utils.translation import gettext as _, ngettext
_("Sign out")
_("Hello %(name)s")
ngettext("%(count)d device", "%(count)d devices", 2)
"""


def test_no_text_is_missing_in_any_language_that_is_offered() -> None:
    lacking = {
        f"{language} {catalogue.locale}": found
        for catalogue in (APP, SITE)
        for texts in [catalogue.extract()]
        for language, _name in settings.LANGUAGES
        if language != SOURCE_LANGUAGE
        if (found := problems(catalogue, language, texts=texts))
    }
    assert lacking == {}


@pytest.mark.parametrize(
    "language", [language for language, _name in settings.LANGUAGES if language != SOURCE_LANGUAGE]
)
def test_a_text_of_both_catalogues_is_translated_once(language: str) -> None:
    """Django shows the site's in the app's pages, too."""
    app, site = (polib.pofile(str(catalogue.path(language))) for catalogue in (APP, SITE))
    of_app = {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in app}
    of_site = {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in site}
    assert {text for text in of_app.keys() & of_site.keys() if of_app[text] != of_site[text]} == set()


@pytest.mark.parametrize("catalogue", [APP, SITE], ids=["app", "site"])
def test_texts_are_found(catalogue: Catalogue) -> None:
    texts = {entry.msgid for entry in catalogue.extract()}
    assert texts >= ({"Sign out everywhere"} if catalogue is APP else {"Your active devices"})


@pytest.fixture
def small(tmp_path: Path) -> Catalogue:
    """A catalogue of three texts, in German, not translated yet."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "views.py").write_text(VIEW, encoding="utf-8")
    catalogue = Catalogue(("shop",), "locale")
    update(catalogue, "de", tmp_path)
    return catalogue


def translate(catalogue: Catalogue, root: Path, **texts: str) -> None:
    path = catalogue.path("de", root)
    po = polib.pofile(str(path))
    for entry in po:
        if entry.msgid_plural:
            entry.msgstr_plural = {0: "ein Gerät", 1: "%(count)d Geräte"}
        else:
            entry.msgstr = texts.get(entry.msgid.split()[0], "")
    po.save(str(path))
    update(catalogue, "de", root)


def test_what_is_missing_is_named(small: Catalogue, tmp_path: Path) -> None:
    assert len(problems(small, "de", tmp_path)) == 3
    translate(small, tmp_path, Sign="Abmelden")
    assert problems(small, "de", tmp_path) == ["missing: Hello %(name)s"]
    translate(small, tmp_path, Sign="Abmelden", Hello="Hallo %(name)s")
    assert problems(small, "de", tmp_path) == []


def test_a_placeholder_that_was_lost_is_named(small: Catalogue, tmp_path: Path) -> None:
    translate(small, tmp_path, Sign="Abmelden", Hello="Hallo %(nome)s")
    assert problems(small, "de", tmp_path) == ["name, nome in the translation of: Hello %(name)s"]


def test_what_was_not_compiled_is_named(small: Catalogue, tmp_path: Path) -> None:
    translate(small, tmp_path, Sign="Abmelden", Hello="Hallo %(name)s")
    small.path("de", tmp_path).with_suffix(".mo").unlink()
    assert problems(small, "de", tmp_path) == ["not compiled: django.po"]


def test_translations_outlive_a_new_text(small: Catalogue, tmp_path: Path) -> None:
    translate(small, tmp_path, Sign="Abmelden", Hello="Hallo %(name)s")
    (tmp_path / "shop" / "views.py").write_text(VIEW + '_("New")\n', encoding="utf-8")
    update(small, "de", tmp_path)
    assert problems(small, "de", tmp_path) == ["missing: New"]


def test_a_language_without_a_catalogue_lacks_it(tmp_path: Path) -> None:
    assert problems(Catalogue(("shop",), "locale"), "de", tmp_path) == ["locale: no catalogue for de"]
