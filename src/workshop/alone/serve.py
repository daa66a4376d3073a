"""The page, JupyterLab and the checks in one container; what they start goes with them.

`python -m workshop.alone.serve` is what the service `workshop` of compose.workshop.yaml runs. The checkout is mounted under the name that it has on the
engine's host, and temporary folders lie in it (TMPDIR): so the engine finds each folder that a container is to mount.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from workshop.alone.mirror import Mirror
from workshop.course import lessons
from workshop.course.places import ROOT
from workshop.course.progress import Progress
from workshop.desk.desk import Desk
from workshop.engine import engine, notice
from workshop.lab import serve as lab
from workshop.patience import until
from workshop.reports.terminal import Terminal
from workshop.web.looking import Looker
from workshop.web.server import At, Page, origins

INSIDE = "0.0.0.0"  # published on 127.0.0.1 alone
PAGE_PORT, LAB_PORT = 8880, 8888
SOCKET, GATE = Path("/var/run/docker.sock"), Path("/run/gate/socket")
SETTINGS = Path(__file__).with_name("jupyter")
GRACE = 10.0  # seconds in which JupyterLab ends its kernels
SWEEPING = 20.0  # seconds in which a sweeper ends
SAYS = """The workshop is at

    {address}

Your files are in {work}. Ctrl-C here, or `docker compose -f compose.workshop.yaml down`, ends it and removes what it has started.
This container has the socket of your Docker Engine: what is typed in its terminal can do on this machine what an administrator can.
"""
NOT_SEEN = """The engine does not see this folder as {folder}. Lessons whose containers mount a folder cannot be checked. Call `docker compose`
in the folder of compose.workshop.yaml; on Windows in a WSL terminal.
"""


def port_outside(name: str, inside: int) -> int:
    """The port of this machine on which one of the container is published."""
    return int(os.environ.get(name) or inside)


@contextlib.contextmanager
def jupyterlab(redis: str) -> Iterator[dict[str, object]]:
    """JupyterLab, to the block's end. Yields what a page needs to show it: `port`, `base` and `token`.

    Its cookie is for one random path: whatever else is served on this machine's 127.0.0.1 is not sent it. Only the workshop's page may show it within.
    """
    token, base = secrets.token_hex(24), f"/{secrets.token_hex(4)}/"
    shown, page = port_outside("LAB_PORT", LAB_PORT), port_outside("PAGE_PORT", PAGE_PORT)
    headers = {"Content-Security-Policy": f"frame-ancestors 'self' {' '.join(origins(page))}"}
    words = [
        *lab.command(LAB_PORT, browser=False, host=INSIDE),
        f"--ServerApp.base_url={base}",
        f"--ServerApp.tornado_settings={json.dumps({'headers': headers})}",
        "--ServerApp.quit_button=False",  # it goes with the workshop
        "--ServerApp.allow_remote_access=False",  # a name that leads here from outside is refused
    ]
    env = lab.environment(SETTINGS, JUPYTER_TOKEN=token, REDIS_URL=redis)
    running = subprocess.Popen(
        words, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **lab.APART
    )
    try:
        yield {"port": shown, "base": base, "token": token}
    finally:
        running.terminate()
        try:
            running.wait(GRACE)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def answers(port: int) -> bool:
    """Whether somebody listens on this port of the container."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def temporary() -> None:
    """Has the place for temporary folders (TMPDIR) made anew: what an earlier container left there goes, as far as it can be removed."""
    folder = Path(os.environ["TMPDIR"])
    shutil.rmtree(folder, ignore_errors=True)  # a container that is still up may write there, or have written as root
    folder.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def environment() -> Iterator[None]:
    """Within the block the checkout has a `.venv`, which the lessons' texts activate: the image's, unless there is one of this machine's own."""
    link = ROOT / ".venv"
    if not os.path.lexists(link):
        link.symlink_to(os.environ["WORKSHOP_VENV"])
    try:
        yield
    finally:
        if link.is_symlink():
            link.unlink()


def is_seen() -> bool:
    """Whether the engine's host has the checkout under the name that it has in here."""
    shape = "{{range .Mounts}}{{println .Source .Destination}}{{end}}"
    done = engine.docker("inspect", "--format", shape, os.uname().nodename)
    return not done.ok or f"{ROOT} {ROOT}" in done.out.splitlines()


def has_no_children() -> bool:
    """Whether all processes that this one began have ended."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def serve() -> None:
    """Serves to the end of the process."""
    redis = os.environ.pop("REDIS_URL")  # that of the notebooks alone
    lab.open_notebooks()
    page_port, lab_port = port_outside("PAGE_PORT", PAGE_PORT), port_outside("LAB_PORT", LAB_PORT)
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,  # the page shows it all
        environment(),
        Mirror(GATE),
        jupyterlab(redis) as editor,
        Desk("auto", Terminal(nowhere)) as desk,
    ):
        notice.listen(lambda text: desk.live.note(notice=text))
        desk.live.note(editor={})  # the page says that it is coming

        def announce() -> None:
            until(lambda: answers(LAB_PORT), math.inf, 0.2)
            desk.live.note(editor=editor)

        threading.Thread(target=announce, daemon=True).start()
        at = At(INSIDE, PAGE_PORT, page_port, frames=(lab_port,))
        with Page(desk.live, Looker(lambda: desk.session), desk.actions(), at) as page:
            lab.say(SAYS.format(address=page.address, work=ROOT / "work"))
            desk.work_on(Progress().current(lessons.catalogue()))


def main() -> None:
    """Serves in the container, as the user to whom the checkout belongs, until it is told to end."""
    lab.become_owner(SOCKET.stat().st_gid)
    os.umask(0o022)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    temporary()
    if engine.trouble() is None and not is_seen():
        lab.say(NOT_SEEN.format(folder=ROOT))
    try:
        serve()
    except KeyboardInterrupt:
        lab.say("The workshop ends, and removes what it has started.")
    until(has_no_children, SWEEPING, 0.1)


if __name__ == "__main__":
    main()
