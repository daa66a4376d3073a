"""Lesson 20: a whole service in one folder."""

import time
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from workshop.grader import beside, expect, hash_tag, rests_on, samples, stopped, until, wanted

JSON = "application/json"
PATIENCE = 2.0  # seconds in which an answer must come while Redis is away
RECOVERY = 15.0  # seconds in which the service must be well again
SIZE = 200  # MB
GRACE = 5  # seconds that `docker stop` waits before it kills
REQUESTS = 48  # that the metrics must show
TTL, CAP = 2, 2  # the settings of lessons 14 and 15: seconds, words
UP, TESTS = "test_one_command_brings_it_up", "docker compose run --rm tests"
NO_HOST_PORT = wanted("a port of the host that the engine chooses", lambda port: port is None)
up = rests_on(UP)


@pytest.fixture(scope="module")
def web(stack):
    """The service `web`, from outside. It is looked up at each call: one that was started again has another port."""
    return lambda: stack.service("web")


def cli(stack, *words):
    """What redis-cli answers, in the database that web uses."""
    number = urlsplit(stack.service("web").environment.get("REDIS_URL", "")).path.strip("/") or "0"
    return stack.redis_cli("-n", number, *words)


def moment(age=0):
    """The time in whole seconds, `age` seconds ago."""
    return int(time.time()) - age


def stored(web, some):
    """A pair that the service has just taken."""
    pair = {"key": some.key(), "value": some.text()}
    web().post("/set", json=pair).expect(201, json=pair, media=JSON)
    return pair


def sent(web, some, to, **parts):
    """A message that the service has just taken."""
    letter = {"from": some.name(), "to": to, "text": some.text(), "at": moment()} | parts
    web().post("/messages", json=letter).expect(201)
    return letter


def inbox(web, user):
    """(peer, unread, preview) of each conversation that a user's inbox shows."""
    answer = web().get(f"/inbox/{user}").expect(200, json=dict, media=JSON)
    names = ("peer", "unread", "preview")
    return [tuple(one.get(name) for name in names) for one in answer.json.get("conversations") or []]


def complete(web, q, n=10):
    """(word, weight) of each completion that the service offers."""
    answer = web().get("/complete", q=q, n=str(n)).expect(200, json=dict, media=JSON)
    return [(one.get("word"), one.get("weight")) for one in answer.json.get("completions") or []]


def added(web, word, weight):
    """Adds to the weight of a word."""
    web().post("/words", json={"word": word, "weight": weight}).expect(201)


def test_one_command_brings_it_up(stack):
    """`docker compose up --detach --wait` brings up the whole service, and nothing else: `GET /healthz` answers 200"""
    stack.service("web").get("/healthz").expect(200)
    no_tests = wanted("no container of tests", lambda there: not there)
    expect("tests" in stack.config["services"], no_tests, asked="docker compose ps --all")


@up
def test_web_reports_its_health(stack):
    """web has a health test, and the engine reports it `healthy`"""
    health = until(
        lambda: (stack.state("web").get("Health") or {}).get("Status"), 10, enough=lambda one: one != "starting"
    )
    expect(health, "healthy", asked="docker compose ps web")


@up
def test_pairs(web, stack, some):
    """As in lesson 7, `POST /set` and `GET /get?key=…` keep pairs as plain strings in Redis; a missing key is 404, a malformed request 400"""
    pair = stored(web, some)
    web().get("/get", key=pair["key"]).expect(200, json=pair)
    expect(cli(stack, "GET", pair["key"]), pair["value"])
    web().get("/get", key=some.key()).expect(404, json=dict)
    web().get("/get").expect(400)
    web().post("/set", json={"key": some.key()}).expect(400)


@up
def test_visits_are_counted(web):
    """`GET /` says how many visits there were, and no two visits get the same number"""
    pages = [page.expect(200).text for _ in range(4) for page in web().at_once(25, "/")]
    expect(pages, wanted("a hundred different pages", lambda pages: len(set(pages)) == len(pages)))


@up
def test_the_inbox(web, some):
    """As in lesson 14, an inbox shows the newest conversation first, with its preview; a late message counts, and changes nothing else"""
    user, old, new = some.name(), some.name(), some.name()
    first = sent(web, some, user, **{"from": new}, at=moment(10), text=some.word(50))
    other = sent(web, some, user, **{"from": old}, at=moment(300))
    late = sent(web, some, user, **{"from": new}, at=moment(900))  # noqa: F841  a mistake looks for its text
    expect(inbox(web, user), [(new, 2, first["text"][:40]), (old, 1, other["text"])])


@up
def test_reading_an_inbox(web, some):
    """Reading sets `unread` to 0; a conversation that is not there is 404, a message to oneself 400"""
    user = some.name()
    letter = sent(web, some, user)
    web().post(f"/inbox/{user}/read", json={"peer": letter["from"]}).expect(200)
    expect(inbox(web, user), [(letter["from"], 0, letter["text"])])
    web().post(f"/inbox/{user}/read", json={"peer": some.word()}).expect(404)
    web().post("/messages", json=letter | {"from": user}).expect(400)


@up
def test_keys_have_hash_tags(web, stack, some):
    """All keys of one user's inbox have the same hash tag, `{…}`, so that a cluster could keep them"""
    before = set(cli(stack, "KEYS", "*").splitlines())
    sent(web, some, some.name())
    keys = sorted(set(cli(stack, "KEYS", "*").splitlines()) - before)
    expect(keys, wanted("keys that have one hash tag", lambda keys: len({hash_tag(key) for key in keys}) == 1))


@up
def test_completions(web, some):
    """As in lesson 15, `GET /complete?q=…&n=…` answers the n heaviest words; a word that comes again gets heavier; capitals make no difference"""
    beginning = some.word(5)
    words = sorted((beginning + end for end in some.words(3, 4)), reverse=True)  # the heaviest are not the first
    for weight, word in zip((20, 30, 40), words, strict=True):
        added(web, word, weight)
    added(web, words[0].upper(), 15)
    expect(complete(web, beginning.upper(), 2), [(words[2], 40), (words[0], 35)])
    expect(complete(web, words[1]), [(words[1], 30)])
    web().get("/complete").expect(400)


@rests_on("test_the_inbox", "test_completions")
def test_settings(stack, some):
    """`INBOX_TTL` and `COMPLETIONS_CAP`, as in lessons 14 and 15, come from web's environment: an idle conversation drops out, a beginning keeps its heaviest words"""
    user, idle, busy, beginning = *(some.name() for _ in range(3)), some.word(5)
    with stack.another("web", INBOX_TTL=f"{TTL}", COMPLETIONS_CAP=f"{CAP}") as one:
        web = lambda: one

        def peers():
            sent(web, some, user, **{"from": busy})
            return [peer for peer, *_ in inbox(web, user)]

        sent(web, some, user, **{"from": idle})
        expect(until(peers, TTL + 3, 0.3, enough=lambda peers: idle not in peers), [busy])
        for weight, end in enumerate("abc", 1):
            added(web, beginning + end, weight)
        expect(complete(web, beginning), [(beginning + "c", 3), (beginning + "b", 2)])


@up
def test_metrics(web, some):
    """`GET /metrics` answers in Prometheus' text format and counts every request, whichever process of the service had it"""
    before = numbers(web().get("/metrics"))
    for _ in range(REQUESTS // 12):
        web().at_once(12, "/complete", q=some.word())
    pages = [numbers(answer) for answer in web().at_once(8, "/metrics")]
    rises = [rise(before, page) for page in pages]
    expect(rises, wanted(f"a counter that rose by {REQUESTS} in each of eight answers", all))


def numbers(answer):
    """The numbers of an answer in Prometheus' text format."""
    answer.expect(200)
    expect(answer, wanted("a page in Prometheus' text format", lambda page: samples(page.text)))
    kinds = ("text/plain", "application/openmetrics-text")
    expect(answer.content_type, wanted("text/plain", lambda kind: kind in kinds))
    return samples(answer.text)


def rise(before, after):
    """The names of the counters that rose by as many requests as were made; some more where health tests are counted together with them."""
    rises = {name: after[name] - before.get(name, 0) for name in after if "_bucket" not in name}
    return [name for name, more in rises.items() if REQUESTS <= more <= REQUESTS + 30]


@pytest.fixture(scope="module")
def outage(web, stack, bench):
    """What was answered while Redis was paused and while it was stopped, and when it was back."""
    seen, drill = SimpleNamespace(away=[], alive=[], ready=[], back=[]), bench.drill("test_redis_away_is_503")
    before = web().post("/set", json={"key": "outage", "value": "x"})
    for how in ("paused", "stopped"):
        with stack.away("redis", how):
            drill.note("redis", how)
            seen.away += [web().get("/get?key=outage"), web().get("/inbox/outage"), web().get("/complete?q=outage")]
            seen.alive.append(web().get("/healthz"))
            seen.ready.append(web().get("/readyz"))
            statuses = (seen.away[-3].status, seen.alive[-1].status, seen.ready[-1].status)
            drill.note("web", "GET /get {}, /healthz {}, /readyz {}".format(*statuses))
        drill.note("redis", "is back")
        limit = RECOVERY if before.status == 201 else 0
        seen.back.append(until(lambda: web().get("/get?key=outage"), limit, 0.1, enough=lambda one: one.status == 200))
        drill.note("web", f"GET /get {seen.back[-1].status}")
    return seen


@up
def test_redis_away_is_503(outage):
    """While Redis hangs or is gone, what needs it answers 503 with a JSON object within 2 s"""
    for answer in outage.away:
        answer.expect(503, json=dict, media=JSON)
        expect(answer.seconds, wanted(f"at most {PATIENCE:.0f} seconds", lambda seconds: seconds <= PATIENCE))


@up
def test_alive_and_ready_are_two_questions(outage):
    """Meanwhile `GET /healthz` answers 200: the process is well; `GET /readyz` answers 503: it cannot do its work"""
    for answer in outage.alive:
        answer.expect(200)
    for answer in outage.ready:
        answer.expect(503)


@up
def test_it_recovers_by_itself(outage, web):
    """When Redis is back, the service works again by itself, and `/readyz` answers 200"""
    for answer in outage.back:
        answer.expect(200)
    until(lambda: web().get("/readyz"), PATIENCE, 0.1, enough=has_settled).expect(200)


@up
def test_killed_web_comes_back(stack, drill):
    """When web's process is killed, the service comes back"""
    name = "web"
    expect(killed(stack, name, drill), "running again")
    stack.service(name).get("/healthz").expect(200)


def killed(stack, name, drill):
    """What became of a service whose process was killed."""
    before = stack.state(name)
    stack.kill_process(name)
    drill.note(name, "its process is killed")
    until(
        lambda: stack.state(name)["StartedAt"] != before["StartedAt"] and stack.state(name)["Running"], RECOVERY, 0.1
    )
    after = stack.state(name)
    is_back = after["Running"] and after["StartedAt"] != before["StartedAt"]
    shown = "running again" if is_back else f"{after['Status']}, exit code {after['ExitCode']}"
    drill.note(name, shown)
    if not is_back:  # the checks below need one that runs
        stack.start_again(name)
    if name == "web":
        stack.service(name).wait_until_up()
    return shown


@rests_on("test_pairs")
def test_killed_redis_loses_nothing(stack, web, some, drill):
    """When Redis' process is killed, it comes back with every pair that was answered with 201"""
    pairs = [stored(web, some) for _ in range(20)]
    drill.note("web", f"{len(pairs)} pairs taken")
    name = "redis"
    expect(killed(stack, name, drill), "running again")
    for pair in pairs:
        answer = until(lambda key=pair["key"]: web().get("/get", key=key), RECOVERY, 0.1, enough=has_settled)
        answer.expect(200, json=pair)
    drill.note("web", "has all of them")


def has_settled(answer):
    """Whether an answer is a final one: each process of the service finds out for itself that Redis is back."""
    return answer.status in (200, 404)


@up
def test_redis_is_not_published(stack):
    """Redis is not published to the host"""
    ports = stack.service("redis").inspect()["HostConfig"]["PortBindings"]
    expect(ports, wanted("no published port", lambda ports: not ports), asked="docker compose ps redis")


@up
def test_it_does_not_run_as_root(web):
    """The processes of web run as a user that is not root"""
    users = sorted({process.uid for process in web().processes()})
    no_root = wanted("no process of user 0, which is root", lambda users: 0 not in users)
    expect(users, no_root, asked="docker compose top web")


@up
def test_the_image_is_small(web, bench):
    """The image of web has at most 200 MB"""
    size = bench.known_image(web().inspect()["Image"]).size / 1e6
    expect(size, wanted(f"at most {SIZE} MB", lambda size: size <= SIZE), asked="docker compose images web")


@up
@beside()
def test_its_tests_run_in_a_container(stack):
    """`docker compose run --rm tests` runs the service's own tests in a container, and ends with 0"""
    expect(stack.as_written.at("services", "tests"), wanted("a service called tests", bool), asked=TESTS)
    done = stack.own_tests("tests", "test")
    expect(f"exit code {done.code}", "exit code 0", asked=TESTS)


@rests_on("test_its_tests_run_in_a_container")
@beside()
def test_its_tests_notice(stack):
    """With code that is broken, the same command ends with another exit code"""
    code = stack.own_tests("tests", "test", is_broken=True).code
    not_0 = wanted("another exit code than 0", lambda code: code != 0)
    expect(code, not_0, asked=f"{TESTS}, with code that raises an error")


@up
def test_two_of_web(stack, some):
    """`docker compose up --scale web=2` works, and both answer with the same data"""
    asked = "docker compose up --detach --scale web=2"
    fixed = stack.fixed_port("web")
    expect(fixed.port if fixed else None, NO_HOST_PORT, asked=asked)
    one, two = stack.scale(web=2)
    pair = {"key": some.key(), "value": some.text()}
    one.post("/set", json=pair).expect(201)
    two.get("/get", key=pair["key"]).expect(200, json=pair)


@up
def test_docker_stop_ends_it(stack):
    """`docker stop` ends web within 5 s, with exit code 0"""
    end = stopped(stack.services("web")[-1], GRACE)
    stack.start_again("web")  # for the check below
    expect(end, wanted("exit code 0", lambda end: end.code == 0), asked=f"docker stop --time {GRACE} …")


@rests_on("test_pairs")
def test_data_survive_down_and_up(stack, web, some):
    """The data survive `docker compose down` and `up`"""
    pair = stored(web, some)
    stack.down()
    stack.up()
    web().get("/get", key=pair["key"]).expect(200, json=pair)
