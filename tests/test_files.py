"""Bytes -> text and back: strictly read, never half written."""

from __future__ import annotations

import codecs
import os
import stat
import sys
from pathlib import Path

import pytest

from translator import files
from translator.errors import Code, Diagnostic, TranslatorError
from translator.files import File

TEXT = "title: Café\r\nlevel: low\rid: x\n"


def finding(error: pytest.ExceptionInfo[TranslatorError]) -> Diagnostic:
    (found,) = error.value.diagnostics
    return found


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16 little", "utf-16 big"],
)
def test_every_encoding_gives_the_same_text_with_its_line_ends(content: bytes):
    assert File("rule.yml", content).decode().text == TEXT


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"", Code.EMPTY, "nothing"),
        (codecs.BOM_UTF8, Code.EMPTY, "nothing"),
        (b" \r\n\t\n", Code.EMPTY, "white space"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", Code.NOT_TEXT, "binary"),
        (b"a:b\0", Code.NOT_TEXT, "NUL"),
        ("user.name:root".encode("utf-16-le"), Code.NOT_TEXT, "UTF-16"),
        (codecs.BOM_UTF32_LE + "a:b".encode("utf-32-le"), Code.NOT_TEXT, "UTF-32"),
        (codecs.BOM_UTF16_LE + b"a", Code.NOT_TEXT, "UTF-16"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a\x00", Code.NOT_TEXT, "UTF-16"),
    ],
)
def test_what_is_no_text_is_one_clear_error(content: bytes, code: Code, said: str):
    with pytest.raises(TranslatorError) as error:
        File("rule.kql", content).decode()

    assert finding(error).code is code
    assert said in finding(error).message
    assert finding(error).source.name == "rule.kql"


def test_a_wrong_byte_is_named_with_its_offset_and_place():
    with pytest.raises(TranslatorError) as error:
        File("rule.yml", "id: ä\nby: ".encode() + b"\xff\n").decode()

    found = finding(error)
    at = found.source.locate(found.span.start)
    assert found.code is Code.NOT_TEXT
    assert "ff at byte 11" in found.message
    assert (at.line, at.column) == (2, 5)


def test_a_missing_path_is_not_found(tmp_path: Path):
    with pytest.raises(TranslatorError) as error:
        files.read(tmp_path / "none.kql")

    assert finding(error).code is Code.NOT_FOUND


def test_a_path_through_a_file_is_not_found(tmp_path: Path):
    (tmp_path / "rule").write_text("a:b")

    with pytest.raises(TranslatorError) as error:
        files.read(tmp_path / "rule" / "x.kql")

    assert finding(error).code is Code.NOT_FOUND


def test_a_folder_is_no_file(tmp_path: Path):
    with pytest.raises(TranslatorError) as error:
        files.read(tmp_path)

    assert finding(error).code is Code.UNREADABLE
    assert "folder" in finding(error).message


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads and writes everything")
def test_a_file_without_permission_is_unreadable(tmp_path: Path):
    path = tmp_path / "rule.kql"
    path.write_text("a:b")
    path.chmod(0)

    with pytest.raises(TranslatorError) as error:
        files.read(path)

    assert finding(error).code is Code.UNREADABLE


def test_a_folder_is_walked_in_the_order_of_names_without_hidden_files(tmp_path: Path):
    for name in ["b.kql", "a/z.kql", "a/b.kql", ".git/x.kql", "a/.hidden.kql", "c/d/e.kql"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a:b")

    found = [path.relative_to(tmp_path).as_posix() for path in files.walk(tmp_path) if isinstance(path, Path)]

    assert found == ["a/b.kql", "a/z.kql", "b.kql", "c/d/e.kql"]


def test_a_link_back_to_a_folder_is_not_followed_for_ever(tmp_path: Path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.kql").write_text("a:b")
    (tmp_path / "rules" / "loop").symlink_to(tmp_path / "rules", target_is_directory=True)

    assert list(files.walk(tmp_path)) == [tmp_path / "rules" / "a.kql"]


def test_writing_makes_the_folders_and_keeps_line_ends(tmp_path: Path):
    path = tmp_path / "out" / "deep" / "rule.yml"

    files.write(path, TEXT)

    assert path.read_bytes() == TEXT.encode()
    assert [each.name for each in path.parent.iterdir()] == ["rule.yml"]


def test_writing_again_keeps_the_mode_of_the_file(tmp_path: Path):
    path = tmp_path / "rule.yml"
    path.write_text("old")
    path.chmod(0o640)

    files.write(path, "new")

    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_writing_through_a_link_changes_the_file_and_keeps_the_link(tmp_path: Path):
    (tmp_path / "rule.yml").write_text("old")
    (tmp_path / "link.yml").symlink_to("rule.yml")

    files.write(tmp_path / "link.yml", "new")

    assert (tmp_path / "link.yml").is_symlink()
    assert (tmp_path / "rule.yml").read_text() == "new"


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "file").write_text("a:b")

    for path, text in [("taken", "x"), ("file/below.yml", "x"), ("half.yml", "\ud800")]:
        with pytest.raises(TranslatorError) as error:
            files.write(tmp_path / path, text)
        assert finding(error).code in (Code.UNREADABLE, Code.NOT_FOUND)

    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "taken"]


def test_a_device_is_written_to_and_not_replaced():
    files.write("/dev/null", "x")

    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_folder_of_artefacts_is_passed_over(tmp_path: Path) -> None:
    made = tmp_path / "golden"
    made.mkdir()
    (made / "rule.kql").write_text("a:1")
    (tmp_path / "rule.kql").write_text("a:1")
    before = list(files.walk(tmp_path))
    (made / ".generated").touch()

    assert before == [made / "rule.kql", tmp_path / "rule.kql"]
    assert list(files.walk(tmp_path)) == [tmp_path / "rule.kql"]
