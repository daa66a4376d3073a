"""Lesson 7: a web API that keeps its data in Redis."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from workshop.runtimes.problems import Mismatch, NotUp

VISITS = "workshop:visits"
PATIENCE = 2.0  # seconds in which an answer must come while Redis is gone
RECOVERY = 8.0  # seconds in which the service must be well again once Redis is back


def numbers(answer):
    """The whole numbers that an answer shows."""
    return [int(number) for number in re.findall(r"\d+", answer.text)]


def stored(service, some, **pair):
    """A pair that the service has just taken."""
    pair = {"key": some.key(), "value": some.text()} | pair
    answer = service.post("/set", json=pair)
    answer.suspect(answer.status == 415, "The service does not see the JSON body. Read it with request.get_json(); request.form is for HTML forms.")
    answer.expect(201, because="POST /set did not take the pair.")
    return pair


def test_the_service_answers_from_outside(service):
    """The service starts and answers from outside"""
    service.get("/healthz")


def test_set_answers_201_and_the_pair(service, some):
    """`POST /set` with `{"key", "value"}` as JSON answers 201 and the pair"""
    pair = {"key": some.key(), "value": some.text()}
    answer = service.post("/set", json=pair)
    answer.suspect(answer.status == 404, 'There is no route for POST /set. Put @app.post("/set") above its view.')
    answer.suspect(
        answer.status == 415,
        "The service says that the body is no JSON, though it is. Read it with request.get_json(); request.form is for HTML forms.",
    )
    answer.suspect(
        answer.status == 200 and answer.json == pair,
        "The pair comes back, but with status 200. Something was made: say 201. Return the status too: return {…}, 201.",
    )
    answer.suspect(
        answer.status == 503,
        "The service says that Redis is gone, and it is there. Does the service look for it at the address in REDIS_URL? "
        "Inside a container, localhost is the container itself.",
    )
    answer.suspect(
        answer.status == 400,
        "The pair was sent as JSON, and the service found no key and value in it. Read the body with request.get_json(); request.form is for HTML forms.",
    )
    answer.expect(
        201, json=pair, because='The answer to POST /set must be the pair as a JSON object, with status 201: return {"key": …, "value": …}, 201.'
    )


def test_what_was_set_can_be_got(service, some):
    """What was set is what `GET /get?key=…` answers, with 200"""
    pair = stored(service, some)
    answer = service.get("/get", key=pair["key"])
    answer.suspect(
        "b'" in answer.text,
        "The page shows b'…': Redis keeps bytes, and these were turned into text as they are. Ask redis-py for text: decode_responses=True.",
    )
    answer.suspect(answer.status == 404, "The pair was taken with 201, and now its key is not found. Does /get look under the key as it came?")
    answer.expect(200, json=pair, because="GET /get must answer the pair as a JSON object with key and value.")


def test_a_missing_key_is_404(service, some):
    """A key that is not there answers 404 and a JSON error"""
    answer = service.get("/get", key=some.key())
    answer.suspect(
        answer.status == 200,
        "A missing key was answered with 200. redis-py's get returns None where there is no such key: ask `if value is None`, and answer 404.",
    )
    answer.suspect(
        answer.status == 404 and answer.json is None,
        'The status is right, but the body is a page, not JSON. A program reads this: return {"error": "…"}, 404.',
    )
    answer.suspect(
        answer.status == 400, "The request was well formed, only the key is not there: that is 404. 400 says that the client sent nonsense."
    )
    answer.expect(404, json=dict)


def test_get_without_a_key_is_400(service):
    """`GET /get` without a key answers 400"""
    answer = service.get("/get")
    answer.suspect(answer.status == 404, "No key was asked for, so none can be missing. 404 says not found; the request itself is malformed: 400.")
    answer.suspect(answer.status == 200, "Nothing was asked for, and the answer is 200. Look whether request.args has a key; if not, answer 400.")
    answer.expect(
        400,
        because='Without ?key=… the view meets a value that is not there. request.args.get("key") gives None then; answer 400 before asking Redis.',
    )


def test_a_malformed_set_is_400(service, some):
    """A `POST /set` whose body is not such JSON answers 400 (or 415)"""
    key, value = some.key(), some.text()
    bodies = [
        (b"{not json", "application/json", "JSON with a mistake in it"),
        (f"key={key}&value=x".encode(), "application/x-www-form-urlencoded", "a form instead of JSON"),
        (f'{{"key": "{key}"}}'.encode(), "application/json", "JSON without a value"),
        (f'{{"value": "{value}"}}'.encode(), "application/json", "JSON without a key"),
        (f'["{key}", "{value}"]'.encode(), "application/json", "a JSON list"),
    ]
    for body, kind, what in bodies:
        answer = service.post("/set", data=body, headers={"Content-Type": kind})
        answer.suspect(
            answer.status in (200, 201),
            f"The body was {what}, and the service took it all the same. Look at what came before you use it; answer 400.",
        )
        answer.suspect(
            (answer.status or 0) >= 500,
            f"The body was {what}, and the view broke down over it. That is the client's mistake, not the server's: look first, then answer 400.",
        )
        answer.expect((400, 415))


def test_any_text_survives_the_round_trip(service, some):
    """Any text survives the round trip: empty, emoji, quotes, line ends, 100 kB"""
    values = {
        "the empty text": "",
        "the text 0": "0",
        "quotes, emoji and line ends": some.spicy(),
        "100 kB": some.word(50) * 2000,
        "digits with zeros in front": f"00{some.number()}",
    }
    for what, value in values.items():
        for key in (some.key(), f"{some.key()} &?#/é"):
            pair = {"key": key, "value": value}
            service.post("/set", json=pair).suspect(
                value in ("", "0"), 'An empty text is a text too. `if not value` is true for ""; ask `if value is None`.'
            ).expect(201, because=f"The value was {what}; the key {key!r}.")
            answer = service.get("/get", key=key)
            answer.suspect(
                answer.status == 404 and value == "",
                'The value is the empty text, and the service says that it is not there. `if not value` is true for "" as well: ask `if value is None`.',
            )
            answer.expect(
                200, json=pair, because=f"The value was {what}, and another one came back. Store it as it came, and send it as it is stored."
            )


def test_the_value_lives_in_redis(service, redis, some):
    """The value is in Redis, under its own key, as the plain string"""
    pair = stored(service, some, value=some.spicy())
    kind = redis.type(pair["key"])
    if kind == "none":
        others = ", ".join(sorted(redis.keys("*"))[:5])
        assert not others, f"Redis has no key {pair['key']}, but it has {others}. Store the value under the very key that came, without a prefix."
        raise Mismatch("Nothing in Redis under this key. A Python dict forgets everything when its process ends.", actual="(nil)")
    assert kind == "string", f"Under this key Redis has a {kind}. The lesson asks for a plain string: SET key value."
    found = redis.get(pair["key"])
    if found != pair["value"]:
        raise Mismatch(
            "Under this key Redis has another text than the value: it was wrapped or changed on the way. Store the value itself, not JSON or str() of it.",
            expected=pair["value"],
            actual=found,
        )
    other = {"key": some.key(), "value": some.text()}
    redis.set(other["key"], other["value"])
    service.get("/get", key=other["key"]).expect(
        200,
        json=other,
        because="Another program put a plain string into Redis, and /get does not answer it. Whoever writes it: what is in Redis counts.",
    )


def test_a_changed_value_is_seen(service, redis, some):
    """What another program changes in Redis is what `/get` answers next"""
    pair = stored(service, some)
    service.get("/get", key=pair["key"]).expect(200)
    changed = some.text()
    redis.set(pair["key"], changed)
    service.get("/get", key=pair["key"]).expect(
        200,
        json=pair | {"value": changed},
        because="Redis has a new value, and the service still answers the old one: it keeps a copy in the process. Ask Redis each time.",
    )


def test_the_first_page_says_hello_and_counts(service):
    """`GET /` says hello and how many visits there were"""
    answers = [service.get("/").expect(200) for _ in range(3)]
    assert "hello" in answers[0].text.lower(), "The first page does not say hello."
    assert "b'" not in answers[0].text, "The page shows b'…': Redis keeps bytes. Ask redis-py for text: decode_responses=True."
    seen = [numbers(answer) for answer in answers]
    assert seen[0], "The first page shows no number. It should say how many visits there were."
    rising = any(first + 1 in seen[1] and first + 2 in seen[2] for first in seen[0])
    assert rising, "Three visits in a row should show three numbers, each one higher than the one before."


def test_visits_are_counted_under_the_key(service, redis, some):
    """Visits are counted in Redis under the key `workshop:visits`"""
    before = some.number(100, 900)
    redis.set(VISITS, before)
    answer = service.get("/").expect(200)
    after = redis.get(VISITS)
    if after != str(before + 1):
        hint = f"One visit should bring {VISITS} from {before} to {before + 1}. Count with INCR under exactly this key."
        raise Mismatch(hint, asked=f"redis-cli GET {VISITS}", expected=str(before + 1), actual=str(after))
    assert before + 1 in numbers(answer), f"In Redis {VISITS} is {before + 1} now, and the page shows another number. Show what INCR answers."


@pytest.fixture(scope="module")
def through_relay(_service, relay, bench):
    """A second service whose REDIS_URL leads over a relay, so that the grader sees each command on the wire."""
    service = _service.another(env={"REDIS_URL": relay.url})
    with relay.watch() as seen:
        service.post("/set", json={"key": "by:another:way", "value": "x"})
    if not seen.data_commands:
        raise NotUp(
            "REDIS_URL named another address than before, and the service sent nothing there. Take the whole address from the environment: "
            'Redis.from_url(os.environ["REDIS_URL"]). An address in the code is right on one machine only.',
            asked=f"docker run --env REDIS_URL={relay.url} …",
            expected="a SET at the address in REDIS_URL",
            actual="no command came",
        )
    return service


def test_redis_is_found_through_redis_url(through_relay):
    """Redis is found through the environment variable `REDIS_URL`"""
    through_relay.get("/healthz")


def test_each_visit_has_its_own_number(through_relay, redis, relay, some):
    """No two visits get the same number, however many come at once"""
    before = some.number(1000, 5000)
    redis.set(VISITS, before)
    rivals = []
    with relay.rival(lambda: rivals.append(redis.incr(VISITS)), before="every", times=5):
        answer = through_relay.get("/").expect(200)
    told = numbers(answer)
    after = redis.get(VISITS)
    if set(told) & set(rivals) or after != str(before + len(rivals) + 1):
        raise Mismatch(
            "While this visit was being counted, other visitors came in between, and one number was told twice or one visit was lost. "
            "GET, add one, SET loses visits; INCR and then GET shows somebody else's. INCR alone does both: show the number it answers.",
            asked=answer.asked,
            expected=f"a number that no other visitor got, and {VISITS} at {before + len(rivals) + 1}",
            actual=f"this visit was told {told}, those in between {rivals}, and {VISITS} is at {after}",
        )
    after = int(after)
    together = through_relay.at_once(12, "/")
    counts = sorted(max(numbers(one), default=0) for one in together)
    if counts != list(range(after + 1, after + 13)):
        raise Mismatch(
            "Twelve visits at once did not get twelve numbers in a row. Count with INCR, and show the number it answers.",
            expected=f"{after + 1} to {after + 12}, each once",
            actual=str(counts),
        )


def test_two_replicas_share_the_data(service, through_relay, some):
    """Two replicas of the service see one another's data"""
    replica = through_relay
    pair = stored(service, some)
    replica.get("/get", key=pair["key"]).expect(
        200,
        json=pair,
        because="One replica took the pair and the other does not have it: the data stay in the process. Both must keep them in Redis.",
    )
    newer = stored(replica, some, key=pair["key"])
    service.get("/get", key=pair["key"]).expect(
        200,
        json=newer,
        because="One replica changed the value and the other still answers the old one: it keeps a copy in the process. Ask Redis each time.",
    )


@pytest.fixture(scope="module")
def outage(_service, _redis):
    """What the service answered while Redis was stopped, while it was paused, and when it was back; asked once for the checks below."""
    seen = SimpleNamespace(stopped=[], paused=[], late=None, late_error=None)
    service = _service
    service.post("/set", json={"key": "outage", "value": "before"})
    with _redis.stopped():
        seen.stopped = ask_all(service)
        seen.late = service.another(wait=False)
        try:
            seen.late.wait_until_up()
        except NotUp as error:
            seen.late_error = error
    seen.after_stop = well_again(service)
    seen.late_after = None if seen.late_error else well_again(seen.late)
    with _redis.paused():
        seen.paused = ask_all(service)
    seen.after_pause = well_again(service)
    return seen


def ask_all(service):
    """The answers of every address that needs Redis, asked at once; each may take a little longer than it should."""
    limit = PATIENCE + 0.5
    with ThreadPoolExecutor() as pool:
        asked = [
            pool.submit(service.get, "/get", key="outage", limit=limit),
            pool.submit(service.post, "/set", json={"key": "outage", "value": "x"}, limit=limit),
            pool.submit(service.get, "/", limit=limit),
        ]
        return [one.result() for one in asked]


def well_again(service):
    """The first good answer after an outage, or the last bad one."""
    end = time.monotonic() + RECOVERY
    while True:
        answer = service.post("/set", json={"key": "outage", "value": "after"})
        if answer.status == 201 or time.monotonic() > end:
            return answer
        time.sleep(0.1)


def expect_503(answers, waiting):
    """Each answer is a 503 with JSON, and came in time; `waiting` is the cause of one that did not."""
    for answer in answers:
        answer.suspect(
            answer.status in (500, 502),
            "Redis was gone, and redis-py's exception went through to Flask, which says 500. "
            "Catch redis.exceptions.RedisError and answer 503: @app.errorhandler(RedisError).",
        )
        answer.suspect(
            answer.status == 503 and answer.json is None,
            'The status is right, but the body is a page, not JSON. Return {"error": "…"}, 503.',
        )
        answer.suspect(
            answer.status in (200, 201, 404),
            "Redis was gone, and the service answered as if it were there. Something is kept in the process, or an error is swallowed. Answer 503.",
        )
        answer.suspect(answer.problem is not None and "no answer" in answer.problem, waiting)
        answer.expect(503, json=dict)
        if answer.seconds > PATIENCE:
            raise Mismatch(waiting, asked=answer.asked, expected=f"503 in {PATIENCE:.0f} s", actual=f"{answer} after {answer.seconds:.1f} s")


def test_a_stopped_redis_is_503(outage):
    """While Redis is stopped, every address that needs it answers 503 with JSON within 2 s"""
    expect_503(
        outage.stopped,
        f"Redis was stopped, and no answer came in {PATIENCE:.0f} s: redis-py tried again and again. Redis(host=…) tries ten times more by itself, "
        "which takes about 4 s. Say how often: retry=Retry(NoBackoff(), 1).",
    )


def test_a_paused_redis_is_503(outage):
    """While Redis hangs, every address that needs it answers 503 with JSON within 2 s"""
    expect_503(
        outage.paused,
        f"Redis took the request and never answered, and the service waited with it for more than {PATIENCE:.0f} s. "
        "redis-py waits 5 s by default, and Redis(host=…) does so eleven times. Give it socket_timeout=0.5.",
    )


def test_it_recovers_by_itself(outage):
    """When Redis is back, so is the service, by itself"""
    for answer in (outage.after_stop, outage.after_pause):
        answer.suspect(
            answer.status is not None and answer.status >= 500,
            f"Redis has been back for {RECOVERY:.0f} s and the service still says that it is gone. Ask Redis at each request; do not remember that it was down.",
        )
        answer.expect(201, because="Redis is back, and the service does not work again.")


def test_it_starts_before_redis(outage):
    """It starts while Redis is not there yet, and works once Redis is"""
    if outage.late_error:
        raise Mismatch(
            "Started while Redis was not there yet, the service did not come up: it talks to Redis while it starts. "
            "Make the client at the start, but send it nothing before the first request; making it opens no connection.",
            asked=outage.late_error.asked,
            expected="a service that waits for requests",
            actual=outage.late_error.actual,
        )
    outage.late_after.expect(
        201, because="It started before Redis was there, and does not work now that Redis is. Do not decide at the start whether Redis is there."
    )
