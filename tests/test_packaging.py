"""The project works however it got onto a machine: wheel, sdist, editable install, or a bare checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import translator
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

#: Asks for the grammar, the field types and the tables of Unicode's words, each of which is a file of its own. The
#: verdicts are Elasticsearch's: a long is compared by its number, a text by its words, a keyword by its characters.
PROBE = """
import json, sys, translator
verdict = lambda query, event: translator.compile(query)(event)
print(json.dumps({
    "home": translator.__file__,
    "number": [verdict("file.size >= 10", {"file": {"size": size}}) for size in (9, 10, 200)],
    "words": [verdict('message:"quick fox"', {"message": text}) for text in ("The QUICK fox.", "quick red fox")],
    "keyword": [verdict("event.type:creation", {"event.type": text}) for text in ("creation", "Creation")],
    "sigma": translator.convert("event.type:creation", to="sigma").data["detection"],
}))
"""
VERDICTS = {"number": [False, True, True], "words": [True, False], "keyword": [True, False]}


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a command writes to standard output; it must end with 0."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "VIRTUAL_ENV"))
    }
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=clean | environment,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def assert_it_works(home: Path, python: str | Path, cwd: Path, **environment: str) -> None:
    """The package that ``python`` finds lies in ``home`` and gives the right verdicts."""
    # -P: neither the current folder nor a script's own is searched.
    answer = json.loads(run(python, "-P", "-c", PROBE, cwd=cwd, **environment))

    assert Path(answer["home"]).resolve().is_relative_to(home.resolve())
    assert {name: answer[name] for name in VERDICTS} == VERDICTS
    assert answer["sigma"]["condition"] == "selection"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, so that nobody changes it between two builds."""
    unwanted = shutil.ignore_patterns(".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "build", "dist")
    return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("checkout") / "sigma-kql", ignore=unwanted))


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from that sdist, without a network."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-P", "-m", "build", "--no-isolation", "--outdir", folder, checkout, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def sdist(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked sdist."""
    (archive,) = built.glob("*.tar.gz")
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(archive) as file:
        for member in filter(tarfile.TarInfo.isfile, file):
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.extractfile(member).read())  # type: ignore[union-attr]
    (found,) = folder.iterdir()
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel was installed."""
    folder = tmp_path_factory.mktemp("installed")
    run(
        sys.executable,
        "-P",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-compile",
        "--disable-pip-version-check",
        "--target",
        folder,
        wheel,
        cwd=folder,
    )
    return folder


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode("utf-8"))


def test_an_installed_wheel_works(installed: Path, tmp_path: Path) -> None:
    assert_it_works(installed / "translator", sys.executable, tmp_path, PYTHONPATH=str(installed))


def test_the_script_of_an_installed_wheel_works(installed: Path, tmp_path: Path) -> None:
    script = installed / "bin" / "sigma-kql"
    (tmp_path / "rule.kql").write_text("process.name:curl", "utf-8")

    assert run(script, "--version", cwd=tmp_path, PYTHONPATH=str(installed)) == f"sigma-kql {translator.__version__}\n"
    assert "process.name" in run(
        script, "convert", "rule.kql", "--to", "sigma", cwd=tmp_path, PYTHONPATH=str(installed)
    )


def test_an_unpacked_sdist_works(sdist: Path, tmp_path: Path) -> None:
    assert_it_works(sdist / "translator", sys.executable, tmp_path, PYTHONPATH=str(sdist))


def test_a_bare_checkout_works(tmp_path: Path) -> None:
    assert_it_works(ROOT / "translator", sys.executable, tmp_path, PYTHONPATH=str(ROOT))


def test_an_editable_install_works(tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    # The dependencies, and the build tool, are those of the environment that runs the tests.
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip())
    (site / "parent.pth").write_text("\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}) + "\n")

    run(
        sys.executable,
        "-P",
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--ignore-installed",
        "--disable-pip-version-check",
        "--editable",
        ROOT,
        cwd=tmp_path,
    )

    assert_it_works(ROOT / "translator", python, tmp_path)
    assert run(home / "bin" / "sigma-kql", "--version", cwd=tmp_path) == f"sigma-kql {translator.__version__}\n"


def test_the_wheel_holds_the_package_its_data_and_nothing_else(checkout: Path, wheel: Path) -> None:
    sources = {path.relative_to(checkout).as_posix() for path in (checkout / "translator").rglob("*") if path.is_file()}
    with zipfile.ZipFile(wheel) as archive:
        files = {name for name in archive.namelist() if not name.endswith("/")}
    package = {name for name in files if name.startswith("translator/")}

    assert package == sources - {"translator/pysigma_kql/plugin.py"} | {"translator/grammars/kql.lark"}
    assert {"translator/py.typed", "translator/schemas/fields.tsv", "translator/meaning/word_breaks.tsv"} <= package
    beside = {"sigma/backends/kibana_kql/__init__.py"}  # where pySigma looks for backends
    assert files - package >= beside
    assert {name.split("/")[0] for name in files - package - beside} == {
        f"sigma_kql-{translator.__version__}.dist-info"
    }
    assert f"sigma_kql-{translator.__version__}.dist-info/licenses/LICENSE" in files


def test_a_wheel_from_the_checkout_is_the_wheel_from_the_sdist(checkout: Path, wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-P", "-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path, checkout, cwd=tmp_path)
    (direct,) = tmp_path.glob("*.whl")

    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(direct) as other:
        assert {name: one.read(name) for name in one.namelist()} == {
            name: other.read(name) for name in other.namelist()
        }


def test_the_sdist_holds_what_the_tests_and_the_examples_need(sdist: Path) -> None:
    assert {
        "translator",
        "grammars",
        "rules",
        "examples",
        "tests",
        "docs",
        "LICENSE",
        "Makefile",
        "README.md",
        "ARCHITECTURE.md",
        "pyproject.toml",
    } <= {path.name for path in sdist.iterdir()}


def test_the_metadata_says_what_the_project_says(checkout: Path, wheel: Path) -> None:
    said = metadata(wheel)

    assert (said["Name"], said["Version"]) == ("sigma-kql", translator.__version__)
    assert (said["Requires-Python"], said["License-Expression"]) == (">=3.11", "Apache-2.0")
    assert said.get_payload() == (checkout / "README.md").read_text("utf-8")
    assert set(said.get_all("Provides-Extra", [])) == set(PROJECT["optional-dependencies"])
    extras = {
        f"{each}; extra == '{extra}'" for extra, names in PROJECT["optional-dependencies"].items() for each in names
    }
    assert set(said.get_all("Requires-Dist", [])) == {*PROJECT["dependencies"], *extras}
