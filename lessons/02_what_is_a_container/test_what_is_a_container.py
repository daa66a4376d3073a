"""Lesson 2: a process that tells what it is, compared with what can be seen of its container from outside."""

import re
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from workshop.grader import (
    Some,
    Unchecked,
    cgroup_files,
    engine_host,
    expect,
    family,
    rests_on,
    start_again,
    until,
    wanted,
    zombies,
)

PATIENCE = 30  # seconds for a start or an answer: a busy machine is no mistake of the app's
LONG = "900"  # seconds that a sleeper sleeps: longer than a grading
JSON = "test_whoami_is_json"
LIMITS = ("test_the_limit_of_version_2", "test_the_limit_of_version_1")


def up(container):
    """The container, once it answers."""
    return container.wait_until_up(limit=PATIENCE, hang=PATIENCE)


def whoami(container):
    """What the container's /whoami says."""
    return container.get("/whoami", limit=PATIENCE).expect(200, json=dict).json


def ask(container, key):
    """What the container's /whoami says of `key`."""
    told = whoami(container)
    expect(told, wanted(f'an object with "{key}"', lambda told: key in told))
    return told[key]


@pytest.fixture(scope="module")
def host(bench):
    """The engine's host: its version of cgroups, its kernel, its memory and processors."""
    bench.docker()
    return engine_host(bench.session.run)


@pytest.fixture(scope="module")
def plan(bench, host):
    """What the containers of this grading are given: names, limits (multiples of 64 kB, not of 1 MB) and company."""
    some = Some(bench.seed, "containers")
    return SimpleNamespace(
        names=some.words(2),
        limits=[(16 * mb + some.number(1, 15)) * 2**16 for mb in some.shuffled(range(130, 250))[:4]],
        # so many that neither the processors nor a miscount by a few could be taken for the truth
        sleepers=some.one_of([count for count in range(3, 13) if abs(count + 2 - host.cpus) > 3]),
        pids=some.number(20, 60),
        token=some.word(12),
    )


@pytest.fixture(scope="module")
def one(bench, plan):
    """A container in which the app is the first process and brings along all others."""
    return up(bench.start(memory=str(plan.limits[0]), hostname=plan.names[0], wait=False))


@pytest.fixture(scope="module")
def others(bench, plan, host, one):
    """The further containers, all on their way up at once. `result()` has each, or raises why it did not start."""
    _, second, foreign, _ = plan.limits
    uses_up_pids = f"i=0; while [ $i -lt {plan.pids} ]; do /bin/true; i=$((i+1)); done"
    sleepers = f"sleep {LONG} & " * plan.sleepers
    script = f"{sleepers}{uses_up_pids}; python app.py & echo {plan.token} $!; wait"
    swap = ("--memory-swap", str(2 * second))
    run, page = bench.session.run, int(one.exec("getconf", "PAGESIZE").out)
    options = {
        "two": {"memory": str(second), "hostname": plan.names[1], "command": ("sh", "-c", script), "flags": swap},
        "other version": {"mounts": cgroup_files(run, 3 - host.cgroup, foreign)},
        "no limit in version 2": {"mounts": cgroup_files(run, 2, None)},
        "no limit in version 1": {"mounts": cgroup_files(run, 1, None, page)},
    }
    with ThreadPoolExecutor(2) as pool:
        return {name: pool.submit(bench.start, wait=False, **given) for name, given in options.items()}


@pytest.fixture(scope="module")
def two(others):
    """A container of the same image in which a shell comes first, others run beside it, and the app comes last."""
    return up(others["two"].result())


def test_whoami_is_json(one):
    """`GET /whoami` answers 200 with a JSON object"""
    whoami(one)


@rests_on(JSON)
def test_the_pid(plan, one, two):
    """`pid` is the app's process id in its own pid namespace: 1 if it is the first process, another if it is not"""
    line = rf"^{plan.token} (\d+)"
    started = int(re.search(line, two.log_with(line), re.MULTILINE)[1])
    for container, root in ((one, 1), (two, started)):
        value = ask(container, "pid")  # a worker that the app has started is the app too
        expect(
            value, wanted(str(root), lambda pid: type(pid) is int and (pid == root or pid in family(container, root)))
        )


@rests_on(JSON)
def test_the_hostname(one, two):
    """`hostname` is the name that the container was given"""
    for container in (one, two):
        value = ask(container, "hostname")
        expect(value, container.inspect()["Config"]["Hostname"])


@rests_on(JSON)
def test_the_kernel(host, one):
    """`kernel` is the release of the kernel of the engine's host"""
    value = ask(one, "kernel")
    expect(value, host.kernel)


@rests_on(JSON)
def test_the_processes(plan, one, two):
    """`processes` is the number of processes in the container at the moment of the request"""
    for container in (two, one):
        counts(container)
    before = ask(two, "processes")
    two.exec("sh", "-c", f"sleep {LONG} > /dev/null 2>&1 &")
    if not until(lambda: sleepers(two) > plan.sleepers, PATIENCE, 0.02):
        raise Unchecked("The engine started no further process in the container.")
    counts(two, before)


def sleepers(container):
    """How many sleepers are in the container."""
    return [process.command for process in container.processes()].count(f"sleep {LONG}")


def counts(container, before=None):
    """The container tells how many processes it holds. `before` was told earlier, when there were fewer."""

    def look():
        held, value = len(container.processes()), ask(container, "processes")
        return held, value, len(container.processes()) == held  # as many before the question as after it

    held, value, _ = until(look, PATIENCE, enough=lambda seen: seen[2])
    most = held if value == held else held + len(zombies(container))  # those that ended unnoticed are in /proc still
    is_right = wanted(str(held), lambda count: type(count) in (int, float) and held <= count <= most)
    expect(value, is_right)


@pytest.fixture
def limited(host, plan, one, others, request):
    """The containers under a version of cgroups, each with its limit: two real ones under the engine's own, one that is shown the files
    of the other."""

    def under(version):
        if version != host.cgroup:
            yield up(others["other version"].result()), plan.limits[2]
            return
        yield one, plan.limits[0]
        yield request.getfixturevalue("two"), plan.limits[1]

    return under


@rests_on(JSON)
def test_the_limit_of_version_2(limited):
    """`memory` is the limit in bytes if the container has the file of cgroups version 2, memory.max"""
    for container, limit in limited(2):
        limit_is_told(container, limit, 2)


@rests_on(JSON)
def test_the_limit_of_version_1(limited):
    """`memory` is the limit in bytes if the container has the file of cgroups version 1, memory/memory.limit_in_bytes"""
    for container, limit in limited(1):
        limit_is_told(container, limit, 1)


def limit_is_told(container, limit, version):
    """The container tells its limit; `version` is that of the cgroup files that it sees."""
    value = ask(container, "memory")
    expect(value, limit)


@rests_on(JSON)
def test_no_limit_is_null(others):
    """`memory` is null if no limit is set, in either version"""
    for version in (2, 1):
        value = ask(up(others[f"no limit in version {version}"].result()), "memory")
        expect(value, None)


@rests_on(JSON, *LIMITS)
def test_a_stopped_container_starts_again(host, plan, one):
    """`memory` is the new limit after the container was stopped, given another limit and started again"""
    ask(one, "memory")  # an app that keeps its answer has one to keep now
    start_again(one, plan.limits[3])
    limit_is_told(up(one), plan.limits[3], host.cgroup)
