"""The student's notebook is made from the solution, and what the solution prints is true on live servers."""

import os
import subprocess
import symtable
import sys

import pytest

from workshop.course.places import ROOT
from workshop.engine.run import Run
from workshop.exercises import cells, source
from workshop.exercises.cells import code_cells, read, source_of
from workshop.runtimes.docker import Session
from workshop.runtimes.embedded import LocalRedis

SOLUTIONS = source.sources([])


def by_name(path):
    return path.stem


@pytest.mark.parametrize("path", SOLUTIONS, ids=by_name)
def test_both_notebooks_are_as_the_source_makes_them(path):
    solution = source.with_pictures(read(path), ROOT / "lessons" / path.stem / "pictures")
    mend = "run `python -m workshop.exercises.source`"
    assert source.written(solution) == path.read_text(encoding="utf-8"), mend
    student = ROOT / "notebooks" / path.name
    assert source.written(source.for_students(solution)) == student.read_text(encoding="utf-8"), mend


@pytest.mark.parametrize("path", SOLUTIONS, ids=by_name)
def test_each_cell_has_its_own_id_and_each_code_cell_was_run_in_order(path):
    found = read(path)["cells"]
    assert len({cell["id"] for cell in found}) == len(found)
    counts = [cell["execution_count"] for cell in found if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1)), "run `python -m workshop.exercises.source --execute REDIS_URL`"


@pytest.mark.parametrize("path", SOLUTIONS, ids=by_name)
def test_cells_that_measure_define_nothing_that_another_cell_needs(path):
    measuring = measuring_of(path)
    others = [source for _, source in code_cells(read(path)) if source.strip() not in measuring]
    assert not [symbol for symbol in of_the_cell(measuring) if symbol.is_imported() or symbol.is_namespace()]
    defined = {symbol.get_name() for symbol in of_the_cell(measuring) if symbol.is_assigned()}
    known = {symbol.get_name() for symbol in of_the_cell(others) if symbol.is_assigned()}
    assert not (defined - known) & set(asked_for(others))


def of_the_cell(sources):
    """The names at the cells' own level."""
    return [symbol for source in sources for symbol in symtable.symtable(source, "cell", "exec").get_symbols()]


def asked_for(sources):
    """The names that the cells, or functions in them, take from the notebook."""
    tables = [symtable.symtable(source, "cell", "exec") for source in sources]
    while tables:
        table = tables.pop()
        yield from (
            symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced() and symbol.is_global()
        )
        tables += table.get_children()


def measuring_of(path):
    return cells.measuring(read(path))


def test_the_notebook_that_measures_has_such_cells():
    assert len(measuring_of(next(path for path in SOLUTIONS if path.stem == "18_speed"))) > 5


@pytest.fixture(scope="module", params=["embedded", "docker"])
def address(request):
    with Run() as run:
        if request.param == "docker":
            request.getfixturevalue("has_engine")
            server = Session(run).take_redis()
            yield f"redis://{server.host}:{server.port}/0"
        else:
            server = LocalRedis(run)
            yield server.url
            server.end()


def test_every_printed_output_is_true(address):
    alone = ("-c", os.devnull, "--rootdir", str(ROOT), "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "nbval", "--nbval", *map(str, SOLUTIONS), *alone]
    env = {**os.environ, "REDIS_URL": address}
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT / "solutions", env=env, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


EXERCISE = '''
import json


def one(
    r,
    name="x",
):
    """What it does.

    More of it.
    """
    value = r.get(name)

    return value


LIMIT = 3


def two(r):
    """Short."""
    return LIMIT
'''


def test_bodies_are_cut_after_the_docstring():
    cut = source.without_bodies(EXERCISE)
    assert cut.count("# Your turn") == 2
    assert "return" not in cut and "More of it" in cut and "LIMIT = 3" in cut
    compile(cut, "cut", "exec")


def test_a_function_without_a_docstring_is_refused():
    with pytest.raises(ValueError, match="no docstring"):
        source.without_bodies("def one(r):\n    return 1")


def test_functions_are_laid_over(tmp_path):
    path = tmp_path / "n.ipynb"
    notebook = {
        "cells": [
            {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": 1, "source": EXERCISE}
        ]
    }
    path.write_text(source.written(notebook), encoding="utf-8")
    path.write_bytes(
        source.with_functions(
            path, "import time\n\n\ndef helper():\n    return 5\n\n\ndef two(r):\n    return helper()\n"
        )
    )
    names = {}
    (cell,) = read(path)["cells"]
    exec(source_of(cell), names)
    assert names["two"](None) == 5
    assert "value = r.get(name)" in source_of(cell)
    assert (cell["outputs"], cell["execution_count"]) == ([], None)
