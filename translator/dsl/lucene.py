"""The text of a ``regexp`` query -> tree, as Lucene 9 reads it without its optional operators.

A range such as ``[a-z]`` keeps its letter case whatever ``case_insensitive`` says; a single letter does not.
"""

from __future__ import annotations

import re

from translator.expressions.tree import (
    EMPTY,
    LAST,
    WORD,
    Chars,
    Choice,
    Range,
    Repeat,
    Tree,
    merged,
    others,
    row,
)

#: What the optional operators begin with (``flags`` other than NONE).
_OPTIONAL = re.compile(r"(?<!\\)(?:\\\\)*[~&<>@#]")

_SPACE = ((9, 10), (13, 13), (32, 32))
_DIGIT = ((48, 57),)
_CLASSES: dict[str, tuple[Range, ...]] = {
    "d": _DIGIT,
    "D": others(_DIGIT),
    "s": _SPACE,
    "S": others(_SPACE),
    "w": WORD,
    "W": others(WORD),
}
_COUNT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")

#: Groups in one another beyond this are refused; Elasticsearch's own limit depends on its stack.
_DEEPEST = 200


class Malformed(ValueError):
    """Lucene answers the text with an error; the message says why."""


def read(text: str, *, folds: bool = False) -> Tree:
    """What Lucene compares a whole value with. ``folds`` is ``case_insensitive``. Raises Malformed."""
    if not text:
        return EMPTY
    reader = _Reader(text, folds)
    tree = reader.union()
    if reader.at < len(text):
        raise Malformed(f"the end was expected at position {reader.at}")
    return tree


def has_optional_operators(text: str) -> bool:
    """Whether the text means something else with Lucene's optional operators."""
    return _OPTIONAL.search(text) is not None


class _Reader:
    """Lucene's recursive descent; ``at`` is the place in the text."""

    def __init__(self, text: str, folds: bool) -> None:
        self.text = text
        self.folds = folds
        self.at = 0
        self.depth = 0

    def peek(self, chars: str) -> bool:
        return self.at < len(self.text) and self.text[self.at] in chars

    def match(self, char: str) -> bool:
        found = self.peek(char)
        self.at += found
        return found

    def next(self) -> str:
        if self.at >= len(self.text):
            raise Malformed("the text ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def union(self) -> Tree:
        items = [self.row()]
        while self.match("|"):
            items.append(self.row())
        return items[0] if len(items) == 1 else Choice(tuple(items))

    def row(self) -> Tree:
        items = [self.repeat()]
        while self.at < len(self.text) and not self.peek(")|"):
            items.append(self.repeat())
        return row(items)

    def repeat(self) -> Tree:
        item = self.simple()
        while self.peek("?*+{"):
            if self.match("?"):
                item = Repeat(item, 0, 1)
            elif self.match("*"):
                item = Repeat(item, 0, None)
            elif self.match("+"):
                item = Repeat(item, 1, None)
            else:
                item = self.counted(item)
        return item

    def counted(self, item: Tree) -> Tree:
        found = _COUNT.match(self.text, self.at)
        if found is None:
            raise Malformed(f"a number and a closing brace were expected at position {self.at + 1}")
        self.at = found.end()
        least = int(found[1])
        most = least if found[2] is None else int(found[3]) if found[3] else None
        if most is not None and most < least:
            raise Malformed(f"the numbers in {found[0]} are the wrong way round")
        return Repeat(item, least, most)

    def simple(self) -> Tree:
        if self.match("["):
            return self.set()
        if self.match("."):
            return Chars(((0, LAST),))
        if self.match('"'):
            end = self.text.find('"', self.at)
            if end < 0:
                raise Malformed("a closing quote is missing")
            quoted, self.at = self.text[self.at : end], end + 1
            return row(self.character(ord(char)) for char in quoted)
        if self.match("("):
            return self.group()
        return self.named() or self.character(self.code())

    def group(self) -> Tree:
        if self.match(")"):
            return EMPTY
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Malformed("it nests too deeply")
        tree = self.union()
        self.depth -= 1
        if not self.match(")"):
            raise Malformed(f"a closing parenthesis was expected at position {self.at}")
        return tree if isinstance(tree, Choice) else row([tree])

    def set(self) -> Tree:
        negated = self.match("^")
        found: list[Range] = list(self.member())
        while self.at < len(self.text) and not self.peek("]"):
            found.extend(self.member())
        if not self.match("]"):
            raise Malformed(f"a closing bracket was expected at position {self.at}")
        return Chars(others(found) if negated else merged(found))

    def member(self) -> tuple[Range, ...]:
        if (named := self.named()) is not None:
            return named.ranges
        low = self.code()
        if not self.match("-"):
            return self.character(low).ranges
        high = self.code()
        if low > high:
            raise Malformed(f"the range {chr(low)}-{chr(high)} is the wrong way round")
        return ((low, high),)

    def named(self) -> Chars | None:
        letter = self.text[self.at + 1 : self.at + 2]
        if not self.peek("\\") or not (letter.isascii() and letter.isalpha()):
            return None
        if letter not in _CLASSES:
            raise Malformed(f"there is no character class \\{letter}")
        self.at += 2
        return Chars(_CLASSES[letter])

    def code(self) -> int:
        self.match("\\")
        return ord(self.next())

    def character(self, code: int) -> Chars:
        char = chr(code)
        if self.folds and char.isascii() and char.isalpha():
            return Chars(merged([(code, code), (ord(char.swapcase()),) * 2]))
        return Chars(((code, code),))
