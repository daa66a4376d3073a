"""Lesson 7: a web API that keeps its data in Redis."""

import re
from types import SimpleNamespace

import pytest

from workshop.grader import NotUp, expect, rests_on, until, wanted, while_away

VISITS = "workshop:visits"
JSON = "application/json"
PATIENCE = 2.0  # seconds in which an answer must come while Redis is gone
BYTES = re.compile(r"(?<!\w)b\\?['\"]")  # as Python shows them
PAIR = {"key": "outage", "value": "x"}
ASKS = [("GET", "/get", {"key": "outage"}), ("POST", "/set", {"json": PAIR}), ("GET", "/", {})]
RECOVERY = 8.0  # seconds in which the service must be well again once Redis is back


def stored(service, some, **pair):
    """A pair that the service has just taken."""
    pair = {"key": some.key(), "value": some.text()} | pair
    service.post("/set", json=pair).expect(201)
    return pair


def visit(service):
    """The page that GET / answers."""
    return service.get("/").expect(200)


def numbers(page):
    """The whole numbers that a page shows."""
    return [int(number) for number in re.findall(r"\d+", page.text)]


def test_the_service_answers_from_outside(service):
    """The service starts and answers from outside"""
    service.get("/healthz")


def test_set_answers_201_and_the_pair(service, some):
    """`POST /set` with `{"key", "value"}` as JSON answers 201 and the pair, as JSON too"""
    pair = {"key": some.key(), "value": some.text()}
    service.post("/set", json=pair).expect(201, json=pair, media=JSON)


def test_what_was_set_can_be_got(service, some):
    """What was set is what `GET /get?key=…` answers, as JSON with 200"""
    first = stored(service, some)
    pair = stored(service, some, key=first["key"])
    once = service.get("/get", key=pair["key"]).expect(200, json=pair, media=JSON)
    service.get("/get", key=pair["key"]).expect(200, json=once.json)


def test_a_missing_key_is_404(service, some):
    """A key that is not there answers 404 and an error as a JSON object"""
    service.get("/get", key=some.key()).expect(404, json=dict, media=JSON)


def test_get_without_a_key_is_400(service):
    """`GET /get` without a key answers 400"""
    service.get("/get").expect(400)


def test_a_malformed_set_is_400(service, some):
    """A `POST /set` whose body is not a JSON object with the strings `key` and `value` answers 400 (or 415)"""
    key, value = some.key(), some.text()
    bodies = {
        "JSON with a mistake in it": "{not json",
        "nothing at all": "",
        "JSON without a value": f'{{"key": "{key}"}}',
        "JSON without a key": f'{{"value": "{value}"}}',
        "a JSON list, of the words key and value": '["key", "value"]',
        "JSON, but a mere number": "7",
        "JSON, but a mere null": "null",
        "JSON with a number for the value": f'{{"key": "{key}", "value": 5}}',
        "JSON with null for the value": f'{{"key": "{key}", "value": null}}',
        "JSON with true for the value": f'{{"key": "{key}", "value": true}}',
        "JSON with a list for the value": f'{{"key": "{key}", "value": ["{value}"]}}',
        "JSON with a number for the key": f'{{"key": 7, "value": "{value}"}}',
        "JSON with null for the key": f'{{"key": null, "value": "{value}"}}',
    }
    for what, body in bodies.items():  # noqa: B007  a mistake names what was sent
        service.post("/set", data=body.encode(), headers={"Content-Type": JSON}).expect((400, 415))
    what, form = "a form instead of JSON", {"Content-Type": "application/x-www-form-urlencoded"}
    service.post("/set", data=f"key={key}&value=x".encode(), headers=form).expect((400, 415))


def test_any_text_survives_the_round_trip(service, some):
    """Any text comes back unchanged: empty, emoji, quotes, line ends, 100 kB"""
    for value in (some.spicy(), f" {some.name()}\n", some.word(50) * 2000, f"00{some.number()}", "", "0"):
        for key in (some.key(), f"{some.name()} &?#/é"):
            pair = {"key": key, "value": value}
            service.post("/set", json=pair).expect(201)
            service.get("/get", key=key).expect(200, json=pair)


def test_the_value_lives_in_redis(service, redis, some):
    """The value is in Redis, under its own key, as the plain string, and stays there"""
    pair = stored(service, some, key=f"{some.name()}:{some.word()}", value=some.spicy())
    expect(redis.type(pair["key"]), "string")
    expect(redis.get(pair["key"]), pair["value"])
    expect(redis.ttl(pair["key"]), -1)
    other = {"key": some.key(), "value": some.text()}
    redis.set(other["key"], other["value"])
    service.get("/get", key=other["key"]).expect(200, json=other)


def test_a_changed_value_is_seen(service, redis, some):
    """What another program changes in Redis is what `/get` answers next"""
    pair = stored(service, some)
    service.get("/get", key=pair["key"]).expect(200, json=pair)
    changed = pair | {"value": some.text()}
    redis.set(changed["key"], changed["value"])
    service.get("/get", key=pair["key"]).expect(200, json=changed)


def test_the_first_page_says_hello_and_counts(service):
    """`GET /` says hello and how many visits there were"""
    pages = [visit(service) for _ in range(3)]
    expect(pages[0], wanted("a page that says hello", lambda page: "hello" in page.text.lower()))
    expect(pages[0], wanted("a page without Python's b'…'", lambda page: not BYTES.search(page.text)))
    first, second, third = map(numbers, pages)
    rises = any(number + 1 in second and number + 2 in third for number in first)
    expect([first, second, third], wanted("a number that rises by one at each visit", lambda _: rises))


def test_visits_are_counted_under_the_key(service, redis, some):
    """Visits of `/` are counted in Redis under the key `workshop:visits`"""
    visit(service)
    expect(redis.type(VISITS), "string")
    before = some.number(100, 900)
    redis.set(VISITS, before)
    for other in ("/get?key=x", "/healthz"):
        service.get(other)
        expect(redis.get(VISITS), str(before))
    page = visit(service)
    expect(redis.get(VISITS), str(before + 1))
    expect(page, wanted(f"a page with {before + 1}", lambda page: before + 1 in numbers(page)))


@pytest.fixture(scope="module")
def through_relay(service, redis, relay):
    """A second service whose REDIS_URL leads over a relay, so that the grader sees each command on the wire."""
    redis.set(VISITS, 41)
    service = service.another(env={"REDIS_URL": relay.url})
    service.visits_at_start = redis.get(VISITS)
    with relay.watch() as seen:
        taken = service.post("/set", json={"key": "by:another:way", "value": "x"})
        page = taken if taken.status == 201 else service.get("/")  # a mistake in one view is not one in the address
    if not seen.data_commands:
        expected = f"a command at the address in REDIS_URL, {relay.url}"
        raise NotUp(expected=expected, actual="no command came", answer=page)
    return service


def test_redis_is_found_through_redis_url(through_relay):
    """Redis is found through the environment variable `REDIS_URL`"""
    through_relay.get("/healthz")


def test_each_visit_has_its_own_number(through_relay, redis, relay, some):
    """No two visits get the same number, however many come at once, and while other programs count there with `INCR`"""
    shown = numbers(visit(through_relay))  # a page may have other numbers on it: the counts keep away from these
    free = [number for number in range(100, 900) if not any(number < other < number + 30 for other in shown)]
    before, rivals = some.one_of(free or [500]), []
    redis.set(VISITS, before)
    with relay.rival(lambda: rivals.append(redis.incr(VISITS)), before="every", times=5) as wire:  # noqa: F841  for a hint
        mine = numbers(visit(through_relay))
    expect(mine, wanted(f"no number that another program got: {rivals}", lambda mine: not set(mine) & set(rivals)))
    expect(redis.get(VISITS), str(before + len(rivals) + 1))
    numbers_due = set(range(before + len(rivals) + 2, before + len(rivals) + 14))
    pages = sorted(through_relay.at_once(12, "/"), key=lambda page: page.status != 500)  # a 500 says most, in the log
    told = [numbers_due & set(numbers(page.expect(200))) for page in pages]
    expect(sorted(max(count, default=0) for count in told), sorted(numbers_due))


def test_two_replicas_share_the_data(service, through_relay, some):
    """Two replicas of the service see one another's data"""
    replica = through_relay
    expect(replica.visits_at_start, wanted("41, the visits so far", lambda visits: visits not in (None, "0", "1")))
    pair = stored(service, some)
    replica.get("/get", key=pair["key"]).expect(200, json=pair)
    newer = stored(replica, some, key=pair["key"])
    service.get("/get", key=pair["key"]).expect(200, json=newer)


@pytest.fixture(scope="module")
def outage(service, redis, relay):
    """What the service answered while Redis was stopped, while it was paused, and when it was back; asked once for the checks below."""
    seen = SimpleNamespace(late_trouble=None)
    seen.before = service.post("/set", json={"key": "outage", "value": "before"})
    patience = RECOVERY if seen.before.status == 201 else 0
    with redis.stopped():
        seen.stopped = while_away(service, relay, ASKS, PATIENCE)
        late = service.another(wait=False, env={"REDIS_URL": re.sub(r"/\d+$", "/3", redis.url)})
        try:
            late.wait_until_up().get("/get", key="outage")  # what it makes of this must not stay
        except NotUp as error:
            seen.late_trouble = error
    seen.after_stop = well_again(service, patience)
    seen.late = None if seen.late_trouble else well_again(late, patience)
    seen.databases = list(redis.info("keyspace"))  # those that hold a key
    with redis.paused():
        seen.paused = while_away(service, relay, ASKS, PATIENCE)
    seen.after_pause = well_again(service, patience)
    return seen


def well_again(service, patience):
    """The first good answer after an outage, or the last bad one."""
    pair = {"key": "outage", "value": "after"}
    return until(lambda: service.post("/set", json=pair), patience, 0.1, enough=lambda reply: reply.status == 201)


def expect_503(away):
    """Each answer is a 503 with a JSON object, and came in time."""
    for reply in away.answers:
        reply.expect(503, json=dict, media=JSON)
        expect(reply.seconds, wanted(f"at most {PATIENCE:.0f} seconds", lambda seconds: seconds <= PATIENCE))


def test_a_stopped_redis_is_503(outage):
    """While Redis is stopped, every address that needs it answers 503 with a JSON object within 2 s"""
    expect_503(outage.stopped)


def test_a_paused_redis_is_503(outage):
    """While Redis hangs, every address that needs it answers 503 with a JSON object within 2 s"""
    expect_503(outage.paused)


def test_it_recovers_by_itself(outage):
    """When Redis is back, the service works again by itself"""
    outage.after_stop.expect(201)
    outage.after_pause.expect(201)


def test_it_starts_before_redis(outage):
    """It starts while Redis is not there yet, and works once Redis is there"""
    if outage.late_trouble:
        raise outage.late_trouble
    outage.late.expect(201)


@rests_on("test_it_starts_before_redis")
def test_the_database_is_the_one_of_the_url(outage):
    """The database is the one that `REDIS_URL` names, as in `…/3`"""
    expect(outage.databases, wanted("the data in database 3", lambda databases: "db3" in databases))
