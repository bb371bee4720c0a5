"""Sigma YAML -> logic. pySigma reads modifiers and headers; YAML's nodes give every finding its place.

The text of a query may hold several documents: those that complete its rule (``action``), then the filters that apply
to it. The query of a correlation holds the rules that it names; an event matters to it if it matches one of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from sigma import exceptions
from sigma.rule import SigmaRule

from translator import logic, yaml_reader
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.kql.check import Checked
from translator.ledger import Loss
from translator.rule import LogSource
from translator.schema import Schema
from translator.sigma import conditions, processing
from translator.sigma.documents import Kind, Piece, pieces
from translator.sigma.elastic_names import Renaming
from translator.sigma.selections import Said, Selections
from translator.source import Source, Span
from translator.yaml_reader import Document, Path

#: The key of the rule that an error of pySigma's is about.
_KEYS: dict[type[exceptions.SigmaError], str] = {
    exceptions.SigmaTitleError: "title",
    exceptions.SigmaIdentifierError: "id",
    exceptions.SigmaNameError: "name",
    exceptions.SigmaTaxonomyError: "taxonomy",
    exceptions.SigmaStatusError: "status",
    exceptions.SigmaDescriptionError: "description",
    exceptions.SigmaReferencesError: "references",
    exceptions.SigmaRelatedError: "related",
    exceptions.SigmaAuthorError: "author",
    exceptions.SigmaDateError: "date",
    exceptions.SigmaModifiedError: "modified",
    exceptions.SigmaLicenseError: "license",
    exceptions.SigmaTagError: "tags",
    exceptions.SigmaLogsourceError: "logsource",
    exceptions.SigmaFieldsError: "fields",
    exceptions.SigmaFalsePositivesError: "falsepositives",
    exceptions.SigmaScopeError: "scope",
    exceptions.SigmaLevelError: "level",
}

#: A name that pySigma 1 takes for an operator and a name: it has no word border after its ``not``.
_MISREAD = re.compile(r"not[A-Za-z0-9_-]")

#: What is one word of a condition, in the text of a file as in what YAML makes of it.
_WORD = re.compile(r"[A-Za-z0-9_*+-]+|[^\sA-Za-z0-9_*+-]")


def check(source: Source, schema: Schema, *, elastic_names: bool = False, pipelines: tuple[str, ...] = ()) -> Checked:
    """What the detection of the Sigma rule in ``source`` means. Raises TranslatorError with every mistake.

    ``elastic_names`` gives the fields of Sigma's taxonomy the names that Elastic has for them; ``pipelines`` of
    pySigma's change the rule before.
    """
    reader = _Reader(schema, elastic_names=elastic_names, pipelines=pipelines)
    formula = reader.query(yaml_reader.read_all(source), source)
    if reader.found:
        raise TranslatorError(dict.fromkeys(reader.found))
    return Checked(formula, (*reader.unknown(source), *reader.notes), tuple(reader.losses))


def process(source: Source, pipelines: tuple[str, ...]) -> processing.Processed | None:
    """What pySigma's pipelines make of the rule in ``source``; None where it cannot be read, which `check` tells.

    Raises TranslatorError for a name that is no pipeline.
    """
    reader = _Reader(Schema.none(), elastic_names=False, pipelines=pipelines)
    reader.query(yaml_reader.read_all(source), source)
    return reader.processed


def _header(document: Document) -> list[Diagnostic]:
    """What pySigma says of everything but the detection, which is read piece by piece for its places."""
    plain = _plain(document)
    found = []
    for error in _errors(plain):
        key = next((key for kind, key in _KEYS.items() if isinstance(error, kind)), None) or _blamed(plain, error)
        found.append(diagnose(Code.BAD_SIGMA, _sentence(error), document.source, document.span(key)))
    return found


def _plain(document: Document) -> dict[str, Any]:
    """A rule that says everything but its detection."""
    beside = {} if "detection" in document.value else {"logsource": {"category": "test"}}
    return {
        **beside,
        **{key: value for key, value in document.value.items() if isinstance(key, str)},
        "detection": {"selection": {"field": "value"}, "condition": "selection"},
    }


class _Reader:
    """Carries the schema and the findings; what the pipelines made of the last rule."""

    def __init__(self, schema: Schema, *, elastic_names: bool, pipelines: tuple[str, ...]) -> None:
        self.schema = schema
        self.elastic_names = elastic_names
        self.pipelines = pipelines
        #: The rule that a filter is about: pipelines do with the filter what they do with it.
        self.header: dict[str, Any] = {}
        self.processed: processing.Processed | None = None
        self.found: list[Diagnostic] = []
        self.notes: list[Diagnostic] = []
        self.losses: list[Loss] = []
        self.fields: dict[str, Span] = {}

    def query(self, documents: Sequence[Document], source: Source) -> logic.Formula:
        """All documents of a query's text."""
        rules: list[logic.Formula] = []
        correlates = False
        for piece in pieces(documents):
            if isinstance(piece, TranslatorError):
                self.found += piece.diagnostics
                continue
            match piece.kind:
                case Kind.RULE:
                    if piece.again and rules:
                        rules.pop()
                    rules.append(self.rule(piece))
                case Kind.FILTER:
                    if rules:
                        rules[-1] = logic.And((rules[-1], self.filter(piece)), span=rules[-1].span)
                case Kind.CORRELATION:
                    correlates = True
                    self.found += _header(piece.document)
                case _:
                    assert_never(piece.kind)
        if not rules:
            if not self.found:
                self.mistake(source, "There is no Sigma rule in the text.", Span(0, 1), "write `detection:`")
            return logic.Or(())
        if not correlates or len(rules) == 1:
            return rules[-1]
        return logic.Or(tuple(rules), span=Span(0, len(source.text)))

    def rule(self, piece: Piece) -> logic.Formula:
        document = piece.document
        self.header = _plain(document)
        self.found += _header(document)
        if not isinstance(document.value.get("detection"), dict):
            return self.mistake(
                document.source,
                "A Sigma rule has a `detection` map in it.",
                document.span("detection"),
                "write `detection:` with a selection and a `condition`",
            )
        return self.detection(document, "detection")

    def filter(self, piece: Piece) -> logic.Formula:
        self.found += _header(piece.document)
        return self.detection(piece.document, "filter")

    def detection(self, document: Document, key: str) -> logic.Formula:
        """The selections under ``key`` and their condition, in Elastic's names if that was asked for."""
        named_so = self.elastic_names and document.value.get("taxonomy", "sigma") == "sigma"
        renaming = Renaming(_log_source(document)) if named_so else None
        formula = self.joined(document, key, renaming)
        if renaming is not None:
            self.notes += renaming.notes(document.source)
            self.losses += renaming.losses(formula, document.source)
        return formula

    def joined(self, document: Document, key: str, renaming: Renaming | None) -> logic.Formula:
        """The selections under ``key``, joined as its condition says; one of several conditions is enough."""
        reader = Selections(document, self.schema, renaming)
        selections: Mapping[str, Said | None] = reader.read((key,))
        said = document.value[key].get("condition")
        texts = _texts(said)
        if self.pipelines and texts and not (self.found or reader.found):
            done = self.through_pipelines(document, key, selections, texts)
            if done is None:
                return logic.Or(())
            selections, texts = done.selections, done.conditions
        asked = {name: None if each is None else reader.formula(each) for name, each in selections.items()}
        self.found += reader.found
        self.notes += reader.notes
        self.fields = {**reader.asker.unknown(), **self.fields}
        if texts:
            path: Path = (key, "condition")
            paths = [(*path, at) for at in range(len(texts))] if isinstance(said, list) else [path]
            read = zip(texts, paths, strict=True)
            parts = [_Meaning(self, document, asked).condition(each, where) for each, where in read]
            return parts[0] if len(parts) == 1 else logic.Or(tuple(parts), span=document.span(*path))
        if said is not None:
            return self.mistake(
                document.source, "The condition is no text.", document.value_span(key, "condition"), "write a text"
            )
        stray = next((each for each in _strays(document, key) if each is not None), None)
        return self.mistake(
            document.source,
            "The `condition` stands in the wrong place." if stray else "The detection has no condition.",
            stray or document.span(key),
            f"write `condition: selection` inside `{key}`, beside the selections",
        )

    def through_pipelines(
        self, document: Document, key: str, selections: Mapping[str, Any], texts: Sequence[str]
    ) -> processing.Processed | None:
        """What pySigma's pipelines leave; None where they refuse the rule."""
        try:
            done = processing.process(self.header, selections, texts, self.pipelines, document.span(key))
        except processing.Refused as why:
            said = f"The pipeline {', '.join(self.pipelines)} refuses the rule: {why.message}"
            hint = "change the pipeline, or leave the rule to another"
            span = why.span or document.span(key)
            self.found.append(diagnose(Code.TARGET_REFUSES, said, document.source, span, hint))
            return None
        self.processed = done if key == Kind.RULE.value else self.processed
        return done

    def unknown(self, source: Source) -> list[Diagnostic]:
        """One note for the fields that the schema does not know."""
        if not self.fields:
            return []
        names = list(self.fields)
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        message = f"The schema {self.schema.name} does not know {shown}; treated as keyword."
        hint = "give the types with --schema FILE"
        return [diagnose(Code.UNKNOWN_FIELD, message, source, min(self.fields.values(), key=_start), hint)]

    def mistake(self, source: Source, message: str, span: Span, hint: str | None = None) -> logic.Formula:
        self.found.append(diagnose(Code.BAD_SIGMA, message, source, span, hint))
        return logic.Or(())


class _Meaning:
    """A condition over selections."""

    def __init__(self, reader: _Reader, document: Document, selections: Mapping[str, logic.Formula | None]) -> None:
        self.reader = reader
        self.document = document
        self.selections = selections
        self.path: Path = ()
        self.text = ""

    def condition(self, text: str, path: Path) -> logic.Formula:
        self.path, self.text = path, text
        try:
            formula = self.formula(conditions.parse(text))
        except conditions.Mistake as wrong:
            code = Code.TOO_DEEP if wrong.deep else Code.BAD_SIGMA
            shown = text if len(text) <= 80 else f"{text[:77]}..."
            message = f"The condition `{shown}` is wrong: {wrong.message}"
            found = diagnose(code, message, self.document.source, self.place(wrong.span), wrong.hint)
            self.reader.found.append(found)
            return logic.Or(())
        if formula is not None:
            return formula
        message = f"The pipeline {', '.join(self.reader.pipelines)} leaves nothing of the condition `{text}`."
        span = self.document.value_span(*path)
        self.reader.found.append(diagnose(Code.TARGET_REFUSES, message, self.document.source, span))
        return logic.Or(())

    def formula(self, said: conditions.Condition) -> logic.Formula | None:
        """None where pipelines left nothing of what is named; what it stands in does without."""
        match said:
            case conditions.Name(name):
                return self.named(name, said.span)
            case conditions.Chosen(every, shape):
                names = conditions.selected(shape, list(self.selections))
                if not names:
                    message = (
                        f"No selection has a name like `{shape}`." if shape != "them" else "There is no selection."
                    )
                    raise conditions.Mistake(message, said.span, "write such a selection, or take this away")
                return self.joined(every, [self.selections[name] for name in names], said.span)
            case conditions.Without(item):
                inner = self.formula(item)
                return None if inner is None else logic.Not(inner, span=self.place(said.span))
            case conditions.Joined(every, items):
                return self.joined(every, [self.formula(item) for item in items], said.span)
            case _:
                assert_never(said)

    def joined(self, every: bool, parts: list[logic.Formula | None], span: Span) -> logic.Formula | None:
        left = tuple(part for part in parts if part is not None)
        if len(left) <= 1:
            return left[0] if left else None
        return (logic.And if every else logic.Or)(left, span=self.place(span))

    def named(self, name: str, span: Span) -> logic.Formula | None:
        if name not in self.selections:
            known = ", ".join(self.selections) or "none"
            raise conditions.Mistake(f"There is no selection `{name}`.", span, f"the selections are {known}")
        if _MISREAD.match(name):
            message = f"pySigma 1, and what builds on it, reads the name {name} as `not {name[3:]}`."
            hint = f"call it selection_{name}"
            found = diagnose(Code.SIGMA_NAME, message, self.document.source, self.place(span), hint)
            if found not in self.reader.notes:
                self.reader.notes.append(found)
        return self.selections[name]

    def place(self, span: Span) -> Span:
        """``span`` of the condition in the file, whose text may be quoted, folded or on several lines."""
        around = self.document.value_span(*self.path)
        raw = self.document.source.text[around.start : around.end]
        inside = raw.find(self.text) if self.text else -1
        if inside >= 0:
            return Span(around.start + inside + span.start, around.start + inside + span.end)
        words, spelled = list(_WORD.finditer(self.text)), list(_WORD.finditer(raw))
        # Behind what begins a block or a quoted text, its words are the same.
        spelled = (
            spelled[len(spelled) - len(words) :] if raw[:1] in "|>" else spelled[1:-1] if raw[:1] in "'\"" else spelled
        )
        if not words or [each[0] for each in words] != [each[0] for each in spelled]:
            return around
        first = next((at for at, word in enumerate(words) if word.end() > span.start), len(words) - 1)
        last = next((at for at, word in enumerate(words) if word.end() >= span.end), len(words) - 1)
        return Span(around.start + spelled[first].start(), around.start + spelled[last].end())


def _log_source(document: Document) -> LogSource:
    said = document.value.get("logsource")
    parts = (said.get(key) if isinstance(said, dict) else None for key in ("category", "product", "service"))
    return LogSource(*(part if isinstance(part, str) else None for part in parts))


def _texts(said: Any) -> Sequence[str]:
    """The conditions of a detection; none where they are no texts."""
    listed = said if isinstance(said, list) else [said]
    return [each for each in listed if isinstance(each, str)] if all(isinstance(each, str) for each in listed) else []


def _start(span: Span) -> int:
    return span.start


def _strays(document: Document, key: str) -> list[Span | None]:
    """Where a condition stands that belongs beside the selections."""
    spans = [document.span("condition") if "condition" in document.value else None]
    for name, value in document.value[key].items():
        if isinstance(value, dict) and "condition" in value:
            spans.append(document.span(key, name, "condition"))
    return spans


def _errors(rule: dict[Any, Any]) -> list[exceptions.SigmaError]:
    return SigmaRule.from_dict(rule, collect_errors=True).errors


def _blamed(rule: dict[Any, Any], error: exceptions.SigmaError) -> str:
    """The key without which pySigma would not make this complaint; some of its errors are of no kind of their own."""
    without = ({name: value for name, value in rule.items() if name != key} for key in rule)
    clean = (str(error) not in map(str, _errors(rest)) for rest in without)
    return next((str(key) for key, found in zip(rule, clean, strict=True) if found), "title")


def _sentence(error: Exception) -> str:
    text = str(error.args[0] if error.args else error).strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
