"""Lesson 2: a process that tells what it is, compared with what can be seen of its container from outside."""

import json
import platform
import re
import time

import pytest

from workshop.grading.some import Some
from workshop.probes import cgroups
from workshop.engine import engine
from workshop.outcomes import Mismatch, NotUp, Unchecked

MORE_THAN_ANY_MACHINE = 2**60  # bytes
PATIENCE = 30  # seconds for a start or an answer: a busy machine is no mistake of the app's
LONG = "900"  # seconds that a sleeper sleeps: longer than a grading
COUNT = "Count the folders in /proc whose name is a number."
RELEASE = "What `uname -r` prints is the release: platform.release()."
WHICH = "Version 1 and version 2 keep the limit in different files, and a machine has one: look which is there."
STAYS = (
    "Exit deletes no container: it is in `docker ps --all`, and a second start finds each file that the app wrote. "
)


def say(key, value):
    """One line of the JSON answer, as a report shows it."""
    return f'"{key}": {json.dumps(value, ensure_ascii=False)}'[:300]


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def question(container):
    """The container's answer to GET /whoami. Where the app stumbled, the likeliest cause is noted."""
    answer = container.get("/whoami", limit=PATIENCE)
    log = container.log_with(r"^\w[\w.]*(?:Error|Exception)\b", 1) if answer.status == 500 else ""
    missing = (re.findall(r"FileNotFoundError: \[Errno 2\] No such file or directory: '([^']+)'", log) or [""])[-1]
    answer.suspect(missing in cgroups.LIMIT_FILE.values(), f"This container has no {missing}. {WHICH}")
    files = f"The limit's file is {cgroups.LIMIT_FILE[2]} in version 2, {cgroups.LIMIT_FILE[1]} in version 1."
    answer.suspect("cgroup" in missing, f"This container has no {missing}. {files} Is the path spelled so?")
    command = "image has none: it holds only what was put into it. Read yourself what it reads, the files in /proc."
    answer.suspect(bool(missing) and "/" not in missing, f"The app starts the command `{missing}`, and the {command}")
    word = "The app makes a number of what is in memory.max. Where no limit is set, that is the word max"
    line = f"{word} and a line end: take that off with .strip(), then look for the word, and only then int(…)."
    answer.suspect(re.search(r"ValueError: .*'max\\n'", log) is not None, line)
    answer.suspect(re.search(r"ValueError: .*max", log) is not None, f"{word}: look first.")
    return answer


def ask(container, key):
    """What the container's /whoami says of `key`."""
    answer = question(container).expect(200, json=dict)
    if key not in answer.json:
        names = ", ".join(f"`{name}`" for name in answer.json) or "nothing"
        stays = " Where there is no limit, the name stays and its value is null." if key == "memory" else ""
        if any(isinstance(inner, dict) and key in inner for inner in answer.json.values()):
            stays = f" `{key}` stands in there, one level too deep: return the inner dict."
        hint = f"The answer has no `{key}`. It holds {names}.{stays}"
        raise Mismatch(hint, expected=f'"{key}": …', actual=str(answer))
    return answer.json[key]


def compare(key, value, truth, why, *facts):
    """Raises Mismatch unless `value` is the truth; `why(value, *facts)` names the likeliest cause."""
    if value == truth and not isinstance(value, bool):
        return
    if isinstance(value, str) and is_number(truth) and value.strip().isdigit():
        hint = f"`{key}` is a text. A number has no quotes in JSON: make it one with int(…)."
    elif value == [truth]:
        hint = f"The value of `{key}` is right, but in a list of one. A comma behind a value makes such a list."
    else:
        hint = why(value, *facts)
    raise Mismatch(hint, expected=say(key, truth), actual=say(key, value))


def not_up(error, note=""):
    """The same failure, as one on which later checks rest; `note` is put before its hint."""
    kept = {"asked": error.asked, "expected": error.expected, "actual": error.actual, "mistake": error.mistake}
    return NotUp(note + error.hint, **kept, **error.facts)


# The containers


@pytest.fixture(scope="module")
def host(bench):
    """The engine's host, as `docker info` tells of it."""
    bench.docker()
    fields = {"cgroup": "CgroupVersion", "kernel": "KernelVersion", "memory": "MemTotal", "cpus": "NCPU"}
    form = ", ".join(f'"{name}": {{{{json .{field}}}}}' for name, field in fields.items())
    found = json.loads(engine.must(bench.session.run.docker("info", "--format", f"{{{form}}}")).out)
    return found | {"cgroup": int(found["cgroup"])}


@pytest.fixture(scope="module")
def plan(bench, host):
    """What the containers of this grading are given: names, limits (multiples of 64 kB, not of 1 MB) and company."""
    some = Some(bench.seed, "containers")
    return {
        "names": some.words(2),
        "limits": [(16 * mb + some.number(1, 15)) * 2**16 for mb in some.shuffled(range(130, 250))[:4]],
        # so many that neither the processors nor a miscount by a few could be taken for the truth
        "sleepers": some.one_of([count for count in range(3, 13) if abs(count + 2 - host["cpus"]) > 3]),
        "pids": some.number(20, 60),
        "token": some.word(12),
    }


@pytest.fixture(scope="module")
def one(bench, plan):
    """A container in which the app is the first process and brings along all others."""
    return up(bench.start(None, memory=str(plan["limits"][0]), hostname=plan["names"][0], wait=False))


@pytest.fixture(scope="module")
def whoami(one):
    """That container, once it has answered with a JSON object: everything else rests on that."""
    answer = question(one)
    answer.suspect(answer.status == 404, 'There is no route for /whoami. A view needs @app.get("/whoami") above it.')
    answer.suspect(answer.status == 308, 'The route ends in a slash, the address does not: @app.get("/whoami").')
    answer.suspect(isinstance(answer.json, list), "The body is a list. Values need names: return a dict.")
    printed = "That is a dict as Python prints it, which is not JSON. Return the dict itself, without str(…)."
    answer.suspect(answer.text.startswith("{'"), printed)
    try:
        answer.expect(200, json=dict)
    except Mismatch as error:
        raise not_up(error) from None
    return one


@pytest.fixture(scope="module")
def containers(bench, plan, host, whoami):
    """The further containers, all on their way up at once. Each value is the container, or why it did not start."""
    _, second, foreign, _ = plan["limits"]
    uses_up_pids = f"i=0; while [ $i -lt {plan['pids']} ]; do /bin/true; i=$((i+1)); done"
    sleepers = f"sleep {LONG} & " * plan["sleepers"]
    script = f"{sleepers}{uses_up_pids}; python app.py & echo {plan['token']} $!; wait"
    page = int(engine.must(whoami.exec("getconf", "PAGESIZE")).out)

    def launch(**options):
        try:
            return bench.start(None, wait=False, **options)
        except NotUp as error:
            return error

    def shown(version, limit):
        folder = cgroups.show(version, limit, bench.session.run.scratch("cgroup"))
        return launch(mounts={folder: cgroups.TOP})

    swap = ("--memory-swap", str(2 * second))
    return {
        "two": launch(memory=str(second), hostname=plan["names"][1], command=("sh", "-c", script), flags=swap),
        "other version": shown(3 - host["cgroup"], foreign),
        1: shown(1, cgroups.no_limit(1, page)),
        2: shown(2, cgroups.no_limit(2)),
    }


def up(launched, version=None):
    """The container, once it answers. `version` is that of the cgroup files which it was shown."""
    try:
        if isinstance(launched, NotUp):
            raise launched
        return launched.wait_until_up(limit=PATIENCE, hang=PATIENCE)
    except NotUp as error:
        note = f"In a container with the files of cgroups version {version} the app does not come up. "
        raise not_up(error, note if version else "") from None


@pytest.fixture(scope="module")
def two(containers):
    """A container of the same image in which a shell comes first, others run beside it, and the app comes last."""
    return up(containers["two"])


# The checks


def test_whoami_is_json(whoami):
    """`GET /whoami` answers 200 with a JSON object"""


def test_the_pid(bench, plan, whoami, two):
    """`pid` is the app's process id in its own pid namespace: 1 if it is the first process, another if it is not"""
    line = rf"^{plan['token']} (\d+)"
    started = re.search(line, two.log_with(line), re.MULTILINE)
    for container, root in ((whoami, 1), (two, int(started[1]))):
        value = ask(container, "pid")
        if (
            value != root
            and type(value) is int
            and value in cgroups.family(bench.session.run, container.name, root) - ended(container)
        ):
            continue  # a worker that the app has started
        compare("pid", value, root, why_not_the_pid)


def why_not_the_pid(value):
    if value == 0:
        return "That is the parent's process id, and the first process sees no parent. Ask os.getpid, not os.getppid."
    if value == 1:
        return "Here a shell is the first process and started the app. 1 is whoever came first: ask os.getpid()."
    return "No process of the app has this number. A thread has a number of its own, and so has a command: ask os.getpid()."


def test_the_hostname(whoami, two):
    """`hostname` is the name that the container was given"""
    for container in (whoami, two):
        seen = container.inspect()
        compare("hostname", ask(container, "hostname"), seen["Config"]["Hostname"], why_not_the_name, container, seen)


def why_not_the_name(value, container, seen):
    name = str(value)
    if name in (f"{container.host}:{container.port}", container.host, "localhost"):
        return "That is the address that the client typed (its Host header). Ask the system: socket.gethostname()."
    if re.fullmatch(r"[\d.]{7,15}|[\da-f]*:[\da-f:]*", name):
        return "That is an address in its network, the container's or that of who asks. A name is another thing: socket.gethostname()."
    if len(name) >= 12 and seen["Id"].startswith(name):
        return "That is the container's id, its name only where nobody gives one. This one was given a --hostname."
    if name == platform.node():
        return "That is the name of your own machine. A container has another: its uts namespace."
    if name in ("Linux", "root"):
        thing = "kernel" if name == "Linux" else "user"
        return f"That is the {thing}'s name, and the same in the next container. The host's name tells socket.gethostname()."
    return "Another container of the same image has another name. Was this copied from one run? socket.gethostname()."


def test_the_kernel(host, whoami):
    """`kernel` is the release of the kernel of the engine's host"""
    compare("kernel", ask(whoami, "kernel"), host["kernel"], why_not_the_release, host["kernel"])


def why_not_the_release(value, release):
    text = str(value)
    if text.strip() == release:
        return "The release is right, but there are blanks or a line end around it. Take them off with .strip()."
    if release in text:
        return f"The release is in there, with more around it. {RELEASE}"
    if text.startswith("#"):
        return f"That is the kernel's version, which says when it was built. {RELEASE}"
    if text.lower() == "linux":
        return f"That is the kernel's name. {RELEASE}"
    if re.fullmatch(r"x86_64|amd64|aarch64|arm64", text.lower()):
        return f"That is the kind of processor. {RELEASE}"
    if re.fullmatch(r"3\.\d+\.\d+( \(.*)?", text, re.DOTALL):
        return f"That is the version of Python. {RELEASE}"
    if re.search(r"debian|trixie|bookworm", text.lower()):
        return f"That is the distribution in the image. Files come with an image, a kernel does not. {RELEASE}"
    return (
        "The kernel is that of the engine's host, and the app says another: was it copied from your laptop? On macOS "
        f"and Windows the engine's host is a virtual machine. {RELEASE}"
    )


def test_the_processes(bench, host, plan, whoami, two):
    """`processes` is how many processes the container holds at the moment of asking"""
    for container in (two, whoami):
        compare_count(container, host)
    before = ask(two, "processes")
    engine.must(bench.session.run.docker("exec", "--detach", two.name, "sleep", LONG))
    end = time.monotonic() + PATIENCE
    while [process.command for process in two.processes()].count(f"sleep {LONG}") <= plan["sleepers"]:
        if time.monotonic() > end:
            raise Unchecked("The engine started no further process in the container.")
        time.sleep(0.02)
    compare_count(two, host, before)


def compare_count(container, host, before=None):
    """Compares at a moment at which as many run before the question as after it. `before` was told earlier."""
    end = time.monotonic() + PATIENCE
    while True:
        truth, value = len(container.processes()), ask(container, "processes")
        if len(container.processes()) == truth or time.monotonic() > end:
            break
    if is_number(value) and truth < value <= truth + len(ended(container)):
        return
    compare("processes", value, truth, why_not_the_count, truth, host["cpus"], before)


def ended(container):
    """The ids of processes that have ended unnoticed by whoever started them. They are in /proc still, and not in `docker top`."""
    seen = container.exec("sh", "-c", "cat /proc/[0-9]*/stat")
    return {int(pid) for pid in re.findall(r"^(\d+) \(.*\) Z", seen.out, re.MULTILINE)}


def why_not_the_count(value, truth, cpus, before):
    if before is not None and value == before:
        return (
            "One more process was started, and the app tells the old number: it counted once. Count inside the view."
        )
    if value == truth - 1:
        return "That is one too few. The app itself is a process too, and so is number 1: count them all."
    if value == 0:
        return f"The app itself is one already. Was a command asked that the image has not, such as ps? `docker logs` tells. {COUNT}"
    if is_number(value) and truth < value <= truth + 3:
        return (
            "That is a little too many. A command that is started in order to count (sh, ls, ps) is one process more; "
            f"and threads are no processes (pids.current counts both). {COUNT}"
        )
    if value == cpus:
        return f"That is the number of processors. Processes are what runs on them. {COUNT}"
    if is_number(value) and value > truth + 20:
        return f"That is far too many: not everything in /proc is a process. {COUNT}"
    if value == 1:
        return f"The container holds {truth} processes. That a container is one process is a habit, not a law. {COUNT}"
    return f"`docker top` counts otherwise. Was this copied from one run, or is something else counted? {COUNT}"


def test_the_limit_of_version_2(host, plan, whoami, containers, request):
    """`memory` is the limit in bytes where the file of cgroups version 2 is there, memory.max"""
    limits_are_told(2, host, plan, containers, request)


def test_the_limit_of_version_1(host, plan, whoami, containers, request):
    """`memory` is the limit in bytes where the file of cgroups version 1 is there, memory/memory.limit_in_bytes"""
    limits_are_told(1, host, plan, containers, request)


def limits_are_told(version, host, plan, containers, request):
    """The engine's own version is asked of two real containers, the other of one that is shown its files."""
    if version != host["cgroup"]:
        limit_is_told(up(containers["other version"], version), version, plan["limits"][2], host)
        return
    request.getfixturevalue("first_limit")
    limit_is_told(request.getfixturevalue("two"), version, plan["limits"][1], host)


@pytest.fixture(scope="module")
def first_limit(host, plan, whoami):
    """The first container's limit, once it is truly told: its second start rests on that."""
    try:
        limit_is_told(whoami, host["cgroup"], plan["limits"][0], host)
    except Mismatch as error:
        raise not_up(error) from None
    return plan["limits"][0]


def limit_is_told(container, version, limit, host):
    compare("memory", ask(container, "memory"), limit, why_not_the_limit, limit, version, host)


def why_not_the_limit(value, limit, version, host):
    here = f"Here the limit stands in {cgroups.LIMIT_FILE[version]}."
    if value is None:
        return f"A limit is set, and the app says null. {here} That is cgroups version {version}. {WHICH}"
    if value == "max" or (is_number(value) and value >= MORE_THAN_ANY_MACHINE):
        return f"A limit is set, and the app tells the value that means none: it reads another file. {here}"
    if not is_number(value):
        return f"`memory` is a number of bytes. {here}"
    if any(abs(value - limit / unit) <= 1 for unit in (2**10, 2**20, 2**30, 10**3, 10**6, 10**9)):
        return "The limit is right, but not in bytes. The file says bytes: tell them as they are."
    if is_all_memory(value, host):
        return f"That is the memory of the whole machine. Memory has no namespace; a cgroup sets the limit. {here}"
    if value == host["cpus"]:
        return f"That is the number of processors, not a limit of memory. {here}"
    if value == -1:
        return f"-1 is how resource.getrlimit says that one process has no limit. The container has one. {here}"
    if value == 2 * limit:
        return f"That is the limit of memory and swap together (memory.memsw). {here}"
    if 2**20 < value < limit and value % 2**20:
        return f"That is less than the limit. Is it what is in use at the moment (memory.current, usage)? {here}"
    free = "or what the machine has free (/proc/meminfo)"
    return f"That is not the limit of this container. Was it copied from one run, read elsewhere, {free}? {here}"


def is_all_memory(value, host):
    """Whether the value is the machine's memory, in bytes or in kB as /proc/meminfo tells it."""
    return is_number(value) and (
        abs(value - host["memory"]) < host["memory"] / 50 or abs(value * 2**10 - host["memory"]) < 2**20
    )


def test_no_limit_is_null(host, whoami, containers):
    """`memory` is null where no limit is set, in either version"""
    for version in (2, 1):
        compare("memory", ask(up(containers[version], version), "memory"), None, why_not_null, host)


def why_not_null(value, host):
    if value == "max":
        return "Version 2 writes the word max where no limit is set. The lesson asks for null then: return None."
    if isinstance(value, str):
        return "That is a text that stands for nothing. JSON has a value for that: return None, and Flask writes null."
    if is_all_memory(value, host):
        return "That is the memory of the whole machine. Nobody has more, but no cgroup sets it: return None."
    if value is False or value == float("inf"):
        return f"JSON says {json.dumps(value)} then, which is not null. Where no limit is set, return None."
    if is_number(value) and value >= MORE_THAN_ANY_MACHINE:
        return (
            "Version 1 has no word for it: where no limit is set, it writes a number that no machine has, "
            "9223372036854771712 on most. Return None for it."
        )
    if value in (0, -1):
        return "A number is taken for a limit, and nobody can live with so little. Where no limit is set, return None."
    return "No limit is set here: version 2 writes the word max, version 1 a number beyond any memory. Return None."


def test_a_stopped_container_starts_again(bench, host, plan, whoami, first_limit):
    """Stopped, given another limit and started again, the container tells the new limit"""
    run, limit = bench.session.run, plan["limits"][3]
    whoami.stop(grace=0)
    engine.must(run.docker("update", "--memory", str(limit), "--memory-swap", str(limit), whoami.name))
    engine.must(run.docker("start", whoami.name))
    try:
        whoami.find_port()
        whoami.wait_until_up(limit=PATIENCE, hang=PATIENCE)
    except NotUp as error:
        note = f"The container does not come up a second time. {STAYS}Is one of them in the way? "
        raise not_up(error, note) from None
    value = ask(whoami, "memory")
    if value == first_limit:
        hint = f"The app tells the limit of its first life. {STAYS}Did it keep its answer in one? Read it anew."
        raise Mismatch(hint, expected=say("memory", limit), actual=say("memory", value))
    limit_is_told(whoami, host["cgroup"], limit, host)
