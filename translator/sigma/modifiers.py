"""The values of a detection item after its modifiers, which are pySigma's.

Some are put right here, so that both versions of pySigma that are in use give the same values: encodings of letters
outside ASCII, the dashes that ``windash`` tries, and regular expressions, which are read by `translator.expressions`.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date
from typing import Any

from sigma import exceptions, types
from sigma import modifiers as pysigma
from sigma.conditions import ConditionAND
from sigma.rule import SigmaDetectionItem

from translator import expressions

#: As in pySigma 2: each dash makes five values of one.
MOST_DASHES = 3


class ModifierError(Exception):
    """An item that makes no sense. ``modifier`` is the word to blame, if one is; ``value`` the number of the value."""

    def __init__(
        self, message: str, *, modifier: str | None = None, value: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.modifier = modifier
        self.value = value
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Values:
    """What an item compares its field with: one of ``values``, or all (``every``); the opposite if ``negated``.

    A value is one of pySigma's types, or an `Expression`. ``words`` are the item's modifiers, ``item`` is what pySigma
    made of it all, for its pipelines.
    """

    field: str | None
    values: tuple[types.SigmaType, ...]
    every: bool
    negated: bool
    words: tuple[str, ...]
    item: SigmaDetectionItem = attribute(compare=False, repr=False)


class Expression(types.SigmaRegularExpression):
    """A regular expression that pySigma does not judge by an engine of its own.

    ``start`` and ``end`` say that it must be found at the beginning or the end of a value.
    """

    def __init__(self, text: str) -> None:
        self.start = False
        self.end = False
        super().__init__(text)

    def compile(self) -> None:
        """pySigma would look ahead with Python's engine or with RE2, by its version."""

    @property
    def letters(self) -> str:
        """The flags, as some of i, m and s."""
        return "".join(sorted(self.sigma_to_re_flag[flag] for flag in self.flags))

    @property
    def written(self) -> str:
        """The expression, with anchors for what it is asked to begin or end."""
        text = str(self.regexp)
        start, end = (r"\A" if self.start else ""), (r"\Z" if self.end else "")
        return f"{start}(?:{text}){end}" if start or end else text

    @classmethod
    def of(cls, said: types.SigmaRegularExpression) -> Expression:
        """What pySigma says."""
        made = cls("")
        made.regexp, made.flags = said.regexp, set(said.flags)
        return made

    def replace_placeholders(self, callback: Callable[..., Any]) -> list[types.SigmaRegularExpression]:
        """The expressions with what a pipeline has for the placeholders, and with those that it leaves."""
        found: list[types.SigmaRegularExpression] = []
        for text in self.regexp.replace_placeholders(callback):
            made = Expression("")
            made.regexp, made.flags, made.start, made.end = text, set(self.flags), self.start, self.end
            found.append(made)
        return found


class _Encoded(types.SigmaString):
    """A text that stands for bytes."""

    def __init__(self, data: bytes = b"") -> None:
        super().__init__()
        self.data = data
        self.s = [data.decode("latin-1")] if data else []


def _bytes(value: types.SigmaString) -> bytes:
    if value.contains_special():
        raise exceptions.SigmaValueError("Strings with wildcards cannot be encoded")
    if any(isinstance(part, types.Placeholder) for part in value.s):
        raise exceptions.SigmaValueError("Strings with placeholders cannot be encoded")
    if isinstance(value, _Encoded):
        return value.data
    return "".join(part for part in value.s if isinstance(part, str)).encode("utf-8", "surrogatepass")


class _Wide(pysigma.SigmaWideModifier):
    encoding = "utf-16-le"
    mark = b""

    def modify(self, val: types.SigmaString) -> types.SigmaString:
        if isinstance(val, _Encoded):
            raise exceptions.SigmaValueError("A text can be encoded as UTF-16 once only")
        _bytes(val)
        text = "".join(part for part in val.s if isinstance(part, str))
        return _Encoded(self.mark + text.encode(self.encoding, "surrogatepass"))


class _BigEndian(_Wide):
    encoding = "utf-16-be"


class _Marked(_Wide):
    mark = b"\xff\xfe"


class _Base64(pysigma.SigmaBase64Modifier):
    def modify(self, val: types.SigmaString) -> types.SigmaString:
        return types.SigmaString(b64encode(_bytes(val)).decode())


class _Base64Offset(pysigma.SigmaBase64OffsetModifier):
    def modify(self, val: types.SigmaString) -> types.SigmaExpansion:
        data = _bytes(val)
        return types.SigmaExpansion([types.SigmaString(each) for each in _offsets(data)])


def _offsets(data: bytes) -> Iterator[str]:
    """What of Base64 is the same whatever stands before and behind, for each of the three places of the first byte."""
    for before in range(3):
        text = b64encode(b" " * before + data).decode()
        start = (0, 2, 3)[before]
        end = (None, -3, -2)[(len(data) + before) % 3]
        yield text[start:end]


class _Dashes(pysigma.SigmaWindowsDashModifier):
    def modify(self, val: types.SigmaString) -> types.SigmaExpansion:
        dashes = sum(len(re.findall(r"\B[-/]\b", part)) for part in val.s if isinstance(part, str))
        if dashes > MOST_DASHES:
            raise exceptions.SigmaValueError(
                f"windash tries every spelling of up to {MOST_DASHES} dashes in a value, and this has {dashes}"
            )
        return super().modify(val)


class _Regex(pysigma.SigmaRegularExpressionModifier):
    def modify(self, val: types.SigmaString) -> types.SigmaRegularExpression:
        if self.applied_modifiers:
            raise exceptions.SigmaValueError("`re` comes before all other modifiers")
        return Expression(val.original)


_Text = types.SigmaString | types.SigmaRegularExpression | types.SigmaFieldReference


class _Contains(pysigma.SigmaContainsModifier):
    def modify(self, val: _Text) -> _Text:
        return val if isinstance(val, Expression) else super().modify(val)


class _Startswith(pysigma.SigmaStartswithModifier):
    def modify(self, val: _Text) -> _Text:
        if not isinstance(val, Expression):
            return super().modify(val)
        val.start = True
        return val


class _Endswith(pysigma.SigmaEndswithModifier):
    def modify(self, val: _Text) -> _Text:
        if not isinstance(val, Expression):
            return super().modify(val)
        val.end = True
        return val


#: pySigma's modifiers by name, with ours in the place of some, and one that the specification has beside.
_MODIFIERS: Mapping[str, type[pysigma.SigmaModifier[Any, Any]]] = {
    **pysigma.modifier_mapping,
    "wide": _Wide,
    "utf16le": _Wide,
    "utf16be": _BigEndian,
    "utf16": _Marked,
    "base64": _Base64,
    "base64offset": _Base64Offset,
    "windash": _Dashes,
    "re": _Regex,
    "contains": _Contains,
    "startswith": _Startswith,
    "endswith": _Endswith,
}


def known() -> list[str]:
    """The names of all modifiers."""
    return sorted(_MODIFIERS)


def apply(key: str | None, listed: list[Any]) -> Values:
    """The values of the item ``key: listed`` of a detection; no key means keywords. Raises ModifierError."""
    field, *words = (key or "").split("|")
    unknown = next((word for word in words if word not in _MODIFIERS), None)
    if unknown is not None:
        raise ModifierError(f'There is no modifier "{unknown}".', modifier=unknown)
    modifiers = [_MODIFIERS[word] for word in words]
    given = [_value(each, at, "re" in words) for at, each in enumerate(listed)]
    try:
        item = SigmaDetectionItem(field or None, modifiers, given)
    except _ERRORS:
        item = _one_by_one(field or None, modifiers, listed, "re" in words)
    return _values(item, tuple(words))


def again(item: SigmaDetectionItem) -> Values:
    """The values of an item that a pipeline of pySigma's made, or changed. Raises ModifierError."""
    words = tuple(word for kind in item.modifiers for word, known in _MODIFIERS.items() if known is kind)
    cased = "cased" in words
    item.value = [_ours(value, cased) for value in item.value]
    return _values(item, words)


def _ours(value: types.SigmaType, cased: bool) -> types.SigmaType:
    """``value`` as it would be here, had it been written so; pySigma forgets ``cased`` where it replaces a part."""
    if isinstance(value, types.SigmaRegularExpression) and not isinstance(value, Expression):
        return Expression.of(value)
    if cased and isinstance(value, types.SigmaString) and not isinstance(value, types.SigmaCasedString):
        return types.SigmaCasedString.from_sigma_string(value)
    return value


def _values(item: SigmaDetectionItem, words: tuple[str, ...]) -> Values:
    values = tuple(_checked(value, at) for at, value in enumerate(item.value))
    return Values(item.field, values, item.value_linking is ConditionAND, item.negated, words, item)


#: How pySigma says that a modifier does not take a value.
_INCOMPATIBLE = re.compile(r"Modifier (\w+) incompatible to value type of (.*)", re.DOTALL)

#: How pySigma shows what has no text of its own.
_NULL = re.compile(r"<sigma\.types\.SigmaNull object at 0x[0-9a-f]+>")

#: What pySigma raises where a modifier and a value do not go together.
_ERRORS = (exceptions.SigmaError, IndexError, TypeError, AttributeError, NotImplementedError)


def _one_by_one(field: str | None, modifiers: list[Any], listed: list[Any], is_regex: bool) -> SigmaDetectionItem:
    """Find the value that is to blame. Raises ModifierError."""
    for at, each in enumerate(listed):
        try:
            SigmaDetectionItem(field, modifiers, [_value(each, at, is_regex)])
        except _ERRORS as error:
            raise ModifierError(_sentence(error), value=at) from None
    raise ModifierError("pySigma cannot read the item.")


def _value(value: Any, at: int, is_regex: bool) -> types.SigmaType:
    if is_regex:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ModifierError("A regular expression is a text.", value=at)
        return types.SigmaString.from_str(str(value))
    if isinstance(value, date):
        raise ModifierError("YAML reads the value as a date.", value=at, hint="put quotes around it")
    if isinstance(value, dict | list | bytes):
        raise ModifierError("A value is a text, a number, a boolean or null.", value=at)
    try:
        found = types.sigma_type(value)
    except exceptions.SigmaError as error:
        raise ModifierError(_sentence(error), value=at) from None
    if isinstance(found, types.SigmaNumber) and isinstance(value, int):
        found.number = value  # pySigma takes what a float cannot hold for the float beside it
    return found


def _checked(value: types.SigmaType, at: int) -> types.SigmaType:
    match value:
        case types.SigmaExpansion(values=values):
            for each in values:
                _checked(each, at)
        case _Encoded() if not all(part.isascii() for part in value.s if isinstance(part, str)):
            said = "A text with letters outside ASCII has no UTF-16 that another text could hold."
            raise ModifierError(said, value=at, hint="encode it with base64 or base64offset, too")
        case Expression() if not any(isinstance(part, types.Placeholder) for part in value.regexp.s):
            try:
                expressions.search(value.written, value.letters)
            except expressions.Unreadable as error:
                raise ModifierError(f"The regular expression cannot be read: {error}.", value=at) from None
            except expressions.Stalling:
                pass  # which is for the targets to say
    return value


def _sentence(error: Exception) -> str:
    text = _NULL.sub("null", str(error.args[0] if error.args else error).strip())
    if (found := _INCOMPATIBLE.match(text)) is not None:
        word = next((word for word, kind in _MODIFIERS.items() if kind.__name__ == found[1]), found[1])
        return f"The modifier {word} does not take the value {found[2]}."
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
