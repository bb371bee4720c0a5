"""Bytes on a disk or in an archive -> `Source`, and text back to the disk.

A file is read whole and decoded strictly: a detection with a character silently replaced is another detection.
"""

from __future__ import annotations

import errno
import glob
import io
import os
import re
import secrets
import stat
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from translator import archives
from translator.errors import Code, TranslatorError, refuse
from translator.source import Source, Span

#: How many bytes decide whether a file that cannot be decoded looks binary.
_SAMPLE = 4096

#: How much of a path a message shows.
_SHOWN = 200

#: Marks a folder of artefacts.
_GENERATED = ".generated"

#: A file that nobody has opened yet.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)

_BLANK = re.compile(r"\s*\Z")

#: Byte order marks and the encodings they announce; the 32-bit ones first, since they begin like the 16-bit ones.
_MARKS = (
    (BOM_UTF32_LE, None),
    (BOM_UTF32_BE, None),
    (BOM_UTF8, "utf-8"),
    (BOM_UTF16_LE, "utf-16-le"),
    (BOM_UTF16_BE, "utf-16-be"),
)
_CALLED = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}


@dataclass(frozen=True, slots=True)
class File:
    """A file's name and its bytes, from a disk, an archive or standard input."""

    name: str
    content: bytes = field(repr=False)

    def decode(self, *, keep_broken: bool = False) -> Source:
        """The text, its byte order mark dropped and its line ends kept.

        ``keep_broken`` lets bytes that are no UTF-8 stand as lone surrogates (U+DC80 to U+DCFF), for a reader who
        refuses the part of a file where they are. Raises TranslatorError where the bytes are no text in UTF-8, or in
        UTF-16 with a byte order mark, and where there is nothing but white space.
        """
        encoding, skipped = self._encoding()
        try:
            text = self.content[skipped:].decode(encoding, _errors(encoding) if keep_broken else "strict")
        except UnicodeDecodeError as error:
            raise self._undecodable(encoding, skipped, error) from None
        if (at := text.find("\0")) >= 0:
            raise self._binary(at, encoding)
        if _BLANK.match(text):
            said = "only white space" if text else "nothing"
            raise refuse(Code.EMPTY, f"The file holds {said}.", Source("", self.name), Span(0, 0))
        return Source(text, self.name)

    def encode(self, text: str) -> bytes:
        """``text`` as this file spells its own: the same encoding, the same byte order mark."""
        encoding, skipped = self._encoding()
        return self.content[:skipped] + text.encode(encoding, _errors(encoding))

    @property
    def binary(self) -> bool:
        """Whether the file begins as no text does, in whatever encoding that can be told."""
        marks = tuple(mark for mark, _ in _MARKS)
        return b"\0" in self.content[:_SAMPLE] and not self.content.startswith(marks)

    def guess(self) -> Source:
        """The text as well as it can be read, to see what the file is meant to be."""
        wide = self.content.startswith((BOM_UTF32_LE, BOM_UTF32_BE))
        encoding, skipped = ("utf-8", 0) if wide else self._encoding()
        return Source(self.content[skipped:].decode(encoding, "replace"), self.name)

    def _encoding(self) -> tuple[str, int]:
        for mark, encoding in _MARKS:
            if self.content.startswith(mark):
                if encoding is None:
                    raise refuse(
                        Code.NOT_TEXT, "The file is in UTF-32.", Source("", self.name), Span(0, 0), "save it as UTF-8"
                    )
                return encoding, len(mark)
        return "utf-8", 0

    def _undecodable(self, encoding: str, skipped: int, error: UnicodeDecodeError) -> TranslatorError:
        content = self.content[skipped:]
        if encoding == "utf-8" and b"\0" in self.content[:_SAMPLE]:
            return self._binary(content.index(b"\0"), encoding)
        at = len(content[: error.start].decode(encoding, "replace"))
        readable = Source(content.decode(encoding, "replace"), self.name)
        wrong = content[error.start : error.end].hex(" ")
        return refuse(
            Code.NOT_TEXT,
            f"The file is no valid {_CALLED[encoding]}: {wrong} at byte {skipped + error.start} ({error.reason}).",
            readable,
            Span(at, at + 1),
            "save it as UTF-8",
        )

    def _binary(self, at: int, encoding: str) -> TranslatorError:
        text = self.content[:_SAMPLE]
        # Text in a western language has a zero in every second byte of UTF-16, and half as many zeros as bytes.
        if encoding == "utf-8" and text.count(0) * 3 > len(text):
            return refuse(
                Code.NOT_TEXT,
                "The file looks like UTF-16, but it has no byte order mark.",
                Source("", self.name),
                Span(0, 0),
                "save it as UTF-8",
            )
        return refuse(
            Code.NOT_TEXT, f"The file is binary: there is a NUL at offset {at}.", Source("", self.name), Span(0, 0)
        )


def _errors(encoding: str) -> str:
    return "surrogateescape" if encoding == "utf-8" else "strict"


def read(path: Path | str) -> File:
    """The file at ``path``. Raises TranslatorError where there is none, or none that can be read."""
    if not str(path):
        raise _refuse_path(Path(path), FileNotFoundError())
    try:
        return File(str(path), Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise _refuse_path(Path(path), error) from None


def matching(path: Path | str) -> list[Path] | None:
    """The files that a pattern such as ``rules/**/*.toml`` names, in the order of their names.

    Hidden ones are left out. None where the path is none: nothing on the disk has a star in its name but what is meant.
    """
    pattern = str(path)
    try:
        if not glob.has_magic(pattern) or Path(pattern).exists():
            return None
        found = glob.iglob(pattern, recursive=True)  # noqa: PTH207 (Path.glob takes no absolute pattern)
        return sorted(each for name in found if (each := Path(name)).is_file())
    except (OSError, ValueError):
        return None


def archived(file: Path | str | File) -> Iterator[File | TranslatorError] | None:
    """The files of an archive, one at a time, or None where ``file`` is none.

    A compressed file counts as an archive of one. Yields an error for each member that cannot be read.
    """
    if isinstance(file, File):
        packed = archives.is_archive(file.content[: archives.SAMPLE])
        return _inside(io.BytesIO(file.content), file.name) if packed else None
    try:
        if not Path(file).is_file():
            return None  # a pipe gives its bytes but once
        opened = Path(file).open("rb")  # noqa: SIM115 (the generator closes it)
    except (OSError, ValueError):
        return None  # `read` says why
    if archives.is_archive(opened.read(archives.SAMPLE)):
        opened.seek(0)
        return _inside(opened, str(file))
    opened.close()
    return None


def _inside(archive: BinaryIO, name: str) -> Iterator[File | TranslatorError]:
    with archive:
        for member in archives.members(archive, name):
            yield member if isinstance(member, TranslatorError) else File(*member)


def is_folder(path: Path | str) -> bool:
    """Whether there is a folder at ``path``; what cannot be a path is none."""
    try:
        return bool(str(path)) and Path(path).is_dir()
    except (OSError, ValueError):
        return False


def walk(path: Path | str) -> Iterator[Path | TranslatorError]:
    """Every file below a folder, in the order of their names, and an error for each folder that cannot be read.

    Hidden files and folders are left out, and so is a folder that holds a file called ``.generated``: what lies in it
    was made from rules. Links are followed, but never back into a folder that leads to them.
    """
    yield from _walk(Path(path), ())


def _walk(folder: Path, above: tuple[Path, ...]) -> Iterator[Path | TranslatorError]:
    try:
        here = folder.resolve(strict=True)
        entries = sorted(folder.iterdir(), key=lambda each: each.name)
    except OSError as error:
        yield _refuse_path(folder, error)
        return
    if here in above or any(entry.name == _GENERATED for entry in entries):
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            mode = entry.stat().st_mode
        except OSError as error:
            yield _refuse_path(entry, error)
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(entry, (*above, here))
        elif stat.S_ISREG(mode):
            yield entry


def write(path: Path | str, text: str) -> None:
    """Put ``text`` at ``path`` in UTF-8, making its folders; a reader sees the old file or the new one, never half.

    Raises TranslatorError where that cannot be done.
    """
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise refuse(
            Code.UNREADABLE,
            f"{path} cannot be written: U+{ord(text[error.start]):04X} is half a character.",
            Source(text, str(path)),
            Span(error.start, error.end),
        ) from None
    write_bytes(path, content)


def write_bytes(path: Path | str, content: bytes) -> None:
    """Put ``content`` at ``path``, as `write` does."""
    path = Path(path)
    try:
        mode = _mode(path)
        if mode is not None and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            path.write_bytes(content)  # a pipe or a terminal cannot be renamed over
            return
        # What a link points to is replaced, not the link.
        _replace(path.resolve() if path.is_symlink() else path, content, mode)
    except (OSError, ValueError) as error:
        raise _refuse_path(path, error, "written") from None


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _replace(target: Path, content: bytes, mode: int | None) -> None:
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}")
    try:
        handle = os.open(temporary, _NEW, 0o666)
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(temporary, _NEW, 0o666)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 (a handle has no path)
            file.write(content)
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _refuse_path(path: Path, error: OSError | ValueError, done: str = "read") -> TranslatorError:
    nowhere = Source("", str(path))
    shown = str(path) if len(str(path)) <= _SHOWN else f"{str(path)[:_SHOWN]}..."
    match error:
        case OSError() if done != "read":
            reason = (error.strerror or str(error)).lower()
            return refuse(
                Code.UNREADABLE,
                f"{shown} cannot be {done}: {reason}.",
                nowhere,
                Span(0, 0),
                "write somewhere else with -o",
            )
        case FileNotFoundError() | ValueError() | OSError(errno=errno.ENAMETOOLONG):
            return refuse(Code.NOT_FOUND, f"There is no file or folder {shown}.", nowhere, Span(0, 0))
        case IsADirectoryError():
            return refuse(Code.UNREADABLE, f"{shown} is a folder; a file is needed.", nowhere, Span(0, 0))
        case NotADirectoryError():
            return refuse(
                Code.NOT_FOUND,
                f"There is no file or folder {shown}: a part of the path is a file.",
                nowhere,
                Span(0, 0),
            )
        case _:
            reason = (error.strerror or str(error)).lower()
            return refuse(Code.UNREADABLE, f"{shown} cannot be read: {reason}.", nowhere, Span(0, 0))
