"""Coverage-guided fuzzing of KQL: ``python -m tests.fuzz.kql -runs=1000000`` (needs ``pip install atheris``).

Any text is either read, printed and read again as the same query, or refused with TranslatorError; nothing else.
"""

from __future__ import annotations

import contextlib
import sys

import atheris

with atheris.instrument_imports(include=["translator"]):
    from translator import kibana
    from translator.dsl.emit import emit
    from translator.errors import TranslatorError
    from translator.kql import check, parse, print_
    from translator.schema import Schema
    from translator.source import Source

SCHEMA = Schema.from_yaml("a: keyword\nt: text\nn: nested\nn.x: keyword\nd: date\ni: long\nf: flattened\n")


def one(data: bytes) -> None:
    """Judge one input."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        query = parse(text)
    except TranslatorError as error:
        kibana.error_text(error)
        str(error)
        return
    written = print_(query, width=40)
    if parse(written) != query:
        raise AssertionError(f"{text!r} was printed as {written!r}")
    for schema in (SCHEMA, Schema.none()):
        with contextlib.suppress(TranslatorError):
            emit(check(query, schema, Source(text)).formula)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
