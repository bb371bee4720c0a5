"""logic -> the detection of a Sigma rule, with the losses (see `leaves` for what Sigma cannot say)."""

from __future__ import annotations

from dataclasses import dataclass

from translator import logic
from translator.errors import TranslatorError
from translator.ledger import Loss
from translator.sigma.detection import Detection
from translator.sigma.gathering import gather
from translator.sigma.layout import arrange
from translator.sigma.leaves import Leaves
from translator.sigma.portable_style import style
from translator.source import Source


@dataclass(frozen=True, slots=True)
class Emitted:
    """A detection, and what it does not say as the formula does."""

    detection: Detection
    losses: tuple[Loss, ...]


def emit(formula: logic.Formula, source: Source, *, styled: bool = False) -> Emitted:
    """Say ``formula`` as selections and a condition; ``source`` is the text that its spans point into.

    ``styled`` follows the habits of SigmaHQ's authors where they have more than one way (`style`). Raises
    TranslatorError with every part that Sigma cannot say, not even with a loss.
    """
    leaves = Leaves(source)
    part = leaves.part(formula)
    if leaves.impossible:
        raise TranslatorError(leaves.impossible)
    return Emitted(arrange(style(part) if styled else gather(part)), tuple(leaves.losses))
