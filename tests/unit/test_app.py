"""The finished service in `app/`: its own tests, copied away as a student would."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from workshop.course.places import ROOT

APP = ROOT / "app"
LINES = 200


def said_by(folder, *words, **env):
    """What its tests say, run in `folder`, where a copy of it stands and nothing else."""
    shutil.copytree(APP, folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONPATH"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "app", *words],
        cwd=folder,
        env={**alone, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_its_own_tests_pass_anywhere(tmp_path):
    said = said_by(tmp_path)
    assert re.search(r"\n\d+ passed, 1 skipped in", said) and "failed" not in said, said


def test_they_take_another_redis(tmp_path):
    said = said_by(tmp_path, "-k", "a_name_is_escaped", TEST_REDIS_URL="redis://127.0.0.1:1/0")
    assert "connecting to 127.0.0.1:1" in said, said


def test_what_belongs_to_the_workshop_has_a_compose_file_and_a_project_of_its_own():
    service, workshop = (
        yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
        for name in ("docker-compose.yml", "compose.workshop.yaml")
    )
    plain = {name for name, one in service["services"].items() if "profiles" not in one}
    assert plain == {"web", "redis"}
    assert not any("docker.sock" in str(one) for one in service["services"].values())
    assert workshop["name"] not in (service.get("name"), ROOT.name)
    assert set(workshop["services"]) == {"lab", "redis"}


@pytest.mark.parametrize("path", sorted(APP.rglob("*.py")), ids=lambda path: path.name)
def test_its_files_are_short_and_know_nothing_of_the_workshop(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < LINES
    assert not re.search(r"^\s*(?:from|import) workshop\b", text, re.MULTILINE)
