"""Where rules come from: every public module here reads one format, under its own name.

A file's text decides what it is, its suffix where the text leaves a doubt, and a caller who names the format has
the last word.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeVar

from translator import files, registry
from translator.errors import Code, TranslatorError, refuse
from translator.files import File
from translator.rule import Rule
from translator.source import Source, Span
from translator.sources._format import Found, SourceFormat, Waiting

__all__ = [
    "End",
    "Found",
    "Part",
    "SourceFormat",
    "Waiting",
    "flattened",
    "parts",
    "read",
    "read_part",
    "read_text",
    "scan",
    "settled",
    "sources",
    "together",
]

T = TypeVar("T")


@cache
def sources() -> dict[str, SourceFormat]:
    """All formats by name: the modules of this package, then what third parties installed."""
    found = registry.modules(sys.modules[__name__], "SOURCE") | registry.plugins("sigma_kql.sources")
    return {name: source.named(name) for name, source in found.items()}


def read(path: str | Path, format: str | None = None) -> list[Rule]:  # noqa: A002 (the public name)
    """Every rule of a file, a folder, an archive or of what a pattern (``rules/**/*.toml``) names, in a stable order.

    Raises TranslatorError with all mistakes of all files, also where the path is missing or holds no rule.
    """
    return _all(scan([path], format))


def read_text(text: str, format: str | None = None, name: str = "<memory>") -> list[Rule]:  # noqa: A002
    """Every rule of a text. Raises TranslatorError with all its mistakes."""
    return _all(settled(_read_file(File(name, text.encode("utf-8", "surrogatepass")), _named(format))))


def scan(paths: Iterable[str | Path | File], format: str | None = None) -> Iterator[Found]:  # noqa: A002
    """The rules of files, folders, archives and patterns, one after the other.

    In between comes an error for each file that cannot be read: it hides no other. No more than one file is in memory
    at a time, until one holds a rule that others may change (Sigma's). Standard input comes as a `File`. Raises
    TranslatorError at once for an unknown ``format``.
    """
    return settled(found for _, found in flattened((part, read_part(part)) for part in parts(paths, format)))


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a run that is to be read, or why there is none.

    ``path`` is what the caller named: the file, or where it was met; ``format`` the format that the caller wants.
    """

    path: str
    content: File | TranslatorError
    format: str | None
    #: Whether it was met in a folder or an archive, where what is no rule file is passed over.
    met: bool = False

    @property
    def size(self) -> int:
        """How many bytes are to be read."""
        return len(self.content.content) if isinstance(self.content, File) else 0


@dataclass(frozen=True, slots=True)
class End:
    """The end of a folder or an archive, which is called so in a message; without any rule file it is a mistake."""

    called: str
    path: str
    format: str | None
    size: int = 0


def parts(paths: Iterable[str | Path | File], format_: str | None = None) -> Iterator[Part | End]:
    """What is to be read at ``paths``, in a stable order, each file when it is asked for.

    Raises TranslatorError at once for an unknown ``format_``.
    """
    _named(format_)
    return (part for path in paths for part in _parts(path, format_))


def read_part(part: Part | End) -> Iterator[Found | Waiting]:
    """The rules of a file; none where it is passed over."""
    if isinstance(part, End):
        return iter(())
    if isinstance(part.content, TranslatorError):
        return iter((part.content,))
    chosen = _named(part.format)
    if not part.met:
        return _read_file(part.content, chosen)
    formats = _claimants(part.content, chosen)
    return _read_file(part.content, chosen, formats) if formats else iter(())


def flattened(read: Iterable[tuple[Part | End, Iterable[T]]]) -> Iterator[tuple[str, T | TranslatorError]]:
    """What was made of all `parts`, each with the path that its part was met at.

    A folder or an archive of which nothing was made gives an error.
    """
    empty = True
    for part, found in read:
        if isinstance(part, End):
            if empty:
                yield part.path, _without_rules(part)
            empty = True
            continue
        for each in found:
            empty = empty and not part.met
            yield part.path, each


def _without_rules(end: End) -> TranslatorError:
    wanted = f"{end.format} file" if end.format else "rule file"
    return refuse(
        Code.NO_RULES,
        f"{end.called} holds no {wanted}.",
        Source("", end.path),
        Span(0, 0),
        f"the formats are {', '.join(sources())}",
    )


def settled(found: Iterable[Found | Waiting]) -> Iterator[Found]:
    """What was found, in its order; behind the first that waits for others, all waits for the last."""
    for each, results in together(found, lambda each: each if isinstance(each, Waiting) else None):
        if isinstance(each, Waiting):
            yield from results
        else:
            yield each


def together(items: Iterable[T], waiting: Callable[[T], Waiting | None]) -> Iterator[tuple[T, Sequence[Found]]]:
    """Every item in its order, with what it comes to where it is ``waiting`` for others.

    Behind the first that waits, all waits for the last.
    """
    held: list[tuple[T, Waiting | None]] = []
    for item in items:
        waits = waiting(item)
        if held or waits is not None:
            held.append((item, waits))
        else:
            yield item, ()
    results: dict[int, Sequence[Found]] = {}
    of_all = [waits for _, waits in held if waits is not None]
    for settle in dict.fromkeys(each.settle for each in of_all):
        alike = [each for each in of_all if each.settle is settle]
        results |= zip(map(id, alike), settle([each.about for each in alike]), strict=True)
    for item, waits in held:
        yield item, results[id(waits)] if waits is not None else ()


def _all(found: Iterable[Found]) -> list[Rule]:
    rules: list[Rule] = []
    mistakes: list[TranslatorError] = []
    for each in found:
        if isinstance(each, TranslatorError):
            mistakes.append(each)
        else:
            rules.append(each)
    if mistakes:
        raise TranslatorError(diagnostic for mistake in mistakes for diagnostic in mistake.diagnostics)
    return rules


def _named(name: str | None) -> SourceFormat | None:
    if name is None:
        return None
    if name in sources():
        return sources()[name]
    raise refuse(
        Code.UNKNOWN_SOURCE,
        f'There is no source format "{name}".',
        Source("", "--from"),
        Span(0, 0),
        f"use one of {', '.join(sources())}",
    )


def _parts(path: str | Path | File, chosen: str | None) -> Iterator[Part | End]:
    name = path.name if isinstance(path, File) else str(path)
    if not isinstance(path, File) and (matched := files.matching(path)) is not None:
        if not matched:
            error = refuse(
                Code.NOT_FOUND,
                f"No file matches {path}.",
                Source("", name),
                Span(0, 0),
                "`**` stands for any folders, `*` for any name",
            )
            yield Part(name, error, chosen)
        for each in matched:
            yield from _of_one(each, name, chosen)
    elif not isinstance(path, File) and files.is_folder(path):
        yield from _of_many(f"The folder {path}", name, _opened(Path(path)), name, chosen)
    else:
        yield from _of_one(path, name, chosen)


def _of_one(path: str | Path | File, named: str, chosen: str | None) -> Iterator[Part | End]:
    """A file, or those in an archive."""
    name = path.name if isinstance(path, File) else str(path)
    if (members := files.archived(path)) is not None:
        yield from _of_many(f"The archive {name}", name, members, named, chosen)
        return
    try:
        yield Part(named, path if isinstance(path, File) else files.read(path), chosen)
    except TranslatorError as error:
        yield Part(named, error, chosen)


def _opened(folder: Path) -> Iterator[File | TranslatorError]:
    """The files of a folder; one that cannot be read is an error. Archives among them are passed over."""
    for path in files.walk(folder):
        try:
            yield path if isinstance(path, TranslatorError) else files.read(path)
        except TranslatorError as error:
            yield error


def _of_many(
    called: str, name: str, members: Iterable[File | TranslatorError], named: str, chosen: str | None
) -> Iterator[Part | End]:
    """Files that nobody named one by one."""
    for member in members:
        yield Part(named, member, chosen, met=True)
    yield End(called, name, chosen)


def _claimants(file: File, chosen: SourceFormat | None) -> list[SourceFormat]:
    """The formats that may read a file that was met in a folder; there is none for a README or a picture."""
    formats = [chosen] if chosen else list(sources().values())
    if file.binary and not any(source.claims(file.name) for source in formats):
        return []
    return _recognising(file.guess(), formats)


def _read_file(
    file: File, chosen: SourceFormat | None, formats: list[SourceFormat] | None = None
) -> Iterator[Found | Waiting]:
    try:
        text, format_ = _decoded(file, chosen, formats)
    except TranslatorError as error:
        yield error
        return
    try:
        for found in format_.read(text):
            yield _guessed(found, format_) if isinstance(found, TranslatorError) and not chosen else found
    except TranslatorError as error:
        yield error if chosen else _guessed(error, format_)


def _decoded(
    file: File, chosen: SourceFormat | None, formats: list[SourceFormat] | None
) -> tuple[Source, SourceFormat]:
    """The text and the format that reads it. A format that reads part by part refuses no file for one wrong byte."""
    try:
        text = file.decode()
    except TranslatorError:
        lenient = file.decode(keep_broken=True)
        format_ = chosen or _recognised(lenient, formats)
        if not format_.by_parts:
            raise
        return lenient, format_
    return text, chosen or _recognised(text, formats)


def _guessed(error: TranslatorError, format_: SourceFormat) -> TranslatorError:
    """``error``, which may come of a wrong guess: it says what was guessed and how to say better."""
    said = f"the file was taken for {format_.name}; if it is something else, say so with --from"
    return TranslatorError(
        replace(each, hint=f"{each.hint}; {said}" if each.hint else said) if each.code is Code.NOT_A_RULE else each
        for each in error.diagnostics
    )


def _recognising(text: Source, formats: Iterable[SourceFormat]) -> list[SourceFormat]:
    return [source for source in formats if source.recognises(text)]


def _recognised(text: Source, formats: list[SourceFormat] | None) -> SourceFormat:
    """The one format that recognises the text, among ``formats`` if a first look at it left only these."""
    found = _recognising(text, sources().values()) if formats is None else formats
    if len(found) > 1:
        found = [source for source in found if source.claims(text.name)] or found
    match found:
        case [one]:
            return one
        case []:
            raise refuse(
                Code.UNKNOWN_FORMAT,
                f"No source format recognises {text.name}.",
                text,
                Span(0, 1),
                f"say what it is: {_choices(sources().values())}",
            )
        case _:
            names = " and ".join(source.name for source in found)
            raise refuse(
                Code.UNKNOWN_FORMAT,
                f"{text.name} can be read as {names}.",
                text,
                Span(0, 1),
                f"say what it is: {_choices(found)}",
            )


def _choices(formats: Iterable[SourceFormat]) -> str:
    return " or ".join(f"--from {source.name}" for source in formats)
