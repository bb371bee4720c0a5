"""A headless Chromium that reaches no network, and the pages that it is shown."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest

from tests import reported_rules

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import BrowserContext, Page

Scheme: TypeAlias = Literal["light", "dark"]

#: The names that distributions give it.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Shown:
    """A page in the browser, with everything that it asked for or complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open_all(self) -> None:
        """Every part of the page that can be folded."""
        self.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


@dataclass
class Browser:
    """Opens files, each in a profile of its own."""

    browser: Chromium
    contexts: list[BrowserContext] = field(default_factory=list)

    def show(self, path: Path, *, width: int = 1280, scheme: Scheme = "light", scripts: bool = True) -> Shown:
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            java_script_enabled=scripts,
            offline=True,
        )
        self.contexts.append(context)
        page = context.new_page()
        shown = Shown(page)
        page.on("request", lambda request: shown.requests.append(request.url))
        page.on("console", lambda message: shown.complaints.append(message.text))
        page.on("pageerror", lambda error: shown.complaints.append(str(error)))
        page.goto(path.as_uri())
        return shown


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"none of {', '.join(NAMES)} is installed")
    with playwright.sync_playwright() as driver:
        # Root may not use the sandbox; what is opened is ours.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=program, args=[*QUIET, *sandbox])
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Browser]:
    found = Browser(chromium)
    yield found
    for context in found.contexts:
        context.close()


def written(home: Path, *arguments: object) -> Path:
    """The page that `verify` writes."""
    path = home / "report.html"
    reported_rules.verify(*arguments, "--format", "html", "-o", path, "-q")
    return path


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of several rules, one of which is wrong."""
    home = tmp_path_factory.mktemp("folder")
    return written(home, reported_rules.folder(home / "rules"))


@pytest.fixture(scope="session")
def ported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of one rule beside another that is not the same."""
    home = tmp_path_factory.mktemp("ported")
    (home / "rule.kql").write_text("user.name:root and process.pid > 5\n", "utf-8")
    (home / "port.kql").write_text("user.name:root and process.pid >= 5\n", "utf-8")
    return written(home, home / "rule.kql", "--against", home / "port.kql")
