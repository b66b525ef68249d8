"""Every address of the site, found in its URL patterns, with arguments that lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.urls import URLResolver, get_resolver, reverse

from tests.bystander import Bystander

# What stands in a pattern for something that no row has.
TEXTS = {
    "app_label": "sessions_ui",
    "token": "a:b",
    "name": "lost",
    "uidb36": "1",
    "key": "set-password",
    "content_type_id": "1",
    "url": "sessions_ui",
    "result": "a:b",
}
# Whose public id it is, by the beginning of the name.
PUBLIC_IDS = {
    "sessions_ui:sign_out_session": "Session",
    "sessions_ui:sign_out_folded": "Session",
    "sessions_ui:token": "AccessToken",
    "sessions_ui:end_token": "AccessToken",
    "sessions_ui:renew_token": "AccessToken",
    "admin:sessions_ui_serviceaccount_value": "AccessToken",
    "sessions_ui:": "Device",
    "help_desk:receipt": "CaseReceipt",
    "help_desk:": "Case",
}


def addresses(somebody: Bystander) -> dict[str, str]:
    """Name of each pattern and a path that it matches; the rows in the paths are those of `somebody`."""
    return {
        name: reverse(name, kwargs={key: value_of(key, name, somebody) for key in keys})
        for name, keys in patterns(get_resolver())
    }


def patterns(
    resolver: Any, namespace: str = "", keys: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name and arguments of each. Without those that have no name: the admin's redirects from former addresses."""
    for entry in resolver.url_patterns:
        inside = (*keys, *entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, namespace + (f"{entry.namespace}:" if entry.namespace else ""), inside)
        elif entry.name:
            yield namespace + entry.name, inside


def value_of(key: str, name: str, somebody: Bystander) -> Any:
    if key in TEXTS:
        return TEXTS[key]
    if key in ("public_id", "device_id"):
        model = (
            "Device"
            if key == "device_id"
            else next(PUBLIC_IDS[start] for start in PUBLIC_IDS if name.startswith(start))
        )
        return public_id(model, somebody)
    return primary_key(name, somebody)


def public_id(model: str, somebody: Bystander) -> str:
    rows = apps.get_model("sessions_ui", model)._base_manager
    column = "session__public_id" if model == "AccessToken" else "public_id"
    return str(rows.filter(pk__in=somebody.keys(rows.model)).values_list(column, flat=True)[0])


def primary_key(name: str, somebody: Bystander) -> Any:
    """Of the model that a page of the admin is about ("admin:sessions_ui_device_change"), one where there is none."""
    for model in apps.get_models():
        if name.startswith(f"admin:{model._meta.app_label}_{model._meta.model_name}_"):
            return next(iter(somebody.keys(model)), 1)
    return 1
