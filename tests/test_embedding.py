"""The library as a program uses it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

import translator

TWO = "title: {0}\nid: {1}\nlogsource: {{category: x}}\ndetection:\n  s: {{user.name|cased: {0}}}\n  condition: s\n"
ROOT_ID, EVE_ID = "2c5f0c4e-0000-4000-8000-000000000001", "2c5f0c4e-0000-4000-8000-000000000002"


def two_rules() -> list[translator.Rule]:
    return translator.read_text(TWO.format("root", ROOT_ID) + "---\n" + TWO.format("eve", EVE_ID), format="sigma")


def test_three_lines_are_enough() -> None:
    test = translator.compile("event.category:file and not event.type:deletion")

    assert test({"event": {"category": ["file"], "type": ["creation"]}})
    assert not test({"event.category": "file", "event.type": ["creation", "deletion"]})


def test_the_dsl_is_judged_too() -> None:
    dsl = translator.convert("process.name:cu* and not user.id:0", to="dsl").data
    test = translator.compile_dsl(dsl)

    assert test({"process": {"name": "curl"}, "user": {"id": "501"}})
    assert not test({"process": {"name": "wget"}})


def test_a_matcher_names_the_rules_in_their_order() -> None:
    matcher = translator.Matcher(two_rules())

    assert matcher.match({"user.name": ["eve", "root"]}) == (ROOT_ID, EVE_ID)
    assert matcher.match({"user.name": "Root"}) == ()


@pytest.mark.parametrize("kind", ["bytes", "path", "file"])
def test_a_stream_is_matched_line_by_line(kind: str, tmp_path: Path) -> None:
    content = b'{"user.name":"root"}\n\n{"user":{"name":"eve"}}\n'
    path = tmp_path / "events.ndjson"
    path.write_bytes(content)
    source = {"bytes": content, "path": path, "file": BytesIO(content)}[kind]

    assert list(translator.Matcher(two_rules()).match_ndjson(source)) == [(1, ROOT_ID), (3, EVE_ID)]


def test_a_line_that_is_no_event_raises_unless_somebody_takes_it() -> None:
    content = b'{"user.name":"root"}\n{\n{"user.name":"eve"}\n'
    matcher = translator.Matcher(two_rules())
    taken: list[translator.TranslatorError] = []

    with pytest.raises(translator.TranslatorError):
        list(matcher.match_ndjson(content))
    assert list(matcher.match_ndjson(content, on_error=taken.append)) == [(1, ROOT_ID), (3, EVE_ID)]
    assert len(taken) == 1


def test_two_rules_with_one_id_are_refused_with_both_files() -> None:
    twice = [
        *translator.read_text(TWO.format("a", ROOT_ID), name="a.yml"),
        *translator.read_text(TWO.format("b", ROOT_ID), name="b.yml"),
    ]

    with pytest.raises(translator.TranslatorError) as caught:
        translator.Matcher(twice)

    (found,) = caught.value.diagnostics
    assert found.code is translator.Code.DUPLICATE_ID
    assert "a.yml" in found.message
    assert "b.yml" in found.message


def test_what_elasticsearch_answers_with_an_error_is_no_silent_false() -> None:
    with pytest.raises(translator.TranslatorError) as caught:
        translator.compile("source.ip:10.*")

    assert caught.value.diagnostics[0].code is translator.Code.BAD_FIELD_VALUE


def test_kibanas_shapes_are_at_hand() -> None:
    assert translator.kibana.from_kuery_expression("a:1")["function"] == "is"


def test_every_public_name_is_there() -> None:
    assert all(getattr(translator, name) is not None for name in translator.__all__)
    with pytest.raises(AttributeError):
        translator.nothing  # noqa: B018
