"""Finds backends and source formats: one module, one name, no list to keep.

Third parties add theirs through the entry point groups ``sigma_kql.backends`` and ``sigma_kql.sources``.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any


def names(package: ModuleType) -> list[str]:
    """The modules of ``package`` that declare something: those whose names start with no underscore, sorted."""
    return list(_public(tuple(package.__path__)))


def modules(package: ModuleType, constant: str) -> dict[str, Any]:
    """``constant`` of every module of ``package`` by the module's name, sorted."""
    return dict(_modules(package.__name__, tuple(package.__path__), constant))


def plugins(group: str) -> dict[str, Any]:
    """What third parties installed under an entry point group, by name."""
    return {point.name: point.load() for point in sorted(_points(group), key=lambda point: point.name)}


def plugin_names(group: str) -> list[str]:
    """The names under an entry point group; loads nothing."""
    return sorted(point.name for point in _points(group))


def one(package: ModuleType, constant: str, group: str, name: str) -> Any:
    """What is declared under ``name``, without loading the others; None if nothing is."""
    for point in _points(group):
        if point.name == name:
            return point.load()
    return _declared(package.__name__, name, constant) if name in names(package) else None


def _declared(package: str, name: str, constant: str) -> Any:
    return getattr(importlib.import_module(f"{package}.{name}"), constant)


@lru_cache(maxsize=16)
def _modules(package: str, path: tuple[str, ...], constant: str) -> dict[str, Any]:
    return {name: _declared(package, name, constant) for name in _public(path)}


def _points(group: str) -> tuple[EntryPoint, ...]:
    return _installed(group, tuple(sys.path))


@lru_cache(maxsize=16)
def _public(path: tuple[str, ...]) -> tuple[str, ...]:
    """To ask what lies in a folder reads it, and each conversion wants to know."""
    return tuple(sorted(each.name for each in pkgutil.iter_modules(path) if not each.name.startswith("_")))


@lru_cache(maxsize=16)
def _installed(group: str, path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """To ask what is installed reads many files, and each conversion wants to know."""
    return tuple(entry_points(group=group))
