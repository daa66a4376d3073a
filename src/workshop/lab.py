"""JupyterLab on the notebooks, with a Redis beside it; both end together.

`python -m workshop.lab` is what the `lab` service of docker-compose.yml runs: there Redis is a service of its own, named by REDIS_URL.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from workshop import lessons
from workshop.grading.bench import Session
from workshop.lessons import ROOT
from workshop.runtimes.docker import DockerRedis
from workshop.runtimes.embedded import LocalRedis

HOST_IN_CONTAINER = "0.0.0.0"  # published on 127.0.0.1 alone
PORT = 8888


def open_notebooks() -> list[Path]:
    """The student's notebooks, each laid into the student's own place where it is not there yet."""
    found = []
    for lesson in lessons.catalogue():
        if lesson.notebook:
            found.append(lesson.open() / lesson.notebook.name)
    return found


def command(port: int | None = None, browser: bool = True, host: str = "127.0.0.1") -> list[str]:
    """The command that serves JupyterLab on the checkout; the token is Jupyter's own, new at each start."""
    words = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={ROOT}", f"--ServerApp.ip={host}"]
    if port is not None:
        words += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        words.append("--no-browser")
    first = next(iter(open_notebooks()), None)
    if first:
        words.append(f"--LabApp.default_url=/lab/tree/{first.relative_to(ROOT).as_posix()}")
    return words


@contextlib.contextmanager
def redis_beside(session: Session) -> Iterator[str]:
    """A Redis for the notebooks: a container where there is an engine, else a local server. Yields its address."""
    if session.runtime == "docker":
        server = DockerRedis(session.run, session.docker.network())
        yield f"redis://{server.host}:{server.port}/0"
        return
    local = LocalRedis(session.run)
    try:
        yield local.url
    finally:
        local.end()


def serve(runtime: str, port: int | None, browser: bool) -> int:
    """Serves until Ctrl-C or until JupyterLab is shut down; returns its exit code."""
    with Session(runtime) as session, redis_beside(session) as url:
        print(f"Redis is at {url}; JupyterLab starts. Ctrl-C twice ends both.", file=sys.stderr, flush=True)
        lab = subprocess.Popen(command(port, browser), cwd=ROOT, env={**os.environ, "REDIS_URL": url})
        session.run.started(lab.pid)
        try:
            return lab.wait()
        except KeyboardInterrupt:
            lab.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                lab.wait(10)
            return 0
        finally:
            if lab.poll() is None:
                lab.kill()
                lab.wait()
            session.run.ended(lab.pid)


def main() -> None:
    """Serves in a container, as the user to whom the checkout belongs, so that what is saved is theirs."""
    owner = ROOT.stat()
    os.environ["HOME"] = "/tmp"
    if os.getuid() == 0 and owner.st_uid != 0:
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
    words = command(PORT, browser=False, host=HOST_IN_CONTAINER)
    os.execv(words[0], [*words, "--ServerApp.custom_display_url=http://127.0.0.1:8888/", *(["--allow-root"] if os.getuid() == 0 else [])])


if __name__ == "__main__":
    main()
