"""The portable profile over real rules and real events, which lie beside the repository."""

from __future__ import annotations

import importlib
import json
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from tests.conftest import ndjson
from translator import logic, sources
from translator.artefact import Artefact
from translator.backends import sigma
from translator.backends.matcher import compile_
from translator.errors import Code, TranslatorError
from translator.files import File
from translator.ledger import Allowance
from translator.pipeline import compile_rule, convert
from translator.rule import LogSource, Rule
from translator.schema import FieldRef, Schema
from translator.sigma.log_source import infer
from translator.sigma.portable import rewrite
from translator.source import Source

pytestmark = pytest.mark.shared

#: All that a caller can accept.
EVERYTHING = Allowance(codes=frozenset(code for code in Code if code.number.startswith("L")))


@pytest.fixture(scope="module")
def rules(shared: Path) -> list[Rule]:
    with tarfile.open(shared / "corpus" / "elastic_rules_toml.tar.xz") as archive:
        files = [File(member.name, archive.extractfile(member).read()) for member in archive if member.isfile()]
    return [found for found in sources.scan(files) if isinstance(found, Rule)]


def written(rules: list[Rule], allow: Allowance) -> Iterator[tuple[Rule, Artefact | TranslatorError]]:
    schema = Schema.default()
    for rule in rules:
        try:
            yield rule, convert(rule, to="sigma", schema=schema, profile="portable", allow=allow)
        except TranslatorError as error:
            yield rule, error


@pytest.fixture(scope="module")
def artefacts(rules: list[Rule]) -> list[Artefact]:
    return [made for _, made in written(rules, EVERYTHING) if isinstance(made, Artefact)]


def test_how_many_rules_are_covered(rules: list[Rule]):
    """With what the profile accepts, and with all that can be accepted."""
    outcomes: dict[str, Counter[str]] = {}
    for name, allow in (("profile", Allowance()), ("everything", EVERYTHING)):
        count = outcomes[name] = Counter()
        for _, made in written(rules, allow):
            if isinstance(made, Artefact):
                only_case = {loss.code for loss in made.losses} <= {Code.CASE}
                count["written"] += 1
                count[f"{made.fidelity}{' for letter case' if only_case and made.losses else ''}"] += 1
            else:
                count["refused"] += 1
                count.update({f"{each.code} {each.code.name}" for each in made.diagnostics})
        print(f"{name}: {dict(count)}")

    assert len(rules) == 488
    assert outcomes["profile"]["written"] >= 140
    assert outcomes["everything"]["written"] >= 470
    assert (
        outcomes["everything"]["refused"]
        == outcomes["everything"]["L009 EVERYTHING"] + outcomes["everything"]["L006 RANGE"]
    )


def test_what_is_refused_says_where_and_what_of_it(rules: list[Rule]):
    for rule, made in written(rules, Allowance()):
        if isinstance(made, TranslatorError):
            for each in made.diagnostics:
                assert each.source.name == rule.source.name
                assert each.span.end > each.span.start
                assert each.code is not Code.FIELD_UNMAPPED or re.search(r"no name for \S+ in", each.message)


def test_every_rule_loads_in_pysigma(artefacts: list[Artefact]):
    from sigma.collection import SigmaCollection
    from sigma.rule import SigmaRule

    for artefact in artefacts:
        documents = SigmaCollection.from_yaml(artefact.text, collect_errors=True)
        (rule,) = (each for each in documents if isinstance(each, SigmaRule))

        assert documents.errors == []
        # pySigma takes a correlation's own key for a custom one.
        assert {key for each in documents for key in each.custom_attributes} <= {"correlation"}
        assert [condition.parsed for condition in rule.detection.parsed_condition]
        assert artefact.rule.id in {str(each.id) for each in documents}


def first(made: Artefact) -> dict[str, Any]:
    """The document that finds events."""
    return made.data[0] if isinstance(made.data, list) else made.data


def drawn(formula: logic.Formula, random: Random) -> dict[str, Any]:
    """An event that has, for most fields that are asked, one of the values asked or something near it."""
    asked: dict[str, list[Any]] = defaultdict(list)
    for node in logic.walk(formula):
        if isinstance(node, logic.Matches):
            shape = [part if isinstance(part, str) else random.choice(["", "x", "/y"]) for part in node.pattern]
            asked[node.field.path].append("".join(shape))
        elif isinstance(node, logic.Leaf) and not isinstance(node, logic.Exists):
            asked[node.field.path].append(node.value)
        elif isinstance(node, logic.Leaf):
            asked[node.field.path].append("here")
    return {path: random.choice([*values, values[0], str(values[0]).upper(), "other"])
            for path, values in asked.items() if random.random() < 0.85}  # fmt: skip


def test_the_text_says_what_the_rewritten_formula_says(artefacts: list[Artefact]):
    random = Random(0)
    outcomes: Counter[bool] = Counter()
    for artefact in artefacts:
        rule = artefact.rule
        formula = rule.check(Schema.default()).formula
        log_source, _ = infer(rule, formula)
        rewritten = rewrite(formula, log_source, rule.query).formula
        fields = {node.field.path: node.field for node in logic.walk(rewritten) if isinstance(node, logic.Leaf)}
        if {Code.TOKENS, Code.NESTED} & {loss.code for loss in artefact.losses}:
            continue  # substrings stand for words, and several objects for one
        types = Schema("sigma", {path: field for path, field in fields.items() if isinstance(field, FieldRef)})
        expected = compile_(rewritten, source=rule.query, schema=types)
        found = sigma.matches(artefact.text, types)
        for _ in range(40):
            event = drawn(rewritten, random)
            outcomes[expected(event)] += 1

            assert found(event) is expected(event), (rule.title, event)

    print(outcomes)
    assert outcomes[True] > 1000


#: What SigmaHQ's validators may say, and why it stays: (finding, a reason, whether the reason holds for this one).
JUSTIFIED: list[tuple[str, str, Any]] = [
    (
        "SigmahqLogsourceUnknownIssue",
        "the data has no log source in SigmaHQ's list; where Sigma's taxonomy has none either, a note says so",
        lambda made, issue: (
            Code.LOGSOURCE_UNKNOWN in {note.code for note in made.notes}
            or first(made)["logsource"].keys() == {"category"}  # of no one product
            or first(made)["logsource"].get("category") == "network"  # in the specification, not in the list
            or first(made)["logsource"].get("product") in ("fortigate", "zeek")
        ),
    ),
    (
        "SigmahqInvalidFieldnameIssue",
        "the field has no name in the taxonomy, which was allowed as a loss",
        lambda made, issue: any(
            loss.code is Code.FIELD_UNMAPPED and f" {issue.field} " in loss.message for loss in made.losses
        ),
    ),
    (
        "SigmahqStatusIssue",
        "the rule is deprecated, and says so",
        lambda made, issue: first(made)["status"] == "deprecated",
    ),
    (
        "EscapedWildcardIssue",
        "the rule asks for a star or a question mark itself",
        lambda made, issue: re.search(r"[?*]", made.rule.query.text),
    ),
    (
        "ControlCharacterIssue",
        "the rule's own value has a control character, of which a warning tells",
        lambda made, issue: Code.CONTROL_CHARACTER in {note.code for note in made.notes},
    ),
    (
        "NumberAsStringIssue",
        "zeros before a number are part of an identifier",
        lambda made, issue: str(issue.string)[0] == "0",
    ),
    (
        "SigmahqCorrelationGroupByExistenceIssue",
        "the threshold is one of all events together",
        lambda made, issue: not any(need.detail.fields for need in made.rule.needs),
    ),
    ("SigmahqGithubLinkIssue", "the rule's own references", lambda made, issue: issue.link in made.rule.references),
    (
        "SigmahqFalsepositivesBannedWordIssue",
        "the rule's own sentences",
        lambda made, issue: any(issue.word in each for each in made.rule.false_positives),
    ),
]


def test_sigmahqs_validators_find_nothing_but_what_is_justified(
    artefacts: list[Artefact], shared: Path, tmp_path: Path
):
    pytest.importorskip("sigma.validators.sigmahq")
    from sigma.collection import SigmaCollection
    from sigma.plugins import InstalledSigmaPlugins
    from sigma.validation import SigmaValidator

    prefix = "sigma.validators.sigmahq.data.data_"
    for module, file in {
        "sigma.data.mitre_attack": "enterprise-attack.min",
        "sigma.data.mitre_d3fend": "d3fend.min",
        f"{prefix}taxonomy": "sigmahq_taxonomy",
        f"{prefix}filename": "sigmahq_filename",
        f"{prefix}windows_eventid": "sigmahq_windows_eventid",
        f"{prefix}windows_provider": "sigmahq_windows_provider",
    }.items():
        data = importlib.import_module(module)
        data.set_cache_dir(str(tmp_path / module))
        data.set_url(str(shared / "reference" / "sigmahq_validators" / f"{file}.json"))
    validators = InstalledSigmaPlugins.autodiscover().validators
    collections = [(made, SigmaCollection.from_yaml(made.text).rules) for made in artefacts]
    by_rule = {str(rule.id): made for made, rules in collections for rule in rules}
    found = SigmaValidator(validators.values()).validate_rules(rule for _, rules in collections for rule in rules)
    counts: Counter[str] = Counter()
    wrong = []
    for issue in found:
        name = type(issue).__name__
        made = by_rule[str(issue.rules[0].id)]
        counts[name] += 1
        if not any(name == kind and holds(made, issue) for kind, _, holds in JUSTIFIED):
            wrong.append((made.rule.title, issue))

    print(f"{len(validators)} validators, {len(by_rule)} rules: {dict(counts)}")
    assert len(validators) >= 80
    assert wrong == []


#: Data sets whose events keep the text that the integration read, as a JSON object.
DATA_SETS = ("aws.cloudtrail", "azure.signinlogs", "azure.auditlogs", "github.audit", "o365.audit", "okta.system")

#: Fields whose values Elastic writes in another way than the log, so that a value of theirs is no value of the log.
DERIVED = re.compile(
    r"event\.(?:created|duration|ingested|severity|start|end|original|hash)|@timestamp|.*(?:time|date|created_at).*",
    re.I,
)


def originals(shared: Path) -> dict[str, list[tuple[dict[str, Any], dict[str, Any]]]]:
    """Events as Elastic has them, and as the log had them."""
    found: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = defaultdict(list)
    for event in ndjson(shared / "corpus" / "documents.ndjson.gz"):
        name = event.get("data_stream.dataset")
        original = (
            (event.get("event") or {}).get("original")
            if isinstance(event.get("event"), dict)
            else event.get("event.original")
        )
        if name in DATA_SETS and isinstance(original, str) and original.startswith("{"):
            try:
                log = json.loads(original)
            except json.JSONDecodeError:
                continue
            found[name].append((event, log))
    return found


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from leaves(inner, f"{path}.{key}" if path else key)
        case list():
            for inner in value:
                yield from leaves(inner, path)
        case bool():
            yield path, str(value).lower()
        case str() | int() if value != "":
            yield path, str(value)
        case _:
            pass


def test_renamed_fields_hold_the_same_values_in_the_log(shared: Path):
    """Every field of an event that the tables rename is asked for its value; the original must answer alike."""
    checked: Counter[str] = Counter()
    wrong = []
    for name, events in originals(shared).items():
        asked: dict[str, set[str]] = defaultdict(set)
        for event, _ in events:
            for path, value in leaves({key: each for key, each in event.items() if key != "event.original"}):
                if not DERIVED.fullmatch(path) and len(value) < 200 and len(asked[path]) < 3:
                    asked[path].add(value)
        for path, values in sorted(asked.items()):
            for value in sorted(values):
                spelt = value.replace("\\", "\\\\").replace('"', '\\"')
                query = f'data_stream.dataset:{name} and {path}:"{spelt}"'
                try:
                    made = convert(query, to="sigma", profile="portable")
                    decide = compile_rule(query)
                except TranslatorError:
                    continue
                portable = sigma.matches(made.text, Schema.none())
                for event, log in events[:40]:
                    checked[name] += 1
                    if decide(event) and not portable(log):
                        wrong.append((name, path, value))

    print(dict(checked))
    assert all(count > 200 for count in checked.values())
    assert wrong == []


def windows(shared: Path) -> Iterator[tuple[LogSource, dict[str, Any], dict[str, Any]]]:
    """Events of Windows in Sysmon's and the Security log's own words, and as Elastic has them."""
    for each in ndjson(shared / "corpus" / "sigmahq_regression.ndjson.gz"):
        source = yaml.safe_load(each["rule_yaml"])["logsource"]
        log_source = LogSource(source.get("category"), source.get("product"), source.get("service"))
        for raw, event in zip(each["events_raw"], each["events_ecs_derived"], strict=True):
            system = raw["Event"]["System"]
            yield (
                log_source,
                event,
                {
                    **(raw["Event"].get("EventData") or {}),
                    "EventID": system["EventID"],
                    "Channel": system["Channel"],
                    "Computer": system["Computer"],
                    "Provider_Name": system["Provider"]["#attributes"]["Name"],
                },
            )


#: Values that Elastic's integration or the log writes in a way of its own, which is told as a loss.
REWRITTEN = {"process.entity_id", "process.parent.entity_id", "process.working_directory", "registry.data.strings"}


def test_renamed_fields_of_windows_hold_the_same_values_in_the_log(shared: Path):
    """The same of hosts, with the fields that say nearly the same: no event that Elastic's form matches is missed."""
    checked: Counter[str] = Counter()
    wrong = []
    seen: set[object] = set()
    for log_source, event, log in windows(shared):
        if log_source.service not in (None, "security"):
            continue
        for path, value in leaves(event):
            if path.startswith(("@", "ecs", "data_stream", "winlog.", "related", "log.")) or path in REWRITTEN:
                continue
            # An option is looked for after a blank, so one that comes first is missed; that is told as well.
            if (path.endswith(".args") and value[0] == "-") or (log_source, path, value) in seen:
                continue
            seen.add((log_source, path, value))
            query = Source('{}:"{}"'.format(path, value.replace("\\", "\\\\").replace('"', '\\"')))
            rule = Rule(
                id="12345678-1234-4234-8234-123456789012", title="x", query=query, source=query, log_source=log_source
            )
            try:
                made = convert(rule, to="sigma", profile="portable", allow=["L014"])
            except TranslatorError:
                continue
            checked[path] += 1
            if compile_rule(rule)(event) and not sigma.matches(made.text, Schema.none())(log):
                wrong.append((log_source, path, value))

    print(dict(checked))
    assert {"process.executable", "process.name", "process.args", "file.path", "file.extension"} <= checked.keys()
    assert wrong == []


def test_rules_decide_about_the_log_as_about_elastics_form_of_it(rules: list[Rule], shared: Path):
    """Rules that are only renamed match the same events, whoever wrote them down."""
    events = originals(shared)
    by_source = {
        ("aws", "cloudtrail"): "aws.cloudtrail",
        ("azure", "signinlogs"): "azure.signinlogs",
        ("azure", "auditlogs"): "azure.auditlogs",
        ("github", "audit"): "github.audit",
        ("m365", "audit"): "o365.audit",
        ("okta", "okta"): "okta.system",
    }
    matched: Counter[str] = Counter()
    missed: list[str] = []
    added: list[str] = []
    for rule, made in written(rules, Allowance.parse(["L012"])):
        if not isinstance(made, Artefact):
            continue
        source = first(made)["logsource"]
        name = by_source.get((source.get("product"), source.get("service")), "")
        decide = compile_rule(rule)
        portable = sigma.matches(made.text, Schema.none())
        for event, log in events.get(name, []):
            expected, found = decide(event), portable(log)
            matched[name] += expected and found
            if expected is not found:
                (missed if expected else added).append(rule.title)

    print(dict(matched), added)
    assert missed == []
    assert sum(matched.values()) >= 10
    # Three events come from older integrations, which did not keep the fields that these rules ask.
    assert len(added) <= 3
