"""What a container sees of itself, shown or looked at from outside: the files of its cgroup, its process tree."""

from __future__ import annotations

import re
from pathlib import Path

from workshop.engine.helpers import helper
from workshop.engine.run import Run

TOP = "/sys/fs/cgroup"
LIMIT_FILE = {1: f"{TOP}/memory/memory.limit_in_bytes", 2: f"{TOP}/memory.max"}
USED = 48 * 2**20 + 64 * 1024  # bytes that the files say are in use


def no_limit(version: int, page: int = 4096) -> str:
    """What the limit's file says where no limit is set; `page` is the machine's page size in bytes."""
    return "max" if version == 2 else str((2**63 - 1) // page * page)


def show(version: int, limit: int | str, folder: Path) -> Path:
    """Fills `folder` with what a container sees at /sys/fs/cgroup under that version of cgroups, and returns it.

    `limit` is the memory limit in bytes or `no_limit(version)`. Mount the folder read-only at TOP.
    """
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
            **{"memory/memory.limit_in_bytes": limit, "memory/memory.soft_limit_in_bytes": no_limit(1)},
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
    return folder


def family(run: Run, container: str, root: int) -> set[int]:
    """The process ids of process `root` of a container and of all that it started, as its own pid namespace has them.

    A helper in the same namespace looks; what is in the container's image does not matter.
    """
    seen = helper(run, "sh", "-c", "cat /proc/[0-9]*/stat", flags=("--pid", f"container:{container}"))
    parents = {int(pid): int(parent) for pid, parent in re.findall(r"^(\d+) \(.*\) \S (\d+)", seen.out, re.MULTILINE)}
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found
