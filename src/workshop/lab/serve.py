"""JupyterLab on the notebooks, with a Redis beside it; both end together.

`python -m workshop.lab.serve` is what the `lab` service of compose.workshop.yaml runs: there Redis is a service of its own, named by REDIS_URL.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workshop.course import lessons
from workshop.course.places import ROOT
from workshop.engine import engine
from workshop.grading.bench import Session
from workshop.outcomes import Unchecked
from workshop.runtimes.docker import DockerRedis
from workshop.runtimes.embedded import LocalRedis
from workshop.wire.sockets import HERE

HOST_IN_CONTAINER = "0.0.0.0"  # published on 127.0.0.1 alone
PORT = 8888
SETTINGS = Path(__file__).with_name("jupyter")
PEOPLE = Path("/etc/passwd")
GRACE = 10.0  # seconds in which JupyterLab ends its kernels


def open_notebooks() -> list[Path]:
    """The student's notebooks, each copied to the student's own place if it is not there yet."""
    notebooks = []
    for lesson in lessons.catalogue():
        if lesson.notebook:
            mine = lesson.open() / lesson.notebook.name
            if not mine.exists():
                shutil.copyfile(lesson.notebook, mine)
            notebooks.append(mine)
    return notebooks


def start_page() -> str:
    """What JupyterLab shows first: the path of the first notebook."""
    first = next(iter(open_notebooks()), None)
    return f"/lab/tree/{first.relative_to(ROOT).as_posix()}" if first else "/lab"


def command(port: int | None = None, browser: bool = True, host: str = HERE) -> list[str]:
    """The command that serves JupyterLab on the checkout; the token is Jupyter's own, new at each start.

    It prints its address, and errors. Its traffic with the kernels is encrypted: others on the machine could listen to it.
    """
    words = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={ROOT}",
        f"--ServerApp.ip={host}",
        f"--LabApp.default_url={start_page()}",
    ]
    words += ["--ServerApp.log_level=ERROR", "--LabApp.log_level=ERROR", "--KernelManager.transport_encryption=auto"]
    if port is not None:
        words += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        words.append("--no-browser")
    if os.name == "posix" and os.getuid() == 0:
        words.append("--allow-root")
    return words


def environment(*settings: Path, **more: str) -> dict[str, str]:
    """The environment of JupyterLab: this one, `more`, and the workshop's defaults for its settings, those of further folders before them."""
    paths = [*map(str, settings), str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths)), **more}


def need_free(port: int) -> None:
    """Raises Unchecked if something else listens on this port."""
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # else a port that was just given back counts as taken
        try:
            probe.bind((HERE, port))
        except OSError as error:
            hint = f"JupyterLab cannot listen on port {port} ({error.strerror}). Choose another with `--port`, or leave `--port` out to use a free one."
            raise Unchecked(hint) from None


@contextlib.contextmanager
def redis_beside(session: Session) -> Iterator[str]:
    """A Redis for the notebooks: a container if there is an engine, else a local server. Yields its address."""
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
    """Serves until Ctrl-C or until JupyterLab is shut down; returns its exit code. Raises Unchecked if it cannot begin."""
    if port is not None:
        need_free(port)
    if runtime == "auto" and engine.trouble():
        say("No Docker Engine answers here, so Redis is a local process. That is good enough for the notebooks.")
    with Session(runtime) as session, redis_beside(session) as url:
        say(f"Redis is at {url}. JupyterLab is starting; Ctrl-C stops both.")
        env = environment(REDIS_URL=url, JUPYTER_RUNTIME_DIR=str(session.run.scratch("jupyter")))
        lab = subprocess.Popen(command(port, browser), cwd=ROOT, env=env, stdin=subprocess.DEVNULL, **APART)
        session.run.started(lab.pid)
        try:
            return lab.wait()
        except KeyboardInterrupt:
            say("JupyterLab and Redis are stopping.")
            lab.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                lab.wait(GRACE)
            return 0
        finally:
            if lab.poll() is None:
                lab.kill()
                lab.wait()
            session.run.ended(lab.pid)


# Ctrl-C in the terminal reaches the workshop alone, which then ends JupyterLab in good order.
APART: dict[str, Any] = {"start_new_session": True} if os.name == "posix" else {"creationflags": 0x200}


def say(line: str) -> None:
    """One line for the person at the terminal."""
    print(line, file=sys.stderr, flush=True)


def become_owner(*groups: int) -> None:
    """In a container: goes on as the user to whom the checkout belongs, so that what is saved is theirs; with the rights of these groups besides."""
    owner = ROOT.stat()
    if os.getuid() == 0 and owner.st_uid != 0:
        if owner.st_uid not in {int(line.split(":")[2]) for line in PEOPLE.read_text(encoding="utf-8").splitlines()}:
            with PEOPLE.open("a", encoding="utf-8") as people:  # a shell complains about somebody who has no name
                people.write(f"student:x:{owner.st_uid}:{owner.st_gid}::{Path.home()}:/bin/bash\n")
        os.setgroups(groups)
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


def main() -> None:
    """Serves in a container. Only the workshop knows on which port of the host it is published (LAB_PORT), so it makes the token and prints the address."""
    become_owner()
    token = secrets.token_hex(24)
    words = command(PORT, browser=False, host=HOST_IN_CONTAINER)
    say(
        f"JupyterLab starts. It is at\n\n    http://{HERE}:{os.environ.get('LAB_PORT') or PORT}{start_page()}?token={token}\n"
    )
    os.execve(words[0], words, environment(JUPYTER_TOKEN=token))


if __name__ == "__main__":
    main()
