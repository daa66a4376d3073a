"""The front door and its page agree."""

import re

from calling import ROOT

import workshop.grader

PAGE = (ROOT / "docs/grader.md").read_text(encoding="utf-8")


def test_each_name_is_on_the_page_and_nothing_else():
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == set(workshop.grader.__all__)


def test_each_name_is_there():
    assert all(getattr(workshop.grader, name) is not None for name in workshop.grader.__all__)


def test_graders_import_nothing_else_of_ours():
    for path in [*ROOT.glob("lessons/*/test_*.py"), *ROOT.glob("lessons/*/mistakes.py")]:
        for module in re.findall(r"^(?:from|import) (workshop[\w.]*)", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert module == "workshop.grader", f"{path} imports {module}"
