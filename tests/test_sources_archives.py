"""Archives, compressed files and patterns: what is read, in which order, and what is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from translator import archives, sources
from translator.errors import Code, TranslatorError
from translator.files import File
from translator.rule import Rule

FILES = {
    "z.kql": "a:z",
    "b/c.kql": "a:c",
    "b.kql": "a:b",
    "b/a/d.kql": "a:d",
    "README.txt": "nothing",
    ".hidden/x.kql": "a:(",
    "logo.png": "\x89PNG\0",
    "__MACOSX/y.kql": "a:(",
}
ORDER = ["b/a/d.kql", "b/c.kql", "b.kql", "z.kql"]


def zipped(files: dict[str, str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, text in files.items():
            archive.writestr(name, text.encode("latin-1"))
    return buffer.getvalue()


def tarred(files: dict[str, str], link: str | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(text.encode("latin-1"))
            archive.addfile(entry, io.BytesIO(text.encode("latin-1")))
        if link:
            entry = tarfile.TarInfo("link.kql")
            entry.type, entry.linkname = tarfile.SYMTYPE, link
            archive.addfile(entry)
    return buffer.getvalue()


PACKED = {
    "rules.zip": zipped(FILES),
    "stored.zip": zipped(FILES, zipfile.ZIP_STORED),
    "rules.tar": tarred(FILES, "/etc/passwd"),
    "rules.tar.gz": gzip.compress(tarred(FILES)),
    "rules.tar.bz2": bz2.compress(tarred(FILES)),
    "rules.tar.xz": lzma.compress(tarred(FILES)),
    "without_suffix": gzip.compress(tarred(FILES)),
}


def scan(path: Path | File, format_: str | None = None) -> list[sources.Found]:
    return list(sources.scan([path], format_))


@pytest.mark.parametrize("name", PACKED)
def test_an_archive_is_read_as_the_folder_in_it_would_be(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(PACKED[name])
    folder = tmp_path / "folder"
    for inner, text in FILES.items():
        (folder / inner).parent.mkdir(parents=True, exist_ok=True)
        if not inner.startswith("__"):
            (folder / inner).write_bytes(text.encode("latin-1"))

    names = [rule.source.name for rule in scan(path) if isinstance(rule, Rule)]
    assert names == [f"{path}/{inner}" for inner in sorted(ORDER, key=lambda each: Path(each).parts)]
    assert [rule.query.text for rule in scan(path) if isinstance(rule, Rule)] == [
        rule.query.text for rule in scan(folder) if isinstance(rule, Rule)
    ]


def test_an_archive_may_come_through_a_pipe() -> None:
    first, *_ = scan(File("<stdin>", PACKED["rules.tar.xz"]))

    assert isinstance(first, Rule)
    assert first.source.name == "<stdin>/b/a/d.kql"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_is_read_as_what_it_holds(pack: object, tmp_path: Path) -> None:
    line = '{"rule_id": "5f5e7a10-0000-4000-8000-00000000f001", "type": "query", "name": "x", "query": "a:b"}\n'
    (tmp_path / "rules.ndjson.gz").write_bytes(pack(line.encode()))  # type: ignore[operator]

    (rule,) = sources.read(tmp_path / "rules.ndjson.gz")
    assert rule.title == "x"


def test_an_archive_without_a_rule_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"README.txt": "nothing"}))

    with pytest.raises(TranslatorError) as error:
        sources.read(tmp_path / "a.zip")
    assert [found.code for found in error.value.diagnostics] == [Code.NO_RULES]
    assert "archive" in error.value.diagnostics[0].message


@pytest.mark.parametrize(
    "content",
    [
        PACKED["rules.zip"][:-30],
        PACKED["rules.tar.xz"][:-40],
        PACKED["rules.tar.gz"][:-40],
        PACKED["rules.tar"][:700],
        b"PK\x03\x04nonsense",
        b"\x1f\x8bnonsense",
        b"\x28\xb5\x2f\xfdzstandard",
    ],
    ids=["zip", "tar.xz", "tar.gz", "tar", "no zip", "no gzip", "zstandard"],
)
def test_a_broken_archive_is_one_clear_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "rules.bin"
    path.write_bytes(content)
    errors = [each for each in scan(path) if isinstance(each, TranslatorError)]

    assert [found.code for error in errors for found in error.diagnostics] == [Code.UNREADABLE]
    assert str(path) in str(errors[0])


@pytest.mark.parametrize("name", ["../x.kql", "/etc/x.kql", "a/../../x.kql", "C:/x.kql", "..\\x.kql"])
def test_a_file_that_would_leave_the_archive_is_refused(name: str) -> None:
    (found,) = scan(File("a.zip", zipped({name: "a:b"})))

    assert isinstance(found, TranslatorError)
    assert found.diagnostics[0].code is Code.UNREADABLE
    assert "outside" in found.diagnostics[0].message


def test_one_broken_member_hides_no_other() -> None:
    content = bytearray(zipped({"a.kql": "a:" + "x" * 50, "b.kql": "a:b"}, zipfile.ZIP_STORED))
    content[content.index(b"xxxx") : content.index(b"xxxx") + 4] = b"yyyy"
    broken, whole = scan(File("a.zip", bytes(content)))

    assert isinstance(broken, TranslatorError)
    assert "a.zip/a.kql" in str(broken)
    assert isinstance(whole, Rule)


def test_a_bomb_stops_at_the_largest_member(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST_MEMBER", 1000)
    monkeypatch.setattr(archives, "LARGEST_ARCHIVE", 100_000)
    large, whole = scan(File("a.zip", zipped({"a.kql": "a" * 5000, "b.kql": "a:b"})))
    (bomb,) = scan(File("a.tar.xz", lzma.compress(bytes(200_000))))

    assert isinstance(large, TranslatorError)
    assert isinstance(whole, Rule)
    assert isinstance(bomb, TranslatorError)
    assert "more than" in str(bomb)


def test_archives_in_a_folder_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "old.zip").write_bytes(PACKED["rules.zip"])
    (tmp_path / "a.kql").write_text("a:b")

    assert [rule.title for rule in sources.read(tmp_path)] == ["a"]


def test_no_more_than_one_member_is_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "many.tar.xz"
    files = {f"{number:03}.kql": f"a:{'x' * 200_000}" for number in range(60)}
    path.write_bytes(lzma.compress(tarred(files), preset=0))
    tracemalloc.start()
    try:
        count = sum(isinstance(each, Rule) for each in sources.scan([path]))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == 60
    assert peak < 6_000_000  # half of what is in the archive


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("a:b")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.kql", ["a", "b"]),
        ("**/*.kql", ["a", "b", "c", "d"]),
        ("x/**", ["c", "d"]),
        ("[ab].kql", ["a", "b"]),
        ("?/c.kql", ["c"]),
    ],
)
def test_a_pattern_names_files_in_the_order_of_their_names(pattern: str, names: list[str], tmp_path: Path) -> None:
    put(tmp_path, "b.kql", "a.kql", "x/c.kql", "x/y/d.kql", ".git/e.kql", "x/.f.kql")

    assert [rule.title for rule in sources.read(f"{tmp_path}/{pattern}")] == names


def test_a_pattern_that_matches_nothing_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(TranslatorError) as error:
        sources.read(f"{tmp_path}/*.toml")

    assert [found.code for found in error.value.diagnostics] == [Code.NOT_FOUND]


def test_a_name_with_brackets_is_that_file(tmp_path: Path) -> None:
    put(tmp_path, "a[1].kql")

    assert [rule.title for rule in sources.read(tmp_path / "a[1].kql")] == ["a[1]"]


def test_a_file_that_a_pattern_names_is_read_even_if_no_format_knows_it(tmp_path: Path) -> None:
    put(tmp_path, "a.txt")
    (found,) = scan(tmp_path / "*.txt")

    assert isinstance(found, TranslatorError)
    assert found.diagnostics[0].code is Code.UNKNOWN_FORMAT
