"""Whatever field of ours the administration shows has a name in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import FieldDoesNotExist
from django.utils import translation

from sessions_ui.admin.labels import LABELS

pytestmark = pytest.mark.django_db


def shown_fields(request: Any) -> Iterator[Any]:
    """The fields in the lists, filters and pages of the app's models."""
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label != "sessions_ui":
            continue
        filters = [
            each[0] if isinstance(each, tuple) else each for each in model_admin.get_list_filter(request)
        ]
        page = flatten_fieldsets(model_admin.get_fieldsets(request))
        for name in {*map(str, model_admin.get_list_display(request)), *map(str, filters), *page}:
            try:
                yield model._meta.get_field(name)
            except FieldDoesNotExist:
                continue  # a column of the page's own, with a description


def test_each_field_that_is_shown_has_a_name_of_its_own_or_one_of_the_table(
    rf: Any, administrator: Any
) -> None:
    request = rf.get("/admin/")
    request.user = administrator
    fields = list(shown_fields(request))
    assert len(fields) > 60
    unnamed = {
        str(field)
        for field in fields
        if not field.auto_created and field._verbose_name is None and field.name not in LABELS
    }
    assert unnamed == set()
    assert {name for name in LABELS if name not in {field.name for field in fields}} == set()


def test_a_page_names_its_fields_in_the_language_of_the_reader(rf: Any, administrator: Any) -> None:
    request = rf.get("/admin/")
    request.user = administrator
    [field] = {field for field in shown_fields(request) if str(field) == "sessions_ui.Session.signed_in_at"}
    with translation.override("de"):
        assert str(field.verbose_name) == "angemeldet am"
    with translation.override("en"):
        assert str(field.verbose_name) == "signed in at"
