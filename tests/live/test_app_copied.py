"""The finished service in `app/`: its own tests, copied away as a student would."""

import os
import re
import shutil
import subprocess
import sys

from workshop.course.places import ROOT

APP = ROOT / "app"


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
