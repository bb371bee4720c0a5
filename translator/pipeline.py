"""The whole journey, readable in one screen: read, check, say it in the target's words, settle the losses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from translator.artefact import Artefact, Backend, Options, Predicate
from translator.backends import backend, backends, foreign, own_names
from translator.backends.matcher import compile_
from translator.dsl import judge
from translator.errors import Code, Diagnostic, TranslatorError, diagnose, refuse
from translator.kql.check import Checked
from translator.ledger import Allowance
from translator.rule import Language, Rule, query_rule
from translator.schema import Schema
from translator.source import Source, Span


def convert(
    rule: Rule | str,
    *,
    to: str,
    schema: Schema | None = None,
    profile: str = "faithful",
    allow: Iterable[str] | Allowance = (),
    attack: int = 19,
    time_zone: str | None = None,
    width: int = 100,
    pipelines: Iterable[str] = (),
    fields: str | None = None,
) -> Artefact:
    """Say ``rule`` (or a KQL text) in the words of the target ``to``.

    ``profile`` names a set of accepted losses (`translator.profiles`); ``allow`` adds effects (``wider``, ``narrower``,
    ``mixed``) and loss codes to it. ``attack`` is the version of MITRE ATT&CK that tags are of: 19, or 18 to keep the
    rule's own. ``pipelines`` are pySigma's, by name or file: they change a Sigma rule before it is said, or work for
    the targets that pySigma's backends write.
    ``fields`` says which names a Sigma rule's fields get: Elastic's (``ecs``) or their own (``none``); left out, it is
    what the target's events have, or what the pipelines left. Raises
    TranslatorError where the rule is wrong, the target, the profile or a pipeline is unknown, or something would
    be lost that is not accepted; then nothing is made.
    """
    chosen = target(to)
    allowance = allow if isinstance(allow, Allowance) else Allowance.parse(allow)
    options = Options(
        schema or Schema.default(), profile, attack, time_zone=time_zone, width=width, pipelines=tuple(pipelines)
    )
    read, checked = Readings(_rule(rule), options, fields).towards(chosen)
    artefact = chosen.write(read, checked.formula, options, allowance, checked.losses)
    return replace(artefact, notes=(*read.notes, *checked.notes, *needs(read, artefact), *artefact.notes))


class Readings:
    """What one rule means to its targets, read once for all that read it alike.

    ``fields`` and the pipelines in ``options`` are as in `convert`.
    """

    def __init__(self, rule: Rule, options: Options, fields: str | None = None) -> None:
        self.rule = rule
        self.options = options
        self.fields = fields
        self._found: dict[tuple[bool, bool], tuple[Rule, Checked]] = {}

    def towards(self, chosen: Backend | None) -> tuple[Rule, Checked]:
        """The rule as the target is to say it (None: the matcher), and what it means. Raises TranslatorError."""
        # pySigma's backends bring the pipelines with them.
        own = chosen is None or chosen.name in own_names()
        name = None if chosen is None else chosen.name
        elastic = elastic_names(self.rule, name, self.fields or _kept_by(self.options.pipelines if own else ()))
        if (own, elastic) not in self._found:
            read = self.rule.through(self.options.pipelines) if own else self.rule
            checked = read.check(self.options.schema, elastic_names=elastic)
            if elastic and read.sigma_header:
                read = replace(read, sigma_header={**read.sigma_header, "taxonomy": "ecs"})
            self._found[own, elastic] = read, checked
        return self._found[own, elastic]


def _kept_by(pipelines: Iterable[str]) -> str | None:
    """The names that fields get where nobody says: a pipeline has named them already."""
    return "none" if tuple(pipelines) else None


#: Targets that ask Elasticsearch, where events have Elastic's names.
_ELASTIC_TARGETS = frozenset({"kql", "dsl", "elastic_rule", "elastic_toml", "siem_rule"})

#: How a Sigma rule's fields can be called.
FIELDS = ("ecs", "sigma", "none")


def elastic_names(rule: Rule, to: str | None, fields: str | None) -> bool:
    """Whether a Sigma rule's fields get Elastic's names on the way to the target ``to`` (None: the matcher).

    Raises TranslatorError where ``fields`` is no way to call them.
    """
    if fields is not None and fields not in FIELDS:
        source = Source(fields, "--fields")
        said = f'Fields cannot be called by "{fields}".'
        raise refuse(Code.UNKNOWN_FIELDS, said, source, Span(0, len(fields)), f"write one of {', '.join(FIELDS)}")
    if rule.language is not Language.SIGMA:
        return False
    return to in _ELASTIC_TARGETS if fields is None else fields == "ecs"


def compile_rule(
    rule: Rule | str,
    *,
    schema: Schema | None = None,
    allow: Iterable[str] | Allowance = (),
    fields: str | None = None,
    pipelines: Iterable[str] = (),
) -> Predicate:
    """A predicate that says of one event whether ``rule`` (or a KQL text) matches it.

    It never raises on an event and never changes it. Raises TranslatorError where the rule is wrong, where
    Elasticsearch would answer its query with an error, and for a regular expression that an event could stall (L024),
    unless ``allow`` accepts that. ``fields`` and ``pipelines`` are as in `convert`; left out, a Sigma rule's fields
    keep their names, and what is only nearly the same under Elastic's is judged so.
    """
    rule = _rule(rule).through(pipelines)
    types = schema or Schema.default()
    allowance = allow if isinstance(allow, Allowance) else Allowance.parse(allow)
    may_stall = Code.STALLING in allowance.codes
    checked = rule.check(types, elastic_names=elastic_names(rule, None, fields))
    return compile_(checked.formula, source=rule.whole, schema=types, may_stall=may_stall)


def compile_dsl(dsl: Mapping[str, Any], *, schema: Schema | None = None) -> Predicate:
    """A predicate that says of one event whether Elasticsearch would return it for a query.

    Raises TranslatorError where Elasticsearch would answer with an error, or for a clause that is not supported.
    """
    return judge.compile_(dsl, schema or Schema.default())


def target(name: str) -> Backend:
    """The backend called ``name``. Raises TranslatorError that lists the others."""
    found = backend(name)
    if found is None:
        source = Source(name, "--to")
        raise TranslatorError(
            (
                diagnose(
                    Code.UNKNOWN_TARGET,
                    f'There is no target "{name}".',
                    source,
                    Span(0, len(name)),
                    f"write one of {', '.join(sorted({**backends(), **foreign()}))}",
                ),
            )
        )
    return found


def needs(rule: Rule, artefact: Artefact | None = None) -> tuple[Diagnostic, ...]:
    """What the rule needs beyond one event, as notes; not where the artefact declares it as a loss."""
    told = {loss.message for loss in artefact.losses} if artefact is not None else set()
    return tuple(
        diagnose(Code.NEEDS_MORE, need.message, rule.source, need.span)
        for need in rule.needs
        if need.message not in told
    )


def _rule(rule: Rule | str) -> Rule:
    return query_rule(Source(rule)) if isinstance(rule, str) else rule
