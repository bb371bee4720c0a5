"""Sigma YAML -> logic. pySigma reads modifiers and headers; YAML's nodes give every finding its place.

The text of a query may hold several documents: those that complete its rule (``action``), then the filters that apply
to it. The query of a correlation holds the rules that it names; an event matters to it if it matches one of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, assert_never

from sigma import exceptions
from sigma.rule import SigmaRule

from translator import logic, yaml_reader
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.kql.check import Checked
from translator.ledger import Loss
from translator.rule import LogSource
from translator.schema import Schema
from translator.sigma import conditions
from translator.sigma.documents import Kind, Piece, pieces
from translator.sigma.elastic_names import Renaming
from translator.sigma.selections import Selections
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


def check(source: Source, schema: Schema, *, elastic_names: bool = False) -> Checked:
    """What the detection of the Sigma rule in ``source`` means. Raises TranslatorError with every mistake.

    ``elastic_names`` gives the fields of Sigma's taxonomy the names that Elastic has for them.
    """
    reader = _Reader(schema, elastic_names=elastic_names)
    formula = reader.query(yaml_reader.read_all(source), source)
    if reader.found:
        raise TranslatorError(dict.fromkeys(reader.found))
    return Checked(formula, (*reader.unknown(source), *reader.notes), tuple(reader.losses))


def _header(document: Document) -> list[Diagnostic]:
    """What pySigma says of everything but the detection, which is read piece by piece for its places."""
    beside = {} if "detection" in document.value else {"logsource": {"category": "test"}}
    plain = {
        **beside,
        **{key: value for key, value in document.value.items() if isinstance(key, str)},
        "detection": {"selection": {"field": "value"}, "condition": "selection"},
    }
    found = []
    for error in _errors(plain):
        key = next((key for kind, key in _KEYS.items() if isinstance(error, kind)), None) or _blamed(plain, error)
        found.append(diagnose(Code.BAD_SIGMA, _sentence(error), document.source, document.span(key)))
    return found


class _Reader:
    """Carries the schema and the findings."""

    def __init__(self, schema: Schema, *, elastic_names: bool) -> None:
        self.schema = schema
        self.elastic_names = elastic_names
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
        selections = reader.read((key,))
        self.found += reader.found
        self.notes += reader.notes
        self.fields = {**reader.asker.unknown(), **self.fields}
        said = document.value[key].get("condition")
        path: Path = (key, "condition")
        if isinstance(said, str):
            return _Meaning(self, document, selections).condition(said, path)
        if isinstance(said, list) and said and all(isinstance(each, str) for each in said):
            parts = [_Meaning(self, document, selections).condition(each, (*path, at)) for at, each in enumerate(said)]
            return parts[0] if len(parts) == 1 else logic.Or(tuple(parts), span=document.span(*path))
        if said is not None:
            return self.mistake(
                document.source, "The condition is no text.", document.value_span(*path), "write a text"
            )
        stray = next((each for each in _strays(document, key) if each is not None), None)
        return self.mistake(
            document.source,
            "The `condition` stands in the wrong place." if stray else "The detection has no condition.",
            stray or document.span(key),
            f"write `condition: selection` inside `{key}`, beside the selections",
        )

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

    def __init__(self, reader: _Reader, document: Document, selections: dict[str, logic.Formula]) -> None:
        self.reader = reader
        self.document = document
        self.selections = selections
        self.path: Path = ()
        self.text = ""

    def condition(self, text: str, path: Path) -> logic.Formula:
        self.path, self.text = path, text
        try:
            return self.formula(conditions.parse(text))
        except conditions.Mistake as wrong:
            code = Code.TOO_DEEP if wrong.deep else Code.BAD_SIGMA
            shown = text if len(text) <= 80 else f"{text[:77]}..."
            message = f"The condition `{shown}` is wrong: {wrong.message}"
            found = diagnose(code, message, self.document.source, self.place(wrong.span), wrong.hint)
            self.reader.found.append(found)
            return logic.Or(())

    def formula(self, said: conditions.Condition) -> logic.Formula:
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
                chosen = tuple(self.selections[name] for name in names)
                return chosen[0] if len(chosen) == 1 else _kind(every)(chosen, span=self.place(said.span))
            case conditions.Without(item):
                return logic.Not(self.formula(item), span=self.place(said.span))
            case conditions.Joined(every, items):
                return _kind(every)(tuple([self.formula(item) for item in items]), span=self.place(said.span))
            case _:
                assert_never(said)

    def named(self, name: str, span: Span) -> logic.Formula:
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


def _kind(every: bool) -> type[logic.And] | type[logic.Or]:
    return logic.And if every else logic.Or


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
