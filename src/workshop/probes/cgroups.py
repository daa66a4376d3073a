"""What a container sees of itself, shown or looked at from outside: the files of its cgroup, its limit, its processes."""

from __future__ import annotations

import re
from pathlib import Path

from workshop.engine.engine import must
from workshop.engine.helpers import helper
from workshop.engine.run import Run
from workshop.runtimes.docker import DockerService

TOP = "/sys/fs/cgroup"
LIMIT_FILE = {1: f"{TOP}/memory/memory.limit_in_bytes", 2: f"{TOP}/memory.max"}
SOFT_LIMIT = (2**63 - 1) // 4096 * 4096  # what version 1 says of a limit that is not set
USED = 48 * 2**20 + 64 * 1024  # bytes that the files say are in use


def cgroup_files(run: Run, version: int, limit: int | None, page: int = 4096) -> dict[Path, str]:
    """Folders to mount in a container, so that it sees what one under that version of cgroups sees at /sys/fs/cgroup.

    `limit` is the memory limit in bytes, None for no limit; `page` the machine's page size in bytes.
    """
    none = "max" if version == 2 else str((2**63 - 1) // page * page)
    folder = run.scratch("cgroup")
    _write(version, none if limit is None else limit, folder)
    return {folder: TOP}


def _write(version: int, limit: int | str, folder: Path) -> None:
    swap = 2 * limit if isinstance(limit, int) else limit  # memory and swap together, as the engine sets it
    if version == 2:
        files = {
            **{"memory.max": limit, "memory.high": "max", "memory.low": 0, "memory.swap.max": limit},
            **{"memory.current": USED, "memory.peak": USED + 4096, "memory.stat": f"anon {USED}\nfile 0"},
            **{"pids.max": 128, "cpu.max": "100000 100000", "cgroup.procs": 1, "cgroup.type": "domain"},
            "cgroup.controllers": "cpuset cpu io memory pids",
        }
    else:
        files = {
            **{"memory/memory.limit_in_bytes": limit, "memory/memory.soft_limit_in_bytes": SOFT_LIMIT},
            **{"memory/memory.memsw.limit_in_bytes": swap, "memory/memory.usage_in_bytes": USED},
            "memory/memory.max_usage_in_bytes": USED + 4096,
            "memory/memory.stat": f"rss {USED}\nhierarchical_memory_limit {limit}\nhierarchical_memsw_limit {swap}",
            **{"pids/pids.max": 128, "cpu/cpu.cfs_quota_us": 100000},
            **{f"{controller}/cgroup.procs": 1 for controller in ("memory", "pids", "cpu")},
        }
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{content}\n", encoding="utf-8")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o444)


def start_again(service: DockerService, memory: int) -> None:
    """Stops a container, gives it another memory limit in bytes, and starts it again. Raises NotUp if it does not stay up."""
    service.stop(grace=0)
    must(service.run.docker("update", "--memory", str(memory), "--memory-swap", str(memory), service.name))
    must(service.run.docker("start", service.name))
    service.find_port()


def family(service: DockerService, root: int) -> set[int]:
    """The ids of process `root` of a container and of all that it started and that still run, as its own pid namespace has them."""
    rows = _processes(service)
    found = {root}
    while more := {pid for pid, _, parent in rows if parent in found} - found:
        found |= more
    return found - {pid for pid, state, _ in rows if state == "Z"}


def zombies(service: DockerService) -> set[int]:
    """The ids of processes that have ended unnoticed by whoever started them. They are in /proc still, and not in `docker top`."""
    return {pid for pid, state, _ in _processes(service) if state == "Z"}


def _processes(service: DockerService) -> list[tuple[int, str, int]]:
    """The processes in a container as (id, state, parent's id). A helper in its pid namespace looks, whatever is in its image."""
    seen = helper(service.run, "sh", "-c", "cat /proc/[0-9]*/stat", flags=("--pid", f"container:{service.name}"))
    rows = re.findall(r"^(\d+) \(.*\) (\S) (\d+)", seen.out, re.MULTILINE)
    return [(int(pid), state, int(parent)) for pid, state, parent in rows]
