"""The targets: every module here is one, under its own name."""

from __future__ import annotations

import sys

from translator import registry
from translator.artefact import Backend

_HERE = sys.modules[__name__]
_GROUP = "sigma_kql.backends"


def backends() -> dict[str, Backend]:
    """All targets by name: the modules of this package, then what third parties installed."""
    found = registry.modules(_HERE, "BACKEND") | registry.plugins(_GROUP)
    return {name: backend.named(name) for name, backend in found.items()}


def backend(name: str) -> Backend | None:
    """The target called ``name``, or None; loads no other."""
    found = registry.one(_HERE, "BACKEND", _GROUP, name)
    return None if found is None else found.named(name)
