"""What a backend is, and what it makes.

The price of admission for a backend is ``matches``: its artefact can be read or run back on an event.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from translator.errors import Code, Diagnostic
from translator.ledger import Allowance, Effect, Fidelity, Loss, lose, settle
from translator.logic import Formula
from translator.needs import ExceptionList, ValueList
from translator.profiles import profile
from translator.rule import Rule
from translator.schema import Schema

#: Event -> verdict. Never raises on an event, but `Unheld` where its target says so, and never changes it.
Predicate: TypeAlias = Callable[[Mapping[str, Any]], bool]


class Unheld(Exception):
    """The target's data has no place for an event; the message says for what of it."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a caller wants an artefact written. Each backend reads what concerns it."""

    schema: Schema
    profile: str = "faithful"
    #: The version of MITRE ATT&CK that tags are of.
    attack: int = 19
    time_zone: str | None = None
    width: int = 100
    #: pySigma's processing pipelines, by name or file, for the targets that its backends write.
    pipelines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Emitted:
    """What an ``emit`` returns: the text, its parsed form where there is one, and all that was lost on the way."""

    text: str
    data: Any = None
    losses: Collection[Loss] = ()
    notes: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Artefact:
    """A rule in a target's words.

    ``fidelity`` is against the rule's query; ``verified`` says whether the artefact can be run back here.
    """

    rule: Rule
    target: str
    text: str
    data: Any = field(repr=False)
    losses: tuple[Loss, ...]
    verified: bool
    notes: tuple[Diagnostic, ...] = field(default=(), repr=False)

    @property
    def fidelity(self) -> Fidelity:
        """Exact, or the common effect of the losses."""
        return Fidelity.of(self.losses)


@dataclass(frozen=True, slots=True)
class Backend:
    """A target. A module in ``translator/backends`` with a constant ``BACKEND`` is one; the module's name is its name.

    ``emit`` says ``formula``, which is what ``rule`` means, in the target's words, and lists what that loses.
    ``matches`` reads an artefact's text back and gives its verdict on events, without the formula it came from.
    """

    summary: str
    suffix: str
    emit: Callable[[Rule, Formula, Options], Emitted]
    matches: Callable[[str, Schema], Predicate] | None = None
    #: What the target cannot say, for ``sigma-kql targets``.
    limits: str = "nothing"
    #: Whether it can name a list of exceptions that it does not hold.
    names_lists: bool = False
    #: What stands between two artefacts in one stream.
    separator: str = ""
    name: str = ""

    def named(self, name: str) -> Backend:
        """This backend under the name of its module or entry point."""
        return replace(self, name=name)

    def write(
        self, rule: Rule, formula: Formula, options: Options, allow: Allowance, also: Collection[Loss] = ()
    ) -> Artefact:
        """Emit and settle the losses, with those that ``formula`` comes with (``also``).

        Raises TranslatorError where neither the profile nor ``allow`` accepts one.
        """
        accepted = profile(options.profile).extended(allow)
        emitted = self.emit(rule, formula, options)
        losses = settle([*self.unapplied(rule), *also, *emitted.losses], accepted)
        return Artefact(rule, self.name, emitted.text, emitted.data, losses, self.matches is not None, emitted.notes)

    def unapplied(self, rule: Rule) -> tuple[Loss, ...]:
        """Exceptions that no file holds: a target, even one that judges single events, matches more without them."""
        absent = (ValueList,) if self.names_lists else (ValueList, ExceptionList)
        return tuple(
            lose(
                Code.NEED_DROPPED,
                need.message,
                Effect.WIDER,
                rule.source,
                need.span,
                UNHELD if isinstance(need.detail, ExceptionList) else None,
            )
            for need in rule.needs
            if isinstance(need.detail, absent)
        )


#: What to do about a list of exceptions that a file does not hold.
UNHELD = "export the rule together with its exceptions"
