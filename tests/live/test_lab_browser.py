"""The notebooks as a student sees them: JupyterLab in Chromium, in the light theme and in the dark one."""

import contextlib
import json
import os
import re
from pathlib import Path

import pytest
from browsers import DESKTOP, FLAGS, PATIENCE, PHONE, QUIET, Fetching
from labs import Lab, checkout
from playwright.sync_api import Error, expect, sync_playwright

from workshop.course.lessons import catalogue

THEMES = ("JupyterLab Light", "JupyterLab Dark")
ENOUGH = 4.5  # the contrast of text and ground that WCAG asks for

RIGHT = 'def record_visit(r, page):\n    return r.incr(f"visits:{page}")'
WRONG = """def record_visit(r, page):
    count = int(r.get(f"visits:{page}") or 0) + 1
    r.set(f"visits:{page}", count)
    return count"""

# The contrasts of all visible texts in an element with what is painted under them, as [text, contrast].
CONTRASTS = """
root => {
  const pen = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d", {willReadFrequently: true});
  const paint = (colour, alpha) => { pen.globalAlpha = alpha; pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); };
  const light = () => {
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const own = element => [...element.childNodes].filter(node => node.nodeType === 3).map(node => node.data.trim()).join("");
  return [root, ...root.querySelectorAll("*")].filter(one => own(one) && one.checkVisibility()).map(element => {
    const chain = [];
    for (let one = element; one; one = one.parentElement) chain.unshift(getComputedStyle(one));
    chain.forEach(style => paint(style.backgroundColor, 1));
    const ground = light();
    paint(getComputedStyle(element).color, chain.reduce((product, style) => product * style.opacity, 1));
    const text = light();
    return [own(element), (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05)];
  });
}
"""

# The same for a picture: each text with the shape that lies under its middle.
PICTURE_CONTRASTS = """
() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return [...document.querySelectorAll("svg text")].map(text => {
    const box = text.getBoundingClientRect();
    const under = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const shape = under.find(one => ["rect", "circle", "ellipse", "path"].includes(one.tagName) && getComputedStyle(one).fill !== "none");
    const [a, b] = [text, shape].map(one => light(getComputedStyle(one).fill));
    return [text.textContent, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
}
"""


@pytest.fixture(scope="module")
def browser(chromium, tmp_path_factory):
    """Chromium, without a window and with nothing remembered."""
    profile = tmp_path_factory.mktemp("profile")
    with sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            profile, executable_path=chromium, headless=True, args=[*FLAGS, *QUIET], viewport=DESKTOP
        )
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        context.route("**/*", Fetching())
        yield context
        context.close()


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """The lab, up, with the notebooks in a place of its own."""
    made = Lab(checkout(tmp_path_factory.mktemp("lab")), "--runtime", "embedded")
    try:
        yield made.wait_until_up()
    finally:
        made.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Where the screenshots go: a folder that is thrown away, or the one named by WORKSHOP_SCREENSHOTS."""
    named = os.environ.get("WORKSHOP_SCREENSHOTS")
    return Path(named) if named else tmp_path_factory.mktemp("screenshots")


class Notebook:
    """A notebook that is open in the browser."""

    def __init__(self, browser, lab, theme, path):
        settings = f"{lab.base}/lab/api/settings/@jupyterlab/apputils-extension:themes"
        answer = browser.request.put(
            settings, data={"raw": json.dumps({"theme": theme})}, headers={"Authorization": f"token {lab.token}"}
        )
        assert answer.ok
        self.page = browser.new_page()
        self.open(f"{lab.base}/{path}?token={lab.token}&reset")

    def open(self, address):
        """Opens the page; once more where the network changed meanwhile."""
        for last in (False, False, True):
            try:
                self.page.goto(address)
                break
            except Error as error:
                if last or "ERR_NETWORK" not in error.message:
                    raise
        expect(self.page.locator(".jp-NotebookPanel .jp-Cell").first).to_be_visible()
        expect(self.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_visible()

    def code(self, text):
        """The code cell that holds a text."""
        return self.page.locator(".jp-CodeCell").filter(has=self.page.locator(".jp-InputArea", has_text=text)).first

    def markdown(self, text):
        """The cell of text that holds a text."""
        return self.page.locator(".jp-MarkdownCell").filter(has_text=text).first

    def run(self, cell):
        """Runs a cell, as Shift+Enter does, and returns the place of its output. Does so again where the cell's number stays: the network changed."""
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        for _ in range(3):
            cell.locator(".cm-content").click()
            self.page.keyboard.press("Shift+Enter")
            with contextlib.suppress(AssertionError):
                expect(prompt).not_to_have_text(before, timeout=10_000)
                expect(prompt).to_have_text(re.compile(r"\[\d+\]"))
                break
        return cell.locator(".jp-Cell-outputWrapper")

    def write(self, cell, source):
        """Writes a cell anew."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)

    def check(self, source=None):
        """Completes the first exercise with `source`, runs it, and returns what its check shows."""
        exercise = self.code("def record_visit")
        if source:
            self.write(exercise, source)
        self.run(exercise)
        return self.run(self.code("check(record_visit)")).locator(".jp-RenderedHTML")

    def is_too_wide(self):
        """What in the notebook is wider than its place: [class, text]."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll(".jp-Notebook, .jp-Notebook *")]
               .filter(one => one.clientWidth > 50 && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible")
               .map(one => [one.className, one.textContent.slice(0, 80)])"""
        )


def is_readable(shown):
    """Whether all texts in there stand out from what is behind them."""
    contrasts = shown.evaluate(CONTRASTS)
    assert contrasts
    assert not [(text, contrast) for text, contrast in contrasts if contrast < ENOUGH]
    return True


@pytest.mark.parametrize("theme", THEMES)
def test_a_lesson_in_jupyterlab(theme, browser, lab, pictures):
    notebook = Notebook(browser, lab, theme, lab.path)
    page = notebook.page
    short = theme.rsplit()[-1].lower()

    def keep(name, near=None):
        if near:
            near.evaluate("one => one.scrollIntoView({block: 'center'})")
            near.scroll_into_view_if_needed()
        page.screenshot(path=pictures / f"{short}-{name}.png")

    expect(notebook.markdown("Lesson 9")).to_be_visible()
    picture = notebook.markdown("A key and its value").locator("img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate(
        "async one => { await one.decode(); return one.naturalWidth > 300 && one.clientWidth <= one.parentElement.clientWidth; }"
    )
    assert picture.get_attribute("alt")
    expect(notebook.run(notebook.code("connect()"))).to_contain_text("True")
    keep("1-head")

    output = notebook.run(notebook.code('r.set("greeting"'))
    expect(output).to_contain_text("Hello")
    assert is_readable(output)
    keep("2-example", output)

    exercise = notebook.markdown("Exercise 1")
    hint = exercise.get_by_text("Read, add and write are three steps")
    expect(hint).to_be_hidden()
    exercise.get_by_text("Hint", exact=True).click()
    expect(hint).to_be_visible()
    assert is_readable(exercise)
    keep("3-exercise", hint)

    shown = notebook.check()
    expect(shown).to_contain_text("Not attempted")
    assert is_readable(shown)
    keep("4-not-attempted", shown)

    shown = notebook.check(WRONG)
    expect(shown).to_contain_text("INCR reads and writes in one step")
    expect(shown).to_contain_text("1 of 2")
    expect(shown).to_contain_text("✗ record_visit loses no visit")
    expect(shown).to_contain_text("In Redis now")
    assert is_readable(shown)
    keep("5-failed", shown)

    shown = notebook.check(RIGHT)
    expect(shown).to_contain_text("2 of 2")
    expect(shown).not_to_contain_text("✗")
    assert is_readable(shown)
    keep("6-passed", shown)
    assert not notebook.is_too_wide()

    page.set_viewport_size(PHONE)
    page.keyboard.press("ControlOrMeta+b")  # the list of files goes
    expect(page.locator(".jp-DirListing")).to_be_hidden()
    keep("7-phone", shown)
    keep("8-phone-picture", picture)
    assert not notebook.is_too_wide()
    page.close()


def test_the_pictures_of_all_notebooks_can_be_read(browser):
    page = browser.new_page()
    for lesson in catalogue():
        for picture in sorted(lesson.folder.glob("pictures/*.svg")) if lesson.notebook else []:
            page.set_content(picture.read_text(encoding="utf-8"))
            contrasts = page.evaluate(PICTURE_CONTRASTS)
            assert contrasts
            assert not [(picture.name, text, contrast) for text, contrast in contrasts if contrast < ENOUGH]
    page.close()
