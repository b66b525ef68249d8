"""Import names of a package when somebody asks for them, so that importing the package needs no app registry."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, names: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for the module `package` (PEP 562).

    `names` says which names come from which module below the package.
    """
    module_of = {name: module for module, offered in names.items() for name in offered}

    def find(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{module_of[name]}"), name)

    def everything() -> list[str]:
        return sorted({*vars(sys.modules[package]), *module_of})

    return find, everything
