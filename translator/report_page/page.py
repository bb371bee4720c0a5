"""The page: totals, the list of rules, each rule, and what of ATT&CK they cover."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import translator
from translator.attack import navigator
from translator.report_page.coverage import coverage
from translator.report_page.sections import Section, Verdict
from translator.report_page.templates import hash_of, pieces, text_of, verbatim


@dataclass(frozen=True, slots=True)
class _Total:
    """A number at the head of the page, and which rules it counts."""

    count: int
    said: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """How often each verdict was given of a target."""

    target: str
    counts: tuple[int, ...]


def write(sections: Iterable[Section], facts: Iterable[tuple[str, str]] = ()) -> Iterator[str]:
    """The page of all sections, piece by piece, differences first; ``facts`` are what the verdicts were made with."""
    order = list(Verdict)
    ordered = sorted(sections, key=lambda each: (order.index(each.verdict), each.number))
    style, script = text_of("style.css"), text_of("script.js")
    judged = [each for each in ordered if each.verdict is not Verdict.BROKEN]
    given = [each for each in Verdict if any(one.verdict is each for section in judged for one in section.targets)]
    title = ordered[0].title if len(ordered) == 1 else f"{len(ordered):,} rules"
    layer = navigator.layer(((each.title, each.placement) for each in judged), f"sigma-kql: {title}")
    yield from pieces(
        "page.html",
        title=title,
        many=len(ordered) != 1,
        version=translator.__version__,
        facts=list(facts),
        style=verbatim(style),
        script=verbatim(script),
        style_hash=hash_of(style),
        script_hash=hash_of(script),
        totals=list(_totals(ordered)),
        verdicts=given,
        targets=list(_targets(judged, given)),
        sections=ordered,
        outcomes=[each for each in Verdict if any(one.verdict is each for one in ordered)],
        coverage=coverage(judged),
        layer=base64.b64encode(json.dumps(layer).encode("ascii")).decode("ascii") if layer["techniques"] else None,
    )


def _totals(sections: Sequence[Section]) -> Iterator[_Total]:
    counts = Counter(each.verdict for each in sections)
    yield _Total(len(sections), "rules" if len(sections) != 1 else "rule", tuple(Verdict))
    for verdict in Verdict:
        if counts[verdict] or verdict in (Verdict.DIFFERS, Verdict.DECLARED, Verdict.SAME):
            yield _Total(counts[verdict], verdict, (verdict,))


def _targets(sections: Sequence[Section], verdicts: Sequence[Verdict]) -> Iterator[_Row]:
    counts: dict[str, Counter[Verdict]] = {}
    for section in sections:
        for each in section.targets:
            counts.setdefault(each.name, Counter())[each.verdict] += 1
    for target in sorted(counts):
        yield _Row(target, tuple(counts[target][verdict] for verdict in verdicts))
