"""YAML read strictly, with the place of every value.

PyYAML reads the text; this module refuses what a careful reader would not notice (a key twice, aliases that
multiply, tags that build objects) and keeps where each key and value stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from translator.errors import Code, TranslatorError, refuse
from translator.source import Source, Span

#: A place in a document: keys and list positions from the top.
Path: TypeAlias = tuple[Any, ...]

#: More nodes than this after aliases are followed is an attack, not a document.
_MOST_NODES = 1_000_000
_DEEPEST = 100

_KNOWN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ["map", "seq", "str", "int", "float", "bool", "null", "timestamp", "binary", "merge", "value"]
)

_TEXT = "tag:yaml.org,2002:str"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """One YAML document: plain Python values, and the spans of keys and values by path."""

    value: Any
    source: Source
    #: PyYAML's nodes, which know their places: few are ever asked.
    _keys: dict[Path, yaml.Node] = field(repr=False)
    _values: dict[Path, yaml.Node] = field(repr=False)

    def span(self, *path: Any) -> Span:
        """Where the value at ``path`` is said: its key if it has one, or the value; the start if there is none."""
        node = self._keys.get(path) or self._values.get(path)
        return Span(0, 1) if node is None else _span(node)

    def value_span(self, *path: Any) -> Span:
        """Where the value at ``path`` itself stands."""
        node = self._values.get(path)
        return self.span(*path) if node is None else _span(node)


def _span(node: yaml.Node) -> Span:
    start: int = node.start_mark.index
    return Span(start, max(start + 1, node.end_mark.index))


def merged(below: Document, above: Document) -> Document:
    """Two documents of one text as one: maps are joined, and for all else ``above`` has the last word."""
    value = _merged(below.value, above.value)
    return Document(value, above.source, {**below._keys, **above._keys}, {**below._values, **above._values})


def _merged(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}


def read(source: Source) -> Document:
    """Read a text that holds one YAML document. Raises TranslatorError at the place of a mistake."""
    documents = read_all(source)
    if len(documents) > 1:
        raise refuse(
            Code.BAD_YAML,
            "There is a second document in the file.",
            source,
            documents[1].span(),
            "keep one document, or split the file",
        )
    return documents[0] if documents else Document(None, source, {}, {})


class _Last:
    """The text that was read last: a rule's file is read for what it says of itself, then for what it asks."""

    source: Source | None = None
    documents: tuple[Document, ...] = ()


def read_all(source: Source) -> list[Document]:
    """Read every document of a YAML text. Raises TranslatorError at the place of a mistake.

    The values are not to be changed: who reads the same text again may be given the same.
    """
    if source is not _Last.source:
        documents = _documents(source)
        _Last.source, _Last.documents = source, tuple(documents)
        return documents
    return [*_Last.documents]


def _documents(source: Source) -> list[Document]:
    loader = _Loader(source.text)
    documents: list[Document] = []
    try:
        while loader.check_node():
            node = loader.get_node()
            reader = _Reader(source, loader)
            documents.append(Document(reader.value(node, ()), source, reader.keys, reader.values))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = min(mark.index, len(source.text)) if mark else 0
        problem = error.problem or error.context or "the text is not YAML"
        raise refuse(Code.BAD_YAML, f"{problem[0].upper()}{problem[1:]}.", source, Span(at, at + 1)) from None
    except yaml.reader.ReaderError as error:
        at = min(int(error.position), len(source.text))
        raise refuse(
            Code.BAD_YAML,
            f"YAML takes no such character ({error.reason}).",
            source,
            Span(at, at + 1),
            "escape it inside a double-quoted string",
        ) from None
    except RecursionError:
        raise refuse(Code.BAD_YAML, "The YAML is nested too deeply.", source, Span(0, 1)) from None
    finally:
        loader.dispose()
    return documents


class _Reader:
    """Builds the values of one document, and remembers where they stand."""

    def __init__(self, source: Source, loader: Any) -> None:
        self.source = source
        self.loader = loader
        self.keys: dict[Path, yaml.Node] = {}
        self.values: dict[Path, yaml.Node] = {}
        self.count = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.count += 1
        self.values[path] = node
        if self.count > _MOST_NODES or len(path) > _DEEPEST:
            raise self.mistake("The YAML grows beyond what a rule can need (aliases of aliases?).", _span(node))
        if node.tag not in _KNOWN_TAGS:
            raise self.mistake(
                f"The tag {node.tag} asks for something that is no plain value.", _span(node), "take the tag away"
            )
        match node:
            case yaml.MappingNode():
                return self.mapping(node, path)
            case yaml.SequenceNode():
                return [self.value(item, (*path, at)) for at, item in enumerate(node.value)]
            case _:
                return self.scalar(node)

    def scalar(self, node: yaml.Node) -> Any:
        if node.tag == _TEXT and isinstance(node, yaml.ScalarNode):
            return node.value
        try:
            return self.loader.construct_object(node)
        except (yaml.constructor.ConstructorError, ValueError) as error:
            problem = getattr(error, "problem", None) or str(error)
            raise self.mistake(f"The value cannot be read: {problem}.", _span(node), "put it in quotes") from None

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                for above in self.merged(value_node, path):
                    merged = {**above, **merged}
                continue
            key = self.value(key_node, (*path, None))
            if isinstance(key, (dict, list)):
                raise self.mistake("A key must be a plain text.", _span(key_node))
            if key in found:
                # YAML 1.1 reads `on` as true, and true is 1 to Python.
                plain = isinstance(key, str)
                hint = "keep one of them" if plain else "put it in quotes if it is a text"
                raise self.mistake(f'The key "{key_node.value}" is said twice.', _span(key_node), hint)
            below = (*path, key)
            self.keys[below] = key_node
            found[key] = self.value(value_node, below)
        return {**merged, **found}

    def merged(self, node: yaml.Node, path: Path) -> Iterator[dict[Any, Any]]:
        for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.value(each, path)
            if not isinstance(value, dict):
                raise self.mistake("Only maps can be merged with `<<`.", _span(each))
            yield value

    def mistake(self, message: str, span: Span, hint: str | None = None) -> TranslatorError:
        return refuse(Code.BAD_YAML, message, self.source, span, hint)
