"""Reads are routed to a replica that is always out of reach, so nothing of the app may ask for one.

The router is on for the whole suite. It refuses a read of the app's own models, whoever asks, and a read of the user
model by a module of the app. The host's own reads (its views, its backends, rights of groups) are its own affair.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import override_settings

APP = "sessions_ui"
# What calls on behalf of somebody else: who is meant stands further up.
PASSED_OVER = {"asgiref", "concurrent", "contextlib", "django", "functools", "threading"}

refused: list[ReadFromReplica] = []


class ReadFromReplica(AssertionError):
    """Names the model that was to be read, and the line that did."""


class NoReplica:
    """A database router for tests: has no opinion, but on what must not be read from a replica."""

    def db_for_read(self, model: Any, **hints: Any) -> None:
        asking = sys._getframe(2)  # past Django's own router
        if is_refused(model, asking):
            refused.append(
                ReadFromReplica(f"{model._meta.label} is read from a replica by {_line(caller_of(asking))}")
            )
            raise refused[-1]


def is_refused(model: Any, asking: FrameType) -> bool:
    if model._meta.app_label == APP:
        # A related manager asks what kind of database its rows are in, and reads nothing there; its queryset does.
        return asking.f_code.co_name != "_apply_rel_filters"
    return issubclass(get_user_model(), model) and _package(caller_of(asking)) == APP


@contextmanager
def read_refused(match: str) -> Iterator[None]:
    """For a test that wants one; any other makes its test fail, also where something passes over the error."""
    with pytest.raises(ReadFromReplica, match=match):
        yield
    refused.pop()


def caller_of(frame: FrameType | None) -> FrameType | None:
    """The nearest one that is not Django's."""
    while frame is not None and _package(frame) in PASSED_OVER:
        frame = frame.f_back
    return frame


def _package(frame: FrameType | None) -> str:
    return _module(frame).partition(".")[0]


def _module(frame: FrameType | None) -> str:
    return "" if frame is None else str(frame.f_globals.get("__name__", ""))


def _line(frame: FrameType | None) -> str:
    return "nobody" if frame is None else f"{_module(frame)}:{frame.f_lineno} ({frame.f_code.co_name})"


@pytest.fixture(scope="session", autouse=True)
def _no_replica(django_test_environment: None) -> Iterator[None]:
    with override_settings(DATABASE_ROUTERS=[f"{__name__}.NoReplica"]):
        yield


@pytest.fixture(autouse=True)
def _nothing_read_from_a_replica() -> Iterator[None]:
    """What was refused in a place that goes on after every error is found here."""
    refused.clear()
    yield
    assert refused == []
