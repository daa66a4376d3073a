"""What goes wrong in lesson 5. Looked through after a check has failed, from the top; the first that holds is the hint."""

import re
import shlex

from workshop.grader import file_with, mistake, said

REAL_SERVER = "test_it_runs_on_a_real_server"
LOG = "test_the_log_is_at_once"
STOPPED = "test_docker_stop_ends_it"
GOODBYE = "test_it_says_goodbye"
BROKEN = "test_unhealthy_when_the_app_breaks"
IN_FLIGHT = "test_requests_in_flight_are_answered"
SILENT = "test_unhealthy_when_nothing_answers"
SHELL = re.compile(r"(?:\S*/)?(?:ba|da)?sh\b")


# The server and its log.


@mistake(REAL_SERVER)
def development_server(server, DEVELOPMENT):
    """The server calls itself {server}. That is a development server, such as `flask run` and app.run(…) start: made for one
    developer, not for a service. Name a real one, for instance gunicorn, in requirements.txt, and let CMD start it:
    gunicorn app:app."""
    return DEVELOPMENT.search(server) and {"server": server}


@mistake(REAL_SERVER)
def server_built_on_http_server(malformed, ERROR_PAGE):
    """A request that is not HTTP was answered with the error page of Python's http.server, so this is a development server,
    whatever it calls itself: app.run(…) and `flask run` start one. Name a real one, for instance gunicorn, in requirements.txt,
    and let CMD start it: gunicorn app:app."""
    return ERROR_PAGE in malformed


@mistake(LOG)
def log_in_a_file(plain, path):
    """The line went into the file {file} in the container. `docker logs` does not look there, and the file is deleted with the
    container. Write to standard output; whoever runs the container collects the log from there."""
    file = file_with(plain, path)
    return file and {"file": file}


@mistake(LOG)
def output_in_a_buffer(plain, line):
    """The line was not in the log; it came only after {count} more requests with long addresses. Until then it waited in a buffer.
    Unless a terminal reads it, Python keeps output in one: ENV PYTHONUNBUFFERED=1 in the Dockerfile. An output that you open
    yourself has a buffer of its own: print(…, flush=True)."""
    return line in after_many_requests(plain, line) and {"count": REQUESTS}


@mistake(LOG)
def nothing_printed(plain, line):
    """The line is in no file of the container and not in the log, also not after {count} more requests with long addresses, so
    it is not waiting in a buffer. If the app prints it, where to? If it logs it, at which level? By default,
    logging shows only warnings and errors."""
    return line not in after_many_requests(plain, line) and {"count": REQUESTS}


REQUESTS = 16  # with an address of 3 kB each: Python's buffer holds 8 kB, and the requests may go to several processes


def after_many_requests(service, line):
    """The log after requests that overflow a buffer. Where it has the line already, none is sent."""
    if line in service.log():
        return service.log()
    service.at_once(REQUESTS, f"/{'x' * 3000}")
    return service.log_with(re.escape(line))


# What the environment says.


@mistake("up")
def bound_to_loopback(start):
    """gunicorn was told to listen on {address} ({command}), which is inside the container only. Leave --bind out: then it listens on all
    addresses, on the port that PORT names."""
    command = shlex.join(start.command)
    told = [address for address, _ in start.listening or [] if address.startswith("127.") and address in command]
    is_named = told or ("localhost" in command and start.listening)
    return (
        start.running
        and "gunicorn" in command
        and is_named
        and {"address": (told or ["localhost"])[0], "command": command}
    )


@mistake("up")
def gunicorn_without_a_port(start):
    """gunicorn listens on {address}:{port}, inside the container only. It takes the port from PORT, on all addresses, if it is given no --bind: write
    ENV PORT=5000 in the Dockerfile, and leave --bind out."""
    inner = [(address, port) for address, port in start.listening or [] if address.startswith("127.")]
    is_gunicorn = any("gunicorn" in word for word in start.command)
    return start.running and is_gunicorn and inner and {"address": inner[0][0], "port": inner[0][1]}


@mistake("moved")
def port_in_the_command(start, port):
    """PORT says {port}, and the service listens on 5000 all the same: that number is in the container's command ({command}).
    Take it from the environment. gunicorn does so by itself if it is given no --bind."""
    command = shlex.join(start.command)
    return listens_on_5000(start) and "5000" in command and {"port": port, "command": command}


@mistake("moved")
def port_in_a_file(start, port):
    """PORT says {port}, and the service listens on 5000 all the same. The container's command ({command}) does not name that
    number; look for it in your files, gunicorn.conf.py for instance. Take it from the environment. gunicorn does so by itself if it is given no --bind."""
    command = shlex.join(start.command)
    return listens_on_5000(start) and "5000" not in command and {"port": port, "command": command}


def listens_on_5000(start):
    """Whether a service listens on the port that it has by default."""
    return any(number == 5000 for _, number in start.listening or [])


@mistake("test_the_greeting_comes_from_the_environment")
def greeting_not_from_the_environment(answer, moved):
    """The container was started with GREETING={greeting}, and the page says something else. A setting is read from os.environ
    when the service starts; what is written into the code, or worked out in the build, cannot be changed from outside."""
    return answer.status == 200 and moved.greeting not in answer.text and {"greeting": moved.greeting}


# The end.


@mistake("ended")
def killed_by_its_stop_signal(end, image):
    """It was killed at once, by a signal that no process can catch: STOPSIGNAL is {signal}. That is fast, but the service
    cannot finish anything. SIGTERM, the default, asks a process to end: take the STOPSIGNAL line out."""
    signal = str(image.config.get("StopSignal"))
    return end.code == 137 and signal.removeprefix("SIG") in ("KILL", "9") and {"signal": signal}


@mistake("ended")
def ended_by_the_signal(end):
    """The signal itself ended it: exit code {code} is 128 + {signal}. That is fast, but nothing handled the signal, so there was no
    time for a goodbye or for open requests. The server, or a handler of yours, must handle it and end with 0."""
    return end.code != 137 and {"code": end.code, "signal": end.code - 128}


@mistake("ended")
def reloads_at_the_signal(end, GRACE):
    """It had to be killed after {GRACE} s: to uWSGI, SIGTERM means to load everything again, and its log says that it did. With `die-on-term = true`
    it ends instead."""
    return was_killed(end, GRACE) and "uwsgi" in end.process.lower() and "reloading uWSGI" in end.log


@mistake("ended", GOODBYE, IN_FLIGHT)
def handler_without_its_two_arguments(ended=None, end=None):
    """The log says: {error}. The handler of a signal is called with two arguments, the signal's number and the frame; this one
    does not take them. It also replaces the server's own handler: leave SIGTERM to the server, and let atexit.register(goodbye) say goodbye."""
    error = said(
        r"^(?P<error>TypeError: \w+\(\) takes (?:0 positional arguments|1 positional argument) but [12] w\w+ given)",
        (end or ended).log,
    )
    return error


@mistake("ended")
def handler_in_place_of_the_servers(end, goodbyes, GRACE):
    """It said goodbye, went on, and was killed after {GRACE} s. Do you have a handler of your own for SIGTERM? It takes the place of the server's, and
    then nothing ends the server. Leave that signal to the server: atexit, or one of its hooks, is the place for a goodbye."""
    return was_killed(end, GRACE) and goodbyes(end.log) and not goodbyes(end.before)


@mistake("ended")
def shell_around_the_command(end, GRACE):
    """It had to be killed after {GRACE} s: process 1 is a shell ({process}). The shell gets the SIGTERM and does not pass it on to
    the server. Without brackets, CMD starts such a shell: write the exec form, CMD ["…", "…"]. If the shell must fill in a
    variable, begin its command with exec."""
    is_shell = SHELL.match(end.process) and re.match(r"\S+ -\w*c\b", end.process)
    return was_killed(end, GRACE) and is_shell and {"process": end.process[:80]}


@mistake("ended")
def script_without_exec(end, GRACE):
    """It had to be killed after {GRACE} s: process 1 is a shell that runs a script ({process}). The shell gets the SIGTERM and does not
    pass it on to the server. Start the last command of the script with exec: then the server takes the shell's place."""
    runs_a_script = SHELL.match(end.process) and re.match(r"\S+ [^-]", end.process)
    return was_killed(end, GRACE) and runs_a_script and {"process": end.process[:80]}


@mistake("ended")
def no_handler_for_the_signal(end, GRACE):
    """It had to be killed after {GRACE} s: process 1 ({process}) did not end at SIGTERM. The kernel drops a signal to process 1 that
    it has no handler for. gunicorn brings a handler; what you start with Python needs one, signal.signal(signal.SIGTERM, …)."""
    return was_killed(end, GRACE) and end.catches is False and {"process": end.process[:80]}


@mistake("ended")
def went_on_after_the_signal(end, GRACE):
    """It had to be killed after {GRACE} s: process 1 ({process}) takes SIGTERM, and then did not end. What does it wait for? A handler or SIG_IGN of your own
    in a worker takes the place of the server's handler there, and the server waits for its workers."""
    return was_killed(end, GRACE) and end.catches and {"process": end.process[:80]}


def was_killed(end, grace):
    """Whether the engine had to end it by force, once it had waited."""
    return end.code == 137 and end.seconds > grace - 1


@mistake(STOPPED)
def error_at_the_end(ended):
    """It ended with exit code {code}, and its log names an error: {error}."""
    named = said(r"^(?P<error>[\w.]*(?:Error|Exception)\b.*)", ended.log)
    return ended.code != 0 and named and {"code": ended.code, "error": named["error"].rstrip(".")}


@mistake(STOPPED)
def exit_code_for_a_failure(ended):
    """It ended with exit code {code}. A service that ends because it was asked to has not failed: exit with 0."""
    return ended.code != 0 and {"code": ended.code}


@mistake(STOPPED)
def pause_at_the_end(ended):
    """It ended by itself and took {seconds} s, with no request to finish. What does it wait for? Docker waits for 10 s before it
    kills; each update of the service waits too."""
    return ended.code == 0 and ended.seconds >= 2 and {"seconds": f"{ended.seconds:.1f}"}


@mistake(GOODBYE)
def goodbye_while_it_runs(ended, goodbyes):
    """It said goodbye while it still ran. Flask's teardown functions run after each request, and code at the top level of a file
    runs when it is imported: neither is the end of the process. After atexit.register(goodbye), Python calls goodbye at the end."""
    return goodbyes(ended.before)


@mistake(GOODBYE)
def goodbye_in_a_file(plain):
    """The goodbye went into the file {file} in the container. A line in a file is not in the log: print it."""
    file = file_with(plain, "goodbye")
    return file and {"file": file}


@mistake(GOODBYE)
def no_goodbye(ended, goodbyes):
    """It ended without a goodbye in the log. What calls goodbye() at the end? After atexit.register(goodbye) Python does; the hook
    worker_exit in gunicorn.conf.py can, too. After os._exit nothing is called."""
    return not goodbyes(ended.log)


# Health.


@mistake("test_healthy_while_it_is_well")
def no_healthcheck(command):
    """The image has no HEALTHCHECK: Docker knows that the process runs, not whether it works. Add one that asks /healthz."""
    return command[0] == "NONE"


@mistake(BROKEN)
def break_removed(answer):
    """POST /break answers {status}. It is in the starter; leave it as it is."""
    return answer.path == "/break" and {"status": answer.status}


@mistake(BROKEN)
def healthz_always_well(answer):
    """After POST /break, /healthz must answer 500, and here it answers {status}. The starter's app answers 500 then; leave that as it is."""
    return answer.path == "/healthz" and {"status": answer.status}


@mistake(BROKEN)
def health_blind_to_the_status(health_test):
    """/healthz answers 500, test after test, and the health is still reported as good. Does the test ask /healthz, and look at the
    status, not only whether something listens or answers? Does || exit 0, or an except, turn failure into success?"""
    return health_test.running and health_test.code == 0


@mistake(SILENT)
def health_blind_to_silence(health_test):
    """The app hangs, no request is answered, and the health is still reported as good. The test must ask the app itself, over HTTP,
    and take no answer in time for a failure: urlopen(…, timeout=2), and an exit code other than 0."""
    return health_test.running and health_test.code == 0


@mistake("test_unhealthy_in_time")
def unhealthy_too_late(times, IN_TIME):
    """With these times, up to {latest} s pass until the health is reported as bad: {start} s of --start-period, then {retries} tries, {each} s each (the longer
    of --interval and --timeout; Docker takes 30 s for each that is not set). The lesson asks for {IN_TIME} s at most: set shorter times, or fewer --retries."""
    each = max(times.interval, times.timeout)
    return {"latest": f"{times.latest:g}", "start": f"{times.start:g}", "retries": times.retries, "each": f"{each:g}"}


@mistake("test_healthy_on_another_port")
def health_asks_a_fixed_port(moved, health_test):
    """PORT says {port}, the service answers there, and the health test fails: it asks another port. It gets the same environment
    as the service; let it read PORT too."""
    return "refused" in health_test.output and moved.get("/healthz").status == 200 and {"port": moved.inner_port}


# Requests in flight.


@mistake(IN_FLIGHT)
def slow_does_not_wait(slow, seconds, was_over):
    """/slow was asked to take {seconds} s, and answered after {taken} s. The starter's /slow takes the time that it is asked to; leave it as it is."""
    return was_over and slow.seconds <= 0.9 * seconds and {"seconds": seconds, "taken": f"{slow.seconds:.1f}"}


@mistake(IN_FLIGHT)
def another_stop_signal(answer, was_over, image):
    """A request that was being answered when `docker stop` came was cut off. STOPSIGNAL is {signal}: to gunicorn, SIGINT and SIGQUIT
    mean to drop everything; SIGTERM means to finish first."""
    signal = str(image.config.get("StopSignal"))
    quits = signal.upper().removeprefix("SIG") in ("INT", "QUIT", "2", "3")
    return answer.status != 200 and not was_over and quits and {"signal": signal}


@mistake(IN_FLIGHT)
def request_cut_off(answer, was_over):
    """A request that was being answered when `docker stop` came was cut off. gunicorn finishes such requests. Does a handler of your
    own end the process under it, with sys.exit or os._exit? Does --graceful-timeout give it no time to wait? A server without a
    graceful end needs code of yours that waits."""
    return answer.status != 200 and not was_over
