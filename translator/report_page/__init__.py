"""Verifications as one HTML page that needs nothing beside it: no network, no other file, and no script to be read.

A rule's part of the page is written as soon as its verdicts are known, so that a folder's verdicts are never held all
at once; the page then puts the parts in order, those with differences first.
"""

from __future__ import annotations

from translator.report_page.coverage import placement
from translator.report_page.page import write
from translator.report_page.sections import Budget, Section, broken, section

__all__ = ["Budget", "Section", "broken", "placement", "section", "write"]
