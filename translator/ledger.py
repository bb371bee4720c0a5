"""What a translation lost, and whether that was allowed.

A loss is stated after polarity: what makes a clause wider makes the rule narrower when the clause stands under a
``not``. Nothing that is not allowed is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.source import Source, Span


class Effect(StrEnum):
    """How the artefact's verdicts may differ from the rule's."""

    WIDER = "wider"
    NARROWER = "narrower"
    MIXED = "mixed"

    def under_not(self) -> Effect:
        """The effect on a negated clause."""
        return _NEGATED[self]


_NEGATED = {Effect.WIDER: Effect.NARROWER, Effect.NARROWER: Effect.WIDER, Effect.MIXED: Effect.MIXED}


class Fidelity(StrEnum):
    """What an artefact says, against what the rule says."""

    EXACT = "exact"
    WIDER = "wider"
    NARROWER = "narrower"
    MIXED = "mixed"

    @classmethod
    def of(cls, losses: Iterable[Loss]) -> Fidelity:
        """Exact without losses, their common effect, or mixed."""
        effects = {loss.effect for loss in losses}
        if not effects:
            return cls.EXACT
        return cls(effects.pop()) if len(effects) == 1 else cls.MIXED


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that the artefact does not say as the rule does."""

    code: Code
    message: str
    effect: Effect
    source: Source = field(repr=False, compare=False)
    span: Span
    remedy: str | None = None

    def diagnostic(self) -> Diagnostic:
        """The loss as a finding about the rule."""
        return Diagnostic(self.code, f"{self.message} ({self.effect})", self.source, self.span, self.remedy)

    def refusal(self) -> Diagnostic:
        """The loss as what refuses the rule: it says how to accept it."""
        accepting = f"accept it with --allow {self.code}"
        return replace(self.diagnostic(), hint=f"{self.remedy}, or {accepting}" if self.remedy else accepting)


def lose(code: Code, message: str, effect: Effect, source: Source, span: Span, remedy: str | None = None) -> Loss:
    """A loss at ``span`` of ``source``, carried over to the original file."""
    return Loss(code, message, effect, source.root, source.to_root(span), remedy)


@dataclass(frozen=True, slots=True)
class Allowance:
    """The losses that a caller accepts: effects and codes."""

    effects: frozenset[Effect] = frozenset()
    codes: frozenset[Code] = frozenset()

    @classmethod
    def parse(cls, words: Iterable[str]) -> Allowance:
        """Read effects (``wider``, ``narrower``; ``mixed`` stands for both) and loss codes.

        Raises TranslatorError for a word that is neither.
        """
        effects: set[Effect] = set()
        codes: set[Code] = set()
        for word in words:
            code = Code.numbered(word)
            if word.lower() == Effect.MIXED:
                effects |= {Effect.WIDER, Effect.NARROWER}
            elif word.lower() in set(Effect):
                effects.add(Effect(word.lower()))
            elif code is not None and code.number.startswith("L"):
                codes.add(code)
            else:
                raise TranslatorError((_not_allowable(word),))
        return cls(frozenset(effects), frozenset(codes))

    def accepts(self, loss: Loss) -> bool:
        """Whether the caller said yes to this loss, by its code or by its effect."""
        if loss.code in self.codes:
            return True
        if loss.effect is Effect.MIXED:
            return {Effect.WIDER, Effect.NARROWER} <= self.effects
        return loss.effect in self.effects


NOTHING_ALLOWED = Allowance()


def _not_allowable(word: str) -> Diagnostic:
    known = ", ".join([*Effect, *(str(code) for code in Code if code.number.startswith("L"))])
    source = Source(word, "--allow")
    return diagnose(
        Code.BAD_ALLOW,
        f'"{word}" is neither an effect nor a loss code.',
        source,
        Span(0, len(word)),
        f"write one of {known}",
    )


def settle(losses: Collection[Loss], allow: Allowance) -> tuple[Loss, ...]:
    """The losses, each once, if all of them are allowed.

    Raises TranslatorError with every loss that is not.
    """
    refused = [loss for loss in dict.fromkeys(losses) if not allow.accepts(loss)]
    if refused:
        raise TranslatorError(loss.refusal() for loss in refused)
    return tuple(dict.fromkeys(losses))
