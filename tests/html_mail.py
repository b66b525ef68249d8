"""What a person sees of an HTML mail."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"br", "meta", "img", "link", "hr", "input"}
UNSEEN = {"head", "title", "style", "script"}

Attributes = dict[str, str | None]


class HtmlMail(HTMLParser):
    """The HTML part of a mail. Each element is closed where it belongs, or that is an error: mail programs mend less
    than browsers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.shown: list[str] = []
        self.hidden: list[str] = []
        self._open: list[tuple[str, bool]] = []  # each with whether it is hidden
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    @property
    def preheader(self) -> str:
        """What a list of mails shows beside the subject, and nobody who has opened it."""
        return one_line("".join(self.hidden))

    @property
    def text(self) -> str:
        """All that is shown, in one line."""
        return one_line("".join(self.shown))

    @property
    def links(self) -> set[str]:
        return {attributes.get("href") or "" for tag, attributes in self.elements if tag == "a"}

    @property
    def languages(self) -> set[tuple[str | None, str | None]]:
        """Language and direction, wherever they are said."""
        said = [attributes for _tag, attributes in self.elements if "lang" in attributes]
        return {(attributes["lang"], attributes.get("dir")) for attributes in said}

    def first(self, tag: str) -> Attributes:
        return next(attributes for name, attributes in self.elements if name == tag)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            hides = "display:none" in (dict(attrs).get("style") or "")
            self._open.append((tag, hides or any(hidden for _tag, hidden in self._open)))

    def handle_endtag(self, tag: str) -> None:
        opened, _hidden = self._open.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_data(self, data: str) -> None:
        if any(tag in UNSEEN for tag, _hidden in self._open):
            return
        is_hidden = any(hidden for _tag, hidden in self._open)
        (self.hidden if is_hidden else self.shown).append(data)


def one_line(text: str) -> str:
    return " ".join(text.split())
