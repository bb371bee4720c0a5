"""The engines' jars, resolved by their coordinates with Maven and kept below ``build/``."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
import zipfile
from enum import StrEnum
from pathlib import Path

from tests.conftest import ROOT

_LAUNCHER = Path(__file__).parent / "launcher"
_KEPT = ROOT / "build" / "engine"

#: What has to be on the search path. The compiler says that more than a runtime is there.
TOOLS = ("java", "javac", "mvn")


class Engine(StrEnum):
    """An engine that can be started; its folder in ``launcher/`` says of which version."""

    #: The judge. The server alone: without wildcard, constant_keyword, match_only_text, scaled_float and version.
    ELASTICSEARCH = "elasticsearch"
    #: Asked about constant_keyword and match_only_text only; on others it is not always of Elasticsearch's opinion.
    OPENSEARCH = "opensearch"


def missing() -> str | None:
    """Why no engine can be started on this machine, or None."""
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if not lacking:
        return None
    return f"{', '.join(lacking)} not found; an engine needs a Java development kit (17 or newer) and Maven"


def resolve(engine: Engine) -> Path:
    """The folder with the engine's ``lib``, ``home`` and ``classes``; the first time Maven looks its jars up."""
    written = sorted([*_LAUNCHER.glob("*.java"), *(_LAUNCHER / engine).iterdir()])
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in written)).hexdigest()[:12]
    made = _KEPT / f"{engine}-{digest}"
    if made.is_dir():
        return made
    _KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_KEPT, ignore_cleanup_errors=True) as scratch:
        fresh = Path(scratch) / "made"
        _fetch(engine, fresh / "lib")
        for name in ("config", "modules", "plugins"):
            (fresh / "home" / name).mkdir(parents=True)
        if engine is Engine.ELASTICSEARCH:
            _network_module(fresh / "lib", fresh / "home" / "modules" / "transport-netty4")
        sources = [path for path in written if path.suffix == ".java"]
        _run(["javac", "-proc:none", "-cp", f"{fresh}/lib/*", "-d", f"{fresh}/classes", *map(str, sources)])
        try:
            fresh.rename(made)
        except OSError:
            # Somebody else was as quick.
            if not made.is_dir():
                raise
    return made


def _fetch(engine: Engine, folder: Path) -> None:
    pom = _LAUNCHER / engine / "pom.xml"
    _run(["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={folder}"])


def _run(command: list[str]) -> None:
    """Raises RuntimeError with what the command said where it fails."""
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}\n{done.stdout}{done.stderr}")


def _network_module(jars: Path, module: Path) -> None:
    """Move Netty into a module with its descriptor: Elasticsearch takes no plugin from the class path."""
    module.mkdir()
    for jar in [*jars.glob("netty-*.jar"), *jars.glob("transport-netty4-*.jar")]:
        jar.rename(module / jar.name)
    (plugin,) = module.glob("transport-netty4-*.jar")
    with zipfile.ZipFile(plugin) as archive:
        descriptor = archive.read("META-INF/es-plugins/transport-netty4/plugin-descriptor.properties").decode()
    # The named module's own descriptor is not in the jar, so it is loaded as an unnamed one.
    kept = [line for line in descriptor.splitlines() if not line.startswith(("#", "modulename"))]
    (module / "plugin-descriptor.properties").write_text("\n".join(kept) + "\n", "utf-8")
