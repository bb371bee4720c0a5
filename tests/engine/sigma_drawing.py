"""Sigma rules drawn at random over `fields`, as YAML text."""

from __future__ import annotations

import json
from random import Random

from tests.engine.fields import VALUES

#: Fields whose values are texts, which Sigma compares without minding letter case.
_TEXTS = ("user.name", "host.name", "tag", "title", "files.path", "labels", "seen", "unmapped")
_NUMBERS = ("pid", "level", "count", "score", "risk", "files.size")
_SHAPES = ("", "", "contains", "startswith", "endswith", "contains|all", "cased", "contains|cased", "startswith|cased")
_CONDITIONS = (
    "a",
    "not a",
    "a and not b",
    "a or b",
    "1 of them",
    "all of them",
    "a and (b or not c)",
    "not 1 of a*",
    "not (a and not all of them)",
)

#: More than documents hold: other letter cases, and letters that Elasticsearch does not fold.
_ASKED = [
    "ROOT", "AL*CE", "al?ce", "?lice", "r??t", "R*T", "é", "É*", "web-?", "/ETC/*", "C:\\TEMP*", "\\*", "*\\?*", "*",
    "?", "", "日?", "pro?", "x\\\\y", "😀?", "**", "?*", "a\nb", " ",
]  # fmt: skip

EXPRESSIONS = [
    "^ro+t$", "oo", "^[A-Z]", "a.c", "(root|alice)$", "^$", "\\d", "^\\w+$", "a\\*ce", "al[*?]ce", "\\?", "é",
    "^.{1,2}$", "\\\\", "passwd\\n", "\\btemp\\b", "^(a|)$", "web-\\d", "x?", "^(?i:R)oot", "[^a-z]$", "prod|dev",
    "😀+",
]  # fmt: skip
_NETWORKS = ["10.0.0.0/24", "10.0.0.0/8", "::1/128", "2001:db8::/32", "0.0.0.0/0"]


def rule(random: Random) -> str:
    """A rule with up to three selections; a quarter of the rules ask what Elasticsearch cannot be asked so easily."""
    far = random.random() < 0.25
    condition = random.choice(_CONDITIONS)
    names = [name for name in "abc" if name in condition or "them" in condition]
    lines = ["title: Drawn", "logsource:", "    category: test", "detection:"]
    for name in names:
        lines.append(f"    {name}:")
        fields: dict[str, str] = {}
        for _ in range(random.randint(1, 3)):
            key, value = _far(random) if far and random.random() < 0.5 else _item(random)
            fields.setdefault(key, value)
        lines += [f"        {key}: {value}" for key, value in fields.items()]
    lines.append(f"    condition: {condition}")
    return "\n".join(lines) + "\n"


def _item(random: Random) -> tuple[str, str]:
    kind = random.random()
    if kind < 0.55:
        return _text(random)
    if kind < 0.63:
        wanted = random.sample(_NETWORKS, k=random.randint(1, 2))
        return "ip|cidr", json.dumps(wanted)
    if kind < 0.68:
        return "ip", json.dumps(random.choice(["10.0.0.1", "::1", ["10.0.1.1", "192.168.0.1"]]))
    if kind < 0.76:
        field = random.choice(_NUMBERS)
        return f"{field}|{random.choice(['lt', 'lte', 'gt', 'gte'])}", random.choice(["0", "42", "-1", "41.5", "127"])
    if kind < 0.86:
        return random.choice(_NUMBERS), random.choice(["0", "42", "[1, 5]", "'7'", "0.5", "-1"])
    if kind < 0.90:
        return f"{random.choice([*_TEXTS, *_NUMBERS, 'ip', 'alive', 'at'])}|exists", random.choice(["true", "false"])
    if kind < 0.95:
        return random.choice([*_TEXTS, *_NUMBERS, "ip", "alive"]), "null"
    if kind < 0.98:
        return "alive", random.choice(["true", "false"])
    return "labels.env", random.choice(['"prod"', '"PROD"', '["dev", ""]'])


def _far(random: Random) -> tuple[str, str]:
    """An expression, or a question that the field's type does not answer itself."""
    match random.randint(0, 6):
        case 0 | 1 | 2:
            flag = random.choice(["", "", "|i", "|s", "|m", "|i|s"])
            return f"{random.choice(_TEXTS)}|re{flag}", json.dumps(random.choice(EXPRESSIONS), ensure_ascii=False)
        case 3:
            return f"message|{random.choice(['contains', 'startswith', 'endswith'])}", random.choice(
                ["Foo", "'command not'"]
            )
        case 4:
            return "ip|startswith", random.choice(["'10.0.'", "'::'"])
        case 5:
            return f"at|{random.choice(['hour', 'day', 'year'])}", random.choice(["0", "12", "2020"])
        case _:
            return f"user.name|{random.choice(['fieldref', 'fieldref|startswith'])}", random.choice(["title", "tag"])


def _text(random: Random) -> tuple[str, str]:
    """A question about texts; some hold wildcards."""
    field = random.choice(_TEXTS)
    values = [value for each in VALUES.get(field, VALUES["user.name"]) if isinstance(value := json.loads(each), str)]
    # YAML takes no half of a pair, and to Sigma a backslash may be an escape.
    values = [each.replace("\\", "\\\\") for each in values if each.encode("utf-8", "ignore").decode() == each]
    wanted = [_cut(random, random.choice([*values, *_ASKED])) for _ in range(random.choice([1, 1, 2, 3]))]
    shape = random.choice(_SHAPES)
    if shape.endswith("all") and len(wanted) == 1:
        shape = "contains"
    said = json.dumps(wanted if len(wanted) > 1 else wanted[0], ensure_ascii=False)
    return f"{field}|{shape}" if shape else field, said


def _cut(random: Random, value: str) -> str:
    """``value``, a piece of it, or it in another letter case."""
    match random.randint(0, 5):
        case 0:
            return value.upper()
        case 1:
            return value.lower()
        case 2 if len(value) > 1:
            return value[: random.randint(1, len(value))]
        case 3 if len(value) > 1:
            return value[random.randint(0, len(value) - 1) :]
        case _:
            return value
