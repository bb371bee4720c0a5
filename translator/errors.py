"""Every way a translation can go wrong, each anchored to the text that caused it.

One exception type carries all findings of a run; callers look at ``code``, never at class names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, StrEnum

from translator.source import Source, Span


class Severity(StrEnum):
    """How much a finding weighs: only an error stops a rule."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Code(Enum):
    """A stable name for each kind of finding. Numbers are never reused.

    ``K`` is about KQL, ``F`` about files and their formats, ``S`` about Sigma, ``T`` about field types,
    ``R`` about rules, ``L`` names a loss. The text says what happened in general; the finding's own message
    says it of the rule at hand.
    """

    SYNTAX = ("K001", Severity.ERROR, "The text is not KQL as Kibana reads it.")
    TOO_DEEP = ("K002", Severity.ERROR, "The query nests deeper than 256 levels.")
    LEADING_WILDCARD = ("K003", Severity.ERROR, "A value starts with a wildcard where that is switched off.")
    TOO_LONG = ("K004", Severity.ERROR, "The query is longer than 4 MiB.")
    OTHER_LANGUAGE = ("K005", Severity.ERROR, "The query is written in another language than KQL.")
    NESTED_OUTSIDE = ("K101", Severity.ERROR, "A field of nested objects is asked outside its `path:{ ... }` block.")
    NESTED_INSIDE = ("K102", Severity.ERROR, "A field that is not nested is asked inside a `path:{ ... }` block.")
    NESTED_PATH = ("K103", Severity.ERROR, "A nested field is asked under another object's path.")
    FREE_AMONG_FIELDS = (
        "K201",
        Severity.WARNING,
        "A value without a field stands beside conditions on fields; it searches every field.",
    )
    QUOTED_WILDCARD = ("K202", Severity.WARNING, "A star inside quotes is a plain star.")
    FIELD_WITH_BLANK = ("K203", Severity.WARNING, "A field's name has a blank in it.")
    SEVERAL_WORDS = ("K204", Severity.WARNING, "Several words without quotes are one value.")
    NULL_VALUE = (
        "K205",
        Severity.WARNING,
        "A comparison with null is an error in Elasticsearch, not a test for absence.",
    )
    ODD_WORD = ("K206", Severity.WARNING, "A word looks like null, true or false, but only the lower-case words are.")
    FIELDLESS_IN_NESTED = ("K207", Severity.WARNING, "A value without a field inside a nested block matches nothing.")
    COMMENT = ("K208", Severity.WARNING, "KQL has no comments; the text belongs to the query.")
    CONTROL_CHARACTER = ("K209", Severity.WARNING, "A value holds a tab or a line end, which an escape made.")
    TYPOGRAPHIC_QUOTES = ("K210", Severity.WARNING, "Typographic and single quotes are ordinary characters.")
    SPLIT_PATTERN = (
        "K211",
        Severity.WARNING,
        "A wildcard pattern with a blank is split at the blank on a text or unknown field.",
    )
    FOREIGN_OPERATOR = ("K212", Severity.WARNING, "An operator of another language is ordinary text in KQL.")
    SCRIPTED = ("K104", Severity.ERROR, "Scripted fields (deprecated in Kibana) are not supported.")

    NOT_FOUND = ("F001", Severity.ERROR, "There is no such file or folder.")
    UNREADABLE = ("F002", Severity.ERROR, "The file cannot be read or written.")
    EMPTY = ("F003", Severity.ERROR, "The file is empty.")
    NOT_TEXT = ("F004", Severity.ERROR, "The file is not text in UTF-8 (or UTF-16 with a byte order mark).")
    UNKNOWN_FORMAT = ("F005", Severity.ERROR, "No source format recognises the file.")
    NOT_A_RULE = ("F006", Severity.ERROR, "The file does not hold a rule of the format it was read as.")
    NO_QUERY = ("F007", Severity.ERROR, "The rule has no query.")
    BAD_YAML = ("F008", Severity.ERROR, "The YAML cannot be read, or says something twice.")
    BAD_VALUE = ("F009", Severity.ERROR, "A value of the rule is not of the kind that its key takes.")
    NO_RULES = ("F010", Severity.ERROR, "The folder holds no rule file.")

    BAD_EVENT = ("F011", Severity.ERROR, "A line of the events is no JSON object.")
    BAD_JSON = ("F012", Severity.ERROR, "The JSON cannot be read, or says something twice.")
    BAD_TOML = ("F013", Severity.ERROR, "The TOML cannot be read.")

    BAD_SIGMA = ("S001", Severity.ERROR, "The Sigma rule is not valid.")
    SIGMA_UNSUPPORTED = ("S002", Severity.ERROR, "The Sigma rule uses a feature that is not supported.")
    SIGMA_NAME = ("S003", Severity.WARNING, "A selection's name means something else to pySigma 1.")
    PLACEHOLDER = ("S004", Severity.ERROR, "A value holds a placeholder, for which no values are given.")
    YAML_VALUE = ("S005", Severity.WARNING, "YAML reads an unquoted value as something else than what is written.")
    REFERENCE = ("S006", Severity.ERROR, "A correlation or a filter names a rule that was not read with it.")
    FILTERED = ("S007", Severity.NOTE, "A Sigma filter that was read with the rule is part of it.")
    ESCAPED_WILDCARD = ("S008", Severity.WARNING, "A star behind one backslash is a plain star.")
    TARGET_REFUSES = ("S010", Severity.ERROR, "The target's pySigma backend, or a pipeline, refuses the rule.")

    UNKNOWN_FIELD = ("T001", Severity.NOTE, "The schema does not know the field; it is treated as a keyword.")
    BAD_FIELD_VALUE = (
        "T002",
        Severity.ERROR,
        "Elasticsearch answers this value on a field of this type with an error.",
    )
    BAD_SCHEMA = ("T003", Severity.ERROR, "The schema cannot be read.")
    DSL_DEPTH = (
        "T004",
        Severity.ERROR,
        "The Query DSL nests deeper than Elasticsearch takes (30 queries, 29 of them bools).",
    )
    DSL_CLAUSE = ("T005", Severity.ERROR, "The Query DSL holds a clause or an option that Kibana's KQL never sends.")
    ALWAYS_FAILS = (
        "T006",
        Severity.WARNING,
        "Elasticsearch will answer the query with an error, as it does when Kibana sends it.",
    )

    NEEDS_MORE = ("R001", Severity.NOTE, "The rule needs more than its query on one event.")
    ID_REPLACED = ("R002", Severity.NOTE, "The rule's id is no UUID; one was derived from it.")
    DUPLICATE_ID = ("R003", Severity.ERROR, "Two rules of one run have the same id.")
    LOGSOURCE_UNKNOWN = ("R004", Severity.NOTE, "Nothing in the rule tells its Sigma log source.")
    NOT_CARRIED = ("R005", Severity.NOTE, "The file does not carry a part that the rule may have.")
    BAD_FILTER = ("R006", Severity.ERROR, "A filter or an exception of the rule asks what cannot be said as a formula.")
    EXPIRING = ("R007", Severity.NOTE, "An exception of the rule has expired, or ends on a date.")
    LEFT_OUT = ("R008", Severity.NOTE, "A part of the rule that decides on no event is left out.")
    ASCII_FOLDING = ("R009", Severity.NOTE, "A filter minds no case; Elasticsearch folds the letters a to z only.")
    FOLDED = ("R011", Severity.NOTE, "The log source says what a condition of the rule says, which is left out.")
    RENAMED = ("R010", Severity.NOTE, "A field goes by the name that the target's taxonomy has for it.")
    NEVER_TRUE = ("R012", Severity.WARNING, "No event satisfies the rule, or a part of it.")
    ALWAYS_TRUE = ("R013", Severity.WARNING, "Every event satisfies the rule, or a part of it.")
    CHANGES_NOTHING = (
        "R014",
        Severity.WARNING,
        "A condition changes no verdict: the rest of the rule decides as it does.",
    )
    WINDOW = ("R015", Severity.NOTE, "A threshold counts in the window of each run, a correlation in a time span.")
    NOT_VERIFIED = ("R020", Severity.NOTE, "Only a foreign product can run the artefact; it was not run here.")

    UNKNOWN_TARGET = ("U001", Severity.ERROR, "No backend has this name.")
    UNKNOWN_SOURCE = ("U002", Severity.ERROR, "No source format has this name.")
    BAD_ALLOW = ("U003", Severity.ERROR, "`allow` takes effects and loss codes.")
    UNKNOWN_PROFILE = ("U004", Severity.ERROR, "No profile has this name.")
    UNKNOWN_PIPELINE = ("U010", Severity.ERROR, "pySigma has no processing pipeline of this name.")
    NO_PIPELINE = ("U011", Severity.ERROR, "A processing pipeline of pySigma's cannot change this rule.")
    UNKNOWN_FIELDS = ("U007", Severity.ERROR, "`fields` names no way to call a Sigma rule's fields.")
    ENGINE_UNREACHABLE = ("U005", Severity.ERROR, "The search engine cannot be asked.")
    ENGINE_REFUSED = ("U006", Severity.ERROR, "The search engine answers with an error.")

    CASE = ("L001", Severity.ERROR, "Letter case decides differently in the target.")
    TOKENS = (
        "L002",
        Severity.ERROR,
        "A text field's words have no counterpart in the target; substrings are compared.",
    )
    NESTED = ("L003", Severity.ERROR, "The target cannot ask that one object of a list satisfies several conditions.")
    SEARCH = ("L004", Severity.ERROR, "The target cannot search a value in all fields as Elasticsearch does.")
    FIELD_PATTERN = (
        "L005",
        Severity.ERROR,
        "The target has no field patterns and the schema does not expand this one.",
    )
    RANGE = ("L006", Severity.ERROR, "The target compares numbers only.")
    ONE_CHARACTER = ("L007", Severity.ERROR, "The target has no wildcard for exactly one character.")
    SPACE_EDGE = ("L008", Severity.ERROR, "KQL cannot spell a pattern that begins or ends with white space.")
    EVERYTHING = ("L009", Severity.ERROR, "The target cannot say a condition that is always true.")
    NULL = ("L010", Severity.ERROR, "The target cannot ask for the JSON value null.")
    TEXT_COMPARED = (
        "L011",
        Severity.ERROR,
        "The target cannot say how Elasticsearch compares this value on this type.",
    )
    NEED_DROPPED = (
        "L012",
        Severity.ERROR,
        "The target judges single events; what the rule needs beyond that is left out.",
    )
    FIELD_APPROXIMATE = ("L014", Severity.ERROR, "The target's field says nearly the same as the rule's.")
    FIELD_UNMAPPED = ("L015", Severity.ERROR, "The target's taxonomy has no name for the field; it keeps the rule's.")
    CLASSIFICATION = ("L016", Severity.ERROR, "A condition on Elastic's own classification of events is left out.")
    LOG_SOURCE = ("L017", Severity.ERROR, "Nothing tells the target which events the rule reads.")
    TWO_BOUNDS = ("L018", Severity.ERROR, "The target cannot ask that one value of a list keeps two bounds.")
    LISTS = ("L030", Severity.ERROR, "The target compares a field that may hold a list as one value.")
    FIELD_NAME = ("L019", Severity.ERROR, "The target cannot spell the field's name.")
    REGEX = ("L020", Severity.ERROR, "The target has no regular expressions, or none that says this one.")
    FIELDS_COMPARED = ("L021", Severity.ERROR, "The target cannot compare one field with another.")
    DATE_PART = ("L022", Severity.ERROR, "The target cannot ask for a part of a date.")
    SPLIT = ("L023", Severity.ERROR, "Kibana splits a pattern at its blanks on a field that it does not know.")
    STALLING = ("L024", Severity.ERROR, "An event may keep the search for a regular expression busy without end.")

    def __init__(self, number: str, severity: Severity, summary: str) -> None:
        self.number = number
        self.severity = severity
        self.summary = summary

    def __str__(self) -> str:
        return self.number

    @classmethod
    def numbered(cls, number: str) -> Code | None:
        """The code with this number or name, or None."""
        wanted = number.upper()
        return next((code for code in cls if wanted in (code.number, code.name)), None)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what, where in the original file, and what to write instead."""

    code: Code
    message: str
    source: Source = field(repr=False)
    span: Span
    hint: str | None = None

    @property
    def severity(self) -> Severity:
        """What kind of finding this is."""
        return self.code.severity

    def render(self, *, note: bool = False) -> str:
        """The finding for a person: place, message, the line, a caret, a hint. ``note`` makes it weigh no more."""
        at = self.source.locate(self.span.start)
        weight = Severity.NOTE if note else self.severity
        kind = "" if weight is Severity.ERROR else f"{weight}: "
        head = f"{self.source.name}:{at.line}:{at.column}: {self.code} {kind}{self.message}"
        lines = [head, *self.source.excerpt(self.span).splitlines()] if self.source.text else [head]
        return "\n".join([*lines, f"hint: {self.hint}"] if self.hint else lines)


def diagnose(code: Code, message: str, source: Source, span: Span, hint: str | None = None) -> Diagnostic:
    """A finding at ``span`` of ``source``, carried over to the file that ``source`` was cut from."""
    return Diagnostic(code, message, source.root, source.to_root(span), hint)


class TranslatorError(Exception):
    """The one exception of this package: every finding of a run, each with code, message and span."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(*self.diagnostics)

    def __reduce__(self) -> tuple[type[TranslatorError], tuple[tuple[Diagnostic, ...]]]:
        """So that another process can raise it."""
        return type(self), (self.diagnostics,)

    def __str__(self) -> str:
        return "\n".join(diagnostic.render() for diagnostic in self.diagnostics)


def refuse(code: Code, message: str, source: Source, span: Span, hint: str | None = None) -> TranslatorError:
    """The error that carries this one finding."""
    return TranslatorError((diagnose(code, message, source, span, hint),))
