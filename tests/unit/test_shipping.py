"""What a service counts of itself is read, a copy of it is broken on purpose, and lesson 20's solution is the service as it stands."""

import pytest

from workshop.course.lessons import find
from workshop.course.places import ROOT
from workshop.probes import shipping

PAGE = """# HELP requests_total Requests that were answered.
# TYPE requests_total counter
requests_total{route="/get",status="200"} 3.0
requests_total{route="a } \\"quoted\\" one"} 1e+06 1700000000
up +Inf
# EOF
"""


def test_numbers_are_read_by_name_and_labels():
    assert shipping.samples(PAGE) == {
        'requests_total{route="/get",status="200"}': 3.0,
        'requests_total{route="a } \\"quoted\\" one"}': 1e6,
        "up": float("inf"),
    }


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", '{"requests": 3}', "requests 3 times\n", "<p>requests 3</p>", "requests"]
)
def test_what_is_something_else_is_none(text):
    assert shipping.samples(text) is None


def test_code_is_broken_and_tests_are_not(tmp_path):
    for name in (
        "app/__init__.py",
        "app/tests/test_pairs.py",
        "test_all.py",
        "tests/helper.py",
        "service.py",
        "readme.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n", encoding="utf-8")
    assert shipping.break_code(tmp_path) == ["app/__init__.py", "service.py"]
    assert (tmp_path / "service.py").read_text(encoding="utf-8") == shipping.BROKEN
    assert (tmp_path / "tests/helper.py").read_text(encoding="utf-8") == "x = 1\n"


def test_the_solution_is_the_service_as_it_stands_and_no_copy(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path))
    lesson = find("ship_it")
    finished = lesson.finished()
    assert {
        "Dockerfile",
        ".dockerignore",
        "docker-compose.yml",
        "app/__init__.py",
        "app/tests/test_pairs.py",
    } <= finished.keys()
    assert all(path == ROOT / name for name, path in finished.items())
    assert {name.partition("/")[0] for name in finished} == {
        "Dockerfile",
        ".dockerignore",
        "docker-compose.yml",
        "app",
    }
    (tmp_path / "solutions" / lesson.name).mkdir(parents=True)
    (tmp_path / "solutions" / lesson.name / "old.py").touch()
    folder = lesson.solved()
    assert folder != lesson.solution
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == set(finished)


def test_a_solution_that_stands_in_its_place_is_graded_there():
    assert find("7").solved() == find("7").solution
