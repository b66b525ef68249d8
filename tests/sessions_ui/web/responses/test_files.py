"""Downloads: all of them are made in one place, kept by nobody, and in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import RequestFactory

from sessions_ui.web.responses.files import CHUNK, as_file, download

HEADERS = {
    "Content-Type": "text/csv",
    "Content-Disposition": 'attachment; filename="a.csv"',
    "Cache-Control": "no-store, private",
    "X-Content-Type-Options": "nosniff",
}


def test_a_file_is_saved_and_kept_nowhere_else() -> None:
    answer = as_file(b"a;b", name="a.csv", content_type="text/csv")
    assert (answer.content, dict(answer.headers)) == (b"a;b", HEADERS)


def test_a_file_that_is_made_while_it_is_sent_is_kept_nowhere_else_either() -> None:
    answer = download(RequestFactory().get("/"), iter(["a", ";b"]), name="a.csv", content_type="text/csv")
    assert (answer.getvalue(), dict(answer.headers)) == (b"a;b", HEADERS)


@pytest.mark.parametrize(
    ("pieces", "sizes"),
    [
        ([], []),
        ([""], [0]),
        (["x"] * (CHUNK + 1), [CHUNK, 1]),
        (["x" * CHUNK * 2, "x", "x"], [CHUNK * 2, 2]),
    ],
    ids=["nothing", "an empty file", "short pieces", "a long piece"],
)
def test_pieces_are_sent_together(pieces: list[str], sizes: list[int]) -> None:
    answer = download(RequestFactory().get("/"), iter(pieces), name="a.csv", content_type="text/csv")
    assert [len(part) for part in answer.streaming_content] == sizes


def test_no_more_is_read_than_is_sent() -> None:
    read = []

    def pieces() -> Iterator[str]:
        for number in range(3):
            read.append(number)
            yield "x" * CHUNK

    answer = download(RequestFactory().get("/"), pieces(), name="a.csv", content_type="text/csv")
    next(iter(answer.streaming_content))
    assert read == [0]


def test_every_download_is_made_here() -> None:
    """Whoever sets the header elsewhere forgets one of the others."""
    places = [
        str(path.relative_to(settings.BASE_DIR))
        for package in ("sessions_ui", "accounts", "config")
        for path in (Path(settings.BASE_DIR) / package).rglob("*.py")
        if "content-disposition" in (text := path.read_text(encoding="utf-8")).lower()
        or "FileResponse" in text
    ]
    assert places == ["sessions_ui/web/responses/files.py"]
