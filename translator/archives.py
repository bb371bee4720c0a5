"""Files inside .zip and .tar archives, in the order of their names and one at a time.

A compressed tar cannot be read in another order than its own, so it is unpacked to a temporary file first; no more
than one member is ever in memory.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import PurePosixPath
from typing import IO, BinaryIO, TypeAlias

from translator.errors import Code, TranslatorError, refuse
from translator.source import Source, Span

#: No rule file is larger, and a bomb stops here.
LARGEST_MEMBER = 64 * 2**20
LARGEST_ARCHIVE = 4 * 2**30
_CHUNK = 2**20

#: How many bytes tell an archive.
SAMPLE = 265

_Opened: TypeAlias = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile
_COMPRESSED: tuple[tuple[bytes, Callable[[BinaryIO], _Opened]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_TAR = slice(257, 262), b"ustar"

_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
)

#: What would leave the folder that an archive is unpacked to.
_OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:|(?:.*[/\\])?\.\.(?:[/\\]|\Z)")


def is_archive(start: bytes) -> bool:
    """Whether a file that begins with these bytes (`SAMPLE` of them) is an archive, or a compressed file."""
    return (
        start.startswith((*_ZIP, _ZSTANDARD))
        or any(start.startswith(mark) for mark, _ in _COMPRESSED)
        or start[_TAR[0]] == _TAR[1]
    )


def members(file: BinaryIO, name: str) -> Iterator[tuple[str, bytes] | TranslatorError]:
    """The files of an archive, named ``name/inner/path``, in the order of their paths.

    A compressed file that holds no archive is one file. Hidden files and what is no file are left out. Yields an error
    for each member that cannot be read, and for an archive that breaks off.
    """
    try:
        yield from _members(file, name)
    except _BROKEN as error:
        yield _refuse(name, f"The archive {name} cannot be read: {_why(error)}.")


def _members(file: BinaryIO, name: str) -> Iterator[tuple[str, bytes] | TranslatorError]:
    start = file.read(SAMPLE)
    file.seek(0)
    if start.startswith(_ZSTANDARD):
        yield _refuse(
            name, f"{name} is compressed with Zstandard, which cannot be read here.", "unpack it, or make it a .tar.gz"
        )
        return
    with ExitStack() as stack:
        if start.startswith(_ZIP):
            yield from _zipped(stack.enter_context(zipfile.ZipFile(file)), name)
            return
        plain: IO[bytes] = file
        if opener := next((opener for mark, opener in _COMPRESSED if start.startswith(mark)), None):
            plain = stack.enter_context(tempfile.TemporaryFile())
            packed = opener(file)
            stack.callback(packed.close)
            if not _unpacked(packed, plain):
                yield _refuse(
                    name, f"{name} unpacks to more than {LARGEST_ARCHIVE >> 30} GiB.", "unpack what is needed of it"
                )
                return
            start = plain.read(SAMPLE)
            plain.seek(0)
        if start[_TAR[0]] == _TAR[1]:
            yield from _tarred(stack.enter_context(tarfile.open(fileobj=plain, mode="r:")), name)
        else:
            yield name, plain.read()


def _unpacked(packed: _Opened, plain: IO[bytes]) -> bool:
    size = 0
    while chunk := packed.read(_CHUNK):
        size += len(chunk)
        if size > LARGEST_ARCHIVE:
            return False
        plain.write(chunk)
    plain.seek(0)
    return True


def _zipped(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, bytes] | TranslatorError]:
    entries = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
    for path in _in_order(entries):
        entry = entries[path]
        yield _one(name, path, partial(archive.open, entry))


def _tarred(archive: tarfile.TarFile, name: str) -> Iterator[tuple[str, bytes] | TranslatorError]:
    entries = {entry.name: entry for entry in archive if entry.isfile() or entry.islnk()}
    for path in _in_order(entries):
        entry = entries[path]
        yield _one(name, path, partial(archive.extractfile, entry))


def _in_order(paths: Iterable[str]) -> list[str]:
    """The order in which a folder of these files would be read, without its hidden files."""
    parts = {path: PurePosixPath(path.removeprefix("./")).parts for path in paths}
    hidden = {path for path, each in parts.items() if any(re.match(r"\.(?!\.)|__MACOSX\Z", part) for part in each)}
    seen = parts.keys() - hidden
    return sorted(seen, key=parts.__getitem__)


def _one(name: str, path: str, opened: Callable[[], IO[bytes] | None]) -> tuple[str, bytes] | TranslatorError:
    path = path.removeprefix("./")
    if _OUTSIDE.match(path):
        return _refuse(
            name,
            f"The archive holds a file that would lie outside it: {path}.",
            "unpack it with care, and read the folder",
        )
    whole = f"{name}/{path}"
    try:
        file = opened()
        if file is None:
            return _refuse(whole, f"{whole} cannot be read: it is no file.")
        with file:
            chunks, size = [], 0
            while size <= LARGEST_MEMBER and (chunk := file.read(_CHUNK)):
                chunks.append(chunk)
                size += len(chunk)
    except _BROKEN as error:
        return _refuse(whole, f"{whole} cannot be read: {_why(error)}.")
    if size > LARGEST_MEMBER:
        return _refuse(
            whole, f"{whole} is larger than {LARGEST_MEMBER >> 20} MiB.", "unpack it, and name it if it is a rule file"
        )
    return whole, b"".join(chunks)


def _why(error: Exception) -> str:
    said = (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip().rstrip(".")
    return said[:1].lower() + said[1:]


def _refuse(name: str, message: str, hint: str | None = None) -> TranslatorError:
    return refuse(Code.UNREADABLE, message, Source("", name), Span(0, 0), hint)
