"""`new` in a copy of the checkout: what it lays out is proven, well formed, and green but for what its author must say."""

import os
import subprocess
import sys

import pytest
from labs import checkout

from workshop.course.lessons import find
from workshop.proof.new import SAY

MORE = ("README.md", "CHANGELOG.md", "pyproject.toml", "docs", "solutions", "answers", "app", "tests", "workshop")
MORE += ("Dockerfile", "LICENSE", "docker-compose.yml")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = checkout(tmp_path_factory.mktemp("checkout") / "copy", *MORE)
    said = call(folder, "workshop.cli", "new", "21", "teapot")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "lessons/21_teapot/test_teapot.py" in said.stdout
    return folder


def call(folder, module, *args):
    env = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-m", module, *args]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8", check=False)


def test_it_is_proven(copy):
    done = call(copy, "workshop.cli", "prove", "21", "--runtime", "embedded")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 lessons proven" in done.stdout + done.stderr


def test_all_but_its_words_is_green(copy):
    words = ("-q", "-p", "no:xdist", "tests/course/test_readme.py", "tests/course/test_lesson_commands.py")
    done = call(copy, "pytest", *words, "-k", "teapot or test_readme")
    failed = [line.split(" - ")[0] for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    left = "FAILED tests/course/test_readme.py::test_nothing_is_left_for_its_author_to_say[21_teapot]"
    assert failed == [left], done.stdout
    assert "21_teapot" in (copy / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [("check",), ("format", "--check")])
def test_it_is_written_in_the_house_style(copy, words):
    done = call(copy, "ruff", *words, "lessons/21_teapot", "solutions/21_teapot")
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_says_what_is_left(copy):
    assert SAY in find("21", copy).readme.read_text(encoding="utf-8")
