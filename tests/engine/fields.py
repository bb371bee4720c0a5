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

_WORDS = ["root", "Root", "ROOT", "al*ce", "al?ce", "alice", "a b", "a  b", "", " ", "x\\y", "no", "1", "true", "é", "É", "日本", "😀"]
_PATHS = ["/etc/passwd", "/etc/", "/ETC/passwd", "C:\\Temp\\a b.exe", "c:\\temp", "*", "?", "/etc/passwd\n"]

#: What stands at a field of a document, as JSON.
VALUES: dict[str, list[str]] = {
    "user.name": [*map(json.dumps, _WORDS), "1", "1.0", "1.10", "true", '"\\ud800x"', '"1.10"'],
    "host.name": ['"WEB-1"', '"web-1"', '"Web-1 é"', '"É"', '"db"', '"DB"', '""', '"İ"', "5"],
    "tag": ['"abc"', '"abcde"', '"abcdef"', '"none"', '"😀😀a"', '"😀😀aa"', "12345", "123456", '"NONE"'],
    "message": [
        '"Command not allowed"', '"not a command"', '"user=root; COMMAND=/bin/sh"', '"foo.bar 1.5 don\'t"', '"!!!"',
        '""', '"日本 語"', '"Foo-Bar_baz"', '"sudo: root : command not found"', '"5"', "5", "true", '"a b c"', '"c b a"',
    ],  # fmt: skip
    "title": ['"Foo Bar"', '"foo bar"', '"foo"', '"Bar-Foo"', '""', '"FOO"'],
    "ip": ['"10.0.0.1"', '"10.0.1.1"', '"192.168.0.1"', '"::1"', '"2001:db8::1"', '"::ffff:10.0.0.1"', '"0.0.0.0"'],
    "pid": ["0", "1", "42", "4242", "-1", '"42"', "42.9", "-0.5", "9223372036854775807", '"1e2"', '""', "4.2e1"],
    "level": ["0", "127", "-128", '"5"', "5.5", '"-0"'],
    "count": ["0", "2147483647", "-2147483648", '"7"', "7.9", "1e3"],
    "score": ["0", "-0.0", "0.5", "1e300", '"0.5"', "5", "1.0", "0.1", "-1.5"],
    "risk": ["0.1", "16777217", "70.4999999", "70.5", "-0.0", '"1e5"', "0"],
    "share": ["0.1", "65504", "1.001", "1", "-2", "0"],
    "alive": ["true", "false", '"true"', '"false"', '""'],
    "at": [
        '"2020-01-01"', '"2020-01-01T00:00:00Z"', '"2020-05-07T12:30:45.123Z"', "1577836800000", '"1577836800000"',
        '"2019-12-31T23:30:00-05:00"', '"2020"', '"2020-02-29T12"', "-1", '"2020-03-29T01:30:00Z"',
    ],  # fmt: skip
    "exact": ['"2020-01-01T00:00:00.123456789Z"', '"2020-01-01"', "1577836800000", '"2020-05-07T12:30:45Z"'],
    "labels": [
        '{"env": "prod"}', '{"env": ["prod", "dev"]}', '{"a": {"b": "x"}}', '{"a.b": "y"}', '{"env": null}', "{}",
        '{"n": 5}', '{"env": "Prod", "envy": "xprod"}', '{"n": true, "env": ""}',
    ],  # fmt: skip
    "legs": [
        '{"ip": "10.0.0.1", "kind": "a", "port": 22}', '{"kind": ["a", "b"], "port": 80}', '{"kind": "b", "port": 22}',
        '[{"kind": "a", "port": 80}, {"kind": "b", "port": 22}]', "{}", "[]", '{"kind": null}',
        '{"kind": "a", "hops": [{"kind": "x", "port": 1}, {"kind": "y", "port": 2}]}',
        '[{"kind": "b", "hops": {"kind": "x", "port": 2}}, {"kind": "a"}]',
    ],  # fmt: skip
    "files": [
        '{"path": "/etc/passwd", "size": 1}', '[{"path": "/tmp/x", "size": 5}, {"path": "/etc/passwd", "size": 9}]',
        '[[{"path": "/tmp/x"}], {"size": 5}]', '{"path": []}',
    ],  # fmt: skip
    "seen": ['"x"', '"X y"', "5", "1.0", "true", '""'],
    "other": ['"x"', "5"],
}  # fmt: skip

#: What Elasticsearch does not take there; it refuses the whole document.
WRONG: dict[str, list[str]] = {
    "ip": ['"10.0.0"', '"x"', '""', "5", "true"],
    "pid": ['"x"', "true", "9223372036854775808", '" 5"', "{}"],
    "level": ["128", '"300"', "true"],
    "score": ["1e400", '"NaN"', "false", '"x"'],
    "risk": ["1e39", '"x"'],
    "alive": ['"True"', "1", '"yes"'],
    "at": ['"2020-1-1"', '"now"', '""', "true", '"2020-02-30"'],
    "exact": ['"1969-12-31"', '"2020-01-01T12"'],
    "labels": ['"x"', "5"],
    "legs": ['"x"'],
    "user": ['"x"'],
}

_EXACT = ["root", '"Root"', "al*", "*ce", "*o*", '"al*ce"', '""', '"a b"', "a b", '"x\\\\y"', "x\\\\*", "no", "*", "**", "1", "1.0", '"1.10"', "true", "É", "日*", "*\\?*", '" "', "a*b"]
_NUMBERS = ["0", "1", "42", "5", "7", "-1", "42.0", "42.9", '"1e2"', "*", "0.5", "65505"]
_DATES = ['"2020-01-01"', "2020", '"2020-05"', "1577836800000", '"2020-05-07T12:30:45"', '"2020-02-29||/M"', "2020-01-01", '"2019-12-31T19:00:00-05:00"', '"2020-01-01T00:00:00.123456789"', '"2020-03-29T02:30"']

#: What KQL asks of a field.
QUESTIONS: dict[str, list[str]] = {
    "user.name": _EXACT,
    "name": _EXACT,
    "host.name": ["WEB-1", "web*", "WEB*", '"É"', "d?", "DB", "*1*", "*", '""', "İ*", "i*"],
    "tag": ["abc*", "abcde", "abcdef", "none", "*", "😀*", "12345", "123456", "NONE"],
    "message": [
        "command", '"command not"', "COMMAND allowed", "comm*", "*oo*", '"foo bar"', '"foo.bar"', "don't", "*", "**", '"!!!"',
        '""', "Foo-B*", '"a b"', "日*", "Not*", "foo* OR bar*", "c*d f*", "5", '"root command"',
    ],
    "title": ["foo", '"Foo Bar"', "foo*", "*", "Foo*r"],
    "title.text": ["foo", '"foo bar"', "BAR", "fo*", "*"],
    "ip": ["10.0.0.0/24", "10.0.0.1", '"::1"', '"2001:db8::/32"', "*", '"::ffff:10.0.0.1"', "0.0.0.0/0", '"::/0"', "10.0.0.7/24"],
    "pid": _NUMBERS,
    "level": [*_NUMBERS, "128", "5d"],
    "count": _NUMBERS,
    "score": [*_NUMBERS, "-0", "0.1", "1e300", "1e400", "NaN"],
    "risk": [*_NUMBERS, "0.1", "16777216", "70.5", "1e400"],
    "share": [*_NUMBERS, "0.1", "65505", "1.001"],
    "alive": ["true", "false", '"true"', "*"],
    "at": [*_DATES, "*"],
    "exact": [*_DATES, "*"],
    "labels": ["prod", "*ro*", "*", "x", '"5"', "true", "p*", '""'],
    "labels.env": ["prod", "*", "pr*", "*od", '"Prod"', '""'],
    "labels.a.b": ["x", "y", "*"],
    "labels.a": ["x", "*"],
    "labels.n": ["5", "*", "true"],
    "files.path": ["/etc/*", '"/tmp/x"', "*"],
    "files.size": ["1", "5", "*"],
    "files": ["*"],
    "legs.kind": ["a"],
    "seen": ["x", "*"],
    "other": ["x", "*", "5"],
    "user.*": ["root", "r*", "*"],
    "files.*": ["*"],
}  # fmt: skip

#: What Elasticsearch answers with an error, whole.
REFUSED: dict[str, list[str]] = {
    "ip": ["ip:10.*", "ip:x", "ip:10.0.0.1/33", 'ip:""', "ip > 10.0.0.0/8"],
    "long": ["pid:x", "pid:4*", "pid:5L", 'pid:""', "pid:**", "pid > 9223372036854775808"],
    "byte": ["level:x", "level:1*", "level < 3000000000"],
    "floats": ["score:x", "score:0x5", "risk:1*", "share:true"],
    "boolean": ["alive:True", "alive:t*", "alive:1", "alive > 0"],
    "date": ["at:x", "at:2020*", 'at:"2020-1-1"', "at:2020-02-30", "at > x"],
    "date_nanos": ["exact:2020-01-01T12", "exact < 1960"],
    "texts": ["user.name:null", "message:null", "null", "**:*"],
    "flattened": ["labels.env > a", "labels.env:null"],
}

#: What can be compared, and with what.
BOUNDS: dict[str, list[str]] = {
    "user.name": ['"m"', '"Z"', "1", '""'],
    "host.name": ['"M"', "w"],
    "message": ['"foo"', "Foo"],
    "ip": ["10.0.0.1", '"::1"', "192.168.0.0"],
    **{name: ["0", "42", "-1", "41.5", "5.7", "127"] for name in ("pid", "level", "count", "score", "risk", "share")},
    "score": ["0", "-0", "0.5", "1e400", "NaN"],
    "alive": ["true", "false"],
    "at": [*_DATES, "now", '"2020-01-01||+1d/d"'],
    "exact": _DATES,
    "labels": ["m", '"5"'],
    "files.size": ["1", "5"],
}

#: Queries without a field.
SEARCHES = ["root", '"a b"', "a b", "al*", "5", "10.0.0.1", '"foo bar"', "true", "2020", "*", "*:*", '""', "prod", "1.10", "None*", "x*"]
