"""The words of a text, as Elasticsearch's ``standard`` analyzer sees them.

Unicode's word segmentation as Lucene 9 does it (UAX #29 with emoji sequences, Unicode 12.1), lower-cased code point
by code point, tokens cut after 255 UTF-16 units. Lucene looks for the longest match of several rules; here each rule
is a regular expression over *classes*, written so that its first match is its longest, and where two rules can start
at one place the longer wins. What is ASCII takes one regular expression over the text itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import NamedTuple

from translator.meaning import letters

#: Lucene reads into a buffer of this many UTF-16 units: no token is longer, and no rule looks further.
_LONGEST = 255


class Token(NamedTuple):
    """One word: its analysed text, where it stands (UTF-16 units), Lucene's name for its kind, its number."""

    text: str
    start: int
    end: int
    type: str
    position: int


def words(text: str) -> list[str]:
    """The analysed texts of ``text``, in order; an item's index is its position."""
    if text.isascii():
        found = _ASCII.findall(text.lower())
        if len(text) <= _LONGEST or max(map(len, found), default=0) <= _LONGEST:
            return found
    lowered = letters.lower(text)
    return [lowered[start:end] for start, end in _spans(text, _classes(text))]


def tokens(text: str) -> list[Token]:
    """The tokens of ``text``, equal to those of Elasticsearch's ``_analyze`` with ``standard``."""
    classes = _classes(text)
    lowered = letters.lower(text)
    units = _unit_offsets(text)
    return [
        Token(lowered[start:end], units[start], units[end], _kind(classes[start:end]), position)
        for position, (start, end) in enumerate(_spans(text, classes))
    ]


#: In ASCII a token is a run of letters, digits and ``_`` that is not only ``_``, runs being joined by ``.`` and ``'``
#: between two of a kind, by ``:`` between letters, by ``,`` and ``;`` between digits.
_ASCII = re.compile(
    r"""(?<!_)_*[A-Za-z0-9][A-Za-z0-9_]*
    (?: (?: (?<=[A-Za-z])[.':](?=[A-Za-z]) | (?<=[0-9])[.',;](?=[0-9]) ) [A-Za-z0-9_]+ )*""",
    re.VERBOSE,
)

#: One letter for each class; those of the table first, then those that only emoji sequences tell apart.
_LETTERS = {
    "DoubleQuote": "B", "Emoji": "E", "EmojiLetter": "P", "Extend": "X", "ExtendNumLet": "U", "Hangul": "G",
    "Hebrew": "H", "Hiragana": "h", "Ideographic": "I", "Katakana": "K", "Letter": "L", "MidLetter": "M",
    "MidNum": "D", "MidNumLet": "Q", "Numeric": "N", "SoutheastAsian": "A", "SoutheastAsianMark": "a",
}  # fmt: skip
_OTHER = "o"
_SINGLE = {
    **dict.fromkeys(range(0x30, 0x3A), "n"),  # a digit that may start a keycap
    **dict.fromkeys(map(ord, "#*"), "k"),  # the other two starts of a keycap
    ord("'"): "S",
    0x200D: "J",  # zero width joiner
    0x20E3: "C",  # keycap
    0xFE0E: "v",  # text style
    0xFE0F: "V",  # emoji style
    **dict.fromkeys(range(0x1F1E6, 0x1F200), "R"),  # regional indicators
    **dict.fromkeys(range(0x1F3FB, 0x1F400), "m"),  # skin tones
    **dict.fromkeys(range(0xE0020, 0xE007F), "t"),  # tags
    0xE007F: "z",  # the end of tags
}

_MARK = "[XJCVvmtza]"
_MARKS = f"{_MARK}*"


def _with_marks(classes: str) -> str:
    """One character of ``classes`` and the marks on it (UAX #29, WB4)."""
    return f"(?:[{classes}]{_MARKS})"


_JOINING = _with_marks("U")
_DIGIT = _with_marks("Nn")
_LETTER = _with_marks("LHGP")
_HEBREW = _with_marks("H")
_KATAKANA = _with_marks("K")
_NUMBER = f"{_DIGIT}(?:{_with_marks('DQS')}{_DIGIT})*"
#: A Hebrew letter takes a quote after it, or a double quote before another; then no other sign may join.
_PART = (
    f"(?:{_HEBREW}{_with_marks('S')}|{_HEBREW}{_with_marks('B')}{_HEBREW}"
    f"|{_NUMBER}|{_LETTER}(?:{_with_marks('MQS')}{_LETTER})*)"
)
_RUN = f"(?:{_KATAKANA}+|{_PART}+)"
_WORD = f"{_JOINING}*{_RUN}(?:{_JOINING}+{_RUN})*{_JOINING}*"

#: After an emoji no second style may follow, so its marks are fewer.
_EMOJI_MARKS = "[XJCmtza]*"
_PICTURE = f"[EP]{_EMOJI_MARKS}V?"
_TONE = f"m{_EMOJI_MARKS}"
_EMOJI = (
    f"(?:J*{_PICTURE}|{_TONE})(?:(?:(?<=J){_PICTURE}|J+{_PICTURE}|J{_TONE})+|t+z)?"
    f"|[kn]{_EMOJI_MARKS}V?C{_EMOJI_MARKS}"
    f"|R{_MARKS}R{_MARKS}"
)

_ANY = re.compile(f"{_WORD}|{_EMOJI}|{_with_marks('Aa')}+|{_with_marks('I')}|{_with_marks('h')}")
#: Where a token may begin.
_START = re.compile("[LHGPKNnUEmJRkAaIh]")
_SEQUENCE = re.compile(_EMOJI)

#: Lucene's kinds, in the order in which its rules win over each other; what is left is a word.
_KINDS = (
    ("<EMOJI>", _SEQUENCE),
    ("<NUM>", re.compile(f"{_JOINING}*{_NUMBER}(?:{_JOINING}*{_NUMBER})*{_JOINING}*")),
    ("<HANGUL>", re.compile(f"{_with_marks('G')}+")),
    ("<KATAKANA>", re.compile(f"{_KATAKANA}+")),
    ("<SOUTHEAST_ASIAN>", re.compile(f"{_with_marks('Aa')}+")),
    ("<IDEOGRAPHIC>", re.compile(_with_marks("I"))),
    ("<HIRAGANA>", re.compile(_with_marks("h"))),
)


def _kind(classes: str) -> str:
    return next((name for name, shape in _KINDS if shape.fullmatch(classes)), "<ALPHANUM>")


def _spans(text: str, classes: str) -> Iterator[tuple[int, int]]:
    """Where the tokens stand, in code points."""
    at = 0
    while found := _START.search(classes, at):
        start = found.start()
        end = _longest(classes, start, start + _LONGEST)
        if end - start > _LONGEST // 2 and end > (limit := _window(text, start)):
            end = _longest(classes, start, limit)
        if end > start:
            yield start, end
        at = max(end, start + 1)


def _longest(classes: str, start: int, limit: int) -> int:
    """The end of the token that begins at ``start``, or ``start`` itself where none does."""
    found = _ANY.match(classes, start, limit)
    if found is None:
        return start
    if classes[start] in "nP" and (emoji := _SEQUENCE.match(classes, start, limit)):
        return max(found.end(), emoji.end())
    return found.end()


def _window(text: str, start: int) -> int:
    """How far a token that begins at ``start`` may reach: a whole character before the buffer's end."""
    units = 0
    for at in range(start, len(text)):
        units += 1 + (text[at] > "\uffff")
        if units > _LONGEST:
            return at
    return len(text)


def _unit_offsets(text: str) -> list[int] | range:
    """For each code point offset, the UTF-16 one."""
    if text.isascii() or max(text) <= "\uffff":
        return range(len(text) + 1)
    return list(accumulate((1 + (char > "\uffff") for char in text), initial=0))


def _classes(text: str) -> str:
    return text.translate(_table())


class _Table(dict[int, str]):
    """Code point -> letter of its class, looked up when first met."""

    def __init__(self, starts: list[int], ends: list[int], letters: list[str]) -> None:
        super().__init__(_SINGLE)
        self.starts = starts
        self.ends = ends
        self.letters = letters

    def __missing__(self, code: int) -> str:
        at = bisect_right(self.starts, code) - 1
        letter = self.letters[at] if at >= 0 and code <= self.ends[at] else _OTHER
        self[code] = letter
        return letter


@cache
def _table() -> _Table:
    lines = resources.files("translator").joinpath("meaning/word_breaks.tsv").read_text("utf-8").splitlines()
    ranges: list[tuple[int, int, str]] = []
    for line in lines:
        if line.startswith("#"):
            continue
        name, _, spelled = line.partition("\t")
        for each in spelled.split():
            first, _, last = each.partition("-")
            ranges.append((int(first, 16), int(last or first, 16), _LETTERS[name]))
    ranges.sort()
    return _Table([first for first, _, _ in ranges], [last for _, last, _ in ranges], [letter for *_, letter in ranges])
