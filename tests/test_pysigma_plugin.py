"""The backend ``kibana_kql`` as pySigma's users meet it: as a class, through discovery, and in sigma-cli."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaFeatureNotSupportedByBackendError
from sigma.processing.pipeline import ProcessingPipeline

from tests.conftest import ROOT, ndjson
from translator import kql
from translator.pipeline import compile_rule
from translator.pysigma_kql import KibanaKqlBackend
from translator.schema import Schema
from translator.sources import read_text

RULE = r"""
title: Curl Asks a Log Server
id: 0f2c7a0e-29be-4e6c-9d1c-52f4f8d0a7f1
description: For tests.
logsource: {category: process_creation, product: windows}
tags: [attack.execution, attack.t1059.001]
detection:
  selection: {Image|endswith: '\curl.exe', EventID: [1, 4688]}
  filter: {CommandLine|contains|all: ['C:\x y', 'a"b']}
  condition: selection and not filter
level: high
"""
QUERY = '(Image:*\\\\curl.exe and EventID:(1 or 4688)) and not CommandLine:(*C\\:\\\\x y* and *a\\"b*)'

MAPPING = """
name: names
priority: 10
transformations:
  - {id: names, type: field_name_mapping, mapping: {Image: process.executable, EventID: event.code}}
"""

CORRELATION = """
---
title: Many
correlation: {type: event_count, rules: [0f2c7a0e-29be-4e6c-9d1c-52f4f8d0a7f1], group-by: [User], timespan: 5m,
              condition: {gte: 5}}
"""


def convert(text: str, output_format: str = "default", **options: Any) -> list[Any]:
    found: list[Any] = KibanaKqlBackend(**options).convert(SigmaCollection.from_yaml(text), output_format)
    return found


def with_filter(text: str) -> str:
    return RULE.replace("CommandLine|contains|all: ['C:\\x y', 'a\"b']", text)


def test_a_rule_becomes_a_query_that_kibana_reads() -> None:
    (query,) = convert(RULE)

    assert query == QUERY
    assert kql.parse(query) is not None


def test_pipelines_are_applied_before() -> None:
    (query,) = convert(RULE, processing_pipeline=ProcessingPipeline.from_yaml(MAPPING))

    assert query.startswith("(process.executable:*\\\\curl.exe and event.code:(1 or 4688))")


def test_the_names_of_elastic_are_there_for_who_asks() -> None:
    (query,) = convert(RULE.replace("CommandLine|contains|all", "CommandLine|contains"), fields="ecs")

    assert "process.executable:*\\\\curl.exe" in query
    assert "process.command_line:" in query


@pytest.mark.parametrize(
    "unsupported", ["CommandLine: 'a?b'", "CommandLine|fieldref: Image", "CommandLine|expand: '%x%'"]
)
def test_what_kql_cannot_say_is_pysigma_s_error(unsupported: str) -> None:
    with pytest.raises(SigmaFeatureNotSupportedByBackendError):
        convert(with_filter(unsupported))


def test_correlations_are_pysigma_s_error() -> None:
    with pytest.raises(SigmaFeatureNotSupportedByBackendError):
        convert(RULE + CORRELATION)


def test_errors_are_collected_where_pysigma_is_asked_to() -> None:
    collecting = KibanaKqlBackend(collect_errors=True)

    assert collecting.convert(SigmaCollection.from_yaml(RULE + "---" + with_filter("CommandLine: 'a?b'"))) == [QUERY]
    assert len(collecting.errors) == 1


def test_saved_searches_hold_the_query() -> None:
    (line,) = convert(RULE, "kibana_ndjson", index_pattern="winlogbeat-*")
    said = json.loads(line)
    search = json.loads(said["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    (reference,) = said["references"]

    assert (said["id"], said["type"]) == ("0f2c7a0e-29be-4e6c-9d1c-52f4f8d0a7f1", "search")
    assert search["query"] == {"query": QUERY, "language": "kuery"}
    assert (reference["name"], reference["id"]) == (search["indexRefName"], "winlogbeat-*")
    (again,) = read_text(line, format="ndjson")
    assert again.query.text == QUERY


def test_detection_rules_keep_what_kql_loses() -> None:
    """A filter beside the query says what minds no case; so even one character is no error there."""
    (line,) = convert(with_filter("CommandLine: 'a?b'"), "siem_rule")
    (rule,) = read_text(line, format="ndjson")
    test = compile_rule(rule, schema=Schema.none())

    assert [(each.id, [technique.id for technique in each.techniques]) for each in rule.threats] == [
        ("TA0002", ["T1059", "T1059.001"])
    ]
    assert test({"Image": "C:\\CURL.exe", "EventID": "1", "CommandLine": "abc"})
    assert not test({"Image": "C:\\CURL.exe", "EventID": "1", "CommandLine": "AXB"})


def test_query_dsl_is_a_body_for_a_search() -> None:
    (body,) = convert(RULE, "dsl")

    assert json.loads(json.dumps(body)) == body
    assert '{"wildcard": {"Image": {"value": "*\\\\\\\\curl.exe", "case_insensitive": true}}}' in json.dumps(body)


def test_every_condition_of_a_rule_is_a_query() -> None:
    assert convert(RULE.replace("condition: selection and not filter", "condition: [selection, filter]")) == [
        "Image:*\\\\curl.exe and EventID:(1 or 4688)",
        'CommandLine:(*C\\:\\\\x y* and *a\\"b*)',
    ]


@pytest.mark.shared
def test_sigmas_own_rules_convert(shared: Path) -> None:
    """All but those that ask for one character, for an expression, or for another field's value."""
    converted, refused = 0, 0
    for row in list(ndjson(shared / "corpus" / "sigmahq_rules.ndjson.gz"))[::5]:
        try:
            converted += bool(convert(row["yaml"]))
        except SigmaFeatureNotSupportedByBackendError:
            refused += 1

    assert converted > 0.9 * (converted + refused)


#: A program for a fresh environment: pySigma finds the backend by itself.
DISCOVERY = f"""
from sigma.collection import SigmaCollection
from sigma.plugins import InstalledSigmaPlugins
found = InstalledSigmaPlugins.autodiscover(include_pipelines=False, include_validators=False).backends
backend = found["kibana_kql"]
print(sorted(backend.formats))
print(backend().convert(SigmaCollection.from_yaml({RULE!r}))[0])
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; its dependencies are those of the environment that runs the tests."""
    folder = tmp_path_factory.mktemp("plugin")
    built = [sys.executable, "-P", "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(built, check=True, capture_output=True, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    made = folder / "venv"
    venv.create(made, with_pip=False)
    site = Path(run(made, "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    install = [
        sys.executable,
        "-P",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
    ]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True, cwd=folder)
    # Above the path of our checkout, if that is installed editable: the wheel comes first.
    (site / "parent.pth").write_text("\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}) + "\n")
    return made


def run(home: Path, command: str, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(home / "bin" / command), *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pysigma_finds_the_backend_of_an_installed_wheel(home: Path) -> None:
    formats, query = run(home, "python", "-P", "-c", DISCOVERY).splitlines()
    where = run(home, "python", "-P", "-c", "import translator; print(translator.__file__)")

    assert formats == "['default', 'dsl', 'kibana_ndjson', 'siem_rule']"
    assert query == QUERY
    assert Path(where.strip()).is_relative_to(home)


def test_sigma_cli_lists_and_uses_it(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("sigma.cli", reason="sigma-cli is not installed")
    cli = ("-P", "-c", "from sigma.cli.main import main; main()")
    path, names = tmp_path / "rule.yml", tmp_path / "names.yml"
    path.write_text(RULE, "utf-8")
    names.write_text(MAPPING, "utf-8")

    assert "kibana_kql" in run(home, "python", *cli, "list", "targets")
    assert QUERY in run(home, "python", *cli, "convert", "-t", "kibana_kql", str(path))
    assert "process.executable" in run(home, "python", *cli, "convert", "-t", "kibana_kql", "-p", str(names), str(path))
    assert '"language":"kuery"' in run(
        home, "python", *cli, "convert", "-t", "kibana_kql", "-f", "siem_rule", str(path)
    )


@pytest.mark.wheel
def test_pysigma_2_finds_and_uses_it(home: Path, tmp_path: Path) -> None:
    """As a library: sigma-cli and the other backends do not take it yet, so it gets an environment of its own."""
    made = tmp_path / "two"
    venv.create(made, with_pip=True)
    (wheel,) = home.parent.glob("*.whl")
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(made, "python", *pip, "pysigma>=2", "click", "lark", "pyyaml", "rich")
    run(made, "python", *pip, "--no-deps", str(wheel))
    formats, query = run(made, "python", "-P", "-c", DISCOVERY).splitlines()
    version = run(made, "python", "-c", "import importlib.metadata; print(importlib.metadata.version('pysigma'))")

    assert version.startswith("2.")
    assert (formats, query) == ("['default', 'dsl', 'kibana_ndjson', 'siem_rule']", QUERY)
