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


def own_names() -> set[str]:
    """The names of all targets; loads none."""
    return {*registry.names(_HERE), *registry.plugin_names(_GROUP)}


def backend(name: str) -> Backend | None:
    """The target called ``name``, or None; loads no other. What is not ours may be one of pySigma's backends."""
    found: Backend | None = registry.one(_HERE, "BACKEND", _GROUP, name)
    if found is not None:
        return found.named(name)
    from translator.backends import _pysigma

    return _pysigma.named(name)


def foreign() -> dict[str, Backend]:
    """The targets that installed pySigma backends write, by name, but for those that a target of ours has."""
    from translator.backends import _pysigma

    found = {name: _pysigma.named(name) for name in _pysigma.listed() if name not in own_names()}
    return {name: each for name, each in found.items() if each is not None}
