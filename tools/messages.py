"""`python -m tools.messages`: every text of the code and the templates into the catalogues of the languages.

`problems()` says what a language lacks; tests/tools/test_messages.py fails on it for each that the site offers.
Needs gettext.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation import to_locale

ROOT = Path(__file__).resolve().parent.parent
SOURCE_LANGUAGE = "en"
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
PLURALS = {
    "de": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "pt-br": "nplurals=2; plural=(n > 1);",
    "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : "
    "n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5;",
}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Folders whose texts belong together, and where their translations are; below the root."""

    sources: tuple[str, ...]
    locale: str

    def path(self, language: str, root: Path = ROOT) -> Path:
        return root / self.locale / to_locale(language) / "LC_MESSAGES" / "django.po"

    def extract(self, root: Path = ROOT) -> polib.POFile:
        """What xgettext finds, by way of Django's `makemessages` on a copy: the tree itself stays as it is."""
        with tempfile.TemporaryDirectory(prefix="messages-") as folder:
            copy = Path(folder)
            for source in self.sources:
                shutil.copytree(
                    root / source,
                    copy / source,
                    ignore=shutil.ignore_patterns("locale", "migrations", "static", "__pycache__"),
                )
            (copy / "locale").mkdir()
            command = [sys.executable, "-m", "django", "makemessages", "--locale", "xx", "--keep-pot"]
            subprocess.run(command, cwd=copy, check=True, capture_output=True, env={"PATH": _path()})
            return polib.pofile(str(copy / "locale" / "django.pot"))


APP = Catalogue(("sessions_ui",), "sessions_ui/locale")
SITE = Catalogue(("accounts", "config", "templates"), "locale")


def _path() -> str:
    """Where the programs of gettext are."""
    found = shutil.which("xgettext")
    if found is None:
        raise RuntimeError("gettext is not installed")
    return str(Path(found).parent)


def update(
    catalogue: Catalogue, language: str, root: Path = ROOT, *, texts: polib.POFile | None = None
) -> None:
    """Take in what is new, keep what is translated, drop what is gone, compile. `texts`: what was extracted before."""
    path = catalogue.path(language, root)
    po = polib.pofile(str(path)) if path.exists() else polib.POFile()
    po.metadata |= {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "MIME-Version": "1.0",
        "Language": to_locale(language),
        "Plural-Forms": PLURALS[language],
    }
    po.merge(texts or catalogue.extract(root))
    for entry in po.obsolete_entries():
        po.remove(entry)
    for entry in po:
        entry.occurrences = [(name, "") for name in sorted({name for name, _line in entry.occurrences})]
    po.sort(key=lambda entry: (entry.msgid, entry.msgctxt or ""))
    path.parent.mkdir(parents=True, exist_ok=True)
    po.save(str(path))
    po.save_as_mofile(str(path.with_suffix(".mo")))


def problems(
    catalogue: Catalogue, language: str, root: Path = ROOT, *, texts: polib.POFile | None = None
) -> list[str]:
    """One line for each text that is missing, or says other placeholders than the English one. `texts`: as above."""
    path = catalogue.path(language, root)
    if not path.exists():
        return [f"{catalogue.locale}: no catalogue for {language}"]
    po = polib.pofile(str(path))
    known = {(entry.msgctxt, entry.msgid): entry for entry in po if not entry.obsolete}
    found = []
    for wanted in texts or catalogue.extract(root):
        entry = known.get((wanted.msgctxt, wanted.msgid))
        if entry is None or not entry.translated():
            found.append(f"missing: {wanted.msgid}")
        elif wrong := wrong_placeholders(entry):
            found.append(f"{wrong} in the translation of: {wanted.msgid}")
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or texts_of(polib.mofile(str(compiled))) != texts_of(po.translated_entries()):
        found.append(f"not compiled: {path.name}")
    return found


def texts_of(entries: Iterable[polib.POEntry | polib.MOEntry]) -> dict[tuple[str | None, str], str]:
    """A text may have several translations, each in its context."""
    return {(entry.msgctxt, entry.msgid): entry.msgstr for entry in entries}


def wrong_placeholders(entry: polib.POEntry) -> str:
    """Names that a translation has and the text has not, or the other way round; a plural form may leave one out
    ("one device")."""
    ours = set(PLACEHOLDER.findall(entry.msgid + entry.msgid_plural))
    forms = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    for form in forms:
        theirs = set(PLACEHOLDER.findall(form))
        if theirs - ours or (not entry.msgid_plural and ours - theirs):
            return ", ".join(sorted(theirs ^ ours))
    return ""


def main() -> int:
    for catalogue in (APP, SITE):
        texts = catalogue.extract()  # the same for every language, and what takes the time
        for language in PLURALS:
            update(catalogue, language, texts=texts)
            lacking = len(problems(catalogue, language, texts=texts))
            print(f"{catalogue.path(language).relative_to(ROOT)}: {lacking} to do")
    return 0


if __name__ == "__main__":
    sys.exit(main())
