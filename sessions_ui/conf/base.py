"""What every section of the settings stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from sessions_ui.conf.profiles import default_of

T = TypeVar("T")
# One value for everybody, or one for each user.
PerUser: TypeAlias = T | Callable[[Any], T | None] | None


def for_user(setting: Any, user: Any) -> Any:
    """The value that holds for this user. A callable is not asked about None, whom it could say nothing of: then there
    is no value."""
    if not callable(setting):
        return setting
    return None if user is None else setting(user)


class Section:
    """Settings that belong together. The first line of a section's docstring is its heading in docs/settings.md."""

    def __init__(self) -> None:
        # `override_settings`, and pytest-django's `settings`: whatever changes, since values depend on Django's, too.
        setting_changed.connect(self.forget)

    def forget(self, **kwargs: Any) -> None:
        """Read every setting again when it is asked for."""
        self.__dict__.clear()

    @property
    def _given(self) -> dict[str, Any]:
        return getattr(settings, "SESSIONS_UI", {})

    def _per_user(self, name: str) -> Any:
        """Return what the project says, else what its profile says; None where neither says anything."""
        value = self._given[name] if name in self._given else default_of(self._given, name)
        return import_string(value) if isinstance(value, str) else value
