"""The app's models as tests read and write them: `objects` leaves out the rows of the bystander (`tests/bystander.py`).

So a test may say `Session.objects.get()` of its only session, and what it changes in all rows is changed in its own.
"""

from __future__ import annotations

from typing import Any

from sessions_ui import models
from sessions_ui.models import *  # noqa: F403
from tests.bystander import BUILDERS, Bystander

# Of the test that is running; None in one that does without.
bystander: Bystander | None = None


class Own:
    """Stands for a model, but for the bystander's rows."""

    def __init__(self, model: Any) -> None:
        self._model = model

    @property
    def objects(self) -> Any:
        everything = self._model.objects
        return everything if bystander is None else everything.exclude(pk__in=bystander.keys(self._model))

    def __call__(self, **fields: Any) -> Any:
        return self._model(**fields)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._model)


for name in BUILDERS.keys() & set(models.__all__):
    globals()[name] = Own(getattr(models, name))
