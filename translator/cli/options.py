"""Options that commands share, and the values they stand for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

import click
from click.shell_completion import CompletionItem

from translator import files, schema_readers
from translator.errors import TranslatorError
from translator.profiles import PROFILES
from translator.schema import Schema


def _completing(registry: Callable[[], dict[str, Any]]) -> Callable[..., list[CompletionItem]]:
    """Shell completion from a registry; the registry itself refuses other names, with the list of what there is."""

    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(name) for name in registry() if name.startswith(incomplete)]

    return complete


def _backends() -> dict[str, Any]:
    from translator.backends import backends, foreign

    return backends() | foreign()


def _sources() -> dict[str, Any]:
    from translator.sources import sources

    return sources()


complete_target = _completing(_backends)

paths = click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(allow_dash=True, readable=False)
)
from_ = click.option(
    "--from",
    "from_",
    metavar="FORMAT",
    shell_complete=_completing(_sources),
    help="Source format; told by the content if left out.",
)
schema = click.option(
    "--schema",
    metavar="FILE|none",
    help="Field types: a mapping, _field_caps, a data view (JSON) or YAML (`field: type`); or none.",
)
allow = click.option(
    "--allow",
    metavar="EFFECT|CODE,...",
    multiple=True,
    help="Accept losses: wider, narrower, mixed, or codes such as L002.",
)
profile = click.option(
    "--profile",
    type=click.Choice([*PROFILES]),
    default="faithful",
    show_default=True,
    help="A named set of accepted losses: "
    + "; ".join(f"{each.name} {each.summary}" for each in PROFILES.values())
    + ".",
)
attack = click.option(
    "--attack",
    type=click.Choice(["18", "19"]),
    default="19",
    show_default=True,
    help="Version of MITRE ATT&CK for tags; 18 keeps the rule's own.",
)
fields = click.option(
    "--fields",
    type=click.Choice(["ecs", "sigma", "none"]),
    help="The names of a Sigma rule's fields: Elastic's (ecs) or its own. Default: ecs towards Elastic's targets.",
)
pipelines = click.option(
    "-p",
    "--pipeline",
    "pipelines",
    metavar="PIPELINE",
    multiple=True,
    help="A pySigma processing pipeline, by name or file, for Sigma rules and for the targets that pySigma writes.",
)
format_ = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How findings are written.",
)
quiet = click.option("-q", "--quiet", is_flag=True, help="Say only what is wrong.")
verbose = click.option("-v", "--verbose", is_flag=True, help="Name every rule and what became of it.")


def load_schema(name: str | None) -> Schema:
    """The schema that ``--schema`` names. Raises TranslatorError where the file is missing or wrong."""
    if name is None:
        return Schema.default()
    if name == "none":
        return Schema.none()
    return schema_readers.from_text(files.read(name).decode())


def starts(paths: Iterable[str]) -> Iterator[str | files.File]:
    """What the paths of one run name, for one look at all of it: - is standard input.

    Documents that are about others (Sigma's filters and correlations) find them in any of the paths.
    """
    for path in paths:
        yield files.File("<stdin>", sys.stdin.buffer.read()) if path == "-" else path


def require_pipelines(names: tuple[str, ...]) -> None:
    """Raises TranslatorError for a name that is no pipeline of pySigma's."""
    if names:
        from translator.sigma import processing

        processing.pipeline(names)


def split(values: tuple[str, ...]) -> list[str]:
    """``--allow a,b --allow c`` as one list."""
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


class _Mistake(click.ClickException):
    """A mistake in an option: where it has a place in a file, with that place. It ends with status 2."""

    exit_code = 2

    def __init__(self, error: TranslatorError) -> None:
        first = error.diagnostics[0]
        hint = f" ({first.hint})" if first.hint else ""
        in_file = bool(first.source.text) and not first.source.name.startswith("--")
        super().__init__(str(error) if in_file else f"{first.code} {first.message}{hint}")

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"Error: {self.message}" if "\n" not in self.message else self.message, file=file or sys.stderr)


def usage(error: TranslatorError) -> click.ClickException:
    """A mistake in an option as click's own exception, which ends with status 2."""
    return _Mistake(error)
