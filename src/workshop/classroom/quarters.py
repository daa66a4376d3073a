"""An engine for a class alone, on Linux and as root: a second dockerd in a network namespace of its own, with no way out but to packages.

`up` makes it, `down` throws it away, images, cache and all. What runs in it reaches nothing outside: the namespace has no link and no
route. The one way out is a socket file behind which a package index is kept (proxpi), and only builds are let through to it. All that runs
in it shares a memory limit, builds too, which BuildKit itself does not limit.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from workshop.classroom import parts
from workshop.classroom.parts import DATA, NAME, RUN
from workshop.course.lessons import Lesson
from workshop.course.places import ROOT, state_folder
from workshop.engine import engine, packages
from workshop.engine.images import SUPPLY_LABEL
from workshop.guests import hatch
from workshop.machine.cost import base_images
from workshop.outcomes import Unchecked

LISTENS = RUN / "engine.sock"
SOCKET = RUN / "docker.sock"  # leads there once all that the class needs is in the engine
NETNS = Path("/run/netns") / NAME
FETCH_LIMIT = 100  # seconds in which the index fetches a package; a build has a little more
ADDRESS, PORT = "203.0.113.7", 3141  # of the way to packages, inside; the address is one of those kept for examples
BRIDGE = "172.17.0.1/16"  # on which builds run
BUILDERS = "172.17.0.0/16"
SHARE = 0.7  # of the machine's memory, for all that runs in the engine
LOCK = ROOT / "requirements-class.txt"
LIMIT = 60.0  # seconds for a part of it to come up
PARTS = ("hatch", "index", "dockerd", "containerd")  # in the order in which they end


class NoQuarters(Exception):
    """There can be no engine for the class here. The text says why."""


def is_up() -> bool:
    """Whether a class engine answers."""
    return SOCKET.exists() and NETNS.exists() and _docker("version", timeout=5).returncode == 0


def inside() -> tuple[str, ...]:
    """What stands before a command that is to reach the engine's published ports."""
    return ("nsenter", f"--net={NETNS}")


def environment() -> dict[str, str]:
    """What a grader's process is told, so that it uses this engine, and its builds the kept index."""
    proxies = dict.fromkeys([*packages.PROXIES, *(name.lower() for name in packages.PROXIES)], "")
    return {
        **proxies,
        "DOCKER_HOST": f"unix://{SOCKET}",
        "DOCKER_CONTEXT": "",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"http://{ADDRESS}:{PORT}/index/",
        "PIP_TRUSTED_HOST": ADDRESS,
        **dict.fromkeys(("PIP_EXTRA_INDEX_URL", "PIP_PROXY"), ""),  # out of reach, and with passwords in them, perhaps
    }


def up(lessons: Iterable[Lesson], say: Callable[[str], None]) -> None:
    """Makes the engine and loads the images that the lessons need. Raises NoQuarters; then nothing is left of it."""
    binaries = _needed()
    if is_up():
        say("The class engine is up already.")
        return
    down()
    try:
        _namespace()
        _memory()
        _engine(binaries)
        say("Making ready the index of packages.")
        _index()
        for image in _images(lessons):
            say(f"Loading {image}.")
            _load(image)
        SOCKET.symlink_to(LISTENS)
    except BaseException:
        down()
        raise


def down() -> None:
    """Ends the engine and removes all that was its own."""
    SOCKET.unlink(missing_ok=True)
    if LISTENS.exists():
        running = _docker("ps", "--all", "--quiet").stdout.split()
        if running:
            _docker("rm", "--force", "--volumes", *running, timeout=120)
    for part in PARTS:
        parts.end(part)
    parts.end_what_runs()
    if NETNS.exists():
        subprocess.run(["ip", "netns", "delete", NAME], check=False, stderr=subprocess.DEVNULL)
    for mount in sorted(parts.mounts(), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False, stderr=subprocess.DEVNULL)
    for folder in (DATA, RUN):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in parts.cgroups():
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir():
                with contextlib.suppress(OSError):
                    path.rmdir()
        with contextlib.suppress(OSError):
            folder.rmdir()


def _needed() -> str:
    """The folders in which dockerd and what it calls are found, as a PATH. Raises NoQuarters."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise NoQuarters("An engine of its own takes Linux, and root: it makes a network namespace.")
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/local/sbin", "/usr/sbin", "/sbin"]
    for name in Path("/proc").glob("[0-9]*/comm"):  # where the engine that is up has its programs
        with contextlib.suppress(OSError):
            if name.read_text().strip() == "dockerd":
                home = (name.parent / "exe").resolve().parent
                folders += [str(home), str(home.with_name("bin"))]
    path = os.pathsep.join(folders)
    for program in ("dockerd", "containerd", "runc", "ip", "nsenter", "iptables"):
        if not shutil.which(program, path=path):
            raise NoQuarters(f"An engine of its own needs the program {program}, which is not here.")
    return path


def _namespace() -> None:
    for words in (
        ("netns", "add", NAME),
        ("-netns", NAME, "link", "set", "lo", "up"),
        ("-netns", NAME, "address", "add", f"{ADDRESS}/32", "dev", "lo"),
    ):
        done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoQuarters(f"The network namespace could not be made: {done.stderr.strip()}")


def _memory() -> None:
    """Makes the control group that holds all that runs in the engine, with its limit."""
    top = Path("/sys/fs/cgroup")
    most = str(int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * SHARE))
    is_two = (top / "cgroup.controllers").exists()
    folder = top / NAME if is_two else top / "memory" / NAME
    try:
        folder.mkdir(exist_ok=True)
        (folder / ("memory.max" if is_two else "memory.limit_in_bytes")).write_text(most)
    except OSError as error:
        raise NoQuarters(f"The memory of builds cannot be limited here: {error.strerror}.") from None


def _engine(path: str) -> None:
    RUN.mkdir(mode=0o700, parents=True, exist_ok=True)
    DATA.mkdir(mode=0o711, parents=True, exist_ok=True)
    env = {**os.environ, "PATH": path}
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY"):
        env.pop(name, None)
    address = RUN / "containerd.sock"
    container = ("containerd", "--root", DATA / "containerd", "--state", RUN / "containerd", "--address", address)
    parts.start("containerd", [*inside(), *map(str, container)], env)
    _wait(address.exists, "containerd")
    command = [
        *(
            "dockerd",
            "--host",
            f"unix://{LISTENS}",
            "--data-root",
            str(DATA / "docker"),
            "--exec-root",
            str(RUN / "exec"),
        ),
        *("--pidfile", str(RUN / "engine.pid"), "--containerd", str(address), "--bip", BRIDGE, "--dns", "127.0.0.1"),
        *("--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", f"/{NAME}", "--config-file", os.devnull),
    ]
    parts.start("dockerd", [*inside(), *command], env)
    _wait(lambda: LISTENS.exists() and _docker("version", timeout=5).returncode == 0, "dockerd")


def _index() -> None:
    """Starts the kept index outside, behind a socket file, and the hatch inside that leads to it."""
    python = _environment_of_index() / "bin" / "python"
    told = packages.pip_settings()
    known = [
        word
        for name in ("index-url", "extra-index-url")
        for word in told.get(name, "").split()
        if word.startswith("http")
    ]
    # After 0.9 s, its default, it would send a build to the address outside, which the build cannot reach.
    env = {**os.environ, "PROXPI_CACHE_DIR": str(DATA / "packages"), "PROXPI_DOWNLOAD_TIMEOUT": str(FETCH_LIMIT)}
    if known:
        env["PROXPI_INDEX_URL"] = known[0]
    if certificate := told.get("cert"):
        env["REQUESTS_CA_BUNDLE"] = certificate
    socket = RUN / "index.sock"
    serve = ("-m", "gunicorn", "--bind", f"unix:{socket}", "--workers", "1", "--threads", "16", "--timeout", "120")
    parts.start("index", [str(python), *serve, "proxpi.server:app"], env)
    _wait(socket.exists, "index")
    script = [sys.executable, "-IS", str(Path(hatch.__file__)), ADDRESS, str(PORT), str(socket), BUILDERS]
    parts.start("hatch", [*inside(), *script])


def _environment_of_index() -> Path:
    """The environment in which the index lives, made first where it is not there or its lock has changed."""
    folder = state_folder().resolve() / f"index-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        beside, python = Path(sys.executable).with_name("uv"), str(folder / "bin" / "python")
        uv = str(beside) if beside.exists() else shutil.which("uv")
        make = [uv, "venv", "--quiet", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
        install = (
            [uv, "pip", "install", "--quiet", "--python", python]
            if uv
            else [python, "-m", "pip", "install", "--quiet"]
        )
        for command in ([*make, str(folder)], [*install, "--require-hashes", "-r", str(LOCK)]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise NoQuarters(f"The index of packages could not be installed: {done.stderr.strip()[-300:]}")
        (folder / "complete").touch()
    return folder


def _images(lessons: Iterable[Lesson]) -> list[str]:
    """The images of the engine in use that the lessons stand on."""
    names = set().union(*(base_images(lesson) for lesson in lessons))
    supplied = engine.must(
        engine.docker("image", "ls", "--filter", f"label={SUPPLY_LABEL}", "--format", "{{.Repository}}:{{.Tag}}")
    ).out.split()
    return [
        *sorted(name for name in names if engine.has_image(name)),
        *(name for name in supplied if "<none>" not in name),
    ]


def _load(image: str) -> None:
    docker = engine.command()
    with subprocess.Popen([docker, "save", image], stdout=subprocess.PIPE) as saved:
        loaded = subprocess.run(
            [docker, "--host", f"unix://{LISTENS}", "load", "--quiet"],
            stdin=saved.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
    if loaded.returncode or saved.returncode:
        raise NoQuarters(f"The image {image} could not be loaded: {loaded.stderr.strip()}")


def _docker(*words: str, timeout: float = 30.0) -> subprocess.CompletedProcess[str]:
    command = [engine.command(), "--host", f"unix://{LISTENS}", *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", "no answer")


def _wait(is_there: Callable[[], bool], part: str) -> None:
    end = time.monotonic() + LIMIT
    while not is_there():
        if time.monotonic() > end:
            log = (RUN / f"{part}.log").read_text(errors="replace").strip().splitlines()[-5:]
            raise NoQuarters(f"{part} did not come up: {' | '.join(log)}")
        time.sleep(0.1)


def use() -> bool:
    """Has this process ask the class engine, if there is one; returns whether."""
    if sys.platform != "linux" or os.geteuid() != 0 or not is_up():
        return False
    os.environ["DOCKER_HOST"] = f"unix://{SOCKET}"
    os.environ.pop("DOCKER_CONTEXT", None)
    trouble = engine.trouble()
    if isinstance(trouble, Unchecked):
        raise trouble
    return True
