"""What to write instead: the likely fix for a text that is not KQL.

Each row looks at the text before and after the place where Kibana's grammar gives up. The first that fits speaks.
"""

from __future__ import annotations

import re

from translator.kql.languages import ADVICE, evidence

#: Languages that a whole text gives away; traces of others are told by the rows below, at their place.
_WHOLE = frozenset({"EQL", "ES|QL", "SQL"})

#: (before the failure, from the failure on, what to write instead)
_ADVICE: tuple[tuple[str, str, str], ...] = (
    (r"&&[^:()\"]*$", r"", "write `and`: KQL has no `&&`"),
    (r"\|\|[^:()\"]*$", r"", "write `or`: KQL has no `||`"),
    (r"(?:^|\s)[+-][\w.@]+\s*$", r":", "write `and` or `and not`: KQL has no `+` or `-` before a condition"),
    (r":\s*\[\s*$", r'"', "write `field:(a or b)`: KQL has no square brackets"),
    (r"(?:!=|<>)\s*$", r'["(]', "write `not field:value`: KQL has no `!=`"),
    (r"=[=~]?\s*$", r'["(]', "write `field:value`: KQL has no `=`"),
    (r"\s(?:in|in~)\s*$", r"\(", "write `field:(a or b)`: KQL has no `in`"),
    (
        r"\s(?:like|regex|matches|contains|startswith|endswith)~?\s*$",
        r'["(]',
        "write `field:*text*`: a value with stars is a pattern",
    ),
    (r"(?:^|[\s(])exists\s*$", r"\(", "write `field:*` for any value"),
    (r"[)}\"]\s*$", r"(?:#|//)", "take the comment out: KQL has none"),
    (r"[)}\"\w]\s*$", r",", "join values and conditions with `or` or `and`: KQL has no commas"),
    (r"(?:^|[\s(])$", r":", "name a field before the colon"),
    (r"[<>]=?\s*$", r"not\s", "write `not field > 5`"),
    (r"[:<>=]\s*$", r"$", "write a value"),
    (r":\s*\[[^\]]*$", r"", "write `field >= 1 and field <= 5`: `[1 TO 5]` is Lucene"),
    (r":\s*/[^/\s]*$", r"", "KQL has no regular expressions: write wildcards, or put the text in quotes"),
    (
        r":\s*['\u2018\u2019\u201c\u201d][^'\u2018\u2019\u201c\u201d]*$",
        r"",
        'put the value in straight double quotes: "value"',
    ),
    (r"[\w*]\s*$", r"\{", "put a colon before the braces: `path:{ field:value }`"),
    (r"not\s+$", r"not\s", "write `not (not x)`: KQL has no double `not`"),
    (r":\s*\(\s*not\s+$", r"not\s", "write `field:x`: KQL has no double `not`"),
    (r":\s*$", r"not\s", "write `not field:x` or `field:(not x)`"),
    (r":\s*$", r"[<>]", "write `field > 5`: a comparison takes no colon"),
    (r"(?:and|or|not)$", r"\(", "put a blank before the parenthesis: `and`, `or` and `not` need one on each side"),
    (r"[)\"]\s+$", r"(?:and|or)\b", "put a blank behind the word: `and` and `or` need one on each side"),
    (r"[)\"]$", r"(?:and|or)\b", "put a blank before the word: `and` and `or` need one on each side"),
    (r"\d\d?$", r":\d\d", "put the time in quotes: a colon ends an unquoted value"),
    (r":\s*[A-Za-z]$", r":\\", "put the path in quotes and double its backslashes"),
    (r":[^:]*$", r":", "join conditions with `and` or `or`; a colon inside a value needs quotes"),
    (r"[<>]=?\s*$", r"\(", "write the comparison once for each value: it takes no list"),
    (r"(?:and|or)\s+$", r"[<>]", "name the field again before the comparison"),
    (r"(?:[\s\u00a0]|[)}\"])$", r"not\s", "put `and` or `or` before the `not`"),
    (r"\w$", r"not\s", "put the text in quotes: `not` before a blank is an operator, inside a word too"),
    (r"", r"\\[ \u00a0]", "put the text in quotes: a blank is not escaped, it belongs to the text"),
    (r"", r"\\", 'double the backslash: outside quotes it may only stand before \\ ( ) : < > " * { }'),
    (r"", r'"(?:[^"\\]|\\[\s\S])*$', r"close the quote; a backslash before the last quote must be doubled"),
    (r"(?:and|or)\s+$", r"$", "write another condition, or take the last word away"),
    (r"[({]\s*$", r"[)}]", "write a condition between the brackets, or take them away"),
    (r"", r"[)}]", "take this bracket away, or open one before"),
    (r"", r"$", "close what is open, or go on with `and` or `or`"),
    (r"[\")}]\s*$", r"\S", "join the parts with `and` or `or`"),
    (r"\S$", r"[(\"{]", "join the parts with `and` or `or`, or escape this character with a backslash"),
)

_COMPILED = [(re.compile(f"(?:{before})\\Z", re.I), re.compile(after, re.I), say) for before, after, say in _ADVICE]


def advise(text: str, at: int) -> str | None:
    """The likely fix for a query that stops being KQL at offset ``at``, or None."""
    found = evidence(text[:2000])
    if found is not None and found.language in _WHOLE:
        return f"this looks like {found.language}: {ADVICE[found.language]}"
    head = text[max(0, at - 200) : at]
    return next((say for before, after, say in _COMPILED if before.search(head) and after.match(text, at)), None)
