"""The finished service in `app/`: its own tests, copied away as a student would, with fakeredis and with a real server."""

import os
import re
import shutil
import subprocess
import sys
import time

import pytest
import yaml

from workshop.course.places import ROOT
from workshop.runtimes.embedded import redis_command
from workshop.wire.sockets import free_port

APP = ROOT / "app"
LINES = 200


@pytest.fixture
def server(tmp_path):
    port = free_port()
    process = subprocess.Popen(redis_command(port), cwd=tmp_path, stdout=subprocess.DEVNULL)
    yield f"redis://127.0.0.1:{port}/3"
    process.kill()
    process.wait()


def said_by(folder, **env):
    """What its tests say, run in `folder`, where a copy of it stands and nothing else."""
    shutil.copytree(APP, folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONPATH"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "app"],
        cwd=folder,
        env={**alone, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_its_own_tests_pass_anywhere(tmp_path):
    said = said_by(tmp_path)
    assert re.search(r"\n\d\d passed in", said) and "failed" not in said, said


def test_they_pass_with_a_real_server(tmp_path, server):
    time.sleep(0.5)
    said = said_by(tmp_path / "copy", TEST_REDIS_URL=server)
    assert re.search(r"\n\d\d passed in", said) and "failed" not in said, said


def test_what_belongs_to_the_workshop_has_a_compose_file_and_a_project_of_its_own():
    service, workshop = (
        yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
        for name in ("docker-compose.yml", "compose.workshop.yaml")
    )
    assert set(service["services"]) == {"web", "redis"}
    assert not any("docker.sock" in str(one) or "profiles" in one for one in service["services"].values())
    assert workshop["name"] not in (service.get("name"), ROOT.name)
    assert set(workshop["services"]) == {"lab", "redis"}


@pytest.mark.parametrize("path", sorted(APP.rglob("*.py")), ids=lambda path: path.name)
def test_its_files_are_short_and_know_nothing_of_the_workshop(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < LINES
    assert not re.search(r"^\s*(?:from|import) workshop\b", text, re.MULTILINE)
