"""What error reports, logs and mails to administrators tell, wherever an error comes from."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import unwrap
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from zlib import crc32

from django.db import transaction
from django.utils import timezone, translation
from django.utils.log import AdminEmailHandler

import sessions_ui
from sessions_ui.models.device_cookie import with_value
from sessions_ui.store import SessionStore
from sessions_ui.token_value import new_value

ALL = os.environ.get("ERRORS") == "all"
DRAWN = 40
HOME = str(Path(sessions_ui.__file__).parent)
MAKERS = (with_value.__code__, SessionStore.new_key.__code__, unwrap(new_value).__code__)


class Boom(Exception):
    """Raised where a function returns."""


class Reports(AdminEmailHandler):
    """The mails that Django would send to the administrators about errors, as text and as HTML with local variables."""

    def __init__(self) -> None:
        super().__init__(include_html=True)
        self.setLevel(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Make the report, and let nothing fail in that."""
        watching = sys.getprofile()
        sys.setprofile(None)
        try:
            super().emit(record)
        finally:
            sys.setprofile(watching)

    def send_mail(self, subject: str, message: str, *args: Any, **options: Any) -> None:
        self.texts += [subject, message, options["html_message"] or ""]


@contextmanager
def reports() -> Iterator[list[str]]:
    """Collect the reports about all errors that are logged."""
    handler, loggers = Reports(), [logging.getLogger(name) for name in ("django.request", "sessions_ui")]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield handler.texts
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


class Walk:
    """A profile function: which of our functions a request calls, which keys and cookies it makes; and, where told so,
    an error in one of them, with all its variables in place."""

    def __init__(self, fails_in: CodeType | None = None) -> None:
        self.fails_in = fails_in
        self.called: dict[CodeType, None] = {}
        self.made: list[str] = []
        self.failed = False

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        if event != "return" or not frame.f_code.co_filename.startswith(HOME):
            return
        if frame.f_code in MAKERS and isinstance(arg, str):
            self.made.append(arg)
        del arg
        self.called[frame.f_code] = None
        if frame.f_code is self.fails_in and not self.failed:
            self.failed = True
            raise Boom

    @contextmanager
    def watching(self) -> Iterator[None]:
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)


def undone(act: Callable[[], Any], walk: Walk) -> None:
    """Do it, and take back what the database was told, and what zone and language somebody failed to put back."""
    with transaction.atomic(), timezone.override(None), translation.override(translation.get_language()):
        with walk.watching():
            act()
        transaction.set_rollback(True)


def errors_everywhere(act: Callable[[], Any], rooms: tuple[str, ...], lot: str = "") -> Iterator[Walk]:
    """Do it once for each function that it calls in these rooms, with an error there; yield what came of each. With a
    `lot`, which each caller has of its own, some are drawn: every second of a few, and some forty of many. All are
    tried with `ERRORS=all`."""
    first = Walk()
    undone(act, first)
    undone(act, first)  # what is made once only is there now
    calls = Walk()
    undone(act, calls)
    called = [code for code in calls.called if code.co_filename.removeprefix(HOME).startswith(rooms)]
    step = max(2, len(called) // DRAWN) if lot and not ALL else 1
    for code in called[crc32(lot.encode()) % step :: step]:
        walk = Walk(fails_in=code)
        undone(act, walk)
        if walk.failed:
            yield walk


def name_of(code: CodeType) -> str:
    return f"{code.co_filename.removeprefix(HOME)}:{code.co_qualname}"
