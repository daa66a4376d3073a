"""Lesson 5: a service that is a good process from its start to its end."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from workshop.mistakes import diagnosis
from workshop.grading.some import Some
from workshop.probes import health
from workshop.runtimes import http
from workshop.outcomes import Mismatch, NotUp, Unchecked
from workshop.probes.yardstick import is_too_busy

INSPECT = "docker inspect --format '{{json .State.Health}}'"
PATIENCE = 20  # seconds in which a service must answer for the first time
GRACE = 5  # seconds that `docker stop` waits before it kills
SHELL = re.compile(r"(?:\S*/)?(?:ba|da)?sh\b")
DEVELOPMENT = re.compile(r"Werkzeug|WSGIServer|SimpleHTTP|BaseHTTP")
ERROR_PAGE = b"Error code explanation"  # of Python's http.server, and of all that is built on it


@pytest.fixture(scope="module")
def plain(bench, image):
    """The service as `docker run` starts it; stopped in the end."""
    return up(bench, image)


def up(bench, image, **options):
    """A service that answers. A server listens before it has loaded the app, which takes a while on a busy machine."""
    return bench.start(image, wait=False, **options).wait_until_up(limit=PATIENCE, hang=PATIENCE)


def test_it_runs_on_a_real_server(plain):
    """The service runs on a real WSGI server, not on a development server"""
    named = plain.get("/").expect(200).headers.get("server", "")
    commands = " | ".join(process.command for process in plain.processes())
    malformed = http.raw(
        plain.host, plain.port, b"GET / HTTP/9.9.9\r\n\r\n"
    )  # no view gets to see it: the server itself answers
    if ERROR_PAGE in malformed or DEVELOPMENT.search(named):
        starts = "`flask run` starts" if re.search(r"flask(?:\.py)? (?:.* )?run\b", commands) else "app.run(…) starts"
        raise Mismatch(
            f"{starts if 'Werkzeug' in named else 'This is'} a development server: made for one person at a desk, "
            "not for a service. Name a real one, for instance gunicorn, in requirements.txt, and let CMD start it: "
            "gunicorn app:app.",
            expected="gunicorn, waitress or another production server",
            actual=f"Server: {named or '(none)'}; processes: {commands[:200]}",
        )


def test_the_log_is_at_once(bench, image, plain, some):
    """The log goes to standard output or standard error, unbuffered: the line `handling GET /…` is there at once"""
    word = some.word(12)
    line = f"handling GET /{word}"
    plain.get(f"/{word}")
    if line not in plain.log_with(re.escape(line), 3):
        hint = why_not_logged(bench, image, plain, line)
        raise Mismatch(hint, expected=line, actual=diagnosis.last_lines(plain.log()) or "an empty log")


def why_not_logged(bench, image, service, line):
    """Where the line went instead: into a file, or into a buffer."""
    path = line.split()[-1]
    changed = [row[2:] for row in service.run.docker("diff", service.name).out.splitlines() if row[:1] in "AC"]
    for name in reversed(changed[-40:]):  # a folder comes before its files
        if not name.endswith(".pyc") and path in service.run.docker("cp", f"{service.name}:{name}", "-").out:
            return (
                f"The line went into the file {name} in the container, where `docker logs` does not look and which "
                "goes when the container goes. Write to standard output; whoever runs the container collects the "
                "log from there."
            )
    buffered = "Where no terminal reads it, Python keeps output in a buffer: ENV PYTHONUNBUFFERED=1 in the Dockerfile."
    if path in service.log():
        return f"The server's own log has the request, the app's line is missing: it waits in a buffer. {buffered}"
    other = up(bench, image)
    other.get(path)
    other.stop(2)
    if line in other.last_log():
        return f"The line came out only when the process ended. {buffered}"
    return (
        "No such line, neither at once nor at the end. If the app prints it, it waited in a buffer until the process "
        f"was killed. {buffered} If the app logs otherwise: at which level, and where to?"
    )


@pytest.fixture(scope="module")
def moved(bench, image, plain):
    """The service with another PORT and another GREETING, its health watched."""
    some = Some(bench.seed, "moved")
    port, greeting = some.number(8000, 8999), some.text()
    flags = health.quick(bench.session.run)
    service = bench.start(image, env={"PORT": str(port), "GREETING": greeting}, port=port, flags=flags, wait=False)
    service.greeting = greeting
    try:
        service.wait_until_up(limit=PATIENCE, hang=PATIENCE)
    except NotUp:
        if all(number != 5000 for _, number in service.listening() or []):
            raise
        command = " ".join((image.config.get("Entrypoint") or []) + (image.config.get("Cmd") or []))
        where = f"in the container's command ({command})" if "5000" in command else "in a file of yours"
        raise NotUp(
            f"PORT says {port}, and the service listens on 5000 all the same: that number stands {where}. Take it "
            "from the environment. gunicorn does so by itself where it is given no --bind.",
            asked=f"docker run --env PORT={port} …",
            expected=f"a service on port {port}",
            actual="a service on port 5000",
        ) from None
    return service


def test_the_port_comes_from_the_environment(moved):
    """The service listens on the port that PORT says in the environment; without it, on 5000"""
    moved.get("/healthz").expect(200)


def test_the_greeting_comes_from_the_environment(moved):
    """`GET /` answers what GREETING says in the environment"""
    moved.get("/").expect(
        200,
        text=moved.greeting,
        because=f"The container was started with GREETING={moved.greeting}, and this is not it. A setting is read from "
        "os.environ when the service starts; what is written into the code or worked out in the build cannot be set.",
    )


@pytest.fixture(scope="module")
def ended(bench, image, plain):
    """What `docker stop` did to the idle service. Without an end of its own, nothing that rests on one can be asked."""
    end = stop(plain)
    for _ in range(2):  # a busy machine is nobody's mistake: what answers the signal, but slowly, gets another try
        if (end.code == 0 and end.seconds >= 2) or (end.code == 137 and end.log != end.before):
            end = min(end, stop(up(bench, image)), key=lambda one: (one.code, one.seconds))
    if not 128 < end.code <= 128 + 64:  # 128 and the number of a signal
        return end
    raise NotUp(
        why_killed(end, image),
        asked=f"docker stop --time {GRACE} …",
        expected="exit code 0 in under 2 s",
        actual=f"exit code {end.code} after {end.seconds:.1f} s; process 1: {end.process}",
    )


def stop(service):
    """Stops a service; what was seen of it."""
    pid, before = service.state["Pid"], service.log()
    process = next((process.command for process in service.processes() if process.pid == pid), "?")
    waited = service.stop(GRACE)
    seconds, code = service.seconds_to_end() or waited, service.state["ExitCode"]
    return SimpleNamespace(seconds=seconds, code=code, before=before, log=service.last_log(), process=process)


def why_killed(end, image):
    """The cause of an end by a signal."""
    process = end.process[:80]
    if end.code == 137 and end.seconds < GRACE - 1:
        return (
            "It was killed at once, by a signal that no process can catch (STOPSIGNAL is "
            f"{image.config.get('StopSignal')}). That is fast, and nothing else. SIGTERM, the default, is a request "
            "to end; leave it so."
        )
    if end.code != 137:
        return (
            f"The signal itself ended it: exit code {end.code} is 128 + {end.code - 128}. Fast, but nobody took the "
            "signal as a request: no goodbye, no thought for open requests. The server, or a handler of yours, must "
            "take it and end with 0."
        )
    if says_goodbye(end.log):
        return (
            f"It said goodbye, went on, and was killed after {GRACE} s. A handler of your own for SIGTERM took the "
            "place of the server's, and now nobody ends the server. Leave that signal to the server: atexit, or one "
            "of its hooks, is the place."
        )
    if SHELL.match(process):
        form = (
            'That is the shell form of CMD. Write the exec form, CMD ["…", "…"]; or, where the shell must fill in a variable, begin with exec.'
            if re.match(r"\S+ -\w*c\b", process)
            else "Start the last command of the script with exec: then the server takes the shell's place."
        )
        return (
            f"It had to be killed after {GRACE} s: process 1 is a shell ({process}). The shell gets the SIGTERM and "
            f"does not pass it on to the server. {form}"
        )
    return (
        f"It had to be killed after {GRACE} s: process 1 ({process}) did not end at SIGTERM. The kernel drops a "
        "signal to process 1 that it has no handler for. gunicorn brings a handler; what you start with Python "
        "needs one, signal.signal(signal.SIGTERM, …)."
    )


def test_docker_stop_ends_it(bench, ended):
    """`docker stop` ends it in under 2 s, with exit code 0"""
    asked, actual = f"docker stop --time {GRACE} …", f"exit code {ended.code} after {ended.seconds:.1f} s"
    if ended.code != 0:
        cause = (
            diagnosis.of_log(ended.log) or "A service that ends because it was asked to has not failed: exit with 0"
        )
        hint, log = f"It ended, with exit code {ended.code}. {cause}", diagnosis.last_lines(ended.log)
        raise Mismatch(hint, asked=asked, expected="exit code 0", actual=f"{actual}\n{log}")
    if ended.seconds >= 2:
        if is_too_busy(bench.session.run):
            raise Unchecked("This machine is too busy now to say how long an end takes. Check again.", actual=actual)
        raise Mismatch(
            f"It ended by itself and took {ended.seconds:.1f} s, with no request to finish. What does it wait for? "
            "Docker waits for 10 s before it kills; each update of the service waits too.",
            asked=asked,
            expected="an end in under 2 s",
            actual=actual,
        )


def says_goodbye(log):
    """Whether a log has the line."""
    return any(re.search(r"\bgoodbye\b", line, re.IGNORECASE) and "handling" not in line for line in log.splitlines())


def test_it_says_goodbye(ended):
    """At a graceful end the log has the line `goodbye`, and not before"""
    if says_goodbye(ended.before):
        raise Mismatch(
            "It said goodbye while it still ran. Flask's teardown functions run after each request, and code at the "
            "top level of a file when it is imported: neither is the end of the process. atexit.register(goodbye) "
            "has it called there.",
            expected="no goodbye before the stop",
            actual=diagnosis.last_lines(ended.before),
        )
    if not says_goodbye(ended.log):
        raise Mismatch(
            "It ended without a goodbye in the log. What calls goodbye() at the end? atexit.register(goodbye) does, "
            "or the hook worker_exit in gunicorn.conf.py. After os._exit nothing is called, and a line in a file is "
            "not in the log.",
            asked="docker stop …; docker logs …",
            expected="goodbye",
            actual=diagnosis.last_lines(ended.log) or "an empty log",
        )


@pytest.fixture(scope="module")
def healthy(bench, image, plain):
    """The service, and the engine reports it healthy."""
    if ((image.config.get("Healthcheck") or {}).get("Test") or ["NONE"])[0] == "NONE":
        raise NotUp(
            "The image has no HEALTHCHECK: Docker knows that the process runs, not whether it works. Add one that asks /healthz.",
            expected="a HEALTHCHECK",
            actual="none",
        )
    service = up(bench, image, flags=health.quick(bench.session.run))
    if not health.comes_to_be(service, "healthy", tries=4, seconds=3):
        last = health.last_test(service)
        raise NotUp(
            health_test=last,
            log=last.output,
            asked=f"{INSPECT} {service.name}",
            expected="healthy",
            actual=health.shown(service),
        )
    return service


def test_healthy_while_it_is_well(healthy):
    """The image has a HEALTHCHECK that needs nothing the image lacks: it reports `healthy` while the app is well"""


def test_unhealthy_when_the_app_breaks(healthy):
    """It reports `unhealthy` when the app breaks: when /healthz answers 500"""
    healthy.post("/break").expect((200, 201, 202, 204), because="POST /break is in the starter. Leave it as it is.")
    for _ in range(4):
        healthy.get("/healthz").expect(500, because="After POST /break, /healthz answers 500. That is in the starter.")
    if not health.comes_to_be(healthy, "unhealthy", tries=3, seconds=2):
        raise Mismatch(
            "/healthz answers 500, test after test, and the health is still reported as good. Does the test ask "
            "/healthz, and look at the status, not only whether something listens or answers? Does || exit 0, or an "
            "except, turn failure into success?",
            asked=f"curl -X POST {healthy.url}/break; {INSPECT} {healthy.name}",
            expected="unhealthy",
            actual=health.shown(healthy),
            health_test=health.last_test(healthy),
        )


def test_healthy_on_another_port(healthy, moved):
    """With another PORT, too, it reports `healthy`"""
    if not health.comes_to_be(moved, "healthy", tries=4, seconds=3):
        raise Mismatch(
            f"PORT says {moved.inner_port}, the service answers there, and is reported unhealthy: the health test "
            "asks another port. It sees the same environment as the service; let it read PORT too.",
            asked=f"docker run --env PORT={moved.inner_port} …",
            expected="healthy",
            actual=health.shown(moved),
        )


def test_requests_in_flight_are_answered(bench, image, ended, some):
    """Requests in flight are answered before `docker stop` ends the service"""
    for factor in (1, 2, 4):
        seconds = round(factor * (1.5 + some.number(1, 20) / 100), 2)
        service = up(bench, image)
        with ThreadPoolExecutor(1) as pool:
            pending = pool.submit(service.get, "/slow", seconds=str(seconds), limit=seconds + 15)
            service.log_with("handling GET /slow", 0.6)
            early = pending.done()
            service.stop(round(seconds) + 8)
            answer = pending.result()
        if not early:
            break
        answer.expect(200, json={"seconds": seconds})
        assert answer.seconds > 0.9 * seconds, "/slow takes as many seconds as it is asked to. That is in the starter."
    else:
        raise Unchecked(
            "This machine is so busy that the request was over before the stop was asked for. Check again."
        )
    signal = image.config.get("StopSignal") or "SIGTERM"
    if answer.problem or answer.status != 200:
        cause = (
            f"STOPSIGNAL is {signal}: to gunicorn, SIGINT and SIGQUIT mean to drop everything; SIGTERM means to finish first."
            if signal.upper().removeprefix("SIG") in ("INT", "QUIT", "2", "3")
            else "gunicorn finishes such requests. Does a handler of your own end the process under it, with "
            "sys.exit or os._exit? Is it told to wait no time (--graceful-timeout)? A server without a graceful end "
            "needs code of yours that waits."
        )
        raise Mismatch(
            f"A request that was being answered when `docker stop` came was cut off. {cause}",
            asked=f"curl -i '{service.url}/slow?seconds={seconds}' & sleep 0.5; docker stop {service.name}",
            expected=f'200 {{"seconds": {seconds}}}',
            actual=str(answer),
        )
    answer.expect(200, json={"seconds": seconds})


def test_unhealthy_when_nothing_answers(bench, image, healthy):
    """It reports `unhealthy` also when the app hangs and answers nothing at all"""
    service = up(bench, image, flags=health.quick(bench.session.run))
    if not health.comes_to_be(service, "healthy", tries=8, seconds=5):
        raise Unchecked(
            "It was healthy before and now is not. Is this machine too busy?", actual=health.shown(service)
        )
    health.freeze(service)
    if service.get("/healthz", limit=0.3).status is not None:
        raise Unchecked("The service could not be made to hang here.")
    if not health.comes_to_be(service, "unhealthy", tries=3, seconds=6):
        raise Mismatch(
            "The app hangs, no request is answered, and the health is still reported as good. The test must ask "
            "the app itself, over HTTP, and take no answer in time for a failure: urlopen(…, timeout=2), and an exit "
            "code other than 0.",
            asked=f"docker kill --signal STOP {service.name}; {INSPECT} {service.name}",
            expected="unhealthy",
            actual=health.shown(service),
            health_test=health.last_test(service),
        )
