"""The targets that pySigma's backends write: our Sigma, worded for each, handed over, and what comes back.

``named`` finds one by name and ``listed`` tells which there are. Nothing of pySigma is loaded before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from translator import logic
from translator.artefact import Backend, Emitted, Options, Predicate
from translator.backends import _elastic_document
from translator.backends import _pysigma_plugins as plugins
from translator.backends import _pysigma_probes as probes
from translator.backends import _pysigma_sql as sql
from translator.backends import sigma as sigma_target
from translator.backends._pysigma_dialects import DIALECTS, SIEM_RULE, Dialect
from translator.backends._pysigma_wording import word
from translator.errors import Code, Diagnostic, diagnose
from translator.ledger import Loss
from translator.logic import Formula
from translator.profiles import PORTABLE
from translator.rule import LogSource, Rule
from translator.schema import Schema
from translator.sigma import document
from translator.sigma.layout import arrange
from translator.sigma.log_source import infer
from translator.sigma.portable import rewrite
from translator.sigma.returned import complete
from translator.source import Span

#: Targets whose queries can be run here, where their engine is.
_RUN: dict[str, tuple[Callable[[], bool], Callable[[str, Schema], Predicate]]] = {
    "duckdb": (sql.duckdb_is_there, sql.duckdb_matches),
    "sqlite": (lambda: True, sql.sqlite_matches),
}


#: Questions for a text, in which letter case may matter or not.
_TEXTS = logic.Equals | logic.Matches | logic.Like


@dataclass(frozen=True, slots=True)
class Plugin:
    """A backend that has no row: where its class is, and what it calls itself. What it can say is asked when used."""

    module: str
    name: str
    summary: str

    @property
    def dialect(self) -> Dialect:
        """How to drive it."""
        return probes.dialect(self.module, self.name, self.summary)


#: Backends that come in one module with one that has a row.
_BESIDE = {
    "open_search_ppl": Plugin(
        "sigma.backends.opensearch", "OpenSearchPPLBackend", "OpenSearch's Piped Processing Language"
    ),
    "splunk_spl2": Plugin("sigma.backends.splunk", "SplunkSPL2Backend", "Splunk's SPL2"),
}

#: Modules of which every backend has a name here; the last holds an old name of Kusto's.
_KNOWN = {each.module for each in DIALECTS.values()} | {"sigma.backends.microsoft365defender"}


def listed() -> Iterator[str]:
    """The names of the targets that are installed, sorted. A backend that has no row goes by pySigma's name for it."""
    rows = {name: each.module for name, each in DIALECTS.items()}
    rows |= {name: each.module for name, each in _BESIDE.items()} | {SIEM_RULE: rows["lucene"]}
    yield from sorted({*(name for name, module in rows.items() if plugins.is_installed(module)), *_strangers()})


def _strangers() -> dict[str, Plugin]:
    """Backends of modules that nothing here knows; pySigma is loaded only where there is one."""
    if all(any(known.startswith(module) for known in _KNOWN) for module in plugins.modules()):
        return {}
    return {
        name: Plugin(kind.__module__, kind.__name__, str(getattr(kind, "name", kind.__name__)))
        for name, kind in plugins.discovered().items()
        if not any(kind.__module__.startswith(known) for known in _KNOWN)
    }


def named(name: str) -> Backend | None:
    """The target that pySigma writes under this name, or None where no installed plugin does."""
    if name == SIEM_RULE:
        return _siem_rule() if plugins.is_installed(DIALECTS["lucene"].module) else None
    if (row := DIALECTS.get(name)) is not None:
        return _backend(name, row) if plugins.is_installed(row.module) else None
    plugin = _BESIDE.get(name)
    if plugin is None or not plugins.is_installed(plugin.module):
        plugin = _strangers().get(name)
    return None if plugin is None else _plugin(name, plugin)


def _plugin(name: str, plugin: Plugin) -> Backend:
    def emit(rule: Rule, formula: Formula, options: Options) -> Emitted:
        return query(name, plugin.dialect, rule, formula, options).emitted(rule, plugin.dialect)

    return Backend(
        summary=f"{plugin.summary} (pySigma)",
        suffix=".txt",
        emit=emit,
        limits="what its backend does not write; what the product makes of it is not known here",
        separator="\n",
        name=name,
    )


def _backend(name: str, dialect: Dialect) -> Backend:
    def emit(rule: Rule, formula: Formula, options: Options) -> Emitted:
        return query(name, dialect, rule, formula, options).emitted(rule, dialect)

    there, matches = _RUN.get(name, (lambda: False, None))
    return Backend(
        summary=f"{dialect.summary} (pySigma)",
        suffix=dialect.suffix,
        emit=emit,
        matches=matches if there() else None,
        limits=dialect.limits,
        separator="\n",
        name=name,
    )


@dataclass(frozen=True, slots=True)
class Query:
    """What a backend wrote, as it wrote it."""

    text: str
    losses: tuple[Loss, ...]
    notes: tuple[Diagnostic, ...]
    #: Whether it can be run back here.
    runs: bool

    def emitted(self, rule: Rule, dialect: Dialect) -> Emitted:
        """The query below a line that says what it is, where the language has such lines."""
        notes = self.notes if self.runs else (*self.notes, not_verified(rule, dialect))
        return Emitted(f"{_comment(rule, dialect, self.runs)}{self.text}\n", self.text, self.losses, notes)


def query(
    name: str, dialect: Dialect, rule: Rule, formula: Formula, options: Options, *, elastic: bool = False
) -> Query:
    """Have the backend write ``formula``; ``elastic`` leaves its fields the names that Elastic's rules ask for.

    Raises TranslatorError where the backend, or a pipeline, refuses the rule.
    """
    log_source, notes = infer(rule, formula)
    losses: tuple[Loss, ...] = ()
    portable = options.profile == PORTABLE.name and not elastic
    cased = not any(isinstance(node, _TEXTS) and not node.cased for node in logic.walk(formula))
    renamed = rule.sigma_header.get("taxonomy") == "ecs"
    if portable and (renamed or not sigma_target.is_in_sigmas_names(rule)):
        rewritten = rewrite(formula, log_source, rule.whole)
        formula, losses, notes = rewritten.formula, rewritten.losses, (*notes, *rewritten.notes)
    pipelines = options.pipelines if elastic else _pipelines(dialect, log_source, options)
    worded = word(formula, dialect, rule.whole, mapped=bool(pipelines), exact=options.profile != PORTABLE.name)
    write = document.portable if portable else document.faithful
    data = write(rule, arrange(worded.part), log_source, attack=options.attack)
    if rule.sigma_header:
        data = complete(data, rule, faithful=not portable)
    text, warned = plugins.convert(
        rule,
        data,
        plugins.load(dialect.module, dialect.plugin),
        plugins.pipeline(pipelines, rule.index if dialect.index else ()),
        options=dialect.options,
        escapes=dialect.escapes,
        attributes={**dialect.attributes, **({"convert_or_as_in": False} if worded.apart else {})},
    )
    told = dict.fromkeys([*losses, *worded.losses, *sigma_target.needs(rule)])
    if portable and cased and dialect.minds:
        # The portable words mind no case, but the target does, as the rule did.
        told = {loss: None for loss in told if loss.code is not Code.CASE}
    notes += tuple(diagnose(Code.NOT_VERIFIED, each, rule.source, Span(0, 1)) for each in warned)
    return Query(text, tuple(told), notes, name in _RUN and _RUN[name][0]())


def _pipelines(dialect: Dialect, log_source: LogSource, options: Options) -> tuple[str, ...]:
    """Those that the caller names; else those that bring the names of Sigma's taxonomy to the target's."""
    if options.pipelines:
        return options.pipelines
    if options.profile != PORTABLE.name or dialect.product not in (None, log_source.product):
        return ()
    return dialect.pipelines


def not_verified(rule: Rule, dialect: Dialect) -> Diagnostic:
    """The note that nobody ran the artefact."""
    message = f"Only the product can run this ({dialect.summary}); it was not run here."
    return diagnose(Code.NOT_VERIFIED, message, rule.source, Span(0, 1))


def _comment(rule: Rule, dialect: Dialect, runs: bool) -> str:
    if dialect.comment is None:
        return ""
    title = " ".join(rule.title.split()).replace("`", "'")
    said = f"{title} ({rule.id})" + ("" if runs else ". Not verified: written for a product that was not run")
    return dialect.comment.format(said) + "\n"


def _siem_rule() -> Backend:
    """The Lucene query in a detection rule of ours: pySigma's own asks the network for the names of ATT&CK."""
    dialect = DIALECTS["lucene"]

    def emit(rule: Rule, formula: Formula, options: Options) -> Emitted:
        said = query("lucene", dialect, rule, formula, options, elastic=True)
        data = _elastic_document.document(rule, _elastic_document.Asked(said.text, "lucene"))
        # A rule of Elastic's carries what a query leaves out.
        losses = [each for each in said.losses if each.code is not Code.NEED_DROPPED]
        told = (*losses, *_elastic_document.losses(rule))
        return Emitted(_elastic_document.text(data), data, told, (*said.notes, not_verified(rule, dialect)))

    return Backend(
        summary="Elastic detection rule with a Lucene query, as Kibana imports it (pySigma)",
        suffix=".ndjson",
        emit=emit,
        limits=dialect.limits,
        name=SIEM_RULE,
    )
