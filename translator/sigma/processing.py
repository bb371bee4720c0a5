"""What pySigma's processing pipelines make of a rule, before anything of it is asked.

The items that were read are lent to a rule of pySigma's, its pipelines do with it what they do, and what they leave is
read as if it had been written so. Each item still knows its place; what a pipeline adds is where the detection is.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sigma.conditions import ConditionAND, ConditionOR
from sigma.exceptions import SigmaError, SigmaRuleLocation
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaDetections, SigmaRule

from translator.errors import Code, TranslatorError, refuse
from translator.rule import LogSource
from translator.sigma.modifiers import ModifierError, again
from translator.sigma.selections import Group, Item, Said
from translator.source import Source, Span


class Refused(Exception):
    """A pipeline refuses the rule, or leaves what no rule says; ``span`` is where, if it is known."""

    def __init__(self, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


@dataclass(frozen=True, slots=True)
class Processed:
    """What pipelines leave of a rule: its selections (None where nothing is left of one), its conditions.

    ``index`` are the index patterns that they set, if they do.
    """

    selections: Mapping[str, Said | None]
    conditions: tuple[str, ...]
    log_source: LogSource
    index: tuple[str, ...]


class _Place(SigmaRuleLocation):
    """Where an item stands. pySigma carries it along, and puts it into its errors."""

    def __init__(self, said: Said) -> None:
        super().__init__(Path("rule"))
        self.said = said


def process(
    header: Mapping[str, Any],
    selections: Mapping[str, Said],
    conditions: Sequence[str],
    names: Sequence[str],
    span: Span,
) -> Processed:
    """What the pipelines ``names`` make of a detection in a rule with ``header``; what they add stands at ``span``.

    Raises TranslatorError for a name that is no pipeline, and Refused.
    """
    pipelines = _kept(tuple(names))
    if pipelines.postprocessing_items or pipelines.finalizers:
        raise Refused("it changes what pySigma's backends write (postprocessing, finalizers), not the rule.")
    rule = SigmaRule.from_dict(dict(header), collect_errors=True)
    lent = {name: _lent(said) for name, said in selections.items()}
    try:
        rule.detection = SigmaDetections(lent, list(conditions))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pipelines.apply(rule)
    except SigmaError as error:
        place = error.source
        raise Refused(_sentence(error), place.said.span if isinstance(place, _Place) else None) from None
    except Exception as error:  # any mistake in a pipeline that somebody wrote
        raise Refused(f"{type(error).__name__}: {_sentence(error)}") from None
    read = _Reading(selections.values(), span)
    left = {str(name): read.detection(each) for name, each in rule.detection.detections.items()}
    said = rule.logsource
    return Processed(
        left,
        tuple(each.condition for each in rule.detection.parsed_condition),
        LogSource(said.category, said.product, said.service),
        _texts(pipelines.state.get("index")),
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),) if value else ()


def _lent(said: Said) -> SigmaDetection:
    """A selection as pySigma holds it."""
    match said:
        case Group(every=True, parts=parts) if all(isinstance(each, Item) for each in parts):
            return SigmaDetection([_item(each) for each in parts if isinstance(each, Item)], _Place(said), ConditionAND)
        case Group(every, parts):
            return SigmaDetection([_lent(each) for each in parts], _Place(said), ConditionAND if every else ConditionOR)
        case Item():
            return SigmaDetection([_item(said)], _Place(said), ConditionAND)


def _item(said: Item) -> SigmaDetectionItem:
    item = said.values.item
    item.source = _Place(said)
    return item


class _Reading:
    """Reads what is left; knows the places of all values that were there before."""

    def __init__(self, before: Iterable[Said], span: Span) -> None:
        self.span = span
        self.values = {
            id(value): place
            for said in before
            for item in _items(said)
            for value, place in zip(item.values.values, item.spans, strict=False)
        }

    def detection(self, detection: SigmaDetection) -> Said | None:
        """None where all of it was dropped, as pySigma's backends leave it out."""
        parts = [
            self.detection(each) if isinstance(each, SigmaDetection) else self.item(each)
            for each in detection.detection_items
        ]
        left = tuple(part for part in parts if part is not None)
        if len(left) <= 1:
            return left[0] if left else None
        place = detection.source
        span = place.said.span if isinstance(place, _Place) else self.span
        return Group(detection.item_linking is ConditionAND, left, span)

    def item(self, item: SigmaDetectionItem) -> Item:
        span = item.source.said.span if isinstance(item.source, _Place) else self.span
        places = tuple(self.values.get(id(value), span) for value in item.value)
        try:
            return Item(again(item), places or (span,), span)
        except ModifierError as error:
            raise Refused(error.message, span) from None


def _items(said: Said) -> Iterator[Item]:
    match said:
        case Item():
            yield said
        case Group(parts=parts):
            for part in parts:
                yield from _items(part)


@cache
def _kept(names: tuple[str, ...]) -> Any:
    return pipeline(names)


@cache
def resolver() -> Any:
    """What finds pySigma's pipelines, those of its plugins and those in files."""
    from sigma.plugins import InstalledSigmaPlugins

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return InstalledSigmaPlugins.autodiscover(
            include_backends=False, include_validators=False
        ).get_pipeline_resolver()


def pipeline(names: Sequence[str]) -> Any:
    """What pySigma has under these names, or in these files, as one pipeline.

    Raises TranslatorError for a name that is no pipeline.
    """
    from sigma.processing.pipeline import ProcessingPipeline

    if not names:
        return ProcessingPipeline()
    for name in names:
        try:
            resolver().resolve([name])
        except Exception as error:  # a file of YAML that is no pipeline ends in an error of any kind
            raise _unknown(name, error) from None
    return resolver().resolve(list(names))


def _unknown(name: str, error: Exception) -> TranslatorError:
    place = Source(name, "--pipeline"), Span(0, len(name))
    if type(error).__name__ != "SigmaPipelineNotFoundError":
        return refuse(Code.UNKNOWN_PIPELINE, f"The pipeline cannot be read: {_sentence(error)}", *place)
    known = ", ".join(sorted(resolver().pipelines)) or "a file's name"
    return refuse(Code.UNKNOWN_PIPELINE, f'There is no pipeline "{name}".', *place, f"write one of {known}")


def _sentence(error: Exception) -> str:
    text = " ".join(str(error.args[0] if error.args else error).split()).rstrip(".") or type(error).__name__
    return f"{text[:1].upper()}{text[1:]}."
