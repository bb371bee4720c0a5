"""The command line: thin, one module per command group, no logic of its own."""

from __future__ import annotations

from errno import EPIPE
from importlib import import_module
from typing import Any

import click

from translator import __version__

#: Command -> the module of this package that holds it, so that `--version` loads none of them.
_COMMANDS = {
    "convert": "convert",
    "check": "check",
    "match": "match",
    "explain": "explain",
    "verify": "verify",
    "test": "test",
    "fmt": "fmt",
    "parse": "parse",
    "schema": "schema",
    "targets": "listing",
    "sources": "listing",
    "codes": "listing",
}


class _Commands(click.Group):
    """Loads a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        home = _COMMANDS.get(cmd_name)
        if home is None:
            return None
        command: click.Command = getattr(import_module(f"translator.cli.{home}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OSError as error:
            # Files are read and written by `translator.files`; what is left is standard input and output.
            if error.errno == EPIPE:
                raise
            reason = (error.strerror or str(error)).lower()
            raise click.ClickException(f"Standard input or output fails: {reason}.") from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # The texts stand here so that `--help` need not load every command.
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        # A command that is only begun or misspelt gets the nearest one named, as click does for options.
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], _COMMANDS, n=1)
            if near:
                raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from None
            raise


_SUMMARIES = {
    "convert": "Translate rules to another language.",
    "check": "Report every mistake and every loss, writing nothing.",
    "match": "Run rules over events.",
    "explain": "Say why a rule matches an event or not.",
    "verify": "Compare every target's verdicts on events that cover a rule.",
    "test": "Judge the events that lie beside rules.",
    "fmt": "Write KQL in one canonical form.",
    "parse": "Show how a KQL query is read.",
    "schema": "Say how a field is typed, and who says so.",
    "targets": "What can be written.",
    "sources": "What can be read.",
    "codes": "Every finding and loss by its code.",
}


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sigma-kql", message="%(prog)s %(version)s")
def main(**_: Any) -> None:
    """Translate detection rules with the same verdict on every event, or a declared loss.

    \b
    Examples:
      sigma-kql convert rule.md --to sigma
      sigma-kql convert rules/ --to dsl -o out/
      echo 'process.name:"curl" and not user.id:0' | sigma-kql convert - --to sigma --from kql
      sigma-kql match rules/ --events events.ndjson

    \b
    Exit status: 0 everything was written; 1 a rule was refused or broken, or a check failed;
    2 wrong usage, or nothing to read.

    \b
    Shell completion:
      eval "$(_SIGMA_KQL_COMPLETE=bash_source sigma-kql)"    (or zsh_source, fish_source)
    """
