"""A running Elasticsearch or OpenSearch, asked over HTTP: one index of our own, made, searched and removed again.

Nothing but that index is touched: its name is drawn at random, every request names it in full, and it is deleted
whatever happens. The connection follows no redirect, so that credentials go where they were meant to.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from translator.errors import Code, TranslatorError, refuse
from translator.live.mapping import Mapped
from translator.meaning import JsonNumber
from translator.source import Source, Span

#: How many documents one index gets: as many as one search may return.
MOST_DOCUMENTS = 10_000

#: How many documents go in one request.
_BULK = 500

#: How Elasticsearch says that it lacks a type: in the top level of a mapping, and in a multi-field.
_NO_TYPE = re.compile(r"(?:No handler for|The mapper) type \[([a-z_]+)\]")

#: How many types a cluster may lack before its answers are taken for something else.
_MOST_LACKING = 20

_SETTINGS = {"index": {"number_of_shards": 1, "number_of_replicas": 0}}


@dataclass(frozen=True, slots=True)
class Engine:
    """Where an engine is and how to be let in: an API key, or a name and a password, or what the URL says of them.

    ``ca_file`` is a file of certificates to trust beside the usual ones; ``timeout`` is in seconds, for each request.
    """

    url: str
    api_key: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    timeout: float = 30.0

    def __post_init__(self) -> None:
        parts = _split(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise _wrong(
                _shown(parts), "This is no URL of a search engine.", "write one such as https://localhost:9200"
            )
        if self.api_key is not None and (self.user or self.password or parts.username):
            raise _wrong(_shown(parts), "An API key and a name are two ways to be let in.", "leave one of them out")

    @property
    def shown(self) -> str:
        """The URL without a name or a password."""
        return _shown(_split(self.url))

    @contextmanager
    def index(self, mapping: Mapped, events: Sequence[Mapping[str, Any]]) -> Iterator[Index]:
        """A new index of ``events``, numbered from 0, that is gone afterwards.

        Raises TranslatorError where the engine cannot be reached, lets us not in, or takes no such index.
        """
        client = _Client(self)
        name = f"sigma-kql-verify-{uuid.uuid4().hex}"
        try:
            made = client.create(name, mapping)
            yield Index(client, name, made, client.fill(name, events))
        except BaseException as error:
            # A request that was cut off may have made the index all the same.
            try:
                client.drop(name)
            except TranslatorError as again:
                if isinstance(error, TranslatorError):
                    raise TranslatorError(dict.fromkeys((*error.diagnostics, *again.diagnostics))) from None
                raise again from error
            raise
        client.drop(name)


@dataclass(frozen=True, slots=True)
class Index:
    """An index of ours, while it is there. ``refused`` says of events by number why the engine does not take them."""

    client: _Client = field(repr=False)
    name: str
    mapping: Mapped = field(repr=False)
    refused: Mapping[int, str]

    def search(self, query: Mapping[str, Any]) -> frozenset[int]:
        """The numbers of the events that ``query`` returns. Raises TranslatorError where the answer is an error."""
        body = {"query": query, "size": MOST_DOCUMENTS, "_source": False, "sort": ["_doc"]}
        answer = self.client.ask("POST", f"/{self.name}/_search?allow_partial_search_results=false", body)
        try:
            return frozenset(int(each["_id"]) for each in answer["hits"]["hits"])
        except (KeyError, TypeError, ValueError):
            raise self.client.no_engine() from None


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> None:
        return None


class _Refused(Exception):
    """The engine's answer is an error."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


class _Client:
    """Speaks HTTP with one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        parts = _split(engine.url)
        self.base = _shown(parts).rstrip("/")
        self.headers = {"Accept": "application/json"}
        user, password = engine.user or unquote(parts.username or ""), engine.password or unquote(parts.password or "")
        if engine.api_key is not None:
            self.headers["Authorization"] = f"ApiKey {engine.api_key}"
        elif user:
            self.headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        handlers: list[Any] = [_NoRedirect(), HTTPHandler()]
        if parts.scheme == "https":
            try:
                context = ssl.create_default_context()
                if engine.ca_file is not None:
                    context.load_verify_locations(engine.ca_file)
            except (OSError, ssl.SSLError) as error:
                raise self.unreachable(
                    f"{engine.ca_file} holds no certificates that can be read ({_said(error)})", "name a PEM file"
                ) from None
            handlers.append(HTTPSHandler(context=context))
        if parts.hostname in ("localhost", "127.0.0.1", "::1"):
            handlers.append(ProxyHandler({}))
        self.opener = build_opener(*handlers)

    def create(self, name: str, mapping: Mapped) -> Mapped:
        """Make the index; types that the engine lacks are replaced by their nearest. Returns the mapping it has."""
        for _ in range(_MOST_LACKING):
            body = {"settings": {**_SETTINGS, **mapping.settings}, "mappings": mapping.properties}
            try:
                self.send("PUT", f"/{name}", body)
                return mapping
            except _Refused as refused:
                lacking = _NO_TYPE.search(refused.reason)
                other = mapping.without(lacking[1]) if lacking else None
                if other is None:
                    raise self.error(refused, "takes no such index") from None
                mapping = other
        raise self.unreachable("it lacks the field types that the rule asks for")

    def fill(self, name: str, events: Sequence[Mapping[str, Any]]) -> dict[int, str]:
        """Put the events into the index; returns why some are not taken, by number."""
        refused: dict[int, str] = {}
        for start in range(0, len(events), _BULK):
            lines: list[str] = []
            for number, event in enumerate(events[start : start + _BULK], start):
                lines += [f'{{"index":{{"_id":"{number}"}}}}', written(event)]
            data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
            last = "true" if start + _BULK >= len(events) else "false"
            answer = self.ask("POST", f"/{name}/_bulk?refresh={last}", data)
            try:
                items = [next(iter(each.values())) for each in answer["items"]]
                refused |= {int(each["_id"]): _cause(each["error"]) for each in items if "error" in each}
            except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
                raise self.no_engine() from None
        return refused

    def drop(self, name: str) -> None:
        """Remove the index; one that was not made is gone already."""
        try:
            self.send("DELETE", f"/{name}", None)
        except _Refused as refused:
            if refused.status != 404:
                raise self.error(refused, f"does not delete our index {name}; delete it by hand") from None

    def ask(self, method: str, path: str, body: Any) -> Any:
        """The answer as JSON. Raises TranslatorError where it is an error."""
        try:
            return self.send(method, path, body)
        except _Refused as refused:
            raise self.error(refused, "answers with an error") from None

    def send(self, method: str, path: str, body: Any) -> Any:
        lines = isinstance(body, bytes)
        data = body if body is None or lines else json.dumps(body).encode()
        kind = {"Content-Type": "application/x-ndjson" if lines else "application/json"} if data else {}
        request = Request(f"{self.base}{path}", data, {**self.headers, **kind}, method=method)
        try:
            with self.opener.open(request, timeout=self.engine.timeout) as response:
                answer = response.read()
        except HTTPError as error:
            with error:
                raise _Refused(error.code, _reason(error)) from None
        except (URLError, OSError, ValueError) as error:
            why = error.reason if isinstance(error, URLError) else error
            raise self.unreachable(_said(why)) from None
        try:
            return json.loads(answer)
        except ValueError:
            raise self.no_engine() from None

    def error(self, refused: _Refused, what: str) -> TranslatorError:
        hint = {
            401: "give an API key or a name and a password",
            403: "give the key the right to create, write, read and delete indices named sigma-kql-verify-*",
        }.get(refused.status)
        message = f"{self.engine.shown} {what} ({refused.status}): {refused.reason}"
        source = Source(self.engine.shown, "--engine")
        return refuse(Code.ENGINE_REFUSED, message, source, Span(0, len(source.text)), hint)

    def unreachable(self, why: str, hint: str | None = None) -> TranslatorError:
        return _wrong(self.engine.shown, f"{self.engine.shown} cannot be asked: {why}.", hint)

    def no_engine(self) -> TranslatorError:
        return self.unreachable(
            "it does not answer as Elasticsearch or OpenSearch does", "write the URL of its REST API"
        )


def _reason(error: HTTPError) -> str:
    try:
        said = json.loads(error.read())
    except (OSError, ValueError):
        return str(error.reason)
    return _cause(said.get("error", said)) if isinstance(said, dict) else str(error.reason)


def _cause(error: Any) -> str:
    """The innermost cause of an engine's error."""
    while isinstance(error, dict):
        shards = error.get("failed_shards")
        if isinstance(shards, list) and shards and isinstance(shards[0], dict) and "reason" in shards[0]:
            error = shards[0]["reason"]
        elif isinstance(error.get("caused_by"), dict) and error["caused_by"].get("reason"):
            error = error["caused_by"]
        else:
            return str(error.get("reason") or error.get("type") or "it gives no reason")
    return str(error)


def written(value: Any) -> str:
    """A value as JSON, with numbers spelled as they were, and in characters that any terminal takes."""
    match value:
        case JsonNumber():
            return value.token
        case Mapping():
            return "{" + ",".join(f"{_quoted(str(key))}:{written(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(written(each) for each in value) + "]"
        case str():
            return _quoted(value)
        case _:
            return json.dumps(value)


def _quoted(text: str) -> str:
    said = json.dumps(text, ensure_ascii=False)
    return (
        said if said.isprintable() else "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in said)
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # read here, since it is refused no earlier
    except ValueError:
        raise _wrong("", "This is no URL of a search engine.", "write one such as https://localhost:9200") from None
    return parts


def _shown(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return urlunsplit((parts.scheme, host if parts.port is None else f"{host}:{parts.port}", parts.path, "", ""))


def _wrong(shown: str, message: str, hint: str | None) -> TranslatorError:
    return refuse(Code.ENGINE_UNREACHABLE, message, Source(shown, "--engine"), Span(0, len(shown)), hint)


def _said(error: object) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
