"""The autograder's zip, what it says of itself, and the walls that it insists on."""

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import fastjsonschema
import pytest
from calling import workshop
from classes import report
from gradescope import RESULTS

from workshop.course.lessons import find
from workshop.engine.run import Run
from workshop.gradebook.gradescope import packing
from workshop.grading.worker import spoiled
from workshop.outcomes import Unchecked
from workshop.report import Outcome
from workshop.reports import services
from workshop.runtimes import lodging

ONE, THREE, NINE = find("1"), find("3"), find("9")


def test_the_zip_holds_what_grades_and_no_answer(tmp_path):
    names = packing.pack([ONE, THREE, NINE], tmp_path / "new" / "a.zip")
    assert {name.partition("/")[0] for name in names} == {
        *(
            "setup.sh",
            "run_autograder",
            "gradescope.json",
            "requirements-gradescope.txt",
            "src",
            "lessons",
            "notebooks",
        )
    }
    assert {name.split("/")[1] for name in names if name.startswith("lessons/")} == {ONE.name, NINE.name}
    assert [name for name in names if name.startswith("notebooks/")] == [f"notebooks/{NINE.name}.ipynb"]
    with zipfile.ZipFile(tmp_path / "new" / "a.zip") as archive:
        runs = {one.filename for one in archive.infolist() if one.external_attr >> 16 & 0o111}
        settings = json.loads(archive.read("gradescope.json"))
    assert runs == {"setup.sh", "run_autograder"}
    assert settings == {"asked": [ONE.name, NINE.name], "unchecked": [f"Lesson 3 · {THREE.title}"]}
    packing.pack([ONE, THREE, NINE], tmp_path / "b.zip")
    assert (tmp_path / "new" / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash on this machine")
@pytest.mark.parametrize("name", packing.AT_TOP)
def test_a_script_can_be_read_by_bash(name):
    assert subprocess.run(["bash", "-n", str(packing.HERE / name)], check=False).returncode == 0


def test_only_lessons_that_take_an_engine_make_no_zip(tmp_path):
    done = workshop("class", "gradescope", str(tmp_path / "a.zip"), "--lessons", "3-5")
    assert done.returncode == 2 and "no lesson can be graded" in done.stderr
    assert not (tmp_path / "a.zip").exists()


def test_results_have_the_published_form():
    found = json.loads(services.gradescope([report("passed", "failed")], {}, {"Lesson 3 · A": "No engine."}))
    fastjsonschema.validate(RESULTS, found)
    assert found["output"] == "Not graded here: Lesson 3 · A." and found["score"] == 1
    assert found["tests"][-1]["output"] == "No engine." and "score" not in found["tests"][-1]
    empty = json.loads(services.gradescope([], {}, {}, "It broke off."))
    fastjsonschema.validate(RESULTS, empty)
    assert (empty["score"], empty["output"]) == (0, "It broke off.")


def test_no_stranger_moves_in_where_the_grader_can_be_read(monkeypatch):
    """If we are root; if not, no process could be walled off at all."""
    monkeypatch.setattr(lodging, "ROOT", Path("/"))
    with Run() as run, pytest.raises(Unchecked) as refused:
        lodging.Lodging(run)
    assert refused.value.hint.startswith((lodging.NOT_ROOT, lodging.OPEN_DOOR.partition("{")[0]))


def test_work_that_meddled_keeps_no_pass():
    before = report("passed", "failed", "unchecked")
    after = spoiled(before, "It meddled.")
    assert [check.outcome for check in after.checks] == [Outcome.FAILED, Outcome.FAILED, Outcome.UNCHECKED]
    assert after.checks[0].hint == "It meddled." and after.checks[1:] == before.checks[1:]
