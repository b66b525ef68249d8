"""The value of an access token: made here, shown once, and known by its digest alone from then on.

    sui_pat_3fQ9vB0mZk1tYw7RrXc2LdPs8JhTnGaEuK5MiVo64WyC1x

A prefix says whose it is and of which kind, so that scanners of repositories and logs find it (docs/tokens.md has the
pattern); 40 random characters are 238 bits (ASVS 5.0 7.2.3 asks for 128); the last six are their CRC-32, as GitHub's
tokens have it, so that a typing error or a made-up value costs no statement. The checksum is no secret.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterator
from enum import StrEnum
from urllib.parse import unquote
from zlib import crc32

from django.views.decorators.debug import sensitive_variables

from sessions_ui.conf import conf

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_LENGTH = 40
CHECKSUM_LENGTH = 6  # 62**6 > 2**32
HINT_LENGTH = 4  # of the random part, so that people tell theirs apart


class TokenKind(StrEnum):
    """What a token is for; stands in its value, so that whoever finds one knows."""

    PERSONAL = "pat"
    SERVICE = "svc"
    AGENT = "agt"


SHAPE = re.compile(
    rf"(?P<head>[a-z0-9]+_(?:{'|'.join(TokenKind)})_)(?P<random>[0-9A-Za-z]{{{RANDOM_LENGTH}}})"
    rf"(?P<checksum>[0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)
# One within a text. A prefix has 20 characters at most (`TOKEN_PREFIX`), so that a long text takes no longer than its
# length.
WITHIN = re.compile(
    rf"[a-z0-9]{{1,20}}_(?:{'|'.join(TokenKind)})_[0-9A-Za-z]{{{RANDOM_LENGTH + CHECKSUM_LENGTH}}}"
)
# What may be a part of one, with its beginning or without; names such as `my_svc_settings` are shorter.
PART = re.compile(rf"[a-z0-9]{{1,20}}_(?:{'|'.join(TokenKind)})_[0-9A-Za-z]{{16,}}")
LONG_RUN = re.compile(r"[0-9A-Za-z]{20,}")
HEXADECIMAL = re.compile(r"[0-9a-f]+")
NOT_OF_TOKEN = re.compile(r"[^0-9A-Za-z_]+")
MOST_ENCODED = 3  # times that a text was percent-encoded
MARK = "[access token]"


@sensitive_variables("body")
def new_value(kind: TokenKind) -> str:
    """Return a new token of this kind."""
    body = f"{conf.token_prefix}_{kind}_" + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return body + checksum(body)


def tokens_in(text: str) -> Iterator[str]:
    """Yield every token in a text, each once, whatever stands in front of it: in a log `\\n` or `%3d` may, which looks
    like a part of its prefix. One that is percent-encoded, or that a line break or a space has split, is found as well.
    Takes time in proportion to the text."""
    found: dict[str, None] = {}
    for reading in readings(text):
        for match in WITHIN.finditer(reading):
            whole = match[0]
            ends = (whole[start:] for start in range(whole.index("_")))
            found |= dict.fromkeys(each for each in ends if is_well_formed(each))
    return iter(found)


def without_tokens(text: str) -> str:
    """Return the text with a mark in the place of whatever looks like a token, or like a part of one: a long run of
    digits and letters, too. What a site names by a hexadecimal number, as commits are, stays readable."""
    _plain, decoded, _joined = readings(text)
    if decoded != text and masked(decoded) != decoded:
        text = "".join(each if each.isprintable() else " " for each in decoded)
    text = masked(text)
    # What is left may be one in many short pieces, perhaps without its last.
    return MARK if PART.search(readings(text)[2]) else text


def may_hold_token(text: str) -> bool:
    """Return whether a token may stand in this text, or most of one."""
    return any(PART.search(reading) for reading in readings(text)[:2])


def readings(text: str) -> tuple[str, str, str]:
    """Return the text as it is, without percent-encoding, and without what can stand between two parts of a token."""
    decoded = text
    for _again in range(MOST_ENCODED):
        decoded = unquote(decoded)
    return text, decoded, NOT_OF_TOKEN.sub("", decoded)


def masked(text: str) -> str:
    text = PART.sub(MARK, text)
    return LONG_RUN.sub(lambda run: MARK if looks_random(run[0]) else run[0], text)


def looks_random(run: str) -> bool:
    """Return whether these are no word and no hexadecimal number: digits and letters, or letters of both cases."""
    is_word = run.isalpha() and run in (run.lower(), run.upper(), run.capitalize())
    return not (is_word or HEXADECIMAL.fullmatch(run))


def is_well_formed(value: str) -> bool:
    """Return whether this can be a token at all: of our shape, with the right checksum."""
    found = SHAPE.fullmatch(value)
    return found is not None and checksum(found["head"] + found["random"]) == found["checksum"]


def checksum(body: str) -> str:
    """Return the CRC-32 of everything before it, in base 62 and six characters."""
    number, characters = crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        characters = ALPHABET[digit] + characters
    return characters


def hint_of(value: str) -> str:
    """Return the last characters of the random part, by which its owner knows it: "64Wy" here."""
    return value[-CHECKSUM_LENGTH - HINT_LENGTH : -CHECKSUM_LENGTH]
