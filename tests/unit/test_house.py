"""The house stays a house: floors without a circle, no room that holds too much, and a front door that is the only way in."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from workshop.cli.test import LINT_IMPORTS
from workshop.course.places import ROOT

HOUSE = ROOT / "src" / "workshop"
ROOMS = sorted(path.parent.name for path in HOUSE.glob("*/__init__.py"))
BLOCKS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def lines_of_code(text):
    """How many lines hold code: those on which a statement or an expression begins or ends.

    Docstrings, comments and blank lines are not counted, nor is what lies between the ends of a string of many lines.
    """
    nodes = list(ast.walk(ast.parse(text)))
    docstrings = {
        line
        for node in nodes
        if isinstance(node, BLOCKS) and ast.get_docstring(node, clean=False) is not None
        for line in range(node.body[0].lineno, node.body[0].end_lineno + 1)
    }
    held = {line for node in nodes if isinstance(node, ast.stmt | ast.expr) for line in (node.lineno, node.end_lineno)}
    return len(held - docstrings)


def test_what_a_line_of_code_is():
    text = '"""Words."""\n\n# A reason.\nx = (\n    1,\n)\n\n\ndef f():\n    """More\n    words."""\n    return """a\nb\nc"""\n'
    assert lines_of_code(text) == 6  # three of x, `def`, and both ends of the string that is returned


def test_no_room_holds_more_than_a_tenth():
    counts = {path: lines_of_code(path.read_text(encoding="utf-8")) for path in HOUSE.rglob("*.py")}
    rooms = {room: sum(count for path, count in counts.items() if path.is_relative_to(HOUSE / room)) for room in ROOMS}
    assert max(rooms.values()) <= sum(counts.values()) / 10, rooms


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_says_what_it_is_for(room):
    assert ast.get_docstring(ast.parse((HOUSE / room / "__init__.py").read_text(encoding="utf-8")))


def code_of(path):
    """The Python of a file that names the workshop; of a notebook the cells that do, one after the other."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if "workshop" not in text:
        return ""
    if path.suffix == ".py":
        return text
    cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    lines = "\n".join(cell for cell in cells if "workshop" in cell).splitlines()
    return "\n".join(line for line in lines if not line.startswith(("%", "!")))


FROM = re.compile(r"^\s*from\s+(workshop[\w.]*)\s+import\s+(\([^)]*\)|[^\n]*)", re.MULTILINE)
IMPORT = re.compile(r"^\s*import\s+([^\n]*)", re.MULTILINE)


def private_imports(text):
    """The names with a leading underscore that a program takes from the workshop. Read as text: an answer need not be Python."""
    taken = [
        f"{room}.{name}"
        for room, names in FROM.findall(text)
        for name in re.findall(r"\w+", re.sub(r"#[^\n]*|\bas\s+\w+", "", names))
    ]
    taken += [name for names in IMPORT.findall(text) for name in re.findall(r"(?:^|,)\s*(workshop[\w.]*)", names)]
    return [name for name in taken if any(part.startswith("_") for part in name.split("."))]


def test_what_a_private_import_is():
    text = "import os, workshop._a\nfrom workshop.x import b, _c  # _no\nfrom _d import e\nfrom workshop.y import (  # _no\n    f as _f,\n    _g,\n)\n"
    assert private_imports(text) == ["workshop.x._c", "workshop.y._g", "workshop._a"]


@pytest.mark.parametrize("folder", ["lessons", "solutions", "answers"])
def test_nothing_of_a_lesson_takes_a_private_name(folder):
    files = [path for suffix in ("py", "ipynb") for path in (ROOT / folder).rglob(f"*.{suffix}") if path.is_file()]
    taken = {path.relative_to(ROOT).as_posix(): private_imports(code_of(path)) for path in files}
    assert files
    assert not {path: names for path, names in taken.items() if names}


@pytest.mark.parametrize(
    ("where", "line", "said"),
    [
        ("outcomes.py", "import workshop.cli.options", "workshop.outcomes is not allowed to import workshop.cli"),
        (
            "composefile/written.py",
            "import workshop.composefile.file",
            "No cycles are allowed in workshop.composefile",
        ),
    ],
)
def test_a_circle_breaks_the_import_contract(tmp_path, where, line, said):
    copy = tmp_path / "src" / "workshop"
    shutil.copytree(HOUSE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    with (copy / where).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = subprocess.run(
        [sys.executable, "-c", LINT_IMPORTS, "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src"), "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stdout, done.stdout + done.stderr
