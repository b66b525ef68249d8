"""What a person sees of an HTML mail."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import html5lib


class HtmlMail:
    """The HTML part of a mail, parsed strictly: what a browser would mend is an error."""

    def __init__(self, html: str) -> None:
        self.root: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
        body = self.root.find("body")
        assert body is not None
        self.body: Element = body

    @property
    def preheader(self) -> str:
        """What a list of mails shows beside the subject, and nobody who has opened it."""
        return one_line("".join(text for part in self.hidden() for text in part.itertext()))

    @property
    def text(self) -> str:
        """All that is shown, in one line."""
        parts = [part for part in self.body if part not in self.hidden()]
        return one_line("".join(text for part in parts for text in part.itertext()))

    @property
    def links(self) -> set[str]:
        return {link.get("href", "") for link in self.root.iter("a")}

    @property
    def languages(self) -> set[tuple[str | None, str | None]]:
        """Language and direction, wherever they are said."""
        return {(part.get("lang"), part.get("dir")) for part in self.root.iter() if part.get("lang")}

    def hidden(self) -> list[Element]:
        return [part for part in self.body if "display:none" in part.get("style", "")]


def one_line(text: str) -> str:
    return " ".join(text.split())
