"""How templates are written: a tag a line, so that a change of one is a change of one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("sessions_ui/templates", "templates", "config/demo/templates")
TEMPLATES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.html"))
LONGEST = 160
CONDITION = re.compile(r"{% (?:el)?if (.+?) %}")
# What Django says of a time in other words than the app's filters do.
OTHER_TIMES = re.compile(r"\|(?:naturaltime|naturalday|timesince|timeuntil|date:\S*DATE)")
TEXT = re.compile(
    r"{% translate (?P<quote>[\"'])(?P<short>.*?)(?P=quote)"
    r"|{% blocktranslate[^%]*%}(?P<long>.*?){% endblocktranslate %}",
    re.DOTALL,
)
FOR_PEOPLE = [
    path for path in TEMPLATES if not {"admin", "mail", "email"} & set(path.relative_to(ROOT).parts)
]
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
OPERATOR = re.compile(r"\b(?:and|or)\b")


def too_long(source: str) -> list[int]:
    """Numbers of the lines over 160 characters."""
    return [number for number, line in enumerate(source.splitlines(), 1) if len(line) > LONGEST]


def too_involved(source: str) -> list[str]:
    """Conditions of more than two operands, which a property or the view can give a name."""
    found = CONDITION.findall(source)
    return [condition for condition in found if len(OPERATOR.findall(QUOTED.sub("''", condition))) > 1]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_short_lines_and_plain_conditions(path: Path) -> None:
    source = path.read_text()
    assert too_long(source) == []
    assert too_involved(source) == []


def test_the_templates_of_the_app_the_site_and_the_demo_are_looked_at() -> None:
    names = {str(path.relative_to(ROOT)) for path in TEMPLATES}
    assert names >= {
        "sessions_ui/templates/sessions_ui/devices.html",
        "templates/base.html",
        "config/demo/templates/demo/mail_list.html",
    }


def test_a_long_line_and_an_involved_condition_are_seen() -> None:
    assert too_long(f"short\n{'x' * LONGEST}\n{'x' * (LONGEST + 1)}") == [3]
    assert too_involved("{% if a and b %}{% elif a or 'this or that or more' %}{% endif %}") == []
    assert too_involved("{% if a and not b or c %}{% endif %}") == ["a and not b or c"]


def straight_quotes(source: str) -> list[str]:
    """Texts with quotes or apostrophes as a programmer types them; the pages have “these” and it’s."""
    texts = (found["short"] or found["long"] or "" for found in TEXT.finditer(source))
    return [text for text in texts if re.search(r"[\"']", re.sub(r"{%.*?%}|<[^>]*>", "", text))]


@pytest.mark.parametrize("path", FOR_PEOPLE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_has_one_form_of_quotes_and_of_times(path: Path) -> None:
    source = path.read_text()
    assert straight_quotes(source) == []
    assert OTHER_TIMES.findall(source) == []


def test_other_quotes_and_other_times_are_seen() -> None:
    assert straight_quotes("{% translate 'It’s “here”' %}{% translate \"It's here\" %}") == ["It's here"]
    assert (
        straight_quotes('{% blocktranslate trimmed %}<a href="/">Call "it"</a>{% endblocktranslate %}') != []
    )
    assert (
        straight_quotes('{% blocktranslate %}<a href="/">{% plural %}Here</a>{% endblocktranslate %}') == []
    )
    assert (
        OTHER_TIMES.findall(
            "{{ at|naturaltime }} {{ at|date:'DATE_FORMAT' }} {{ at|date:\"SHORT_DATE_FORMAT\" }}"
        )
        != []
    )
    assert OTHER_TIMES.findall("{{ at|ago }} {{ at|day }} {{ at|date:'j' }}") == []
