"""Text from outside, made harmless and short before any pattern sees it."""

from __future__ import annotations

import re

MAX_USER_AGENT = 512  # characters, as stored; the time of the patterns grows with the length
MAX_NAME = 64  # as in Device's columns
MAX_VERSION = 32  # as in Session's
VERSION = re.compile(r"\d+(?:\.\d+)*(?![\w-])", re.ASCII)


def cut(text: str, length: int = MAX_USER_AGENT) -> str:
    """Return at most `length` characters, none of them a control character (PostgreSQL refuses NUL)."""
    short = text[:length]
    return short if short.isprintable() else "".join(filter(str.isprintable, short))


def decoded(header: str) -> str:
    """Return a header as its writer meant it: WSGI hands over UTF-8 as if it were Latin-1 ("Подкасты/1520.39")."""
    if header.isascii():
        return header
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def name(text: str | None) -> str:
    """Return a name as it may be shown; nothing for one with markup in it, which is nobody's name."""
    text = cut(text or "", MAX_NAME).strip()
    return "" if any(char in text for char in '<>"&{}$\\') else text


def one_line(text: str) -> str:
    """Return what somebody wrote as one line that looks as it is: what is not printable (a control character, or one
    that turns the direction of what follows) is a space, and several spaces are one."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def version(text: str | None) -> str:
    """Return the numbers it begins with ("2.46.0" of "2.46.0.windows.1"), without the zeros that reduced user agents
    put where the real numbers were: "141", not "141.0.0.0". Empty where it begins with none."""
    numbers = VERSION.match((text or "")[:MAX_VERSION])
    tidy = numbers[0] if numbers else ""
    while tidy.endswith(".0"):
        tidy = tidy.removesuffix(".0")
    return tidy
