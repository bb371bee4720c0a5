"""The log source that a rule reads, as Sigma names it, inferred from what every event that matches must be.

Only conditions that hold for all matching events count: and-ed at the top, positive, or the same in every branch of
an ``or``. A category of Sigma's is never guessed. Where the rule tells less, its product or its integration's names
stand in, since Sigma demands a log source, and a note says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import TypeAlias

from translator import logic
from translator.errors import Code, Diagnostic, diagnose
from translator.rule import LogSource, Rule
from translator.sigma.taxonomy import (
    CATEGORIES,
    CATEGORY_PRODUCTS,
    CHANNELS,
    DATASETS,
    HOST,
    HOST_STREAMS,
    MODULES,
    OTHER_DATASETS,
    PRODUCTS,
    PROVIDERS,
    SYSMON_CODES,
    SYSTEMS,
    WHOLE_NAMES,
)
from translator.source import Span
from translator.values import show

#: What all events that match one branch of the rule have: field -> the values that it may have, in lower case.
Facts: TypeAlias = Mapping[str, frozenset[str]]

#: Fields that only PowerShell's script block logging fills.
_SCRIPT = "powershell.file.script_block_"
_DATASET = ("data_stream.dataset", "event.dataset")
_FIELDS = frozenset(
    {
        *_DATASET,
        "event.action",
        "event.category",
        "event.code",
        "event.kind",
        "event.module",
        "event.provider",
        "event.type",
        "host.os.type",
        "winlog.channel",
        _SCRIPT,
    }
)

#: A condition that would make more branches than this tells nothing.
_MOST = 64

_STREAM = re.compile(r"(?:[^:]*:)?(?:logs|metrics|traces)-([^*-]*)")
_ALERTS = LogSource(product="elastic", service="alerts")

#: Indices that are no data streams of an integration: (how they begin, what is in them). The Beats' say nothing, or
#: nothing that a data stream beside them does not say better.
_INDICES: tuple[tuple[str, LogSource], ...] = (
    (".alerts-", _ALERTS),
    (".internal.alerts-", _ALERTS),
    (".siem-signals-", _ALERTS),
    ("apm-", LogSource(product="elastic", service="apm")),
    ("traces-apm", LogSource(product="elastic", service="apm")),
    ("ml_", LogSource(product="elastic", service="ml")),
    ("endgame-", LogSource(product="endgame", service="alert")),
)
_BEATS: tuple[tuple[str, LogSource], ...] = (
    ("winlogbeat-", LogSource(product="windows")),
    ("auditbeat-", LogSource()),
    ("filebeat-", LogSource()),
    ("packetbeat-", LogSource()),
    ("heartbeat-", LogSource()),
    ("metricbeat-", LogSource()),
)

#: The log source of a rule that tells nothing: its events lie in Elasticsearch.
UNKNOWN = LogSource(product="elastic")


def infer(rule: Rule, formula: logic.Formula) -> tuple[LogSource, tuple[Diagnostic, ...]]:
    """Sigma's log source for ``rule``, which means ``formula``; and a note where Sigma has none that says it all."""
    if rule.log_source:
        return rule.log_source, ()  # a Sigma rule says it itself
    index = _Index(rule.index)
    branches = [_branch(facts, index) for branch in _facts(formula) for facts in _each_dataset(branch)]
    found = _shared(branches)
    if found and len(set(branches)) == 1 and _standard(found):
        return found, ()
    return found or UNKNOWN, (_note(rule, formula, found, branches),)


def _note(rule: Rule, formula: logic.Formula, found: LogSource, branches: list[LogSource]) -> Diagnostic:
    several = sorted({_name(branch) for branch in branches if branch})
    if len(several) > 1:
        shared = f"{_name(found)} is what they share" if found else "and they share nothing"
        message = f"The rule reads several log sources ({', '.join(several)}); {shared}."
    elif not found:
        message = "Nothing in the rule tells its log source."
    elif not found.category and not found.service:
        message = f"The rule tells no more of its log source than the product, {found.product}."
    else:
        message = f"Sigma's taxonomy has no log source for this data; it is called {_name(found)} here."
    return diagnose(Code.LOGSOURCE_UNKNOWN, message, rule.whole, _place(formula))


def _name(source: LogSource) -> str:
    return "/".join(part for part in (source.product, source.category, source.service) if part)


def _place(formula: logic.Formula) -> Span:
    """Where the rule says what it reads, or its beginning."""
    for node, negated in logic.polar(formula):
        if isinstance(node, logic.Leaf) and not negated and node.field.path in _DATASET:
            return node.span
    return Span(0, 1)


def _standard(source: LogSource) -> bool:
    if source.category in CATEGORY_PRODUCTS:
        return source.product is None or source.product in CATEGORY_PRODUCTS[source.category]
    return bool(source.category or source.service) and (
        source in DATASETS.values()
        or (source.product == "windows" and source.category in ("ps_script", *SYSMON_CODES.values()))
        or (source.product == "windows" and source.service in (*CHANNELS.values(), *PROVIDERS.values()))
    )


def _facts(formula: logic.Formula) -> list[Facts]:
    """The branches of a rule, each with what holds for all events that match it; one without facts holds for all."""
    match formula:
        case logic.And(items):
            branches: list[Facts] = [{}]
            for item in items:
                inside = _facts(item)
                if len(branches) * len(inside) <= _MOST:
                    branches = [_both(left, right) for left in branches for right in inside]
            return branches
        case logic.Or(items) if items:
            branches = [facts for item in items for facts in _facts(item)]
            return [{}] if {} in branches else _joined(branches)
        case (
            logic.Equals(field)
            | logic.Words(field)
            | logic.Phrase(field)
            | logic.Matches(field)
            | logic.Compare(field)
            | logic.Exists(field)
        ):
            return [_fact(field.path, formula)]
        case _:
            return [{}]


def _fact(path: str, leaf: logic.Leaf) -> Facts:
    if path.startswith(_SCRIPT):
        return {_SCRIPT: frozenset()}
    if path not in _FIELDS or isinstance(leaf, logic.Compare | logic.Exists):
        return {}
    said = show(leaf.pattern) if isinstance(leaf, logic.Matches) else str(leaf.value)
    return {path: frozenset({said.lower()})}


def _both(left: Facts, right: Facts) -> Facts:
    """Facts that hold together. A field of several values may satisfy two lists with different ones."""
    return {**left, **right, **{name: left[name] & right[name] or left[name] for name in left.keys() & right.keys()}}


def _joined(branches: list[Facts]) -> list[Facts]:
    """Branches that ask one and the same field become one, with all their values."""
    names = {frozenset(facts) for facts in branches}
    if len(names) == 1 and len(name := next(iter(names))) == 1:
        (field,) = name
        return [{field: frozenset().union(*(facts[field] for facts in branches))}]
    return branches if len(branches) <= _MOST else [{}]


def _said_dataset(facts: Facts) -> str:
    return next((name for name in _DATASET if name in facts), "")


def _each_dataset(facts: Facts) -> Iterator[Facts]:
    """The branch once for each data set that it may be of."""
    field = _said_dataset(facts)
    if not field:
        yield facts
    for value in sorted(facts.get(field, ())):
        yield {**facts, field: frozenset({value})}


def _shared(sources: Iterable[LogSource]) -> LogSource:
    """What all of ``sources`` say; a service means nothing without its product or category."""

    def pair(left: LogSource, right: LogSource) -> LogSource:
        product = left.product if left.product == right.product else None
        category = left.category if left.category == right.category else None
        service = left.service if left.service == right.service and (product or category) else None
        return LogSource(category, product, service)

    found = list(dict.fromkeys(sources))
    return reduce(pair, found) if found else LogSource()


def _branch(facts: Facts, index: _Index) -> LogSource:
    """The log source of the events that have ``facts``; the first kind of evidence that tells it counts."""
    for evidence in (_by_dataset, _by_channel, _by_script, _by_alert, _by_code, _by_category, _by_module, _by_index):
        if found := evidence(facts, index):
            return found
    return LogSource(product=_product(facts, index))


def _by_dataset(facts: Facts, index: _Index) -> LogSource:
    return _shared(
        _stream(name, facts, index) if name in HOST_STREAMS else data_set(name)
        for name in facts.get(_said_dataset(facts), ())
    )


def _by_channel(facts: Facts, index: _Index) -> LogSource:
    channels = [CHANNELS.get(name) for name in facts.get("winlog.channel", ())]
    channels = channels or [PROVIDERS.get(name) for name in facts.get("event.provider", ())]
    if not channels or None in channels:
        return LogSource(product="windows") if "winlog.channel" in facts else LogSource()
    found = _shared(LogSource(product="windows", service=service) for service in channels)
    return _sysmon(facts) or found if found.service == "sysmon" else found


def _by_script(facts: Facts, index: _Index) -> LogSource:
    return LogSource("ps_script", "windows") if _SCRIPT in facts else LogSource()


def _by_alert(facts: Facts, index: _Index) -> LogSource:
    return index.says if index.says.service in ("alerts", "alert") and index.says.product else LogSource()


def _by_code(facts: Facts, index: _Index) -> LogSource:
    """A rule that asks for an event's number reads a log of Windows, whatever the number's category is."""
    if "event.code" not in facts or index.says.product != "windows" or not index.says.service:
        return LogSource()
    return (_sysmon(facts) if index.says.service == "sysmon" else LogSource()) or index.says


def _by_category(facts: Facts, index: _Index) -> LogSource:
    return _category(facts, index) if index.host or facts.get("host.os.type") else _traffic(facts)


def _by_module(facts: Facts, index: _Index) -> LogSource:
    return _shared(
        MODULES.get(name) or LogSource(product=PRODUCTS.get(name, name))
        for name in sorted(facts.get("event.module", ()))
    )


def _by_index(facts: Facts, index: _Index) -> LogSource:
    if index.stream in HOST_STREAMS and "event.category" not in facts:
        return _stream(index.stream, facts, index)
    product = _product(facts, index)
    return LogSource() if product in SYSTEMS and index.says.product not in (product, None) else index.says


def _stream(name: str, facts: Facts, index: _Index) -> LogSource:
    return _category({"event.category": frozenset({HOST_STREAMS[name]}), **facts}, index)


def _sysmon(facts: Facts) -> LogSource:
    codes = facts.get("event.code", frozenset())
    return _shared(LogSource(SYSMON_CODES.get(code), "windows") for code in codes)


def _traffic(facts: Facts) -> LogSource:
    said = facts.get("event.category", frozenset())
    return DATASETS["network_traffic.flow"] if said and said <= {"network", "network_traffic"} else LogSource()


def _category(facts: Facts, index: _Index) -> LogSource:
    """Sigma's category of what happened on a host."""
    said = facts.get("event.category", frozenset())
    if len(said) != 1:
        return _traffic(facts)
    (category,) = said
    product = _product(facts, index)
    systems = facts.get("host.os.type", frozenset({product} - {None}))
    narrowed = facts.get("event.type", frozenset()) | facts.get("event.action", frozenset())
    for name, wanted, called in CATEGORIES:
        if name != category:
            continue
        fits = not narrowed if wanted is None else not wanted or bool(narrowed & wanted)
        if called in ("registry_event", "driver_load"):
            product = "windows"
        if fits and (systems <= CATEGORY_PRODUCTS[called] or not wanted):
            return LogSource(called, product)
    return _traffic(facts) if category == "network_traffic" else LogSource()


def _product(facts: Facts, index: _Index) -> str | None:
    """The one operating system that the rule is about, if there is one."""
    said = facts.get("host.os.type", frozenset())
    if said:
        return next(iter(said)) if len(said) == 1 and said <= SYSTEMS else None
    return "windows" if index.windows else None


def data_set(name: str) -> LogSource:
    """The log source of a data set, by the names of its integration and stream where Sigma knows none."""
    if found := DATASETS.get(name) or OTHER_DATASETS.get(name):
        return found
    integration, _, stream = name.partition(".")
    if not re.fullmatch(r"[a-z0-9_-]+", integration):
        return LogSource()
    product = PRODUCTS.get(integration, integration)
    stream = stream.strip("*.")
    if integration == "network_traffic":
        return LogSource("network", service=stream or None)
    if not stream or product is None:
        return LogSource(product=product)
    return LogSource(product=product, service=f"{integration}.{stream}" if integration in WHOLE_NAMES else stream)


class _Index:
    """What the patterns of a rule's indices say about the events in them.

    ``says`` is what all of them share, ``host`` whether they may hold events of hosts, ``windows`` whether all are
    of Windows, and ``stream`` the one data stream that they name.
    """

    def __init__(self, patterns: tuple[str, ...]) -> None:
        known = [_pattern(pattern.lower()) for pattern in patterns]
        streams = [(name, said) for name, said in known if name is not None]
        beats = [said for name, said in known if name is None]
        # A Beat's index and events that were forwarded hold the same as the data streams beside them.
        telling = [(name, said) for name, said in streams if name != "windows.forwarded"] or streams
        self.says = _shared(said for _, said in telling) if telling else _shared(beats)
        self.host = all(_integration(name) in HOST or name in ("", "endgame-") for name, _ in streams)
        # Elastic's rules for Windows read Winlogbeat, the Windows integration, and host agents of any system.
        self.windows = (
            LogSource(product="windows") in beats
            and all(beat.product for beat in beats)
            and all(
                said.product == "windows"
                or _integration(name) in HOST - {"auditd_manager", "system"}
                or name == "endgame-"
                for name, said in streams
            )
        )
        names = {name for name, _ in streams}
        self.stream = names.pop() if len(names) == 1 else ""


def _integration(name: str) -> str:
    return name.partition(".")[0]


def _pattern(pattern: str) -> tuple[str | None, LogSource]:
    """The data set that an index pattern names ("" for all, None for a Beat's index), and what that says."""
    for start, said in _INDICES:
        if pattern.startswith(start):
            return start, said
    for start, said in _BEATS:
        if pattern.startswith(start):
            return None, said
    found = _STREAM.match(pattern)
    name = found[1].strip(".") if found else ""
    if name in HOST_STREAMS or name == "endpoint.events":
        return name, LogSource()
    return name, data_set(name) if name else LogSource()
