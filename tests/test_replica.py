"""The router under which the suite runs finds what it is there for."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import models, router

from sessions_ui import models as ours
from tests.replica import NoReplica, read_refused

READ = "def read(rows): return rows.exists()"


def reader(module: str) -> Any:
    """A function that reads, in a module of this name."""
    names: dict[str, Any] = {"__name__": module}
    exec(READ, names)
    return names["read"]


def test_the_suite_runs_under_a_router_that_refuses_reads_from_a_replica() -> None:
    assert NoReplica in [type(each) for each in router.routers]


@pytest.mark.parametrize("module", ["sessions_ui.actions.endings.end", "host.views"])
def test_a_read_of_the_apps_rows_is_refused_to_everybody(module: str) -> None:
    with read_refused(rf"^sessions_ui\.Device is read from a replica by {module}:1 \(read\)$"):
        reader(module)(models.QuerySet(ours.Device))


def test_a_read_of_users_is_refused_to_the_app() -> None:
    with read_refused(
        r"^accounts\.User is read from a replica by sessions_ui\.actions\.endings\.end:1 \(read\)$"
    ):
        reader("sessions_ui.actions.endings.end")(get_user_model()._base_manager.all())


@pytest.mark.django_db
def test_a_read_of_users_by_the_host_is_its_own_affair() -> None:
    assert reader("host.views")(get_user_model()._base_manager.filter(pk=0)) is False


@pytest.mark.django_db
def test_a_read_of_groups_is_the_hosts_affair() -> None:
    assert reader("sessions_ui.actions.endings.end")(Group.objects.filter(pk=0)) is False
