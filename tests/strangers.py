"""A class of attackers for tests: handed in, graded as a teacher does it, and looked at for what it left."""

import json
import os
import subprocess
import threading

from calling import COMMAND, ROOT

from workshop.engine import engine
from workshop.patience import until


def lay(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


class Watched:
    """A call of `class grade` in a state folder of its own: its document, its screen, and the ids of its runs."""

    def __init__(self, folder, numbers, *args):
        self.state, self.out = folder / "state", folder / "out"
        self.state.mkdir()
        (self.state / "runs").mkdir()
        self.runs, self._is_over = set(), threading.Event()
        watcher = threading.Thread(target=self._watch)
        watcher.start()
        command = [
            *COMMAND,
            "class",
            "grade",
            str(folder / "in"),
            "--lessons",
            numbers,
            "--out",
            str(self.out),
            "--json",
            *args,
        ]
        env = {**os.environ, "WORKSHOP_STATE": str(self.state)}
        self.done = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, env=env, timeout=560, check=False
        )
        self._is_over.set()
        watcher.join()
        assert self.done.returncode in (0, 3), self.done.stderr
        self.document = json.loads(self.done.stdout)
        self.verdicts = {row["student"]: row["verdict"] for row in self.document["rows"]}

    def _watch(self):
        while not self._is_over.wait(0.2):
            self.runs |= {path.name for path in (self.state / "runs").iterdir()}

    def feedback(self, student):
        return (self.out / "feedback" / f"{student}.md").read_text(encoding="utf-8")

    def expect_passed(self, *students):
        """Asks that the work of these passed; where one did not, its feedback says why."""
        for student in students:
            assert self.verdicts[student] == "passed", self.feedback(student)

    def left(self):
        """What is left of these runs in the engine and of their locks, once the sweepers have had their time."""
        return until(self._left_now, limit=90.0, pause=1.0, enough=lambda found: not found)

    def _left_now(self):
        things = [path.name for path in (self.state / "runs").iterdir()]
        for run in self.runs:
            for kind in (("ps", "-a"), ("network", "ls"), ("volume", "ls"), ("image", "ls")):
                listed = engine.docker(*kind, "-q", "--filter", f"label=workshop.run={run}")
                things += engine.must(listed).out.split()
        return things
