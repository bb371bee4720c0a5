"""Fields of nearly every type: a mapping, what stands in documents, and what is asked.

Values are JSON text, since the spelling of a value decides what some types make of it.
"""

from __future__ import annotations

import json
from typing import Any

MAPPING: dict[str, Any] = {
    "dynamic": False,
    "runtime": {"seen": {"type": "keyword"}},
    "properties": {
        "user": {"properties": {"name": {"type": "keyword"}}},
        "host": {"properties": {"name": {"type": "keyword", "normalizer": "lowercase"}}},
        "tag": {"type": "keyword", "ignore_above": 5, "null_value": "none"},
        "message": {"type": "text"},
        "title": {"type": "keyword", "fields": {"text": {"type": "text"}}},
        "ip": {"type": "ip"},
        "pid": {"type": "long"},
        "level": {"type": "byte"},
        "count": {"type": "integer"},
        "score": {"type": "double"},
        "risk": {"type": "float"},
        "share": {"type": "half_float"},
        "alive": {"type": "boolean"},
        "at": {"type": "date"},
        "exact": {"type": "date_nanos"},
        "labels": {"type": "flattened"},
        "legs": {
            "type": "nested",
            "properties": {
                "ip": {"type": "ip"},
                "kind": {"type": "keyword"},
                "port": {"type": "long"},
                "hops": {"type": "nested", "properties": {"kind": {"type": "keyword"}, "port": {"type": "long"}}},
            },
        },
        "files": {"properties": {"path": {"type": "keyword"}, "size": {"type": "long"}}},
        "name": {"type": "alias", "path": "user.name"},
    },
}

# fmt: off
_WORDS = [
    "root", "Root", "ROOT", "al*ce", "al?ce", "alice", "a b", "a  b", "", " ", "x\\y", "no", "1", "true", "é", "É",
    "e\u0301", "日本", "😀", "a\nb", "root ",
]

#: What stands at a field of a document, as JSON.
VALUES: dict[str, list[str]] = {
    "user.name": [*map(json.dumps, _WORDS), "1", "1.0", "1.10", "true", '"\\ud800x"', '"1.10"', "1e3", "-0"],
    "host.name": ['"WEB-1"', '"web-1"', '"Web-1 é"', '"É"', '"db"', '"DB"', '""', '"İ"', "5", '"Σς"'],
    "tag": ['"abc"', '"abcde"', '"abcdef"', '"none"', '"😀😀a"', '"😀😀aa"', "12345", "123456", '"NONE"'],
    "message": [
        '"Command not allowed"', '"not a command"', '"user=root; COMMAND=/bin/sh"', '"foo.bar 1.5 don\'t"', '"!!!"',
        '""', '"日本 語"', '"Foo-Bar_baz"', '"sudo: root : command not found"', '"5"', "5", "true", '"a b c"',
        '"c b a"', '"a"', '"b"', '"foo:bar 12:30 5,000"', '"Straße STRASSE"', '"😀 foo"',
    ],
    "title": ['"Foo Bar"', '"foo bar"', '"foo"', '"Bar-Foo"', '""', '"FOO"', '"foo,bar"'],
    "ip": ['"10.0.0.1"', '"10.0.1.1"', '"192.168.0.1"', '"::1"', '"2001:db8::1"', '"::ffff:10.0.0.1"', '"0.0.0.0"'],
    "pid": ["0", "1", "42", "4242", "-1", '"42"', "42.9", "-0.5", "9223372036854775807", '"1e2"', '""', "4.2e1"],
    "level": ["0", "127", "-128", '"5"', "5.5", '"-0"'],
    "count": ["0", "2147483647", "-2147483648", '"7"', "7.9", "1e3", '"NaN"'],
    "score": ["0", "-0.0", "-0", "0.5", "1e300", '"0.5"', "5", "1.0", "0.1", "-1.5", "1e-400"],
    "risk": ["0.1", "16777217", "70.4999999", "70.5", "-0.0", '"1e5"', "0"],
    "share": ["0.1", "65504", "1.001", "1", "-2", "0"],
    "alive": ["true", "false", '"true"', '"false"', '""'],
    "at": [
        '"2020-01-01"', '"2020-01-01T00:00:00Z"', '"2020-05-07T12:30:45.123Z"', "1577836800000", '"1577836800000"',
        '"2019-12-31T23:30:00-05:00"', '"2020"', '"2020-02-29T12"', "-1", '"2020-03-29T01:30:00Z"',
        '"2020-01-01T00:00:00.123456789Z"', '"2020-01-01T23:59:59,999"', "0", '"-0001-01-01"', '"9999-12-31"',
    ],
    "exact": [
        '"2020-01-01T00:00:00.123456789Z"', '"2020-01-01"', "1577836800000", '"2020-05-07T12:30:45Z"',
        '"2020-05-07T12:30:45.999999999Z"', "0",
    ],
    "labels": [
        '{"env": "prod"}', '{"env": ["prod", "dev"]}', '{"a": {"b": "x"}}', '{"a.b": "y"}', '{"env": null}', "{}",
        '{"n": 5}', '{"env": "Prod", "envy": "xprod"}', '{"n": true, "env": ""}', '{"a": ["x", {"b": "z"}]}',
        '{"n": 1.0}', '{"ENV": "prod"}',
    ],
    "legs": [
        '{"ip": "10.0.0.1", "kind": "a", "port": 22}', '{"kind": ["a", "b"], "port": 80}', '{"kind": "b", "port": 22}',
        '[{"kind": "a", "port": 80}, {"kind": "b", "port": 22}]', "{}", "[]", '{"kind": null}',
        '{"kind": "a", "hops": [{"kind": "x", "port": 1}, {"kind": "y", "port": 2}]}',
        '[{"kind": "b", "hops": {"kind": "x", "port": 2}}, {"kind": "a"}]', '{"hops": []}', '{"hops": [{}, null]}',
        '{"hops.kind": "x", "hops.port": 1}',
    ],
    "legs.kind": ['"a"', '"b"'],
    "files": [
        '{"path": "/etc/passwd", "size": 1}', '[{"path": "/tmp/x", "size": 5}, {"path": "/etc/passwd", "size": 9}]',
        '[[{"path": "/tmp/x"}], {"size": 5}]', '{"path": []}',
    ],
    "files.path": ['"/etc/passwd"', '"/ETC/passwd"', '"C:\\\\Temp\\\\a b.exe"', '"/etc/passwd\\n"', '"*"', '"?"'],
    "seen": ['"x"', '"X y"', "5", "1.0", "true", '""'],
    "other": ['"x"', "5"],
}

#: What Elasticsearch does not take there; it refuses the whole document.
WRONG: dict[str, list[str]] = {
    "ip": ['"10.0.0"', '"x"', '""', "5", "true"],
    "pid": ['"x"', "true", "9223372036854775808", '" 5"'],
    "level": ["128", '"300"', "true"],
    "score": ["1e400", '"NaN"', "false", '"x"'],
    "risk": ["1e39", '"x"'],
    "alive": ['"True"', "1", '"yes"'],
    "at": ['"2020-1-1"', '"now"', '""', "true", '"2020-02-30"'],
    "exact": ['"1969-12-31"', '"2020-01-01T12"'],
    "labels": ['"x"', "5"],
    "legs": ['"x"'],
    "user": ['"x"'],
    "user.name": ['{"first": "x"}'],
}

_EXACT = [
    "root", '"Root"', "al*", "*ce", "*o*", '"al*ce"', '""', '"a b"', "a b", '"x\\\\y"', "x\\\\*", "no", "*", "**", "1",
    "1.0", '"1.10"', "true", "É", "日*", "*\\?*", '" "', "a*b", "1*", "-0", "\\ud800*", "*\\n*", "e*", "root*t",
    '"root "', "al?ce", "*\u0301",
]
_NUMBERS = ["0", "1", "42", "5", "7", "-1", "42.0", "42.9", '"1e2"', "*", "0.5", "65505", "+5", '"5."', "-0", "1e-400"]
_DATES = [
    '"2020-01-01"', "2020", '"2020-05"', "1577836800000", '"2020-05-07T12:30:45"', '"2020-02-29||/M"', "2020-01-01",
    '"2019-12-31T19:00:00-05:00"', '"2020-01-01T00:00:00.123456789"', '"2020-03-29T02:30"', '"2020-01-01||+1d"',
    '"2020-05-07T12:30:45.1"', "0", '"2020-01-01||-1M/d"', '"2020-01-01T24"',
]

#: What KQL asks of a field.
QUESTIONS: dict[str, list[str]] = {
    "user.name": _EXACT,
    "name": _EXACT,
    "host.name": ["WEB-1", "web*", "WEB*", '"É"', "d?", "DB", "*1*", "*", '""', "İ*", "i*", '"σσ"', "Σ*"],
    "tag": ["abc*", "abcde", "abcdef", "none", "*", "😀*", "12345", "123456", "NONE"],
    "message": [
        "command", '"command not"', "COMMAND allowed", "comm*", "*oo*", '"foo bar"', '"foo.bar"', "don't", "*", "**",
        '"!!!"', '""', "Foo-B*", '"a b"', "日*", "Not*", "foo* OR bar*", "c*d f*", "5", '"root command"', "a* \\AND b*",
        "strasse*", '"5,000"', "12\\:30", '"b c"', "f* x", "foo* NOT bar", "* foo", "😀", "!!!*",
    ],
    "title": ["foo", '"Foo Bar"', "foo*", "*", "Foo*r", "f* b*"],
    "title.text": ["foo", '"foo bar"', "BAR", "fo*", "*"],
    "ip": [
        "10.0.0.0/24", "10.0.0.1", '"::1"', '"2001:db8::/32"', "*", '"::ffff:10.0.0.1"', "0.0.0.0/0", '"::/0"',
        "10.0.0.7/24", "10.0.0.1/32", '"0:0::1"',
    ],
    "pid": _NUMBERS,
    "level": [*_NUMBERS, "128", "5d"],
    "count": _NUMBERS,
    "score": [*_NUMBERS, "-0", "0.1", "1e300", "1e400", "NaN"],
    "risk": [*_NUMBERS, "0.1", "16777216", "70.5", "1e400"],
    "share": [*_NUMBERS, "0.1", "65505", "1.001"],
    "alive": ["true", "false", '"true"', "*"],
    "at": [*_DATES, "*"],
    "exact": [*_DATES, "*"],
    "labels": ["prod", "*ro*", "*", "x", '"5"', "true", "p*", '""', "1.0"],
    "labels.env": ["prod", "*", "pr*", "*od", '"Prod"', '""', "**", "p*d"],
    "labels.a.b": ["x", "y", "*", "z*"],
    "labels.a": ["x", "*", "b*"],
    "labels.n": ["5", "*", "true", "1.0"],
    "files.path": ["/etc/*", '"/tmp/x"', "*", "*.exe", "C\\:\\\\temp*", '"/etc/passwd\n"'],
    "files.size": ["1", "5", "*"],
    "files": ["*", "x"],
    "legs": ["*", "a"],
    "seen": ["x", "*", "5", "1.0", '"X y"', "X*", "true", '""'],
    "other": ["x", "*", "5", "x*"],
    "user.*": ["root", "r*", "*"],
    "files.*": ["*", '"/tmp/x"'],
    "*name": ["root", "*", "r*"],
    "la*": ["*"],
}

#: What Elasticsearch answers with an error, whole.
REFUSED: dict[str, list[str]] = {
    "ip": ["ip:10.*", "ip:x", "ip:10.0.0.1/33", 'ip:""', "ip > 10.0.0.0/8", 'ip:"::ffff:10.0.0.0/104"'],
    "long": ["pid:x", "pid:4*", "pid:5L", 'pid:""', "pid:**", "pid > 9223372036854775808", 'pid:" 5"'],
    "byte": ["level:x", "level:1*", "level < 3000000000"],
    "floats": ["score:x", "score:0x5", "risk:1*", "share:true"],
    "boolean": ["alive:True", "alive:t*", "alive:1", "alive > 0", 'alive:""'],
    "date": ["at:x", "at:2020*", 'at:"2020-1-1"', "at:2020-02-30", "at > x", 'at:"2020-01-01||/D"'],
    "date_nanos": ["exact:2020-01-01T12", "exact < 1960"],
    "texts": ["user.name:null", "message:null", "null", "message:(x* AND)", "title:null"],
    "flattened": ["labels.env > a", "labels.env:null"],
}

#: What can be compared, and with what.
BOUNDS: dict[str, list[str]] = {
    "user.name": ['"m"', '"Z"', "1", '""', "é"],
    "host.name": ['"M"', "w"],
    "message": ['"foo"', "Foo"],
    "ip": ["10.0.0.1", '"::1"', "192.168.0.0", '"::ffff:10.0.0.1"'],
    "pid": ["0", "42", "-1", "41.5", "5.7", "9223372036854775807", "-1.5"],
    "level": ["0", "127", "5.5", "-128", "200", "NaN"],
    "count": ["0", "7", "7.5", "-1", "2147483647", "NaN"],
    "score": ["0", "-0", "0.5", "1e400", "NaN", "-1e400"],
    "risk": ["0", "-0", "70.5", "70.49999999", "16777216", "NaN"],
    "share": ["0", "0.1", "1.0005", "65504", "70000", "1"],
    "alive": ["true", "false"],
    "at": [*_DATES, "now", '"2020-01-01||+1d/d"', '"now-1d/d"', "null"],
    "exact": _DATES,
    "labels": ["m", '"5"'],
    "files.size": ["1", "5"],
    "seen": ["m"],
    "other": ["5"],
}

#: Queries without a field.
SEARCHES = [
    "root", '"a b"', "a b", "al*", "5", "10.0.0.1", '"foo bar"', "true", "2020", "*", "*:*", '""', "prod", "1.10",
    "None*", "x*", '"10.0.0.0/24"', "!!!", "a* b", "é", "1*",
]
# fmt: on
