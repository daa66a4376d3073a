"""Builds the site: plain files that any file server can serve, and that open without one. Nothing in them asks another machine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from workshop.course import lessons
from workshop.course.places import ROOT, state_folder
from workshop.machine import tools
from workshop.outcomes import Unchecked
from workshop.web.site import lite, sources

LOCK = ROOT / "requirements-site.txt"
READABLE = (  # what Sphinx and Furo leave out for who reads with a keyboard or hears the page; axe finds each
    ('role="heading"', 'role="heading" aria-level="2"'),
    ('<aside class="sidebar-drawer"', '<aside aria-label="Pages" class="sidebar-drawer"'),
    ('<aside class="toc-drawer', '<aside aria-label="On this page" class="toc-drawer'),
    ("<pre>", '<pre tabindex="0">'),
    ('<div id="search-results"', '<h1>Search</h1><div id="search-results"'),
)
UNUSED = (".doctrees", ".buildinfo", "objects.inv", "_sphinx_design_static", "genindex.html", "jupyter_execute")


def build(out: Path | None, say: Callable[[str], None]) -> Path:
    """The folder with the site, built anew; `out` or one in the state folder. What was in it before goes.

    Raises Unchecked if a folder that is not a site would have to go, or if a page is not as it must be: a warning of Sphinx is an error.
    """
    folder = (out or state_folder() / "site").resolve()
    if folder.exists() and any(folder.iterdir()) and not (folder / "searchindex.js").exists():
        raise Unchecked(f"{folder} holds something else than a site. Choose an empty folder.")
    try:
        python = tools.python_of(tools.environment("site", LOCK, say))
        fetched = _packages(python, say)
        with tempfile.TemporaryDirectory(prefix="workshop-site-") as scratch:
            source, made = Path(scratch) / "source", Path(scratch) / "made"
            sources.lay_out(lessons.catalogue(), source, can_run=fetched is not None)
            words = ("-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "--jobs", "auto", "-b", "html")
            tools.run([python, *words, "-d", Path(scratch) / "trees", source, made])
            for name in UNUSED:
                target = made / name
                shutil.rmtree(target, ignore_errors=True) if target.is_dir() else target.unlink(missing_ok=True)
            for page in made.rglob("*.html"):
                page.write_text(readable(page.read_text(encoding="utf-8")), encoding="utf-8")
            if fetched:
                lite.build(lessons.catalogue(), fetched, python, made / "lite")
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(made, folder)
    except tools.Trouble as error:
        raise Unchecked(f"The site could not be built. {error}") from None
    return folder


def _packages(python: Path, say: Callable[[str], None]) -> Path | None:
    """What the notebooks take to run in the browser; None where it cannot be had, which `say` is told."""
    try:
        return lite.packages(python, say)
    except tools.Trouble as error:
        say(f"Without notebooks that run in the browser: what they take could not be had. {error}")
        return None


def readable(page: str) -> str:
    """A page with what READABLE adds."""
    for old, new in READABLE:
        page = page.replace(old, new)
    return page
