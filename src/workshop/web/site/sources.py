"""What Sphinx is given: the lessons, notebooks, sheets and glossary as they stand, and beside them what can be worked out from them."""

from __future__ import annotations

import json
import re
import shutil
from html import escape
from pathlib import Path
from typing import Any

from workshop.course.lessons import Lesson
from workshop.course.places import ROOT
from workshop.proof.overview import aim, needs
from workshop.web.site import coursemap, lite

CONFIGURED = Path(__file__).with_name("sphinx")
SHEETS = ROOT / "docs" / "sheets"
RUNNING = ROOT / "docs" / "in_the_browser.md"
ROW = re.compile(r"^\| (`.+`) \| (.+) \|$")
NOT_A_COMMAND = re.compile(r"^(?:[A-Z]+|\d+|web|data|\.|-+\w.*|\d[\d.]*:\S*)$")  # a name to fill in, an option


def lay_out(lessons: list[Lesson], folder: Path, *, can_run: bool = False) -> None:
    """Lays out everything for Sphinx in an empty folder. With `can_run` each notebook has a button that opens it in the browser."""
    shutil.copytree(CONFIGURED, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "static" / "map.css").write_text(coursemap.style(), encoding="utf-8")
    below = coursemap.rests_on(lessons)
    for lesson in lessons:
        place = folder / "lessons" / lesson.name
        place.mkdir(parents=True)
        (place / "README.md").write_text(_with_facts(lesson, below[lesson.name]), encoding="utf-8")
        if (lesson.folder / "pictures").is_dir():
            shutil.copytree(lesson.folder / "pictures", place / "pictures")
        if lesson.notebook:
            (folder / "notebooks").mkdir(exist_ok=True)
            notebook = json.loads(lesson.notebook.read_text(encoding="utf-8"))
            if can_run:
                notebook["cells"].insert(1, _button(lesson))
            (folder / "notebooks" / lesson.notebook.name).write_text(json.dumps(notebook), encoding="utf-8")
    sheets = sorted(SHEETS.glob("*.md"))
    (folder / "sheets").mkdir()
    for sheet in sheets:
        text = with_lessons(sheet.read_text(encoding="utf-8"), lessons)
        (folder / "sheets" / sheet.name).write_text(text, encoding="utf-8")
    (folder / "glossary.md").write_text(_glossary(lessons), encoding="utf-8")
    if can_run:
        shutil.copyfile(RUNNING, folder / "running.md")
    more = [*(f"sheets/{sheet.stem}" for sheet in sheets), "glossary", *(["running"] if can_run else [])]
    (folder / "index.md").write_text(_index(lessons, below, more), encoding="utf-8")


def _button(lesson: Lesson) -> dict[str, Any]:
    """The cell with the button that opens a notebook in the browser, and below it the copies that the browser keeps; see `kept.js`."""
    text = (
        f'<div class="run-here" data-name="{lesson.name}" data-mark="{lite.mark_of(lesson)}">'
        f'<p><a class="run" href="../lite/{escape(lite.address_of(lesson))}">Run it here</a></p>'
        "<p>In this browser, with nothing installed: some 25 MB to load and half a minute the first time. "
        '<a href="../running.html">What it can and cannot do, and how to hand it in</a></p><div class="kept"></div></div>'
    )
    return {"cell_type": "markdown", "id": "run-here", "metadata": {}, "source": text}


def _with_facts(lesson: Lesson, below: list[Lesson]) -> str:
    """A lesson's text, with a line below its heading that says how long it takes and what it rests on; and its notebook as the page after it."""
    facts = [f"About {coursemap.minutes(lesson)} minutes", f"needs {needs(lesson)}"]
    if below:
        facts.append(
            "rests on " + ", ".join(f"[{one.number} · {one.title}](../{one.name}/README.md)" for one in below)
        )
    if lesson.notebook:
        facts.append(f"[the notebook](../../notebooks/{lesson.notebook.name})")
    heading, _, rest = lesson.text.partition("\n")
    text = f"{heading}\n\n{{.facts}}\n{' · '.join(facts)}\n{rest}"
    if lesson.notebook:
        name = f"Notebook {lesson.number} · {lesson.title}"
        text += f"\n\n```{{toctree}}\n:hidden:\n\n{name} <../../notebooks/{lesson.name}>\n```\n"
    return text


def with_lessons(sheet: str, lessons: list[Lesson]) -> str:
    """A sheet of commands, with a column that leads to the first lesson in which a command is used."""
    texts = [(lesson, f"{lesson.text}\n{coursemap.cells(lesson)}\n{_code(lesson)}") for lesson in lessons]
    lines = []
    for line in sheet.splitlines():
        row = ROW.match(line)
        if row:
            first = next((lesson for lesson, text in texts if used(row[1].split("`")[1], text)), None)
            link = f"[{first.number}](../lessons/{first.name}/README.md)" if first else ""
            line = f"{line} {link} |"
        elif line.startswith("| command "):
            line = f"{line} lesson |"
        elif line.startswith("| ---"):
            line = f"{line} --- |"
        lines.append(line)
    return "\n".join(lines) + "\n"


def used(command: str, text: str) -> bool:
    """Whether a text uses a command of a sheet: `docker run --rm NAME` by its words and option, `LPUSH key value` also as `r.lpush(`."""
    words = command.split()
    if words[0] == "docker":
        verbs = [word for word in words if not NOT_A_COMMAND.match(word)]
        options = [word for word in words if word.startswith("--")]
        lines = [line for line in text.splitlines() if re.search(rf"\b{re.escape(' '.join(verbs))}\b", line)]
        return any(all(option in line for option in options) for line in lines)
    name = words[0]
    flags = [word for word in words[1:] if word.isupper()]
    if name in ("OBJECT", "MEMORY", "INFO", "CONFIG", "SLOWLOG"):
        return re.search(rf"\b{re.escape(name)} {words[1]}\b", text, re.IGNORECASE) is not None
    if name == "SET" and flags:
        return re.search(rf"`SET [^`]*\b{flags[0]}\b|\.set\(.*\b{flags[0].lower()}=", text) is not None
    return re.search(rf"\b{name}\b|\.{name.lower()}\(", text) is not None


def _code(lesson: Lesson) -> str:
    """The code of a lesson's notebook, as far as it is handed out."""
    return lesson.notebook.read_text(encoding="utf-8") if lesson.notebook else ""


def _glossary(lessons: list[Lesson]) -> str:
    """The glossary as Sphinx takes it, each word with the lesson that explains it first."""
    explained = coursemap.introduced(lessons)
    words = []
    for term in coursemap.glossary():
        words.append(f"{term.name}\n  {term.meaning}")
        if lesson := explained.get(term.name):
            words[-1] += f" [Lesson {lesson.number}](lessons/{lesson.name}/README.md)"
    heading = coursemap.GLOSSARY.read_text(encoding="utf-8").partition("\n- ")[0]
    return f"{heading}\n\n```{{glossary}}\n" + "\n\n".join(words) + "\n```\n"


def _index(lessons: list[Lesson], below: dict[str, list[Lesson]], more: list[str]) -> str:
    """The first page: what the course is, its map as a picture and as a table, and all pages in their order."""
    total = sum(coursemap.minutes(lesson) for lesson in lessons)
    rows = [
        "| no. | lesson | you will be able to | needs | minutes | rests on |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for lesson in lessons:
        on = ", ".join(f"[{one.number}](lessons/{one.name}/README.md)" for one in below[lesson.name]) or "–"
        link = f"[{lesson.title}](lessons/{lesson.name}/README.md)"
        rows.append(
            f"| {lesson.number} | {link} | {aim(lesson)} | {needs(lesson)} | {coursemap.minutes(lesson)} | {on} |"
        )
    drawn = coursemap.picture(lessons, below, lambda lesson: f"lessons/{lesson.name}/README.html")
    pages = [f"lessons/{lesson.name}/README" for lesson in lessons]
    trees = [_tree("The lessons", pages), _tree("To look up", more)]
    return "\n\n".join(
        [
            "# Flask, Docker and Redis",
            "Learn them by building one service, step by step, from a page that says hello to a web API on Redis under Compose. "
            "This site is the course to read. With the workshop on your machine, `./workshop start`, each lesson also has checks: "
            "they ask your *running* service whether it does what the lesson promises, and if not, why.",
            *(
                ["The notebooks run [in the browser](running.md), with nothing installed."]
                if "running" in more
                else []
            ),
            f"{len(lessons)} lessons, about {round(total / 60)} hours. A line leads from a lesson to one that rests on it. The minutes are estimates: what there is "
            "to read, to run and to build.",
            f'<div class="map">{drawn}</div>',
            "## The lessons",
            "\n".join(rows),
            *trees,
        ]
    )


def _tree(caption: str, pages: list[str]) -> str:
    return f"```{{toctree}}\n:caption: {caption}\n:hidden:\n\n" + "\n".join(pages) + "\n```"
