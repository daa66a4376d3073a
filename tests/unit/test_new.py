"""What `new` refuses to lay out, and that the contributors' page shows what it lays out."""

import re
import shutil

import pytest

from workshop.course.places import ROOT
from workshop.proof.new import CannotLay, lay_out


@pytest.mark.parametrize(
    ("number", "topic", "words"),
    [
        (0, "teapot", "1 to 99"),
        (22, "Tea Pot", "no topic"),
        (1, "teapot", "a lesson 1 already"),
        (22, "hello_flask", "a lesson 1 already"),
        (23, "kettle", "answers/23_kettle already exists"),
    ],
)
def test_what_cannot_be_laid_out_is_refused_and_nothing_is_written(tmp_path, number, topic, words):
    shutil.copytree(ROOT / "lessons" / "01_hello_flask", tmp_path / "lessons" / "01_hello_flask")
    (tmp_path / "answers" / "23_kettle").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CannotLay, match=words):
        lay_out(number, topic, tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["test_teapot.py", "mistakes.py"])
def test_the_page_for_contributors_shows_what_is_laid_out(tmp_path, name):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "README.md").write_bytes((ROOT / "README.md").read_bytes())
    lay_out(21, "teapot", tmp_path)
    page = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    shown = dict(
        re.findall(r"`lessons/21_teapot/([\w.]+)`[^\n]*\n(?:[^`\n]*\n)*?\n```python\n(.*?)```", page, re.DOTALL)
    )
    assert shown[name] == (tmp_path / "lessons" / "21_teapot" / name).read_text(encoding="utf-8")
