"""How each pySigma backend is asked for one text, so that what it writes means what the rule means.

Every function takes a pattern and whether letter case counts, and answers with a way to put it into Sigma (`How`) and
with what is lost even so. They stand on what the released backends were seen to write, and on what the products say of
their languages: `docs/targets.md` has the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, assert_never

from translator.dsl import regexp
from translator.errors import Code
from translator.expressions.automaton import TooLarge
from translator.expressions.reader import Irregular, Unreadable, read
from translator.ledger import Effect
from translator.values import Pattern, Wild, show


class How(Enum):
    """The form of Sigma that a text takes."""

    PLAIN = "plain"
    CASED = "cased"
    EXPRESSION = "re"
    #: An expression that minds no case.
    FOLDED = "re, folded"


@dataclass(frozen=True, slots=True)
class Lost:
    """What an artefact says otherwise where the text is asked for, not under a ``not``."""

    code: Code
    message: str
    effect: Effect
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Spelling:
    """A way to ask for a text, and what it loses. ``impossible`` says why there is none."""

    how: How
    lost: tuple[Lost, ...] = ()
    impossible: str | None = None


#: A pattern, and whether its letter case counts.
Speller: TypeAlias = Callable[[Pattern, bool], Spelling]

#: Texts that Lucene's query parser takes for operators.
LUCENE_WORDS = frozenset({"AND", "OR", "NOT", "TO"})


class Engine(Enum):
    """How a target reads a regular expression."""

    #: RE2 or its like, searched for in a value.
    SEARCHED = "searched"
    #: The same, compared with the whole value.
    WHOLE = "whole"
    #: Lucene's own syntax, compared with the whole value; it minds letter case.
    LUCENE = "lucene"
    #: That, minding no case.
    LUCENE_FOLDED = "lucene, folded"
    #: Nobody says.
    UNKNOWN = "unknown"


class Inexpressible(ValueError):
    """The target has no such expression; the message says why."""


#: Characters that Lucene's expressions give a meaning.
_ACTIVE = frozenset('.?+*|{}[]()"\\#@&<>~^$-')

#: Flags that an expression begins with.
_INLINE = re.compile(r"\(\?([ims]+)\)")

#: A quote in an expression, with the backslash before it if there is one.
_QUOTE = re.compile(r"(?<!\\)((?:\\\\)*)\\?'")

_PLAIN = Spelling(How.PLAIN)
_CASED = Spelling(How.CASED)


def has_case(pattern: Pattern) -> bool:
    """Whether another letter case would be another text."""
    text = literal(pattern)
    return text.swapcase() != text


def literal(pattern: Pattern) -> str:
    """The characters of a pattern that stand for themselves."""
    return "".join(part for part in pattern if isinstance(part, str))


def is_whole(pattern: Pattern) -> bool:
    """Whether there is no wildcard."""
    return not any(isinstance(part, Wild) for part in pattern)


def expression(pattern: Pattern, engine: Engine, *, folded: bool = False) -> str:
    """An expression for the whole of a value; ``folded`` writes letter case out where the engine minds it."""
    if engine in (Engine.LUCENE, Engine.LUCENE_FOLDED) and not _is_costly(pattern):
        return _lucene(pattern, folded)
    wild = {Wild.ANY: ".*", Wild.ONE: "."}
    said = "".join(wild[part] if isinstance(part, Wild) else re.escape(part) for part in pattern)
    flags = "is" if folded else "s"
    return f"(?{flags}:{said})" if engine is Engine.WHOLE else search(f"^{said}$", flags, engine)


def _is_costly(pattern: Pattern) -> bool:
    """Whether what stands behind a star makes the automaton grow."""
    return Wild.ANY in pattern and Wild.ONE in pattern[pattern.index(Wild.ANY) :]


def _lucene(pattern: Pattern, folded: bool) -> str:
    """Raises Inexpressible."""
    spell = _either_case if folded else _itself
    wild = {Wild.ANY: ".*", Wild.ONE: "."}
    said = "".join(wild[part] if isinstance(part, Wild) else "".join(map(spell, part)) for part in pattern)
    if len(said.encode("utf-16-le", "surrogatepass")) // 2 > regexp.LONGEST:
        raise Inexpressible(f"Lucene takes {regexp.LONGEST} characters, and this has {len(said)}")
    return said


def _itself(char: str) -> str:
    return f"\\{char}" if char in _ACTIVE else char


def _either_case(char: str) -> str:
    cases = [each for each in dict.fromkeys((char.upper(), char.lower(), char)) if len(each) == 1]
    return _itself(char) if len(cases) == 1 else f"[{''.join(cases)}]"


def search(text: str, flags: str, engine: Engine) -> str:
    """An expression that is searched for, as ``engine`` has to be given it. Raises Inexpressible."""
    if (inline := _INLINE.match(text)) is not None:
        # Flags for the whole of an expression stand nowhere but at its beginning.
        text, flags = text[inline.end() :], "".join(sorted({*flags, *inline[1]}))
    match engine:
        case Engine.LUCENE | Engine.LUCENE_FOLDED:
            try:
                return regexp.lucene(read(text, flags), may_fold=False).value
            except (Irregular, Unreadable, TooLarge, regexp.Inexpressible) as error:
                raise Inexpressible(str(error)) from None
        case Engine.WHOLE:
            return f".*(?{flags}:{text}).*" if flags else f".*(?:{text}).*"
        case Engine.SEARCHED | Engine.UNKNOWN:
            # A quote would end the text around the expression: not every backend doubles it.
            quoted = _QUOTE.sub(r"\1\\x27", text)
            return f"(?{flags}:{quoted})" if flags else quoted
        case _:
            assert_never(engine)


def lucene(pattern: Pattern, cased: bool) -> Spelling:
    """On a keyword, Lucene minds letter case, so that needs no modifier; not to mind it cannot be said."""
    text = literal(pattern)
    awkward = (is_whole(pattern) and (text in LUCENE_WORDS or text[:1] in ("<", ">"))) or any(
        char.isspace() and char != " " for char in text
    )
    return Spelling(How.EXPRESSION if awkward else How.PLAIN, _minded(pattern, cased, "Lucene"))


def esql(pattern: Pattern, cased: bool) -> Spelling:
    """ES|QL minds letter case. In ``like`` its backslashes are too few, and no literal star survives a string."""
    text = literal(pattern)
    if "\n" in text or "\r" in text:
        return Spelling(How.PLAIN, impossible="a string of ES|QL holds no line end")
    like = not is_whole(pattern) and _edge(pattern) is None
    awkward = "*" in text or "?" in text or (like and "\\" in text)
    return Spelling(How.EXPRESSION if awkward else How.PLAIN, _minded(pattern, cased, "ES|QL"))


def eql(pattern: Pattern, cased: bool) -> Spelling:
    """EQL minds letter case in ``==`` only, which knows no wildcards; elsewhere it has no escape for one."""
    text = literal(pattern)
    if "*" in text or "?" in text:
        if any(char in text for char in '"/'):
            return Spelling(How.PLAIN, impossible="EQL has no escape for a wildcard")
        return Spelling(How.EXPRESSION, _unminded(pattern, cased, "EQL's patterns"))
    if cased and is_whole(pattern) and has_case(pattern):
        return _CASED
    return Spelling(How.PLAIN, _unminded(pattern, cased, "EQL's patterns") or _ascii(pattern, cased, "EQL"))


def splunk(pattern: Pattern, cased: bool) -> Spelling:
    """Splunk's search minds no case, and has one wildcard, which nothing escapes."""
    lost = _unminded(pattern, cased, "Splunk's search")
    if Wild.ONE in pattern:
        lost += (
            Lost(
                Code.ONE_CHARACTER,
                "Splunk has no wildcard for exactly one character; `*` stands there instead.",
                Effect.WIDER,
            ),
        )
    if "*" in literal(pattern):
        lost += (
            Lost(Code.TEXT_COMPARED, f"Splunk's search cannot ask for the star in {show(pattern)}.", Effect.MIXED),
        )
    return Spelling(How.PLAIN, lost)


def kusto(pattern: Pattern, cased: bool) -> Spelling:
    """Kusto's operators mind no case; its expressions do, and are not bound to the whole value by themselves."""
    if cased and has_case(pattern):
        return Spelling(How.EXPRESSION)
    inner = not is_whole(pattern) and _edge(pattern) is None and not _is_contained(pattern)
    return Spelling(How.FOLDED if inner else How.PLAIN)


def loki(pattern: Pattern, cased: bool) -> Spelling:
    """LogQL says both; a literal star or question mark is only right in an expression of ours."""
    text = literal(pattern)
    if "`" in text:
        return Spelling(How.PLAIN, impossible="a raw string of LogQL holds no backtick")
    lost = (
        ()
        if pattern
        else (Lost(Code.TEXT_COMPARED, "A label that is missing is an empty text to Loki.", Effect.WIDER),)
    )
    minds = cased and has_case(pattern)
    if "*" in text or "?" in text:
        return Spelling(How.EXPRESSION if minds else How.FOLDED, lost)
    return Spelling(How.CASED if minds else How.PLAIN, lost)


def sqlite(pattern: Pattern, cased: bool) -> Spelling:
    """``GLOB`` minds case; ``LIKE``, and ``=`` collated, fold the letters a to z."""
    if "\0" in literal(pattern):
        return Spelling(How.PLAIN, impossible="a string of SQL ends at a NUL")
    return _CASED if cased and has_case(pattern) else Spelling(How.PLAIN, _ascii(pattern, cased, "SQLite"))


def duckdb(pattern: Pattern, cased: bool) -> Spelling:
    """The backend escapes nothing in ``GLOB`` and ``ILIKE``, and ``=`` minds case: expressions say the rest."""
    text = literal(pattern)
    if "\0" in text:
        return Spelling(How.PLAIN, impossible="a string of SQL ends at a NUL")
    if not has_case(pattern) and is_whole(pattern) and not any(char in text for char in "_%"):
        return _PLAIN
    if cased and has_case(pattern):
        return Spelling(How.EXPRESSION) if any(char in text for char in "*?[\\") else _CASED
    plain = text.isascii() and not is_whole(pattern) and Wild.ONE not in pattern
    return _PLAIN if plain and not any(char in text for char in "_%") else Spelling(How.FOLDED)


def _edge(pattern: Pattern) -> str | None:
    """Whether the pattern is a text with a star before or behind it, which has a function of its own."""
    match pattern:
        case [str(), Wild.ANY] | [Wild.ANY, str()]:
            return literal(pattern)
        case _:
            return None


def _is_contained(pattern: Pattern) -> bool:
    match pattern:
        case [Wild.ANY, str(), Wild.ANY]:
            return True
        case _:
            return False


def _minded(pattern: Pattern, cased: bool, who: str) -> tuple[Lost, ...]:
    if cased or not has_case(pattern):
        return ()
    return (
        Lost(
            Code.CASE,
            f"{who} minds letter case on keyword fields; the rule does not.",
            Effect.NARROWER,
            "write to dsl, which has case_insensitive",
        ),
    )


def _unminded(pattern: Pattern, cased: bool, who: str) -> tuple[Lost, ...]:
    if not cased or not has_case(pattern):
        return ()
    verb = "mind" if who.endswith("patterns") else "minds"
    return (Lost(Code.CASE, f"{who} {verb} no letter case; the rule does.", Effect.WIDER),)


def _ascii(pattern: Pattern, cased: bool, who: str) -> tuple[Lost, ...]:
    letters = "".join(dict.fromkeys(char for char in literal(pattern) if char > "\x7f" and char.swapcase() != char))
    if cased or not letters:
        return ()
    return (
        Lost(
            Code.CASE,
            f"{who} folds ASCII letters only; {letters} must stand in an event as written.",
            Effect.NARROWER,
            "add the other spellings as values",
        ),
    )
