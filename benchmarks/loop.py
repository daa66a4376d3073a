"""How long a student waits: from a save to the first verdict and to the whole report; for a service, beside plain docker commands."""

from __future__ import annotations

import ast
import json
import queue
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workshop.course.lessons import Lesson, lay, parsed
from workshop.engine import builds, engine
from workshop.engine.helpers import published
from workshop.engine.limits import NETWORK_OPTIONS
from workshop.engine.run import Run
from workshop.runtimes import http
from workshop.runtimes.contract import PORT
from workshop.runtimes.docker import DockerRedis

PATIENCE = 120.0  # seconds for one report
REST = 1.5  # seconds between two saves, in which the watcher tidies up and gets ready


@dataclass
class Times:
    """Seconds of each repetition: to the first verdict about the service, to the end of the report, and by plain docker commands."""

    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median time to the first verdict, as a multiple of the plain commands'."""
        return statistics.median(self.first) / statistics.median(self.plain)


class Watcher:
    """`workshop watch N` on a folder, followed line by line."""

    def __init__(self, lesson: Lesson, folder: Path, runtime: str = "docker") -> None:
        command = [
            sys.executable,
            "-m",
            "workshop.cli",
            "watch",
            str(lesson.number),
            "--work",
            str(folder),
            "--runtime",
            runtime,
        ]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            bufsize=1,
        )
        self._lines: queue.Queue[tuple[float, str]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put((time.monotonic(), line))

    def wait_for(self, text: str) -> float:
        """The time at which a line with this text came. Raises TimeoutError after PATIENCE seconds."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                at, line = self._lines.get(timeout=1)
            except queue.Empty:
                continue
            if text in line:
                return at
        raise TimeoutError(f"The watcher never said “{text}”.")

    def end(self) -> None:
        """Ends it as Ctrl-C does, so that it tidies up."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)
        self._reader.join(5)


def measure(lesson: Lesson, repeat: int) -> Times:
    """The times of one lesson, `repeat` times each, the watcher's and the plain ones in turn."""
    times = Times()
    claims = list(lesson.promises.values())
    first = f"✓ {next(claim for name, claim in lesson.promises.items() if 'service' in fixtures_of(lesson, name))}"
    last = f" {len(claims)} of {len(claims)} ·"
    with tempfile.TemporaryDirectory(prefix="workshop-bench-") as scratch, Run() as run:
        folder, plain_folder = Path(scratch, lesson.name), Path(scratch, "plain")
        lay(lesson.finished(), folder)
        lay(lesson.finished(), plain_folder)
        with _plainly(run, lesson, plain_folder) as plainly:
            plainly(-1)
            watcher = Watcher(lesson, folder)
            try:
                watcher.wait_for(last)
                for number in range(repeat):
                    time.sleep(REST)
                    times.plain.append(plainly(number))
                    saved = time.monotonic()
                    with (folder / "app.py").open("a", encoding="utf-8") as app:
                        app.write(f"# {number}\n")
                    times.first.append(watcher.wait_for(first) - saved)
                    times.whole.append(watcher.wait_for(last) - saved)
            finally:
                watcher.end()
    return times


def measure_notebook(lesson: Lesson, repeat: int, runtime: str) -> Times:
    """The times of a notebook lesson from saving the notebook, `repeat` times; `plain` stays empty."""
    times = Times()
    claims = list(lesson.promises.values())
    first, last = f"✓ {claims[0]}", f" {len(claims)} of {len(claims)} ·"
    with tempfile.TemporaryDirectory(prefix="workshop-bench-") as scratch:
        folder = Path(scratch, lesson.name)
        lay(lesson.finished(), folder)
        path = folder / f"{lesson.name}.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        watcher = Watcher(lesson, folder, runtime)
        try:
            watcher.wait_for(last)
            for number in range(repeat):
                time.sleep(REST)
                text = json.dumps(notebook | {"metadata": notebook["metadata"] | {"saved": number}})
                saved = time.monotonic()
                path.write_text(text, encoding="utf-8")
                times.first.append(watcher.wait_for(first) - saved)
                times.whole.append(watcher.wait_for(last) - saved)
        finally:
            watcher.end()
    return times


def fixtures_of(lesson: Lesson, test: str) -> set[str]:
    """The fixtures that one check asks for."""
    tree = parsed(lesson.grader.read_text(encoding="utf-8"))
    return {
        argument.arg
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == test
        for argument in node.args.args
    }


@contextmanager
def _plainly(run: Run, lesson: Lesson, folder: Path) -> Iterator[Callable[[int], float]]:
    """The plain commands for the same steps: `docker build` where there is a Dockerfile, `docker run`, `docker port`, and asking until it answers."""
    network, redis_url = run.name("net"), None
    engine.must(run.docker("network", "create", "--label", run.label, *NETWORK_OPTIONS, network))
    if "redis" in lesson.needs:
        redis_url = DockerRedis(run, network).url
    built = (folder / "Dockerfile").exists()
    supplied = builds.supply("python", run)

    def once(number: int) -> float:
        with (folder / "app.py").open("a", encoding="utf-8") as app:
            app.write(f"# {number}\n")
        start = time.monotonic()
        image, name = supplied, run.name("plain")
        words = ["--mount", f"type=bind,source={folder},target=/app,readonly"]
        if built:
            image, words = run.name("plain-image"), []
            engine.must(run.docker("build", "--quiet", "--tag", image, "--label", run.label, str(folder), timeout=120))
        if redis_url:
            words += ["--env", f"REDIS_URL={redis_url}"]
        flags = [
            "--detach",
            "--name",
            name,
            "--label",
            run.label,
            "--network",
            network,
            "--publish",
            f"127.0.0.1::{PORT}",
        ]
        engine.must(run.docker("run", *flags, *words, image))
        port = published(run, name, PORT)
        while http.ask("GET", engine.host(), port, "/").status != 200:
            time.sleep(0.01)
        taken = time.monotonic() - start
        run.docker("rm", "--force", name)
        return taken

    yield once
    shutil.rmtree(folder, ignore_errors=True)
