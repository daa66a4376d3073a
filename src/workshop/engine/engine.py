"""Every call to the Docker Engine, through the `docker` command itself, each with a time limit.

BuildKit, Compose, contexts and credentials come with the command, and a student sees the words they learn.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from workshop.outcomes import Unchecked

if sys.platform == "linux":
    import resource

KEPT = 256 * 1024  # bytes kept of each end of an output
LISTED = (
    256 * 1024 * 1024
)  # the same, of an output of the engine's own that is read as a list; 3 MB seen of a build cache of 12,000 records
OWN_FAILURE = 125  # the exit code of `docker run` where docker itself failed
ANSWER_LIMIT = 5.0  # seconds in which a running engine answers
ASKED_AGAIN = 1.0  # seconds after which an engine that could not be used is asked again
SHARE = 10.0  # times as long as its answer took it is left alone, too: one that hangs takes ANSWER_LIMIT each time


class Trouble(StrEnum):
    """What keeps an engine from doing what it is asked; SAYS has the words for it."""

    MISSING = "missing"
    PERMISSION = "permission"
    STOPPED = "stopped"
    WSL = "wsl"
    VERSIONS = "versions"
    CONTEXT = "context"
    HOST = "docker host"
    HOME = "home"
    HANGS = "hangs"
    DISK_FULL = "disk full"
    CALL = "call"  # one call failed, for a reason of its own


# The words of the docker command, from 20.10 on: engines on Linux, rootless ones, Docker Desktop, Colima.
_FORBIDDEN = (
    r"permission denied while trying to connect|dial unix .*permission denied"
    r"|open //\./pipe/\S+: access is denied"
)
_NO_ENGINE = (
    r"cannot connect to the docker daemon|failed to connect to the docker api|is the docker daemon running"
    r"|error during connect|docker desktop is (?:unable to start|manually paused|starting)"
    r"|request returned (?:500 )?internal server error for api route"
)
TROUBLE = {
    Trouble.PERMISSION: re.compile(_FORBIDDEN, re.IGNORECASE),
    Trouble.WSL: re.compile(r"could not be found in this wsl", re.IGNORECASE),
    Trouble.VERSIONS: re.compile(r"client version \S+ is too (?:old|new)", re.IGNORECASE),
    Trouble.CONTEXT: re.compile(
        r"unable to resolve docker endpoint|context \S+ (?:not found|does not exist)", re.IGNORECASE
    ),
    Trouble.STOPPED: re.compile(_NO_ENGINE, re.IGNORECASE),
    Trouble.DISK_FULL: re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE),
}
_OWN_FILE = re.compile(  # what it says of a file or a folder of its own; a build's own steps stand behind a number
    r"^(?:ERROR: |WARNING: Error loading config file: )?(?:mkdir|open|stat) (?P<path>/[^:\n]*): "
    r"(?:permission denied|read-only file system|not a directory|no such file or directory|operation not permitted)$",
    re.MULTILINE,
)
_NOT_ITS_OWN = re.compile(
    r"^#\d+ .*$"  # what the steps of a build print, again in the summary of the one that failed, with its lines of the Dockerfile
    r"|^------\n > (?:.*\n)*?------$|^\S*ockerfile\S*:\d+\n-{4,}\n(?:.*\n)*?-{4,}$",
    re.MULTILINE,
)
_ANSWERED = re.compile(
    r"Error response from daemon: .*", re.DOTALL
)  # it was there, then; what follows may be the student's words too
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"')  # a command, a name in a compose file: the student's words
SAYS = {
    Trouble.MISSING: "There is no `docker` command on this machine. Install Docker Desktop (Windows, macOS) or Docker Engine (Linux), then run `./workshop doctor`.",
    Trouble.PERMISSION: "The Docker Engine is there, but this user may not talk to it. `./workshop doctor` says how to fix that.",
    Trouble.STOPPED: "The Docker Engine is not running. Start Docker Desktop, or on Linux `sudo systemctl start docker`; then run `./workshop doctor`.",
    Trouble.WSL: "Docker Desktop is not connected to this WSL distribution. Switch it on under Settings, Resources, "
    "WSL integration; then run `./workshop doctor`.",
    Trouble.VERSIONS: "The versions of the docker command and the Docker Engine do not work together. Update both, "
    "then run `./workshop doctor`.",
    Trouble.CONTEXT: "The docker command is set to an engine that it does not know. `docker context ls` lists them, `docker context use NAME` chooses one.",
    Trouble.HOST: "DOCKER_HOST is set to {DOCKER_HOST}, and no engine answers there. Start that engine, correct the address, or unset "
    "DOCKER_HOST to use this machine's own; then run `./workshop doctor`.",
    Trouble.HOME: "The docker command cannot write its settings below {HOME}. Set HOME, or DOCKER_CONFIG, to a folder that can be written, "
    "then run `./workshop doctor`.",
    Trouble.HANGS: "The Docker Engine does not answer. Restart it, then run `./workshop doctor`.",
    Trouble.DISK_FULL: "The disk of the Docker Engine is full. `./workshop clean` removes what the workshop made; `docker system df` shows the rest.",
}


def filled(words: str) -> str:
    """Words with the settings that they name in braces, as they are in this environment."""
    home = os.environ.get("DOCKER_CONFIG") or str(Path.home())
    return words.replace("{DOCKER_HOST}", os.environ.get("DOCKER_HOST", "")).replace("{HOME}", home)


class EngineTrouble(Unchecked):
    """The engine could not do what was asked, and that is not the student's fault."""

    def __init__(self, kind: Trouble, text: str) -> None:
        words = filled(SAYS[kind]) if kind in SAYS else f"The engine could not do its part: {_last_line(text)}"
        super().__init__(words, actual=text.strip() or None)
        self.kind = kind


class Keeper(Protocol):
    """Who is told of each docker process, so that none outlives its run."""

    def started(self, pid: int) -> None: ...
    def ended(self, pid: int, is_cut_off: bool = False) -> None: ...
    def inherited(self) -> tuple[int, ...]: ...


@dataclass(frozen=True)
class Done:
    """What a call printed and how it ended. `code` is None if it was ended, by its watch or at its time limit."""

    args: tuple[str, ...]
    code: int | None
    out: str
    err: str
    seconds: float
    stopped: Enum | None = None  # why its watch ended it

    @property
    def ok(self) -> bool:
        """Whether it ended with exit code 0."""
        return self.code == 0


class Tail:
    """Reads a pipe to its end in a thread and keeps the first and the last part of it."""

    def __init__(self, pipe: IO[bytes], seen: Callable[[bytes], None] | None = None, kept: int = KEPT) -> None:
        self.head, self.tail, self._seen, self._kept = bytearray(), b"", seen, kept
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe: IO[bytes]) -> None:
        while chunk := os.read(pipe.fileno(), 65536):
            if self._seen:
                self._seen(chunk)
            if len(self.head) < self._kept:
                self.head += chunk
            else:
                self.tail = (self.tail + chunk)[-self._kept :]

    def so_far(self) -> str:
        """What has been read up to now."""
        return (self.head + self.tail).decode("utf-8", "replace")

    def text(self) -> str:
        """What was read, once the pipe has ended or two seconds have passed."""
        self._thread.join(2)
        return self.so_far()


def command() -> str:
    """The path of the docker command. Raises EngineTrouble if there is none."""
    path = shutil.which("docker")
    if not path:
        raise EngineTrouble(Trouble.MISSING, "")
    return path


def _begun(words: list[str], **options: Any) -> subprocess.Popen[Any]:
    """A process, started. If other threads start some too, the kernel now and then says EFAULT to a good command (seen once in some hundred gradings)."""
    try:
        return subprocess.Popen(words, **options)
    except OSError as error:
        if error.errno != errno.EFAULT:
            raise
        return subprocess.Popen(words, **options)


def docker(
    *args: str,
    timeout: float = 30.0,
    data: bytes | None = None,
    keeper: Keeper | None = None,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    watch: Callable[[str], Enum | None] | None = None,
    kept: int = KEPT,
    memory: int | None = None,
) -> Done:
    """Runs `docker ARGS` for at most `timeout` seconds and returns what became of it; a failed command is no exception.

    Of an output longer than twice `kept` bytes, only this much of each end is returned: LISTED for a list that has to be whole.
    `watch` is asked twice a second, with what `err` holds so far, and ends the call by answering why.
    `memory` is how many bytes the command itself, on this machine, may take for its data; only Linux can hold it to that.
    Raises EngineTrouble if the engine is not there, may not be asked or has a full disk.
    """
    start = time.monotonic()
    process = _begun(
        [command(), *args],
        stdin=subprocess.PIPE if data is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        cwd=cwd,
        pass_fds=keeper.inherited() if keeper else (),
    )
    if memory and sys.platform == "linux":
        with contextlib.suppress(OSError):  # it has ended already
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (memory, memory))
    if keeper:
        keeper.started(process.pid)
    assert process.stdout and process.stderr
    out, err = Tail(process.stdout, kept=kept), Tail(process.stderr)
    try:
        if data is not None and process.stdin:
            _feed(process.stdin, data)
        code, stopped = _wait(process, start + timeout, functools.partial(_look, watch, err) if watch else None)
    finally:
        is_cut_off = process.poll() is None
        if is_cut_off:
            process.kill()
            process.wait()
        if keeper:
            keeper.ended(process.pid, is_cut_off)
    done = Done(args, code, out.text(), err.text(), time.monotonic() - start, stopped)
    process.stdout.close()
    process.stderr.close()
    if code is None and not stopped:
        return done
    if code != 0 and (seen := trouble_in(done)):
        forget_trouble()
        raise EngineTrouble(seen, done.err or done.out)
    return done


def talk(*args: str, keeper: Keeper) -> subprocess.Popen[bytes]:
    """Starts `docker ARGS` with a pipe to it and one from it. Whoever asked for it ends it, and tells its keeper; so does the keeper's end."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process: subprocess.Popen[bytes] = _begun([command(), *args], **pipes, pass_fds=keeper.inherited())
    keeper.started(process.pid)
    return process


def trouble_in(done: Done) -> Trouble | None:
    """The kind of trouble that a failed call told of, or None.

    What a container or the step of a build printed is no word of the engine's.
    """
    if done.args[0] in ("exec", "logs") or (done.args[0] == "run" and done.code != OWN_FAILURE):
        return None
    said = _QUOTED.sub('""', _NOT_ITS_OWN.sub("", done.err)) or done.out
    if _is_of_home(said):
        return Trouble.HOME
    if done.args[0] == "compose" and "config" in done.args:  # which asks no engine
        return None
    kinds = [kind for kind in TROUBLE if kind is not Trouble.DISK_FULL or done.args[0] != "build"]
    texts = dict.fromkeys((Trouble.PERMISSION, Trouble.STOPPED), _ANSWERED.sub("", said))
    return _at_that_host(next((kind for kind in kinds if TROUBLE[kind].search(texts.get(kind, said))), None))


def _is_of_home(said: str) -> bool:
    """Whether the docker command could not make or read its own folder of settings."""
    settings = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    found = _OWN_FILE.search(said)
    path = Path(found["path"]) if found else None
    return path is not None and (path.is_relative_to(settings) or settings.is_relative_to(path))


def _at_that_host(kind: Trouble | None) -> Trouble | None:
    """The kind of trouble with the engine in use; where DOCKER_HOST chose it, an engine that does not answer is that."""
    return Trouble.HOST if kind in (Trouble.STOPPED, Trouble.HANGS) and is_host_set() else kind


def is_host_set() -> bool:
    """Whether DOCKER_HOST in the environment chooses the engine."""
    return bool(os.environ.get("DOCKER_HOST")) and not os.environ.get("DOCKER_CONTEXT")


def _look(watch: Callable[[str], Enum | None], err: Tail) -> Enum | None:
    return watch(err.so_far())


def _feed(pipe: IO[bytes], data: bytes) -> None:
    def write() -> None:
        try:
            with pipe:
                pipe.write(data)
        except OSError:
            return  # the command ended before it read all; its exit code tells why

    threading.Thread(target=write, daemon=True).start()


def _wait(
    process: subprocess.Popen[bytes], end: float, watch: Callable[[], Enum | None] | None
) -> tuple[int | None, Enum | None]:
    while True:
        left = end - time.monotonic()
        try:
            return process.wait(max(0.0, min(left, 0.5) if watch else left)), None
        except subprocess.TimeoutExpired:
            if watch and (stopped := watch()):
                return None, stopped
            if left <= 0:
                return None, None


def must(done: Done) -> Done:
    """The same result; raises EngineTrouble where the command failed or ran into its time limit."""
    if done.code is None:
        raise EngineTrouble(Trouble.HANGS, f"docker {' '.join(done.args[:2])} gave no answer in {done.seconds:.0f} s")
    if not done.ok:
        raise EngineTrouble(Trouble.CALL, done.err or done.out)
    return done


class _Look(NamedTuple):
    """What the last look for trouble saw. It holds until `until` (time.monotonic(), seconds)."""

    trouble: EngineTrouble | None
    until: float


_last_look: _Look | None = None


def trouble() -> EngineTrouble | None:
    """What keeps the engine from being used, or None. At most 5 s.

    That there is none is known until a call meets some. Trouble is looked for again, at most once a second: the engine may be started meanwhile.
    """
    global _last_look
    if _last_look is None or time.monotonic() > _last_look.until:
        start = time.monotonic()
        seen = _trouble_now()
        took = time.monotonic() - start
        lasts = max(ASKED_AGAIN, SHARE * took) if seen else math.inf
        _last_look = _Look(seen, start + took + lasts)
    return _last_look.trouble


def forget_trouble() -> None:
    """Has `trouble` look again when it is asked next."""
    global _last_look
    _last_look = None


def _trouble_now() -> EngineTrouble | None:
    try:
        done = docker("version", "--format", "{{.Server.Version}}", timeout=ANSWER_LIMIT)
    except EngineTrouble as error:
        return error
    if done.code is None:
        return EngineTrouble(
            _at_that_host(Trouble.HANGS) or Trouble.HANGS, f"`docker version` gave no answer in {ANSWER_LIMIT:.0f} s."
        )
    return None if done.ok and done.out.strip() else EngineTrouble(Trouble.CALL, done.err or done.out)


@functools.cache
def endpoint() -> str:
    """The address of the engine in use, for instance unix:///var/run/docker.sock or ssh://me@lab."""
    if is_host_set():
        return os.environ["DOCKER_HOST"]
    configured = Path(os.environ.get("DOCKER_CONFIG", Path.home() / ".docker")) / "config.json"
    try:
        chosen = json.loads(configured.read_text(encoding="utf-8")).get("currentContext")
    except (OSError, ValueError):
        chosen = None
    if "DOCKER_CONTEXT" not in os.environ and chosen in (None, "default"):
        return ""
    return must(docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")).out.strip()


def host() -> str:
    """The host on which published ports of the engine in use are reached: 127.0.0.1 unless the engine is a remote one."""
    parts = urlsplit(endpoint())
    remote = parts.scheme in ("tcp", "ssh", "http", "https") and parts.hostname not in (
        None,
        "localhost",
        "127.0.0.1",
        "::1",
    )
    return str(parts.hostname) if remote else "127.0.0.1"


def is_remote() -> bool:
    """Whether the engine is on another machine, so that it cannot see this machine's files."""
    return host() != "127.0.0.1"


def publish(port: int) -> tuple[str, ...]:
    """The flags that publish a container's port on a host port of the engine's choice; on 127.0.0.1 unless it is remote."""
    return ("-p", f"{port}" if is_remote() else f"127.0.0.1::{port}")


@functools.cache
def knows_start_interval() -> bool:
    """Whether the engine and the docker command know `start_interval` of a health test: their common API is 1.44 or later."""
    api = must(docker("version", "--format", "{{.Client.APIVersion}}", timeout=ANSWER_LIMIT)).out.strip()
    return [int(part) for part in api.split(".")] >= [1, 44]


def has_image(name: str) -> bool:
    """Whether the engine has this image now, without pulling."""
    return docker("image", "inspect", "--format", "{{.Id}}", name).ok


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("Run 'docker ")]
    return lines[-1].strip() if lines else "it gave no reason"
