"""Many rules in one run, beside what sigma-cli takes for the same rules: whole processes, files written."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.clock import Timing, alternately
from tests.conftest import ROOT, ndjson

#: The corpora beside the repository, as the tests find them.
SHARED = Path(os.environ.get("SIGMA_KQL_SHARED", ROOT.parent / "shared"))
RULES = SHARED / "corpus" / "sigmahq_rules.ndjson.gz"

ROUNDS = 3

#: What SigmaHQ's rules lose on the way to Elasticsearch, all of it accepted; the peer says nothing of it.
ALLOWED = ("--allow", "mixed")


def timings(ours: tuple[str, ...], peer: Path) -> Iterator[tuple[str, Timing, str]]:
    """A name, the time and the rate of each way to convert SigmaHQ's rules; nothing where they are not at hand."""
    if not RULES.exists():
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = unpack(folder / "rules")
        tasks = {
            f"sigma-kql convert --to {target} -j {jobs}": _fresh(
                folder, *ours, "convert", folder / "rules", "--to", target, *ALLOWED, "-j", jobs
            )
            for target in ("kql", "dsl")
            for jobs in ("1", "2")
        }
        if peer.exists():
            words = ("convert", "-t", "lucene", "-p", "ecs_windows", "--skip-unsupported")
            tasks["peer: sigma convert -t lucene"] = _fresh(folder, peer, *words, folder / "rules")
        found = alternately(tasks, ROUNDS)
        slowest = next((timing.median for task, timing in found.items() if task.startswith("peer")), None)
        for task, timing in found.items():
            times = f", {slowest / timing.median:.1f} times the peer's" if slowest else ""
            yield task, timing, f"{count / timing.median:,.0f} rules/s{times}"


def unpack(folder: Path) -> int:
    """Lay SigmaHQ's rules out as files, as their repository does; returns how many there are."""
    count = 0
    for count, rule in enumerate(ndjson(RULES), 1):  # noqa: B007 (the last is the number of all)
        path = folder / rule["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rule["yaml"], "utf-8")
    return count


def _fresh(folder: Path, *command: str | Path) -> Callable[[], object]:
    """A task that runs a process, which writes where nothing is. Some rules are refused: it may end with 1."""

    def run() -> None:
        out = Path(tempfile.mkdtemp(dir=folder))
        target = out / "peer.txt" if "--skip-unsupported" in command else out
        words = [str(word) for word in (*command, "-o", target)]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode > 1 or not any(out.iterdir()):
            raise subprocess.CalledProcessError(done.returncode, words, done.stdout, done.stderr)

    return run
