"""The report of `verify` as people see it, whatever their screen, eyes and hands."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Browser, Scheme, Shown
from tests.reported_rules import TITLE

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser

LOOK = Path(__file__).with_name("look.js").read_text("utf-8")

PAGES = ("folder", "ported")
SCHEMES = ("light", "dark")
WIDTHS = (1280, 390)

#: What WCAG 2 asks of text at level AA.
LEAST_CONTRAST = 4.5

#: Pixels by which lines of text may come near each other: letters seldom fill their box.
TOUCHING = 4


def look(shown: Shown, what: str) -> Any:
    return shown.page.evaluate(f"{LOOK}.{what}()")


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


def test_the_page_asks_for_nothing_and_complains_of_nothing(browser: Browser, page: Path) -> None:
    shown = browser.show(page)
    shown.open_all()
    shown.page.wait_for_load_state("networkidle")

    assert shown.requests == [page.as_uri()]
    assert shown.complaints == []


def test_a_rule_cannot_take_over_the_page(browser: Browser, folder: Path) -> None:
    shown = browser.show(folder)

    assert shown.page.title() == "Verification: 5 rules"
    assert shown.page.locator("img").count() == 0
    assert shown.page.locator("#list th[scope=row] a").all_inner_texts().count(TITLE) == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(browser: Browser, page: Path, width: int) -> None:
    shown = browser.show(page, width=width)

    assert look(shown, "overflow") <= 0
    shown.open_all()
    assert look(shown, "overflow") <= 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_stands_out_from_what_lies_behind_it(browser: Browser, page: Path, scheme: Scheme) -> None:
    shown = browser.show(page, scheme=scheme)
    shown.open_all()
    texts = look(shown, "texts")

    assert len(texts) > 100
    assert [each for each in texts if each["contrast"] < LEAST_CONTRAST] == []
    assert [each for each in texts if each["size"] < 11] == []


def test_the_dark_page_is_dark_and_the_light_page_is_light(browser: Browser, folder: Path) -> None:
    back = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"

    assert min(browser.show(folder, scheme="light").page.evaluate(back)) > 230
    assert max(browser.show(folder, scheme="dark").page.evaluate(back)) < 40


@pytest.mark.parametrize("width", WIDTHS)
def test_no_text_lies_over_another(browser: Browser, page: Path, width: int) -> None:
    shown = browser.show(page, width=width)
    shown.open_all()
    places = [(each["words"], at, place) for at, each in enumerate(look(shown, "texts")) for place in each["places"]]
    places.sort(key=lambda each: each[2]["top"])
    covered = []
    for start, (words, at, one) in enumerate(places):
        for other_words, other_at, other in places[start + 1 :]:
            if other["top"] > one["bottom"] - TOUCHING:
                break
            wide = min(one["right"], other["right"]) - max(one["left"], other["left"])
            high = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
            if at != other_at and wide > TOUCHING and high > TOUCHING:
                covered.append((words, other_words))

    assert covered == []


def test_the_keyboard_reaches_everything_in_order_and_one_sees_where_it_is(browser: Browser, page: Path) -> None:
    shown = browser.show(page)
    shown.open_all()
    controls = look(shown, "controls")
    stops = []
    for _ in controls:
        shown.page.keyboard.press("Tab")
        stops.append(look(shown, "focused"))

    assert [each["control"] for each in stops] == list(range(len(controls))), controls
    assert [controls[each["control"]] for each in stops if each["outline"] < 2 or not each["inView"]] == []


def test_the_first_stop_of_the_keyboard_leads_to_the_rules(browser: Browser, folder: Path) -> None:
    shown = browser.show(folder)
    shown.page.keyboard.press("Tab")

    assert shown.page.locator(":focus").inner_text() == "Skip to the rules"
    shown.page.keyboard.press("Enter")
    shown.page.keyboard.press("Tab")
    assert shown.page.locator("#filter :focus").count() == 1


def test_enter_opens_and_closes_a_rule(browser: Browser, folder: Path) -> None:
    shown = browser.show(folder)
    rule = shown.page.locator("details.rule", has_text="words").first
    verdicts = rule.locator("table.verdicts")
    rule.locator("summary").first.focus()

    expect(verdicts).to_be_hidden()
    shown.page.keyboard.press("Enter")
    expect(verdicts).to_be_visible()
    shown.page.keyboard.press("Enter")
    expect(verdicts).to_be_hidden()


def test_a_link_to_a_rule_opens_it(browser: Browser, folder: Path) -> None:
    shown = browser.show(folder)
    shown.page.get_by_role("link", name="Numbered hosts", exact=True).first.press("Enter")
    verdicts = shown.page.locator("details.rule", has=shown.page.locator("h3", has_text="Numbered hosts")).locator(
        "table.verdicts"
    )

    verdicts.wait_for(state="visible")
    assert verdicts.locator("tbody tr").count() > 10


def test_a_link_to_a_rule_opens_it_again_and_whatever_the_filter_hides(browser: Browser, folder: Path) -> None:
    page = browser.show(folder).page
    link = page.locator("#list").get_by_role("link", name="Numbered hosts", exact=True)
    rule = page.locator("details.rule", has=page.locator("h3", has_text="Numbered hosts"))
    link.click()
    rule.locator("summary").first.click()

    expect(rule.locator("table.verdicts")).to_be_hidden()
    link.click()
    expect(rule.locator("table.verdicts")).to_be_visible()
    page.get_by_label("Title, file, target or code").fill("numbered")
    page.locator("#attack ~ .tactics summary").first.click()
    page.locator("#attack ~ .tactics").get_by_role("link", name=TITLE).first.click()
    expect(page.locator("details.rule[open]", has=page.locator("h3", has_text=TITLE))).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("5 of 5 shown")


def test_the_filter_keeps_what_has_all_words_and_the_verdict(browser: Browser, folder: Path) -> None:
    page = browser.show(folder).page
    shown = page.locator("#list tr:visible th[scope=row] a")
    said = page.get_by_role("status")

    page.get_by_label("Title, file, target or code").fill("l002 SIGMA")
    assert shown.all_inner_texts() == ["words"]
    assert page.locator("details.rule:visible h3").all_inner_texts() == ["words"]
    expect(said).to_have_text("1 of 5 shown")
    page.get_by_label("Title, file, target or code").fill("")
    page.get_by_label("Verdict", exact=True).select_option("same")
    assert shown.all_inner_texts() == ["twice"]
    page.get_by_label("Verdict", exact=True).select_option("")
    expect(said).to_have_text("5 of 5 shown")


def test_what_a_rule_loses_is_marked_in_its_text_and_leads_to_its_meaning(browser: Browser, folder: Path) -> None:
    shown = browser.show(folder)
    shown.open_all()
    source = shown.page.locator("details.rule", has=shown.page.locator("h3", has_text="words")).locator(".source")

    assert source.locator("pre mark").all_inner_texts() == ['"refused by policy"', "denied", 'message:"by <b>root</b>"']
    link = source.locator("pre a").first
    assert link.inner_text() == "L002"
    link.press("Enter")
    note = source.locator(":target")
    assert note.inner_text().startswith("L002")
    box = note.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 900


def test_a_finding_is_marked_like_a_loss(browser: Browser, folder: Path) -> None:
    shown = browser.show(folder)
    shown.open_all()
    source = shown.page.locator("details.rule", has=shown.page.locator("h3", has_text="twice")).locator(".source")

    assert source.locator("pre mark").all_inner_texts() == ["a"]
    assert "changes nothing" in source.locator(".notes").inner_text()


def test_a_difference_is_told_in_words_and_signs_and_stands_first(browser: Browser, ported: Path) -> None:
    page = browser.show(ported).page
    first = page.locator("table.verdicts tbody tr").first
    told = page.locator(".differences li").first.inner_text()

    assert [each.strip() for each in first.locator("td").all_inner_texts()[:2]] == ["·", "M≠"]
    assert "no loss says so" in told
    assert '"pid":5' in told


def test_the_headings_make_a_tree(browser: Browser, page: Path) -> None:
    levels = look(browser.show(page), "headings")

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(after - before for before, after in pairwise(levels)) <= 1


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_axe_finds_no_barrier(browser: Browser, page: Path, scheme: Scheme, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    shown = browser.show(page, scheme=scheme, width=width)
    shown.open_all()
    found = axe.run(shown.page).response

    assert len(found["passes"]) > 20
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []


def test_the_page_can_be_read_without_scripts(browser: Browser, folder: Path) -> None:
    page = browser.show(folder, scripts=False).page

    assert page.locator("#list tr").count() == 5
    expect(page.locator("#filter")).to_be_hidden()
    page.locator("details.rule", has_text="words").first.locator("summary").first.click()
    expect(page.locator("details.rule[open] table.verdicts").first).to_be_visible()


def test_printed_the_page_is_unfolded(browser: Browser, folder: Path) -> None:
    page = browser.show(folder).page
    page.emulate_media(media="print")

    assert all(each.is_visible() for each in page.locator("table.verdicts").all())
    expect(page.locator("#filter")).to_be_hidden()
    assert page.pdf().startswith(b"%PDF-")


def test_motion_is_left_out_where_it_is_not_wanted(browser: Browser, folder: Path) -> None:
    page = browser.show(folder).page
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"

    assert page.evaluate(behaviour) == "auto"
    assert page.evaluate("document.getAnimations().length") == 0


def test_the_layer_for_the_navigator_can_be_saved(browser: Browser, folder: Path) -> None:
    shown = browser.show(folder)
    with shown.page.expect_download() as saving:
        shown.page.get_by_role("link", name="Layer for the ATT&CK Navigator").click()
    layer = json.loads(Path(saving.value.path()).read_text("utf-8"))

    assert saving.value.suggested_filename == "navigator-layer.json"
    assert {each["techniqueID"] for each in layer["techniques"]} == {"T1059", "T1059.001"}
    assert shown.complaints == []
