"""The targets: every module here is one, under its own name."""

from __future__ import annotations

import sys

from translator import registry
from translator.artefact import Backend


def backends() -> dict[str, Backend]:
    """All targets by name: the modules of this package, then what third parties installed."""
    found = registry.modules(sys.modules[__name__], "BACKEND") | registry.plugins("sigma_kql.backends")
    return {name: backend.named(name) for name, backend in found.items()}
