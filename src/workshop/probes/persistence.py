"""What lesson 16 does to the data of a stack's Redis: writes, kills, cuts a log off, fills the disk, runs the student's scripts. Each step is noted."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from workshop.course import handin
from workshop.engine.engine import Done, must
from workshop.outcomes import Mismatch, Unchecked
from workshop.patience import until
from workshop.probes.stacks import DrilledStack

# Sets a key, and answers with its name: an answer tells by itself which write it acknowledges.
WRITE = "EVAL \"redis.call('SET', KEYS[1], ARGV[1]) return KEYS[1]\" 1 {key} {value}"
# Logs a value of 1,000 bytes under one key, again and again.
OVERWRITE = "EVAL \"for n = 1, ARGV[1] do redis.call('SET', KEYS[1], string.rep('x', 1000)) end\" 1 {key} {count}"
# Runs what comes in; beside it a client asks again and again, on one connection.
BESIDE = "redis-cli -r 1000000 -i 0.05 INFO persistence & watch=$!; sh -s >&2; code=$?; kill $watch; redis-cli INFO persistence commandstats; exit $code"
# Cuts the last bytes off the log: of the newest file that holds commands.
CUT = (
    "cd {folder} && log=$(grep 'type i' *.manifest | tail -n 1 | cut -d ' ' -f 2) && truncate --size=-{count} \"$log\""
)
# With `appendfsync everysec` Redis holds writes back while an fsync is under way, for two seconds at most.
SETTLED = (
    "for n in $(seq 100); do redis-cli INFO persistence | grep -q aof_buffer_length:[1-9] || break; sleep 0.05; done"
)
REFUSED_LIMIT = 10.0  # seconds in which a write meets the full disk
MARK = "workshop:settings-end-here"
DATA = "/data"  # where Redis writes in its image
SCRIPT_LIMIT = 20.0  # seconds for a script of the student's
FILLER = 256  # blocks of 64 kB at most: a disk that is not small is left alone
SPACE_LIMIT = 20.0  # seconds in which writes are taken again: Redis looks once a second, Docker waits longer before each new start


class Notes(Protocol):
    """The timeline of a drill."""

    def note(self, lane: str, what: str) -> None: ...


class Keys(Protocol):
    """Random keys."""

    def key(self) -> str: ...


@dataclass(frozen=True)
class Ran:
    """A script that was run in the container of Redis. `code` is None if it had not ended after SCRIPT_LIMIT seconds.

    `looks` are the answers to INFO that another client got meanwhile, `after` is the one from the moment at which it ended.
    """

    code: int | None
    printed: str
    looks: tuple[dict[str, str], ...]

    @property
    def after(self) -> dict[str, str]:
        """What INFO told when the script ended."""
        return self.looks[-1] if self.looks else {}

    def saw(self, name: str, value: str) -> bool:
        """Whether another client was told so meanwhile."""
        return any(look.get(name) == value for look in self.looks)


class Data:
    """The data in the Redis of a stack, and what a drill does to it."""

    def __init__(self, stack: DrilledStack, drill: Notes, some: Keys) -> None:
        self.stack, self.note, self._some = stack, drill.note, some
        self.settings: dict[str, str] = {}  # of Redis, as the drill found them
        self._keeper = ""

    def write(self, count: int = 100, size: int = 0, settles: bool = True) -> list[str]:
        """Sets new keys one after the other, each with a value of at least `size` bytes. The keys of the writes that were acknowledged.

        If it `settles`, Redis holds none of them back any more.
        """
        acknowledged = self._write(count, size, f"redis-cli; {SETTLED}" if settles else "redis-cli")
        self.note("client", f"{len(acknowledged)} of {count} writes acknowledged")
        return acknowledged

    def write_until_refused(self, size: int) -> tuple[list[str], int]:
        """Sets new keys until one is refused: the keys of the writes that were acknowledged, and the number of those that were not.

        Redis holds writes back in memory, and acknowledges them, while an fsync is under way, for two seconds at most.
        """
        acknowledged, refused = list[str](), 0
        end = time.monotonic() + REFUSED_LIMIT
        while not refused and time.monotonic() < end:
            keys = self.write(20, size, settles=False)
            acknowledged, refused = acknowledged + keys, 20 - len(keys)
        return acknowledged, refused

    def lost(self, keys: Sequence[str]) -> list[str]:
        """Those of the keys that Redis does not have, or not with their value."""
        values = self._ask(f"MGET {' '.join(keys)}") if keys else []
        lost = [key for key, value in zip(keys, values, strict=False) if not value.startswith(_value(key))]
        lost += keys[len(values) :]
        self.note("client", f"{len(keys) - len(lost)} of {len(keys)} there, {len(lost)} lost")
        return lost

    def cli(self, *words: str) -> str:
        """What `redis-cli` answers."""
        answer = self.stack.redis_cli(*words)
        self.note("client", f"{' '.join(words)}: {answer}")
        return answer

    def setting(self, name: str) -> str:
        """A setting of the Redis that runs."""
        return self.stack.redis_cli("CONFIG", "GET", name).partition("\n")[2]

    @property
    def evicts_by(self) -> str:
        """The policy by which Redis throws away keys that have no time to live when its memory is full; `none` if it does not."""
        policy = self.settings.get("maxmemory-policy", "")
        return policy if policy.startswith("allkeys") and self.settings.get("maxmemory") != "0" else "none"

    @property
    def mounts(self) -> dict[str, str]:
        """What the file mounts in the container of Redis: place → `memory`, `folder` (of the host), `volume`, or `unnamed` (a volume)."""
        service = self.stack.config["services"]["redis"]
        in_memory = service.get("tmpfs") or []
        places = [in_memory] if isinstance(in_memory, str) else in_memory
        made = {place.partition(":")[0]: "memory" for place in places}
        for mount in service.get("volumes") or []:
            kind = {"tmpfs": "memory", "bind": "folder"}.get(
                mount["type"], "volume" if mount.get("source") else "unnamed"
            )
            made[mount["target"].rstrip("/")] = kind
        return made

    def info(self, section: str = "persistence") -> dict[str, str]:
        """What INFO tells."""
        return _told(self.stack.redis_cli("INFO", section))

    def kill(self) -> None:
        """`docker compose kill`."""
        self.stack.kill("redis")
        self.note("redis", "killed")

    def stop(self) -> None:
        """`docker compose stop`."""
        self.stack.stop("redis")
        self.note("redis", "stopped")

    def start(self) -> None:
        """`docker compose start`; returns once Redis answers. Raises NotUp if it does not."""
        self.stack.start("redis")
        self.note("redis", "started")
        self.stack.redis_answers()
        self.note("redis", "answers")

    def down_and_up(self, volumes: bool = False) -> None:
        """`docker compose down`, with `--volumes` if asked, and `up`."""
        self.note("stack", f"docker compose down{' --volumes' if volumes else ''}")
        self.stack.down(volumes=volumes)
        self.note("redis", "its container is gone")
        self.note("stack", "docker compose up")
        self.stack.up(well=False)
        self.note("redis", "a new one answers")

    def cut_log(self, count: int) -> None:
        """Takes the last bytes of the log away, as if Redis had been cut off in the middle of writing them."""
        must(self._exec("sh", "-c", CUT.format(folder=self._log_folder(), count=count)))
        self.note("redis", f"the last {count} bytes of its log are gone")

    def snapshots_only(self) -> None:
        """Turns the log off and removes it, so that a snapshot is all that there is on the disk."""
        folder = self._log_folder()
        self._ask("CONFIG SET appendonly no\nSAVE")
        self._exec("rm", "-r", folder)
        self.note("redis", "its log is off and gone, a snapshot is there")

    def overwrite(self, megabytes: int) -> None:
        """Lets the log grow by as many megabytes, and the data by one small value."""
        self._ask(OVERWRITE.format(key=self._some.key(), count=1000 * megabytes))
        self.note("client", f"overwrites one key: {megabytes} MB of log")

    def slow_disk(self, milliseconds: int) -> None:
        """From now on, until it is started again, Redis takes so long for each key of a snapshot, or of a log that it writes anew.

        Raises Mismatch if Redis takes no such command.
        """
        answer = self.stack.redis_cli("CONFIG", "SET", "rdb-key-save-delay", str(milliseconds * 1000))
        if answer != "OK":
            raise Mismatch(expected="OK", actual=answer)

    def run(self, name: str) -> Ran:
        """Runs a script of the student's in the container of Redis, as `docker compose exec -T redis sh < NAME` does."""
        script = handin.require(self.stack.folder, name, self.stack.lesson).read_bytes()
        self.note("script", f"{name} begins")
        done = self._exec("sh", "-c", BESIDE, data=script, limit=SCRIPT_LIMIT)
        looks = tuple(_told(part) for part in done.out.split("# Persistence")[1:])
        self.note("client", f"was answered {len(looks)} times meanwhile")
        self.note("script", f"ends with code {done.code}" if done.code is not None else "does not end")
        return Ran(done.code, done.err.strip(), looks)

    def fill_disk(self) -> None:
        """Takes all the space on the volume in which Redis keeps its data. Raises Mismatch if that is in no volume."""
        folder, mounts = self.settings.get("dir", DATA), self.stack.service("redis").inspect()["Mounts"]
        there = [mount for mount in mounts if f"{folder}/".startswith(f"{mount['Destination'].rstrip('/')}/")]
        inmost: dict[str, str] = max(there, key=lambda mount: len(mount["Destination"]), default={})
        if inmost.get("Type") != "volume":
            raise Mismatch(expected=f"a volume on {folder}", actual="none")
        self._keeper = self.stack.keeper(inmost["Name"])
        words = ("dd", "if=/dev/zero", "of=/disk/filler", "bs=64k", f"count={FILLER}")
        filled = self.stack.run.docker("exec", self._keeper, *words)
        if "No space left" not in filled.err:
            raise Unchecked("The small disk could not be filled.", actual=filled.err.strip() or None)
        self.note("disk", "full")

    def free_disk(self) -> None:
        """Gives the space back."""
        must(self.stack.run.docker("exec", self._keeper, "rm", "/disk/filler"))
        self.note("disk", "has space again")

    def takes_writes_again(self) -> bool:
        """Whether Redis takes writes again by itself, in time; if its container has ended for good, that is known at once."""

        def look() -> bool | None:
            if self._write(1, 0, f"redis-cli; {SETTLED}"):
                return True
            return False if (self.stack.state("redis") or {}).get("Status") == "exited" else None

        taken = bool(until(look, SPACE_LIMIT, 0.2, enough=lambda seen: seen is not None))
        self.note("client", "writes are taken again" if taken else "no write is taken")
        return taken

    def _write(self, count: int, size: int, shell: str) -> list[str]:
        keys = [f"{self._some.key()}:{number}" for number in range(count)]
        answers = set(self._ask("\n".join(WRITE.format(key=key, value=_value(key, size)) for key in keys), shell))
        return [key for key in keys if key in answers]

    def _log_folder(self) -> str:
        return f"{self.settings.get('dir', DATA)}/{self.settings.get('appenddirname', 'appendonlydir')}"

    def _exec(self, *words: str, data: bytes = b"", limit: float = 15.0) -> Done:
        """A command in the container of Redis, with what it reads."""
        place = ("exec", "--interactive", self.stack.first("redis") or "redis")
        return self.stack.run.docker(*place, *words, data=data, timeout=limit)

    def _ask(self, commands: str, shell: str = "redis-cli") -> list[str]:
        """What `redis-cli` prints for commands that it reads line by line. The first time it is asked for all settings, too."""
        first = f"CONFIG GET *\nECHO {MARK}\n" if not self.settings else ""
        told = self._exec("sh", "-c", shell, data=f"{first}{commands}\n".encode()).out.splitlines()
        if first and MARK in told:
            at = told.index(MARK)
            self.settings, told = dict(zip(told[:at:2], told[1:at:2], strict=False)), told[at + 1 :]
        return told


def _value(key: str, size: int = 0) -> str:
    return f"value-of-{key}-".ljust(size, "x")


def _told(text: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^(\w+):([^\r\n]*)", text))
