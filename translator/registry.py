"""Finds backends and source formats: one module, one name, no list to keep.

Third parties add theirs through the entry point groups ``sigma_kql.backends`` and ``sigma_kql.sources``.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any


def modules(package: ModuleType, constant: str) -> dict[str, Any]:
    """``constant`` of every module of ``package`` by the module's name, sorted.

    Modules whose names start with an underscore are not looked at.
    """
    names = sorted(each.name for each in pkgutil.iter_modules(package.__path__) if not each.name.startswith("_"))
    return {name: getattr(importlib.import_module(f"{package.__name__}.{name}"), constant) for name in names}


def plugins(group: str) -> dict[str, Any]:
    """What third parties installed under an entry point group, by name."""
    return {point.name: point.load() for point in sorted(entry_points(group=group), key=lambda point: point.name)}
