"""The site: it builds without a warning, all in it leads somewhere, nothing in it asks another machine, and it can be read by anyone."""

import json
import os
import re
import subprocess
import zipfile
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from browsers import PHONE, faults, is_too_wide, served, window
from missing import cannot
from playwright.sync_api import expect
from pockets import CANNOT

from workshop.course.lessons import catalogue, find
from workshop.course.places import ROOT
from workshop.notebooks.inside import exercises_of
from workshop.outcomes import Unchecked
from workshop.web.site import coursemap, lite, sources
from workshop.web.site.build import _packages, build

LESSONS = catalogue()


class Page(HTMLParser):
    """The ids of a page, where it leads, and what a browser loads for it."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loaded = set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids |= {found[name] for name in ("id", "name") if found.get(name)}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        elif tag != "a":
            self.loaded += [found[name] for name in ("src", "href", "srcset", "data", "poster") if found.get(name)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built."""
    try:
        return build(tmp_path_factory.mktemp("site"), print)
    except Unchecked as error:
        if "Sphinx" not in error.hint and ".txt" in error.hint:
            cannot(f"takes Sphinx, which could not be installed here: {error.hint}")
        raise


@pytest.fixture(scope="module")
def pages(site):
    """All pages of the site, by path."""
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_each_lesson_and_each_notebook_has_a_page(site, pages):
    for lesson in LESSONS:
        assert site / "lessons" / lesson.name / "README.html" in pages
        if lesson.notebook:
            assert site / "notebooks" / f"{lesson.name}.html" in pages
    front = (site / "index.html").read_text(encoding="utf-8")
    assert [lesson.number for lesson in LESSONS if f"lessons/{lesson.name}/README.html" not in front] == []


def test_every_link_leads_somewhere(site, pages):
    lost = []
    for path, page in pages.items():
        for link in [*page.links, *page.loaded]:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https", "data", "mailto"):
                continue
            name, place = urldefrag(link)
            target = (path.parent / unquote(urlsplit(name).path)).resolve() if name else path
            target = target / "index.html" if target.is_dir() else target
            is_there = target.is_relative_to(site) and target.is_file()
            if not is_there or (place and target in pages and unquote(place) not in pages[target].ids | {"top"}):
                lost.append((path.name, link))
    assert lost == []


def test_nothing_is_loaded_from_elsewhere(site, pages):
    foreign = re.compile(r"^(?:https?:)?//")
    assert [(path.name, one) for path, page in pages.items() for one in page.loaded if foreign.match(one)] == []
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", text), sheet


def test_first_uses_lead_to_the_glossary(site):
    text = (site / "lessons" / LESSONS[0].name / "README.html").read_text(encoding="utf-8")
    assert re.search(
        r'<a class="reference internal" href="\.\./\.\./glossary\.html#term-\w+"><span class="first-use">', text
    )


def test_the_map_reads_what_the_texts_say():
    below = coursemap.rests_on(LESSONS)
    assert below.keys() == {lesson.name for lesson in LESSONS}
    assert all(one.number < lesson.number for lesson in LESSONS for one in below[lesson.name])
    assert all(5 <= coursemap.minutes(lesson) <= 60 for lesson in LESSONS)
    drawn = coursemap.picture(LESSONS, below, lambda lesson: f"{lesson.name}.html", {LESSONS[0].name})
    assert drawn.count("<a href=") == len(LESSONS)
    assert drawn.count("✓") == 1


def test_most_words_of_the_glossary_are_explained_in_bold_somewhere():
    words = {term.name for term in coursemap.glossary()}
    assert len(words) == len(coursemap.glossary())
    assert len(coursemap.introduced(LESSONS)) > len(words) / 2


def commands(name):
    """The commands of a sheet."""
    rows = (sources.ROW.match(line) for line in (ROOT / "docs/sheets" / name).read_text(encoding="utf-8").splitlines())
    return [command for row in rows if row for command in re.findall(r"`([^`]+)`", row[1])]


def test_the_sheet_of_docker_knows_only_what_docker_knows(has_engine):
    for command in commands("docker.md"):
        words = command.split()[1:]
        verbs = words[
            : 2 if words[0] in ("compose", "image", "network", "volume", "system", "container", "builder") else 1
        ]
        helped = subprocess.run(["docker", *verbs, "--help"], capture_output=True, text=True, check=False)
        assert helped.returncode == 0, command
        assert all(option in helped.stdout for option in words if option.startswith("--")), command


def test_a_command_of_a_sheet_leads_to_the_first_lesson_that_uses_it():
    assert sources.used("docker run --detach --name web NAME", "docker run --detach --name shut-in image")
    assert not sources.used("docker run --detach --name web NAME", "docker run --rm image")
    assert sources.used("LPUSH key value", 'r.lpush("jobs", 1)')
    assert sources.used("SET key value NX", 'r.set("lock", token, nx=True)')
    assert not sources.used("SET key value NX", 'r.set("lock", token)')


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_read_found_and_heard_in_a_browser(site, chromium, scheme):
    notebook = next(lesson for lesson in LESSONS if lesson.notebook)
    seen = [
        *("index.html", "glossary.html", "sheets/docker.html", "search.html?q=Dockerfile"),
        *(f"lessons/{LESSONS[0].name}/README.html", f"notebooks/{notebook.name}.html"),
    ]
    with served(site) as base, window(chromium, color_scheme=scheme, reduced_motion="reduce") as context:
        asked = []
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        for path in seen:
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto(f"{base}/{path}", wait_until="load")
            if path.startswith("search"):
                expect(page.locator("#search-results li").first).to_be_visible()
            assert faults(page) == [], path
            page.set_viewport_size(PHONE)
            assert not is_too_wide(page), path
            assert faults(page) == [], path
        assert [url for url in asked if not url.startswith((base, "data:"))] == []


FIRST_CELL = """
from workshop.notebooks import check, connect, look

r = connect()
"""
RACY = """
def record_visit(r, page):
    count = int(r.get(f"visits:{page}") or 0) + 1
    r.set(f"visits:{page}", count)
    return count


check(record_visit)
"""
RIGHT = """
def record_visit(r, page):
    return r.incr(f"visits:{page}")


check(record_visit)
"""
STARTED = 180_000  # milliseconds in which Python has started in a browser, on a busy machine


@pytest.fixture
def runs(site):
    """The site, if its notebooks run in the browser."""
    if not (site / "lite").exists():
        cannot("takes packages of npm, which could not be had here")
    return site


def ran(page, source, shows):
    """Writes a cell in place of the first one, runs it, and waits for what it shows."""
    cell = page.locator(".jp-CodeCell").first
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(source.strip())
    output, prompt = cell.locator(".jp-OutputArea"), cell.locator(".jp-InputPrompt")
    before = prompt.inner_text()
    for _ in range(20):  # the page takes keys before it has a kernel to send them to
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(1000)
        if prompt.inner_text() != before:
            break
    expect(output).to_contain_text(shows, timeout=STARTED)
    return output


@pytest.mark.skipif(not os.environ.get("WORKSHOP_LITE"), reason="takes a minute: by hand, with WORKSHOP_LITE=1")
def test_a_notebook_runs_checks_and_is_kept_in_the_browser(runs, chromium):
    lesson = next(lesson for lesson in LESSONS if lesson.name == "09_strings")
    current = runs / "lite" / "current.json"
    known = json.loads(current.read_text(encoding="utf-8"))
    with served(runs) as base, window(chromium, accept_downloads=True) as context:
        asked, lost = [], []
        context.on("request", lambda request: asked.append(request.url))
        context.on("response", lambda answer: lost.append(answer.url) if answer.status >= 400 else None)
        page = context.new_page()
        page.goto(f"{base}/notebooks/{lesson.name}.html")
        page.get_by_role("link", name="Run it here").click()
        expect(page.locator("#course-bar")).to_contain_text("Lesson 9")
        output = ran(page, FIRST_CELL + RACY, "1 of 2")
        expect(output).to_contain_text("INCR reads and writes in one step")
        ran(page, FIRST_CELL + RIGHT, "2 of 2")
        ran(page, FIRST_CELL + "r.info()", "The live workshop can")
        page.keyboard.press("Control+S")
        expect(page.locator(".jp-NotebookCheckpoint")).to_contain_text("Last Checkpoint", timeout=STARTED)

        page.goto(f"{base}/notebooks/{lesson.name}.html")
        expect(page.locator(".kept")).to_contain_text("Your copy is in this browser")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download it").click()
        assert download.value.suggested_filename == f"{lesson.name}.ipynb"
        assert "r.info()" in download.value.path().read_text(encoding="utf-8")

        earlier = page.get_by_role("link", name="Run it here").get_attribute("href")
        known[lesson.name]["mark"] = "another"
        current.write_text(json.dumps(known), encoding="utf-8")
        try:
            page.goto(f"{base}/notebooks/{earlier}")
            expect(page.locator("#course-bar")).to_contain_text("The course has a newer one")
            expect(page.locator(".jp-CodeCell").first).to_contain_text("r.info()")
            page.get_by_role("link", name="Open the new version").click()
            expect(page.locator(".jp-CodeCell").first).to_contain_text("r.ping()")
        finally:
            known[lesson.name]["mark"] = lite.mark_of(lesson)
            current.write_text(json.dumps(known), encoding="utf-8")
        assert lost == []
        assert [url for url in asked if not url.startswith((base, "data:", "blob:"))] == []


def test_where_a_package_cannot_be_had_the_site_is_built_without_and_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(lite.shutil, "which", lambda name: None)
    said = []
    assert _packages(tmp_path, said.append) is None
    assert "Without notebooks that run in the browser" in said[-1] and "npm" in said[-1]
    sources.lay_out(LESSONS, tmp_path / "source")
    assert not (tmp_path / "source" / "running.md").exists()
    assert not any("run-here" in path.read_text("utf-8") for path in (tmp_path / "source" / "notebooks").iterdir())


def test_the_page_on_running_says_which_checks_are_left(runs):
    told = (ROOT / "docs" / "in_the_browser.md").read_text(encoding="utf-8")
    whole = sum(len(lesson.promises) for lesson in LESSONS if lesson.notebook)
    left = sum(map(len, CANNOT.values()))
    assert f"{whole - left} of the {whole} checks" in told
    rows = {(int(number), name) for number, name in re.findall(r"^\| (\d+) \| `(\w+)` \|", told, re.MULTILINE)}
    functions = {
        (number, name)
        for number, checks in CANNOT.items()
        for name in exercises_of(find(str(number)))
        if any(check.startswith(f"test_{name}") for check in checks)
    }
    assert rows == functions


def test_what_is_laid_for_the_browser_has_no_solution(runs):
    wheel = next((runs / "lite").glob("pyodide-*/workshop-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        text = "\n".join(archive.read(name).decode() for name in names)
    assert not [name for name in names if "solutions" in name or "answers" in name]
    assert "course/lessons/09_strings/test_strings.py" in names
    assert 'return r.incr(f"visits:{page}")' not in text
