"""The HTML report as text: what it holds, that it is well formed, and that nobody's rule can write into it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

import translator
from tests.conftest import ROOT
from tests.reported_rules import TITLE, WORDS, folder, verify
from translator import attack, report_page
from translator.attack import navigator
from translator.attack.navigator import Cell, Placement
from translator.errors import Code
from translator.report_page.marks import marked
from translator.verification import Outcome, Report
from translator.verification import verify as verified

#: Elements of HTML that have no end.
VOID = {"meta", "input", "br", "hr", "img", "link", "area", "base", "col", "embed", "source", "track", "wbr"}


class Parsed(HTMLParser):
    """A page as elements and texts; it must close what it opens."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()} closes nothing"

    def handle_data(self, data: str) -> None:
        for tag in set(self.open[-1:]) | {"html"}:
            self.texts.setdefault(tag, []).append(data)

    def of(self, name: str) -> list[str | None]:
        """The values of an attribute."""
        return [value for _, each, value in self.attributes if each == name]

    def text(self, tag: str = "html") -> str:
        return "".join(self.texts.get(tag, []))


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("report") / "rules")


@pytest.fixture(scope="module")
def source(rules: Path) -> str:
    result = verify(rules, "--format", "html", "-q")

    assert result.exit_code == 1, "a broken rule is among them"
    return result.stdout


@pytest.fixture(scope="module")
def page(source: str) -> Parsed:
    return Parsed(source)


def report(query: str, **options: object) -> Report:
    return verified(query, **options)  # type: ignore[arg-type]


def written(*reports: Report, budget: report_page.Budget | None = None) -> str:
    room = budget or report_page.Budget.of(len(reports))
    parts = [
        report_page.section(each, number, room, report_page.placement(each.rule))
        for number, each in enumerate(reports, 1)
    ]
    return "".join(report_page.write(parts))


def test_the_page_says_what_became_of_every_rule(page: Parsed) -> None:
    text = page.text()

    assert "1 not judged" in text
    assert "2 as declared" in text
    assert "1 same" in text
    assert "1 cannot be said" in text
    assert "5 rules, those with differences first" in text


def test_a_rule_cannot_write_into_the_page(page: Parsed) -> None:
    names = {name for _, name, _ in page.attributes}

    assert page.tags["script"] == page.tags["style"] == page.tags["title"] == 1
    assert page.tags["img"] == page.tags["i"] == 0
    assert not any(name.startswith("on") or name in ("style", "src", "action", "formaction") for name in names)
    assert TITLE in page.text("h3")
    assert "</code></pre><script>alert(2)</script>" in page.text("mark")
    assert "by <b>root</b>" in page.text("mark")
    assert "<i>" in page.text("pre")


def test_a_title_cannot_end_the_page_of_one_rule(rules: Path) -> None:
    page = Parsed(verify(rules / "any_case.yml", "--format", "html").stdout)

    assert page.text("h1") == TITLE
    assert page.text("title") == f"Verification: {TITLE}"
    assert page.tags["script"] == 1


def test_characters_that_nobody_sees_are_shown_as_replaced(tmp_path: Path) -> None:
    (tmp_path / "rule.kql").write_text('user.name:"a\u202eb\u0007c\u2066d"')
    text = Parsed(verify(tmp_path / "rule.kql", "--format", "html").stdout).text()

    assert not re.search("[\u202e\u2066\u0007]", text)
    assert "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}d" in text


def test_half_a_character_in_an_event_is_written_as_an_escape() -> None:
    made = written(report("user.name:a", events=[{"user.name": "\ud800"}]))

    assert made.encode("utf-8")
    assert r'{"user.name":"\ud800"}' in Parsed(made).text("code")


def test_only_our_own_script_and_style_may_run_and_nothing_is_loaded(source: str, page: Parsed) -> None:
    (policy,) = [value for value in page.of("content") if value and "default-src" in value]
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy

    assert policy.startswith("default-src 'none';")
    assert {str(each)[: 1 if str(each).startswith("#") else 5] for each in page.of("href")} == {"#", "data:"}
    assert "url(" not in page.text("style")
    assert "@import" not in page.text("style")


def test_every_link_of_the_page_leads_somewhere_and_no_id_is_given_twice(page: Parsed) -> None:
    ids = page.of("id")
    targets = {str(each)[1:] for each in page.of("href") if str(each).startswith("#")}

    assert len(ids) == len(set(ids))
    assert targets <= set(ids)
    assert {value for name in ("for", "aria-labelledby") for value in page.of(name)} <= set(ids)


def test_every_table_has_a_caption_and_its_headers_a_scope(page: Parsed) -> None:
    scopes = [value for tag, name, value in page.attributes if tag == "th" and name == "scope"]

    assert page.tags["caption"] == page.tags["table"] > 4
    assert len(scopes) == page.tags["th"]


def test_headings_leave_no_level_out(source: str) -> None:
    levels = [int(each) for each in re.findall(r"<h([1-6])\b", source)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", ["words.kql", "any_case.yml", "twice.kql"])
def test_the_marked_text_is_the_rules_text(rules: Path, name: str) -> None:
    (rule,) = translator.read(rules / name)
    made = marked(verified(rule))

    assert "".join(each.text for each in made.segments) == rule.whole.text


def test_a_loss_is_marked_where_it_stands_and_told_once() -> None:
    made = marked(report(WORDS))
    losses = [each for each in made.notes if each.code == "L002"]
    places = {segment.text for segment in made.segments if "loss" in segment.kinds}

    assert {'"refused by policy"', "denied"} <= places
    assert len({(each.message, each.remedy) for each in losses}) == len(losses)
    assert all(each.targets == ("sigma",) and each.effect for each in losses)


def test_a_finding_about_the_rule_is_marked() -> None:
    made = marked(report("user.name:(a or b or a)"))
    (found,) = [each for each in made.segments if each.kinds]

    assert found.text == "a"
    assert [note.code for note in found.starts] == [str(Code.CHANGES_NOTHING)]


def test_places_that_overlap_are_marked_each_with_its_code(tmp_path: Path) -> None:
    """The pattern loses its case (L001) and its one character (L007) in KQL."""
    path = tmp_path / "rule.yml"
    detection = "detection:\n    selection:\n        user.name: 'ad?in'\n    condition: selection\n"
    path.write_text(f"title: x\nlogsource:\n    category: test\n{detection}")
    (rule,) = translator.read(path)
    made = marked(verified(rule, to=["kql"]))

    assert {note.code for segment in made.segments for note in segment.starts} == {"L001", "L007"}


def test_a_loss_outside_of_the_query_is_shown_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rule.toml"
    path.write_text(
        '[rule]\nname = "x"\nrule_id = "5f5e7a10-0000-4000-8000-0000000060ab"\ntype = "new_terms"\nlanguage = "kuery"\n'
        'query = "user.name:a"\nindex = ["logs-*"]\nseverity = "low"\nrisk_score = 1\ndescription = "d"\n\n'
        '[rule.new_terms]\nfield = "new_terms_fields"\nvalue = ["host.id"]\n'
        '[[rule.new_terms.history_window_start]]\nfield = "history_window_start"\nvalue = "now-7d"\n'
    )
    (rule,) = translator.read(path)
    (note,) = [each for each in marked(verified(rule)).notes if each.code == str(Code.NEED_DROPPED)]

    assert note.places
    assert all(place.line >= 4 and place.marked for place in note.places)


def test_every_outcome_has_its_word_on_the_page(rules: Path) -> None:
    """Same, declared, different, impossible and foreign; a failure takes a mistake of ours."""
    (sudo,) = translator.read(rules / "words.kql")
    (sigma,) = translator.read(rules / "any_case.yml")
    reports = [
        verified(sudo, against="user.name:x"),
        verified(sigma, to=["kql", "splunk"]),
        report("user.name:a"),
        report("user.name:*a*b*", to=["sigma"]),
    ]
    seen = {each.outcome for one in reports for each in one.targets}
    text = Parsed(written(*reports)).text("td") + Parsed(written(*reports)).text("span")

    assert seen >= {Outcome.SAME, Outcome.DECLARED, Outcome.DIFFERS, Outcome.UNVERIFIED}
    assert all(word in text for word in ("same", "as declared", "differs", "not run here"))


def test_no_difference_is_ever_left_out() -> None:
    made = report("user.name:(a or b or c or d)", against="user.name:(a or c)")
    differing = sum(
        any(each.verdicts and each.verdicts[at] is not case.expected for each in made.targets)
        for at, case in enumerate(made.cases)
    )
    page = written(made, budget=report_page.Budget(rows=0, characters=10))

    assert differing > 3
    assert page.count("≠</td>") == differing
    assert f"And {len(made.cases) - differing} more events, all the same." in page


def test_verdicts_can_be_told_without_colour() -> None:
    page = Parsed(written(report("user.name:a", to=["kql"])))

    assert {each.strip() for each in page.texts["td"]} >= {"M", "·"}


def test_a_text_that_is_cut_says_how_much_is_missing() -> None:
    made = report("user.name:a", to=["dsl"])
    (judged,) = made.targets
    text = Parsed(written(made, budget=report_page.Budget(rows=1, characters=10))).text()

    assert judged.text == translator.convert("user.name:a", to="dsl").text
    assert f"{len(judged.text) - 20} more characters" in text


def test_a_page_of_many_rules_has_less_of_each() -> None:
    one, many, all_ = (report_page.Budget.of(count) for count in (1, 500, 50_000))

    assert one.rows >= 300
    assert one.rows > many.rows > all_.rows > 0
    assert one.characters > many.characters >= all_.characters > 0


def test_the_page_of_no_rule_is_a_page() -> None:
    assert "0 rules" in Parsed("".join(report_page.write([]))).text()


def test_the_report_and_the_layer_are_written_to_files(rules: Path, tmp_path: Path) -> None:
    out, layer = tmp_path / "deep" / "report.html", tmp_path / "layer.json"
    result = verify(rules / "any_case.yml", "--format", "html", "-o", out, "--navigator", layer)

    assert result.exit_code == 0
    assert result.stdout == ""
    assert Parsed(out.read_text("utf-8")).text("h1") == TITLE
    assert json.loads(layer.read_text("utf-8"))["domain"] == "enterprise-attack"


def test_every_format_can_be_written_to_a_file(rules: Path, tmp_path: Path) -> None:
    for format_ in ("text", "json", "junit"):
        shown = verify(rules / "twice.kql", "--format", format_).stdout
        written_ = verify(rules / "twice.kql", "--format", format_, "-o", tmp_path / format_)

        assert (written_.exit_code, written_.stdout) == (0, "")
        assert (tmp_path / format_).read_text("utf-8") == shown


def test_the_layer_alone_may_go_to_standard_output(rules: Path, tmp_path: Path) -> None:
    alone = verify(rules / "any_case.yml", "--format", "html", "-o", tmp_path / "report.html", "--navigator", "-")
    both = verify(rules / "any_case.yml", "--navigator", "-")

    assert json.loads(alone.stdout)["domain"] == "enterprise-attack"
    assert (both.exit_code, both.stdout) == (2, "")
    assert "share standard output" in both.stderr


def test_what_is_wrong_is_shown_beside_the_rule_first() -> None:
    page = written(report("user.name:a", against="user.name:x"))

    assert re.findall(r"<summary>(\S+)</summary>", page)[0] not in ("sigma", "dsl", "kql", "matcher")


def test_a_target_without_words_for_a_rule_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "rule.yml"
    detection = "detection:\n    selection:\n        user.name|re: '^a[0-9]+$'\n    condition: selection\n"
    path.write_text(f"title: x\nlogsource:\n    category: test\n{detection}")
    (rule,) = translator.read(path)
    (note,) = marked(verified(rule, to=["kql"])).notes

    assert (note.code, note.kind, note.targets) == ("L020", "refused", ("kql",))


@pytest.mark.parametrize("option", ["-o", "--navigator"])
def test_a_file_that_cannot_be_written_ends_with_1(rules: Path, tmp_path: Path, option: str) -> None:
    (tmp_path / "file").write_text("")
    result = verify(rules / "twice.kql", "--format", "html", option, tmp_path / "file" / "report.html")

    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


#: (tactic and techniques as a rule names them, cells of ATT&CK 19, ids that it does not have): MITRE's own changes.
PLACES = [
    ([("Persistence", ["T1053", "T1053.003"])], [("persistence", "T1053"), ("persistence", "T1053.003")], []),
    ([("Defense Evasion", ["T1562.001"])], [("defense-impairment", "T1685")], []),
    ([("Defense Evasion", ["T1548"])], [("privilege-escalation", "T1548")], []),
    ([("Execution", ["t1059.001"])], [("execution", "T1059.001")], []),
    ([("Impact", [])], [("impact", None)], []),
    ([("Impact", ["T9999"])], [], ["T9999"]),
    ([("No Such Tactic", [])], [], []),
]


@pytest.mark.parametrize(("threats", "cells", "absent"), PLACES)
def test_techniques_stand_where_attack_19_has_them(
    threats: list[tuple[str, list[str]]], cells: list[tuple[str, str | None]], absent: list[str]
) -> None:
    assert navigator.place(threats) == Placement(tuple(Cell(*each) for each in cells), tuple(absent))


def test_the_tactics_are_those_of_the_table_in_the_order_of_the_matrix() -> None:
    assert sorted(navigator.ORDER) == sorted(attack.tactic_names())
    assert attack.tactic_names()["command-and-control"] == "Command and Control"
    assert (navigator.ORDER[0], navigator.ORDER[-1]) == ("reconnaissance", "impact")


def test_a_layer_counts_the_rules_of_each_technique() -> None:
    both = navigator.place([("Persistence", ["T1053.003"])])
    layer = navigator.layer([("one", both), ("two", both), ("three", navigator.place([("Impact", ["T1485"])]))], "n")
    found = {(each["tactic"], each["techniqueID"]): each for each in layer["techniques"]}

    assert {key: each.get("score") for key, each in found.items()} == {
        ("persistence", "T1053"): None,
        ("persistence", "T1053.003"): 2,
        ("impact", "T1485"): 1,
    }
    assert found["persistence", "T1053.003"]["comment"] == "one\ntwo"
    assert found["persistence", "T1053"]["showSubtechniques"] is True
    assert layer["gradient"]["maxValue"] == 2


#: What the Navigator's specification of layer format 4.5 says of the keys that a layer has.
KEYS = {
    "name": str,
    "versions": dict,
    "domain": str,
    "description": str,
    "sorting": int,
    "techniques": list,
    "gradient": dict,
    "legendItems": list,
    "showTacticRowBackground": bool,
    "selectTechniquesAcrossTactics": bool,
    "selectSubtechniquesWithParent": bool,
}
TECHNIQUE = {
    "techniqueID": str,
    "tactic": str,
    "enabled": bool,
    "score": int,
    "comment": str,
    "showSubtechniques": bool,
}


def test_the_layer_of_a_folder_has_the_format_that_the_navigator_reads(tmp_path: Path) -> None:
    verify(ROOT / "rules", "--to", "kql", "--navigator", tmp_path / "layer.json", "-q")
    layer = json.loads((tmp_path / "layer.json").read_text("utf-8"))

    assert {name: type(value) for name, value in layer.items()} == KEYS
    assert (layer["versions"]["layer"], layer["versions"]["attack"]) == ("4.5", "19")
    assert layer["domain"] == "enterprise-attack"
    assert len(layer["gradient"]["colors"]) >= 2
    assert layer["techniques"]
    for each in layer["techniques"]:
        known = attack.technique(each["techniqueID"])
        assert known is not None
        assert each["tactic"] in known.tactics
        assert {name: type(value) for name, value in each.items()}.items() <= TECHNIQUE.items()


def test_the_page_holds_its_layer(page: Parsed) -> None:
    (link,) = [str(each) for each in page.of("href") if str(each).startswith("data:")]
    layer = json.loads(base64.b64decode(link.partition("base64,")[2]))

    assert [(each["techniqueID"], each.get("score")) for each in layer["techniques"]] == [
        ("T1059", None),
        ("T1059.001", 1),
    ]
    assert TITLE in layer["techniques"][1]["comment"]


def many(rules: list[translator.Rule], schema: translator.Schema) -> Iterator[report_page.Section]:
    budget = report_page.Budget.of(len(rules))
    for number, rule in enumerate(rules, 1):
        try:
            made = verified(rule, schema=schema)
        except translator.TranslatorError as error:
            yield report_page.broken(error, number, rule)
        else:
            yield report_page.section(made, number, budget, report_page.placement(rule))


@pytest.mark.shared
def test_the_page_of_a_large_folder_can_be_opened(shared: Path) -> None:
    """A page of hundreds of rules stays under 15 MB."""
    rules = list(translator.read(shared / "corpus" / "elastic_kql_rules.ndjson.gz"))
    page = "".join(report_page.write(many(rules, translator.Schema.default())))

    assert len(rules) > 400
    assert len(page.encode("utf-8")) < 15_000_000
    assert Parsed(page).tags["details"] > len(rules)
