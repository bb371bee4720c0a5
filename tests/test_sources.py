"""Which files are read, as what, and what becomes of the broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from translator import sources
from translator.errors import Code, TranslatorError
from translator.files import File
from translator.rule import Language, Rule
from translator.sources import Found, SourceFormat

KQL = "process.name:nc and user.name:root"
SIGMA = "title: Netcat\nlogsource: {product: linux}\ndetection:\n    selection: {a: b}\n    condition: selection\n"
PAGE = "# Netcat [netcat]\n\n**Rule type**: query\n\n## Rule query [_rule_query_1]\n\n```js\nprocess.name:nc\n```\n"


def put(folder: Path, **content: str) -> Path:
    for name, text in content.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def codes(error: pytest.ExceptionInfo[TranslatorError]) -> list[Code]:
    return [found.code for found in error.value.diagnostics]


def test_every_module_is_a_format_under_its_own_name():
    assert {"asciidoc", "json", "kql", "ndjson", "page", "queries", "sigma", "toml"} <= sources.sources().keys()
    assert all(name == source.name and source.summary and source.suffixes for name, source in sources.sources().items())


def test_a_kql_file_is_one_rule_called_after_the_file(tmp_path: Path):
    put(tmp_path, netcat_as_root_dot_kql=KQL)

    (rule,) = sources.read(tmp_path / "netcat_as_root.kql")

    assert (rule.title, rule.query.text, rule.language) == ("netcat_as_root", KQL, Language.KQL)
    assert rule.source.name == str(tmp_path / "netcat_as_root.kql")


@pytest.mark.parametrize(("text", "language"), [(KQL, Language.KQL), (SIGMA, Language.SIGMA), (PAGE, Language.KQL)])
def test_a_text_without_a_name_is_told_by_its_content(text: str, language: Language):
    (rule,) = sources.read_text(text)

    assert rule.language is language


def test_a_folder_gives_its_rules_in_the_order_of_names_and_passes_over_the_rest(tmp_path: Path):
    put(
        tmp_path,
        z_dot_yml=SIGMA,
        a__b_dot_kql=KQL,
        m_dot_md=PAGE,
        _dot_hidden_dot_kql="((",
        README_dot_md="# Rules\n\nSee\n\n```\ndetection: x\n```\n",
        LICENSE="Copyright: us",
        a__events_dot_yaml="match:\n  - a: b\n",
    )
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\0\0")

    names = [rule.source.name.removeprefix(f"{tmp_path}/") for rule in sources.read(tmp_path)]
    assert names == ["a/b.kql", "m.md", "z.yml"]


def test_one_broken_file_hides_no_other(tmp_path: Path):
    put(tmp_path, a_dot_kql=KQL, b_dot_kql="\n", c_dot_yml="title: x\ndetection: [\n", d_dot_yml=SIGMA)
    (tmp_path / "e.kql").write_bytes(b"a:b\xff")

    found = list(sources.scan([tmp_path]))

    assert [each.title if isinstance(each, Rule) else each.diagnostics[0].code for each in found] == [
        "a",
        Code.EMPTY,
        Code.BAD_YAML,
        "Netcat",
        Code.NOT_TEXT,
    ]
    with pytest.raises(TranslatorError) as error:
        sources.read(tmp_path)
    assert codes(error) == [Code.EMPTY, Code.BAD_YAML, Code.NOT_TEXT]


def test_a_folder_without_rules_is_named(tmp_path: Path):
    put(tmp_path, README_dot_md="# Nothing here\n")

    with pytest.raises(TranslatorError) as error:
        sources.read(tmp_path)

    assert codes(error) == [Code.NO_RULES]
    assert str(tmp_path) in error.value.diagnostics[0].message


@pytest.mark.parametrize("path", [KQL, "", "a:b\0", "name:" + "x" * 10_000], ids=["query", "empty", "NUL", "long"])
def test_a_missing_path_is_an_error_and_never_a_query(path: str):
    with pytest.raises(TranslatorError) as error:
        sources.read(path)

    assert codes(error) == [Code.NOT_FOUND]


def test_several_paths_and_standard_input_are_read_one_after_the_other(tmp_path: Path):
    put(tmp_path, a_dot_kql=KQL)

    found = list(sources.scan([File("<stdin>", b"a:b"), tmp_path / "none.yml", tmp_path / "a.kql"]))

    assert [each.title if isinstance(each, Rule) else each.diagnostics[0].code for each in found] == [
        "stdin",
        Code.NOT_FOUND,
        "a",
    ]


def test_an_unknown_format_lists_the_known_ones():
    with pytest.raises(TranslatorError) as error:
        list(sources.scan([File("<stdin>", b"a:b")], "yara"))

    assert codes(error) == [Code.UNKNOWN_SOURCE]
    assert "page" in str(error.value.diagnostics[0].hint)


def test_a_file_that_no_format_recognises_asks_for_the_format(tmp_path: Path):
    put(tmp_path, notes_dot_txt="Dear reader")

    with pytest.raises(TranslatorError) as error:
        sources.read(tmp_path / "notes.txt")

    assert codes(error) == [Code.UNKNOWN_FORMAT]
    assert "--from kql" in str(error.value.diagnostics[0].hint)


def test_the_named_format_has_the_last_word(tmp_path: Path):
    put(tmp_path, notes_dot_txt=KQL, rule_dot_txt=SIGMA)

    (query,) = sources.read(tmp_path / "notes.txt", "kql")
    (rule,) = sources.read(tmp_path / "rule.txt", "sigma")

    assert (query.title, rule.title) == ("notes", "Netcat")


def test_a_named_format_reads_only_its_own_files_of_a_folder(tmp_path: Path):
    put(tmp_path, a_dot_kql=KQL, b_dot_yml=SIGMA, README_dot_md="# Rules\n")

    assert [rule.title for rule in sources.read(tmp_path, "sigma")] == ["Netcat"]


def test_a_wrong_guess_names_the_option_that_corrects_it(tmp_path: Path):
    put(tmp_path, x_dot_yml="- a\n---\nlogsource: x\n", y_dot_yml="logsource:\n- a\n---\n- b\n")

    with pytest.raises(TranslatorError) as error:
        sources.read(tmp_path / "y.yml")

    assert Code.NOT_A_RULE in codes(error)
    assert any("--from" in str(found.hint) for found in error.value.diagnostics)


def test_a_text_of_two_formats_is_told_by_the_suffix_or_else_asked(tmp_path: Path):
    both = f"logsource: a\n{PAGE}"
    put(tmp_path, a_dot_md=both, b_dot_txt=both)

    assert sources.read(tmp_path / "a.md")[0].title == "Netcat"
    with pytest.raises(TranslatorError) as error:
        sources.read(tmp_path / "b.txt")
    assert codes(error) == [Code.UNKNOWN_FORMAT]
    assert "--from page or --from sigma" in str(error.value.diagnostics[0].hint)


def test_a_third_party_format_needs_no_other_edit(monkeypatch: pytest.MonkeyPatch):
    def lines(source):
        yield from (found for line in source.text.splitlines() for found in sources.read_text(line, "kql", source.name))

    mine = SourceFormat("one query a line", (".list",), lambda source: source.name.endswith(".list"), lines)
    monkeypatch.setattr(sources.registry, "plugins", {"sigma_kql.sources": {"list": mine}}.get)
    sources.sources.cache_clear()
    try:
        assert [rule.query.text for rule in sources.read_text("a:1\nb:2", name="my.list")] == ["a:1", "b:2"]
    finally:
        sources.sources.cache_clear()


def test_an_error_of_one_part_of_a_file_keeps_the_other_parts():
    text = f"{SIGMA}---\ntitle: 1\ndetection: {{}}\n---\n{SIGMA}"
    found: list[Found] = list(sources.scan([File("r.yml", text.encode())]))

    assert [isinstance(each, Rule) for each in found] == [True, False, True]
