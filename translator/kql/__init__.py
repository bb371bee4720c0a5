"""KQL: read (`parse`), understood (`check`) and written (`print_`)."""

from translator.kql.check import check
from translator.kql.parser import parse
from translator.kql.printer import print_

__all__ = ["check", "parse", "print_"]
