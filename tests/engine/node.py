"""One node of a search engine on the loopback interface. It dies with its parent and leaves nothing behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias
from urllib.parse import urlsplit

from tests.engine.jars import Engine, resolve

#: Numbers of the documents that a query returns.
Hits: TypeAlias = frozenset[int]

#: One shard, so that a query fails or does not; nothing becomes visible before it is asked for.
_SETTINGS = {"index": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}}

#: A small heap and a quick compiler: a node lives for a minute. Nothing is written outside of its own folder.
_OPTIONS = ("-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")

#: Queries in one request; more would only make answers late.
_BATCH = 200


class Refusal(Exception):
    """The engine's answer is an error: the innermost cause that it gives."""

    def __init__(self, status: int, answer: Any) -> None:
        cause = answer.get("error", answer) if isinstance(answer, dict) else answer
        if isinstance(cause, dict):
            cause = next((shard["reason"] for shard in cause.get("failed_shards", ())), cause)
        while isinstance(cause, dict) and isinstance(cause.get("caused_by"), dict):
            cause = cause["caused_by"]
        self.status = status
        self.kind = str(cause.get("type", "error")) if isinstance(cause, dict) else "error"
        self.reason = str(cause.get("reason") or "") if isinstance(cause, dict) else str(cause)
        super().__init__(f"{status} {self.kind}: {self.reason}")


class Node:
    """A running node, and the client that asks it. Raises RuntimeError with the node's last words if it does not start.

    Its port and its folder are new each time unless ``port`` says otherwise.
    """

    def __init__(self, engine: Engine, *, port: int = 0) -> None:
        made = resolve(engine)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{engine}-"))
        (self.folder / "tmp").mkdir()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        options = [*_OPTIONS, f"-Djava.io.tmpdir={self.folder / 'tmp'}", f"-Djna.tmpdir={self.folder / 'tmp'}"]
        paths = ["-cp", f"{made}/classes:{made}/lib/*", "Launch", str(made / "home"), str(self.folder), str(port)]
        self.process = subprocess.Popen(
            ["java", *options, *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            cwd=self.folder,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().decode().strip()
        if not self.url:
            self.process.wait()
            self._said.seek(0)
            words = self._said.read()[-4000:].decode(errors="replace")
            self.close()
            raise RuntimeError(f"{engine} did not start:\n{words}")
        self._connection = HTTPConnection(urlsplit(self.url).netloc, timeout=300)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process and remove its folder."""
        if self.url:
            self._connection.close()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._said.close()
        # The node does so itself, unless it was killed.
        shutil.rmtree(self.folder, ignore_errors=True)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The answer as JSON; ``body`` is JSON, or bytes that are lines of it. Raises Refusal for an error."""
        lines = isinstance(body, bytes)
        data = body if body is None or lines else json.dumps(body).encode()
        kind = "application/x-ndjson" if lines else "application/json"
        self._connection.request(method, path, data, {"Content-Type": kind})
        with self._connection.getresponse() as response:
            status, answer = response.status, json.loads(response.read() or b"{}")
        if status >= 300:
            raise Refusal(status, answer)
        return answer

    def index(
        self,
        name: str,
        mapping: Mapping[str, Any],
        documents: Sequence[str],
        settings: Mapping[str, Any] | None = None,
    ) -> dict[int, Refusal]:
        """Make an index of JSON texts, numbered from 0; returns those that were refused."""
        self.request("PUT", f"/{name}", {"settings": {**_SETTINGS, **(settings or {})}, "mappings": mapping})
        lines = [f'{{"index":{{"_id":"{at}"}}}}\n{text}\n' for at, text in enumerate(documents)]
        if not lines:
            return {}
        answer = self.request("POST", f"/{name}/_bulk?refresh=true", "".join(lines).encode("utf-8", "surrogatepass"))
        items = [each["index"] for each in answer["items"]]
        return {int(each["_id"]): Refusal(each["status"], each) for each in items if "error" in each}

    def drop(self, name: str) -> None:
        self.request("DELETE", f"/{name}")

    def search(self, name: str, query: Mapping[str, Any]) -> Hits:
        """What ``query`` returns. Raises Refusal where the engine answers with an error."""
        answer = self.request("POST", f"/{name}/_search?allow_partial_search_results=false", _asked(query))
        return _hits(answer)

    def search_all(self, name: str, queries: Sequence[Mapping[str, Any]]) -> list[Hits | Refusal]:
        """What each of ``queries`` returns, or the engine's refusal of it."""
        found: list[Hits | Refusal] = []
        for start in range(0, len(queries), _BATCH):
            found += self._search_batch(name, queries[start : start + _BATCH])
        return found

    def _search_batch(self, name: str, queries: Sequence[Mapping[str, Any]]) -> list[Hits | Refusal]:
        # Of a query that cannot be parsed the whole request dies: then one by one.
        header = '{"allow_partial_search_results":false}'
        body = "".join(f"{header}\n{json.dumps(_asked(query))}\n" for query in queries).encode()
        path = f"/{name}/_msearch?filter_path=responses.error,responses.status,responses.hits.hits._id"
        try:
            answers = self.request("POST", path, body)["responses"]
        except Refusal as refused:
            if len(queries) == 1:
                return [refused]
            middle = len(queries) // 2
            return self._search_batch(name, queries[:middle]) + self._search_batch(name, queries[middle:])
        return [Refusal(each["status"], each) if "error" in each else _hits(each) for each in answers]


def _asked(query: Mapping[str, Any]) -> dict[str, Any]:
    return {"query": query, "size": 10_000, "_source": False, "sort": ["_doc"]}


def _hits(answer: Mapping[str, Any]) -> Hits:
    return frozenset(int(each["_id"]) for each in answer.get("hits", {}).get("hits", ()))
