"""Lesson 5: a service that is a good process from its start to its end."""

import re
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from workshop.grader import (
    Mismatch,
    NotUp,
    Some,
    Unchecked,
    beside,
    expect,
    expect_health,
    freeze,
    is_too_busy,
    raw,
    rests_on,
    stopped,
    often_tested,
    wanted,
)

PATIENCE = 20  # seconds in which a service must answer for the first time
ANSWERED = 0.3  # seconds after its line in the log, in which a request that does not wait is answered
GRACE = 5  # seconds that `docker stop` waits before it kills
STOP = f"docker stop --time {GRACE} …"
HEALTHCHECK = "docker image inspect --format '{{json .Config.Healthcheck}}' …"
PRODUCTION = "gunicorn, waitress or another production server"
DEVELOPMENT = re.compile(r"Werkzeug|WSGIServer|SimpleHTTP|BaseHTTP")
ERROR_PAGE = b"Error code explanation"  # of Python's http.server, and of all that is built on it
WELL = "test_healthy_while_it_is_well"
TRACEBACK = re.compile(r"(?m)^Traceback .*\n(?:[ \t].*\n)*.*")
SAYS_GOODBYE = re.compile(r"""(?i)^(?!\s)(?:.*[\s\]:>|"'-])?(?:goodbye\W*)+$""")
IN_TIME = 120  # seconds in which a health test must have noticed


def up(bench, image, **options):
    """A service that answers. A server listens before it has loaded the app, which takes a while on a busy machine."""
    return bench.start(image, wait=False, **options).wait_until_up(limit=PATIENCE, hang=PATIENCE)


@pytest.fixture(scope="module")
def plain(bench, image):
    """The service as `docker run` starts it; stopped in the end."""
    return up(bench, image)


def test_it_runs_on_a_real_server(plain):
    """The service runs on a real WSGI server, not on a development server"""
    server = plain.get("/").expect(200).headers.get("server", "a server without a name")
    expect(server, wanted(PRODUCTION, lambda name: not DEVELOPMENT.search(name)))
    malformed = raw(plain.host, plain.port, b"GET / HTTP/9.9.9\r\n\r\n")  # no view sees it: the server itself answers
    expect(malformed, wanted(f"the answer of {PRODUCTION}", lambda page: ERROR_PAGE not in page))


def test_the_log_is_at_once(plain, some):
    """The log goes to standard output or standard error, unbuffered: the line `handling GET /…` is there at once"""
    path = f"/{some.word(12)}"
    line = f"handling GET {path}"
    plain.get(path)
    printed = plain.log_with(re.escape(line), 3)
    expect(last_lines(printed), wanted(f"the line {line}", lambda _: line in printed))


def last_lines(text):
    """The last lines of a log, which a report shows."""
    return text.splitlines()[-6:]


@pytest.fixture(scope="module")
@beside()
def moved(bench, image, plain):
    """The service with another PORT and another GREETING, its health tested often."""
    some = Some(bench.seed, "moved")
    port, greeting = some.number(8000, 8999), some.text()
    flags = often_tested()
    service = bench.start(image, env={"PORT": str(port), "GREETING": greeting}, port=port, flags=flags, wait=False)
    service.greeting = greeting
    return service.wait_until_up(limit=PATIENCE, hang=PATIENCE)


def test_the_port_comes_from_the_environment(moved):
    """The service listens on the port that PORT says in the environment; without it, on 5000"""
    moved.get("/healthz").expect(200)


def test_the_greeting_comes_from_the_environment(moved):
    """`GET /` answers what GREETING says in the environment"""
    moved.get("/").expect(200, text=moved.greeting)


@pytest.fixture(scope="module")
def ended(bench, image, plain):
    """How `docker stop` ended the idle service. One that did not end by itself shows nothing more."""
    end = stopped(plain, GRACE)
    for _ in range(2):  # a busy machine is nobody's mistake: what answers the signal, but slowly, gets another try
        if (end.code == 0 and end.seconds >= 2) or (end.code == 137 and end.log != end.before):
            end = min(end, stopped(up(bench, image), GRACE), key=lambda one: (one.code, one.seconds))
    if 128 < end.code <= 128 + 64:  # 128 and the number of a signal
        raise NotUp(asked=STOP, expected="exit code 0 in under 2 s", actual=str(end))
    return end


def test_docker_stop_ends_it(bench, ended):
    """`docker stop` ends it in under 2 s, with exit code 0"""
    expect(ended, wanted("exit code 0", lambda end: end.code == 0), asked=STOP)
    if ended.seconds >= 2 and is_too_busy(bench.session.run):
        raise Unchecked("This machine is too busy now to measure how long an end takes. Check again.")
    expect(ended, wanted("an end in under 2 s", lambda end: end.seconds < 2), asked=STOP)


def goodbyes(text):
    """The lines of a log that say goodbye and nothing else, but for a time or a level before it. What a traceback says is none of them."""
    return [line for line in TRACEBACK.sub("", text).splitlines() if SAYS_GOODBYE.search(line)]


def test_it_says_goodbye(ended):
    """When the service ends gracefully, the log has the line `goodbye`, and not before"""
    expect(goodbyes(ended.before), wanted("no goodbye before the stop", lambda lines: not lines))
    expect(
        last_lines(ended.log),
        wanted("the line goodbye", lambda _: goodbyes(ended.log)),
        asked=f"{STOP}; docker logs …",
    )


@pytest.fixture(scope="module")
@beside()
def watched(bench, image):
    """The service, its health tested often; made to hang in the end."""
    return up(bench, image, flags=often_tested())


@beside()
def test_healthy_while_it_is_well(image, plain, watched):  # plain: what does not come up at all is told there
    """The image has a HEALTHCHECK that uses only what is in the image: it reports `healthy` while the app is well"""
    command = (image.config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    expect(command, wanted("a HEALTHCHECK", lambda command: command[0] != "NONE"), asked="docker image inspect …")
    expect_health(watched, "healthy", tries=4, seconds=3)


@pytest.fixture(scope="module")
@beside()
def breaking(bench, image, plain):
    """The service, its health tested often; it is told to break."""
    return up(bench, image, flags=often_tested())


@rests_on(WELL)
@beside()
def test_unhealthy_when_the_app_breaks(breaking):
    """It reports `unhealthy` when the app breaks: when /healthz answers 500"""
    still_well(breaking)
    breaking.post("/break").expect((200, 201, 202, 204))
    for _ in range(4):
        breaking.get("/healthz").expect(500)
    expect_health(breaking, "unhealthy", tries=3, seconds=2, stays=1)


def still_well(service):
    """A service of this image was healthy before, so this one must come to be it, too."""
    try:
        expect_health(service, "healthy", tries=8, seconds=5)
    except Mismatch as error:
        raise Unchecked(
            "It was healthy before and now is not. Is this machine too busy?", actual=error.actual
        ) from None


@rests_on(WELL)
def test_unhealthy_in_time(image):
    """It does so within two minutes: `--start-period` plus `--retries` times `--interval` (or `--timeout`, if longer)"""
    expect(
        times := Times(image.config["Healthcheck"]),
        wanted(f"at most {IN_TIME} s", lambda _: times.latest <= IN_TIME),
        asked=HEALTHCHECK,
    )


class Times:
    """The times of a HEALTHCHECK, in seconds; Docker's own where the image sets none."""

    def __init__(self, told):
        self.start, self.interval, self.timeout = (
            told.get(name, 0) / 1e9 or default
            for name, default in (("StartPeriod", 0), ("Interval", 30), ("Timeout", 30))
        )
        self.retries = told.get("Retries") or 3

    @property
    def latest(self):
        """The time after which it is unhealthy at the latest. A test that hangs takes its time-out."""
        return self.start + self.retries * max(self.interval, self.timeout)

    def __repr__(self):
        longer = "interval" if self.interval >= self.timeout else "timeout"
        return f"{self.latest:g} s: --start-period={self.start:g}s, --retries={self.retries} of --{longer}={max(self.interval, self.timeout):g}s"


@rests_on(WELL)
@beside()
def test_healthy_on_another_port(moved):
    """It also reports `healthy` with another PORT"""
    expect_health(moved, "healthy", tries=4, seconds=3)


@beside()
def test_requests_in_flight_are_answered(bench, image, ended, some, drill):
    """Requests in flight are answered before `docker stop` ends the service"""
    for factor in (1, 2, 4):
        seconds = round(factor * (1.5 + some.number(1, 20) / 100), 2)
        slow, was_over = stopped_meanwhile(up(bench, image), seconds, drill)
        slow.expect(200, json={"seconds": seconds})
        if not was_over:
            return
        expect(slow.seconds, wanted(f"about {seconds} seconds", lambda taken: taken > 0.9 * seconds))
    raise Unchecked("This machine is so busy that the request was over before the stop was asked for. Check again.")


def stopped_meanwhile(service, seconds, drill):
    """The answer to a request that takes some seconds, while the service is stopped, and whether it was over before that."""
    with ThreadPoolExecutor(1) as pool:
        drill.note("client", f"asks GET /slow?seconds={seconds}")
        pending = pool.submit(service.get, "/slow", seconds=str(seconds), limit=seconds + 15)
        service.log_with("handling GET /slow", 0.6)
        was_over = bool(wait([pending], ANSWERED).done)
        drill.note("service", "docker stop")
        service.stop(round(seconds) + 8)
        drill.note("service", "ended")
    slow = pending.result()
    drill.note("client", f"has {slow.status or 'no answer'}, {slow.seconds:.1f} s after it asked")
    slow.asked += f" & sleep 0.5; docker stop {service.name}"
    return slow, was_over


@rests_on(WELL)
@beside()
def test_unhealthy_when_nothing_answers(watched):
    """It reports `unhealthy` also when the app hangs and answers nothing at all"""
    freeze(watched)
    if watched.get("/healthz", limit=0.3).status is not None:
        raise Unchecked("The service could not be made to hang here.")
    expect_health(watched, "unhealthy", tries=3, seconds=6, stays=1)
