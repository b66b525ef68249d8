"""The demo's mails, read from the folder that Django's file backend writes them to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

# Django's file backend puts such a line after each message. In a text it may stand too, but no header follows there.
SEPARATOR = re.compile(rb"\n-{79}\n(?=[A-Za-z-]+: |\Z)")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail. `name` is how its URL names it: the file and its number there."""

    name: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        return self.message["Subject"] or ""

    @property
    def to(self) -> str:
        return self.message["To"] or ""

    @property
    def date(self) -> str:
        return self.message["Date"] or ""

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return part.get_content() if part else ""


def mails(folder: Path) -> list[Mail]:
    """Return all mails, the newest first."""
    return [mail for file in sorted(folder.glob("*.log"), reverse=True) for mail in reversed(list(_in(file)))]


def find(folder: Path, name: str) -> Mail | None:
    """Return the mail of that name. It is compared with the names that there are, so that no name leads out of the
    folder."""
    return next((mail for mail in mails(folder) if mail.name == name), None)


def _in(file: Path) -> Iterator[Mail]:
    for number, raw in enumerate(part for part in SEPARATOR.split(file.read_bytes()) if part):
        message = message_from_bytes(raw, policy=default)
        assert isinstance(message, EmailMessage)  # what the default policy makes
        yield Mail(f"{file.stem}-{number}", message)
