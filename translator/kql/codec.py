"""KQL's literals: what their text means, and how a meaning is spelled."""

from __future__ import annotations

import re
from functools import lru_cache

from translator import values
from translator.kql.ast import Literal, Name, Wildcard
from translator.values import Pattern, Wild

#: The five characters that separate KQL's tokens.
BLANKS = " \t\r\n\u00a0"

#: What JavaScript's ``trim`` removes; Kibana trims an unquoted literal after its escapes are undone.
TRIMMED = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)

_WORDS: dict[str, bool | None] = {"null": None, "true": True, "false": False}
_WHITE = {"t": "\t", "r": "\r", "n": "\n"}
_UNQUOTED_ESCAPE = re.compile(r'\\(?:([trn])|u([0-9A-Fa-f]{4})|([\\():<>"*{}]|(?i:or|and|not)))|(\*)')
_QUOTED_ESCAPE = re.compile(r'\\(?:([trn])|u([0-9A-Fa-f]{4})|(["\\]))')

#: Kibana keeps a star as this text. A literal that spells the text out has wildcards there as soon as it has a star.
_STAR = "@kuery-wildcard@"

#: What must not stand bare in an unquoted literal: special characters, white space that escapes name, halves of
#: characters, which no encoding can write, and words that act, or would beside some neighbour.
_ACTIVE = re.compile(
    r"""[\\():<>"*{}\t\r\n\ud800-\udfff]
    | (?:^|(?<=[ \t\r\n\u00a0]))(?:or|and)(?=[ \t\r\n\u00a0]|$)
    | not(?=[ \t\r\n\u00a0]|$)""",
    re.IGNORECASE | re.VERBOSE,
)
_NAMED = {"\t": "\\t", "\r": "\\r", "\n": "\\n"}

#: A text without blanks in which nothing but backslashes and quotes is to be escaped, as nearly all are.
_SIMPLE = re.compile(r"""[\w.\\"$%&',;/=+~#?!^`\[\]|-]+""", re.ASCII)
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"'})
_ACTING = re.compile(r"(?:or|and|null|true|false)\Z|(?:.*not\Z)", re.IGNORECASE)


def decode(text: str) -> Name:
    """What an unquoted literal means, as Kibana reads it."""
    if "\\" not in text and "*" not in text:
        plain = text.strip(TRIMMED)
        return Literal(_WORDS[plain]) if plain in _WORDS else Literal(plain)
    starred = False

    def undo(match: re.Match[str]) -> str:
        nonlocal starred
        white, unit, itself, star = match.groups()
        starred = starred or star is not None
        return _WHITE[white] if white else chr(int(unit, 16)) if unit else itself or _STAR

    said = _join_surrogates(_UNQUOTED_ESCAPE.sub(undo, text)).strip(TRIMMED)
    if starred:
        return Wildcard(_pattern(said))
    return Literal(_WORDS[said]) if said in _WORDS else Literal(said)


def decode_quoted(text: str) -> Literal:
    """What a quoted literal means; ``text`` has its quotes. Only ``\\`` and ``"`` can be escaped."""
    inner = text[1:-1]
    if "\\" not in inner:
        return Literal(inner, quoted=True)

    def undo(match: re.Match[str]) -> str:
        white, unit, itself = match.groups()
        return _WHITE[white] if white else chr(int(unit, 16)) if unit else str(itself)

    return Literal(_join_surrogates(_QUOTED_ESCAPE.sub(undo, inner)), quoted=True)


def _pattern(said: str) -> Pattern:
    parts: list[str | Wild] = []
    for text in said.split(_STAR):
        parts += [text, Wild.ANY]
    return values.pattern(parts[:-1])


def _join_surrogates(text: str) -> str:
    """Two escaped halves of one character become it, as in JavaScript; a lone half stays."""
    if text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


@lru_cache(maxsize=4096)
def encode(name: Name) -> str | None:
    """Spell ``name`` so that it is read back as it is beside any neighbour, or None where KQL cannot.

    A pattern has no spelling if it begins or ends with white space (Kibana trims after it undoes escapes) or
    holds a wildcard for one character.
    """
    match name:
        case Literal(str() as text, quoted=True):
            spelled = _quote(text)
            return spelled if decode_quoted(spelled) == name else None
        case Literal(str() as text) if _is_simple(text):
            return text.translate(_ESCAPED)
        case Wildcard(pattern) if (simple := _simple_pattern(pattern)) is not None:
            return simple
        case Literal(str() as text):
            # Blank text is read as an empty literal.
            spelled = _bare(text) or "\\t"
        case Literal(word):
            spelled = "null" if word is None else str(word).lower()
        case Wildcard(pattern):
            spelled = "".join(part.value if isinstance(part, Wild) else _bare(part) for part in pattern)
    return spelled if decode(spelled) == name else None


def _simple_pattern(pattern: Pattern) -> str | None:
    """The spelling of a pattern that needs no second look, as most do."""
    spelled = []
    for part in pattern:
        if part is Wild.ANY:
            spelled.append("*")
        elif isinstance(part, str) and _is_simple(part):
            spelled.append(part.translate(_ESCAPED))
        else:
            return None
    return "".join(spelled) if Wild.ANY in pattern else None


def _is_simple(text: str) -> bool:
    return _SIMPLE.fullmatch(text) is not None and _ACTING.match(text) is None


def _quote(text: str) -> str:
    return '"' + re.sub(r'["\\\t\r\n\ud800-\udfff]', _escape, text) + '"'


def _bare(text: str) -> str:
    return _ACTIVE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    # `\n` is a line feed, so a lower-case `not` is escaped by the code of its first letter.
    if found[0] == "n" or "\ud800" <= found[0] <= "\udfff":
        return f"\\u{ord(found[0]):04x}{found[1:]}"
    return _NAMED.get(found) or f"\\{found}"
