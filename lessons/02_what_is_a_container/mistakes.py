"""What goes wrong in lesson 2. Looked through after a check has failed, from the top; the first that holds is the hint."""

import json
import re

from workshop.grader import LIMIT_FILE, mistake, said

JSON = "test_whoami_is_json"
PID = "test_the_pid"
NAME = "test_the_hostname"
KERNEL = "test_the_kernel"
COUNT = "counts"
LIMIT = "limit_is_told"
NO_LIMIT = "test_no_limit_is_null"
AGAIN = "test_a_stopped_container_starts_again"

MORE_THAN_ANY_MACHINE = 2**60  # bytes
MISSING = r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<missing>[^']+)'"
UNITS = (2**10, 2**20, 2**30, 10**3, 10**6, 10**9)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_all_memory(value, host):
    """Whether the value is the machine's memory, in bytes or in kB as /proc/meminfo has it."""
    in_bytes = is_number(value) and abs(value - host.memory) < host.memory / 50
    return in_bytes or (is_number(value) and abs(value * 2**10 - host.memory) < 2**20)


def both_say(key, value, one, two):
    """Whether two containers of which it cannot be true both say the value."""
    replies = [container.get("/whoami").json for container in (one, two)]
    return all(isinstance(reply, dict) and reply.get(key) == value for reply in replies)


# The view stumbled.


@mistake()
def limit_file_not_there(log):
    """This container has no {missing}. The file with the limit is {two} in version 2, {one} in version 1, and a machine has one of them:
    check the spelling of the path, and which of the two is there."""
    named = said(MISSING, log)
    is_limit = named and "cgroup" in named["missing"] and re.search(r"memory|limit", named["missing"])
    return is_limit and named | {"two": LIMIT_FILE[2], "one": LIMIT_FILE[1]}


@mistake()
def command_not_in_the_image(log):
    """The app starts the command `{missing}`, and the image does not have it: it has only what was put into it. Read the
    files in /proc yourself, as that command would."""
    named = said(MISSING, log) if "in _execute_child" in log else None  # the function in subprocess.py that starts it
    return named and "/" not in named["missing"] and named


@mistake()
def max_with_its_line_end(log):
    """The app makes a number of what is in memory.max. If no limit is set, that is the word max and a line end: take the line end off
    with .strip(), then look for the word, and only then int(…)."""
    return re.search(r"ValueError: .*'max\\n'", log)


@mistake()
def max_made_a_number(log):
    """The app makes a number of what is in memory.max. If no limit is set, that is the word max: look for it first."""
    return re.search(r"ValueError: (?:invalid literal|could not convert).*\bmax\b", log)


# The JSON object.


@mistake()
def no_route(answer, one):
    """There is no route for /whoami. A view needs @app.get("/whoami") above it."""
    return answer.status == 404 and one.request("OPTIONS", "/whoami").status == 404


@mistake()
def route_ends_in_a_slash(answer):
    """The route ends in a slash, the address does not: @app.get("/whoami")."""
    return answer.status == 308 and answer.headers.get("location", "").endswith("/whoami/")


@mistake(JSON)
def list_without_names(answer):
    """The body is a list. Values need names: return a dict."""
    return isinstance(answer.json, list)


@mistake(JSON)
def dict_as_text(answer):
    """That is a dict as Python prints it, which is not JSON. Return the dict itself, without str(…)."""
    return answer.text.startswith("{'")


@mistake(JSON)
def not_json(answer):
    """The body is not JSON. Return a dict from the view, and Flask makes JSON of it."""
    return answer.status == 200 and answer.json is None


@mistake("ask")
def one_level_too_deep(told, key):
    """The answer has no `{key}`. It has {names}, and `{key}` is inside that, one level too deep: return the inner dict."""
    inside = [name for name, inner in told.items() if isinstance(inner, dict) and key in inner]
    return key not in told and bool(inside) and {"key": key, "names": f"`{inside[0]}`"}


@mistake("ask")
def memory_left_out(told, key, one):
    """The answer has no `memory`, and in another container it has. If there is no limit, the name stays and its value is null: return None for it."""
    is_there = key in (one.get("/whoami").json or {})
    return key == "memory" and key not in told and is_there


@mistake("ask")
def name_missing(told, key):
    """The answer has no `{key}`. It has {names}. The name must be the same, letter by letter, capitals too."""
    names = ", ".join(f"`{name}`" for name in told) or "nothing"
    return key not in told and {"key": key, "names": names}


@mistake(PID, COUNT, LIMIT)
def number_as_text(value):
    """The value is a string. A number has no quotes in JSON: make it one with int(…)."""
    return isinstance(value, str) and value.strip().isdigit()


@mistake(PID, NAME, KERNEL, COUNT, LIMIT, NO_LIMIT)
def comma_after_a_value(value):
    """The value is a list of one, {value}. A comma after a value makes a tuple, and a tuple is a list in JSON."""
    return isinstance(value, list) and len(value) == 1 and {"value": json.dumps(value)}


# pid.


@mistake(PID)
def the_parents_pid(value):
    """That is the parent's process id, and the first process sees no parent. Ask os.getpid, not os.getppid."""
    return value == 0 and type(value) is int


@mistake(PID)
def always_one(value, started):
    """Here a shell is the first process and started the app as number {started}. 1 is only the process that came first: ask os.getpid()."""
    return value == 1 and type(value) is int and {"started": started}


@mistake(PID)
def pid_of_something_else(value, container, root, family):
    """No process of the app has the number {value}. A thread has a number of its own, and so has a command: ask os.getpid()."""
    return type(value) is int and value not in family(container, root) and {"value": value}


# hostname.


@mistake(NAME)
def address_that_was_typed(value, container):
    """That is the address that the client typed (its Host header). Ask the system: socket.gethostname()."""
    return value in (f"{container.host}:{container.port}", container.host, "localhost")


@mistake(NAME)
def ip_address_for_the_name(value):
    """That is an address in its network, the container's or that of the client. A name is another thing: socket.gethostname()."""
    return re.fullmatch(r"[\d.]{7,15}|[\da-f]*:[\da-f:]*", str(value))


@mistake(NAME)
def container_id_for_the_name(value, container):
    """That is the container's id, which is its name only if nobody gives it one. This one was given a --hostname."""
    return len(str(value)) >= 12 and container.inspect()["Id"].startswith(str(value))


@mistake(NAME)
def kernels_name_for_the_hosts(value):
    """That is the name of the {thing}, and the same in the next container. socket.gethostname() returns the host's name."""
    return value in ("Linux", "root") and {"thing": "kernel" if value == "Linux" else "user"}


@mistake(NAME)
def name_with_a_line_end(value, container):
    """The name is right, but there are spaces or a line end around it. Take them off with .strip()."""
    return isinstance(value, str) and value.strip() == container.inspect()["Config"]["Hostname"]


@mistake(NAME)
def name_is_no_string(value):
    """`hostname` is a string, and the app says {value}. socket.gethostname() returns the string alone."""
    return (not isinstance(value, str) or not value.strip()) and {"value": json.dumps(value)[:80]}


@mistake(NAME)
def hostname_copied(value, one, two):
    """The app says {value} in two containers that have different names. Was it copied from one run, or from your own machine?
    Ask the system: socket.gethostname()."""
    return both_say("hostname", value, one, two) and {"value": value}


# kernel.


@mistake(KERNEL)
def release_with_a_line_end(value, expected):
    """The release is right, but there are spaces or a line end around it. Take them off with .strip()."""
    return isinstance(value, str) and value.strip() == expected


@mistake(KERNEL)
def release_is_no_string(value):
    """`kernel` is a string, and the app says {value}. What `uname -r` prints is the release: platform.release()."""
    return (not isinstance(value, str) or not value.strip()) and {"value": json.dumps(value)[:80]}


@mistake(KERNEL)
def release_with_more_around_it(value, expected):
    """The release is in there, with more around it. What `uname -r` prints is the release: platform.release()."""
    return expected in str(value)


@mistake(KERNEL)
def version_instead_of_release(value):
    """That is the kernel's version, which says when it was built. What `uname -r` prints is the release: platform.release()."""
    return str(value).startswith("#")


@mistake(KERNEL)
def kernels_name(value):
    """That is the kernel's name. What `uname -r` prints is the release: platform.release()."""
    return str(value).lower() == "linux"


@mistake(KERNEL)
def kind_of_processor(value):
    """That is the kind of processor. What `uname -r` prints is the release: platform.release()."""
    return str(value).lower() in ("x86_64", "amd64", "aarch64", "arm64")


@mistake(KERNEL)
def version_of_python(value):
    """That is the version of Python. What `uname -r` prints is the release: platform.release()."""
    return re.fullmatch(r"3\.\d+\.\d+( \(.*)?", str(value), re.DOTALL)


@mistake(KERNEL)
def distribution_of_the_image(value):
    """That is the distribution in the image. Files come with an image, a kernel does not. What `uname -r` prints is the release:
    platform.release()."""
    return re.search(r"debian|trixie|bookworm", str(value).lower())


@mistake(KERNEL)
def kernel_of_another_machine(value, expected):
    """The kernel is that of the engine's host, {expected}, and the app says another: {value}. Was it copied from your laptop? On macOS and
    Windows the engine's host is a virtual machine. What `uname -r` prints is the release: platform.release()."""
    return re.match(r"\d+\.\d+", str(value)) and {"value": value, "expected": expected}


# processes.


@mistake(PID, COUNT)
def not_a_number(value):
    """That is a number, and the app says {value}. Return the number alone."""
    return not is_number(value) and {"value": json.dumps(value)[:80]}


@mistake(COUNT)
def counted_once(value, before):
    """One more process was started, and the app says the old number: it counted once. Count inside the view."""
    return before is not None and value == before


@mistake(COUNT)
def leaves_itself_out(value, held):
    """That is one too few. The app itself is a process too, and so is number 1: count them all."""
    return value == held - 1


@mistake(COUNT)
def no_process_counted(value):
    """The app itself is one already. If the app calls a command that the image does not have, such as ps, `docker logs` shows it.
    Count the folders in /proc whose name is a number."""
    return is_number(value) and value == 0


@mistake(COUNT)
def counts_a_few_more(value, held):
    """That is a few too many. A command that is started in order to count (sh, ls, ps) is one process more; threads are not processes
    (pids.current counts both); and /proc has two more names for the process that looks, self and thread-self. Count the folders in /proc
    whose name is a number."""
    return is_number(value) and held < value <= held + 3


@mistake(COUNT)
def processors_for_processes(value, host):
    """That is the number of processors. Processes are what runs on them. Count the folders in /proc whose name is a number."""
    return is_number(value) and value == host.cpus


@mistake(COUNT)
def counts_all_names_in_proc(value, held):
    """That is far too many. Not everything in /proc is a process, and the largest number there is not how many there are. Count the folders in
    /proc whose name is a number."""
    return is_number(value) and value > held + 20


@mistake(COUNT)
def container_taken_for_one_process(value, held):
    """The container has {held} processes, not one. Count the folders in /proc whose name is a number."""
    return is_number(value) and value == 1 and {"held": held}


@mistake(COUNT)
def processes_copied(value, one, two):
    """The app says {value} in two containers that hold different numbers of processes. Was it copied from one run? Count the
    folders in /proc whose name is a number."""
    return is_number(value) and both_say("processes", value, one, two) and {"value": value}


# The limit.


@mistake(LIMIT)
def limit_kept_in_a_file(value, limit, plan):
    """The app says the limit of its first start. A container that has ended is not deleted: it is in `docker ps --all`, and a second start
    finds each file that the app wrote. Did the app keep its answer in one? Read the limit again."""
    return limit == plan.limits[3] and value == plan.limits[0]


@mistake(AGAIN)
def refuses_a_second_start(start):
    """The container does not come up a second time: it ended with exit code {code}. {error} A container that has ended is not deleted: it is in
    `docker ps --all`, and a second start finds each file that the app wrote. Is one of them in the way?"""
    named = said(r"^(?P<error>[\w.]*(?:Error|Exception|Exit)\b.*)", start.log)
    return not start.running and {"code": start.code, "error": f"Its log says: {named['error']}." if named else ""}


@mistake(LIMIT)
def null_instead_of_the_limit(value, version):
    """A limit is set, and the app says null. Here the limit is in {file}: that is cgroups version {version}. Version 1 and version 2
    keep it in different files, and a machine has one of them: check which is there."""
    return value is None and {"file": LIMIT_FILE[version], "version": version}


@mistake(LIMIT)
def no_limit_told(value, version):
    """A limit is set, and the app says the value that means no limit. Does it read another file? Here the limit is in {file}."""
    is_none = value == "max" or (is_number(value) and value >= MORE_THAN_ANY_MACHINE)
    return is_none and {"file": LIMIT_FILE[version]}


@mistake(LIMIT)
def limit_not_a_number(value, version):
    """`memory` is a number of bytes. Here the limit is in {file}: turn it into a number with int(…)."""
    return not is_number(value) and {"file": LIMIT_FILE[version]}


@mistake(LIMIT)
def limit_not_in_bytes(value, limit, host):
    """The limit is right, but not in bytes. The file says bytes: pass them on as they are."""
    of_the_host = any(abs(value - host.memory / unit) <= 1 for unit in UNITS)  # then it may be that
    return any(abs(value - limit / unit) <= 1 for unit in UNITS) and not of_the_host and value != host.cpus


@mistake(LIMIT)
def memory_of_the_machine(value, version, host):
    """That is the memory of the whole machine. Memory has no namespace; a cgroup sets the limit. Here it is in {file}."""
    return is_all_memory(value, host) and {"file": LIMIT_FILE[version]}


@mistake(LIMIT)
def processors_for_memory(value, version, host):
    """{value} is how many processors there are, and `memory` is a number of bytes. Here the limit is in {file}."""
    return value == host.cpus and {"value": value, "file": LIMIT_FILE[version]}


@mistake(LIMIT)
def limit_of_one_process(value, version):
    """-1 is how resource.getrlimit says that one process has no limit. The container has one, in {file}."""
    return value == -1 and {"file": LIMIT_FILE[version]}


@mistake(LIMIT)
def memory_and_swap_together(value, version, limit):
    """That is the limit of memory and swap together (memory.memsw). The limit of memory alone is in {file}."""
    return value == 2 * limit and {"file": LIMIT_FILE[version]}


@mistake(LIMIT)
def limit_copied(value, version, one, two):
    """The app says {value} in two containers that have different limits. Was it copied from one run? Here the limit is in {file}."""
    return is_number(value) and both_say("memory", value, one, two) and {"value": value, "file": LIMIT_FILE[version]}


@mistake(LIMIT)
def memory_in_use(value, version, limit):
    """That is less than the limit. Is it what is in use at the moment (memory.current, usage)? Here the limit is in {file}."""
    return 2**20 < value < limit and {"file": LIMIT_FILE[version]}


# No limit.


@mistake(NO_LIMIT)
def max_passed_on(value):
    """Version 2 writes the word max if no limit is set. The lesson asks for null then: return None."""
    return value == "max"


@mistake(NO_LIMIT)
def text_for_none(value):
    """That is a string that means nothing. JSON has a value for that: return None, and Flask writes null."""
    return isinstance(value, str) and value != "max"


@mistake(NO_LIMIT)
def machines_memory_for_none(value, host):
    """That is the memory of the whole machine. No process can have more, but no limit is set: return None."""
    return is_all_memory(value, host)


@mistake(NO_LIMIT)
def false_for_none(value):
    """In JSON that is {value}, which is not null. If no limit is set, return None."""
    return (value is False or value == float("inf")) and {"value": json.dumps(value)}


@mistake(NO_LIMIT)
def largest_number_passed_on(value):
    """Version 1 has no word for it: if no limit is set, it writes a number that no machine has, 9223372036854771712 on most.
    Return None for it."""
    return is_number(value) and MORE_THAN_ANY_MACHINE <= value < float("inf")


@mistake(NO_LIMIT)
def zero_for_none(value):
    """A program that asks takes {value} for the limit, and no process can run in so little memory. If no limit is set, return None."""
    return is_number(value) and value in (0, -1) and {"value": value}


@mistake(NO_LIMIT)
def number_for_none(value, version):
    """No limit is set here: {file} says {none}, and the app says {value}. Return None for that."""
    none = "the word max" if version == 2 else "a number beyond any memory"
    is_some = is_number(value) and 0 < value < MORE_THAN_ANY_MACHINE
    return is_some and {"value": value, "file": LIMIT_FILE[version], "none": none}
