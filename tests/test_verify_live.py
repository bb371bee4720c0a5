"""A live engine: what is sent, what is never touched, and how each failure is told."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from tests.engine.conftest import node  # noqa: F401 - a fixture
from tests.engine.node import Node
from translator import kql, live
from translator.backends import backends
from translator.errors import Code, TranslatorError
from translator.live import Engine
from translator.live.mapping import mapped
from translator.meaning import JsonNumber
from translator.pipeline import convert
from translator.schema import Schema
from translator.source import Source
from translator.verification import Outcome, Report, verify
from translator.verification.forms import text

SCHEMA = Schema.from_yaml("user.name: keyword\nport: long\nw: wildcard\nm: match_only_text\nn: nested\nn.a: keyword\n")
QUERY = "user.name:root and port > 5"


@dataclass
class Fake:
    """Answers as an engine does, unless told otherwise; remembers what it was asked."""

    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    #: (method, end of the path) -> status and answer; the first that fits.
    answers: list[tuple[str, str, int, Any]] = field(default_factory=list)
    wait: float = 0.0
    documents: list[Any] = field(default_factory=list)
    indices: set[str] = field(default_factory=set)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        plain = path.partition("?")[0]
        for how, end, status, said in self.answers:
            if how == method and plain.endswith(end):
                return status, said
        name = plain.strip("/").partition("/")[0]
        if method == "PUT":
            self.indices.add(name)
            return 200, {"acknowledged": True}
        if method == "DELETE":
            self.indices.discard(name)
            return 200, {"acknowledged": True}
        if plain.endswith("_bulk"):
            lines = body.decode().splitlines()
            self.documents += [json.loads(line) for line in lines[1::2]]
            return 200, {"items": [{"index": {"_id": json.loads(line)["index"]["_id"]}} for line in lines[::2]]}
        matches = backends()["dsl"].matches
        assert matches is not None
        test = matches(json.dumps(json.loads(body)["query"]), SCHEMA)
        hits = [{"_id": str(at)} for at, each in enumerate(self.documents) if test(each)]
        return 200, {"hits": {"hits": hits}}


@contextmanager
def serving(fake: Fake, context: ssl.SSLContext | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.asked.append((self.command, self.path, dict(self.headers), body))
            sleep(fake.wait)
            status, said = fake.answer(self.command, self.path, body)
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            try:
                self.send_response(status)
                if status in (301, 302, 307):
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                pass  # whoever asked has gone

        do_PUT = do_POST = do_DELETE = reply  # noqa: N815 - the names are the base class's

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "http"
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def asked_live(url: str, **how: Any) -> Report:
    return verify(QUERY, [{"user.name": "root", "port": 7}], Engine(url, **how), schema=SCHEMA, to=[], most=0)


def refused(fake: Fake, **how: Any) -> TranslatorError:
    with serving(fake) as url, pytest.raises(TranslatorError) as caught:
        asked_live(url, **how)
    return caught.value


def test_one_index_is_made_filled_searched_and_deleted() -> None:
    fake = Fake()
    with serving(fake) as url:
        report = asked_live(url)
    names = {path.strip("/").partition("/")[0].partition("?")[0] for _, path, _, _ in fake.asked}
    (name,) = names

    assert report.targets[0].outcome is Outcome.SAME, text(report)
    assert name.startswith("sigma-kql-verify-")
    assert len(name) == len("sigma-kql-verify-") + 32
    assert [method for method, *_ in fake.asked] == ["PUT", "POST", "POST", "DELETE"]
    assert fake.indices == set()
    assert len(fake.documents) == len(report.cases)


def test_two_runs_use_two_indices() -> None:
    fake = Fake()
    with serving(fake) as url:
        asked_live(url)
        asked_live(url)

    assert len({path.partition("?")[0] for method, path, *_ in fake.asked if method == "PUT"}) == 2


@pytest.mark.parametrize(
    ("how", "header"),
    [
        ({"api_key": "abc=="}, "ApiKey abc=="),
        ({"user": "me", "password": "p:w"}, "Basic bWU6cDp3"),
        ({}, None),
    ],
)
def test_credentials_go_with_every_request(how: dict[str, str], header: str | None) -> None:
    fake = Fake()
    with serving(fake) as url:
        asked_live(url, **how)

    assert {headers.get("Authorization") for _, _, headers, _ in fake.asked} == {header}


def test_a_name_and_password_in_the_url_are_used_and_not_shown() -> None:
    fake = Fake(answers=[("PUT", "", 403, {"error": {"type": "security_exception", "reason": "no"}})])
    with serving(fake) as url, pytest.raises(TranslatorError) as caught:
        asked_live(url.replace("//", "//me:s%C3%A9cret@"))

    assert fake.asked[0][2]["Authorization"] == "Basic bWU6c8OpY3JldA=="
    assert "cret" not in str(caught.value)
    assert "cret" not in repr(Engine("https://localhost", api_key="secret", password=None))


#: What goes wrong, and what is said of it.
FAILURES: list[tuple[list[tuple[str, str, int, Any]], Code, str]] = [
    ([("PUT", "", 401, {"error": {"reason": "missing authentication credentials"}})], Code.ENGINE_REFUSED, "401"),
    ([("PUT", "", 403, {"error": {"reason": "unauthorized"}})], Code.ENGINE_REFUSED, "sigma-kql-verify-*"),
    (
        [("PUT", "", 400, {"error": {"reason": "Limit of total fields has been exceeded"}})],
        Code.ENGINE_REFUSED,
        "Limit",
    ),
    ([("PUT", "", 200, b"<html>a web page</html>")], Code.ENGINE_UNREACHABLE, "does not answer as"),
    ([("PUT", "", 302, b"")], Code.ENGINE_REFUSED, "302"),
    ([("POST", "_bulk", 413, b"too large")], Code.ENGINE_REFUSED, "413"),
    ([("POST", "_bulk", 200, {"took": 1})], Code.ENGINE_UNREACHABLE, "does not answer as"),
    ([("POST", "_search", 200, {"took": 1})], Code.ENGINE_UNREACHABLE, "does not answer as"),
    ([("DELETE", "", 500, {"error": "disk"})], Code.ENGINE_REFUSED, "by hand"),
]


@pytest.mark.parametrize(("answers", "code", "said"), FAILURES)
def test_each_failure_is_told_and_the_index_is_deleted_all_the_same(
    answers: list[tuple[str, str, int, Any]], code: Code, said: str
) -> None:
    fake = Fake(answers=answers)
    error = refused(fake)

    assert error.diagnostics[0].code is code
    assert said in str(error)
    assert fake.asked[-1][0] == "DELETE"
    assert not any("elsewhere" in path for _, path, *_ in fake.asked)


def test_an_index_that_was_never_made_is_no_second_failure() -> None:
    fake = Fake(
        answers=[("PUT", "", 403, {"error": {"reason": "no"}}), ("DELETE", "", 404, {"error": {"reason": "none"}})]
    )

    assert len(refused(fake).diagnostics) == 1


def test_a_query_that_the_engine_refuses_fails_the_rule_and_no_more() -> None:
    shards = {
        "error": {"reason": "all shards failed", "failed_shards": [{"reason": {"caused_by": {"reason": "bad query"}}}]}
    }
    fake = Fake(answers=[("POST", "_search", 400, shards)])
    with serving(fake) as url:
        report = asked_live(url)

    assert report.targets[0].outcome is Outcome.FAILED
    assert "bad query" in text(report)
    assert not report.ok
    assert fake.indices == set()


def test_a_verdict_of_the_engine_that_is_another_is_an_undeclared_difference() -> None:
    fake = Fake(answers=[("POST", "_search", 200, {"hits": {"hits": []}})])
    with serving(fake) as url:
        report = asked_live(url)

    assert report.targets[0].outcome is Outcome.DIFFERS
    assert report.targets[0].differences[0].deciding != ()


def test_events_that_the_engine_does_not_take_are_listed_and_not_compared() -> None:
    class Choosy(Fake):
        def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
            status, said = super().answer(method, path, body)
            if "_bulk" in path:
                said["items"][0]["index"]["error"] = {
                    "reason": "failed to parse",
                    "caused_by": {"reason": "For input x"},
                }
            return status, said

    fake = Choosy()
    with serving(fake) as url:
        (judged,) = asked_live(url).targets

    assert judged.refused == {0: "For input x"}
    assert judged.verdicts[0] is None
    assert judged.outcome is Outcome.SAME


def test_types_that_the_engine_lacks_are_replaced_and_listed() -> None:
    class Bare(Fake):
        def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
            for kind in (b"wildcard", b"match_only_text"):
                if method == "PUT" and b'"type": "%s"' % kind in body:
                    reason = f"Failed to parse mapping: No handler for type [{kind.decode()}] declared on field [w]"
                    return 400, {"error": {"type": "mapper_parsing_exception", "reason": reason}}
            return super().answer(method, path, body)

    fake = Bare()
    with serving(fake) as url:
        report = verify("w:a* and m:x", engine=url, schema=SCHEMA, to=[], most=0)
    sent = json.loads([body for method, _, _, body in fake.asked if method == "PUT"][-1])

    assert {(each.path, str(each.type), str(each.by)) for each in report.targets[0].replaced} == {
        ("w", "wildcard", "keyword"), ("m", "match_only_text", "text"),
    }  # fmt: skip
    assert sent["mappings"]["properties"]["w"]["type"] == "keyword"
    assert "wildcard by keyword" in text(report)


def test_a_type_that_nothing_is_near_to_refuses_the_index() -> None:
    reason = {"error": {"reason": "No handler for type [nested] declared on field [n]"}}
    fake = Fake(answers=[("PUT", "", 400, reason)])
    with serving(fake) as url, pytest.raises(TranslatorError) as caught:
        verify("n:{ a:x }", engine=url, schema=SCHEMA, to=[], most=0)

    assert "No handler for type [nested]" in str(caught.value)


def test_an_engine_that_takes_too_long_or_is_not_there_is_told() -> None:
    slow = refused(Fake(wait=0.5), timeout=0.1)
    with pytest.raises(TranslatorError) as nobody:
        asked_live("http://127.0.0.1:9")

    assert [each.code for each in slow.diagnostics] == [Code.ENGINE_UNREACHABLE]
    assert [each.code for each in nobody.value.diagnostics] == [Code.ENGINE_UNREACHABLE]
    assert "refused" in str(nobody.value)


@pytest.mark.parametrize("url", ["", "localhost:9200", "ftp://host", "http://", "http://host:port", "http://host/?x=1"])
def test_what_is_no_url_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(TranslatorError) as caught:
        Engine(url)

    assert [each.code for each in caught.value.diagnostics] == [Code.ENGINE_UNREACHABLE]


def test_two_ways_to_be_let_in_are_one_too_many() -> None:
    with pytest.raises(TranslatorError):
        Engine("https://localhost:9200", api_key="a", user="b", password="c")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for 127.0.0.1, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    path = folder / "both.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        folder / "key.pem",
        "-out",
        folder / "cert.pem",
    ]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("there is no openssl here")
    path.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return path


def test_a_certificate_is_trusted_where_its_file_is_named_and_only_there(certificate: Path, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    fake = Fake()
    with serving(fake, context) as url:
        trusted = asked_live(url, ca_file=str(certificate.parent / "cert.pem"))
        with pytest.raises(TranslatorError) as untrusted:
            asked_live(url)
        with pytest.raises(TranslatorError) as nothing:
            asked_live(url, ca_file=str(tmp_path / "none.pem"))

    assert trusted.ok
    assert "certificate" in str(untrusted.value).lower()
    assert "none.pem" in str(nothing.value)


def test_documents_are_sent_as_they_are_spelled() -> None:
    assert live.written({"a": [JsonNumber("1.50"), 2, None, True], "é": {"b": "\ud800\n"}}) == (
        '{"a":[1.50,2,null,true],"é":{"b":"\\ud800\\n"}}'
    )


MAPPED = Schema.from_mapping({"properties": {
    "a": {"type": "keyword", "ignore_above": 5, "fields": {"text": {"type": "text"}}, "copy_to": "all"},
    "all": {"type": "text"}, "n": {"type": "nested", "properties": {"b": {"type": "long"}}},
    "f": {"type": "flattened"}, "d": {"type": "date", "format": "yyyy"}, "c": {"type": "constant_keyword"},
}})  # fmt: skip


def test_a_mapping_says_what_the_schema_says() -> None:
    source = Source("a.text:x and n:{ b:1 } and f.x:y and d:2020 and c:z and unknown.q:*")
    formula = kql.check(kql.parse(source), MAPPED, source).formula
    made = mapped(MAPPED, [formula], [{"a": "x", "other": {"deep": 1}}])

    assert made.properties == {"dynamic": False, "properties": {
        "a": {"type": "keyword", "ignore_above": 5, "copy_to": ["all"], "fields": {"text": {"type": "text"}}},
        "all": {"type": "text"}, "n": {"type": "nested", "properties": {"b": {"type": "long"}}},
        "f": {"type": "flattened"}, "d": {"type": "date", "format": "yyyy"}, "c": {"type": "keyword"},
        "unknown": {"properties": {"q": {"type": "keyword"}}}, "other": {"properties": {"deep": {"type": "keyword"}}},
    }}  # fmt: skip
    assert [(each.path, str(each.by)) for each in made.replaced] == [("c", "keyword")]


ENGINE_QUERIES = [
    "user.name:(root or adm*) and not port:(22 or 80) and source.ip:10.0.0.0/8",
    'message:"failed login" and not message:(root or sys*)',
    '@timestamp >= "2024-01-01" and process.pid < 100 and file.size > 5',
    "labels.env:prod or not labels.env:*",
    "never.heard.of:(x or y*) and not process.name:*",
]


@pytest.mark.engine
@pytest.mark.parametrize("query", ENGINE_QUERIES)
def test_the_engine_gives_the_matchers_verdict_on_every_witness(query: str, node: Node) -> None:  # noqa: F811
    report = verify(query, engine=node.url, to=[])
    (judged,) = report.targets

    assert judged.outcome is Outcome.SAME, text(report)
    assert len(judged.refused) < len(report.cases) / 2
    assert node.request("GET", "/_cat/indices/sigma-kql-verify-*?format=json") == []


@pytest.mark.engine
def test_the_engine_sees_an_artefact_that_says_something_else(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    import translator.verification as verification

    def wrong(rule: Any, **how: Any) -> Any:
        return convert("user.name:root", to=how["to"], schema=how["schema"])

    monkeypatch.setattr(verification, "convert", wrong)
    report = verify("user.name:root and process.pid:1", engine=node.url, to=[])

    assert report.targets[0].outcome is Outcome.DIFFERS
