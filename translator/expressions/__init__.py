"""Regular expressions: read into trees that have one meaning, and run so that no text can stall them."""

from translator.expressions.automaton import TooLarge
from translator.expressions.engines import searching
from translator.expressions.reader import Irregular, Unreadable, read

__all__ = ["Irregular", "TooLarge", "Unreadable", "read", "searching"]
