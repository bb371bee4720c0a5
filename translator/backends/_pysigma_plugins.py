"""pySigma's plugins: which are installed, and what one of them makes of a rule.

pySigma is loaded when a target of its is asked for; which targets there are is told by what is installed, without it.
"""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

from translator.errors import Code, refuse
from translator.rule import Rule
from translator.source import Span

#: The backend that we are, in pySigma's words.
OURS = "kibana_kql"

_BACKENDS = "sigma.backends"

#: What pySigma ships for its own tests.
_TEST = "test"


def is_installed(module: str) -> bool:
    """Whether a plugin's module can be found; loads nothing but the packages above it."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def modules() -> tuple[str, ...]:
    """The modules in which pySigma looks for backends."""
    try:
        package = importlib.import_module(_BACKENDS)
    except ModuleNotFoundError:
        return ()
    return tuple(
        f"{_BACKENDS}.{each.name}" for each in pkgutil.iter_modules(package.__path__) if each.name not in (_TEST, OURS)
    )


@cache
def discovered() -> Mapping[str, type[Any]]:
    """All backends that pySigma finds, by its names for them."""
    from sigma.plugins import InstalledSigmaPlugins

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = InstalledSigmaPlugins.autodiscover(include_pipelines=False, include_validators=False).backends
    kinds: Mapping[str, Any] = found  # pySigma's own annotation says that these are backends, not their classes
    return {
        name: kind
        for name, kind in kinds.items()
        if name != OURS and not kind.__module__.startswith((f"{_BACKENDS}.{_TEST}", "sigma.conversion"))
    }


@cache
def _pipeline(names: tuple[str, ...]) -> Any:
    from translator.sigma import processing

    return processing.pipeline(names)


def pipeline(names: Sequence[str], index: Sequence[str] = ()) -> Any:
    """The pipelines, with the rule's index patterns where backends look for them."""
    from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
    from sigma.processing.transformations import SetStateTransformation

    found = _pipeline(tuple(names))
    if not index:
        return found
    return ProcessingPipeline(items=[ProcessingItem(SetStateTransformation("index", list(index)))]) + found


def load(module: str, plugin: str) -> type[Any]:
    """The class of a backend."""
    kind: type[Any] = getattr(importlib.import_module(module), plugin)
    return kind


def convert(
    rule: Rule,
    data: Mapping[str, Any],
    kind: type[Any],
    pipelines: Any,
    *,
    options: Mapping[str, Any],
    attributes: Mapping[str, Any],
    escapes: Mapping[str, str],
) -> tuple[str, tuple[str, ...]]:
    """What a backend makes of a Sigma rule as plain values, and its warnings.

    The backend is made with ``options`` and gets ``attributes``; ``escapes`` are put in place of single characters that
    it writes. Several queries are alternatives, a line between them.

    Raises TranslatorError where the backend or a pipeline refuses the rule, by whatever error it does so.
    """
    from sigma.collection import SigmaCollection

    try:
        backend = kind(processing_pipeline=pipelines, **options)
        for name, value in attributes.items():
            setattr(backend, name, value)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            said = backend.convert(SigmaCollection.from_dicts([dict(data)]))
    except Exception as error:  # SigmaError, NotImplementedError, or any mistake of a plugin's
        raise _refusal(rule, kind, error) from error
    if not isinstance(said, list) or not said or not all(isinstance(each, str) and each.strip() for each in said):
        raise _refusal(rule, kind, ValueError("it wrote no query"))
    return "\n\n".join(each.translate(str.maketrans(dict(escapes))) for each in said), tuple(
        dict.fromkeys(_sentence(each.message) for each in warned if each.category is UserWarning)
    )


def _refusal(rule: Rule, kind: type[Any], error: Exception) -> Exception:
    who = getattr(kind, "name", kind.__name__)
    return refuse(
        Code.TARGET_REFUSES,
        f"{who} (pySigma) refuses the rule: {_sentence(error)}",
        rule.whole,
        Span(0, 1),
        "leave this rule to another target, or give a pipeline that knows its fields and log source (-p)",
    )


def _sentence(error: Exception | str) -> str:
    said = error.args[0] if isinstance(error, Exception) and error.args else error
    text = " ".join(str(said).split()) or type(error).__name__
    text = text.partition(" (while converting rule")[0].rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
